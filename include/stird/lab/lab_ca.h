/*
 * lab_ca - certificates and revocation lists for labs and tests: shaped like those of STIR, but of
 * an authority that nobody accepts.
 */
#ifndef STIRD_LAB_CA_H
#define STIRD_LAB_CA_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

struct lab_certificate {
    const char *name; /* common name */
    uint64_t serial;
    EVP_PKEY *key;        /* whose public half is certified */
    X509 *issuer;         /* NULL: it is its own issuer */
    EVP_PKEY *issuer_key; /* NULL: its own key */
    int64_t not_before_s, not_after_s;
    bool authority;
    const char *alt_names; /* "DNS:localhost,IP:127.0.0.1": of a web server; NULL: none */
    /* TNAuthList; with none of them there is no such extension. */
    const char *const *spcs;    /* service provider codes, NULL-terminated, or NULL */
    const char *const *numbers; /* "12155550100", or "12155551000+100": that many from there on */
    const char *usage;          /* instead of "critical,digitalSignature" of an end-entity's */
    struct str constraints, enhanced; /* DER of JWTClaimConstraints of either form; empty: none */
};

/* A new P-256 key; NULL when that fails. */
EVP_PKEY *lab_key_new(void);
/* Signed with SHA-256. NULL when that fails, or when a number is not one. */
X509 *lab_certificate_new(const struct lab_certificate *certificate);
/* A list of ISSUER from FROM_S to TO_S, which revokes the N SERIALS. */
X509_CRL *lab_crl_new(X509 *issuer, EVP_PKEY *issuer_key, int64_t from_s, int64_t to_s,
                      const uint64_t *serials, unsigned n);

/* PEM, appended; false when that fails. */
bool lab_add_certificate(struct buf *out, X509 *certificate);
bool lab_add_crl(struct buf *out, X509_CRL *crl);
bool lab_add_key(struct buf *out, EVP_PKEY *key);

#endif
