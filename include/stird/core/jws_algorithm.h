/*
 * jws_algorithm - how the octets of a PASSporT are signed and verified: `alg` of its header (RFC
 * 7518 section 3.1, RFC 8037 section 3.1). A signature is over the message: an algorithm that signs
 * a digest makes it itself, so that one that needs the whole message (Ed25519) fits as well.
 */
#ifndef STIRD_JWS_ALGORITHM_H
#define STIRD_JWS_ALGORITHM_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stird/base/problems.h>
#include <stird/base/str.h>

#define JWS_SIGNATURE_MAX 64 /* octets of the longest signature of any algorithm */

struct jws_algorithm {
    struct str name;
    size_t signature_bytes; /* JWS_SIGNATURE_MAX at most */
    /* Whether KEY, public or private, is one of its. Else a problem says what is needed instead,
       where PROBLEMS is not NULL. */
    bool (*takes)(EVP_PKEY *key, struct str key_name, struct problems *problems);
    /* Makes KEY, which must outlive the result, ready for signing. This is done once, because it
       costs lookups in OpenSSL each time. NULL when it cannot be done, or without memory
       (shortage.h). KEY may live in a token (PKCS#11). Not shared between threads. */
    void *(*ready_new)(EVP_PKEY *key);
    /* The same of a public KEY for verifying. */
    void *(*verifier_new)(EVP_PKEY *key);
    void (*ready_free)(void *ready); /* of either; NULL is fine */
    /* The signature over MESSAGE as JWS has it; allocates little. */
    bool (*sign)(void *ready, struct str message, unsigned char *signature);
    /* A static sentence that says what is wrong with the form of SIGNATURE, which a token brought,
       or NULL; the length is checked elsewhere. Without this function every signature of the right
       length is well formed. */
    const char *(*signature_fault)(struct str signature);
    /* READY is of verifier_new(). */
    bool (*verify)(void *ready, struct str message, const unsigned char *signature);
    /* "its key is not ...": what to say of a certificate whose key is none of its. */
    const char *key_fault;
};

extern const struct jws_algorithm jws_es256; /* RFC 7518 section 3.4 */

/* Verifies by KEY, which is public and is not asked again soon. Also false without memory. */
bool jws_algorithm_verify_once(const struct jws_algorithm *algorithm, EVP_PKEY *key,
                               struct str message, const unsigned char *signature);

#endif
