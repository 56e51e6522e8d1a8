/*
 * look - whether whoever has just asked looks for the answer at once, in the same turn, instead of
 * going back to its loop for it.
 *
 * That saves a turn when the answer comes within microseconds; and it holds whatever comes
 * meanwhile for as long as it does not. So nobody looks while several wait for an answer or much
 * has come, and who is slow twice in a row is left alone for a while. Only the decision: no clock,
 * no system call.
 */
#ifndef STIRD_LOOK_H
#define STIRD_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#define LOOK_US       300  /* for so long at most */
#define LOOK_SLOW_MAX 2    /* after so many in a row that brought nothing */
#define LOOK_AGAIN_MS 1000 /* nobody looks for so long */

/* Zeroed: nobody has looked yet. */
struct look {
    unsigned slow; /* in a row */
    int64_t again_ms;
};

/* WAITING: questions without an answer. MESSAGES: how many the turn has brought. */
bool look_pays(const struct look *l, unsigned waiting, unsigned messages, int64_t now_ms);
/* ANSWERED: something came in time. */
void look_ended(struct look *l, bool answered, int64_t now_ms);

#endif
