/*
 * beside - numbers that a called URI names beside the one that counts: the routing number that a
 * query of number portability brought (rn, RFC 4694), and what stands in a password or in header
 * fields. The next hop may go there instead. Private to core/policy.
 */
#ifndef STIRD_CORE_BESIDE_H
#define STIRD_CORE_BESIDE_H

#include "decision.h"

#define BESIDE_MAX 8

struct beside {
    struct tn_reach reach[BESIDE_MAX]; /* each: one number, by all of its readings */
    unsigned n;
    bool more; /* there are more than are kept, or read */
};

/* Begins with none; the array is not cleared, because most calls name none. */
void beside_begin(struct beside *beside);
/* Adds the numbers that URI names beside its own. */
void beside_add(struct decision *d, struct beside *beside, struct str uri);

#endif
