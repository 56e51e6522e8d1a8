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
    const struct gate_rules rules = {
        .places = places, .per_source = per_source, .per_second = per_second, .most_ms = 1000};
    struct gate *g = gate_new(&rules, 0);
    assert_non_null(g);
    return g;
}

/* A seat for one who has said something. */
static struct seat *admit(struct gate *g, struct str source, int fd, int64_t now_ms)
{
    struct seat *seat = gate_admit(g, source, fd, now_ms);
    if (seat)
        seat->spoke = true;
    return seat;
}

static void test_places(void **state)
{
    (void)state;
    struct gate *g = gate(2, 2, 1000);
    struct seat *first = admit(g, A, 5, 0);
    assert_non_null(first);
    assert_non_null(admit(g, A, 6, 0));
    assert_true(gate_is_full(g));
    assert_null(admit(g, B, 7, 0));
    assert_ptr_equal(gate_seat_of(g, 5), first);
    gate_leave(g, first);
    assert_null(gate_seat_of(g, 5));
    assert_false(gate_is_full(g));
    free(g);
}

static void test_a_source_has_its_part(void **state)
{
    (void)state;
    struct gate *g = gate(4, 2, 1000);
    assert_non_null(admit(g, A, 5, 0));
    assert_non_null(admit(g, A, 6, 0));
    assert_null(admit(g, A, 7, 0));
    assert_null(gate_seat_of(g, 7));
    assert_non_null(admit(g, B, 8, 0));
    free(g);
}

/* How many of SOURCE have their turn now, of 1000 that come one after the other. */
static unsigned called(struct gate *g, struct str source, int64_t now_ms)
{
    unsigned n = 0;
    for (; n < 1000; n++) {
        struct seat *seat = admit(g, source, 5, now_ms), *next = gate_call(g, now_ms);
        assert_non_null(seat);
        assert_true(!next || next == seat);
        gate_leave(g, seat);
        if (!next)
            break;
    }
    return n;
}

/* A second's worth after a pause, then one a step. */
static void test_rate(void **state)
{
    (void)state;
    struct gate *g = gate(100, 50, 4);
    assert_int_equal(gate_calls_ms(g, 10000), INT64_MAX); /* nobody waits */
    assert_int_equal(called(g, A, 10000), 2);
    assert_int_equal(called(g, B, 10000), 2);
    struct seat *seat = admit(g, STR("c"), 5, 10000);
    assert_int_equal(gate_calls_ms(g, 10000), 10250);
    assert_null(gate_call(g, 10249));
    assert_int_equal(gate_calls_ms(g, 10250), 10250);
    assert_ptr_equal(gate_call(g, 10250), seat);
    assert_int_equal(gate_calls_ms(g, 10250), INT64_MAX);
    free(g);
}

/* In the order in which they came, but for who has spent what is its own. */
static void test_turns(void **state)
{
    (void)state;
    struct gate *g = gate(100, 50, 4);
    assert_int_equal(called(g, A, 10000), 2);
    struct seat *first = admit(g, A, 5, 10000), *second = admit(g, B, 6, 10000),
                *third = admit(g, B, 7, 10000), *fourth = admit(g, B, 8, 10000);
    assert_ptr_equal(gate_call(g, 10000), second);
    assert_ptr_equal(gate_call(g, 10000), third);
    assert_null(gate_call(g, 10000));
    assert_ptr_equal(gate_call(g, 10500), first);
    assert_ptr_equal(gate_call(g, 10500), fourth);
    free(g);
}

/* What one source is refused, for its places or for its rate, costs the others nothing: half of
   what a second allows is there for them at any time. */
static void test_one_source_leaves_the_others_their_rate(void **state)
{
    (void)state;
    struct gate *g = gate(100, 2, 50);
    assert_non_null(admit(g, A, 5, 0));
    assert_non_null(admit(g, A, 6, 0));
    for (unsigned i = 0; i < 1000; i++)
        assert_null(admit(g, A, 7, 0));
    while (gate_call(g, 0))
        ;
    assert_int_equal(called(g, B, 0), 25);
    free(g);
    g = gate(100, 50, 50);
    unsigned all = 0;
    for (int64_t ms = 10000; ms < 20000; ms += 10)
        all += called(g, A, ms);
    assert_in_range(all, 25 + 10 * 50 - 2, 25 + 10 * 50 + 2); /* alone it has all the rest */
    assert_int_equal(called(g, B, 19990), 25);
    free(g);
}

/* More sources than it keeps in mind: the rate of all holds. */
static void test_many_sources(void **state)
{
    (void)state;
    struct gate *g = gate(100, 50, 50);
    unsigned all = 0;
    for (unsigned i = 0; i < 10 * GATE_SOURCES; i++) {
        const struct str source = {(const char *)&i, sizeof(i)};
        all += called(g, source, 10000 + i);
    }
    assert_in_range(all, 50 + 2560 / 20 - 2, 50 + 2560 / 20 + 2);
    free(g);
}

