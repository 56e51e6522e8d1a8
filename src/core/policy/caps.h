/*
 * caps - what may only lower a level: the trunk, the customer, the country of the calling number,
 * what a trusted SBC says of the call, what its Identity is worth, and rules that ask for that.
 * Private to core/policy.
 */
#ifndef STIRD_CORE_CAPS_H
#define STIRD_CORE_CAPS_H

#include <stird/core/call.h>
#include <stird/core/outcome.h>

struct cap {
    enum treatment at_most; /* 'A' lowers nothing */
    struct str of;          /* whose it is, in words */
    bool by_rule;           /* it is a rule's */
    struct str
        unreadable; /* what could not be read and therefore lowers the level; p NULL: nothing */
};

/* The I-th cap of the call; false behind the last. */
bool cap_get(struct cap *cap, unsigned i, const struct settings *settings,
             const struct numbers *table, const struct call *call, const struct outcome *outcome);

#endif
