#include <stird/core/sti_certificate.h>

#include "chain_ways.h"
#include "claim_constraints.h"
#include "sti_scope.h"
#include "tn_auth_list.h"
#include "x509_parts.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stird/base/shortage.h>
#include <stird/core/certificate_text.h>

_Static_assert(STI_CHAIN_MAX > CERTIFICATES_MAX, "what is served is judged whole, and its anchor");

struct judging {
    struct sti_certificate *c;
    X509 *leaf;
    struct arena *arena;
    bool no_memory;
};

/* ---- the rules: each a sentence, or NULL ---- */

static const char *judge_key(struct judging *j)
{
    EVP_PKEY *key = X509_get_pubkey(j->leaf);
    const struct jws_algorithm *algorithm = key ? passport_algorithm_of(key) : NULL;
    void *verifier = algorithm ? algorithm->verifier_new(key) : NULL;
    if (!verifier) {
        EVP_PKEY_free(key);
        return passport_type_deciding()->algorithm->key_fault;
    }
    j->c->key = key;
    j->c->algorithm = algorithm;
    j->c->verifier = verifier;
    return EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || x509_curve_is_named(j->leaf)
               ? NULL
               : "its key spells the parameters of its curve out instead of naming P-256 (RFC 5480 "
                 "section 2.1.1)";
}

/* Upper case: ATIS-1000080. */
static bool is_code(struct str codes)
{
    for (size_t i = 0; i < codes.n; i++)
        if (!ascii_is_digit(codes.p[i]) && codes.p[i] != ',' &&
            !(codes.p[i] >= 'A' && codes.p[i] <= 'Z'))
            return false;
    return true;
}

static const char *judge_list(struct judging *j)
{
    struct buf spcs = BUF_INIT;
    struct str list = x509_extension(j->leaf, TN_AUTH_LIST_OID);
    if (!list.p)
        return "it has no TNAuthList (" TN_AUTH_LIST_OID ")";
    const char *why = tn_auth_list_read(list, &spcs);
    j->c->spc = arena_copy(j->arena, buf_str(&spcs));
    j->no_memory = j->no_memory || buf_failed(&spcs) || !j->c->spc.p;
    buf_fini(&spcs);
    if (!why)
        return NULL;
    struct str text = arena_printf(j->arena, "its TNAuthList is malformed: %s", why);
    return text.p ? text.p : why;
}

static const char *judge_provider(struct judging *j)
{
    return is_code(j->c->spc) ? NULL
                              : "its service provider code is not made of upper-case letters and "
                                "digits (ATIS-1000080)";
}

/* UINT32_MAX: there is no such extension. */
static const char *judge_usage(struct judging *j)
{
    return X509_get_key_usage(j->leaf) & KU_DIGITAL_SIGNATURE
               ? NULL
               : "its key usage is not digitalSignature, so it may not sign (RFC 5280 section "
                 "4.2.1.3)";
}

static const char *judge_authority(struct judging *j)
{
    return X509_check_ca(j->leaf) == 1
               ? "it is that of an authority: the end-entity certificate comes first"
               : NULL;
}

static const char *judge_signature(struct judging *j)
{
    return x509_signature_is_weak(X509_get_signature_nid(j->leaf))
               ? "it is signed with an algorithm that verifiers do not take (RFC 8226 section 5 has "
                 "ecdsa-with-SHA256)"
               : NULL;
}

static const char *judge_extensions(struct judging *j)
{
    if (X509_get_extension_flags(j->leaf) & EXFLAG_INVALID || x509_has_extension_twice(j->leaf))
        return "its extensions are malformed, or one is there twice";
    return x509_unknown_critical(j->leaf)
               ? "it has a critical extension that verifiers do not know (RFC 5280 section 4.2)"
               : NULL;
}

