#include "gate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US 1000000

struct gate *gate_new(const struct gate_rules *rules, int64_t now_ms)
{
    struct gate *g = calloc(1, sizeof(*g) + rules->places * sizeof(g->seats[0]));
    if (!g)
        return NULL;
    g->rules = *rules;
    g->spent_to_us = now_ms * 1000 - SECOND_US;
    for (unsigned i = 0; i < GATE_SOURCES; i++)
        g->spenders[i].spent_to_us = INT64_MIN;
    for (unsigned i = 0; i < rules->places; i++)
        g->seats[i].fd = -1;
    return g;
}

static int64_t step_us(unsigned per_second)
{
    return SECOND_US / (per_second > 0 ? per_second : 1);
}

/* A pause of more than a second is worth no more than one. */
static int64_t at_least(int64_t spent_to_us, int64_t now_us)
{
    const int64_t least = now_us - SECOND_US;
    return spent_to_us > least ? spent_to_us : least;
}

int64_t gate_opens_ms(const struct gate *g, int64_t now_ms)
{
    if (g->taken == g->rules.places)
        return INT64_MAX;
    const int64_t at_us = at_least(g->spent_to_us, now_ms * 1000) + step_us(g->rules.per_second);
    return at_us <= now_ms * 1000 ? now_ms : (at_us + 999) / 1000;
}

static bool is_same(const struct gate_source *a, const struct gate_source *b)
{
    return a->n == b->n && memcmp(a->octets, b->octets, a->n) == 0;
}

/* NULL: it has as many seats as one source may have. */
static struct seat *free_seat_for(struct gate *g, const struct gate_source *source)
{
    struct seat *found = NULL;
    unsigned n = 0;
    for (unsigned i = 0; i < g->rules.places; i++) {
        struct seat *seat = &g->seats[i];
        n += seat->fd >= 0 && is_same(&seat->source, source);
        if (seat->fd < 0 && !found)
            found = seat;
    }
    return n < g->rules.per_source ? found : NULL;
}

/* Its own, or that of whoever spent nothing for the longest time: one that was not heard of for a
   second has all that is its own again. */
static struct gate_spender *spender_of(struct gate *g, const struct gate_source *source,
                                       int64_t now_us)
{
    struct gate_spender *oldest = &g->spenders[0];
    for (unsigned i = 0; i < GATE_SOURCES; i++) {
        if (is_same(&g->spenders[i].source, source))
            return &g->spenders[i];
        if (g->spenders[i].spent_to_us < oldest->spent_to_us)
            oldest = &g->spenders[i];
    }
    *oldest = (struct gate_spender){*source, now_us - SECOND_US};
    return oldest;
}

/* Takes one off what is its own, or off what nobody else needs: that is what leaves the others half
   a second's worth. */
static bool spend(struct gate *g, const struct gate_source *source, int64_t now_us)
{
    struct gate_spender *own = spender_of(g, source, now_us);
    const int64_t own_us = at_least(own->spent_to_us, now_us) +
                           step_us((g->rules.per_second + 1) / 2),
                  all_us = at_least(g->spent_to_us, now_us) + step_us(g->rules.per_second);
    if (own_us > now_us && all_us > now_us - SECOND_US / 2)
        return false;
    if (own_us <= now_us)
        own->spent_to_us = own_us;
    g->spent_to_us = all_us;
    return true;
}

struct seat *gate_admit(struct gate *g, struct str source, int fd, int64_t now_ms)
{
    struct gate_source from = {.n = (uint8_t)source.n};
    assert(source.n <= GATE_SOURCE_MAX && fd >= 0);
    memcpy(from.octets, source.p, source.n);
    struct seat *seat = free_seat_for(g, &from);
    if (!seat || !spend(g, &from, now_ms * 1000))
        return NULL;
    *seat = (struct seat){
        .fd = fd, .until_ms = now_ms + g->rules.most_ms, .hurry_ms = INT64_MAX, .source = from};
    g->taken++;
    return seat;
}

struct seat *gate_seat_of(struct gate *g, int fd)
{
    for (unsigned i = 0; i < g->rules.places; i++)
        if (g->seats[i].fd == fd)
            return &g->seats[i];
    return NULL;
}

void gate_leave(struct gate *g, struct seat *seat)
{
    assert(seat->fd >= 0);
    seat->fd = -1;
    g->taken--;
}

static bool is_awaited(const struct seat *seat)
{
    return seat->fd >= 0 && !seat->thrown_out;
}

static int64_t end_ms(const struct seat *seat)
{
    return seat->until_ms < seat->hurry_ms ? seat->until_ms : seat->hurry_ms;
}

struct seat *gate_overdue(struct gate *g, int64_t now_ms)
{
    for (unsigned i = 0; i < g->rules.places; i++) {
        struct seat *seat = &g->seats[i];
        if (is_awaited(seat) && end_ms(seat) <= now_ms) {
            seat->thrown_out = true;
            return seat;
        }
    }
    return NULL;
}

int64_t gate_next_ms(const struct gate *g)
{
    int64_t next_ms = INT64_MAX;
    for (unsigned i = 0; i < g->rules.places; i++)
        if (is_awaited(&g->seats[i]) && end_ms(&g->seats[i]) < next_ms)
            next_ms = end_ms(&g->seats[i]);
    return next_ms;
}
