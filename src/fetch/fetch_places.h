/*
 * fetch_places - the places for transfers: who may have one more, and what goes on when a transfer
 * has ended. A trunk has a part of them (fetch_trunk.h), and for hosts that have not proven good
 * half of that.
 *
 * A thread of the system's resolver cannot be stopped: it goes on until the resolver gives up, some
 * seconds later (resolv.conf(5): timeout, attempts). So many may beside the transfers, of all
 * trunks; each further one keeps its place: otherwise names that nobody answers for would add
 * threads without end. Private to fetch.
 */
#ifndef STIRD_FETCH_FETCH_PLACES_H
#define STIRD_FETCH_FETCH_PLACES_H

#include "flight.h"

#define FETCH_LINGER_MS   10000
#define FETCH_LINGER_MOST 64

struct fetch_places {
    unsigned at_once;
    unsigned taken;
    struct flight *lingering; /* in no order: they have no URL any more */
    unsigned threads;         /* that linger */
    unsigned held;            /* places of such */
};

/* Whether FLIGHT may be transferred now. */
bool fetch_places_has(const struct fetch_places *p, const struct fetch_trunks *trunks,
                      const struct flight *flight, int64_t now_ms);
void fetch_places_take(struct fetch_places *p, struct flight *flight);
/* Its transfer has ended; STILL_RESOLVING: but for a thread of the resolver's. */
void fetch_places_end(struct fetch_places *p, struct flight *flight, bool still_resolving,
                      int64_t now_ms);
/* Of one that ended so and that nobody knows any more. True: it is kept until its thread ends. */
bool fetch_places_keep(struct fetch_places *p, struct flight *flight);
/* Frees those whose threads have ended by now. */
void fetch_places_release(struct fetch_places *p, int64_t now_ms);
/* When the next one does; INT64_MAX: none lingers. */
int64_t fetch_places_next_ms(const struct fetch_places *p);

#endif
