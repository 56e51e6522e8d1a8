/*
 * authority - whether a certificate is one that somebody may be trusted by as an authority: the one
 * judge of these, wherever they come from (a file of the operator's, a list that an administrator
 * signs). Private to core/verify.
 */
#ifndef STIRD_CORE_AUTHORITY_H
#define STIRD_CORE_AUTHORITY_H

#include <openssl/x509.h>
#include <stdint.h>

/*
 * NULL, or what X is instead, a static text: "a certificate that is no authority's". One that has
 * not begun yet is an authority's: until it begins no chain ends in it. NOW_S is INT64_MIN where
 * its end is judged later, with the chains that lead to it.
 */
const char *authority_fault(X509 *x, int64_t now_s);
/* The same of one that signs revocation lists: an authority's, or one that may do nothing else. */
const char *authority_list_fault(X509 *x, int64_t now_s);

#endif