static void test_time(void **state)
{
    (void)state;
    struct gate *g = gate(4, 4, 1000);
    struct seat *early = admit(g, A, 5, 0), *late = admit(g, A, 6, 400);
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

static void test_who_says_nothing_has_no_turn(void **state)
{
    (void)state;
    struct gate *g = gate(4, 4, 1000);
    struct seat *silent = gate_admit(g, A, 5, 0), *other = admit(g, A, 6, 0);
    assert_ptr_equal(gate_call(g, 0), other);
    assert_null(gate_call(g, 0));
    assert_int_equal(gate_calls_ms(g, 0), INT64_MAX);
    assert_int_equal(gate_next_ms(g), 1000);
    silent->spoke = true;
    assert_int_equal(gate_calls_ms(g, 0), 0);
    assert_ptr_equal(gate_call(g, 0), silent);
    free(g);
}

/* Four handshakes at once, of one source two; each for 300 ms where others wait. */
static struct gate *gate_of_handshakes(void)
{
    const struct gate_rules rules = {.places = 100,
                                     .per_source = 50,
                                     .per_second = 1000,
                                     .most_ms = 1000,
                                     .opening = 4,
                                     .opening_ms = 300};
    struct gate *g = gate_new(&rules, 0);
    assert_non_null(g);
    return g;
}

static void test_few_handshakes_at_once(void **state)
{
    (void)state;
    struct gate *g = gate_of_handshakes();
    for (int i = 0; i < 10; i++)
        admit(g, A, 10 + i, 0);
    struct seat *first = gate_call(g, 0);
    assert_non_null(gate_call(g, 0));
    assert_null(gate_call(g, 0)); /* it has its half */
    assert_int_equal(gate_calls_ms(g, 0), INT64_MAX);
    struct seat *b = admit(g, B, 30, 0), *c = admit(g, STR("c"), 31, 0);
    admit(g, STR("d"), 32, 0);
    assert_int_equal(gate_calls_ms(g, 0), 0);
    first->began = true; /* A may again; but it has one at it, and the others have none */
    assert_ptr_equal(gate_call(g, 0), b);
    assert_ptr_equal(gate_call(g, 0), c);
    assert_int_equal(gate_call(g, 0)->fd, 32);
    assert_null(gate_call(g, 0)); /* four are at it */
    gate_leave(g, b);
    assert_non_null(gate_call(g, 0));
    free(g);
}

static void test_a_long_handshake_makes_room(void **state)
{
    (void)state;
    struct gate *g = gate_of_handshakes();
    for (int i = 0; i < 2; i++) {
        admit(g, A, 10 + i, 0);
        admit(g, B, 20 + i, 0);
    }
    for (int i = 0; i < 4; i++)
        assert_non_null(gate_call(g, i));
    assert_null(gate_stuck(g, 900)); /* nobody wants its place */
    assert_int_equal(gate_stuck_ms(g), INT64_MAX);
    struct seat *c = admit(g, STR("c"), 30, 10);
    assert_null(gate_call(g, 10));
    assert_int_equal(gate_stuck_ms(g), 300);
    assert_null(gate_stuck(g, 299));
    const struct seat *stuck = gate_stuck(g, 300);
    assert_non_null(stuck);
    assert_int_equal(stuck->called_ms, 0);
    assert_true(stuck->thrown_out);
    assert_null(gate_stuck(g, 900)); /* there is room */
    assert_ptr_equal(gate_call(g, 300), c);
    free(g);
}

/* A time can be cut short, never made longer. */
static void test_hurry(void **state)
{
    (void)state;
    struct gate *g = gate(4, 4, 1000);
    struct seat *seat = admit(g, A, 5, 0), *other = admit(g, A, 6, 0);
    seat->hurry_ms = 300;
    other->hurry_ms = 5000;
    assert_int_equal(gate_next_ms(g), 300);
    assert_null(gate_overdue(g, 299));
    assert_ptr_equal(gate_overdue(g, 300), seat);
    assert_int_equal(gate_next_ms(g), 1000);
    assert_ptr_equal(gate_overdue(g, 1000), other);
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_a_source_has_its_part),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_one_source_leaves_the_others_their_rate),
        cmocka_unit_test(test_many_sources),
        cmocka_unit_test(test_who_says_nothing_has_no_turn),
        cmocka_unit_test(test_few_handshakes_at_once),
        cmocka_unit_test(test_a_long_handshake_makes_room),
        cmocka_unit_test(test_hurry),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
