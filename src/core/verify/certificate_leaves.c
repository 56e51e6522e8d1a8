#include "certificate_leaves.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <stird/base/container_of.h>
#include <stird/base/shortage.h>
#include <string.h>

bool certificate_leaves_init(struct certificate_leaves *l, unsigned expected)
{
    l->held = 0;
    return lru_init(&l->all, expected);
}

void certificate_leaves_fini(struct certificate_leaves *l)
{
    lru_fini(&l->all);
}

static struct certificate_leaf *leaf_new(struct certificate_leaves *l, struct str name)
{
    struct certificate_leaf *leaf = calloc(1, sizeof(*leaf) + name.n);
    if (!leaf) {
        shortage_add();
        return NULL;
    }
    memcpy(leaf + 1, name.p, name.n);
    lru_add(&l->all, &leaf->link, (struct str){(const char *)(leaf + 1), name.n});
    return leaf;
}

struct certificate_leaf *certificate_leaf_join(struct certificate_leaves *l, const EVP_PKEY *key)
{
    unsigned char *der = NULL;
    const int n = key ? i2d_PUBKEY(key, &der) : 0;
    if (n <= 0)
        return NULL;
    const struct str name = {(const char *)der, (size_t)n};
    struct lru_link *link = lru_find(&l->all, name);
    struct certificate_leaf *leaf = link ? container_of(link, struct certificate_leaf, link)
                                         : leaf_new(l, name);
    OPENSSL_free(der);
    if (leaf)
        leaf->kept++;
    return leaf;
}

void certificate_leaf_leave(struct certificate_leaves *l, struct certificate_leaf *leaf)
{
    if (!leaf || --leaf->kept > 0)
        return;
    lru_remove(&l->all, &leaf->link);
    free(leaf);
}

void certificate_leaf_good(struct certificate_leaves *l, struct certificate_leaf *leaf, bool good)
{
    if (!leaf)
        return;
    if (good)
        l->held += leaf->good++ == 0;
    else
        l->held -= --leaf->good == 0;
}

bool certificate_leaf_judged(struct certificate_leaf *leaf, bool revoked)
{
    if (!leaf)
        return false;
    const bool news = revoked && !leaf->is_revoked;
    leaf->is_revoked = revoked;
    return news;
}
