/* x509_parts - what STIR asks of a certificate. Private to core. */
#ifndef STIRD_CORE_X509_PARTS_H
#define STIRD_CORE_X509_PARTS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

struct packed;

/* Whether X's key names its curve; one that spells the parameters out is for no verifier. */
bool x509_curve_is_named(X509 *x);
/* Whether X's key is on a curve whose parameters it spells out. */
bool x509_curve_is_spelled(X509 *x);
/* DER of the extension OID, borrowed from X; {NULL, 0} when it has none. */
struct str x509_extension(X509 *x, const char *oid);
bool x509_has_extension_twice(X509 *x);
/* A critical extension that neither OpenSSL nor STIR knows: RFC 5280 has such a one refused. */
bool x509_unknown_critical(X509 *x);
/* Seconds since 1970. */
bool x509_seconds(const ASN1_TIME *time, int64_t *seconds);
/* By its own dates. */
bool x509_is_in_force(X509 *x, int64_t now_s);
/* Whether ISSUER has issued X: by names, key identifiers, and the signature. */
bool x509_issued(X509 *issuer, X509 *x);
/* Narrows FROM_S to UNTIL_S, which hold NOW_S, to where nothing changes at AT_S ... */
void x509_part_at(int64_t at_s, int64_t now_s, int64_t *from_s, int64_t *until_s);
/* ... or as X begins or ends. */
void x509_dates_part(X509 *x, int64_t now_s, int64_t *from_s, int64_t *until_s);
/* Of a certificate or a list: an algorithm that verifiers do not take, or do not know. */
bool x509_signature_is_weak(int nid);

/* The certificate's DER, appended. False: no memory. */
bool x509_add_der(struct buf *out, X509 *x);
/* Certificates in DER, one behind the other; NULL when one is broken, there is none, or no memory.
   To be freed with sk_X509_pop_free(). */
STACK_OF(X509) * x509_read_ders(struct str ders);
/* Certificates as a text of an image; there may be none (NULL is fine). False: no memory. */
bool x509_pack(struct buf *out, STACK_OF(X509) * all);
/* NULL: no memory, or it is broken. */
STACK_OF(X509) * x509_unpack(struct packed *in);

#endif
