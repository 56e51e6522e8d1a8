/* The key back-end for PEM text: SEC1 or PKCS#8, unencrypted, P-256. */
#include <stird/core/key_backend.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stird/core/certificate_text.h>
#include <stdlib.h>
#include <string.h>

struct pem_key {
    EVP_PKEY *key;
    EVP_PKEY_CTX *signing;
};

static void pem_close(void *opaque)
{
    struct pem_key *k = opaque;
    if (k) {
        EVP_PKEY_CTX_free(k->signing);
        EVP_PKEY_free(k->key); /* OpenSSL clears the scalar, which lies in its secure heap */
        free(k);
    }
}

static EVP_PKEY *parse(struct str key_name, struct str text, struct problems *problems)
{
    struct text_fault fault;
    EVP_PKEY *key = private_key_read(text, &fault);
    if (!key)
        text_fault_add(&fault, key_name, problems);
    return key;
}

bool key_fits(EVP_PKEY *key, const struct certificate *certificate, struct str key_name,
              struct problems *problems)
{
    char group[32] = "another";
    const char *kind = EVP_PKEY_get0_type_name(key);
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) {
        problems_add(problems, key_name, 0,
                     "is a key of type %s, but ES256 needs an elliptic-curve key on P-256: make "
                     "one (openssl ecparam -name prime256v1 -genkey) and get a certificate for it",
                     kind ? kind : "unknown");
        return false;
    }
    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL);
    if (strcmp(group, "prime256v1") != 0) {
        problems_add(problems, key_name, 0,
                     "is on the curve %s, but ES256 needs P-256 (prime256v1): make such a key and "
                     "get a certificate for it",
                     group);
        return false;
    }
    if (EVP_PKEY_eq(key, certificate->public_key) != 1) {
        problems_add(problems, key_name, 0,
                     "is not the key of the certificate in chain.pem: put the key here that the "
                     "certificate was requested with");
        return false;
    }
    return true;
}

/* Which one was meant is for whoever put them there. */
static void note_others(struct str key_name, struct str text, struct problems *problems)
{
    unsigned n = private_keys_in(text);
    if (n > 1)
        problems_add(problems, key_name, 0,
                     "holds %u private keys, of which the first counts: leave the certificate's "
                     "alone in it",
                     n);
}

static void *pem_open(const struct certificate *certificate, struct str key_name, struct str text,
                      struct problems *problems)
{
    struct pem_key *opened = NULL, *k = NULL;
    EVP_PKEY *key = NULL;
    ERR_clear_error();
    key = parse(key_name, text, problems);
    if (!key)
        goto out;
    if (!key_fits(key, certificate, key_name, problems)) {
        note_others(key_name, text, problems);
        goto out;
    }
    k = calloc(1, sizeof(*k));
    if (k) {
        k->key = key;
        key = NULL;
        k->signing = signing_new(k->key);
    }
    if (!k || !k->signing) {
        problems_add(problems, key_name, 0, "the key could not be made ready for signing");
        goto out;
    }
    opened = k;
    k = NULL;
out:
    pem_close(k);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return opened;
}

EVP_PKEY_CTX *signing_new(EVP_PKEY *key)
{
    EVP_PKEY_CTX *signing = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (signing && EVP_PKEY_sign_init(signing) == 1)
        return signing;
    EVP_PKEY_CTX_free(signing);
    return NULL;
}

/* A P-256 signature as DER: two INTEGERs of at most 33 octets in a SEQUENCE. */
#define DER_SIGNATURE_MAX 72

/* DER to r || s, each padded with zeros on the left to 32 octets. */
static bool signature_from_der(const unsigned char *der, size_t n,
                               unsigned char signature[ES256_SIGNATURE_BYTES])
{
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &der, (long)n);
    const int half = ES256_SIGNATURE_BYTES / 2;
    bool good = parsed && BN_bn2binpad(ECDSA_SIG_get0_r(parsed), signature, half) == half &&
                BN_bn2binpad(ECDSA_SIG_get0_s(parsed), signature + half, half) == half;
    ECDSA_SIG_free(parsed);
    return good;
}

bool signing_sign(EVP_PKEY_CTX *signing, const unsigned char digest[SHA256_BYTES],
                  unsigned char signature[ES256_SIGNATURE_BYTES])
{
    unsigned char der[DER_SIGNATURE_MAX];
    size_t n = sizeof(der);
    bool good = EVP_PKEY_sign(signing, der, &n, digest, SHA256_BYTES) == 1 &&
                signature_from_der(der, n, signature);
    if (!good)
        ERR_clear_error();
    return good;
}

static bool pem_sign(void *opaque, const unsigned char digest[SHA256_BYTES],
                     unsigned char signature[ES256_SIGNATURE_BYTES])
{
    struct pem_key *k = opaque;
    return signing_sign(k->signing, digest, signature);
}

const struct key_backend key_backend_pem = {
    .name = "pem",
    .open = pem_open,
    .sign = pem_sign,
    .close = pem_close,
};