static const char *judge_constraints(struct judging *j)
{
    struct str plain = x509_extension(j->leaf, CLAIM_CONSTRAINTS_OID),
               enhanced = x509_extension(j->leaf, ENHANCED_CLAIM_CONSTRAINTS_OID);
    if (plain.p && enhanced.p)
        return "it has claim constraints of both forms (RFC 9118 section 3)";
    if ((plain.p && claim_constraints_read(plain, false)) ||
        (enhanced.p && claim_constraints_read(enhanced, true)))
        return "its claim constraints are malformed (RFC 8226 section 8, RFC 9118)";
    return NULL;
}

/* A code stands for all numbers, so an issuer whose list has only numbers cannot pass on a code. */
static const char *widens(const struct sti_scope *scope)
{
    return sti_scope_is_encompassed(scope)
               ? NULL
               : "its chain widens: a service provider code is not in the TNAuthList of the "
                 "certificate above (RFC 9060)";
}

/* It is of use as long as it does not widen by one of its ways. */
static const char *judge_encompassed(struct judging *j)
{
    for (unsigned i = 0; i < j->c->n_ways; i++)
        if (!j->c->ways[i].widens)
            return NULL;
    return j->c->ways[0].widens;
}

static const char *judge_dates(struct judging *j)
{
    return x509_seconds(X509_get0_notBefore(j->leaf), &j->c->not_before_s) &&
                   x509_seconds(X509_get0_notAfter(j->leaf), &j->c->not_after_s)
               ? NULL
               : "its dates cannot be read";
}

#define TO_THE_ISSUER "ask the issuer for another one"

static const struct {
    const char *(*judge)(struct judging *j);
    const char *advice;
} rules[STI_RULES] = {
    [STI_KEY] = {judge_key, "ask the issuer for a certificate for such a key"},
    [STI_LIST] = {judge_list, "it is not for STIR; check that the end-entity certificate comes "
                              "first, or ask the issuer"},
    [STI_PROVIDER] = {judge_provider, TO_THE_ISSUER},
    [STI_USAGE] = {judge_usage, TO_THE_ISSUER},
    [STI_AUTHORITY] = {judge_authority, "put it there"},
    [STI_SIGNATURE] = {judge_signature, TO_THE_ISSUER},
    [STI_EXTENSIONS] = {judge_extensions, TO_THE_ISSUER},
    [STI_CONSTRAINTS] = {judge_constraints, TO_THE_ISSUER},
    [STI_ENCOMPASSED] = {judge_encompassed, TO_THE_ISSUER},
    [STI_DATES] = {judge_dates, TO_THE_ISSUER},
};

const char *sti_rule_advice(enum sti_rule rule)
{
    return rules[rule].advice;
}

const char *sti_certificate_fault(const struct sti_certificate *c)
{
    for (unsigned i = 0; i < STI_RULES; i++)
        if (c->fault[i])
            return c->fault[i];
    return NULL;
}

/* ---- for people ---- */

static struct str subject_text(struct judging *j)
{
    struct str text = {NULL, 0};
    char *bytes = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(j->leaf), 0, XN_FLAG_RFC2253) >= 0) {
        long n = BIO_get_mem_data(bio, &bytes);
        text = arena_copy(j->arena, (struct str){bytes, n > 0 ? (size_t)n : 0});
    }
    BIO_free(bio);
    return text;
}

static struct str serial_text(struct judging *j)
{
    struct str text = {NULL, 0};
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(j->leaf), NULL);
    char *digits = number ? BN_bn2hex(number) : NULL;
    if (digits)
        text = arena_copy(j->arena, str_of(digits));
    OPENSSL_free(digits);
    BN_free(number);
    return text;
}

static int64_t first_end_s(STACK_OF(X509) * up)
{
    int64_t first_s = TRUST_TIME_MAX_S, ends_s;
    for (int i = 0; i < sk_X509_num(up); i++)
        if (x509_seconds(X509_get0_notAfter(sk_X509_value(up, i)), &ends_s) && ends_s < first_s)
            first_s = ends_s;
    return first_s;
}

