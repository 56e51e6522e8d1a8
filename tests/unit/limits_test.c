/* What is in flight, by name: counted exactly, and nothing is left of what has ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sip/limits.h"

static bool is_empty(const struct limits *limits)
{
    for (unsigned i = 0; i < LIMIT_BUCKETS; i++)
        if (limits->buckets[i])
            return false;
    return limits_in_flight(limits) == 0;
}

static void kinds_and_names_are_apart(void **state)
{
    struct limits limits = {0};
    (void)state;
    struct limit *a = limits_take(&limits, LIMIT_TRUNK_CALLS, STR("pbx"));
    struct limit *b = limits_take(&limits, LIMIT_UPSTREAM_CALLS, STR("pbx"));
    struct limit *c = limits_take(&limits, LIMIT_TRUNK_CALLS, STR("pb"));
    assert_int_equal(limits_now(&limits, LIMIT_TRUNK_CALLS, STR("pbx")), 1);
    assert_int_equal(limits_now(&limits, LIMIT_UPSTREAM_CALLS, STR("pbx")), 1);
    assert_int_equal(limits_now(&limits, LIMIT_TRUNK_ANSWERS, STR("pbx")), 0);
    assert_int_equal(limits_in_flight(&limits), 3);
    limits_give(&limits, &a);
    limits_give(&limits, &b);
    limits_give(&limits, &c);
    assert_null(a);
    limits_give(&limits, &a);
    assert_true(is_empty(&limits));
}

static void zero_is_no_limit(void **state)
{
    struct limits limits = {0};
    struct limit *held[3];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(limits_reached(&limits, LIMIT_TRUNK_CALLS, STR("t"), 2), i >= 2);
        assert_false(limits_reached(&limits, LIMIT_TRUNK_CALLS, STR("t"), 0));
        held[i] = limits_take(&limits, LIMIT_TRUNK_CALLS, STR("t"));
    }
    for (unsigned i = 0; i < 3; i++)
        limits_give(&limits, &held[i]);
    assert_true(is_empty(&limits));
}

static void many_come_and_go(void **state)
{
    enum { NAMES = 5000, HELD = 20000 };
    struct limits limits = {0};
    static struct limit *held[HELD];
    static unsigned name_of[HELD], counts[NAMES];
    char name[16];
    (void)state;
    srand(7);
    for (unsigned i = 0; i < 200000; i++) {
        unsigned at = (unsigned)rand() % HELD;
        if (held[at]) {
            counts[name_of[at]]--;
            limits_give(&limits, &held[at]);
        } else {
            name_of[at] = (unsigned)rand() % NAMES;
            snprintf(name, sizeof(name), "t%u", name_of[at]);
            held[at] = limits_take(&limits, LIMIT_TRUNK_CALLS, str_of(name));
            counts[name_of[at]]++;
        }
        snprintf(name, sizeof(name), "t%u", name_of[at]);
        assert_int_equal(limits_now(&limits, LIMIT_TRUNK_CALLS, str_of(name)), counts[name_of[at]]);
    }
    for (unsigned at = 0; at < HELD; at++)
        limits_give(&limits, &held[at]);
    assert_true(is_empty(&limits));
}

static void what_is_left_is_freed(void **state)
{
    struct limits limits = {0};
    (void)state;
    limits_take(&limits, LIMIT_TRUNK_CALLS, STR("a"));
    limits_take(&limits, LIMIT_TRUNK_CALLS, STR("b"));
    limits_fini(&limits);
    assert_true(is_empty(&limits));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_and_names_are_apart), cmocka_unit_test(zero_is_no_limit),
        cmocka_unit_test(many_come_and_go), cmocka_unit_test(what_is_left_is_freed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
