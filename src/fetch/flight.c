#include "flight.h"

#include <stdlib.h>
#include <string.h>

struct flight *flight_new(struct str url, struct fetch_host *host, struct fetch_trunk *trunk)
{
    struct flight *flight = calloc(1, sizeof(*flight));
    if (!flight || url.n >= sizeof(flight->url)) {
        free(flight);
        return NULL;
    }
    memcpy(flight->url, url.p, url.n);
    flight->host = host;
    flight->trunk = trunk;
    flight->reply = FETCH_REPLY_INIT;
    return flight;
}

void flight_free(struct flight *flight)
{
    fetch_reply_fini(&flight->reply);
    free(flight);
}

unsigned flight_rank_of(enum fetch_standing standing, bool is_waited_for)
{
    return standing + (is_waited_for ? 0 : FETCH_STANDINGS);
}

unsigned flight_rank(const struct flight *flight)
{
    return flight_rank_of(fetch_host_standing(flight->host), flight->first || flight->is_probe);
}

struct asker *flight_join(struct flight *flight, struct deadlines *all, int64_t at_ms)
{
    struct asker *asker = calloc(1, sizeof(*asker));
    if (!asker)
        return NULL;
    asker->deadline.at_ms = at_ms;
    if (!deadlines_add(all, &asker->deadline)) {
        free(asker);
        return NULL;
    }
    asker->flight = flight;
    asker->next = flight->first;
    asker->at = &flight->first;
    if (asker->next)
        asker->next->at = &asker->next;
    flight->first = asker;
    return asker;
}

void asker_free(struct asker *asker, struct deadlines *all)
{
    deadlines_remove(all, &asker->deadline);
    *asker->at = asker->next;
    if (asker->next)
        asker->next->at = asker->at;
    free(asker);
}
