/*
 * proxy_counters - what a worker counted, as it tells the supervisor with each heartbeat: plain
 * data.
 */
#ifndef STIRD_PROXY_COUNTERS_H
#define STIRD_PROXY_COUNTERS_H

#include <stdint.h>
#include <stird/core/cause.h>
#include <stird/core/reason.h>

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
    uint64_t slow_readers;  /* connections closed for what waits in them: net.h */
    uint64_t talkers;       /* for what came in them beside messages: net.h */
    uint64_t answered_late; /* calls that had ended otherwise, and got a 2xx yet */
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

#endif
