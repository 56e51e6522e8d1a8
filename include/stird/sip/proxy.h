/*
 * proxy - the SIP side of a worker: listeners, transactions, calls. One a process.
 */
#ifndef STIRD_PROXY_H
#define STIRD_PROXY_H

#include <stdint.h>
#include <stird/io/failed_call.h>
#include <stird/core/hop_state.h>
#include <stird/io/known_name.h>
#include <stird/net/listen.h>
#include <stird/core/cause.h>
#include <stird/core/reason.h>
#include <stird/core/refused_source.h>
#include <stird/io/snapshot.h>
#include <stird/core/trunk_calls.h>

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
    int inbox_fd;                            /* handover.h; with one worker unused */
    const int *others_fds;                   /* where to hand over to each; stays the caller's,
                                                who may put others there */
    const struct dispatch_key *dispatch_key; /* with several workers; stays the caller's */
};

#define PROXY_LEVELS  3   /* A, B, C */
#define PROXY_REASONS 160 /* above the highest id of reason.def */

/* What happened since the start; each only grows but for those of now. */
struct proxy_counters {
    uint64_t requests, responses, invites;
    uint64_t signed_calls, passed_calls, rejected_calls, sign_failures;
    uint64_t unknown_source, malformed, stray_responses, records_dropped, date_corrected;
    uint64_t level_unreadable;    /* calls whose SBC told a level that is none of A, B, C */
    uint64_t identity_unreadable; /* Identity headers that calls brought */
    uint64_t limited;             /* calls refused for a limit */
    uint64_t full_worker, full_trunk, full_source,
        full_call;      /* requests of any method refused for memory, by whose; full_worker: or for
                           limits.calls */
    uint64_t no_memory; /* messages refused or dropped, as the machine has no more */
    uint64_t full_emergency; /* emergency calls refused, as there are so many */
    uint64_t full_emergency_trunk, full_emergency_source; /* so many of one trunk, one source */
    uint64_t slow_readers; /* connections closed for what waits in them: net.h */
    uint64_t talkers;      /* for what came in them beside messages: net.h */
    uint64_t connections_refused, connections_unknown; /* for limits; of unknown sources: net.h */
    uint64_t emergency_calls, emergency_by_to;         /* the latter by their To alone */
    uint64_t emergency_to_alarms;                      /* these were too large a share */
    uint64_t emergency_no_trunk;                       /* that fitted no trunk of their source */
    uint64_t emergency_refused; /* by us, decided or not: sip/lost_emergency.h */
    uint64_t fenced; /* requests inside calls that may not go where they lead: sip/fence.h */
    uint64_t foreign_responses;      /* of sources that nobody asked: sip/stranger.h */
    uint64_t connections_not_opened; /* there was no room for them: net.h */
    uint64_t dialog_names_refused;   /* names in requests inside calls without room: resolver.h */
    uint64_t groups_in_from; /* calls whose From alone names a trunk group that is read elsewhere */
    uint64_t clock_steps;    /* of the real time, by more than a second; the worker counts them */
    uint64_t hops_lost, hops_back;       /* next hops that went out, and came back: sip/routes.h */
    uint64_t hops_out, names_unresolved; /* now: sip/routes.h */
    uint64_t health_refused;             /* OPTIONS of trunks answered 503, by their `health` */
    uint64_t calls, connections, in_flight; /* now; in_flight: all that limits.h counts */
    uint64_t records_waiting;               /* now: the recorder does not take them */
    uint64_t held_bytes;               /* now: by requests, those that linger too (sip/holding.h) */
    uint64_t by_level[PROXY_LEVELS];   /* signed calls */
    uint64_t by_reason[PROXY_REASONS]; /* decided INVITEs, by enum reason */
    uint64_t by_cause[CAUSES];         /* the same when they have ended, by enum cause */
};

#define REASON(name, id, sip_status, text)                                                         \
    _Static_assert((id) < PROXY_REASONS, "PROXY_REASONS has no room for this reason");
#include <stird/core/reason.def>
#undef REASON

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
/* Another inbox, the caller's, which closes the present one afterwards. False: no memory. */
bool proxy_set_inbox(struct proxy *p, int fd);
/*
 * Refuses new calls (503) but emergency calls, goes on with running ones; DONE is called once,
 * when none is left or after settings->drain_timeout_ms.
 */
void proxy_drain(struct proxy *p, void (*done)(void *user), void *user);
const struct proxy_counters *proxy_get_counters(struct proxy *p);
/* The next upstream's name that means something else since it was told. False: none does. */
bool proxy_tell_name(struct proxy *p, struct known_name *known);
void proxy_tell_name_again(struct proxy *p, const struct known_name *known); /* nobody heard it */
/* The same of sources that were not heard or not let through. */
bool proxy_tell_refused(struct proxy *p, struct refused_source *news);
void proxy_tell_refused_again(struct proxy *p, const struct refused_source *news);
/* The same of next hops that came or went, or answered; and of calls that failed. */
bool proxy_tell_hop(struct proxy *p, struct hop_state *news);
void proxy_tell_hop_again(struct proxy *p, const struct hop_state *news);
/* What the trunks from *NEXT on have in progress; *NEXT goes on, and round. */
void proxy_tell_trunks(struct proxy *p, uint32_t *next, struct trunk_calls *news);
bool proxy_tell_failed(struct proxy *p, struct failed_call *news);
void proxy_tell_failed_again(struct proxy *p, const struct failed_call *news);

#endif
