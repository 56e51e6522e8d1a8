/*
 * revocation_list - one revocation list (RFC 5280 section 5), read once: which certificates it
 * revokes, as a sorted table of issuer and serial number; which ones it covers; how long it is
 * valid. Who signed it is for revocations.h. Private to core/verify.
 */
#ifndef STIRD_CORE_REVOCATION_LIST_H
#define STIRD_CORE_REVOCATION_LIST_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

struct packed; /* packed.h */
struct revocation_list;

/*
 * CRL stays the caller's. URL: where it came from, which its distribution point has to be; empty:
 * nobody knows. NULL: no memory.
 */
struct revocation_list *revocation_list_new(X509_CRL *crl, struct str url);
void revocation_list_free(struct revocation_list *l);

/* NULL, or a static sentence: why the list cannot be used. No other answer about such a list
   counts. */
const char *revocation_list_fault(const struct revocation_list *l);
const X509_NAME *revocation_list_issuer(const struct revocation_list *l);
/* Whether it tells of certificates that others have issued. */
bool revocation_list_is_indirect(const struct revocation_list *l);
/* Seconds since 1970. A list that does not say when the next one comes is good for its first second
   only. */
int64_t revocation_list_from_s(const struct revocation_list *l);
int64_t revocation_list_until_s(const struct revocation_list *l);
/* Whether it covers X: by X's issuer, its kind and its distribution points. */
bool revocation_list_is_about(const struct revocation_list *l, X509 *x);
/* Whether X says that its issuer lists it (cRLIssuer of a distribution point). */
bool revocation_list_is_named_by(const struct revocation_list *l, X509 *x);
/* Whether it lists revocations for every reason, so that X would be on it if it were revoked. */
bool revocation_list_has_all_reasons(const struct revocation_list *l);
/* Whether it revokes X: a binary search. */
bool revocation_list_revokes(const struct revocation_list *l, X509 *x);
/*
 * Into an image, and out of it: its table is used where it lies, and must stay there. GRACE_S: how
 * long beyond its end it is still in force. A list with a fault is not written. False, NULL: no
 * memory, or the image is broken.
 */
bool revocation_list_write(const struct revocation_list *l, int64_t grace_s, struct buf *out);
struct revocation_list *revocation_list_open(struct packed *in);
/* How many certificates it revokes. */
unsigned revocation_list_count(const struct revocation_list *l);

#endif
