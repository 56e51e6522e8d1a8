/*
 * fetch_host - how much is asked of one host: so many at once, so many new ones a second, and
 * nothing of a port for a while when it failed several times in a row (a breaker: then one probe).
 * What is asked for burdens the host, so the rate is the host's, each trunk's share of it apart
 * (fetch_shares.h). Places and faults are a port's: behind another one is another server, which
 * whoever names a port that hangs, or where nobody listens, must not shut. Both ports together have
 * half as many places more than one. Pure: time is handed in. Private to fetch.
 *
 * Of a port URLs that have proven good have a breaker of their own, and their own probe: whoever
 * names paths that a good host does not have, and for which it hangs or breaks off, does not keep
 * anybody from those that it has. An answer of HTTP, whatever it says, is no fault of a port.
 *
 * Whoever sends calls chooses the hosts, so this protects a third party from us as much as us from
 * a host that hangs. What is known of hosts is bounded: those of which nothing is asked for now are
 * forgotten, the one that was used the longest ago first. Whoever names as many hosts as there is
 * room for within the time of a pause makes us forget that another host failed (but of hosts that
 * have proven good only when there are no others), and gets as many
 * attempts at it as open the breaker again; at the usual figures that is 34 new hosts a second, and
 * a trunk gets 20 URLs (fetch_trunk.h). A name is a host: many names of one address are many hosts,
 * which the budget of the trunk bounds alone.
 */
#ifndef STIRD_FETCH_FETCH_HOST_H
#define STIRD_FETCH_FETCH_HOST_H

#include <stird/base/str.h>
#include <stird/core/fetch_request.h>

#include "token_bucket.h"

struct host_rules {
    unsigned hosts;   /* hosts that are remembered */
    unsigned at_once; /* of a port; of both half as many more */
    struct token_rate rate;
    unsigned failures; /* of a port in a row that open a breaker */
    int64_t pause_ms;
};

#define HOST_RULES_USUAL                                                                           \
    ((struct host_rules){.hosts = 1024,                                                            \
                         .at_once = 4,                                                             \
                         .rate = {.per_s = 10, .burst = 20},                                       \
                         .failures = 5,                                                            \
                         .pause_ms = 30 * 1000})

struct fetch_hosts;
struct fetch_host; /* a port of a host, for URLs that proved good or for others; it stays while
                      somebody has entered it */

/* What is asked of a host, in upper or lower case, as x5u_split() tells it. */
struct fetch_aim {
    struct str host;
    uint16_t port;
    bool is_proven; /* what its URL served has proven good */
};

/* NULL: no memory. */
struct fetch_hosts *fetch_hosts_new(const struct host_rules *rules);
void fetch_hosts_free(struct fetch_hosts *h);
/* How many breakers are open now. */
unsigned fetch_hosts_shut(const struct fetch_hosts *h, int64_t now_ms);

/* Whether one more URL may be fetched for TRUNK by what is known of its host; counts nothing, but
   that TRUNK asks. FETCH_OK, LIMIT or BREAKER. */
enum fetch_outcome fetch_host_look(struct fetch_hosts *h, const struct fetch_aim *aim,
                                   uint32_t trunk, int64_t now_ms);
/* The same for what no call waits for: LIMIT where calls need what is left. */
enum fetch_outcome fetch_host_look_spare(struct fetch_hosts *h, const struct fetch_aim *aim,
                                         uint32_t trunk, int64_t now_ms);
/* Enters a URL that is to be fetched: FETCH_OK with *ENTERED; else why not (as above; OVERLOADED:
   something is being asked of every host that there is room for; UNAVAILABLE: no memory). */
enum fetch_outcome fetch_host_enter(struct fetch_hosts *h, const struct fetch_aim *aim,
                                    uint32_t trunk, int64_t now_ms, struct fetch_host **entered);
/* One URL less: it was fetched, or will not be. */
void fetch_host_leave(struct fetch_host *entered);

/* In lower case; it stays as long as it is entered. */
struct str fetch_host_name(const struct fetch_host *entered);

/* Whether its breaker has opened since: nobody waits for it any longer. */
bool fetch_host_is_shut(const struct fetch_host *entered, int64_t now_ms);
/* Whether one of those that entered may be fetched now. */
bool fetch_host_has_place(const struct fetch_host *entered, int64_t now_ms);
/* The same, and it begins: then it is to be ended. */
bool fetch_host_begin(struct fetch_host *entered, int64_t now_ms);
/* FAULT: what became of it is the port's fault (keep_is_hosts_fault()). */
void fetch_host_end(struct fetch_host *entered, bool fault, int64_t now_ms);
/* A URL of the host has proven good; without memory, or where something is asked of every host that
   there is room for, it is not remembered. */
void fetch_hosts_prove(struct fetch_hosts *h, struct str name, int64_t now_ms);

/* What is known of whom a URL is asked of, the best first. */
enum fetch_standing {
    FETCH_OF_PROVEN_URL,
    FETCH_OF_PROVEN_HOST,
    FETCH_OF_NEW_HOST,
    FETCH_OF_FAILED_HOST,
    FETCH_STANDINGS
};
enum fetch_standing fetch_host_standing(const struct fetch_host *entered);
/* The same before it is entered. */
enum fetch_standing fetch_hosts_standing(const struct fetch_hosts *h, const struct fetch_aim *aim);
/* What failed may have been ours: each breaker that is open lets one probe through now. */
void fetch_hosts_ease(struct fetch_hosts *h);

#endif
