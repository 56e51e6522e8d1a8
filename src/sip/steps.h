/*
 * steps - the way of a request through the proxy, as lists of steps that one loop drives.
 */
#ifndef STIRD_SIP_STEPS_H
#define STIRD_SIP_STEPS_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/core/emergency.h>
#include <stird/core/reason.h>

struct context;
struct wait;

enum step_result {
    STEP_NEXT,  /* the step behind it may run */
    STEP_WAIT,  /* C->wait was begun; when it is over, the same step runs again */
    STEP_AGAIN, /* the next hop that comes sees another part of the call: its round begins anew */
    STEP_DONE   /* no step runs any more, unless another next hop is tried */
};
struct step {
    const char *name;
    enum step_result (*run)(struct context *c);
};
/* A list of N steps; those from ROUND on run once for each next hop that is tried. Behind the last
   one come those of C->service. */
struct way {
    const struct step *steps;
    unsigned n, round;
};
/* Answers for REASON, as its table entry says: STEP_DONE. */
enum step_result step_refuse(struct context *c, enum reason reason);
/* Where the call may go, by its trunk: before the decision, which asks what the next hop will see.
 */
enum step_result step_targets(struct context *c);
/* The step that sends to the next hop: the last one of each way that has one. */
enum step_result step_send(struct context *c);

/* Begins the way that fits the request. */
void steps_begin(struct context *c);
/*
 * The steps up to the decision, for a call that nobody places (rehearsal.h): none of them sends or
 * waits. KNOWN is called once the facts are in C->call, SUPPOSE sets C->targets once its trunk is
 * known. True: it is inside a dialog of ours.
 */
bool steps_rehearse(struct context *c, void (*known)(struct context *c),
                    void (*suppose)(struct context *c));
/* A call that nothing refuses, as EMERGENCY says: C->call->trunk is set. */
void steps_count_emergency(struct context *c, enum emergency emergency);
/* A context's wait is over (wait.h): its step runs again. The context may be gone afterwards. */
void steps_wait_over(struct wait *w);
/* The present target once more, another way. */
void steps_try_again(struct context *c);
/*
 * On to the next target: with the same Identity while it is fresh, a new one when it is not
 * (R-P-138), one of its own where it sees another part of the call.
 */
void steps_try_next_target(struct context *c);

#endif
