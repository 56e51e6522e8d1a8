/* resolver_internal - what resolver.c and resolver_round.c share. Not for others. */
#ifndef STIRD_NET_RESOLVER_INTERNAL_H
#define STIRD_NET_RESOLVER_INTERNAL_H

#include <ares.h>
#include <event2/event.h>
#include <stird/net/resolver.h>

#include "former.h"
#include "resolution.h"

#define GRACE_MS 300000 /* of an address that a name has no more, at least */

/* One name and what is known of it. */
struct name {
    struct name *next;
    struct resolver *resolver;
    struct known_name known;
    struct former former;
    bool passing;   /* only peers have named it */
    uint64_t asker; /* the first of them */
    bool handed;    /* what is known of it is older than this process, or its first part */
    bool untold;    /* it means something else than resolver_tell() last told */

    enum name_state state;
    bool failing; /* some part had no answer when it was asked for last */
    bool lacking; /* some part never had one, or there is more than is kept */
    int64_t refresh_at_ms, used_at_ms, ttl_ms;

    struct resolution *resolution; /* it is being asked for; else NULL */
    unsigned n_waiting;            /* questions of the present target */
    struct name_waiter *waiters;   /* while it is being asked for */
    int status;                    /* why a part has no answer, and of which target */
    unsigned silent_target;
};

/* A descriptor of c-ares. */
struct watch {
    struct watch *next;
    struct resolver *resolver;
    struct event *event;
    int fd;
};

struct resolver {
    struct event_base *base;
    ares_channel channel;
    struct ares_addr_port_node *system_servers; /* of resolv.conf */
    struct event *timeout, *second, *tell;
    struct name_waiter *told; /* their names have been answered: `tell` calls them */
    struct watch *watches;
    struct name *names;
    unsigned n_names, n_passing; /* n_names: of those that are configured */
    uint64_t refused;
    bool closing;
};

/* ---- resolver.c ---- */

/* c-ares has something to do when its next question is too old. */
void resolver_arm_timeout(struct resolver *r);
/* Wakes those who wait for NAME, but not at once. */
void name_tell_waiters(struct name *name);

/* ---- resolver_round.c ---- */

/* Begins a round; answers may come at once. */
void name_resolve(struct name *name);
/* It meant BEFORE until now. */
void name_means_now(struct name *name, const struct known_name *before);

#endif
