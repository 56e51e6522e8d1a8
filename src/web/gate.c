#include "gate.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US 1000000

struct gate *gate_new(const struct gate_rules *rules, int64_t now_ms)
{
    struct gate *g = calloc(1, sizeof(*g) + rules->places * sizeof(g->seats[0]));
    assert(rules->opening <= GATE_OPENING);
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

bool gate_is_full(const struct gate *g)
{
    return g->taken == g->rules.places;
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

/* GATE_SOURCES: it has spent nothing that counts. HINT is looked at first. */
static unsigned find_spender(const struct gate *g, const struct gate_source *source, unsigned hint)
{
    unsigned i = 0;
    if (hint < GATE_SOURCES && is_same(&g->spenders[hint].source, source))
        return hint;
    while (i < GATE_SOURCES && !is_same(&g->spenders[i].source, source))
        i++;
    return i;
}

struct seat *gate_admit(struct gate *g, struct str source, int fd, int64_t now_ms)
{
    struct gate_source from = {.n = (uint8_t)source.n};
    assert(source.n <= GATE_SOURCE_MAX && fd >= 0);
    memcpy(from.octets, source.p, source.n);
    struct seat *seat = free_seat_for(g, &from);
    if (!seat)
        return NULL;
    *seat = (struct seat){.fd = fd,
                          .until_ms = now_ms + g->rules.most_ms,
                          .hurry_ms = INT64_MAX,
                          .number = g->numbers++,
                          .waits = true,
                          .source = from,
                          .spender = find_spender(g, &from, GATE_SOURCES)};
    g->taken++;
    return seat;
}

/* ---- turns ---- */

/* Its own, or that of whoever spent nothing for the longest time: one that was not heard of for a
   second has all that is its own again. */
static struct gate_spender *spender_of(struct gate *g, struct seat *seat)
{
    unsigned oldest = 0;
    seat->spender = find_spender(g, &seat->source, seat->spender);
    if (seat->spender < GATE_SOURCES)
        return &g->spenders[seat->spender];
    for (unsigned i = 0; i < GATE_SOURCES; i++)
        if (g->spenders[i].spent_to_us < g->spenders[oldest].spent_to_us)
            oldest = i;
    seat->spender = oldest;
    g->spenders[oldest] = (struct gate_spender){seat->source, INT64_MIN};
    return &g->spenders[oldest];
}

/* To when it is spent with one more. */
static int64_t all_us(const struct gate *g, int64_t now_us)
{
    return at_least(g->spent_to_us, now_us) + step_us(g->rules.per_second);
}

static int64_t own_us(const struct gate *g, int64_t spent_to_us, int64_t now_us)
{
    return at_least(spent_to_us, now_us) + step_us((g->rules.per_second + 1) / 2);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When SEAT may have its turn: off what is its source's own, or off what leaves the others half a
   second's worth. */
static int64_t turn_us(const struct gate *g, const struct seat *seat, int64_t now_us)
{
    const unsigned i = find_spender(g, &seat->source, seat->spender);
    const int64_t spent_to_us = i < GATE_SOURCES ? g->spenders[i].spent_to_us : INT64_MIN;
    const int64_t all = all_us(g, now_us), own = own_us(g, spent_to_us, now_us);
    return larger(all, smaller(own, all + SECOND_US / 2));
}

static void spend(struct gate *g, struct seat *seat, int64_t now_us)
{
    struct gate_spender *spender = spender_of(g, seat);
    const int64_t own = own_us(g, spender->spent_to_us, now_us);
    if (own <= now_us)
        spender->spent_to_us = own;
    g->spent_to_us = all_us(g, now_us);
}

static bool wants_turn(const struct seat *seat)
{
    return seat->fd >= 0 && seat->waits && seat->spoke;
}

/* Those that were called and have not begun, where these are counted. */
struct opening {
    const struct seat *seats[GATE_OPENING];
    unsigned n;
};

static bool is_opening(const struct seat *seat)
{
    return seat->fd >= 0 && !seat->waits && !seat->began && !seat->thrown_out;
}

static struct opening find_opening(const struct gate *g)
{
    struct opening o = {.n = 0};
    for (unsigned i = 0; i < g->rules.places && o.n < g->rules.opening; i++)
        if (is_opening(&g->seats[i]))
            o.seats[o.n++] = &g->seats[i];
    return o;
}

static unsigned opening_of(const struct opening *o, const struct gate_source *source)
{
    unsigned n = 0;
    for (unsigned i = 0; i < o->n; i++)
        n += is_same(&o->seats[i]->source, source);
    return n;
}

static bool is_crowded(const struct gate *g, const struct opening *o)
{
    return g->rules.opening > 0 && o->n == g->rules.opening;
}

/* Whether a source that has so many at it may have one more. */
static bool may_open(const struct gate *g, unsigned of_source)
{
    return g->rules.opening == 0 || of_source < (g->rules.opening + 1) / 2;
}

struct seat *gate_call(struct gate *g, int64_t now_ms)
{
    const struct opening o = find_opening(g);
    struct seat *next = NULL;
    unsigned fewest = UINT_MAX;
    if (all_us(g, now_ms * 1000) > now_ms * 1000 || is_crowded(g, &o))
        return NULL;
    for (unsigned i = 0; i < g->rules.places; i++) {
        struct seat *seat = &g->seats[i];
        if (!wants_turn(seat) || turn_us(g, seat, now_ms * 1000) > now_ms * 1000)
            continue;
        const unsigned n = opening_of(&o, &seat->source);
        const bool earlier = n < fewest || (n == fewest && seat->number < next->number);
        if (!may_open(g, n) || !earlier)
            continue;
        next = seat;
        fewest = n;
    }
    if (!next)
        return NULL;
    spend(g, next, now_ms * 1000);
    next->waits = false;
    next->called_ms = now_ms;
    return next;
}

int64_t gate_calls_ms(const struct gate *g, int64_t now_ms)
{
    const struct opening o = find_opening(g);
    int64_t next_us = INT64_MAX;
    for (unsigned i = 0; !is_crowded(g, &o) && i < g->rules.places; i++)
        if (wants_turn(&g->seats[i]) && may_open(g, opening_of(&o, &g->seats[i].source)))
            next_us = smaller(next_us, turn_us(g, &g->seats[i], now_ms * 1000));
    if (next_us == INT64_MAX)
        return INT64_MAX;
    return next_us <= now_ms * 1000 ? now_ms : (next_us + 999) / 1000;
}

/* ---- seats that are taken ---- */

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

static bool any_wants_turn(const struct gate *g)
{
    unsigned i = 0;
    while (i < g->rules.places && !wants_turn(&g->seats[i]))
        i++;
    return i < g->rules.places;
}

/* The one that is at it for the longest time, where there is no room for others; or NULL. */
static const struct seat *find_stuck(const struct gate *g)
{
    const struct opening o = find_opening(g);
    const struct seat *oldest = NULL;
    for (unsigned i = 0; is_crowded(g, &o) && i < o.n; i++)
        if (!oldest || o.seats[i]->called_ms < oldest->called_ms)
            oldest = o.seats[i];
    return oldest && any_wants_turn(g) ? oldest : NULL;
}

int64_t gate_stuck_ms(const struct gate *g)
{
    const struct seat *seat = find_stuck(g);
    return seat ? seat->called_ms + g->rules.opening_ms : INT64_MAX;
}

struct seat *gate_stuck(struct gate *g, int64_t now_ms)
{
    const struct seat *stuck = gate_stuck_ms(g) <= now_ms ? find_stuck(g) : NULL;
    if (!stuck)
        return NULL;
    struct seat *seat = &g->seats[stuck - g->seats];
    seat->thrown_out = true;
    return seat;
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
