#include <stird/core/certificate_chain.h>
#include <stird/core/served_certificate.h>

#include "core/verify/x509_parts.h"

#include <openssl/err.h>
#include <stird/base/shortage.h>
#include <stird/core/certificate_text.h>
#include <string.h>

struct look {
    const struct certificate *certificate;
    const struct served *served;
    const struct trust *trust;
    int64_t now_s;
    struct arena *arena;
    STACK_OF(X509) * chain;
    X509 *leaf;
    struct sti_certificate judged;
    struct str warning;
};

static const char *no_private_key(struct look *l)
{
    struct str body = l->served->body;
    static const char mark[] = "PRIVATE KEY-----";
    return body.n > 0 && memmem(body.p, body.n, mark, sizeof(mark) - 1)
               ? "serves a private key: take it off the web and never use that key again"
               : NULL;
}

static const char *with_why(struct look *l, const char *what, const char *why)
{
    struct str text = arena_printf(l->arena, "%s: %s", what, why);
    return text.p ? text.p : what;
}

static const char *is_certificate(struct look *l)
{
    struct text_fault fault;
    l->chain = certificates_read(l->served->body, &fault);
    l->leaf = l->chain ? sk_X509_value(l->chain, 0) : NULL;
    if (!l->leaf)
        return with_why(l, "serves no certificate, or a broken one", fault.why);
    return sti_certificate_judge(&l->judged, l->chain, l->trust, l->now_s, l->arena)
               ? NULL
               : "could not be looked at: no memory";
}

static const char *is_of_our_key(struct look *l)
{
    bool ours = l->judged.key && EVP_PKEY_eq(l->judged.key, l->certificate->public_key) == 1;
    return ours ? NULL : "serves the certificate of another key: publish this unit's chain.pem";
}

static const char *is_suitable(struct look *l)
{
    const char *why = sti_certificate_fault(&l->judged);
    return why ? with_why(l, "serves a certificate that verifiers refuse", why) : NULL;
}

static const char *is_in_force(struct look *l)
{
    return l->now_s > l->judged.not_after_s    ? "serves a certificate that has expired"
           : l->now_s < l->judged.not_before_s ? "serves a certificate that is not in force yet"
                                               : NULL;
}

/* Verifiers go by what is served: it must allow what this unit signs. */
static const char *has_our_scope(struct look *l)
{
    const struct sti_scope *ours = &l->certificate->scope, *theirs = &l->judged.scope;
    if (!str_eq(l->judged.spc, l->certificate->spc))
        return "serves a certificate of another service provider code";
    bool same = theirs->n_constraints == ours->n_constraints &&
                sti_scope_has_limits_of(ours, theirs);
    for (unsigned i = 0; same && i < ours->n_constraints; i++)
        same = str_eq(theirs->constraints[i], ours->constraints[i]);
    return same ? NULL : "serves a certificate for other numbers or claims: import it";
}

/* What a verifier would find, in words that say what is missing. */
static const char *leads_to_an_anchor(struct look *l)
{
    if (l->judged.has_anchors && !l->judged.by_anchors.chain)
        return NULL;
    const char *why = certificate_chain_fault(l->chain, l->trust, l->now_s, l->arena);
    return why ? with_why(l, "serves a chain that verifiers refuse", why) : NULL;
}

static const char *is_not_revoked(struct look *l)
{
    const struct trust_answer *a = &l->judged.by_anchors;
    if (a->revoked == TRUST_NOT_KNOWN)
        l->warning = arena_printf(l->arena, "whether it is revoked is not known: %s", a->not_known);
    return a->revoked == TRUST_REVOKED
               ? "serves a certificate that is revoked: get a new one with a new key"
               : NULL;
}

/* Whether the served chain begins with our leaf: two DER texts with the same beginning begin with
   the same certificates. */
static bool begins_as_ours(const struct look *l)
{
    struct buf leaf = BUF_INIT;
    bool same = x509_add_der(&leaf, l->leaf) && str_starts(l->certificate->chain, buf_str(&leaf));
    buf_fini(&leaf);
    return same;
}

static bool holds_ours(const struct look *l)
{
    struct buf served = BUF_INIT;
    for (int i = 0; i < sk_X509_num(l->chain); i++)
        x509_add_der(&served, sk_X509_value(l->chain, i));
    bool same = str_starts(buf_str(&served), l->certificate->chain);
    buf_fini(&served);
    return same;
}

/* A renewed certificate of the same key verifies too, but then it should be in the unit as well. */
static const char *is_the_same_chain(struct look *l)
{
    if (l->warning.n == 0 && !begins_as_ours(l))
        l->warning = STR("serves another certificate of this key: import it, or publish chain.pem");
    else if (l->warning.n == 0 && !holds_ours(l))
        l->warning = STR("serves another chain above this certificate: publish chain.pem");
    return NULL;
}

static const char *has_its_issuer(struct look *l)
{
    const char *why = certificate_chain_warning(l->chain, l->trust, l->arena);
    if (why && l->warning.n == 0)
        l->warning = str_of(with_why(l, "what it serves", why));
    return NULL;
}

/* Most verifiers take others too. */
static const char *has_its_type(struct look *l)
{
    static const char *const types[] = {"application/pem-certificate-chain",
                                        "application/x-pem-file", "application/pkix-cert",
                                        "application/x-x509-ca-cert", "text/plain"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (str_eq(l->served->content_type, str_of(types[i])))
            return NULL;
    if (l->warning.n == 0)
        l->warning = STR("its Content-Type should be application/pem-certificate-chain");
    return NULL;
}

static enum certificate_state not_looked_at(struct str *saying)
{
    *saying = STR("could not be looked at: no memory");
    return CERTIFICATE_UNCHECKED;
}

enum certificate_state served_certificate_judge(const struct certificate *certificate,
                                                const struct served *served,
                                                const struct trust *trust, int64_t now_s,
                                                struct arena *arena, struct str *saying)
{
    static const char *(*const looks[])(struct look * l) = {
        no_private_key,    is_certificate, is_of_our_key,      is_suitable,
        is_in_force,       has_our_scope,  leads_to_an_anchor, is_not_revoked,
        is_the_same_chain, has_its_type,   has_its_issuer,
    };
    struct look l = {.certificate = certificate,
                     .served = served,
                     .trust = trust,
                     .now_s = now_s,
                     .arena = arena,
                     .warning = STR("")};
    const unsigned long before = shortages();
    const char *why = NULL;
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]) && !why; i++)
        why = looks[i](&l);
    sti_certificate_fini(&l.judged);
    sk_X509_pop_free(l.chain, X509_free);
    ERR_clear_error();
    if (shortages() != before)
        return not_looked_at(saying);
    *saying = why ? str_of(why) : l.warning;
    return why ? CERTIFICATE_WRONG : CERTIFICATE_SERVED;
}
