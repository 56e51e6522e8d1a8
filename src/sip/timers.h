/*
 * timers - a timer wheel: set and clear in constant time, whatever the number of timers.
 *
 * Time is an argument; nothing here asks a clock, so a test drives it through hours at once. Times
 * are monotonic milliseconds. One thread.
 */
#ifndef STIRD_SIP_TIMERS_H
#define STIRD_SIP_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#define TIMER_TICK_MS 10
#define TIMER_SLOTS   4096 /* 41 s a turn: all timers of RFC 3261 but C fit into one */

struct timer;
typedef void timer_fired(struct timer *timer, int64_t now_ms);

struct timer {
    struct timer *next, **link; /* link == NULL: not set */
    int64_t due_ms;
    timer_fired *fired;
};

struct timers {
    struct timer *slots[TIMER_SLOTS];
    uint64_t occupied[TIMER_SLOTS / 64]; /* a bit a slot */
    int64_t tick;                        /* all slots before it were visited */
    unsigned count;
};

void timers_init(struct timers *timers, int64_t now_ms);
/* Sets a timer, or moves one that is set already. With DUE_MS in the past it fires on the next run.
   Of those that are due in the same tick, the one that was set first fires first. */
void timer_set(struct timers *timers, struct timer *timer, timer_fired *fired, int64_t due_ms);
/*
 * For timers that may fire late, by up to TIMER_LATE_MS, so that many fire in one wake-up: the
 * lingering of transactions, but not deadlines.
 */
#define TIMER_LATE_MS 100
void timer_set_late(struct timers *timers, struct timer *timer, timer_fired *fired, int64_t due_ms);
/* For retransmissions: WAIT_MS from FROM_MS, late by up to a tenth of that, or TIMER_LATE_MS. Gives
   by how much it is due later, ms, a tick more at the most: the next wait is not to add to that. */
unsigned timer_set_about(struct timers *timers, struct timer *timer, timer_fired *fired,
                         int64_t from_ms, uint32_t wait_ms);
/* One that is set, or not, lies here now: it was moved with what it is a member of. */
void timer_moved(struct timer *timer);
void timer_clear(struct timers *timers, struct timer *timer);
bool timer_is_set(const struct timer *timer);
/* Fires what is due; a callback may set, clear and free any timer. */
void timers_run(struct timers *timers, int64_t now_ms);
/* When to run next: at the first slot that holds a timer; -1 when none is set. */
int64_t timers_next_ms(const struct timers *timers);

#endif
