/*
 * fetch_queue - URLs that wait for a place, in the order in which they came, and whose turn it is.
 * Of several trunks the one goes first for which the least is fetched now: no trunk waits behind
 * all that another one has here. Of one trunk the URLs go first of which the most is known
 * (fetch_host_standing()), and those that nobody waits for go last; so names that lead nowhere hold
 * up no signer who has proven good. Private to fetch.
 */
#ifndef STIRD_FETCH_FETCH_QUEUE_H
#define STIRD_FETCH_FETCH_QUEUE_H

#include "flight.h"

struct fetch_queue {
    struct flight *first, **end;
};

void fetch_queue_init(struct fetch_queue *q);
void fetch_queue_add(struct fetch_queue *q, struct flight *flight);
/* AT: where the queue leads to it. */
struct flight *fetch_queue_take(struct fetch_queue *q, struct flight **at);

/* Whether A, which came later, has its turn before B. */
bool fetch_queue_is_before(const struct flight *a, const struct flight *b);
/* The one of TRUNK whose turn comes last; NULL: it has none here. */
struct flight **fetch_queue_last_of(struct fetch_queue *q, const struct fetch_trunk *trunk);

#endif
