/* Who is let in where pages are served: places, sources, rate and time, without a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "web/gate.h"

#define A STR("a")
#define B STR("b")

static struct gate *gate(unsigned places, unsigned per_source, unsigned per_second)
{
    const struct gate_rules rules = {places, per_source, per_second, 1000};
    struct gate *g = gate_new(&rules, 0);
    assert_non_null(g);
    return g;
}

static void test_places(void **state)
{
    (void)state;
    struct gate *g = gate(2, 2, 1000);
    struct seat *first = gate_admit(g, A, 5, 0);
    assert_non_null(first);
    assert_non_null(gate_admit(g, A, 6, 0));
    assert_int_equal(gate_opens_ms(g, 0), INT64_MAX);
    assert_ptr_equal(gate_seat_of(g, 5), first);
    gate_leave(g, first);
    assert_null(gate_seat_of(g, 5));
    assert_int_equal(gate_opens_ms(g, 0), 0);
    free(g);
}

static void test_a_source_has_its_part(void **state)
{
    (void)state;
    struct gate *g = gate(4, 2, 1000);
    assert_non_null(gate_admit(g, A, 5, 0));
    assert_non_null(gate_admit(g, A, 6, 0));
    assert_null(gate_admit(g, A, 7, 0));
    assert_null(gate_seat_of(g, 7));
    assert_non_null(gate_admit(g, B, 8, 0));
    free(g);
}

/* A second's worth after a pause, then one a step; who is refused counts. */
static void test_rate(void **state)
{
    (void)state;
    struct gate *g = gate(100, 1, 4);
    unsigned n = 0;
    for (; gate_opens_ms(g, 10000) == 10000; n++)
        gate_admit(g, A, 5 + (int)n, 10000);
    assert_int_equal(n, 4);
    assert_int_equal(gate_opens_ms(g, 10000), 10250);
    assert_int_equal(gate_opens_ms(g, 10250), 10250);
    gate_admit(g, A, 50, 10250);
    assert_int_equal(gate_opens_ms(g, 10250), 10500);
    free(g);
}

static void test_time(void **state)
{
    (void)state;
    struct gate *g = gate(4, 4, 1000);
    struct seat *early = gate_admit(g, A, 5, 0), *late = gate_admit(g, A, 6, 400);
    assert_int_equal(gate_next_ms(g), 1000);
    assert_null(gate_overdue(g, 999));
    assert_ptr_equal(gate_overdue(g, 1000), early);
    assert_null(gate_overdue(g, 1000));
    assert_int_equal(gate_next_ms(g), 1400);
    assert_ptr_equal(gate_seat_of(g, 5), early);
    assert_ptr_equal(gate_overdue(g, 2000), late);
    assert_int_equal(gate_next_ms(g), INT64_MAX);
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_a_source_has_its_part),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
