#include <stird/core/certificate_chain.h>

#include <stird/base/shortage.h>

#include "x509_parts.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#define NO_MEMORY "cannot be judged: out of memory"

/* ---- the issuer that is not there ---- */

static bool is_its_own_issuer(X509 *x)
{
    return X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(x)) == 0;
}

static struct str text_of(BIO *bio, struct arena *arena)
{
    char *bytes = NULL;
    long n = BIO_get_mem_data(bio, &bytes);
    return n > 0 ? arena_copy(arena, (struct str){bytes, (size_t)n}) : (struct str){NULL, 0};
}

/* As RFC 2253 has it, which escapes what nobody can print. */
static struct str issuer_name(X509 *x, struct arena *arena)
{
    struct str text = {NULL, 0};
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio && X509_NAME_print_ex(bio, X509_get_issuer_name(x), 0, XN_FLAG_RFC2253) >= 0)
        text = text_of(bio, arena);
    BIO_free(bio);
    return text;
}

static bool is_printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return s.n > 0;
}

static struct str uri_of(const ACCESS_DESCRIPTION *access)
{
    if (OBJ_obj2nid(access->method) != NID_ad_ca_issuers || access->location->type != GEN_URI)
        return (struct str){NULL, 0};
    const ASN1_IA5STRING *uri = access->location->d.uniformResourceIdentifier;
    struct str text = {(const char *)ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri)};
    return is_printable(text) ? text : (struct str){NULL, 0};
}

/* Where X says that its issuer's certificate is (Authority Information Access, RFC 5280 section
   4.2.2.1); p == NULL: it does not. */
static struct str issuer_url(X509 *x, struct arena *arena)
{
    struct str url = {NULL, 0};
    AUTHORITY_INFO_ACCESS *all = X509_get_ext_d2i(x, NID_info_access, NULL, NULL);
    for (int i = 0; all && !url.p && i < sk_ACCESS_DESCRIPTION_num(all); i++)
        url = uri_of(sk_ACCESS_DESCRIPTION_value(all, i));
    if (url.p)
        url = arena_copy(arena, url);
    AUTHORITY_INFO_ACCESS_free(all);
    ERR_clear_error();
    return url;
}

/* "CN=Test CA (which is at http://...)" */
static struct str missing_issuer(X509 *last, struct arena *arena)
{
    struct str name = issuer_name(last, arena), url = issuer_url(last, arena);
    if (!name.p)
        name = STR("its issuer");
    return url.p ? arena_printf(arena, "%.*s (which is at %.*s)", STR_ARG(name), STR_ARG(url))
                 : name;
}

static const char *or_no_memory(struct str text)
{
    return text.p ? text.p : NO_MEMORY;
}

/* ---- judging ---- */

static bool is_no_memory(const char *why)
{
    return strcmp(why, TRUST_NO_MEMORY) == 0;
}

static X509 *last_of(STACK_OF(X509) * chain)
{
    return sk_X509_value(chain, sk_X509_num(chain) - 1);
}

static const char *by_anchors(STACK_OF(X509) * chain, const struct trust *anchors, int64_t now_s,
                              struct arena *arena)
{
    X509 *last = last_of(chain);
    const char *why = trust_check_chain(anchors, sk_X509_value(chain, 0), chain, now_s);
    if (!why || is_no_memory(why))
        return why ? NO_MEMORY : NULL;
    if (is_its_own_issuer(last))
        return or_no_memory(arena_printf(
            arena, "leads to no trust anchor: %s: get a certificate of an authority that is one",
            why));
    return or_no_memory(arena_printf(
        arena,
        "leads to no trust anchor: %s: the certificate of %.*s belongs at its end, or to the "
        "anchors if it is one",
        why, STR_ARG(missing_issuer(last, arena))));
}

static const char *by_its_last(STACK_OF(X509) * chain, int64_t now_s, struct arena *arena)
{
    struct trust *t = trust_new();
    const char *why = t && trust_add_anchor(t, last_of(chain))
                          ? trust_check_chain(t, sk_X509_value(chain, 0), chain, now_s)
                          : TRUST_NO_MEMORY;
    trust_free(t);
    if (!why || is_no_memory(why))
        return why ? NO_MEMORY : NULL;
    return or_no_memory(arena_printf(
        arena, "is a chain that no verifier follows: %s: get the chain again from the issuer",
        why));
}

const char *certificate_chain_fault(STACK_OF(X509) * chain, const struct trust *anchors,
                                    int64_t now_s, struct arena *arena)
{
    if (anchors)
        return by_anchors(chain, anchors, now_s, arena);
    return sk_X509_num(chain) > 1 ? by_its_last(chain, now_s, arena) : NULL;
}

const char *certificate_chain_warning(STACK_OF(X509) * chain, const struct trust *anchors,
                                      struct arena *arena)
{
    X509 *leaf = sk_X509_value(chain, 0);
    if (anchors || sk_X509_num(chain) > 1)
        return NULL;
    if (is_its_own_issuer(leaf))
        return "is a certificate that nobody but itself has issued: no verifier has it as an "
               "anchor, and outside a lab none takes its tokens";
    return or_no_memory(arena_printf(
        arena,
        "holds the end-entity certificate alone, and verifiers answer 437 unless its issuer is "
        "an anchor of theirs: put the certificate of %.*s behind it, here and at the URL",
        STR_ARG(missing_issuer(leaf, arena))));
}

/* ---- of a unit ---- */

static int64_t when_in_force(const struct certificate *c, int64_t now_s)
{
    return now_s > c->not_before_s ? now_s : c->not_before_s;
}

const char *certificate_fault(const struct certificate *c, const struct trust *anchors,
                              int64_t now_s, struct arena *arena)
{
    const unsigned long before = shortages();
    STACK_OF(X509) *chain = x509_read_ders(c->chain);
    const char *why = chain
                          ? certificate_chain_fault(chain, anchors, when_in_force(c, now_s), arena)
                          : NO_MEMORY;
    sk_X509_pop_free(chain, X509_free);
    return shortages() == before ? why : NO_MEMORY;
}

const char *certificate_warning(const struct certificate *c, const struct trust *anchors,
                                struct arena *arena)
{
    STACK_OF(X509) *chain = x509_read_ders(c->chain);
    const char *why = chain ? certificate_chain_warning(chain, anchors, arena) : NULL;
    sk_X509_pop_free(chain, X509_free);
    return why;
}

const char *certificate_take_scope(struct certificate *c, const struct trust *anchors,
                                   int64_t now_s, struct arena *arena)
{
    struct sti_certificate judged = {.key = NULL};
    STACK_OF(X509) *chain = x509_read_ders(c->chain);
    bool good = chain &&
                sti_certificate_judge(&judged, chain, anchors, when_in_force(c, now_s), arena);
    const char *why = good ? sti_certificate_fault(&judged) : NULL;
    if (good)
        c->scope = judged.scope;
    sti_certificate_fini(&judged);
    sk_X509_pop_free(chain, X509_free);
    if (!good)
        return NO_MEMORY;
    return why ? or_no_memory(arena_printf(arena, "is refused by verifiers: %s", why)) : NULL;
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
