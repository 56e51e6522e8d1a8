/*
 * flight - one URL on its way: it waits for a place, then is transferred; those who ask for the URL
 * meanwhile wait for this one. Private to fetch.
 */
#ifndef STIRD_FETCH_FLIGHT_H
#define STIRD_FETCH_FLIGHT_H

#include <stird/base/deadlines.h>
#include <stird/base/lru.h>
#include <stird/fetch/fetcher.h>

#include "fetch_host.h"
#include "fetch_trunk.h"
#include "transfer.h"

struct flight;

struct asker {
    struct deadline deadline;
    struct flight *flight;
    struct asker *next, **at; /* in the flight's list */
    fetcher_done *done;       /* NULL: the asker is gone */
    void *user;
    uint64_t ticket;
    enum fetch_source source; /* of what comes */
};

struct flight {
    struct lru_link link; /* its name is the URL */
    struct flight *next;  /* in the queue, or among those that linger */
    bool is_queued;
    bool is_probe; /* fetch_reach.h */
    struct fetch_host *host;
    struct fetch_trunk *trunk;
    struct asker *first;
    CURL *curl; /* NULL: not transferred */
    struct transfer transfer;
    struct fetch_reply reply;
    int64_t began_ms;
    bool is_strange;         /* while it has a place: of a host that has not proven good */
    bool has_place;          /* it counts as a transfer */
    int64_t linger_until_ms; /* 0: no thread of the resolver's goes on for it */
    char url[X5U_MAX_BYTES + 1];
};

/* URL: one that x5u_split() finds no fault with. NULL: no memory. */
struct flight *flight_new(struct str url, struct fetch_host *host, struct fetch_trunk *trunk);
/* Nobody waits for it, and nothing is transferred. */
void flight_free(struct flight *flight);

/* The lower, the sooner its turn comes among those of its trunk (fetch_queue.h). */
unsigned flight_rank(const struct flight *flight);
/* Of one that somebody, or nobody, waits for. */
unsigned flight_rank_of(enum fetch_standing standing, bool is_waited_for);

/* Adds an asker, who waits for it until AT_MS, in ALL. NULL: no memory. */
struct asker *flight_join(struct flight *flight, struct deadlines *all, int64_t at_ms);
/* Frees an asker, who no longer waits. */
void asker_free(struct asker *asker, struct deadlines *all);

#endif
