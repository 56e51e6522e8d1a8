/* A caller who names hosts that do not exist, so that we seem cut off: nobody is asked for more
   than otherwise, and nothing is believed while a host that has served before answers. */
#include "fetcher_lab.h"

#define MINUTE_CALLS 600 /* one each 100 ms */

static uint64_t connections(void)
{
    return fetcher_counts(f, now).fetched[FETCH_CONNECT];
}

static void three_names(unsigned *n)
{
    char room[64];
    for (unsigned k = 0; k < 3; k++)
        fetched(numbered(room, "nowhere", (*n)++, 0));
}

/* A minute of calls with a new URL each of one host that takes no connection. */
static unsigned flood(bool flaps)
{
    char room[64];
    unsigned names = 1000, changes = 0;
    bool was = false;
    const uint64_t before = connections();
    for (unsigned i = 0; i < MINUTE_CALLS; i++) {
        pass_ms(100);
        fetched(numbered(room, "refuses", 1, i));
        if (!flaps || i % 10 != 9)
            continue;
        three_names(&names);
        changes += (fetcher_cut_off(f) != NULL) != was;
        was = fetcher_cut_off(f) != NULL;
        fetched(numbered(room, "a", 0, i)); /* a page of the caller's own */
        changes += (fetcher_cut_off(f) != NULL) != was;
        was = fetcher_cut_off(f) != NULL;
    }
    assert_in_range(changes, 0, 2);
    return (unsigned)(connections() - before);
}

/* Five that open the breaker, and a probe each half minute, and one where it ends. */
static void a_third_party_is_asked_for_no_more(void **state)
{
    unsigned names = 0;
    (void)state;
    assert_in_range(flood(false), 5, 8);
    tear_down(state), set_up(state);
    three_names(&names);
    assert_non_null(fetcher_cut_off(f));
    assert_in_range(flood(false), 5, 8);
    tear_down(state), set_up(state);
    assert_in_range(flood(true), 5, 8);
}

/* One URL that failed, each 100 ms for ten minutes. */
static void a_url_is_asked_for_no_more(void **state)
{
    char room[64];
    unsigned names = 0;
    (void)state;
    for (unsigned i = 0; i < 10 * MINUTE_CALLS; i++) {
        pass_ms(100);
        fetched(URL("refuses", "ok"));
        if (i % 10 != 9)
            continue;
        three_names(&names);
        fetched(numbered(room, "a", 0, i));
    }
    assert_in_range(connections(), 5, 12); /* 30 s, 60 s and so on; eased twice, probed */
}

/* The same of one who does not let it end: one probe each half minute at most, of all URLs. */
static void nor_while_it_lasts(void **state)
{
    char room[64];
    unsigned names = 0;
    (void)state;
    three_names(&names);
    for (unsigned i = 0; i < 10 * MINUTE_CALLS; i++) {
        pass_ms(100);
        struct told told = fetched(numbered(room, "refuses", i % 20, i % 20));
        assert_true(told.outcome == FETCH_CUT_OFF || told.outcome == FETCH_CONNECT);
    }
    assert_in_range(connections(), 20, 20 * 6 + 21);
}

static void keep_one(struct str url)
{
    struct told told = fetched(url);
    assert_int_equal(told.outcome, FETCH_OK);
    note(FETCH_PROVEN, url, told.fetched_s, now.real_s + (int64_t)365 * 86400);
}

/* Kept hosts are asked before it is believed, and tell that all is well. */
static void a_host_that_has_served_says_no(void **state)
{
    char room[64];
    unsigned names = 0;
    (void)state;
    for (unsigned i = 0; i < 20; i++)
        keep_one(numbered(room, "kept", i, i));
    const unsigned before = web_requests(web, NULL);
    for (unsigned i = 0; i < MINUTE_CALLS / 10; i++) {
        pass_ms(1000);
        three_names(&names);
        run_until_idle();
        assert_null(fetcher_cut_off(f));
    }
    assert_in_range(web_requests(web, NULL) - before, 1, 3); /* once in two minutes */
    assert_int_equal(fetcher_counts(f, now).bodies, 20);
}

/* Nor do these answer: it is true. The first that does ends it, without a call that asks for it. */
static void hosts_that_have_served_are_gone(void **state)
{
    char room[64];
    unsigned names = 0;
    (void)state;
    for (unsigned i = 0; i < 20; i++)
        keep_one(numbered(room, "kept", i, i));
    web_free(web);
    three_names(&names);
    run_until_idle();
    assert_non_null(fetcher_cut_off(f));
    assert_int_equal(connections(), 3); /* of the 20 */
    web = web_new(directory, host);
    struct told told = fetched(STR("https://nowhere0.lab.test:8443/gate0"));
    assert_told(&told, FETCH_CUT_OFF, FETCH_FROM_KEPT);
    run_until_idle();
    assert_null(fetcher_cut_off(f));
    pass_ms(1000);                                               /* not all at once */
    told = fetched(STR("https://nowhere0.lab.test:8443/gate0")); /* it is tried once more */
    assert_told(&told, FETCH_NAME, FETCH_FROM_SERVER);
    told = fetched(STR("https://nowhere0.lab.test:8443/gate0"));
    assert_told(&told, FETCH_NAME, FETCH_FROM_KEPT);
}

/* Nobody asks for anything any more. */
static void it_ends_with_time(void **state)
{
    unsigned names = 0;
    (void)state;
    three_names(&names);
    assert_non_null(fetcher_cut_off(f));
    pass_ms(5 * 60 * 1000 - 1);
    fetcher_run(f, now);
    assert_non_null(fetcher_cut_off(f));
    pass_ms(1);
    fetcher_run(f, now);
    assert_null(fetcher_cut_off(f));
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        story(a_third_party_is_asked_for_no_more),
        story(a_url_is_asked_for_no_more),
        story(nor_while_it_lasts),
        story(a_host_that_has_served_says_no),
        story(hosts_that_have_served_are_gone),
        story(it_ends_with_time),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
