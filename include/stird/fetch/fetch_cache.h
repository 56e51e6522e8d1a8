/*
 * fetch_cache - certificates that were fetched, by URL. It is bounded, keeps each as long as its
 * server allows, remembers failures for a short while, and lets one fetch serve all who ask
 * meanwhile.
 *
 * Knows no network and no clock: whoever has both asks it first (RFC 8224 section 7.2). One thread.
 */
#ifndef STIRD_FETCH_CACHE_H
#define STIRD_FETCH_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

#define FETCH_CACHE_FAILURE_MS (30 * 1000)           /* how long a failure is believed */
#define FETCH_CACHE_DEFAULT_MS (60 * 60 * 1000)      /* when the server says nothing */
#define FETCH_CACHE_MOST_MS    (24 * 60 * 60 * 1000) /* whatever the server says */

struct fetch_cache;

/* At most ENTRIES URLs; NULL when there is no memory. */
struct fetch_cache *fetch_cache_new(unsigned entries);
void fetch_cache_free(struct fetch_cache *c);

enum fetch_cache_answer {
    FETCH_CACHE_BODY,   /* *BODY is what the URL served */
    FETCH_CACHE_FAILED, /* *BODY says why it cannot be had */
    FETCH_CACHE_FETCH,  /* fetch it, then fetch_cache_put(): until then others are told to wait */
    FETCH_CACHE_WAIT,   /* somebody fetches it already */
    FETCH_CACHE_FULL    /* every entry is being fetched */
};
/* *BODY is borrowed until the next call. */
enum fetch_cache_answer fetch_cache_ask(struct fetch_cache *c, struct str url, int64_t now_ms,
                                        struct str *body);
/*
 * What became of a fetch. MAX_AGE_S as fetch.h says it: -1 when the server said nothing, 0 when it
 * is not to be kept (those who wait now get it all the same).
 */
void fetch_cache_put(struct fetch_cache *c, struct str url, bool good, struct str body,
                     int64_t max_age_s, int64_t now_ms);

#endif