/* ---- its ways ---- */

const struct sti_scope *sti_way_scope(const struct sti_certificate *c, const struct sti_way *way)
{
    return way->scope ? way->scope : &c->scope;
}

static bool is_same_chain(STACK_OF(X509) * a, STACK_OF(X509) * b)
{
    bool same = sk_X509_num(a) == sk_X509_num(b);
    for (int i = 0; i < sk_X509_num(a) && same; i++)
        same = X509_cmp(sk_X509_value(a, i), sk_X509_value(b, i)) == 0;
    return same;
}

/* What limits it by the way AT; where the chain is that of an earlier way it is kept once. */
static bool read_scope(struct sti_certificate *c, const struct trust_image_ways *ways, unsigned at,
                       struct arena *arena)
{
    struct sti_scope *own = &c->scope;
    for (unsigned i = 0; i < at; i++)
        if (is_same_chain(ways->of[i].up, ways->of[at].up)) {
            c->ways[at].scope = c->ways[i].scope;
            return true;
        }
    if (at > 0)
        c->ways[at].scope = own = arena_array(arena, 1, sizeof(*own));
    return own && sti_scope_read(own, ways->of[at].up, arena);
}

static bool read_ways(struct sti_certificate *c, const struct trust_image_ways *ways,
                      struct arena *arena)
{
    bool good = (c->ways = arena_array(arena, ways->n, sizeof(c->ways[0]))) != NULL;
    c->chain_until_s = TRUST_TIME_MAX_S;
    for (unsigned i = 0; i < ways->n && good; i++) {
        const struct trust_image_way *from = &ways->of[i];
        const int64_t until_s = first_end_s(from->up);
        c->ways[i] = (struct sti_way){.domain = from->domain,
                                      .revoked = from->revoked,
                                      .not_known = from->not_known,
                                      .crl_is_needed = from->crl_opens};
        c->chain_until_s = until_s < c->chain_until_s ? until_s : c->chain_until_s;
        good = read_scope(c, ways, i, arena);
        c->ways[i].widens = good ? widens(sti_way_scope(c, &c->ways[i])) : NULL;
    }
    c->n_ways = good ? ways->n : 0;
    return good;
}

/* WAYS: of each the leaf and the issuers that limit it. */
static bool read(struct sti_certificate *c, const struct trust_image_ways *ways,
                 struct arena *arena)
{
    struct judging j = {.c = c, .leaf = sk_X509_value(ways->of[0].up, 0), .arena = arena};
    if (!read_ways(c, ways, arena))
        return false;
    for (unsigned i = 0; i < STI_RULES; i++)
        c->fault[i] = rules[i].judge(&j);
    c->subject = subject_text(&j);
    c->serial = serial_text(&j);
    ERR_clear_error();
    return !j.no_memory && c->subject.p && c->serial.p;
}

/* By whom it is judged: by one set of anchors, by domains of an image, or by nobody. */
struct ground {
    const struct trust *trust;
    const struct trust_image *image;
    uint64_t domains;
    int64_t now_s;
};

static bool ask_trust(struct sti_certificate *c, STACK_OF(X509) * chain, const struct ground *g,
                      struct trust_image_ways *ways)
{
    STACK_OF(X509) *up = NULL;
    bool good = trust_judge(g->trust, sk_X509_value(chain, 0), chain, g->now_s, &c->by_anchors,
                            &up);
    if (up)
        ways->of[ways->n++] = (struct trust_image_way){.domain = TRUST_NO_DOMAIN,
                                                       .revoked = c->by_anchors.revoked,
                                                       .not_known = c->by_anchors.not_known,
                                                       .crl_opens = true,
                                                       .up = up};
    return good;
}

