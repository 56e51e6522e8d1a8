/*
 * limits - how much of a trunk, an upstream or a source is in flight at once, counted by name, so
 * that a count goes on when the configuration is read anew; for holding.h also how many octets.
 *
 * Whoever takes holds what it took and gives it back once. What is zero takes no memory.
 */
#ifndef STIRD_SIP_LIMITS_H
#define STIRD_SIP_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/address.h>
#include <stird/base/str.h>

enum limit_kind {
    LIMIT_TRUNK_CALLS,        /* INVITEs that began a call, without a final answer yet */
    LIMIT_TRUNK_EMERGENCY,    /* the emergency calls among them */
    LIMIT_TRUNK_EMERGENCY_TO, /* emergency calls only by their To, for which other calls had left no
                                 room */
    LIMIT_TRUNK_ANSWERS,      /* refusals that wait for their ACK */
    LIMIT_UPSTREAM_CALLS,     /* INVITEs sent there, without a final answer yet */
    LIMIT_SOURCE_CALLS,       /* as of the trunk, by the address that sent them */
    LIMIT_SOURCE_EMERGENCY,
    LIMIT_SOURCE_EMERGENCY_TO,
    LIMIT_SOURCE_ANSWERS,
    LIMIT_TRUNK_HELD,  /* requests that hold memory, those that linger too: holding.h */
    LIMIT_SOURCE_HELD, /* the same by the address that sent them */
    LIMIT_CALL_HELD,   /* the same of requests inside one call */
    LIMIT_KINDS
};

#define LIMIT_BUCKETS 16384
#define LIMIT_CLASSES 6 /* kinds of octets that are told apart: enum holding_class */

/* How many of MOST emergency calls, or of their octets, those by To alone may be: callers write To.
 */
#define LIMIT_OF_EMERGENCY_TO(most) ((most) / 4)

struct limit;

struct limits {
    struct limit *buckets[LIMIT_BUCKETS];
    uint32_t seed;               /* senders of datagrams choose names, and must not know it */
    uint64_t taken[LIMIT_KINDS]; /* now, of all names */
};

void limits_fini(struct limits *limits);
/* How many are in flight: all that are reserved but those that linger (holding.h); the counts by
   source are not added to it. */
uint64_t limits_in_flight(const struct limits *limits);
unsigned limits_now(const struct limits *limits, enum limit_kind kind, struct str name);
/* Whether one more would be above MOST; 0: there is no limit. */
bool limits_reached(const struct limits *limits, enum limit_kind kind, struct str name,
                    unsigned most);
/* Whether there may be one more of NAME, where MOST of KIND are for all names and PERCENT of them
   for one (stird/base/part.h). */
bool limits_have_room(const struct limits *limits, enum limit_kind kind, struct str name,
                      unsigned most, unsigned percent);
/* How a source is counted: its address, of IPv6 the /64 that one host may choose its own of.
   Borrows SOURCE. */
struct str limits_source_name(const struct address *source);
/* Counts one more; NULL when there is no memory: then it is not counted. */
struct limit *limits_take(struct limits *limits, enum limit_kind kind, struct str name);
/* Gives *HELD back and clears it; NULL is fine. */
void limits_give(struct limits *limits, struct limit **held);
/* The octets of what is taken here, one number for each of LIMIT_CLASSES; the caller does the
   counting. */
uint64_t *limits_octets(struct limit *held);

#endif
