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
    for (unsigned i = 0; i < rules->places; i++)
        g->seats[i].fd = -1;
    return g;
}

static int64_t step_us(const struct gate *g)
{
    return SECOND_US / (g->rules.per_second > 0 ? g->rules.per_second : 1);
}

/* A pause of more than a second is worth no more than one. */
static int64_t spent_to_us(const struct gate *g, int64_t now_ms)
{
    const int64_t least = now_ms * 1000 - SECOND_US;
    return g->spent_to_us > least ? g->spent_to_us : least;
}

int64_t gate_opens_ms(const struct gate *g, int64_t now_ms)
{
    if (g->taken == g->rules.places)
        return INT64_MAX;
    const int64_t at_us = spent_to_us(g, now_ms) + step_us(g);
    return at_us <= now_ms * 1000 ? now_ms : (at_us + 999) / 1000;
}

static bool is_of(const struct seat *seat, struct str source)
{
    return seat->fd >= 0 && seat->source_bytes == source.n &&
           memcmp(seat->source, source.p, source.n) == 0;
}

struct seat *gate_admit(struct gate *g, struct str source, int fd, int64_t now_ms)
{
    struct seat *free_seat = NULL;
    unsigned n = 0;
    assert(source.n <= GATE_SOURCE_MAX && fd >= 0);
    g->spent_to_us = spent_to_us(g, now_ms) + step_us(g);
    for (unsigned i = 0; i < g->rules.places; i++) {
        n += is_of(&g->seats[i], source);
        if (g->seats[i].fd < 0 && !free_seat)
            free_seat = &g->seats[i];
    }
    if (!free_seat || n >= g->rules.per_source)
        return NULL;
    *free_seat = (struct seat){
        .fd = fd, .until_ms = now_ms + g->rules.most_ms, .source_bytes = (uint8_t)source.n};
    memcpy(free_seat->source, source.p, source.n);
    g->taken++;
    return free_seat;
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

struct seat *gate_overdue(struct gate *g, int64_t now_ms)
{
    for (unsigned i = 0; i < g->rules.places; i++) {
        struct seat *seat = &g->seats[i];
        if (is_awaited(seat) && seat->until_ms <= now_ms) {
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
        if (is_awaited(&g->seats[i]) && g->seats[i].until_ms < next_ms)
            next_ms = g->seats[i].until_ms;
    return next_ms;
}
