/*
 * fetch_trunk - how much is fetched for one trunk: so many new URLs a second, and only so many of
 * the places for fetching and for waiting that others keep their part (part.h). Of several that
 * wait for a place the one goes first for which the least is fetched now (fetch_queue.h). Hosts
 * that have not proven good have half of a trunk's places. Pure: time is handed in. Private to
 * fetch.
 *
 * Whoever sends calls by a trunk chooses URLs: even with a new one in each call only so many are
 * fetched for that trunk, and no other trunk waits for it. A trunk is its index in the settings.
 * Beyond FETCH_TRUNKS_MAX they share one budget, as what is fetched for none does.
 */
#ifndef STIRD_FETCH_FETCH_TRUNK_H
#define STIRD_FETCH_FETCH_TRUNK_H

#include <stdbool.h>
#include <stdint.h>

#include "token_bucket.h"

#define FETCH_TRUNKS_MAX 1024

struct trunk_rules {
    struct token_rate rate; /* of new URLs */
    unsigned percent;       /* of all places, for one trunk alone */
};

#define TRUNK_RULES_USUAL ((struct trunk_rules){.rate = {.per_s = 20, .burst = 100}, .percent = 50})

struct fetch_trunk {
    struct token_bucket bucket;
    bool seen; /* the bucket is filled at its first use */
    unsigned queued, running;
    unsigned strange; /* of those that run: of hosts that have not proven good */
};

struct fetch_trunks {
    struct trunk_rules rules;
    struct fetch_trunk list[FETCH_TRUNKS_MAX + 1];
};

struct fetch_trunk *fetch_trunk_of(struct fetch_trunks *all, uint32_t trunk);
/* Which one it is, FETCH_TRUNKS_MAX for all beyond. */
uint32_t fetch_trunk_index(const struct fetch_trunks *all, const struct fetch_trunk *trunk);
/* Whether it may have one more new URL fetched. */
bool fetch_trunk_has(struct fetch_trunks *all, struct fetch_trunk *trunk, int64_t now_ms);
/* The same, and it is counted. */
bool fetch_trunk_take(struct fetch_trunks *all, struct fetch_trunk *trunk, int64_t now_ms);
/* Whether a trunk that has MINE of the places for all, of which FREE are left, may have one more.
 */
bool fetch_trunk_has_room(const struct fetch_trunks *all, unsigned mine, unsigned free);
/* The same of places for hosts that have not proven good: one, and no more than half of what it may
   have. */
bool fetch_trunk_has_strange_room(const struct fetch_trunks *all, unsigned mine, unsigned free);

#endif
