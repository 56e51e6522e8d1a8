/*
 * holding - how many octets of memory one request keeps: its context and its transactions, for as
 * long as one of them is there, which is up to 32 s after the final answer.
 *
 * Each class of requests has memory of its own in the worker, which no other class takes: a flood
 * of one leaves the others as they are. Of each class' memory, one trunk, one source and one call
 * get a part only, which is smaller the less is left: stird/base/part.h. docs/sizing.md has
 * the arithmetic.
 *
 * One thread. A holding is shared by reference; NULL is fine everywhere and holds nothing.
 */
#ifndef STIRD_SIP_HOLDING_H
#define STIRD_SIP_HOLDING_H

#include <stddef.h>
#include <stird/base/address.h>
#include <stird/core/reason.h>

#include "limits.h"

enum holding_class {
    HOLDING_OTHER,       /* of no call: MESSAGE, SUBSCRIBE, OPTIONS to somebody else */
    HOLDING_CALL,        /* an INVITE that begins a call */
    HOLDING_DIALOG,      /* of a running call: re-INVITE, UPDATE, INFO; a BYE that is too long */
    HOLDING_END,         /* BYE of a running call, of at most HOLDING_END_BYTES */
    HOLDING_EMERGENCY,   /* an INVITE that begins an emergency call */
    HOLDING_EMERGENCY_TO /* the same by its To alone, where HOLDING_CALL has no room: a part of it
                          */
};
#define HOLDING_CLASSES (HOLDING_EMERGENCY_TO + 1)
_Static_assert(HOLDING_CLASSES == LIMIT_CLASSES, "each class is counted");

/* A BYE has no body but for a few lines of ISUP; what is longer is no more urgent than others. */
#define HOLDING_END_BYTES 8192
/* A call ends once, or a few times: who sends BYE again and again in a few calls takes little of
   what all calls of its source have. */
#define HOLDING_ENDS_OF_CALL_BYTES 16384

/* Whose it is beside the worker's, the narrowest first. */
enum holding_owner { HOLDING_OF_CALL, HOLDING_OF_TRUNK, HOLDING_OF_SOURCE, HOLDING_OWNERS };

/* Of one worker. */
struct holding_ceilings {
    uint64_t octets[HOLDING_CLASSES];
    unsigned percent[HOLDING_OWNERS]; /* of each of these, for one owner alone */
};

/* Of MEMORY octets that one worker has for requests, and EMERGENCY beside them, but never more of
   these than of MEMORY. */
struct holding_ceilings holding_ceilings_of(uint64_t memory, uint64_t emergency,
                                            unsigned trunk_percent, unsigned source_percent);

struct holdings {
    struct limits *limits; /* with the sums of owners */
    struct holding_ceilings ceilings;
    uint64_t octets[HOLDING_CLASSES]; /* of the worker */
};

/* How much is held now, in all. */
uint64_t holdings_octets(const struct holdings *all);

struct holding;

/* One reference, which holding_unref() ends; no octets yet. NULL: no memory. */
struct holding *holding_new(struct holdings *all, const struct address *source,
                            enum holding_class class);
struct holding *holding_ref(struct holding *h);
void holding_unref(struct holding *h);

/* Moves H, with all its octets, to another class: what a request is shows as it is read. */
void holding_is(struct holding *h, enum holding_class class);
/* Counts H for NAME too (a call, a trunk, a source). Without effect where an OWNER of this kind has
   been named before, or NAME is empty. */
void holding_belongs(struct holding *h, enum holding_owner owner, struct str name);
/* A user of H holds NOW octets, and held *COUNTED, which is set to NOW. It says 0 before it ends
   its reference. H may be NULL. */
void holding_count(struct holding *h, size_t *counted, size_t now);

/*
 * Whether H may stay: REASON_OK. Else its class now holds too much, H included. The reason says who
 * is above his share: the call, trunk or source (CALL_MEMORY, TRUNK_MEMORY, SOURCE_MEMORY;
 * EMERGENCY_TRUNK, EMERGENCY_SOURCE), or the worker as a whole (OVERLOADED, EMERGENCY_FULL).
 */
enum reason holding_over(const struct holding *h);
/* Whether H, which was let in, may take OCTETS more, for an answer. Answers fill seven eighths of a
   class at most; the last eighth is for requests. */
bool holding_may_grow(const struct holding *h, size_t octets);

#endif
