/*
 * proxy_counters - what a worker counted, as it tells the supervisor with each heartbeat: plain
 * data, a row of proxy_counters.def each.
 */
#ifndef STIRD_PROXY_COUNTERS_H
#define STIRD_PROXY_COUNTERS_H

#include <stdint.h>
#include <stird/core/cause.h>
#include <stird/core/reason.h>

#define PROXY_LEVELS  3   /* A, B, C */
#define PROXY_REASONS 160 /* above the highest id of reason.def */

/* What happened since the start; each only grows but for those of now. */
struct proxy_counters {
#define COUNTER(name)         uint64_t name;
#define LEVEL(name)           uint64_t name;
#define COUNTER_LIST(name, n) uint64_t name[n];
#include <stird/core/proxy_counters.def>
};

/* How many that are, by the rows: a field without one would be neither summed nor shown. */
enum {
    PROXY_COUNTERS = 0
#define COUNTER(name)         +1
#define LEVEL(name)           +1
#define COUNTER_LIST(name, n) +(n)
#include <stird/core/proxy_counters.def>
};
_Static_assert(sizeof(struct proxy_counters) == PROXY_COUNTERS * sizeof(uint64_t),
               "a counter without a row in proxy_counters.def");

#define REASON(name, id, sip_status, text)                                                         \
    _Static_assert((id) < PROXY_REASONS, "PROXY_REASONS has no room for this reason");
#include <stird/core/reason.def>
#undef REASON

#endif
