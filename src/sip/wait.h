/*
 * wait - what a request waits for between two runs of a step: an answer that somebody else brings,
 * for so long and no longer.
 *
 * A step that needs one asks for it, begins a wait and returns STEP_WAIT. Whoever has the answer
 * (the signer, the resolver, a connection) wakes it, or its deadline does; then the step runs again
 * and asks how the wait ended. Nobody looks from time to time whether there is an answer yet.
 *
 * An answer may come while the step that asked for it still runs: no step runs inside another, so
 * it runs again when it has returned (wait_stands()).
 *
 * One at a time. A wait that is all zero but for what wait_init() sets waits for nothing.
 */
#ifndef STIRD_SIP_WAIT_H
#define STIRD_SIP_WAIT_H

#include <stdbool.h>

#include "timers.h"

struct proxy;
struct wait;

/* A way of waiting: one constant, beside the step that waits so. */
struct wait_kind {
    const char *name; /* as a line of the log has it: "a signature" */
    /* Nobody waits for the answer any more, and none has come: takes the question back. NULL: there
       is nothing to take back. */
    void (*cancel)(struct wait *w);
    /* The request goes on without an answer: it does so at once when the process is about to end,
       so that it is not refused while it waits. */
    bool is_dispensable;
};

enum wait_end {
    WAIT_NONE,     /* it did not wait */
    WAIT_ANSWERED, /* what was asked for is there */
    WAIT_REFUSED,  /* it will not come */
    WAIT_TOO_LATE  /* the deadline came first */
};

struct wait {
    const struct wait_kind *what; /* that it waits for, or has waited for; NULL: nothing */
    struct timer deadline;
    struct proxy *proxy;          /* whose timers these are */
    void (*over)(struct wait *w); /* runs the step again; W may be gone afterwards */
    bool on;                      /* it waits */
    bool come;                    /* ... for its turn alone: wait_wake_soon() */
    bool begins;                  /* the step that began it has not returned */
    enum wait_end end;            /* how it ended, until the step has asked */
};

void wait_init(struct wait *w, struct proxy *proxy, void (*over)(struct wait *w));
/* Begins one. DEADLINE_MS in the past ends it at the next timers_run(), never from here. */
void wait_begin(struct wait *w, const struct wait_kind *what, int64_t deadline_ms);
/* For whoever runs the step: it has returned STEP_WAIT. False: its answer has come already, and it
   is to run again at once. */
bool wait_stands(struct wait *w);
bool wait_is_for(const struct wait *w, const struct wait_kind *what);
/* How the last wait for WHAT ended: said once. */
enum wait_end wait_ended(struct wait *w, const struct wait_kind *what);
/* Whoever has the answer; nothing happens when nobody waits. W may be gone afterwards. The loop
   wakes up for the timers that were set: who wakes has nothing to think of. */
void wait_wake(struct wait *w, enum wait_end end);
/* The same at the next timers_run(), for those who may not have anything sent from here. */
void wait_wake_soon(struct wait *w, enum wait_end end, int64_t now_ms);
/* The process is about to end: the deadline of what can be done without is now. */
void wait_hurry(struct wait *w, int64_t now_ms);
/* Nobody waits any more. Not waiting is fine, and an answer that has come is not taken back. */
void wait_cancel(struct wait *w);

#endif
