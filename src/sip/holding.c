#include "holding.h"

#include <stdlib.h>
#include <stird/base/part.h>

#define SIXTEENTHS    16
#define CALL_PERCENT  10 /* of a class, for the requests inside one call */
#define GROWN_EIGHTHS 7  /* of a class, up to which answers are kept: requests have the rest */

struct holding {
    struct holdings *all;
    struct limit *owners[HOLDING_OWNERS]; /* NULL: not known yet, or nobody's */
    uint32_t octets;
    uint16_t references;
    uint8_t class; /* enum holding_class */
};

/* Of what a worker has for requests. */
static const unsigned sixteenths[HOLDING_CLASSES] = {
    [HOLDING_OTHER] = 1, [HOLDING_CALL] = 7, [HOLDING_DIALOG] = 3, [HOLDING_END] = 5};

static const struct owner {
    enum limit_kind kind;
    enum reason over, emergency_over;
} owners[HOLDING_OWNERS] = {
    [HOLDING_OF_CALL] = {LIMIT_CALL_HELD, REASON_CALL_MEMORY, REASON_CALL_MEMORY},
    [HOLDING_OF_TRUNK] = {LIMIT_TRUNK_HELD, REASON_TRUNK_MEMORY, REASON_EMERGENCY_TRUNK},
    [HOLDING_OF_SOURCE] = {LIMIT_SOURCE_HELD, REASON_SOURCE_MEMORY, REASON_EMERGENCY_SOURCE},
};

struct holding_ceilings holding_ceilings_of(uint64_t memory, uint64_t emergency,
                                            unsigned trunk_percent, unsigned source_percent)
{
    struct holding_ceilings c = {.percent = {[HOLDING_OF_TRUNK] = trunk_percent,
                                             [HOLDING_OF_SOURCE] = source_percent,
                                             [HOLDING_OF_CALL] = CALL_PERCENT}};
    for (unsigned i = 0; i < HOLDING_CLASSES; i++)
        c.octets[i] = memory / SIXTEENTHS * sixteenths[i];
    c.octets[HOLDING_EMERGENCY] = emergency < memory ? emergency : memory;
    c.octets[HOLDING_EMERGENCY_TO] = LIMIT_OF_EMERGENCY_TO(c.octets[HOLDING_EMERGENCY]);
    return c;
}

/* ---- counting ---- */

static void add(uint64_t *octets, uint64_t n, bool more)
{
    *octets = more ? *octets + n : *octets - n;
}

/* Adds N octets, or takes them off, for everybody for whom they count. */
static void count(struct holding *h, uint64_t n, bool more)
{
    add(&h->all->octets[h->class], n, more);
    for (unsigned i = 0; i < HOLDING_OWNERS; i++)
        if (h->owners[i])
            add(&limits_octets(h->owners[i])[h->class], n, more);
}

struct holding *holding_new(struct holdings *all, const struct address *source,
                            enum holding_class class)
{
    struct holding *h = malloc(sizeof(*h));
    if (!h)
        return NULL;
    *h = (struct holding){.all = all, .references = 1, .class = (uint8_t) class};
    h->octets = sizeof(*h);
    count(h, h->octets, true);
    holding_belongs(h, HOLDING_OF_SOURCE, limits_source_name(source));
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
    for (unsigned i = 0; i < HOLDING_OWNERS; i++)
        limits_give(h->all->limits, &h->owners[i]);
    free(h);
}

void holding_is(struct holding *h, enum holding_class class)
{
    if (!h)
        return;
    count(h, h->octets, false);
    h->class = (uint8_t) class;
    count(h, h->octets, true);
}

void holding_belongs(struct holding *h, enum holding_owner owner, struct str name)
{
    if (!h || h->owners[owner] || name.n == 0)
        return;
    h->owners[owner] = limits_take(h->all->limits, owners[owner].kind, name);
    if (h->owners[owner])
        add(&limits_octets(h->owners[owner])[h->class], h->octets, true);
}

void holding_count(struct holding *h, size_t *counted, size_t now)
{
    bool more = now > *counted;
    uint64_t n = more ? now - *counted : *counted - now;
    *counted = now;
    if (!h)
        return;
    h->octets = (uint32_t)(more ? h->octets + n : h->octets - n);
    count(h, n, more);
}

uint64_t holdings_octets(const struct holdings *all)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < HOLDING_CLASSES; i++)
        sum += all->octets[i];
    return sum;
}

/* ---- judging ---- */

/* Whether the others of OWNER leave room for H, while FREE octets of its class are left. */
static bool has_part(const struct holding *h, enum holding_owner owner, uint64_t free)
{
    if (!h->owners[owner])
        return true;
    uint64_t others = limits_octets(h->owners[owner])[h->class] - h->octets;
    bool ends_often = owner == HOLDING_OF_CALL && h->class == HOLDING_END &&
                      others >= HOLDING_ENDS_OF_CALL_BYTES;
    return !ends_often && part_has_room(others, free, h->all->ceilings.percent[owner]);
}

static bool is_emergency(const struct holding *h)
{
    return h->class == HOLDING_EMERGENCY || h->class == HOLDING_EMERGENCY_TO;
}

/* The octets taken of H's class; emergency calls by To alone count as emergency calls too. */
static uint64_t taken(const struct holding *h)
{
    const uint64_t *octets = h->all->octets;
    return octets[h->class] + (h->class == HOLDING_EMERGENCY ? octets[HOLDING_EMERGENCY_TO] : 0);
}

static enum reason full(const struct holding *h)
{
    return is_emergency(h) ? REASON_EMERGENCY_FULL : REASON_OVERLOADED;
}

/* The narrowest owner is asked first, so that a trunk is not blamed for one call, nor the worker
   for one trunk. */
static enum reason over(const struct holding *h, uint64_t more, uint64_t most)
{
    uint64_t all = taken(h) + more;
    uint64_t free = all < most ? most - all : 0;
    if (free == 0)
        return full(h);
    for (unsigned i = 0; i < HOLDING_OWNERS; i++)
        if (!has_part(h, (enum holding_owner)i, free))
            return is_emergency(h) ? owners[i].emergency_over : owners[i].over;
    return REASON_OK;
}

enum reason holding_over(const struct holding *h)
{
    return h ? over(h, 0, h->all->ceilings.octets[h->class]) : REASON_OK;
}

bool holding_may_grow(const struct holding *h, size_t octets)
{
    uint64_t most = h ? h->all->ceilings.octets[h->class] / 8 * GROWN_EIGHTHS : 0;
    return !h || over(h, octets, most) == REASON_OK;
}
