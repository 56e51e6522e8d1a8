/*
 * patience - how long a worker may owe an answer: its own heartbeats are counted beside the time,
 * for a machine that stands still, or a supervisor that did, is no reason to end a worker.
 */
#ifndef STIRD_SUPERVISOR_PATIENCE_H
#define STIRD_SUPERVISOR_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#define PATIENCE_MS    10000
#define PATIENCE_BEATS 20

/* Since when an answer is waited for, and how often the worker's loop has turned since. */
struct patience {
    int64_t since_ms; /* 0: none is */
    unsigned beats;
};

/* ANY: an answer is waited for, from now on. */
static inline void patience_begin(struct patience *p, bool any, int64_t now_ms)
{
    *p = (struct patience){.since_ms = any ? now_ms : 0};
}

static inline bool patience_is_over(const struct patience *p, int64_t now_ms)
{
    return p->since_ms > 0 && p->beats >= PATIENCE_BEATS && now_ms - p->since_ms >= PATIENCE_MS;
}

#endif
