/*
 * signers - other providers, as an operator judges them: a table of their codes (numbers_csv.h),
 * with what becomes of calls that they have signed.
 *
 * Columns: code, action (allow, cap B, cap C, deny), until (the last day on which the row counts,
 * empty: always), note. Plain data in an arena, sorted by code; pure.
 */
#ifndef STIRD_SIGNERS_H
#define STIRD_SIGNERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/arena.h>
#include <stird/base/problems.h>
#include <stird/base/str.h>

/* From the best to the worst: of a certificate with several codes the worst counts. */
enum signer_action {
    SIGNER_ALLOW,   /* rules that ask for the verdict leave its calls alone */
    SIGNER_NOTHING, /* there is no row, or it is over */
    SIGNER_CAP_B,
    SIGNER_CAP_C,
    SIGNER_DENY,
    SIGNER_ACTIONS
};
struct str signer_action_name(enum signer_action action); /* "cap B" */

struct signer {
    struct str code, note;
    enum signer_action action;
    int32_t until; /* a day as numbers_date_parse() has it; INT32_MAX: it has no end */
    uint32_t line; /* of the file */
};

#define SIGNERS_BYTES_MAX (4 * 1024 * 1024) /* of the file */
#define SIGNERS_MAX       100000            /* rows */

/* Service provider codes: upper-case letters and digits. */
#define SIGNER_CODE_MAX 32
bool signer_code_is_good(struct str code);

/*
 * Reads TEXT, the table FILE. False with a problem for each mistake, in its line; at most 1000 are
 * told. The list is ARENA's.
 */
bool signers_read(struct str file, struct str text, struct arena *arena, const struct signer **list,
                  unsigned *n, struct problems *problems);

/*
 * What the table says on the day TODAY of a certificate with CODES, joined by commas: the worst of
 * them. *ROW gets the row that says so; NULL: none.
 */
enum signer_action signers_judge(const struct signer *list, unsigned n, struct str codes,
                                 int32_t today, const struct signer **row);

#endif
