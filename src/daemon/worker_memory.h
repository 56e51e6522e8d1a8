/* worker_memory - what a worker has in memory together with the supervisor and other workers. */
#ifndef STIRD_WORKER_MEMORY_H
#define STIRD_WORKER_MEMORY_H

#include <stdbool.h>
#include <stird/core/rates.h>
#include <stird/core/replays.h>
#include <stird/io/sections.h>

struct proxy_counters;
struct worker_options;

struct worker_memory {
    struct proxy_counters *counters; /* which the supervisor reads */
    struct rates rates;              /* of all workers */
    struct replays replays;          /* the same, in */
    struct sections seen;
};

/* Before it gives up files: takes the descriptors of OPTIONS. False: there is no memory, or it is
   none of these. */
bool worker_memory_map(struct worker_memory *m, const struct worker_options *options);
void worker_memory_unmap(struct worker_memory *m); /* all zero is fine */

#endif
