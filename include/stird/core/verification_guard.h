/*
 * verification_guard - keeps a profile that refuses from closing a trunk: with a wrong clock, or
 * without its authorities, every call would fail. Where more of a trunk's last calls were to be
 * refused than may be, for a while none is. A count, and the time from whoever asks. Pure.
 */
#ifndef STIRD_VERIFICATION_GUARD_H
#define STIRD_VERIFICATION_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#define GUARD_CALLS 500   /* the last so many count */
#define GUARD_LEAST 50    /* fewer count as if they were so many, the others good */
#define GUARD_MS    60000 /* how long none is refused */

/* All zero: no call was judged. */
struct verification_guard {
    uint64_t bad[(GUARD_CALLS + 63) / 64]; /* a ring: a bit for each of the last calls */
    uint16_t next, n, n_bad;
    int64_t until_ms; /* monotonic; while it is over none is refused */
};

enum guard_answer {
    GUARD_LETS,  /* it may be refused, or it was not to be */
    GUARD_TRIPS, /* it goes on, as all others for GUARD_MS */
    GUARD_KEEPS  /* it goes on: it tripped before */
};
/* Counts one more call, which IS_BAD, so that it is to be refused, or not. More than PERCENT of
   them, 1 to 100, are too many. */
enum guard_answer verification_guard_judged(struct verification_guard *guard, bool is_bad,
                                            unsigned percent, int64_t now_ms);
bool verification_guard_is_on(const struct verification_guard *guard, int64_t now_ms);

#endif
