/*
 * certificate_leaves - which certificates are held, each once, however many URLs served it and for
 * however many sets of domains it was judged. Two of one public key are one. Pure. Private to
 * core/verify.
 */
#ifndef STIRD_CERTIFICATE_LEAVES_H
#define STIRD_CERTIFICATE_LEAVES_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stird/base/lru.h>

struct certificate_leaf {
    struct lru_link link; /* its name is the public key, in DER, behind the struct */
    unsigned kept, good;  /* bodies that are kept of it; those of them that are good */
    bool is_revoked;      /* by what judged one of them last */
};

struct certificate_leaves {
    struct lru all;
    unsigned held; /* that have a good one */
};

/* False: no memory. */
bool certificate_leaves_init(struct certificate_leaves *l, unsigned expected);
/* Nobody holds any. */
void certificate_leaves_fini(struct certificate_leaves *l);
/* One more body of KEY's certificate. NULL: no memory, and it is not counted. */
struct certificate_leaf *certificate_leaf_join(struct certificate_leaves *l, const EVP_PKEY *key);
/* The rest takes NULL too. */
void certificate_leaf_leave(struct certificate_leaves *l, struct certificate_leaf *leaf);
/* One of its bodies has become good, or is so no longer. */
void certificate_leaf_good(struct certificate_leaves *l, struct certificate_leaf *leaf, bool good);
/* One of its bodies was judged. True: it is revoked now, and was not before. */
bool certificate_leaf_judged(struct certificate_leaf *leaf, bool revoked);

#endif
