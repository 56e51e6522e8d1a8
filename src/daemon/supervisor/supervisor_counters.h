/* supervisor_counters - what the workers count. */
#ifndef STIRD_SUPERVISOR_COUNTERS_H
#define STIRD_SUPERVISOR_COUNTERS_H

#include "loop.h"

/* Of all workers, those that are gone included. */
struct proxy_counters supervisor_counters(const struct supervisor *s);
void supervisor_worker_counters(struct supervisor *s, unsigned w,
                                const struct proxy_counters *counters);

#endif
