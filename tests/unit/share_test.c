/* When a share is told: each story is a line, with about one letter for a window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stird/core/share.h>

/* EVENTS, of which each EVERY-th is a hit (0: none): how often it was told. */
static unsigned told(struct share *s, unsigned events, unsigned every, unsigned percent)
{
    unsigned n = 0;
    for (unsigned i = 1; i <= events; i++)
        n += share_count(s, every > 0 && i % every == 0, percent);
    return n;
}

static void a_few_are_not_worth_a_word(void **state)
{
    struct share s = {0};
    (void)state;
    assert_int_equal(told(&s, SHARE_LEAST - 1, 1, 2), 0);
    assert_int_equal(told(&s, 1, 1, 2), 1);
}

static void what_is_within_the_share_is_never_told(void **state)
{
    struct share s = {0};
    (void)state;
    assert_int_equal(told(&s, 1000000, 100, 2), 0);
    assert_int_equal(told(&s, 1000000, 51, 2), 0);
    assert_int_equal(told(&s, 1000000, 0, 1), 0);
}

static void what_is_above_is_told_now_and_then(void **state)
{
    struct share s = {0};
    (void)state;
    assert_int_equal(told(&s, 900, 20, 2), 1);
    assert_int_equal(told(&s, 100000, 20, 2), 100000 / (SHARE_WINDOW / 2 * SHARE_TELL_EVERY));
    assert_in_range(told(&s, 100000, 1, 2), 18, 22);
}

static void it_is_told_anew_after_a_quiet_time(void **state)
{
    struct share s = {0};
    (void)state;
    assert_int_equal(told(&s, 20, 1, 2), 1);
    assert_int_equal(told(&s, 10 * SHARE_WINDOW, 0, 2), 0);
    assert_int_equal(told(&s, 100, 1, 2), 1);
}

/* An attack after a long honest time is seen within a few dozen calls. */
static void the_past_does_not_hide_the_present(void **state)
{
    struct share s = {0};
    (void)state;
    assert_int_equal(told(&s, 5000000, 1000, 2), 0);
    assert_int_equal(told(&s, 40, 1, 2), 1);
}

static void zero_percent_is_no_alarm(void **state)
{
    struct share s = {0};
    (void)state;
    assert_int_equal(told(&s, 100000, 1, 0), 0);
}

static void a_hundred_percent_is_never_exceeded(void **state)
{
    struct share s = {0};
    (void)state;
    assert_int_equal(told(&s, 100000, 1, 100), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_are_not_worth_a_word),
        cmocka_unit_test(what_is_within_the_share_is_never_told),
        cmocka_unit_test(what_is_above_is_told_now_and_then),
        cmocka_unit_test(it_is_told_anew_after_a_quiet_time),
        cmocka_unit_test(the_past_does_not_hide_the_present),
        cmocka_unit_test(zero_percent_is_no_alarm),
        cmocka_unit_test(a_hundred_percent_is_never_exceeded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
