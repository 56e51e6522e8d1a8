/*
 * anchors - certificates that somebody trusts, and whether another one leads to one of them
 * (RFC 5280 section 6). Private to core/verify.
 */
#ifndef STIRD_CORE_ANCHORS_H
#define STIRD_CORE_ANCHORS_H

#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/problems.h>
#include <stird/base/str.h>

struct anchors {
    X509_STORE *store;
    STACK_OF(X509) * all;
};

/* False: no memory. anchors_fini() in either case. */
bool anchors_init(struct anchors *a);
void anchors_fini(struct anchors *a);
/* X stays the caller's. False: no memory. */
bool anchors_add(struct anchors *a, X509 *x);
/*
 * Those of TEXT (certificate_text.h) that JUDGE (authority.h) finds no fault with at NOW_S; NAME is
 * for problems. What is none is left out, and counted; false where there is no other.
 */
struct anchors_left_out {
    unsigned n;
    const char *why; /* of the first of them, a static text */
};
typedef const char *anchors_judge(X509 *x, int64_t now_s);
bool anchors_read(struct anchors *a, struct str name, struct str text, anchors_judge *judge,
                  int64_t now_s, struct anchors_left_out *left_out, struct problems *problems);

/*
 * X509_V_OK, or why LEAF leads to no anchor at NOW_S; MORE are certificates that may stand between.
 * BUILT, if not NULL, becomes the chain from LEAF to the anchor, to be freed with its certificates;
 * NULL where it leads to none. One good way is enough (chain_ways.h). Below the anchor, signatures
 * and keys of less than 112 bits of security (SHA-1, for one) do not count.
 */
int anchors_lead(const struct anchors *a, X509 *leaf, STACK_OF(X509) * more, int64_t now_s,
                 STACK_OF(X509) * *built);
/* Whether LEAF would lead to one if all of their dates were good: of what was judged by these dates
   before, and holds until its own end. Also false: no memory. */
bool anchors_led(const struct anchors *a, X509 *leaf, STACK_OF(X509) * more);
/* The anchor that issued X; by its signature; NULL: none did. Borrowed. */
X509 *anchors_issuer(const struct anchors *a, X509 *x);

#endif
