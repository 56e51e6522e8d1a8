/*
 * holding - how many octets of memory one request keeps: its context and its transactions, for as
 * long as one of them is there, which is up to 32 s after the final answer.
 *
 * They are counted for the worker, for the source that sent the request and for its trunk. Each of
 * the three has a ceiling, and each class of requests its part of it, so that a flood of one class
 * leaves room for the others: what ends a call comes last. Emergency calls have a part of the
 * worker's memory that nobody else gets, and nobody else's counts for them. docs/sizing.md has the
 * arithmetic.
 *
 * One thread. A holding is shared by reference; NULL is fine everywhere and holds nothing.
 */
#ifndef STIRD_SIP_HOLDING_H
#define STIRD_SIP_HOLDING_H

#include <stddef.h>
#include <stird/address.h>
#include <stird/reason.h>

#include "limits.h"

enum holding_class {
    HOLDING_OTHER,    /* of no call: MESSAGE, SUBSCRIBE, OPTIONS to somebody else */
    HOLDING_CALL,     /* an INVITE that begins a call */
    HOLDING_DIALOG,   /* of a running call: re-INVITE, UPDATE, INFO */
    HOLDING_END,      /* BYE of a running call */
    HOLDING_EMERGENCY /* an INVITE that begins an emergency call */
};
_Static_assert(HOLDING_EMERGENCY == LIMIT_SHARES, "emergency calls count for the worker alone");

/* In octets, of one worker. */
struct holding_ceilings {
    uint64_t worker, emergency; /* the second is beside the first */
    uint64_t trunk, source;
};

/* Of MEMORY octets that one worker has for requests; percentages of what is not for emergency
   calls. */
struct holding_ceilings holding_ceilings_of(uint64_t memory, unsigned trunk_percent,
                                            unsigned source_percent);

struct holdings {
    struct limits *limits; /* with the sums of trunks and sources */
    struct holding_ceilings ceilings;
    uint64_t octets[LIMIT_SHARES]; /* of the worker */
    uint64_t emergency;            /* the same of emergency calls */
};

/* All that is held now. */
uint64_t holdings_octets(const struct holdings *all);

struct holding;

/* One reference. NULL: no memory. */
struct holding *holding_new(struct holdings *all, const struct address *source,
                            enum holding_class class);
struct holding *holding_ref(struct holding *h);
void holding_unref(struct holding *h);

/* What it is, and whose, as far as that is known by now; TRUNK may be empty. */
void holding_is(struct holding *h, enum holding_class class, struct str trunk);
/* *COUNTED, of one who holds by H, is NOW from here on; 0 before the end of H. */
void holding_count(struct holding *h, size_t *counted, size_t now);

/*
 * Whether there is too much of H's class now, H included: REASON_OK, or whose ceiling it is
 * (OVERLOADED, TRUNK_MEMORY, SOURCE_MEMORY, EMERGENCY_FULL).
 */
enum reason holding_over(const struct holding *h);
/* Whether H, which was let in, may take OCTETS more without taking what is kept for BYE. */
bool holding_may_grow(const struct holding *h, size_t octets);

#endif
