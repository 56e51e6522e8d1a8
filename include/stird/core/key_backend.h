/*
 * key_backend - where a private key lives and how it is used: one entry for each kind. PEM text is
 * here, tokens (PKCS#11), which open files and libraries, are daemon/key_token.c's.
 *
 * Besides the back-ends only credential.c uses it, and tests that need a key that misbehaves.
 */
#ifndef STIRD_CORE_KEY_BACKEND_H
#define STIRD_CORE_KEY_BACKEND_H

#include <stird/core/credential.h>

struct key_backend {
    const char *name;
    /* The key for CERTIFICATE out of TEXT; NULL with a problem naming KEY_NAME. */
    void *(*open)(const struct certificate *certificate, struct str key_name, struct str text,
                  struct problems *problems);
    /* The signature over MESSAGE by the key's algorithm; parses nothing, allocates little. What
       a key needs beside the message, such as its digest (CKM_ECDSA), is made behind this. */
    bool (*sign)(void *key, struct str message, unsigned char signature[JWS_SIGNATURE_MAX]);
    void (*close)(void *key); /* cleanses; NULL is fine */
};

extern const struct key_backend key_backend_pem;

/* For back-ends on EVP_PKEY: whether KEY fits the algorithm of some type and belongs to
   CERTIFICATE; else it adds a problem. */
bool key_fits(EVP_PKEY *key, const struct certificate *certificate, struct str key_name,
              struct problems *problems);
/* For the same: a key with its algorithm, made ready for signing. */
struct signing {
    const struct jws_algorithm *algorithm;
    void *ready;
};
/* Makes KEY ready, which must outlive it. False when that cannot be done. */
bool signing_begin(struct signing *signing, EVP_PKEY *key);
void signing_end(struct signing *signing);
/* As `sign`. */
bool signing_sign(struct signing *signing, struct str message,
                  unsigned char signature[JWS_SIGNATURE_MAX]);

/* credential_new() with another back-end than PEM text. */
struct credential *credential_new_with(const struct key_backend *backend,
                                       const struct certificate *certificate, struct str key_name,
                                       struct str key_text, struct problems *problems);

#endif
