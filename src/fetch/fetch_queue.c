#include "fetch_queue.h"

void fetch_queue_init(struct fetch_queue *q)
{
    q->first = NULL;
    q->end = &q->first;
}

void fetch_queue_add(struct fetch_queue *q, struct flight *flight)
{
    flight->is_queued = true;
    *q->end = flight;
    q->end = &flight->next;
}

struct flight *fetch_queue_take(struct fetch_queue *q, struct flight **at)
{
    struct flight *flight = *at;
    *at = flight->next;
    if (!flight->next)
        q->end = at;
    flight->next = NULL;
    flight->is_queued = false;
    return flight;
}

bool fetch_queue_is_before(const struct flight *a, const struct flight *b)
{
    if (a->trunk->running != b->trunk->running)
        return a->trunk->running < b->trunk->running;
    return flight_rank(a) < flight_rank(b);
}

struct flight **fetch_queue_last_of(struct fetch_queue *q, const struct fetch_trunk *trunk)
{
    struct flight **last = NULL;
    for (struct flight **at = &q->first; *at; at = &(*at)->next)
        if ((*at)->trunk == trunk && (!last || flight_rank(*at) >= flight_rank(*last)))
            last = at;
    return last;
}
