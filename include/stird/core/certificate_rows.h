/*
 * certificate_rows - whether the certificates that number tables and customers name are there and
 * may sign, and whether the rows' numbers are those that the certificates are for. Pure; at a load.
 */
#ifndef STIRD_CERTIFICATE_ROWS_H
#define STIRD_CERTIFICATE_ROWS_H

#include <stird/base/buf.h>
#include <stird/base/problems.h>
#include <stird/core/numbers.h>
#include <stird/core/settings.h>

/*
 * Whether CERTIFICATE, a name from a table or an urgent change, may sign for calls of CUSTOMER; an
 * empty name is fine. False with words in WHY (may be NULL).
 */
bool certificate_row_check(const struct settings *settings, struct str customer,
                           struct str certificate, struct buf *why);

/* The same question, as a callback for rows that are refused anyway. SETTINGS is borrowed. */
struct numbers_judge certificate_rows_judge(const struct settings *settings);

/*
 * Adds a problem for each row, and each customer, whose `cert` names no certificate, or one of
 * another provider than that of a trunk through which its calls come. PATH is the configuration's,
 * for its customers; empty: they are not looked at. TABLE may be NULL: then only customers are.
 */
void certificate_rows_check(const struct settings *settings, const struct numbers *table,
                            struct str path, struct problems *problems);

/* Counts the rows with numbers for which no unit of their certificate may sign (sti_certificate.h),
   and tells of the first MAX. */
typedef void certificate_rows_visit(void *user, const struct numbers_row *row,
                                    struct str certificate);
uint64_t certificate_rows_outside(const struct settings *settings, const struct numbers *table,
                                  uint64_t max, certificate_rows_visit *visit, void *user);

#endif
