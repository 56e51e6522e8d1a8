/*
 * refusals - connections that are not taken: counted by why, and said in the log, one line a minute
 * each, with how many they were.
 */
#ifndef STIRD_NET_REFUSALS_H
#define STIRD_NET_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/address.h>

struct event_base;

enum refusal {
    REFUSED_UNKNOWN,     /* no trunk and no upstream has this address */
    REFUSED_SOURCE,      /* limits.connections_per_source */
    REFUSED_ALL,         /* limits.connections */
    REFUSED_PART,        /* of a source, of what limits.connections leaves */
    REFUSED_FEW,         /* fewer than limits.connections: LimitNOFILE */
    REFUSED_DESCRIPTORS, /* no descriptor is left, or no memory */
    REFUSALS
};

struct refusals;

/* NULL: no memory. */
struct refusals *refusals_new(struct event_base *base);
void refusals_free(struct refusals *r); /* says what it has not said yet */
/* SOURCE may be NULL: not known. */
void refusals_add(struct refusals *r, enum refusal why, const struct address *source);
uint64_t refusals_count(const struct refusals *r, enum refusal why);

#endif
