/*
 * tn_auth_list - the TNAuthList extension of a certificate (RFC 8226 section 9), as DER. Pure.
 */
#ifndef STIRD_CORE_TN_AUTH_LIST_H
#define STIRD_CORE_TN_AUTH_LIST_H

#include <stird/base/buf.h>
#include <stird/core/tn.h>

#define TN_AUTH_LIST_OID "1.3.6.1.5.5.7.1.26"

/*
 * Checks the whole list and appends its service provider codes, comma-joined, to SPCS (none when
 * it lists numbers only). NULL, or a static sentence that says what is wrong with it.
 */
const char *tn_auth_list_read(struct str der, struct buf *spcs);

/*
 * Whether a list that tn_auth_list_read() found good entitles to sign for NUMBER: it names it, or a
 * service provider, which may sign for all of its customers (RFC 8226 section 9).
 */
bool tn_auth_list_covers(struct str der, const struct tn *number);

/*
 * Whether each service provider code of DER is one of ABOVE's, the list of a certificate above it
 * (RFC 9060): a code stands for all numbers, so no list of numbers alone holds one. True of lists
 * without codes; both are lists that tn_auth_list_read() found good.
 */
bool tn_auth_list_has_codes_of(struct str above, struct str der);

#endif
