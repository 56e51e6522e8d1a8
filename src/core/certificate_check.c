#include <stird/certificate_check.h>

#include "tn_auth_list.h"
#include "x509_parts.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

struct look {
    const struct certificate *certificate;
    const struct served *served;
    const struct trust *trust;
    int64_t now_s;
    struct arena *arena;
    STACK_OF(X509) * chain;
    X509 *leaf;
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

static const char *is_certificate(struct look *l)
{
    l->chain = certificates_read(l->served->body);
    l->leaf = l->chain ? sk_X509_value(l->chain, 0) : NULL;
    return l->leaf ? NULL : "serves no certificate, or a broken one";
}

static const char *is_of_our_key(struct look *l)
{
    EVP_PKEY *key = X509_get_pubkey(l->leaf);
    bool ours = key && EVP_PKEY_eq(key, l->certificate->public_key) == 1;
    EVP_PKEY_free(key);
    return ours ? NULL : "serves the certificate of another key: publish this unit's chain.pem";
}

static const char *is_in_force(struct look *l)
{
    int64_t from, to;
    if (!x509_seconds(X509_get0_notBefore(l->leaf), &from) ||
        !x509_seconds(X509_get0_notAfter(l->leaf), &to))
        return "serves a certificate whose dates cannot be read";
    return l->now_s > to     ? "serves a certificate that has expired"
           : l->now_s < from ? "serves a certificate that is not in force yet"
                             : NULL;
}

static const char *may_sign(struct look *l)
{
    return X509_get_key_usage(l->leaf) & KU_DIGITAL_SIGNATURE
               ? NULL
               : "serves a certificate whose key usage is not digitalSignature";
}

static const char *has_our_list(struct look *l)
{
    struct buf spcs = BUF_INIT;
    struct str list = x509_tn_auth_list(l->leaf);
    const char *why = !list.p ? "serves a certificate without TNAuthList"
                              : tn_auth_list_read(list, &spcs);
    if (!why && !str_eq(buf_str(&spcs), l->certificate->spc))
        why = "serves a certificate of another service provider code";
    buf_fini(&spcs);
    return why;
}

static const char *leads_to_an_anchor(struct look *l)
{
    const char *why = l->trust ? trust_check_chain(l->trust, l->leaf, l->chain, l->now_s) : NULL;
    if (!why)
        return NULL;
    struct str text = arena_printf(l->arena, "serves a chain that leads to no trust anchor: %s",
                                   why);
    return text.p ? text.p : "serves a chain that leads to no trust anchor";
}

static const char *is_not_revoked(struct look *l)
{
    bool revoked = false;
    if (!l->trust || !trust_has_crls(l->trust))
        return NULL;
    const char *unknown = trust_check_revoked(l->trust, l->leaf, l->chain, l->now_s, &revoked);
    if (unknown)
        l->warning = arena_printf(l->arena, "whether it is revoked is not known: %s", unknown);
    return revoked ? "serves a certificate that is revoked: get a new one with a new key" : NULL;
}

/* DER is prefix-free: text that begins alike begins with the same certificates. */
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

/* A renewed certificate of the same key verifies; but then it should be in the unit as well. */
static const char *is_the_same_chain(struct look *l)
{
    if (l->warning.n == 0 && !begins_as_ours(l))
        l->warning = STR("serves another certificate of this key: import it, or publish chain.pem");
    else if (l->warning.n == 0 && !holds_ours(l))
        l->warning = STR("serves another chain above this certificate: publish chain.pem");
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

enum certificate_state certificate_check(const struct certificate *certificate,
                                         const struct served *served, const struct trust *trust,
                                         int64_t now_s, struct arena *arena, struct str *saying)
{
    static const char *(*const looks[])(struct look * l) = {
        no_private_key, is_certificate,     is_of_our_key,  is_in_force,       may_sign,
        has_our_list,   leads_to_an_anchor, is_not_revoked, is_the_same_chain, has_its_type,
    };
    struct look l = {.certificate = certificate,
                     .served = served,
                     .trust = trust,
                     .now_s = now_s,
                     .arena = arena,
                     .warning = STR("")};
    const char *why = NULL;
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]) && !why; i++)
        why = looks[i](&l);
    sk_X509_pop_free(l.chain, X509_free);
    ERR_clear_error();
    *saying = why ? str_of(why) : l.warning;
    return why ? CERTIFICATE_WRONG : CERTIFICATE_SERVED;
}

bool certificate_is_revoked(const struct certificate *c, const struct trust *trust, int64_t now_s)
{
    bool revoked = false;
    STACK_OF(X509) *chain = trust && trust_has_crls(trust) ? x509_read_ders(c->chain) : NULL;
    if (chain && trust_check_revoked(trust, sk_X509_value(chain, 0), chain, now_s, &revoked))
        revoked = false; /* not known */
    sk_X509_pop_free(chain, X509_free);
    ERR_clear_error();
    return revoked;
}

enum certificate_life certificate_life(const struct certificate *c, int64_t now_s)
{
    int64_t whole = c->not_after_s - c->not_before_s, left = c->not_after_s - now_s;
    if (left < 0)
        return LIFE_OVER;
    return left < whole / 10 ? LIFE_A_TENTH : left < whole / 3 ? LIFE_A_THIRD : LIFE_LONG;
}
