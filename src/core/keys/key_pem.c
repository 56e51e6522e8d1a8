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
    EVP_PKEY *key = text_private_key(text, &fault);
    if (!key)
        text_fault_add(&fault, key_name, problems);
    return key;
}

/* Warns of further keys: which one was meant, only the operator knows. */
static void note_others(struct str key_name, struct str text, struct problems *problems)
{
    unsigned n = text_private_keys(text);
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
