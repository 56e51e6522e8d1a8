/* ES256 (RFC 7518 section 3.4): ECDSA on P-256 over a SHA-256 digest. */
#include <stird/core/credential.h>

#include "der.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <stird/base/shortage.h>
#include <string.h>

/* ---- keys ---- */

static bool es256_takes(EVP_PKEY *key, struct str key_name, struct problems *problems)
{
    char group[32] = "another";
    const char *kind = EVP_PKEY_get0_type_name(key);
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) {
        if (problems)
            problems_add(problems, key_name, 0,
                         "is a key of type %s, but ES256 needs an elliptic-curve key on P-256: "
                         "make one (openssl ecparam -name prime256v1 -genkey) and get a "
                         "certificate for it",
                         kind ? kind : "unknown");
        return false;
    }
    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL);
    bool good = strcmp(group, "prime256v1") == 0;
    if (!good && problems)
        problems_add(problems, key_name, 0,
                     "is on the curve %s, but ES256 needs P-256 (prime256v1): make such a key and "
                     "get a certificate for it",
                     group);
    return good;
}

/* ---- a key that is ready, for signing or for verifying ---- */

struct ready {
    EVP_PKEY_CTX *using;
    EVP_MD *sha256; /* fetched once: an implicit fetch a call costs a fifth of a signature */
    EVP_MD_CTX *digesting;
};

static void es256_ready_free(void *opaque)
{
    struct ready *r = opaque;
    if (!r)
        return;
    EVP_PKEY_CTX_free(r->using);
    EVP_MD_CTX_free(r->digesting);
    EVP_MD_free(r->sha256);
    OPENSSL_cleanse(r, sizeof(*r));
    free(r);
}

static struct ready *ready_for(EVP_PKEY *key, int (*init)(EVP_PKEY_CTX *using))
{
    struct ready *r = calloc(1, sizeof(*r));
    if (!r) {
        shortage_add();
        return NULL;
    }
    r->using = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    r->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    r->digesting = EVP_MD_CTX_new();
    if (r->using && init(r->using) == 1 && r->sha256 && r->digesting &&
        EVP_DigestInit_ex(r->digesting, r->sha256, NULL) == 1)
        return r;
    es256_ready_free(r);
    return NULL;
}

static void *es256_ready_new(EVP_PKEY *key)
{
    return ready_for(key, EVP_PKEY_sign_init);
}

static void *es256_verifier_new(EVP_PKEY *key)
{
    struct ready *r = ready_for(key, EVP_PKEY_verify_init);
    if (!r) /* a key that is taken lacks nothing but memory */
        shortage_add();
    return r;
}

static bool digest(struct ready *r, struct str text, unsigned char out[SHA256_DIGEST_LENGTH])
{
    return EVP_DigestInit_ex(r->digesting, NULL, NULL) == 1 &&
           EVP_DigestUpdate(r->digesting, text.p, text.n) == 1 &&
           EVP_DigestFinal_ex(r->digesting, out, NULL) == 1;
}

/* ---- signing ---- */

/* A P-256 signature as DER: two INTEGERs of at most 33 octets in a SEQUENCE. */
#define DER_SIGNATURE_MAX 72

/* DER to r || s, each padded with zeros on the left to 32 octets. */
static bool signature_from_der(const unsigned char *der, size_t n, unsigned char *signature)
{
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &der, (long)n);
    const int half = ES256_SIGNATURE_BYTES / 2;
    bool good = parsed && BN_bn2binpad(ECDSA_SIG_get0_r(parsed), signature, half) == half &&
                BN_bn2binpad(ECDSA_SIG_get0_s(parsed), signature + half, half) == half;
    ECDSA_SIG_free(parsed);
    return good;
}

static bool es256_sign(void *opaque, struct str message, unsigned char *signature)
{
    struct ready *r = opaque;
    unsigned char hash[SHA256_DIGEST_LENGTH], der[DER_SIGNATURE_MAX];
    size_t n = sizeof(der);
    bool good = digest(r, message, hash) &&
                EVP_PKEY_sign(r->using, der, &n, hash, sizeof(hash)) == 1 &&
                signature_from_der(der, n, signature);
    if (!good)
        ERR_clear_error();
    return good;
}

/* ---- verifying ---- */

/* The order of P-256's base point (FIPS 186-4 D.1.2.3). */
static const unsigned char order[ES256_SIGNATURE_BYTES / 2] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

static bool is_below_order(const char *number)
{
    static const unsigned char zero[sizeof(order)];
    return memcmp(number, zero, sizeof(order)) != 0 && memcmp(number, order, sizeof(order)) < 0;
}

/* r and s are in [1, n - 1] (CVE-2022-21449). Both halves of s are good. */
static const char *es256_signature_fault(struct str signature)
{
    if (signature.n != ES256_SIGNATURE_BYTES)
        return signature.n > ES256_SIGNATURE_BYTES && signature.p[0] == 0x30
                   ? "it is in DER, where JWS has r and s alone (RFC 7518 section 3.4)"
                   : NULL;
    return is_below_order(signature.p) && is_below_order(signature.p + sizeof(order))
               ? NULL
               : "r or s is out of range";
}

/* A positive number of at most 32 octets as an INTEGER: no zeros before it but the one that keeps
   it positive (X.690 section 8.3). Returns its length. */
static size_t add_integer(unsigned char *der, const unsigned char *number, size_t n)
{
    for (; n > 1 && number[0] == 0; number++)
        n--;
    const size_t sign = number[0] >> 7;
    der[0] = DER_INTEGER;
    der[1] = (unsigned char)(n + sign);
    der[2] = 0;
    memcpy(der + 2 + sign, number, n);
    return 2 + sign + n;
}

/* r || s to DER. Returns its length. */
static size_t signature_to_der(unsigned char der[DER_SIGNATURE_MAX],
                               const unsigned char signature[ES256_SIGNATURE_BYTES])
{
    const size_t half = ES256_SIGNATURE_BYTES / 2;
    size_t n = add_integer(der + 2, signature, half);
    n += add_integer(der + 2 + n, signature + half, half);
    der[0] = DER_SEQUENCE;
    der[1] = (unsigned char)n;
    return 2 + n;
}

static bool es256_verify_ready(void *opaque, struct str message, const unsigned char *signature)
{
    struct ready *r = opaque;
    unsigned char hash[SHA256_DIGEST_LENGTH], der[DER_SIGNATURE_MAX];
    const size_t n = signature_to_der(der, signature);
    const bool good = digest(r, message, hash) &&
                      EVP_PKEY_verify(r->using, der, n, hash, sizeof(hash)) == 1;
    if (!good)
        ERR_clear_error();
    return good;
}

bool es256_verify(EVP_PKEY *public_key, struct str message,
                  const unsigned char signature[ES256_SIGNATURE_BYTES])
{
    bool good = jws_algorithm_verify_once(&jws_es256, public_key, message, signature);
    ERR_clear_error();
    return good;
}

const struct jws_algorithm jws_es256 = {
    .name = {"ES256", 5},
    .signature_bytes = ES256_SIGNATURE_BYTES,
    .takes = es256_takes,
    .ready_new = es256_ready_new,
    .verifier_new = es256_verifier_new,
    .ready_free = es256_ready_free,
    .sign = es256_sign,
    .signature_fault = es256_signature_fault,
    .verify = es256_verify_ready,
    .key_fault = "its key is not on the curve P-256, as ES256 demands (RFC 8226 section 5)",
};
