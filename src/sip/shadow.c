#include <stird/sip/shadow.h>

#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/count.h>
#include <stird/core/masked.h>
#include <stird/core/service_word.h>
#include <stird/sip/rehearsal.h>
#include <string.h>

#include "context.h"
#include "proxy_parts.h"
#include "rating.h"
#include "shadow_compare.h"

#define KINDS       32   /* of changes that wait to be told; further ones are only counted */
#define ARENA_BYTES 8192 /* for a call: parsed, decided, and then dropped */

struct shadow {
    struct settings *settings;
    struct mapped_numbers numbers;
    uint8_t secret[SNAPSHOT_SECRET_BYTES];
    uint64_t generation;
    struct shadow_change kinds[KINDS]; /* count: calls that were not told */
    unsigned n, next;                  /* next: whose turn it is to be told */
};

struct shadow *shadow_new(struct settings *settings, struct mapped_numbers *numbers,
                          const uint8_t secret[SNAPSHOT_SECRET_BYTES], uint64_t generation)
{
    struct shadow *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->settings = settings;
    s->numbers = *numbers;
    s->generation = generation;
    memcpy(s->secret, secret, sizeof(s->secret));
    *numbers = (struct mapped_numbers){0};
    return s;
}

void shadow_free(struct shadow *s)
{
    if (!s)
        return;
    settings_free(s->settings);
    numbers_unmap(&s->numbers);
    explicit_bzero(s->secret, sizeof(s->secret));
    free(s);
}

void shadow_use_take(struct proxy *p, struct shadow *shadow)
{
    struct shadow **place = proxy_shadow(p);
    shadow_free(*place);
    *place = shadow;
}

/* ---- what is told ---- */

/* The place of its kind, or a free one; NULL: there is none. */
static struct shadow_change *place_of(struct shadow *s, const struct shadow_change *change)
{
    struct shadow_change *told = NULL;
    for (unsigned i = 0; i < s->n; i++) {
        if (shadow_change_same_kind(&s->kinds[i], change))
            return &s->kinds[i];
        if (s->kinds[i].count == 0)
            told = &s->kinds[i];
    }
    if (s->n < KINDS)
        told = &s->kinds[s->n++];
    if (told)
        *told = (struct shadow_change){0};
    return told;
}

/* The count of a kind goes on; all else is of the last call. */
static bool note(struct shadow *s, const struct shadow_change *change, uint32_t count)
{
    struct shadow_change *kind = place_of(s, change);
    if (!kind)
        return false;
    const uint32_t before = kind->count;
    *kind = *change;
    kind->count = before + count;
    return true;
}

bool shadow_tell(struct proxy *p, struct shadow_change *news)
{
    struct shadow *s = *proxy_shadow(p);
    for (unsigned i = 0; s && i < s->n; i++) {
        struct shadow_change *kind = &s->kinds[s->next++ % s->n];
        if (kind->count == 0)
            continue;
        *news = *kind;
        kind->count = 0;
        return true;
    }
    return false;
}

void shadow_tell_again(struct proxy *p, const struct shadow_change *news)
{
    struct shadow *s = *proxy_shadow(p);
    for (unsigned i = 0; s && i < s->n; i++)
        if (shadow_change_same_kind(&s->kinds[i], news))
            s->kinds[i].count += news->count;
}

/* ---- one call ---- */

/* Whether what became of it is what was decided. A fault that cost its signature says nothing about
   either configuration, nor does a limit or a call of our own; and where nothing is signed nothing
   is decided. */
static bool is_decided(const struct context *c)
{
    const struct outcome *o = c->outcome;
    if (!c->initial || !c->request || !c->call || !o || c->call->source_in_doubt ||
        c->call->fits_none || c->monitor)
        return false;
    const struct trunk *trunk = c->call->trunk;
    if (!trunk)
        return o->reason == REASON_NO_TRUNK || o->reason == REASON_FROM_UPSTREAM;
    return service_words[trunk->service].signs &&
           (o->reason < REASON_SIGNER_TIMEOUT || o->reason == REASON_NO_CERTIFICATE);
}

static bool decide(struct shadow *s, const struct context *c, const struct rate_reader *rates,
                   struct arena *arena, struct rehearsal *r)
{
    const struct target *target = c->n_targets > 0 && c->target < c->n_targets
                                      ? &c->targets[c->target]
                                      : NULL;
    *r = (struct rehearsal){.settings = s->settings,
                            .numbers = s->numbers.table,
                            .overlay = proxy_overlay(c->proxy),
                            .switches = proxy_switches(c->proxy),
                            .verified = c->call->verified,
                            .rates = proxy_rates(c->proxy) ? rates : NULL,
                            .secret = s->secret,
                            .source = c->from.remote,
                            .listener = c->call->listener,
                            .transport = (enum transport)c->from.transport,
                            .now_s = c->real_us / 1000000,
                            .quiet = true};
    if (target && target->upstream)
        r->upstream = target->upstream->name;
    return rehearsal_run(r, arena, (struct str){c->request, c->request_bytes}) == REASON_OK;
}

static void fill(struct shadow_change *change, const struct shadow *s, const struct context *c,
                 const struct rehearsal *r)
{
    const struct settings *settings = c->snapshot->settings;
    memset(change, 0, sizeof(*change));
    shadow_side_fill(&change->from, settings, c->call, c->outcome);
    shadow_side_fill(&change->to, s->settings, r->call, r->outcome);
    change->generation = s->generation;
    change->ts_us = c->real_us;
    change->count = 1;
    change->orig = masked_number(&c->outcome->claims.orig, settings->mask_numbers);
    change->dest = masked_number(&c->outcome->claims.dest, settings->mask_numbers);
    const struct str id = str_slice(c->call->call_id, 0, SHADOW_CALL_ID_MAX);
    for (size_t i = 0, n = 0; i < id.n; i++)
        if (id.p[i] != '\0')
            change->call_id[n++] = id.p[i];
}

static void compare(struct shadow *s, struct context *c, struct arena *arena)
{
    struct proxy_counters *counters = proxy_counters(c->proxy);
    struct rehearsal r;
    struct shadow_change change;
    const struct rate_reader rates = rating_reader_beside(c);
    if (!decide(s, c, &rates, arena, &r)) {
        count_add(&counters->shadow_failed, 1);
        return;
    }
    count_add(&counters->shadow_compared, 1);
    fill(&change, s, c, &r);
    if (shadow_side_same(&change.from, &change.to))
        return;
    count_add(&counters->shadow_changed, 1);
    if (!note(s, &change, 1))
        count_add(&counters->shadow_untold, 1);
}

void shadow_compare(struct context *c)
{
    struct shadow *s = *proxy_shadow(c->proxy);
    if (!s || !is_decided(c))
        return;
    const int64_t began_us = clock_monotonic_us();
    struct arena *arena = arena_new(ARENA_BYTES);
    if (arena)
        compare(s, c, arena);
    else
        count_add(&proxy_counters(c->proxy)->shadow_failed, 1);
    arena_free(arena);
    histogram_add(&proxy_counters(c->proxy)->shadow_us,
                  (uint64_t)(clock_monotonic_us() - began_us));
}
