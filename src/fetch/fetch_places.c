#include "fetch_places.h"

bool fetch_places_has(const struct fetch_places *p, const struct fetch_trunks *trunks,
                      const struct flight *flight, int64_t now_ms)
{
    const struct fetch_trunk *trunk = flight->trunk;
    const unsigned free = p->at_once > p->taken ? p->at_once - p->taken : 0;
    return free > 0 && fetch_trunk_has_room(trunks, trunk->running, free) &&
           (fetch_host_standing(flight->host) < FETCH_OF_NEW_HOST ||
            fetch_trunk_has_strange_room(trunks, trunk->strange, free)) &&
           fetch_host_has_place(flight->host, now_ms);
}

void fetch_places_take(struct fetch_places *p, struct flight *flight)
{
    flight->has_place = true;
    flight->is_strange = fetch_host_standing(flight->host) >= FETCH_OF_NEW_HOST;
    flight->trunk->running++;
    flight->trunk->strange += flight->is_strange;
    p->taken++;
}

static void leave(struct fetch_places *p, struct flight *flight)
{
    flight->has_place = false;
    flight->trunk->running--;
    flight->trunk->strange -= flight->is_strange;
    p->taken--;
}

void fetch_places_end(struct fetch_places *p, struct flight *flight, bool still_resolving,
                      int64_t now_ms)
{
    if (still_resolving)
        flight->linger_until_ms = now_ms + FETCH_LINGER_MS;
    if (!still_resolving || p->threads - p->held < FETCH_LINGER_MOST)
        leave(p, flight);
}

bool fetch_places_keep(struct fetch_places *p, struct flight *flight)
{
    if (flight->linger_until_ms == 0)
        return false;
    flight->next = p->lingering;
    p->lingering = flight;
    p->threads++;
    p->held += flight->has_place;
    return true;
}

void fetch_places_release(struct fetch_places *p, int64_t now_ms)
{
    struct flight **at = &p->lingering, *flight;
    while ((flight = *at)) {
        if (now_ms < flight->linger_until_ms) {
            at = &flight->next;
            continue;
        }
        *at = flight->next;
        p->threads--;
        p->held -= flight->has_place;
        if (flight->has_place)
            leave(p, flight);
        flight_free(flight);
    }
}

int64_t fetch_places_next_ms(const struct fetch_places *p)
{
    int64_t at_ms = INT64_MAX;
    for (const struct flight *flight = p->lingering; flight; flight = flight->next)
        if (flight->linger_until_ms < at_ms)
            at_ms = flight->linger_until_ms;
    return at_ms;
}
