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
#include <stird/net/listen.h>

struct dispatch_key;
struct event_base;
struct tls;
struct proxy;

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
};

/* Does not read a packet before proxy_start(). NULL when there is no memory. */
struct proxy *proxy_new(const struct proxy_options *options);
void proxy_start(struct proxy *p);
void proxy_free(struct proxy *p);

/* Calls begun before keep their snapshot. Takes a reference. */
void proxy_set_snapshot(struct proxy *p, struct snapshot *snapshot);
/* Urgent changes of numbers for calls from now on; an empty one: there are none. */
void proxy_set_overlay_take(struct proxy *p, struct mapped_numbers *overlay);
/* For TLS handshakes from now on, after the snapshot that it belongs to; NULL: none. */
void proxy_set_tls_take(struct proxy *p, struct tls *tls);
/* Takes another inbox instead, which stays the caller's; the caller closes the present one
   afterwards. False: no memory. */
bool proxy_set_inbox(struct proxy *p, int fd);
/*
 * Refuses new calls (503) but emergency calls, goes on with running ones; DONE is called once,
 * when none is left or after settings->drain_timeout_ms.
 */
void proxy_drain(struct proxy *p, void (*done)(void *user), void *user);
/* With what is not counted there as it happens: to be asked now and then, for whoever reads them.
 */
const struct proxy_counters *proxy_get_counters(struct proxy *p);
/* Today, of the real time, in days since 1970; noted as a day whose calls go on when the clock is
   set. Ask it now and then: other workers write keys of that day too. */
int64_t proxy_today(struct proxy *p);
/* The next upstream's name that means something else since it was told. False: none does. */
bool proxy_tell_name(struct proxy *p, struct known_name *known);
void proxy_tell_name_again(struct proxy *p, const struct known_name *known); /* nobody heard it */
/* The same of sources that were not heard or not let through. */
bool proxy_tell_refused(struct proxy *p, struct refused_source *news);
void proxy_tell_refused_again(struct proxy *p, const struct refused_source *news);
/* The same of next hops that came or went, or answered; and of calls that failed. */
bool proxy_tell_hop(struct proxy *p, struct hop_state *news);
void proxy_tell_hop_again(struct proxy *p, const struct hop_state *news);
bool proxy_tell_failed(struct proxy *p, struct failed_call *news);
void proxy_tell_failed_again(struct proxy *p, const struct failed_call *news);

#endif
