/*
 * ceiling - so many a second and no more, with a second's worth of them at once.
 */
#ifndef STIRD_DAEMON_CEILING_H
#define STIRD_DAEMON_CEILING_H

#include <stdbool.h>
#include <stdint.h>

struct ceiling {
    uint32_t per_second; /* 0: any number */
    int64_t spent_to_ns; /* up to here the time is used up */
};

/* One more at NOW_US, monotonic: false when it is one too many, which then costs nothing. */
bool ceiling_admits(struct ceiling *c, int64_t now_us);

#endif
