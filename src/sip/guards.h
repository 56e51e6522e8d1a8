/*
 * guards - for each trunk whose profile refuses calls: how many of its last ones were to be
 * refused, and whether for a while none is (stird/core/verification_guard.h). By the trunk's name;
 * no more than there are trunks. They end with the configuration that they were begun by, so that
 * nothing that was tried before, or by another limit, counts for the one that is in force now.
 */
#ifndef STIRD_SIP_GUARDS_H
#define STIRD_SIP_GUARDS_H

#include <stdbool.h>

struct context;
struct kept_guard;

/* All zero: no call was judged. */
struct guards {
    struct kept_guard *first;
    unsigned n;
};

/* Afterwards it is as one by which no call was judged. */
void guards_fini(struct guards *guards);
/*
 * Counts C's call, which was judged and IS_BAD, so that the profile of its trunk refuses it, or
 * not. False: it is not to be refused. Without memory nothing is counted, and it may be.
 */
bool guards_let(struct context *c, bool is_bad);

#endif
