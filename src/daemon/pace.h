/*
 * pace - how much of a processor a process takes, whatever is asked of it: after a turn that cost
 * more than its share it rests until it has not. A flood of many small things so becomes few turns
 * that do many of them. Pure: times are handed in.
 */
#ifndef STIRD_PACE_H
#define STIRD_PACE_H

#include <stdint.h>

struct pace {
    unsigned one_of;  /* its share: one of so many parts of a processor */
    int64_t saved_us; /* of a processor's time, that it may use now; negative: it has to rest */
    int64_t now_us, used_us;
};

/* USED_US: the processor's time that the process has had. */
void pace_begin(struct pace *p, unsigned one_of, int64_t now_us, int64_t used_us);
/* Notes what was used meanwhile. */
void pace_note(struct pace *p, int64_t now_us, int64_t used_us);
/* When its next turn may be; 0: at once. */
int64_t pace_due_ms(const struct pace *p);

#endif
