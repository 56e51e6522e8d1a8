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
#include <stird/str.h>

enum limit_kind {
    LIMIT_TRUNK_CALLS,    /* INVITEs that began, without a final answer yet */
    LIMIT_TRUNK_ANSWERS,  /* refusals that wait for their ACK */
    LIMIT_UPSTREAM_CALLS, /* INVITEs sent there, without a final answer yet */
    LIMIT_EMERGENCY,      /* emergency calls without a final answer yet; there is one name */
    LIMIT_TRUNK_HELD,     /* requests that hold memory, those that linger too: holding.h */
    LIMIT_SOURCE_HELD,    /* the same by the address that sent them */
    LIMIT_KINDS
};

#define LIMIT_BUCKETS 16384
#define LIMIT_SHARES  4 /* kinds of octets that are told apart: enum holding_class */

struct limit;

struct limits {
    struct limit *buckets[LIMIT_BUCKETS];
    uint32_t seed; /* whoever chooses names, as a sender of datagrams its address, cannot know it */
    uint64_t taken[LIMIT_KINDS]; /* now, of all names */
};

void limits_fini(struct limits *limits);
/* What is in flight: all that is taken but for what lingers (holding.h). */
uint64_t limits_in_flight(const struct limits *limits);
unsigned limits_now(const struct limits *limits, enum limit_kind kind, struct str name);
/* Whether one more would be above MOST; 0: there is no limit. */
bool limits_reached(const struct limits *limits, enum limit_kind kind, struct str name,
                    unsigned most);
/* One more; NULL: no memory, it is not counted. */
struct limit *limits_take(struct limits *limits, enum limit_kind kind, struct str name);
/* Gives *HELD back and clears it; NULL is fine. */
void limits_give(struct limits *limits, struct limit **held);
/* The octets of what is taken here, LIMIT_SHARES of them; their owner counts. */
uint64_t *limits_octets(struct limit *held);

#endif
