#include <stird/core/trust_build.h>

#include "revocations.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stird/base/shortage.h>
#include <stird/core/certificate_text.h>
#include <stird/core/trust_list.h>
#include <stird/core/x5u.h>
#include <string.h>

struct building {
    struct trust_build *b;
    struct arena *arena;
    struct problems *problems;
    STACK_OF(X509) * authorities;
};

/* Certificates in the operator's files that are no authorities' are told as those of a list are. */
static void count_left_out(const struct building *g, const struct trust *t)
{
    const char *why;
    g->b->left_out += trust_left_out(t, &why);
    if (!g->b->left_out_why)
        g->b->left_out_why = why;
}

/* ---- the authorities ---- */

/* Those that have ended are told, and stay: the last good list may lead to one. */
static struct trust *list_anchors(const struct building *g)
{
    const struct str name = g->b->setting->list_anchor;
    struct problems ended = PROBLEMS_INIT;
    struct trust *ever = trust_new(), *now = trust_new_at(g->b->now_s);
    bool good = ever && now && trust_add_anchors(ever, name, g->b->list_anchor, g->problems);
    if (good) {
        trust_add_anchors(now, name, g->b->list_anchor, &ended);
        count_left_out(g, now);
    }
    problems_fini(&ended);
    trust_free(now);
    if (good)
        return ever;
    trust_free(ever);
    return NULL;
}

/* The signer's chain: it came with the list, or is the operator's where that is a file. Of the last
   good list it is the one that was good with it. */
static struct str signer_of(const struct building *g, struct str came)
{
    return came.n > 0 || g->b->list.url.n > 0 ? came : g->b->list_signer;
}

/* Judges TEXT; AFTER: the list in force, or NULL. LATE: it may be past its end. IS_KEPT: it is the
   last good one, so it may be past its signer's end too. */
static const char *judge_list(const struct building *g, const struct trust *anchors,
                              struct trust_list *l, struct str text, struct str signer,
                              const struct trust_list *after, bool late, bool is_kept)
{
    const struct trust_build *b = g->b;
    const struct trust_list_question q = {
        .signer_chain = signer,
        .anchors = anchors,
        .now_s = b->now_s,
        .was_taken = is_kept,
        .late_s = late ? b->setting->stale_ms / 1000 : 0,
        .last_sequence = after ? after->sequence : 0,
        .last_authorities = after ? after->authorities : NULL,
        .max_shrink_percent = b->setting->max_shrink_percent,
    };
    const char *why = trust_list_read(l, text, b->list.url, g->arena);
    if (!why && signer.n == 0)
        return "needs the certificate of its signer first";
    return why ? why : trust_list_accept(l, &q);
}

/* Reads the kept list, which was good when it came, so nothing is told of it. False: it cannot be
   used. */
static bool read_kept(const struct building *g, const struct trust *anchors, struct trust_list *l)
{
    const struct trust_source *s = &g->b->list;
    *l = (struct trust_list){.authorities = NULL};
    return s->kept.n > 0 &&
           !judge_list(g, anchors, l, s->kept, signer_of(g, s->kept_signer), NULL, true, true);
}

static void judge_fresh(const struct building *g, const struct trust *anchors,
                        const struct trust_list *kept, struct trust_list *l)
{
    struct trust_source *s = &g->b->list;
    struct str signer = signer_of(g, s->fresh_signer);
    *l = (struct trust_list){.authorities = NULL};
    s->refused = s->unread ? s->unread : s->fresh.p ? g->b->signer_unread : NULL;
    if (!s->fresh.p || s->refused)
        return;
    /* What a server brings has to be new; a file of the operator's may be past its end for a while.
     */
    s->refused = judge_list(g, anchors, l, s->fresh, signer, kept, s->url.n == 0, false);
    if (s->refused && signer.n == 0 && l->x5u.n > 0)
        s->wanted = l->x5u;
    s->took_fresh = !s->refused;
}

static bool use_list(struct building *g, struct trust_list *l)
{
    struct trust_build *b = g->b;
    g->authorities = l->authorities;
    l->authorities = NULL;
    b->list.is_used = true;
    b->list.until_s = l->expires_s;
    b->domain.sequence = l->sequence;
    b->domain.expires_s = l->expires_s;
    b->left_out += l->left_out;
    b->left_out_why = l->left_out_why ? l->left_out_why : b->left_out_why;
    return true;
}

