#include "timers.h"

#include <stddef.h>
#include <string.h>

void timers_init(struct timers *timers, int64_t now_ms)
{
    memset(timers, 0, sizeof(*timers));
    timers->tick = now_ms / TIMER_TICK_MS;
}

static void insert(struct timer **head, struct timer *timer)
{
    timer->next = *head;
    timer->link = head;
    if (timer->next)
        timer->next->link = &timer->next;
    *head = timer;
}

void timer_set(struct timers *timers, struct timer *timer, timer_fired *fired, int64_t due_ms)
{
    timer_clear(timers, timer);
    /* Rounded up: never early. */
    int64_t tick = (due_ms + TIMER_TICK_MS - 1) / TIMER_TICK_MS;
    if (tick < timers->tick)
        tick = timers->tick;
    unsigned slot = (unsigned)(tick % TIMER_SLOTS);
    timer->due_ms = tick * TIMER_TICK_MS;
    timer->fired = fired;
    insert(&timers->slots[slot], timer);
    timers->occupied[slot / 64] |= UINT64_C(1) << slot % 64;
    timers->count++;
}

static int64_t rounded_up(int64_t due_ms, int64_t step_ms)
{
    return (due_ms + step_ms - 1) / step_ms * step_ms;
}

void timer_set_late(struct timers *timers, struct timer *timer, timer_fired *fired, int64_t due_ms)
{
    timer_set(timers, timer, fired, rounded_up(due_ms, TIMER_LATE_MS));
}

unsigned timer_set_about(struct timers *timers, struct timer *timer, timer_fired *fired,
                         int64_t from_ms, uint32_t wait_ms)
{
    const uint32_t late_ms = wait_ms / 10 < TIMER_LATE_MS ? wait_ms / 10 : TIMER_LATE_MS;
    timer_set(timers, timer, fired, rounded_up(from_ms + wait_ms, late_ms > 0 ? late_ms : 1));
    return (unsigned)(timer->due_ms - (from_ms + wait_ms));
}

void timer_clear(struct timers *timers, struct timer *timer)
{
    if (!timer->link)
        return;
    unsigned slot = (unsigned)(timer->due_ms / TIMER_TICK_MS % TIMER_SLOTS);
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    timer->link = NULL;
    timers->count--;
    /* Most timers are cleared: an empty slot must not wake anybody up. */
    if (!timers->slots[slot])
        timers->occupied[slot / 64] &= ~(UINT64_C(1) << slot % 64);
}

void timer_moved(struct timer *timer)
{
    if (!timer->link)
        return;
    *timer->link = timer;
    if (timer->next)
        timer->next->link = &timer->next;
}

bool timer_is_set(const struct timer *timer)
{
    return timer->link != NULL;
}

/* The list runs from the timer set last, HEAD; in *LIST that one comes last. */
static void take_in_order(struct timer *head, struct timer **list)
{
    *list = NULL;
    while (head) {
        struct timer *t = head;
        head = t->next;
        insert(list, t);
    }
}

/*
 * Takes the slot's list away before firing, so that callbacks may change any list; a timer of a
 * later turn of the wheel goes back to its slot.
 */
static void run_slot(struct timers *timers, unsigned slot, int64_t now_ms)
{
    struct timer *list;
    take_in_order(timers->slots[slot], &list);
    timers->slots[slot] = NULL;
    timers->occupied[slot / 64] &= ~(UINT64_C(1) << slot % 64);
    while (list) {
        struct timer *t = list;
        timer_clear(timers, t);
        if (t->due_ms > now_ms)
            timer_set(timers, t, t->fired, t->due_ms);
        else
            t->fired(t, now_ms);
    }
}

void timers_run(struct timers *timers, int64_t now_ms)
{
    int64_t last = now_ms / TIMER_TICK_MS;
    /* After a long sleep each slot is visited once, not once a missed tick. */
    if (last - timers->tick >= TIMER_SLOTS)
        timers->tick = last - TIMER_SLOTS + 1;
    while (timers->tick <= last) {
        int64_t tick = timers->tick++;
        run_slot(timers, (unsigned)(tick % TIMER_SLOTS), now_ms);
    }
}

int64_t timers_next_ms(const struct timers *timers)
{
    if (timers->count == 0)
        return -1;
    for (unsigned i = 0; i < TIMER_SLOTS;) {
        unsigned slot = (unsigned)((timers->tick + i) % TIMER_SLOTS);
        uint64_t word = timers->occupied[slot / 64] >> slot % 64;
        if (word) {
            i += (unsigned)__builtin_ctzll(word);
            return i < TIMER_SLOTS ? (timers->tick + i) * TIMER_TICK_MS : -1;
        }
        i += 64 - slot % 64;
    }
    return -1;
}
