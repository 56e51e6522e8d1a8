#include "chain_ways.h"

#include "x509_parts.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stird/core/sti_certificate.h>

enum answer { UNKNOWN, YES, NO };

/* Whether ISSUER may have issued X, by names and key identifiers: costs nothing. */
static bool may_have_issued(X509 *issuer, X509 *x)
{
    return X509_check_issued(issuer, x) == X509_V_OK;
}

/* Whether a signature of KEY is checked in about a millisecond, however it was chosen: its curve is
   a usual one, or it is no longer than those of authorities are. */
static bool is_affordable(EVP_PKEY *key)
{
    static const int curves[] = {NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1};
    char group[32] = "";
    BIGNUM *exponent = NULL;
    bool good = false;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        good = EVP_PKEY_get_bits(key) <= 4096 &&
               EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
               BN_num_bits(exponent) <= 32;
        BN_free(exponent);
        break;
    case EVP_PKEY_EC:
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL);
        for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
            good = good || OBJ_sn2nid(group) == curves[i];
        break;
    case EVP_PKEY_ED25519:
        good = true;
        break;
    }
    return good;
}

static bool has_signed(X509 *issuer, X509 *x)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    return key && is_affordable(key) && x509_issued(issuer, x);
}

/*
 * The search goes up by names alone. Signatures are checked when an anchor is reached, from there
 * down: so the keys of certificates that anybody can serve check nothing before an anchor's has.
 */
struct search {
    STACK_OF(X509) * more, *anchors, *way;
    int64_t now_s;
    unsigned looks, signatures, ways;
    bool (*take)(void *of, STACK_OF(X509) * way);
    void *of;
    bool is_on_way[CHAIN_BETWEEN_MAX];
    int between[STI_CHAIN_MAX]; /* which of MORE each certificate of the way is; the first: LEAF */
    /* Whether [above] may have issued, and has signed, [below]; below them all: the leaf. */
    enum answer may[CHAIN_BETWEEN_MAX][CHAIN_BETWEEN_MAX + 1];
    enum answer signed_by[CHAIN_BETWEEN_MAX][CHAIN_BETWEEN_MAX + 1];
    enum answer anchored[CHAIN_BETWEEN_MAX + 1]; /* NO: no anchor may have issued it, or has */
};

#define LEAF CHAIN_BETWEEN_MAX

static X509 *last_of(STACK_OF(X509) * chain)
{
    return sk_X509_value(chain, sk_X509_num(chain) - 1);
}

static bool is_given_up(const struct search *s)
{
    return s->looks > CHAIN_LOOKS_MAX || s->signatures > CHAIN_SIGNATURES_MAX ||
           s->ways > CHAIN_WAYS_MAX;
}

static bool is_signed(struct search *s, X509 *issuer, X509 *x)
{
    s->signatures++;
    return !is_given_up(s) && has_signed(issuer, x);
}

static bool may_be_above(struct search *s, int above, int below)
{
    X509 *other = sk_X509_value(s->more, above), *x = last_of(s->way);
    enum answer *may = &s->may[above][below];
    if (*may == UNKNOWN)
        *may = X509_cmp(other, x) != 0 &&
                       (s->now_s == CHAIN_ANY_TIME || x509_is_in_force(other, s->now_s)) &&
                       may_have_issued(other, x)
                   ? YES
                   : NO;
    return *may == YES;
}

/* From the one below the anchor down to the leaf. */
static bool is_signed_down(struct search *s)
{
    bool good = true;
    for (int i = sk_X509_num(s->way) - 1; i > 0 && good; i--) {
        enum answer *is = &s->signed_by[s->between[i]][s->between[i - 1]];
        if (*is == UNKNOWN)
            *is = is_signed(s, sk_X509_value(s->way, i), sk_X509_value(s->way, i - 1)) ? YES : NO;
        good = *is == YES;
    }
    return good;
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

static bool ends(struct search *s, int below)
{
    X509 *x = last_of(s->way);
    bool taken = false, any = false;
    if (s->anchored[below] == NO)
        return false;
    for (int i = 0; i < sk_X509_num(s->anchors) && !taken && !is_given_up(s); i++) {
        X509 *anchor = sk_X509_value(s->anchors, i);
        if (!may_have_issued(anchor, x) || !is_signed(s, anchor, x))
            continue;
        any = true;
        taken = is_signed_down(s) && take_with(s, anchor);
    }
    s->anchored[below] = any ? YES : NO;
    return taken;
}

/* Extends the way beyond its last certificate, which is number BELOW of those between. A way is
   never longer than a scope has room for. */
static bool go_up(struct search *s, int below)
{
    s->looks++;
    s->between[sk_X509_num(s->way) - 1] = below;
    bool taken = ends(s, below);
    int n = sk_X509_num(s->more) < CHAIN_BETWEEN_MAX ? sk_X509_num(s->more) : CHAIN_BETWEEN_MAX;
    for (int i = 0; i < n && !taken && !is_given_up(s) && sk_X509_num(s->way) < STI_CHAIN_MAX - 1;
         i++) {
        if (s->is_on_way[i] || !may_be_above(s, i, below) ||
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

/* NULL: none is left. No more signatures than a chain may have certificates, of all tries. */
static X509 *next_up(STACK_OF(X509) * up, STACK_OF(X509) * chain, int64_t now_s, unsigned *tries)
{
    X509 *x = last_of(up), *next = NULL;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *other = sk_X509_value(chain, i);
        if ((next && !x509_is_in_force(other, now_s)) || holds(up, other) ||
            !may_have_issued(other, x) || (*tries)++ >= STI_CHAIN_MAX || !has_signed(other, x))
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
    unsigned tries = 0;
    while (good && x && sk_X509_num(up) < STI_CHAIN_MAX) {
        good = X509_add_cert(up, x, X509_ADD_FLAG_UP_REF) == 1;
        x = good ? next_up(up, chain, now_s, &tries) : NULL;
    }
    ERR_clear_error();
    if (good)
        return up;
    sk_X509_pop_free(up, X509_free);
    return NULL;
}
