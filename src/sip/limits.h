/*
 * limits - how much of a trunk or an upstream is in flight at once, counted by name, so that a
 * count goes on when the configuration is read anew.
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
};

#define LIMIT_BUCKETS 1024

struct limit;

struct limits {
    struct limit *buckets[LIMIT_BUCKETS];
    uint64_t total; /* all that is taken now */
};

void limits_fini(struct limits *limits);
unsigned limits_now(const struct limits *limits, enum limit_kind kind, struct str name);
/* Whether one more would be above MOST; 0: there is no limit. */
bool limits_reached(const struct limits *limits, enum limit_kind kind, struct str name,
                    unsigned most);
/* One more; NULL: no memory, it is not counted. */
struct limit *limits_take(struct limits *limits, enum limit_kind kind, struct str name);
/* Gives *HELD back and clears it; NULL is fine. */
void limits_give(struct limits *limits, struct limit **held);

#endif
