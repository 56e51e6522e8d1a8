#include "dialog_block.h"

#include <stird/core/policy.h>
#include <stird/core/service_word.h>
#include <stird/core/source_table.h>
#include <stird/sip/rehearsal.h>

#include "context.h"
#include "dialog_trunk.h"

/* The ways in which trunks read a calling number and treat a blocked one: among thousands of trunks
   there are few. */
#define WAYS_MAX 16

struct asking {
    struct context *c;
    const struct trunk *asked[WAYS_MAX]; /* a trunk of each way so far */
    unsigned n_asked;
    const struct trunk *refuses, *excuses; /* the first trunk that does; or NULL */
};

static bool same_country(const struct country *a, const struct country *b)
{
    return str_eq(a->code, b->code) && str_eq(a->international_prefix, b->international_prefix) &&
           str_eq(a->national_prefix, b->national_prefix) &&
           a->national_length == b->national_length &&
           a->national_length_max == b->national_length_max;
}

/* The customer does not matter here: a row blocks its number for everybody. */
static bool same_way(const struct trunk *a, const struct trunk *b)
{
    return a->trusted == b->trusted && a->by_state[NUMBER_BLOCKED] == b->by_state[NUMBER_BLOCKED] &&
           same_country(&a->country, &b->country);
}

static bool was_asked(const struct asking *a, const struct trunk *t)
{
    for (unsigned i = 0; i < a->n_asked; i++)
        if (same_way(a->asked[i], t))
            return true;
    return false;
}

static enum dialog_block ask(struct context *c, const struct trunk *t)
{
    const struct settings *s = c->snapshot->settings;
    c->call->trunk = t;
    c->call->customer = c->snapshot->customer[t - s->trunks];
    c->call->overlay = proxy_overlay(c->proxy);
    c->call->claims_dialog = false; /* it is inside one */
    if (!policy_blocks(s, c->snapshot->numbers.table, c->call, c->outcome))
        return DIALOG_BLOCK_NONE;
    return c->outcome->verdict == VERDICT_REJECT ? DIALOG_BLOCK_REFUSES : DIALOG_BLOCK_EXCUSES;
}

/* Of a trunk whose calls no number table is asked about, none is blocked inside either. */
static bool asks_table(const struct trunk *t)
{
    return service_words[t->service].signs;
}

static void ask_too(struct asking *a, const struct trunk *t)
{
    if (!asks_table(t) || was_asked(a, t))
        return;
    if (a->n_asked < WAYS_MAX)
        a->asked[a->n_asked++] = t;
    enum dialog_block block = ask(a->c, t);
    if (block == DIALOG_BLOCK_REFUSES && !a->refuses)
        a->refuses = t;
    if (block == DIALOG_BLOCK_EXCUSES && !a->excuses)
        a->excuses = t;
}

static void ask_those_of_source(struct asking *a)
{
    const struct settings *s = a->c->snapshot->settings;
    const struct source_entry *entry;
    unsigned step = 0;
    while ((entry = source_table_next(s->sources, &a->c->from.remote, &step)))
        for (unsigned i = 0; i < entry->n_trunks; i++)
            ask_too(a, &s->trunks[entry->trunks[i]]);
}

static void ask_all(struct asking *a)
{
    const struct settings *s = a->c->snapshot->settings;
    for (unsigned i = 0; i < s->n_trunks; i++)
        ask_too(a, &s->trunks[i]);
}

/* Nobody knows which trunk's call it is, so the strictest reading of its number counts. */
static enum dialog_block ask_any(struct context *c, enum dialog_way way)
{
    struct asking a = {.c = c};
    if (way == DIALOG_WAY_OF_SOURCE)
        ask_those_of_source(&a);
    else
        ask_all(&a);
    const struct trunk *decides = a.excuses ? a.excuses : a.refuses;
    if (decides)
        return ask(c, decides);
    c->call->trunk = NULL;
    return DIALOG_BLOCK_NONE;
}

/* Whether it leads only to addresses of trunks, and to no upstream. */
static bool leads_to_trunks(const struct context *c)
{
    struct targets targets;
    if (target_of_dialog(c->proxy, c->message, &c->own, NULL, &targets) != TARGET_FOUND)
        return false;
    for (unsigned i = 0; i < targets.n; i++)
        if (source_class_of(c->proxy, &targets.list[i].address) != SOURCE_TRUNK ||
            !source_may_begin(c->proxy, NULL, &targets.list[i].address))
            return false;
    return true;
}

/* Whether the callee sent it, whose From is who was called. The sender writes the tags, so only
   where it comes from, or goes to, can show that it is the callee's. */
static bool is_of_callee(const struct context *c)
{
    if (c->own.senders & SENT_BY_CALLER)
        return false;
    enum source_class class = source_class_of(c->proxy, &c->from.remote);
    return class == SOURCE_UPSTREAM || (class == SOURCE_UNKNOWN && leads_to_trunks(c));
}

enum dialog_way dialog_way_of(const struct context *c, const struct trunk **trunk)
{
    const struct settings *s = c->snapshot->settings;
    const struct address *source = &c->from.remote;
    const struct rehearsal *r = proxy_rehearsal(c->proxy);
    unsigned step = 0;
    *trunk = NULL;
    if (is_of_callee(c))
        return DIALOG_WAY_CALLEE;
    *trunk = r ? r->trunk : NULL;
    if (*trunk)
        return DIALOG_WAY_NAMED;
    *trunk = trunk_alone_at(s, source);
    if (*trunk)
        return DIALOG_WAY_ALONE;
    uint64_t id = dialog_trunk_of(c->proxy, c->message, &c->own, c->own.senders, source);
    *trunk = id != 0 ? trunk_at(c->proxy, source, id) : NULL;
    if (*trunk)
        return DIALOG_WAY_PROVEN;
    return source_table_next(s->sources, source, &step) ? DIALOG_WAY_OF_SOURCE : DIALOG_WAY_ANY;
}

enum dialog_block dialog_block_of(struct context *c)
{
    const struct trunk *t;
    enum dialog_way way = dialog_way_of(c, &t);
    if (way == DIALOG_WAY_CALLEE || (t && !asks_table(t)))
        return DIALOG_BLOCK_NONE;
    return t ? ask(c, t) : ask_any(c, way);
}
