#include "tally.h"

#include <stddef.h>

#include "context.h"

static struct trunk_counters *of_trunk(const struct context *c, const struct trunk *t)
{
    const struct settings *s = c->snapshot->settings;
    struct trunk_counters *list = c->snapshot->counters.trunks;
    bool listed = list && t && t >= s->trunks && t < s->trunks + s->n_trunks;
    return listed ? &list[t - s->trunks] : &proxy_uncounted(c->proxy)->trunk;
}

static struct upstream_counters *of_upstream(const struct context *c, const struct upstream *u)
{
    const struct settings *s = c->snapshot->settings;
    struct upstream_counters *list = c->snapshot->counters.upstreams;
    bool listed = list && u && u >= s->upstreams && u < s->upstreams + s->n_upstreams;
    return listed ? &list[u - s->upstreams] : &proxy_uncounted(c->proxy)->upstream;
}

/* ---- trunks ---- */

struct trunk_counters *tally_trunk(const struct context *c)
{
    return of_trunk(c, c->call ? c->call->trunk : NULL);
}

void tally_call_begins(struct context *c, const struct trunk *trunk)
{
    c->level = &of_trunk(c, trunk)->calls;
    count_add(c->level, 1);
}

void tally_call_ends(struct context *c)
{
    if (c->level)
        count_take(c->level, 1);
    c->level = NULL;
}

/* ---- upstreams ---- */

void tally_offer_begins(struct attempt *a)
{
    struct context *c = a->context;
    const struct upstream *u = a->target.upstream;
    if (!c->initial || !u)
        return;
    a->limit = limits_take(proxy_limits(c->proxy), LIMIT_UPSTREAM_CALLS, u->name);
    a->level = &of_upstream(c, u)->calls;
    count_add(a->level, 1);
    count_add(&of_upstream(c, u)->offered, 1);
}

void tally_offer_ends(struct attempt *a)
{
    limits_give(proxy_limits(a->context->proxy), &a->limit);
    if (a->level)
        count_take(a->level, 1);
    a->level = NULL;
}

/* The counter for each fate, as its place in struct upstream_counters. */
#define COUNTS(name) (offsetof(struct upstream_counters, name) / sizeof(uint64_t))
static const uint8_t counts[FATE_KINDS] = {
    [FATE_UNREACHABLE] = COUNTS(unreachable),
    [FATE_CONNECTION_LOST] = COUNTS(unreachable),
    [FATE_SILENT] = COUNTS(timeouts),
    [FATE_TIMEOUT] = COUNTS(timeouts),
    [FATE_FULL] = COUNTS(full),
    [FATE_NOT_SENT] = COUNTS(not_sent),
    [FATE_NOT_OPENED] = COUNTS(not_sent),
    [FATE_UNREADABLE] = COUNTS(unreadable),
};

static void count_fate(struct upstream_counters *n, enum fate fate, int status)
{
    unsigned class = (unsigned)status / 100 - 2;
    if (fate != FATE_STATUS && counts[fate] > 0)
        count_add((uint64_t *)(void *)n + counts[fate], 1);
    else if (fate == FATE_STATUS && class < STATUS_CLASSES)
        count_add(&n->by_class[class], 1);
}

void tally_said(struct context *c, unsigned place, const struct target *target, enum fate fate,
                int status)
{
    trail_said(&c->trail, place, fate, status);
    if (c->initial && target->upstream)
        count_fate(of_upstream(c, target->upstream), fate, status);
}

/* What the caller cancelled says nothing about the next hop. */
void tally_answered(const struct attempt *a, int status)
{
    const struct context *c = a->context;
    if (!c->initial || !a->target.upstream || status == 487)
        return;
    struct upstream_counters *n = of_upstream(c, a->target.upstream);
    count_add(a->has_token ? &n->answered_signed : &n->answered_unsigned, 1);
    if (status >= 300)
        count_add(&(a->has_token ? n->refused_signed : n->refused_unsigned)[refusal_place(status)],
                  1);
}

void tally_retry(const struct attempt *a)
{
    count_add(&of_upstream(a->context, a->target.upstream)->retried_unsigned, 1);
}

void tally_failover(struct context *c, const struct upstream *upstream)
{
    if (c->initial && upstream)
        count_add(&of_upstream(c, upstream)->failovers, 1);
}
