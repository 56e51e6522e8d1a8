/*
 * key_backend - where a private key lives and how it is used: one entry a kind. PEM text is here,
 * tokens (PKCS#11), which open files and libraries, are daemon/key_token.c's.
 *
 * Of the core ring; only credential.c and tests that need a key that misbehaves use it.
 */
#ifndef STIRD_CORE_KEY_BACKEND_H
#define STIRD_CORE_KEY_BACKEND_H

#include <stird/core/credential.h>

#define SHA256_BYTES 32

struct key_backend {
    const char *name;
    /* The key for CERTIFICATE out of TEXT; NULL with a problem naming KEY_NAME. */
    void *(*open)(const struct certificate *certificate, struct str key_name, struct str text,
                  struct problems *problems);
    /* r || s over the digest (RFC 7518 section 3.4); parses nothing, allocates little. */
    bool (*sign)(void *key, const unsigned char digest[SHA256_BYTES],
                 unsigned char signature[ES256_SIGNATURE_BYTES]);
    void (*close)(void *key); /* cleanses; NULL is fine */
};

extern const struct key_backend key_backend_pem;

/* For back-ends on EVP_PKEY: whether KEY is on P-256 and CERTIFICATE's; else a problem. */
bool key_fits(EVP_PKEY *key, const struct certificate *certificate, struct str key_name,
              struct problems *problems);
/* For the same: KEY made ready for signing once, as each time costs a fetch. NULL: it cannot be. */
EVP_PKEY_CTX *signing_new(EVP_PKEY *key);
/* As `sign`. */
bool signing_sign(EVP_PKEY_CTX *signing, const unsigned char digest[SHA256_BYTES],
                  unsigned char signature[ES256_SIGNATURE_BYTES]);

/* credential_new() with another back-end than PEM text. */
struct credential *credential_new_with(const struct key_backend *backend,
                                       const struct certificate *certificate, struct str key_name,
                                       struct str key_text, struct problems *problems);

#endif
