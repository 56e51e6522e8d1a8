/* Lists of a domain of trust, of authorities and of revocations, that lie in files and that the
   domain would not take: it is made of the files alone, as it will be made when it is in force.
   Warnings, for another program may put a better list there at any time, and of a list that is
   refused the last good one stays. What is fetched is not there to be judged. */
#include "reader.h"

#include <stird/base/shortage.h>
#include <stird/core/trust_build.h>
#include <time.h>

#define LIST_BYTES_MAX (4 * 1024 * 1024)

/* Of what cannot be read is warned already (resolve_trust.c). */
static struct str text_of(struct reader *r, struct str path)
{
    struct str text = {NULL, 0};
    if (path.n > 0 && files_read_public(r->files, path, LIST_BYTES_MAX, &text) != 0)
        text = (struct str){NULL, 0};
    return text;
}

static struct trust_source source_of(struct reader *r, struct str place)
{
    if (trust_setting_is_url(place))
        return (struct trust_source){.url = place};
    return (struct trust_source){.fresh = text_of(r, place)};
}

static struct str second_of(struct reader *r, int64_t at_s)
{
    char text[32];
    const time_t t = (time_t)at_s;
    struct tm tm;
    size_t n = gmtime_r(&t, &tm) ? strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) : 0;
    return arena_copy(r->arena, (struct str){text, n});
}

static void judge(struct reader *r, const struct object *o, struct place at, const char *key,
                  struct str path, const struct trust_source *s, const char *means)
{
    if (s->refused)
        warn(r, o, at,
             "%s: %.*s: it %s: %s, unless an earlier one was taken: put one there that "
             "this domain can take",
             key, STR_ARG(path), s->refused, means);
    else if (s->is_used && s->until_s < r->now_s)
        warn(r, o, at, "%s: %.*s: its successor should be there since %.*s: put it there", key,
             STR_ARG(path), STR_ARG(second_of(r, s->until_s)));
}

static void tell(struct reader *r, const struct draft_trust *d, const struct trust_build *b)
{
    const struct trust_setting *t = &d->trust;
    if (b->list.fresh.p && (t->list_is_url || b->list_signer.p))
        judge(r, &d->object, place_of(&d->object, "list"), "list", t->list, &b->list,
              "nobody is believed by it");
    /* Without anchors of their own those of the domain count, which a list that is fetched brings.
     */
    for (unsigned i = 0; i < t->n_crls && (t->crl_anchor.n > 0 || b->authorities > 0); i++)
        if (b->crls[i].fresh.p && !d->crl_is_told[i])
            judge(r, &d->object, d->crls.items[i].at, "crls", t->crls[i], &b->crls[i],
                  "it revokes nothing");
}

void refused_lists_find(struct reader *r, const struct draft_trust *d)
{
    /* To make a domain takes time, which a worker with calls has not. */
    if (files_are_handed_over(r->files))
        return;
    const struct trust_setting *t = &d->trust;
    const unsigned long before = shortages();
    struct problems known = PROBLEMS_INIT; /* the reader has warned of each of them */
    struct trust_build b = {
        .setting = t,
        .now_s = r->now_s,
        .anchors = text_of(r, t->anchors),
        .list_anchor = text_of(r, t->list_anchor),
        .list_signer = text_of(r, t->list_signer),
        .crl_anchor = text_of(r, t->crl_anchor),
        .crl_signer = text_of(r, t->crl_signer),
        .list = source_of(r, t->list),
    };
    if (t->n_crls > TRUST_CRLS_MAX)
        return;
    if (!t->list_is_url)
        b.list.fresh_signer = b.list_signer;
    for (unsigned i = 0; i < t->n_crls; i++)
        b.crls[i] = source_of(r, t->crls[i]);
    bool good = trust_build(&b, r->arena, &known);
    if (good)
        tell(r, d, &b);
    else if (shortages() != before)
        out_of_memory(r);
    trust_build_fini(&b);
    problems_fini(&known);
}
