/* The key back-end for PEM text: SEC1 or PKCS#8, unencrypted. */
#include <stird/core/key_backend.h>

#include <openssl/err.h>
#include <stird/core/certificate_text.h>
#include <stdlib.h>
#include <string.h>

struct pem_key {
    EVP_PKEY *key;
    struct signing signing;
};

static void pem_close(void *opaque)
{
    struct pem_key *k = opaque;
    if (k) {
        signing_end(&k->signing);
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
    /* A key of no known algorithm: the one that calls are signed by tells what is needed. */
    if (!passport_algorithm_of(key) &&
        !passport_type_deciding()->algorithm->takes(key, key_name, problems))
        return false;
    if (EVP_PKEY_eq(key, certificate->public_key) != 1) {
        problems_add(problems, key_name, 0,
                     "is not the key of the certificate in chain.pem: put the key here that the "
                     "certificate was requested with");
        return false;
    }
    return true;
}

/* Warns of further keys: which one was meant, only the operator knows. */
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
    }
    if (!k || !signing_begin(&k->signing, k->key)) {
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

bool signing_begin(struct signing *signing, EVP_PKEY *key)
{
    signing->algorithm = passport_algorithm_of(key);
    signing->ready = signing->algorithm ? signing->algorithm->ready_new(key) : NULL;
    return signing->ready != NULL;
}

void signing_end(struct signing *signing)
{
    if (signing->algorithm)
        signing->algorithm->ready_free(signing->ready);
    *signing = (struct signing){0};
}

bool signing_sign(struct signing *signing, struct str message,
                  unsigned char signature[JWS_SIGNATURE_MAX])
{
    return signing->algorithm->sign(signing->ready, message, signature);
}

static bool pem_sign(void *opaque, struct str message, unsigned char signature[JWS_SIGNATURE_MAX])
{
    struct pem_key *k = opaque;
    return signing_sign(&k->signing, message, signature);
}

const struct key_backend key_backend_pem = {
    .name = "pem",
    .open = pem_open,
    .sign = pem_sign,
    .close = pem_close,
};
