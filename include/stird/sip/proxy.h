/*
 * proxy - the SIP side of a worker: listeners, transactions, calls. One a process.
 */
#ifndef STIRD_PROXY_H
#define STIRD_PROXY_H

#include <stdint.h>
#include <stird/core/hop_state.h>
#include <stird/core/known_name.h>
#include <stird/core/counters.h>
#include <stird/core/refused_source.h>
#include <stird/io/failed_call.h>
#include <stird/io/snapshot.h>
#include <stird/io/trust_file.h>
#include <stird/net/listen.h>

struct dispatch_key;
struct event_base;
struct fetcher_client;
struct switches;
struct tls;
struct monitoring;
struct tracing;
struct proxy;
struct rates;
struct replays;

struct proxy_options {
    struct event_base *base;
    const struct listener_sockets *sockets; /* as many as settings->n_listeners, same order */
    struct snapshot *snapshot;              /* a reference is taken */
    int records_fd;                         /* SOCK_SEQPACKET to the recorder, or -1 */
    int backlog_fd;                         /* record_queue.h, for what it does not take now */
    unsigned worker, n_workers;             /* 0.. */
    const struct known_name *names;         /* sound; what upstreams' names meant before */
    unsigned n_names;
    int inbox_fd;          /* handover.h; with one worker unused */
    const int *others_fds; /* the way to the inbox of each worker; stays the caller's, who may put
                              others there */
    const struct dispatch_key *dispatch_key; /* with several workers; stays the caller's */
    struct proxy_counters *counters;         /* to count in; stays the caller's. NULL: its own */
    struct rates *rates;                     /* to count in; stays the caller's. NULL: rates are not
                                                counted */
    struct replays *replays;        /* to note tokens in; stays the caller's. NULL: none is noted */
    struct fetcher_client *fetcher; /* certificates of others; stays the caller's, until the proxy
                                       is freed. NULL: there is none */
    struct monitoring *monitoring;  /* monitoring.h; stays the caller's, as long. NULL: no calls of
                                       our own */
    struct tracing *tracing; /* tracing.h; stays the caller's, as long. NULL: nothing is traced */
};

/* Reads no packet before proxy_start(). NULL when there is no memory. */
struct proxy *proxy_new(const struct proxy_options *options);
void proxy_start(struct proxy *p);
void proxy_free(struct proxy *p);

/* Calls begun before keep their snapshot. Takes a reference. */
void proxy_set_snapshot(struct proxy *p, struct snapshot *snapshot);
/* Urgent changes of numbers for calls from now on; an empty one: there are none. */
void proxy_set_overlay_take(struct proxy *p, struct mapped_numbers *overlay);
/* Domains of trust for what is judged from now on. */
void proxy_set_trust_take(struct proxy *p, struct mapped_trust *trust);
/* What an operator has switched, from now on; to be freed by the proxy. NULL: nothing. */
void proxy_set_switches_take(struct proxy *p, struct switches *switches);
/* Takes those off whose time is over: to be called now and then. Whether there were any. */
bool proxy_expire_switches(struct proxy *p);
/* What this URL served is fetched anew for the next call that needs it. */
void proxy_drop_certificate(struct proxy *p, struct str url);
/* For TLS handshakes from now on; to be called after the snapshot that it belongs to was set. NULL:
   no handshakes. */
void proxy_set_tls_take(struct proxy *p, struct tls *tls);
/* Uses another inbox from now on, which stays the caller's, who closes the present one afterwards.
   False when there is no memory. */
bool proxy_set_inbox(struct proxy *p, int fd);
/*
 * Refuses new calls (503) but emergency calls, goes on with running ones; DONE is called once,
 * when none is left or after settings->drain_timeout_ms, which are counted from the first time.
 */
void proxy_drain(struct proxy *p, void (*done)(void *user), void *user);
/*
 * Another process is about to take the sockets: what comes again is left to it, what has begun goes
 * on until its next hop has said a word. DONE is called when that is so, or after two seconds; the
 * worker then has only to end. To be called again when it is told to end later.
 */
void proxy_yield(struct proxy *p, void (*done)(void *user), void *user);
/* The counters, brought up to date with what is not counted as it happens: to be called now and
   then for those who read them. */
const struct proxy_counters *proxy_get_counters(struct proxy *p);
/* Today by the real-time clock, in days since 1970. The day is noted, so that its calls go on when
   the clock is set. To be called now and then, because other workers write keys of that day too. */
int64_t proxy_today(struct proxy *p);
/* The next name of an upstream whose meaning has changed since it was last told. False when there
   is none. */
bool proxy_tell_name(struct proxy *p, struct known_name *known);
void proxy_tell_name_again(
    struct proxy *p, const struct known_name *known); /* nobody heard it: it will be told again */
/* The same for sources that were not heard or not let through. */
bool proxy_tell_refused(struct proxy *p, struct refused_source *news);
void proxy_tell_refused_again(struct proxy *p, const struct refused_source *news);
/* The same for next hops that came, went or answered, and for calls that failed. */
bool proxy_tell_hop(struct proxy *p, struct hop_state *news);
void proxy_tell_hop_again(struct proxy *p, const struct hop_state *news);
bool proxy_tell_failed(struct proxy *p, struct failed_call *news);
void proxy_tell_failed_again(struct proxy *p, const struct failed_call *news);

#endif
