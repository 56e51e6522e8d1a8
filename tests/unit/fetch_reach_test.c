/* Whether hosts are down, or nobody is reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fetch/fetch_reach.h"

static const enum fetch_outcome ours[] = {FETCH_NAME, FETCH_CONNECT, FETCH_TLS, FETCH_TIMEOUT};
static const enum fetch_outcome answered[] = {
    FETCH_OK, FETCH_SERVER, FETCH_GONE, FETCH_STATUS, FETCH_TOO_MUCH, FETCH_ENCODED, FETCH_GARBAGE};
static const enum fetch_outcome silent[] = {FETCH_BROKEN, FETCH_BAD_ADDRESS, FETCH_UNAVAILABLE};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static struct str numbered(char room[32], unsigned i)
{
    return (struct str){room, (size_t)snprintf(room, 32, "h%u.example.org", i)};
}

static struct fetch_reach cut_off_by(enum fetch_outcome outcome)
{
    struct fetch_reach r = {.after = FETCH_REACH_USUAL};
    char room[32];
    for (unsigned i = 0; i < FETCH_REACH_USUAL; i++) {
        assert_false(fetch_reach_is_cut_off(&r));
        assert_int_equal(fetch_reach_says(&r, outcome), outcome);
        assert_false(fetch_reach_note(&r, numbered(room, i), outcome));
    }
    assert_true(fetch_reach_is_cut_off(&r));
    return r;
}

/* Three hosts in a row, however they fail; until a server answers, whatever it says. */
static void several_hosts_in_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ours); i++)
        for (size_t k = 0; k < COUNT(answered); k++) {
            struct fetch_reach r = cut_off_by(ours[i]);
            for (size_t o = 0; o < COUNT(ours); o++)
                assert_int_equal(fetch_reach_says(&r, ours[o]), FETCH_CUT_OFF);
            assert_int_equal(fetch_reach_says(&r, FETCH_BREAKER), FETCH_CUT_OFF);
            assert_int_equal(fetch_reach_says(&r, FETCH_GONE), FETCH_GONE);
            assert_int_equal(fetch_reach_says(&r, FETCH_LIMIT), FETCH_LIMIT);
            assert_int_equal(r.last, ours[i]);
            assert_true(fetch_reach_note(&r, STR("h0.example.org"), answered[k]));
            assert_false(fetch_reach_is_cut_off(&r));
            assert_false(fetch_reach_note(&r, STR("h0.example.org"), answered[k]));
            assert_int_equal(fetch_reach_says(&r, FETCH_BREAKER), FETCH_BREAKER);
        }
}

/* One that is down is down, however often it is asked, by whatever spelling. */
static void one_host_that_is_down(void **state)
{
    struct fetch_reach r = {.after = FETCH_REACH_USUAL};
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        fetch_reach_note(&r, STR("a.example.org"), ours[i % COUNT(ours)]);
        fetch_reach_note(&r, STR("B.example.org"), ours[i % COUNT(ours)]);
        fetch_reach_note(&r, STR("A.Example.ORG"), ours[i % COUNT(ours)]);
    }
    assert_false(fetch_reach_is_cut_off(&r));
    assert_int_equal(fetch_reach_says(&r, FETCH_TIMEOUT), FETCH_TIMEOUT);
}

/* Others answer in between: what fails is theirs. What tells nothing changes nothing. */
static void not_in_a_row(void **state)
{
    struct fetch_reach r = {.after = FETCH_REACH_USUAL};
    char room[32];
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        fetch_reach_note(&r, numbered(room, i), FETCH_CONNECT);
        if (i % 2)
            fetch_reach_note(&r, STR("good.example.org"), answered[i % COUNT(answered)]);
        assert_false(fetch_reach_is_cut_off(&r));
    }
    for (unsigned i = 0; i < 1000; i++)
        fetch_reach_note(&r, numbered(room, i), silent[i % COUNT(silent)]);
    assert_false(fetch_reach_is_cut_off(&r));
    r = cut_off_by(FETCH_NAME);
    for (unsigned i = 0; i < 1000; i++)
        fetch_reach_note(&r, numbered(room, i), silent[i % COUNT(silent)]);
    assert_true(fetch_reach_is_cut_off(&r));
}

static void endless_names_and_none_that_counts(void **state)
{
    struct fetch_reach r = {.after = FETCH_REACH_MAX}, never = {.after = 0};
    char room[32];
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(fetch_reach_is_cut_off(&r), i >= FETCH_REACH_MAX);
        fetch_reach_note(&r, numbered(room, i), FETCH_NAME);
        fetch_reach_note(&never, numbered(room, i), FETCH_NAME);
    }
    assert_false(fetch_reach_is_cut_off(&never));
    assert_false(fetch_reach_note(&never, STR("a"), FETCH_OK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_hosts_in_a_row),
        cmocka_unit_test(one_host_that_is_down),
        cmocka_unit_test(not_in_a_row),
        cmocka_unit_test(endless_names_and_none_that_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
