/* How long bodies and failures are kept: a row a rule, by a clock of the test's own (R-V-035). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stird/fetch/keep.h>

#define THEN ((int64_t)1790000000)
#define HOUR ((int64_t)3600)
#define DAY  (24 * HOUR)
#define NONE KEEP_NO_END

/* From the second of the fetch on; NONE: no end was given. */
struct story {
    const char *what;
    int64_t served_s, ends_s;
    int64_t renew_s, until_s, over_s; /* when each of these begins */
};

static const struct story stories[] = {
    {"the server says nothing: a day", -1, NONE, DAY * 8 / 10, DAY, 2 * DAY},
    {"less than a day: a day", 60, NONE, DAY * 8 / 10, DAY, 2 * DAY},
    {"not at all: a day", 0, NONE, DAY * 8 / 10, DAY, 2 * DAY},
    {"what it says", 2 * DAY, NONE, 2 * DAY * 8 / 10, 2 * DAY, 3 * DAY},
    {"a year: a week", 365 * DAY, NONE, 7 * DAY * 8 / 10, 7 * DAY, 8 * DAY},
    {"a certificate that ends in an hour", 2 * DAY, HOUR, HOUR * 8 / 10, HOUR, HOUR},
    {"one that ends while it is stale", -1, DAY + HOUR, DAY * 8 / 10, DAY, DAY + HOUR},
    {"one that ends later", -1, 90 * DAY, DAY * 8 / 10, DAY, 2 * DAY},
};

static enum keep_state expected(const struct story *s, int64_t age_s)
{
    if (age_s >= s->over_s)
        return KEEP_OVER;
    if (age_s >= s->until_s)
        return KEEP_STALE;
    return age_s >= s->renew_s ? KEEP_RENEW : KEEP_FRESH;
}

static void try_story(const struct story *s)
{
    const struct keep_rules rules = KEEP_RULES_USUAL;
    const struct kept kept = {THEN, s->served_s, s->ends_s == NONE ? NONE : THEN + s->ends_s};
    const int64_t limits[] = {0, s->renew_s, s->until_s, s->over_s, 400 * DAY};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        for (int64_t age_s = limits[i] - 1; age_s <= limits[i] + 1; age_s++)
            if (keep_state(&rules, &kept, THEN + age_s) != expected(s, age_s))
                fail_msg("%s: after %lld s", s->what, (long long)age_s);
}

/* R-V-014. */
static void bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
        try_story(&stories[i]);
}

static void other_rules(void **state)
{
    (void)state;
    const struct keep_rules rules = {.least_s = 10, .most_s = 100, .stale_s = 0};
    const struct kept short_one = {THEN, 1, NONE}, long_one = {THEN, 1000, NONE};
    assert_int_equal(keep_until_s(&rules, &short_one), THEN + 10);
    assert_int_equal(keep_until_s(&rules, &long_one), THEN + 100);
    assert_int_equal(keep_state(&rules, &short_one, THEN + 10), KEEP_OVER);
    const struct kept ended = {THEN, -1, THEN - 1};
    assert_int_equal(keep_state(&rules, &ended, THEN), KEEP_OVER);
}

/* The clock was set: back is no reason to use a body for a year, a little back is none to fetch. */
static void a_clock_that_steps(void **state)
{
    (void)state;
    const struct keep_rules rules = KEEP_RULES_USUAL;
    const struct kept kept = {THEN, -1, NONE};
    assert_int_equal(keep_state(&rules, &kept, THEN - 5), KEEP_FRESH);
    assert_int_equal(keep_state(&rules, &kept, THEN - 365 * DAY), KEEP_RENEW);
    assert_int_equal(keep_state(&rules, &kept, THEN + 365 * DAY), KEEP_OVER);
    assert_int_equal(keep_state(&rules, &kept, FETCH_TIME_MAX_S), KEEP_OVER);
    assert_int_equal(keep_state(&rules, &kept, 0), KEEP_RENEW);
}

/* One from the future is to be renewed by whoever uses it, and has its end as any other. */
static void a_body_from_the_future(void **state)
{
    (void)state;
    const struct keep_rules rules = KEEP_RULES_USUAL;
    for (int64_t ahead_s = 0; ahead_s <= 400 * DAY; ahead_s = ahead_s * 3 + 100) {
        struct kept kept = {THEN + ahead_s, -1, ahead_s / 100 % 2 ? THEN + 500 * DAY : NONE};
        assert_int_equal(keep_is_of_the_future(&kept, THEN), ahead_s > FETCH_CLOCK_SLACK_S);
        keep_as_due(&rules, &kept, THEN);
        assert_false(keep_is_of_the_future(&kept, THEN));
        assert_int_equal(keep_state(&rules, &kept, THEN), KEEP_RENEW);
        assert_int_equal(keep_state(&rules, &kept, THEN + DAY / 5), KEEP_STALE);
        assert_int_equal(keep_state(&rules, &kept, THEN + DAY / 5 + DAY), KEEP_OVER);
    }
    struct kept early = {THEN, -1, NONE};
    keep_as_due(&rules, &early, 60); /* a clock that has just begun */
    assert_int_equal(early.fetched_s, 0);
}

static void failures(void **state)
{
    (void)state;
    static const enum fetch_outcome grow[] = {FETCH_NAME,    FETCH_CONNECT, FETCH_TLS,
                                              FETCH_TIMEOUT, FETCH_BROKEN,  FETCH_SERVER};
    static const int64_t seconds[] = {30, 60, 120, 240, 480, 600, 600, 600};
    for (size_t i = 0; i < sizeof(grow) / sizeof(grow[0]); i++)
        for (unsigned n = 0; n < 8; n++)
            assert_int_equal(keep_failure_ms(grow[i], n + 1), seconds[n] * 1000);
    assert_int_equal(keep_failure_ms(FETCH_SERVER, UINT32_MAX), 600 * 1000);
    static const struct {
        enum fetch_outcome outcome;
        int64_t seconds;
    } same[] = {{FETCH_GONE, 60},         {FETCH_STATUS, 60},    {FETCH_GARBAGE, 300},
                {FETCH_TOO_MUCH, 300},    {FETCH_ENCODED, 300},  {FETCH_BAD_URL, 600},
                {FETCH_BAD_ADDRESS, 600}, {FETCH_OK, 0},         {FETCH_PENDING, 0},
                {FETCH_UNAVAILABLE, 0},   {FETCH_OVERLOADED, 0}, {FETCH_LIMIT, 0},
                {FETCH_BREAKER, 0}};
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        for (unsigned n = 1; n < 5; n++)
            assert_int_equal(keep_failure_ms(same[i].outcome, n), same[i].seconds * 1000);
}

static void whose_fault(void **state)
{
    (void)state;
    static const enum fetch_outcome nobodys[] = {FETCH_OK,     FETCH_LIMIT,   FETCH_GONE,
                                                 FETCH_STATUS, FETCH_GARBAGE, FETCH_UNAVAILABLE};
    for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++)
        assert_false(keep_is_hosts_fault(nobodys[i]));
    assert_true(keep_is_hosts_fault(FETCH_TIMEOUT));
    assert_false(keep_is_hosts_fault(FETCH_SERVER)); /* it answers */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),      cmocka_unit_test(other_rules),
        cmocka_unit_test(failures),    cmocka_unit_test(a_clock_that_steps),
        cmocka_unit_test(whose_fault), cmocka_unit_test(a_body_from_the_future),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
