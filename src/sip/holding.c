#include "holding.h"

#include <stdlib.h>
#include <string.h>

#define EMERGENCY_EIGHTHS 1 /* of a worker's memory, for emergency calls alone */
#define IPV6_PREFIX_BYTES 8 /* what one host may choose its addresses of */

struct holding {
    struct holdings *all;
    struct limit *trunk, *source; /* NULL: not known yet */
    uint64_t octets;
    unsigned references;
    enum holding_class class;
};

#define WHOLE 16

/*
 * Of each ceiling, in sixteenths: how much a class may fill by itself, and how full it may be of
 * all classes together for one more of this class.
 */
static const struct part {
    unsigned alone, together;
} parts[LIMIT_SHARES] = {
    [HOLDING_OTHER] = {1, 12},
    [HOLDING_CALL] = {12, 12},
    [HOLDING_DIALOG] = {8, 14},
    [HOLDING_END] = {WHOLE, WHOLE},
};

struct holding_ceilings holding_ceilings_of(uint64_t memory, unsigned trunk_percent,
                                            unsigned source_percent)
{
    uint64_t emergency = memory * EMERGENCY_EIGHTHS / 8, worker = memory - emergency;
    return (struct holding_ceilings){.worker = worker,
                                     .emergency = emergency,
                                     .trunk = worker * trunk_percent / 100,
                                     .source = worker * source_percent / 100};
}

/* ---- counting ---- */

static void add(uint64_t *octets, uint64_t n, bool more)
{
    *octets = more ? *octets + n : *octets - n;
}

/* N octets more, or less, for all whose they are. */
static void count(struct holding *h, uint64_t n, bool more)
{
    if (h->class == HOLDING_EMERGENCY) {
        add(&h->all->emergency, n, more);
        return;
    }
    add(&h->all->octets[h->class], n, more);
    if (h->source)
        add(&limits_octets(h->source)[h->class], n, more);
    if (h->trunk)
        add(&limits_octets(h->trunk)[h->class], n, more);
}

static struct str source_name(const struct address *source)
{
    return (struct str){(const char *)source->bytes,
                        source->family == ADDRESS_IPV6 ? IPV6_PREFIX_BYTES : 4};
}

struct holding *holding_new(struct holdings *all, const struct address *source,
                            enum holding_class class)
{
    struct holding *h = malloc(sizeof(*h));
    if (!h)
        return NULL;
    *h = (struct holding){.all = all, .references = 1, .class = class};
    h->source = limits_take(all->limits, LIMIT_SOURCE_HELD, source_name(source));
    h->octets = sizeof(*h);
    count(h, h->octets, true);
    return h;
}

struct holding *holding_ref(struct holding *h)
{
    if (h)
        h->references++;
    return h;
}

void holding_unref(struct holding *h)
{
    if (!h || --h->references > 0)
        return;
    count(h, h->octets, false);
    limits_give(h->all->limits, &h->trunk);
    limits_give(h->all->limits, &h->source);
    free(h);
}

void holding_is(struct holding *h, enum holding_class class, struct str trunk)
{
    if (!h)
        return;
    count(h, h->octets, false);
    h->class = class;
    if (trunk.n > 0 && !h->trunk)
        h->trunk = limits_take(h->all->limits, LIMIT_TRUNK_HELD, trunk);
    count(h, h->octets, true);
}

void holding_count(struct holding *h, size_t *counted, size_t now)
{
    bool more = now > *counted;
    uint64_t n = more ? now - *counted : *counted - now;
    *counted = now;
    if (!h)
        return;
    add(&h->octets, n, more);
    count(h, n, more);
}

/* ---- judging ---- */

static uint64_t sum(const uint64_t octets[LIMIT_SHARES])
{
    uint64_t all = 0;
    for (unsigned i = 0; i < LIMIT_SHARES; i++)
        all += octets[i];
    return all;
}

static bool is_over(const uint64_t octets[LIMIT_SHARES], uint64_t ceiling, enum holding_class class)
{
    const struct part *part = &parts[class];
    return octets[class] > ceiling / WHOLE * part->alone ||
           sum(octets) > ceiling / WHOLE * part->together;
}

uint64_t holdings_octets(const struct holdings *all)
{
    return sum(all->octets) + all->emergency;
}

/* The narrowest first: its own trunk's fault is not the whole worker's. */
enum reason holding_over(const struct holding *h)
{
    if (!h)
        return REASON_OK;
    const struct holdings *all = h->all;
    if (h->class == HOLDING_EMERGENCY)
        return all->emergency > all->ceilings.emergency ? REASON_EMERGENCY_FULL : REASON_OK;
    if (h->trunk && is_over(limits_octets(h->trunk), all->ceilings.trunk, h->class))
        return REASON_TRUNK_MEMORY;
    if (h->source && is_over(limits_octets(h->source), all->ceilings.source, h->class))
        return REASON_SOURCE_MEMORY;
    return is_over(all->octets, all->ceilings.worker, h->class) ? REASON_OVERLOADED : REASON_OK;
}

/* What is kept of answers takes nothing of what is for BYE alone. */
static bool has_room(const uint64_t octets[LIMIT_SHARES], uint64_t ceiling,
                     enum holding_class class, size_t n)
{
    return sum(octets) + n <= ceiling / WHOLE * (class == HOLDING_END ? WHOLE : 14);
}

bool holding_may_grow(const struct holding *h, size_t octets)
{
    if (!h)
        return true;
    const struct holdings *all = h->all;
    if (h->class == HOLDING_EMERGENCY)
        return all->emergency + octets <= all->ceilings.emergency;
    const struct holding_ceilings *most = &all->ceilings;
    return (!h->trunk || has_room(limits_octets(h->trunk), most->trunk, h->class, octets)) &&
           (!h->source || has_room(limits_octets(h->source), most->source, h->class, octets)) &&
           has_room(all->octets, most->worker, h->class, octets);
}
