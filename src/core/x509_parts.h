/* x509_parts - what STIR asks of a certificate. Private to core. */
#ifndef STIRD_CORE_X509_PARTS_H
#define STIRD_CORE_X509_PARTS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/buf.h>
#include <stird/str.h>

bool key_is_p256(const EVP_PKEY *key);
/* DER of the TNAuthList, borrowed from X; {NULL, 0} when it has none. */
struct str x509_tn_auth_list(X509 *x);
/* Seconds since 1970. */
bool x509_seconds(const ASN1_TIME *time, int64_t *seconds);

/* SHA-256 of the certificate, added to PRINTS: X509_PRINT_BYTES for each. False: no memory. */
#define X509_PRINT_BYTES 32
bool x509_add_print(struct buf *prints, X509 *x);

#endif
