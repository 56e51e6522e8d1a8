#include "siphash.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

struct siphash {
    EVP_MAC *mac;
    EVP_MAC_CTX *context;
    uint8_t key[16];
};

void siphash_free(struct siphash *h)
{
    if (!h)
        return;
    EVP_MAC_CTX_free(h->context);
    EVP_MAC_free(h->mac);
    free(h);
}

struct siphash *siphash_new(const uint8_t key[16])
{
    struct siphash *h = calloc(1, sizeof(*h));
    size_t size = sizeof(struct transaction_key);
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                               OSSL_PARAM_construct_end()};
    if (!h)
        return NULL;
    memcpy(h->key, key, sizeof(h->key));
    h->mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    h->context = h->mac ? EVP_MAC_CTX_new(h->mac) : NULL;
    if (!h->context || !EVP_MAC_CTX_set_params(h->context, parameters)) {
        siphash_free(h);
        return NULL;
    }
    return h;
}

/* Most inputs are short: gathered, they cost one call into the library instead of two a text. */
struct gathered {
    size_t n;
    unsigned char bytes[512];
};

static int hash_bytes(struct siphash *h, struct gathered *g, const void *bytes, size_t n)
{
    int ok = 1;
    if (n > sizeof(g->bytes) - g->n) {
        ok = EVP_MAC_update(h->context, g->bytes, g->n);
        g->n = 0;
    }
    if (n > sizeof(g->bytes))
        return ok & EVP_MAC_update(h->context, bytes, n);
    if (n > 0)
        memcpy(g->bytes + g->n, bytes, n);
    g->n += n;
    return ok;
}

void siphash_write_hex(char *text, unsigned n, uint64_t value)
{
    while (n > 0) {
        text[--n] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}

struct transaction_key siphash_texts(struct siphash *h, const struct str *texts, unsigned n)
{
    struct transaction_key key = {0};
    struct gathered g;
    size_t written = 0;
    g.n = 0;
    /* It works on its own memory with a key of the right size, so it cannot fail. */
    int ok = EVP_MAC_init(h->context, h->key, sizeof(h->key), NULL);
    for (unsigned i = 0; i < n; i++) {
        uint32_t length = (uint32_t)texts[i].n;
        ok &= hash_bytes(h, &g, &length, sizeof(length));
        ok &= hash_bytes(h, &g, texts[i].p, texts[i].n);
    }
    ok &= EVP_MAC_update(h->context, g.bytes, g.n);
    ok &= EVP_MAC_final(h->context, (unsigned char *)&key, &written, sizeof(key));
    assert(ok && written == sizeof(key));
    return key;
}
