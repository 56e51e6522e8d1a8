/*
 * counter_page - memory that a worker counts in and the supervisor reads, while both go on: fixed
 * places, numbers alone, no length and no pointer in it. What a worker writes there that is wrong
 * is a false number and nothing else.
 */
#ifndef STIRD_COUNTER_PAGE_H
#define STIRD_COUNTER_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stird/core/counters.h>

/* ---- of a worker, for as long as it lives ---- */

/* All zero. A descriptor, or -errno. */
int counter_page_memory(void);
/* To be written by its worker, or else only read; FD stays the caller's. NULL: it is none, or there
   is no memory. */
struct proxy_counters *counter_page_map(int fd, bool writes);
void counter_page_unmap(struct proxy_counters *counters); /* NULL is fine */

/* ---- of its trunks and upstreams, by their places in one snapshot ---- */

struct part_counters {
    struct trunk_counters *trunks; /* NULL: there are none of both */
    struct upstream_counters *upstreams;
    size_t bytes;
};

int part_counters_memory(unsigned n_trunks, unsigned n_upstreams);
/* As above; false: FD is not for so many. */
bool part_counters_map(struct part_counters *p, int fd, unsigned n_trunks, unsigned n_upstreams,
                       bool writes);
void part_counters_unmap(struct part_counters *p);

#endif
