/*
 * hop_state - how one worker finds a next hop, as it tells the supervisor, for `stirctl status`.
 *
 * Comes from a process that may have been taken over: nothing in it is used before
 * hop_state_is_sound() has looked at it.
 */
#ifndef STIRD_HOP_STATE_H
#define STIRD_HOP_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/address.h>

/* So long it gets no calls; then one may try it, where nothing else says that it is back. */
#define HOP_STATE_OUT_MS 30000

struct hop_state {
    struct address address;  /* with port */
    uint8_t transport;       /* enum transport, of its upstream */
    uint8_t out;             /* 0 or 1: it gets no calls */
    uint8_t answers_options; /* 0 or 1: it has answered one while it was out: they say when it is
                                back */
    int64_t since_ms;        /* monotonic time at which that began; 0: it was never out */
    int64_t
        answered_ms; /* monotonic time of the last answer, to a call or to OPTIONS; 0: none yet */
};

bool hop_state_is_sound(const struct hop_state *h);
/* Whether both are about the same next hop. */
bool hop_state_same(const struct hop_state *a, const struct hop_state *b);

#endif
