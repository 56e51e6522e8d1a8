/* supervisor_hops - the next hops of upstreams, as the workers find them. */
#ifndef STIRD_SUPERVISOR_HOPS_H
#define STIRD_SUPERVISOR_HOPS_H

#include "loop.h"

void supervisor_take_hop(struct supervisor *s, unsigned w, const struct hop_state *news);

/* Of each upstream, by its index; the caller's to free, NULL: no memory. */
struct hop_tally {
    const struct supervisor *s;
    unsigned n, usable;
};
struct hop_tally *supervisor_count_hops(const struct supervisor *s);

#endif