static bool read_list(struct building *g)
{
    struct trust_list kept, fresh;
    struct trust *anchors = list_anchors(g);
    if (!anchors)
        return false;
    bool has_kept = read_kept(g, anchors, &kept);
    judge_fresh(g, anchors, has_kept ? &kept : NULL, &fresh);
    if (g->b->list.took_fresh)
        use_list(g, &fresh);
    else if (has_kept)
        use_list(g, &kept);
    trust_list_fini(&kept);
    trust_list_fini(&fresh);
    trust_free(anchors);
    return true;
}

/* ---- revocation lists ---- */

/* Makes the domain without its revocation lists; NULL: no memory, or a broken file. */
static struct trust *start(const struct building *g)
{
    const struct trust_build *b = g->b;
    const struct trust_setting *s = b->setting;
    struct trust *t = trust_new_at(b->now_s);
    bool good = t != NULL;
    for (int i = 0; i < sk_X509_num(g->authorities) && good; i++)
        good = trust_add_anchor(t, sk_X509_value(g->authorities, i));
    good = good &&
           (s->anchors.n == 0 || trust_add_anchors(t, s->anchors, b->anchors, g->problems)) &&
           (s->crl_anchor.n == 0 ||
            trust_add_crl_anchors(t, s->crl_anchor, b->crl_anchor, g->problems)) &&
           (s->crl_signer.n == 0 ||
            trust_add_crl_signers(t, s->crl_signer, b->crl_signer, g->problems));
    if (good)
        return t;
    trust_free(t);
    return NULL;
}

static bool add_crl(struct trust *t, const struct trust_source *s, struct str text,
                    struct str signer)
{
    struct problems ignored = PROBLEMS_INIT;
    bool good = trust_add_crls_from(t, s->url, text, s->url, &ignored) &&
                (signer.n == 0 || trust_add_crl_signers(t, s->url, signer, &ignored));
    problems_fini(&ignored);
    return good;
}

/* What is wrong with a list is said as one says it of a certificate's list; here it is the list
   itself that is spoken of. */
static const char *of_itself(const char *why)
{
    static const char its[] = "its list ";
    if (why && strcmp(why, REVOCATIONS_NO_SIGNER) == 0)
        return "is signed by nobody who is known and may sign lists: name the certificate of its "
               "signer in crl_signer";
    return why && strncmp(why, its, sizeof(its) - 1) == 0 ? why + sizeof(its) - 1 : why;
}

static int64_t when_judged(const struct building *g, const struct trust *t, bool is_kept)
{
    const int64_t from_s = trust_crls_from_s(t);
    return is_kept && from_s > g->b->now_s ? from_s : g->b->now_s;
}

/* Makes a domain with only this list, to judge it; NULL and *WHY. IS_KEPT: it was in force once, so
   where it is not in force yet, the clock was set back; and its signer's end is not its own. */
static struct trust *try_crl(const struct building *g, const struct trust_source *s,
                             struct str text, struct str signer, bool is_kept, const char **why)
{
    struct trust *t = start(g);
    *why = !t ? TRUST_NO_MEMORY
           : !add_crl(t, s, text, signer)
               ? "holds no revocation list that can be read"
               : of_itself(trust_crls_fault(t, when_judged(g, t, is_kept), is_kept));
    if (!*why)
        return t;
    trust_free(t);
    return NULL;
}

/* Where the list says that its signer's certificate is, if that is at the list's own host (AIA). */
static struct str find_signer(const struct building *g, const struct trust_source *s)
{
    struct text_fault fault;
    struct str found = {NULL, 0};
    STACK_OF(X509_CRL) *all = s->url.n > 0 ? text_crls(s->fresh, &fault) : NULL;
    AUTHORITY_INFO_ACCESS *places = sk_X509_CRL_num(all) > 0
                                        ? X509_CRL_get_ext_d2i(sk_X509_CRL_value(all, 0),
                                                               NID_info_access, NULL, NULL)
                                        : NULL;
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(places) && !found.p; i++) {
        const ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value(places, i);
        if (OBJ_obj2nid(one->method) != NID_ad_ca_issuers || one->location->type != GEN_URI)
            continue;
        const ASN1_IA5STRING *uri = one->location->d.uniformResourceIdentifier;
        struct str url = {(const char *)ASN1_STRING_get0_data(uri),
                          (size_t)ASN1_STRING_length(uri)};
        if (x5u_share_host(url, s->url))
            found = arena_copy(g->arena, url);
    }
    AUTHORITY_INFO_ACCESS_free(places);
    sk_X509_CRL_pop_free(all, X509_CRL_free);
    ERR_clear_error();
    return found;
}

