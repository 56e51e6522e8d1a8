/*
 * trunk_calls - how many INVITEs of some trunks a worker has in progress, as it tells the
 * supervisor, for `stirctl status`. Indices are those of one generation of the configuration.
 */
#ifndef STIRD_TRUNK_CALLS_H
#define STIRD_TRUNK_CALLS_H

#include <stdint.h>

#define TRUNK_CALLS_MAX 64

struct trunk_calls {
    uint64_t generation;
    uint32_t first, n; /* n at most TRUNK_CALLS_MAX */
    uint32_t calls[TRUNK_CALLS_MAX];
};

#endif
