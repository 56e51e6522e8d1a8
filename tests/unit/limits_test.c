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

/* So many each take, one after the other, of 500 of which one alone may have PERCENT. */
static void parts(void **state)
{
    static const struct {
        unsigned most, percent, taken[4];
    } cases[] = {
        {500, 75, {375, 94, 24, 6}}, {500, 90, {450, 45, 5, 0}}, {500, 100, {500, 0, 0, 0}},
        {2, 75, {2, 0, 0, 0}},       {1, 75, {1, 0, 0, 0}},      {5, 75, {4, 1, 0, 0}},
        {3, 1, {1, 1, 1, 0}},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct limits limits;
        static struct limit *held[1000];
        unsigned n = 0;
        for (unsigned j = 0; j < 4; j++) {
            struct str name = str_of((const char *[]){"a", "b", "c", "d"}[j]);
            unsigned before = n;
            while (limits_have_room(&limits, LIMIT_TRUNK_EMERGENCY, name, cases[i].most,
                                    cases[i].percent))
                held[n++] = limits_take(&limits, LIMIT_TRUNK_EMERGENCY, name);
            assert_int_equal(n - before, cases[i].taken[j]);
        }
        while (n > 0)
            limits_give(&limits, &held[--n]);
        limits_fini(&limits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_and_names_are_apart), cmocka_unit_test(zero_is_no_limit),
        cmocka_unit_test(many_come_and_go), cmocka_unit_test(what_is_left_is_freed),
        cmocka_unit_test(parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
