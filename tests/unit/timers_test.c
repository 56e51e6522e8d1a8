/* The timer wheel: never early, at most a tick late, whatever is done from inside callbacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "sip/timers.h"

struct probe {
    struct timer timer;
    int64_t due_ms, fired_ms;
    struct timers *timers;
    struct probe *other;
};

static void fired(struct timer *timer, int64_t now_ms)
{
    ((struct probe *)(void *)timer)->fired_ms = now_ms;
}

static void clears_the_other(struct timer *timer, int64_t now_ms)
{
    struct probe *p = (struct probe *)(void *)timer;
    p->fired_ms = now_ms;
    timer_clear(p->timers, &p->other->timer);
}

static void random_timers_fire_in_time(void **state)
{
    enum { COUNT = 5000 };
    static struct timers timers;
    struct probe *probes = calloc(COUNT, sizeof(*probes));
    int64_t start = 123456789, now = start;
    unsigned seed = 1;
    (void)state;
    timers_init(&timers, start);
    for (unsigned i = 0; i < COUNT; i++) {
        probes[i].due_ms = start + rand_r(&seed) % 400000;
        timer_set(&timers, &probes[i].timer, fired, probes[i].due_ms);
    }
    while (timers.count > 0) {
        int64_t next = timers_next_ms(&timers);
        assert_true(next >= 0);
        now = next > now ? next : now;
        timers_run(&timers, now);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        assert_true(probes[i].fired_ms >= probes[i].due_ms);
        assert_true(probes[i].fired_ms <= probes[i].due_ms + TIMER_TICK_MS);
    }
    free(probes);
}

/* Retransmissions: never early, and late by no more than a tenth of the wait, with a tick. */
static void about_then_is_a_tenth_late_at_most(void **state)
{
    static struct timers timers;
    struct probe p = {.fired_ms = 0};
    unsigned seed = 2;
    (void)state;
    for (uint32_t wait_ms = 0; wait_ms <= 20000; wait_ms = wait_ms * 5 / 4 + 1) {
        const int64_t start = 1000000 + rand_r(&seed) % 100000;
        const int64_t late_ms = wait_ms / 10 < TIMER_LATE_MS ? wait_ms / 10 : TIMER_LATE_MS;
        timers_init(&timers, start);
        const unsigned later_ms = timer_set_about(&timers, &p.timer, fired, start, wait_ms);
        assert_int_equal(p.timer.due_ms, start + wait_ms + later_ms);
        timers_run(&timers, timers_next_ms(&timers));
        assert_in_range(p.timer.due_ms, start + wait_ms, start + wait_ms + late_ms + TIMER_TICK_MS);
        assert_false(timer_is_set(&p.timer));
    }
}

static void a_callback_may_clear_a_timer_of_its_own_slot(void **state)
{
    static struct timers timers;
    struct probe a = {.timers = &timers}, b = {.timers = &timers};
    (void)state;
    a.other = &b;
    b.other = &a;
    timers_init(&timers, 0);
    timer_set(&timers, &a.timer, clears_the_other, 100);
    timer_set(&timers, &b.timer, clears_the_other, 100);
    timers_run(&timers, 100);
    assert_true((a.fired_ms == 100) != (b.fired_ms == 100));
    assert_int_equal(timers.count, 0);
}

static struct probe *last_fired;

static void fires_behind_the_other(struct timer *timer, int64_t now_ms)
{
    struct probe *p = (struct probe *)(void *)timer;
    p->fired_ms = now_ms;
    assert_ptr_equal(last_fired, p->other);
    last_fired = p;
}

/* Also where the wheel has turned meanwhile, and one was set beside them for another turn. */
static void those_of_one_tick_fire_in_the_order_in_which_they_were_set(void **state)
{
    enum { COUNT = 5, TURN_MS = TIMER_SLOTS * TIMER_TICK_MS };
    static struct timers timers;
    (void)state;
    for (int64_t due_ms = 100; due_ms < 5 * TURN_MS; due_ms += TURN_MS) {
        struct probe probes[COUNT] = {{.other = NULL}}, later = {.other = NULL};
        last_fired = NULL;
        timers_init(&timers, 0);
        for (unsigned i = 0; i < COUNT; i++) {
            probes[i].other = i > 0 ? &probes[i - 1] : NULL;
            timer_set(&timers, &probes[i].timer, fires_behind_the_other, due_ms);
            timer_set(&timers, &later.timer, fired, due_ms + TURN_MS);
        }
        for (int64_t now_ms = 0; now_ms <= due_ms; now_ms += 1000)
            timers_run(&timers, now_ms);
        timers_run(&timers, due_ms);
        assert_ptr_equal(last_fired, &probes[COUNT - 1]);
        assert_int_equal(timers.count, 1);
    }
}

static void one_that_is_set_again_moves(void **state)
{
    static struct timers timers;
    struct probe a = {0};
    (void)state;
    timers_init(&timers, 0);
    timer_set(&timers, &a.timer, fired, 100);
    timer_set(&timers, &a.timer, fired, 5000);
    timers_run(&timers, 4000);
    assert_int_equal(a.fired_ms, 0);
    timers_run(&timers, 5000);
    assert_int_equal(a.fired_ms, 5000);
}

static void after_a_long_sleep_all_are_found(void **state)
{
    static struct timers timers;
    struct probe a = {0}, b = {0};
    (void)state;
    timers_init(&timers, 0);
    timer_set(&timers, &a.timer, fired, 100);
    timer_set(&timers, &b.timer, fired, 7200000 + 500);
    timers_run(&timers, 7200000);
    assert_int_equal(a.fired_ms, 7200000);
    assert_int_equal(b.fired_ms, 0);
    timers_run(&timers, 7200000 + 500);
    assert_int_equal(b.fired_ms, 7200500);
}

static void none_set_means_no_wake_up(void **state)
{
    static struct timers timers;
    struct probe a = {0};
    (void)state;
    timers_init(&timers, 0);
    assert_true(timers_next_ms(&timers) < 0);
    timer_set(&timers, &a.timer, fired, 300000);
    timer_clear(&timers, &a.timer);
    assert_false(timer_is_set(&a.timer));
    assert_true(timers_next_ms(&timers) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_timers_fire_in_time),
        cmocka_unit_test(about_then_is_a_tenth_late_at_most),
        cmocka_unit_test(a_callback_may_clear_a_timer_of_its_own_slot),
        cmocka_unit_test(those_of_one_tick_fire_in_the_order_in_which_they_were_set),
        cmocka_unit_test(one_that_is_set_again_moves),
        cmocka_unit_test(after_a_long_sleep_all_are_found),
        cmocka_unit_test(none_set_means_no_wake_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
