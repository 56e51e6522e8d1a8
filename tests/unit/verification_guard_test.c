/* When refusing becomes marking, and for how long: by counts and a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stird/core/verification_guard.h>

#define NOW 1000

static unsigned judged(struct verification_guard *g, unsigned n, bool is_bad, int64_t now_ms)
{
    unsigned let = 0;
    for (unsigned i = 0; i < n; i++)
        let += verification_guard_judged(g, is_bad, 20, now_ms) == GUARD_LETS;
    return let;
}

/* Of the first few calls so many are refused as of 50. */
static void the_first_calls(void **state)
{
    struct verification_guard g = {.n = 0};
    (void)state;
    assert_int_equal(judged(&g, 10, true, NOW), 10);
    assert_false(verification_guard_is_on(&g, NOW));
    assert_int_equal(verification_guard_judged(&g, true, 20, NOW), GUARD_TRIPS);
    assert_int_equal(verification_guard_judged(&g, true, 20, NOW), GUARD_KEEPS);
    assert_true(verification_guard_is_on(&g, NOW));
}

static void the_last_calls(void **state)
{
    struct verification_guard g = {.n = 0};
    (void)state;
    judged(&g, 450, false, NOW);
    assert_int_equal(judged(&g, 100, true, NOW), 100); /* of 500: not more than 20 percent */
    assert_int_equal(g.n, GUARD_CALLS);
    assert_int_equal(verification_guard_judged(&g, true, 20, NOW), GUARD_TRIPS);
    /* As others come, these are forgotten. */
    judged(&g, 2 * GUARD_CALLS, false, NOW);
    assert_int_equal(g.n_bad, 0);
    assert_int_equal(judged(&g, 100, true, NOW + GUARD_MS), 100);
    assert_int_equal(g.n_bad, 100);
}

/* What is good is never kept from anything; when the time is over it is asked again. */
static void while_it_is_on(void **state)
{
    struct verification_guard g = {.n = 0};
    (void)state;
    judged(&g, 11, true, NOW);
    assert_int_equal(judged(&g, 5, false, NOW + 1), 5);
    assert_int_equal(verification_guard_judged(&g, true, 20, NOW + GUARD_MS - 1), GUARD_KEEPS);
    assert_false(verification_guard_is_on(&g, NOW + GUARD_MS));
    assert_int_equal(verification_guard_judged(&g, true, 20, NOW + GUARD_MS), GUARD_TRIPS);
    judged(&g, 400, false, NOW + GUARD_MS);
    assert_int_equal(verification_guard_judged(&g, true, 20, NOW + 2 * GUARD_MS), GUARD_LETS);
}

static void by_percent(void **state)
{
    struct verification_guard one = {.n = 0}, all = {.n = 0};
    (void)state;
    assert_int_equal(verification_guard_judged(&one, true, 1, NOW), GUARD_TRIPS);
    for (unsigned i = 0; i < 3 * GUARD_CALLS; i++)
        assert_int_equal(verification_guard_judged(&all, true, 100, NOW), GUARD_LETS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_calls),
        cmocka_unit_test(the_last_calls),
        cmocka_unit_test(while_it_is_on),
        cmocka_unit_test(by_percent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
