/*
 * draining - a worker that takes no new calls, and ends when those that it has are over.
 */
#ifndef STIRD_SIP_DRAINING_H
#define STIRD_SIP_DRAINING_H

#include "timers.h"

struct proxy;

/* A member of the proxy; all zero: it does not drain. */
struct draining {
    bool on;
    void (*done)(void *user); /* NULL: told, or nobody waits for it */
    void *user;
    struct timer limit;
    int64_t until_ms; /* it is told then */
    int64_t ends_ms;  /* whatever runs then */
    struct proxy *proxy;
};

/* Nobody is told any more. */
void draining_end(struct draining *d);

#endif
