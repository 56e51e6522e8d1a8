/* A ceiling lets so many a second through and no more. */
#include "daemon/ceiling.h"

#include "in_child.h"

#define SECOND_US 1000000ll

static unsigned admitted(struct ceiling *c, int64_t now_us, unsigned asked)
{
    unsigned n = 0;
    for (unsigned i = 0; i < asked; i++)
        n += ceiling_admits(c, now_us);
    return n;
}

static void a_second_s_worth_at_once_and_then_as_time_goes(void **state)
{
    (void)state;
    struct ceiling c = {.per_second = 100};
    int64_t now_us = 5 * SECOND_US;
    assert_int_equal(admitted(&c, now_us, 1000), 100);
    assert_int_equal(admitted(&c, now_us, 1000), 0);
    assert_int_equal(admitted(&c, now_us + SECOND_US / 10, 1000), 10);
    assert_int_equal(admitted(&c, now_us + 100 * SECOND_US, 1000), 100);
}

/* Whatever the pattern: never more in a second than two of its ceilings, nor in the long run. */
static void nobody_saves_up(void **state)
{
    (void)state;
    struct ceiling c = {.per_second = 7};
    unsigned sum = 0;
    for (int64_t ms = 0; ms < 60000; ms++)
        sum += admitted(&c, 10 * SECOND_US + ms * 1000, 3);
    assert_in_range(sum, 7 * 60 - 1, 7 * 60 + 7);
}

static void none_is_any(void **state)
{
    (void)state;
    struct ceiling c = {.per_second = 0};
    assert_int_equal(admitted(&c, 0, 100000), 100000);
}

static void the_largest_is_no_overflow(void **state)
{
    (void)state;
    struct ceiling c = {.per_second = 1000000};
    assert_int_equal(admitted(&c, INT64_MAX / 2000, 2000000), 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_s_worth_at_once_and_then_as_time_goes),
        cmocka_unit_test(nobody_saves_up),
        cmocka_unit_test(none_is_any),
        cmocka_unit_test(the_largest_is_no_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