static bool ask_anchors(struct sti_certificate *c, STACK_OF(X509) * chain, const struct ground *g,
                        struct trust_image_ways *ways)
{
    X509 *leaf = sk_X509_value(chain, 0);
    struct trust_image_answer answer;
    c->has_anchors = g->trust || g->image;
    c->judged_s = g->now_s;
    c->crl_is_needed = true;
    if (g->trust)
        return ask_trust(c, chain, g, ways);
    if (!g->image)
        return true;
    bool good = trust_image_judge(g->image, g->domains, leaf, chain, g->now_s, &answer, ways);
    c->by_anchors = answer.by_anchors;
    c->domains = answer.leads;
    c->is_open = answer.is_open;
    c->unheard = answer.unheard;
    c->crl_is_needed = answer.crl_opens;
    return good;
}

/* Where it leads nowhere: the way by which its issuers can be followed. */
static void follow(const struct sti_certificate *c, STACK_OF(X509) * chain, int64_t now_s,
                   struct trust_image_ways *ways)
{
    ways->n = 1;
    ways->of[0] = (struct trust_image_way){.domain = TRUST_NO_DOMAIN,
                                           .revoked = c->by_anchors.revoked,
                                           .not_known = c->by_anchors.not_known,
                                           .crl_opens = c->crl_is_needed,
                                           .up = chain_up(chain, now_s)};
}

static bool judge_by(struct sti_certificate *c, STACK_OF(X509) * chain, const struct ground *g,
                     struct arena *arena)
{
    const unsigned long before = shortages();
    struct trust_image_ways ways = {.n = 0};
    *c = (struct sti_certificate){.has_anchors = false};
    bool good = ask_anchors(c, chain, g, &ways);
    if (ways.n == 0)
        follow(c, chain, g->now_s, &ways);
    good = ways.of[0].up && read(c, &ways, arena) && good && shortages() == before;
    trust_image_ways_fini(&ways);
    return good;
}

bool sti_certificate_judge(struct sti_certificate *c, STACK_OF(X509) * chain,
                           const struct trust *trust, int64_t now_s, struct arena *arena)
{
    return judge_by(c, chain, &(struct ground){.trust = trust, .now_s = now_s}, arena);
}

static bool prepare_by(struct sti_certificate *c, struct str text, const struct ground *g,
                       struct arena *arena)
{
    const unsigned long before = shortages();
    struct text_fault fault = {0, NULL};
    STACK_OF(X509) *chain = certificates_read(text, &fault);
    *c = (struct sti_certificate){.unreadable = fault.why};
    if (!chain)
        return shortages() == before;
    bool good = judge_by(c, chain, g, arena);
    sk_X509_pop_free(chain, X509_free);
    return good;
}

bool sti_certificate_prepare(struct sti_certificate *c, struct str text, const struct trust *trust,
                             int64_t now_s, struct arena *arena)
{
    return prepare_by(c, text, &(struct ground){.trust = trust, .now_s = now_s}, arena);
}

bool sti_certificate_prepare_for(struct sti_certificate *c, struct str text,
                                 const struct trust_image *image, uint64_t domains, int64_t now_s,
                                 struct arena *arena)
{
    const struct ground ground = {.image = image, .domains = domains, .now_s = now_s};
    return prepare_by(c, text, &ground, arena);
}

bool sti_certificate_is_judged(const struct sti_certificate *c, int64_t now_s)
{
    return now_s == c->judged_s ||
           (now_s >= c->by_anchors.from_s && now_s <= c->by_anchors.until_s);
}

bool sti_certificate_is_in_force(const struct sti_certificate *c, int64_t now_s)
{
    return !c->unreadable && now_s >= c->not_before_s && now_s <= c->chain_until_s;
}

void sti_certificate_fini(struct sti_certificate *c)
{
    if (c->algorithm)
        c->algorithm->ready_free(c->verifier);
    EVP_PKEY_free(c->key);
    c->verifier = c->key = NULL;
}
