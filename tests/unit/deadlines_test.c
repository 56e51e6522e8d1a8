/* The earliest of many deadlines is found, whatever is added and removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stird/base/deadlines.h>

#define MANY 500

static int64_t least(const struct deadline *list, const bool *in)
{
    int64_t at_ms = INT64_MAX;
    for (unsigned i = 0; i < MANY; i++)
        if (in[i] && list[i].at_ms < at_ms)
            at_ms = list[i].at_ms;
    return at_ms;
}

static void the_first_is_the_least(void **state)
{
    static struct deadline list[MANY];
    static bool in[MANY];
    struct deadlines d = DEADLINES_INIT;
    unsigned chance = 1;
    (void)state;
    for (unsigned round = 0; round < 20 * MANY; round++) {
        chance = chance * 1103515245u + 12345u;
        unsigned i = (chance >> 16) % MANY;
        if (in[i])
            deadlines_remove(&d, &list[i]);
        else
            list[i].at_ms = (int64_t)(chance >> 8 & 0xff);
        if (!in[i])
            assert_true(deadlines_add(&d, &list[i]));
        in[i] = !in[i];
        struct deadline *first = deadlines_first(&d);
        assert_int_equal(first ? first->at_ms : INT64_MAX, least(list, in));
    }
    deadlines_fini(&d);
}

static void over_is_what_the_time_has_reached(void **state)
{
    struct deadlines d = DEADLINES_INIT;
    struct deadline one = {.at_ms = 100}, other = {.at_ms = 200};
    (void)state;
    assert_null(deadlines_over(&d, INT64_MAX));
    assert_true(deadlines_add(&d, &other));
    assert_true(deadlines_add(&d, &one));
    assert_null(deadlines_over(&d, 99));
    assert_ptr_equal(deadlines_over(&d, 100), &one);
    deadlines_remove(&d, &one);
    assert_null(deadlines_over(&d, 199));
    assert_ptr_equal(deadlines_over(&d, 500), &other);
    deadlines_remove(&d, &other);
    assert_null(deadlines_first(&d));
    deadlines_fini(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_the_least),
        cmocka_unit_test(over_is_what_the_time_has_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
