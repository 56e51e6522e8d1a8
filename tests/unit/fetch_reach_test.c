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

static enum fetch_reach_news fails(struct fetch_reach *r, unsigned i, enum fetch_outcome outcome,
                                   int64_t now_ms)
{
    char room[32];
    return fetch_reach_note(r, numbered(room, i), outcome, now_ms);
}

/* Where nothing has ever served, three hosts are all that can be asked. */
static struct fetch_reach cut_off_by(enum fetch_outcome outcome)
{
    struct fetch_reach r = {.after = FETCH_REACH_USUAL};
    for (unsigned i = 0; i < FETCH_REACH_USUAL; i++) {
        assert_false(fetch_reach_is_cut_off(&r));
        assert_int_equal(fetch_reach_says(&r, outcome), outcome);
        assert_int_equal(fails(&r, i, outcome, 1000 + i),
                         i + 1 < FETCH_REACH_USUAL ? FETCH_REACH_SAME : FETCH_REACH_SUSPECTED);
    }
    assert_false(fetch_reach_is_cut_off(&r));
    fetch_reach_probed(&r, 0);
    assert_true(fetch_reach_is_cut_off(&r));
    assert_int_equal(r.since_ms, 1000);
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
            assert_int_equal(fails(&r, 0, answered[k], 2000), FETCH_REACH_OVER);
            assert_false(fetch_reach_is_cut_off(&r));
            assert_int_equal(fails(&r, 0, answered[k], 2000), FETCH_REACH_SAME);
            assert_int_equal(fetch_reach_says(&r, FETCH_BREAKER), FETCH_BREAKER);
        }
}

/* One that is down is down, however often it is asked, by whatever spelling. */
static void one_host_that_is_down(void **state)
{
    static const char *const names[] = {"a.example.org", "B.example.org", "A.Example.ORG"};
    struct fetch_reach r = {.after = FETCH_REACH_USUAL};
    (void)state;
    for (unsigned i = 0; i < 3000; i++)
        assert_int_equal(fetch_reach_note(&r, str_of(names[i % 3]), ours[i % COUNT(ours)], i),
                         FETCH_REACH_SAME);
    assert_false(fetch_reach_is_cut_off(&r));
    assert_int_equal(fetch_reach_says(&r, FETCH_TIMEOUT), FETCH_TIMEOUT);
}

/* Others answer in between: what fails is theirs. What tells nothing changes nothing. */
static void not_in_a_row(void **state)
{
    struct fetch_reach r = {.after = FETCH_REACH_USUAL};
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(fails(&r, i, FETCH_CONNECT, i), FETCH_REACH_SAME);
        if (i % 2)
            fetch_reach_note(&r, STR("good.example.org"), answered[i % COUNT(answered)], i);
    }
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(fails(&r, i, silent[i % COUNT(silent)], i), FETCH_REACH_SAME);
    r = cut_off_by(FETCH_NAME);
    for (unsigned i = 0; i < 1000; i++)
        fails(&r, i, silent[i % COUNT(silent)], i);
    assert_true(fetch_reach_is_cut_off(&r));
}

static void endless_names_and_none_that_counts(void **state)
{
    struct fetch_reach r = {.after = FETCH_REACH_MAX}, never = {.after = 0};
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(fails(&r, i, FETCH_NAME, 0),
                         i + 1 == FETCH_REACH_MAX ? FETCH_REACH_SUSPECTED : FETCH_REACH_SAME);
        assert_int_equal(fails(&never, i, FETCH_NAME, 0), FETCH_REACH_SAME);
    }
    fetch_reach_probed(&r, 0);
    assert_true(fetch_reach_is_cut_off(&r));
    assert_false(fetch_reach_is_cut_off(&never));
    assert_int_equal(fails(&never, 0, FETCH_OK, 0), FETCH_REACH_SAME);
}

/* It is not believed before those that have served fail too; one of them is enough to say no. */
static void hosts_that_have_served_are_asked(void **state)
{
    (void)state;
    for (unsigned answers = 0; answers < 4; answers++) { /* 3: none of them */
        struct fetch_reach r = {.after = FETCH_REACH_USUAL};
        for (unsigned i = 0; i < FETCH_REACH_USUAL; i++)
            fails(&r, i, FETCH_NAME, 0);
        fetch_reach_probed(&r, 3);
        for (unsigned i = 0; i < 3; i++) {
            assert_false(fetch_reach_is_cut_off(&r));
            assert_int_equal(fetch_reach_says(&r, FETCH_NAME), FETCH_NAME);
            assert_int_equal(fails(&r, 10 + i, i == answers ? FETCH_GONE : FETCH_TIMEOUT, 1),
                             FETCH_REACH_SAME);
            fetch_reach_probe_ended(&r);
        }
        assert_int_equal(fetch_reach_is_cut_off(&r), answers == 3);
    }
}

/* Three dead names and a page of the caller's own each 10 ms: it begins once in two minutes, and
   forgives once in five. */
static void whoever_wants_it_to_flap(void **state)
{
    struct fetch_reach r = {.after = FETCH_REACH_USUAL};
    unsigned suspected = 0, over = 0, eased = 0;
    (void)state;
    for (int64_t ms = 0; ms < 60 * 60 * 1000; ms += 10) {
        for (unsigned i = 0; i < FETCH_REACH_USUAL; i++)
            if (fails(&r, i, FETCH_NAME, ms) == FETCH_REACH_SUSPECTED) {
                suspected++;
                fetch_reach_probed(&r, 0);
            }
        if (fails(&r, 9, FETCH_OK, ms) == FETCH_REACH_OVER) {
            over++;
            eased += fetch_reach_may_ease(&r, ms);
        }
    }
    assert_int_equal(suspected, 30);
    assert_int_equal(over, 30);
    assert_in_range(eased, 10, 12);
}

/* Nothing has failed for five minutes: nobody knows. Meanwhile one probe each half minute. */
static void it_ends_with_time(void **state)
{
    struct fetch_reach r = cut_off_by(FETCH_CONNECT), fine = {.after = FETCH_REACH_USUAL};
    unsigned probes = 0;
    (void)state;
    for (int64_t ms = 2000; ms < 302000; ms += 10)
        probes += fetch_reach_may_probe(&r, ms);
    assert_int_equal(probes, 10);
    assert_false(fetch_reach_may_probe(&fine, 1000000));
    fails(&r, 0, FETCH_CONNECT, 10000);
    fetch_reach_pass(&r, 10000 + FETCH_REACH_QUIET_MS - 1);
    assert_true(fetch_reach_is_cut_off(&r));
    fetch_reach_pass(&r, 10000 + FETCH_REACH_QUIET_MS);
    assert_false(fetch_reach_is_cut_off(&r));
    assert_int_equal(fails(&r, 0, FETCH_CONNECT, 10000000), FETCH_REACH_SAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_hosts_in_a_row),
        cmocka_unit_test(one_host_that_is_down),
        cmocka_unit_test(not_in_a_row),
        cmocka_unit_test(endless_names_and_none_that_counts),
        cmocka_unit_test(hosts_that_have_served_are_asked),
        cmocka_unit_test(whoever_wants_it_to_flap),
        cmocka_unit_test(it_ends_with_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
