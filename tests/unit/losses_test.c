/* When lost records are told: soon, at their end, and not so often that the telling fills a disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/losses.h"

#define STEP_MS 250
#define MINUTE  60000

struct scene {
    struct losses losses;
    struct losses_now now;
    bool no_room; /* even for a line that tells */
    unsigned lines, said;
};

/* A quarter of a second later; LOST records are, meanwhile. */
static void step(struct scene *s, unsigned lost)
{
    s->now.ms += STEP_MS;
    s->now.lost += lost;
    s->now.untold += lost;
    struct losses_due due = losses_look(&s->losses, &s->now);
    s->said += due.over;
    if (!due.tell)
        return;
    if (!s->no_room && s->now.untold > 0) {
        s->lines++;
        s->now.untold = 0;
    }
    losses_told(&s->losses, s->now.untold, s->now.ms);
}

static void wait(struct scene *s, int64_t ms)
{
    for (; ms > 0; ms -= STEP_MS)
        step(s, 0);
}

static void a_record_is_written(struct scene *s)
{
    s->now.written++;
    s->now.untold = 0; /* told in front of it */
}

static void nothing_is_lost(void **state)
{
    struct scene s = {.now = {.ms = 1}};
    (void)state;
    wait(&s, MINUTE);
    assert_int_equal(s.lines + s.said, 0);
    assert_int_equal(s.losses.from_ms, 0);
}

static void the_beginning_and_the_end(void **state)
{
    struct scene s = {.now = {.ms = 1}};
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        step(&s, 1);
    assert_int_equal(s.lines, 0); /* there may be more */
    for (unsigned i = 0; i < 240; i++)
        step(&s, 1);
    assert_int_equal(s.lines, 1); /* of a minute, the beginning */
    wait(&s, 2 * LOSSES_MS);
    assert_int_equal(s.lines, 2);
    assert_int_equal(s.said, 1);
    assert_int_equal(s.now.untold, 0);
    assert_int_equal(s.losses.from_ms, 0);
}

/* Calls that come slowly: after each of them, none is lost for a while. */
static unsigned lines_of(unsigned calls, int64_t pause_ms)
{
    struct scene s = {.now = {.ms = 1}};
    for (unsigned i = 0; i < calls; i++) {
        step(&s, 1);
        wait(&s, pause_ms);
    }
    return s.lines;
}

static void pauses_do_not_fill_the_disk(void **state)
{
    (void)state;
    assert_in_range(lines_of(600, 1500), 1, 8);      /* a quarter of an hour */
    assert_in_range(lines_of(1200, 3000), 1, 10);    /* an hour */
    assert_in_range(lines_of(60, 59000), 1, 60 + 2); /* at most one a minute, ever */
    assert_in_range(lines_of(3600, 1000), 1, 8);
}

static void what_is_lost_is_told_within_a_minute(void **state)
{
    struct scene s = {.now = {.ms = 1}};
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        step(&s, 1);
        wait(&s, LOSSES_PAUSE_MS_MAX);
        assert_int_equal(s.now.untold, 0);
    }
}

static void a_record_begins_anew(void **state)
{
    struct scene s = {.now = {.ms = 1}};
    (void)state;
    for (unsigned i = 1; i <= 10; i++) {
        step(&s, 1);
        wait(&s, 2 * LOSSES_MS);
        assert_int_equal(s.lines, i); /* as soon as the first time */
        a_record_is_written(&s);
    }
}

/* A line that found no room is tried each second: room may come and no call with it. */
static void without_room_it_is_tried_again(void **state)
{
    struct scene s = {.now = {.ms = 1}, .no_room = true};
    (void)state;
    step(&s, 5);
    wait(&s, 10 * MINUTE);
    assert_int_equal(s.now.untold, 5);
    s.no_room = false;
    wait(&s, 2 * LOSSES_MS);
    assert_int_equal(s.now.untold, 0);
    assert_int_equal(s.lines, 1);
}

/* Those of a recorder, or of a stird, before this one. */
static void untold_ones_are_losses(void **state)
{
    struct scene s = {.now = {.ms = 1, .lost = 7, .untold = 7}, .losses = {.seen = 7}};
    (void)state;
    wait(&s, 3 * LOSSES_MS);
    assert_int_equal(s.lines, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(the_beginning_and_the_end),
        cmocka_unit_test(pauses_do_not_fill_the_disk),
        cmocka_unit_test(what_is_lost_is_told_within_a_minute),
        cmocka_unit_test(a_record_begins_anew),
        cmocka_unit_test(without_room_it_is_tried_again),
        cmocka_unit_test(untold_ones_are_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