/* Which of the two counts: the new one, unless it is refused, or older than the last good one. */
static void judge_crl(const struct building *g, struct trust_source *s)
{
    const char *why = NULL;
    s->refused = s->unread;
    struct trust *fresh = s->fresh.p ? try_crl(g, s, s->fresh, s->fresh_signer, false, &s->refused)
                                     : NULL;
    struct trust *kept = s->kept.p ? try_crl(g, s, s->kept, s->kept_signer, true, &why) : NULL;
    if (fresh && kept && trust_crls_from_s(fresh) < trust_crls_from_s(kept))
        s->refused = "is older than the one in force";
    if (s->fresh.p && !fresh && s->fresh_signer.n == 0)
        s->wanted = find_signer(g, s);
    s->took_fresh = fresh && !s->refused;
    s->is_used = s->took_fresh || kept;
    s->until_s = s->took_fresh ? trust_crls_until_s(fresh)
                 : kept        ? trust_crls_until_s(kept)
                               : INT64_MAX;
    trust_free(fresh);
    trust_free(kept);
}

static bool add_crls(const struct building *g, struct trust *t)
{
    struct trust_build *b = g->b;
    bool good = true;
    for (unsigned i = 0; i < b->setting->n_crls && good; i++) {
        struct trust_source *s = &b->crls[i];
        judge_crl(g, s);
        if (s->is_used)
            good = add_crl(t, s, s->took_fresh ? s->fresh : s->kept,
                           s->took_fresh ? s->fresh_signer : s->kept_signer);
    }
    return good;
}

/* ---- all of it ---- */

static void describe(struct building *g, struct trust *t)
{
    struct trust_build *b = g->b;
    const struct trust_setting *s = b->setting;
    struct trust_image_domain *d = &b->domain;
    d->name = s->name;
    d->mark = s->mark;
    d->countries = s->countries;
    d->n_countries = s->n_countries;
    d->is_listed = s->list.n > 0;
    d->stale_s = s->stale_ms / 1000;
    d->wants_crls = s->n_crls > 0;
    d->crl_opens = s->crl_opens;
    d->trust = t;
    b->authorities = t ? trust_anchors_count(t) : 0;
    b->revoked = t ? trust_crls_count(t) : 0;
}

/* A file of the operator's that is not there any more is a broken one. */
static bool has_files(const struct building *g)
{
    if (g->b->unread)
        problems_add(g->problems, g->b->unread_path, 0, "%s", g->b->unread);
    return !g->b->unread;
}

bool trust_build(struct trust_build *b, struct arena *arena, struct problems *problems)
{
    const unsigned long before = shortages();
    struct building g = {.b = b, .arena = arena, .problems = problems};
    bool good = has_files(&g) && (b->setting->list.n == 0 || read_list(&g));
    struct trust *t = good ? start(&g) : NULL;
    if (t)
        count_left_out(&g, t);
    good = t && add_crls(&g, t) && shortages() == before;
    describe(&g, t);
    sk_X509_pop_free(g.authorities, X509_free);
    return good;
}

void trust_build_fini(struct trust_build *b)
{
    trust_free((struct trust *)(uintptr_t)b->domain.trust);
    b->domain.trust = NULL;
}

#define RENEWED_AFTER_S (12 * 3600)
#define LATE_BY_S       300
#define AGAIN_AFTER_S   600
#define ERRORS_MANY     12
#define A_DAY_S         86400

int64_t trust_source_next_s(int64_t now_s, int64_t until_s, unsigned errors)
{
    if (errors > 0)
        return now_s + (errors < ERRORS_MANY ? AGAIN_AFTER_S : A_DAY_S);
    int64_t next_s = now_s + RENEWED_AFTER_S;
    if (until_s < next_s - LATE_BY_S)
        next_s = until_s + LATE_BY_S;
    return next_s > now_s + AGAIN_AFTER_S ? next_s : now_s + AGAIN_AFTER_S;
}
