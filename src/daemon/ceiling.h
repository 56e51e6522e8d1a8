/*
 * ceiling - allows only so many of something a second, and a second's worth of them at once.
 */
#ifndef STIRD_DAEMON_CEILING_H
#define STIRD_DAEMON_CEILING_H

#include <stdbool.h>
#include <stdint.h>

struct ceiling {
    uint32_t per_second; /* 0: any number */
    int64_t spent_to_ns; /* the time up to here is used up */
};

/* Admits one more at NOW_US, monotonic. False: it is one too many, and does not count. */
bool ceiling_admits(struct ceiling *c, int64_t now_us);

#endif
