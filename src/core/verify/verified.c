#include <stddef.h>
#include <stird/core/passport.h>
#include <stird/core/verified.h>

#include "token_claims.h"

struct str verified_cache_name(enum verified_cache cache)
{
    static const char *const names[VERIFIED_CACHES + 1] = {
        [VERIFIED_NO_CERTIFICATE] = "", [VERIFIED_HIT] = "hit",
        [VERIFIED_STALE] = "stale",     [VERIFIED_WAIT] = "wait",
        [VERIFIED_MISS] = "miss",       [VERIFIED_NOT_ASKED] = "not asked",
    };
    return str_of(names[cache]);
}

/* Which token the verdict is about: the one that decided, else the one that failed, else the first
   one that says who is calling. */
int verified_entry(const struct verification *a)
{
    int i = a->decisive >= 0 ? a->decisive : a->blamed;
    if (i < 0 && a->n > 0 && a->headers[0].role == IDENTITY_ROLE_SHAKEN)
        i = 0;
    return i >= 0 && (unsigned)i < a->n ? i : -1;
}

static char letter(struct str attest)
{
    return attest.n == 1 && attest.p[0] >= 'A' && attest.p[0] <= 'C' ? attest.p[0] : '\0';
}

/* The domain by which its certificate was judged for its number. */
static struct str trust_of(const struct verification_question *q,
                           const struct verification_header *h)
{
    return q->image && h->report.domain < trust_image_domains(q->image)
               ? trust_image_domain(q->image, h->report.domain)->name
               : STR("");
}

static void tell_token(struct verified *v, const struct verification_question *q,
                       const struct verification_header *h)
{
    v->trust = trust_of(q, h);
    v->header = h->header;
    v->attest = letter(h->report.attest);
    v->x5u = h->token->identity.info;
    v->spc = h->report.spc;
    v->subject = h->report.subject;
    v->origid = h->token->origid;
    if (h->report.finding[VERIFY_DEST].result == VERIFY_WARNED)
        v->elsewhere = *q->requested;
    if (!h->token->has_iat)
        return;
    v->iat_s = h->token->iat_s;
    if (__builtin_sub_overflow(q->now_s, v->iat_s, &v->age_s))
        v->age_s = VERIFIED_NO_TIME;
}

static uint32_t valid_of(const struct verification *a)
{
    uint32_t valid = 0;
    for (unsigned i = 0; i < a->n; i++)
        if (a->headers[i].header < 32 && a->headers[i].report.verdict == TOKEN_VALID)
            valid |= UINT32_C(1) << a->headers[i].header;
    return valid;
}

/* ---- of tokens beside the one that is told of ---- */

/* Appends TEXT to LIST. False: no memory. */
static bool join(struct str *list, struct str text, struct arena *arena)
{
    const struct str parts[] = {*list, STR(","), text};
    if (text.n == 0)
        return true;
    *list = list->n > 0 ? arena_join(arena, parts, 3) : text;
    return list->p != NULL;
}

static bool tell_beside(struct verified *v, const struct verification_question *q,
                        const struct verification *a, int entry, struct arena *arena)
{
    bool good = true;
    for (unsigned i = 0; i < a->n && good; i++)
        if ((int)i != entry && a->headers[i].report.verdict == TOKEN_VALID)
            good = join(&v->spcs_beside, a->headers[i].report.spc, arena) &&
                   join(&v->trusts_beside, trust_of(q, &a->headers[i]), arena);
    return good;
}

/* Whether it says that the call was diverted, also in the form that nobody here judges. */
static bool diverts(const struct token *t)
{
    const struct str div_o = STR("div-o");
    return t->identity.says_div || t->type == &passport_type_div ||
           str_eq_nocase(t->identity.ppt, div_o) ||
           str_eq_nocase(json_member(t->header_json, "ppt"), div_o);
}

/* A chain without a shaken token does not tell who called: it has no beginning. */
static void tell_invalid(struct verified *v, const struct verification *a)
{
    const bool has_shaken = a->n > 0 && a->headers[0].role == IDENTITY_ROLE_SHAKEN;
    v->some_invalid = v->chain_broken = a->n_beyond > 0;
    for (unsigned i = 0; i < a->n; i++) {
        const struct verification_header *h = &a->headers[i];
        const bool of_chain = diverts(h->token);
        if (h->report.verdict != TOKEN_INVALID && (!of_chain || has_shaken))
            continue;
        v->some_invalid = true;
        v->chain_broken = v->chain_broken || of_chain || h->role == IDENTITY_ROLE_SHAKEN ||
                          h->role == IDENTITY_ROLE_UNREADABLE;
    }
}

bool verified_of(struct verified *v, const struct verification_question *q,
                 const struct verification *a, struct arena *arena)
{
    const int entry = verified_entry(a);
    *v = (struct verified){.class = a->class,
                           .reason = a->reason,
                           .level = a->level,
                           .check = a->check,
                           .header = VERIFIED_NO_HEADER,
                           .headers = q->set->n + q->set->n_beyond,
                           .beyond = q->set->n_beyond,
                           .valid = valid_of(a),
                           .iat_s = VERIFIED_NO_TIME,
                           .age_s = VERIFIED_NO_TIME,
                           .verstat = a->verstat};
    if (q->orig)
        v->orig = *q->orig;
    if (q->image)
        v->trust_generation = trust_image_generation(q->image);
    tell_invalid(v, a);
    if (entry >= 0) {
        tell_token(v, q, &a->headers[entry]);
        v->fetched = a->headers[entry].fetched;
    }
    return tell_beside(v, q, a, entry, arena);
}

struct verified verified_as_shown(const struct verified *v)
{
    struct verified shown = *v;
    if (!v->shown.is_lowered)
        return shown;
    shown.class = v->shown.class;
    shown.level = v->shown.level;
    shown.verstat = v->shown.verstat;
    return shown;
}

/* Its texts, by their places. */
static const size_t texts[] = {
    offsetof(struct verified, x5u),           offsetof(struct verified, spc),
    offsetof(struct verified, subject),       offsetof(struct verified, origid),
    offsetof(struct verified, trust),         offsetof(struct verified, spcs_beside),
    offsetof(struct verified, trusts_beside),
};
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

size_t verified_kept_bytes(const struct verified *v)
{
    size_t sum = arena_rounded(sizeof(*v));
    for (size_t i = 0; i < TEXTS; i++) {
        const size_t n = ((const struct str *)((const char *)v + texts[i]))->n;
        sum += n > 0 ? arena_rounded(n + 1) : 0;
    }
    return sum;
}

bool verified_keep(struct verified *v, struct arena *arena)
{
    bool kept = true;
    for (size_t i = 0; i < TEXTS; i++) {
        struct str *text = (struct str *)((char *)v + texts[i]);
        *text = text->n > 0 ? arena_copy(arena, *text) : STR("");
        kept = kept && text->p;
    }
    return kept;
}
