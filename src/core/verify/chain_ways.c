#include "chain_ways.h"

#include "x509_parts.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stird/core/sti_certificate.h>

enum edge { EDGE_UNKNOWN, EDGE_THERE, EDGE_NONE };

struct search {
    STACK_OF(X509) * more, *anchors, *way;
    int64_t now_s;
    unsigned signatures, ways;
    bool (*take)(void *of, STACK_OF(X509) * way);
    void *of;
    bool is_on_way[CHAIN_BETWEEN_MAX];
    /* Whether [above] has issued [below]; below them all: the leaf. */
    enum edge edges[CHAIN_BETWEEN_MAX][CHAIN_BETWEEN_MAX + 1];
};

#define LEAF CHAIN_BETWEEN_MAX

static X509 *last_of(STACK_OF(X509) * chain)
{
    return sk_X509_value(chain, sk_X509_num(chain) - 1);
}

static bool is_given_up(const struct search *s)
{
    return s->signatures > CHAIN_SIGNATURES_MAX || s->ways > CHAIN_WAYS_MAX;
}

/* Compares names first, which costs nothing; only signatures are counted. */
static bool has_issued(struct search *s, X509 *issuer, X509 *x)
{
    if (X509_check_issued(issuer, x) != X509_V_OK)
        return false;
    s->signatures++;
    return !is_given_up(s) && x509_issued(issuer, x);
}

static bool is_above(struct search *s, int above, int below)
{
    X509 *other = sk_X509_value(s->more, above), *x = last_of(s->way);
    enum edge *edge = &s->edges[above][below];
    if (*edge == EDGE_UNKNOWN)
        *edge = X509_cmp(other, x) != 0 && x509_is_in_force(other, s->now_s) &&
                        has_issued(s, other, x)
                    ? EDGE_THERE
                    : EDGE_NONE;
    return *edge == EDGE_THERE;
}

/* Hands on the way with X as its last certificate. */
static bool take_with(struct search *s, X509 *x)
{
    s->ways++;
    if (is_given_up(s) || sk_X509_push(s->way, x) <= 0)
        return false;
    bool taken = s->take(s->of, s->way);
    sk_X509_pop(s->way);
    return taken;
}

static bool ends(struct search *s)
{
    X509 *x = last_of(s->way);
    for (int i = 0; i < sk_X509_num(s->anchors) && !is_given_up(s); i++)
        if (has_issued(s, sk_X509_value(s->anchors, i), x) &&
            take_with(s, sk_X509_value(s->anchors, i)))
            return true;
    return false;
}

/* Extends the way beyond its last certificate, which is number BELOW of those between. A way is
   never longer than a scope has room for. */
static bool go_up(struct search *s, int below)
{
    bool taken = ends(s);
    int n = sk_X509_num(s->more) < CHAIN_BETWEEN_MAX ? sk_X509_num(s->more) : CHAIN_BETWEEN_MAX;
    for (int i = 0; i < n && !taken && sk_X509_num(s->way) < STI_CHAIN_MAX - 1; i++) {
        if (s->is_on_way[i] || !is_above(s, i, below) ||
            sk_X509_push(s->way, sk_X509_value(s->more, i)) <= 0)
            continue;
        s->is_on_way[i] = true;
        taken = go_up(s, i);
        s->is_on_way[i] = false;
        sk_X509_pop(s->way);
    }
    return taken;
}

bool chain_ways(X509 *leaf, STACK_OF(X509) * more, STACK_OF(X509) * anchors, int64_t now_s,
                bool (*take)(void *of, STACK_OF(X509) * way), void *of)
{
    struct search s = {.more = more,
                       .anchors = anchors,
                       .way = sk_X509_new_null(),
                       .now_s = now_s,
                       .take = take,
                       .of = of};
    bool taken = s.way && sk_X509_push(s.way, leaf) > 0 && go_up(&s, LEAF);
    sk_X509_free(s.way);
    ERR_clear_error();
    return taken;
}

/* ---- without anchors ---- */

static bool holds(STACK_OF(X509) * all, X509 *x)
{
    for (int i = 0; i < sk_X509_num(all); i++)
        if (X509_cmp(sk_X509_value(all, i), x) == 0)
            return true;
    return false;
}

/* NULL: none is left. */
static X509 *next_up(STACK_OF(X509) * up, STACK_OF(X509) * chain, int64_t now_s)
{
    X509 *x = last_of(up), *next = NULL;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *other = sk_X509_value(chain, i);
        if ((next && !x509_is_in_force(other, now_s)) || holds(up, other) || !x509_issued(other, x))
            continue;
        if (x509_is_in_force(other, now_s))
            return other;
        next = other;
    }
    return next;
}

STACK_OF(X509) * chain_up(STACK_OF(X509) * chain, int64_t now_s)
{
    STACK_OF(X509) *up = sk_X509_new_null();
    X509 *x = sk_X509_value(chain, 0);
    bool good = up != NULL;
    while (good && x && sk_X509_num(up) < STI_CHAIN_MAX) {
        good = X509_add_cert(up, x, X509_ADD_FLAG_UP_REF) == 1;
        x = good ? next_up(up, chain, now_s) : NULL;
    }
    ERR_clear_error();
    if (good)
        return up;
    sk_X509_pop_free(up, X509_free);
    return NULL;
}
