/*
 * counter_page - memory in which a worker counts and which the supervisor reads, while both go on.
 * It holds numbers at fixed places, no length and no pointer, so whatever a worker writes there can
 * be no more than a false number.
 */
#ifndef STIRD_COUNTER_PAGE_H
#define STIRD_COUNTER_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stird/core/counters.h>

/* ---- of a worker, for as long as it lives ---- */

/* All zero. A descriptor, or -errno. */
int counter_page_memory(void);
/* Maps it, for its worker to write or for others to read; FD stays the caller's. NULL when FD is no
   such memory, or there is no memory. */
struct proxy_counters *counter_page_map(int fd, bool writes);
void counter_page_unmap(struct proxy_counters *counters); /* NULL is fine */

/* ---- of its trunks and upstreams, by their places in one snapshot ---- */

struct part_counters {
    struct trunk_counters *trunks; /* NULL: there are none of both */
    struct upstream_counters *upstreams;
    size_t bytes;
};

int part_counters_memory(unsigned n_trunks, unsigned n_upstreams);
/* As above; false when FD does not have room for so many. */
bool part_counters_map(struct part_counters *p, int fd, unsigned n_trunks, unsigned n_upstreams,
                       bool writes);
void part_counters_unmap(struct part_counters *p);

#endif
