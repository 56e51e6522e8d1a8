/* The fetcher where much is asked of it at once, and where hosts and name servers hang. */
#include "fetcher_lab.h"

/* ---- many at once ---- */

/* R-V-015. */
static void one_get_for_all_who_ask(void **state)
{
    static struct told told[1000];
    (void)state;
    memset(told, 0, sizeof(told));
    web_gate(web, false);
    for (unsigned i = 0; i < 1000; i++) {
        ask_as(FETCH_ASK, i % 7, URL("a", "gate"), 4000, &told[i]);
        if (i % 100 == 0)
            turn();
    }
    assert_int_equal(fetcher_counts(f, now).waiting, 1000);
    while (web_read(web, &web->held) == 0)
        turn();
    web_gate(web, true);
    for (unsigned i = 0; i < 1000; i++) {
        run_until_told(&told[i]);
        assert_told(&told[i], FETCH_OK, i == 0 ? FETCH_FROM_SERVER : FETCH_FROM_OTHERS);
        assert_string_equal(told[i].body, "/gate");
        assert_int_equal(told[i].times, 1);
    }
    assert_int_equal(web_requests(web, NULL), 1);
    assert_int_equal(fetcher_counts(f, now).waiting, 0);
}

static void each_is_answered_at_his_own_deadline(void **state)
{
    static const unsigned wait_ms[] = {400, 100, 0, 250, 5000};
    struct told told[5] = {{0}};
    (void)state;
    web_gate(web, false);
    for (unsigned i = 0; i < 5; i++)
        ask(URL("a", "gate"), wait_ms[i], &told[i]);
    const int64_t from_ms = now.monotonic_ms;
    for (int64_t ms = 0; ms <= 400; ms += 50) {
        now.monotonic_ms = from_ms + ms;
        fetcher_run(f, now);
        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(told[i].times, wait_ms[i] <= ms);
    }
    for (unsigned i = 0; i < 4; i++)
        assert_told(&told[i], FETCH_PENDING, FETCH_FROM_KEPT);
    while (web_read(web, &web->held) == 0)
        turn();
    web_gate(web, true); /* the fetch went on, for the last one and for those that come */
    run_until_told(&told[4]);
    assert_told(&told[4], FETCH_OK, FETCH_FROM_OTHERS);
    struct told later = fetched(URL("a", "gate"));
    assert_told(&later, FETCH_OK, FETCH_FROM_KEPT);
    assert_int_equal(web_requests(web, NULL), 1);
}

/* Until a wait ends the loop sleeps, and not longer. */
static void the_wait_ends_with_the_first_deadline(void **state)
{
    struct fetcher_options o = lab_options();
    struct told told = {0};
    (void)state;
    o.at_once = 0; /* nothing is ever transferred that could wake it */
    begin_with(&o);
    ask(URL("a", "ok"), 50, &told);
    now.monotonic_ms += 49;
    fetcher_run(f, now);
    assert_int_equal(told.times, 0);
    fetcher_wait(f, NULL, 0, 600000, now); /* returns after a millisecond, or the test hangs */
    now.monotonic_ms++;
    fetcher_run(f, now);
    assert_told(&told, FETCH_PENDING, FETCH_FROM_KEPT);
}

/* R-V-036. */
static void four_of_a_host_and_half_for_a_trunk(void **state)
{
    static struct told told[200];
    char room[64];
    unsigned n = 0;
    (void)state;
    memset(told, 0, sizeof(told));
    web_gate(web, false);
    for (unsigned i = 0; i < 10; i++)
        ask_as(FETCH_ASK, 1, numbered(room, "one", 0, i), 5000, &told[n++]);
    while (web_read(web, &web->held) < 4)
        turn();
    assert_int_equal(fetcher_counts(f, now).running, 4);
    assert_int_equal(fetcher_counts(f, now).queued, 6);
    for (unsigned i = 0; i < 60; i++) /* of 15 more hosts */
        ask_as(FETCH_ASK, 1, numbered(room, "many", i % 15, i), 5000, &told[n++]);
    assert_int_equal(fetcher_counts(f, now).running, 8); /* none of these has proven good */
    for (unsigned i = 0; i < 100; i++)
        ask_as(FETCH_ASK, 2 + i / 10, numbered(room, "other", i % 30, i), 5000, &told[n++]);
    assert_true(n <= 200);
    assert_in_range(fetcher_counts(f, now).running, 28, 32);
    while (web_read(web, &web->held) < fetcher_counts(f, now).running)
        turn();
    web_gate(web, true);
    for (unsigned i = 0; i < n; i++) {
        run_until_told(&told[i]);
        assert_int_equal(told[i].outcome, FETCH_OK);
    }
    assert_in_range(web_read(web, &web->held_most), 28, 32);
    assert_int_equal(web_requests(web, NULL), n);
}

/* The host has served what a call's signature verified by. */
static void prove(const char *begins, unsigned n_host)
{
    char room[64];
    const struct str url = numbered(room, begins, n_host, 1000);
    const struct told told = fetched(url);
    assert_int_equal(told.outcome, FETCH_OK);
    note(FETCH_PROVEN, url, told.fetched_s, now.real_s + 86400);
}

/* Hosts that nothing is known of have half of a trunk's places, and give way in the queue. */
static void those_who_proved_good_go_first(void **state)
{
    static struct told strange[60], good[20], more;
    struct fetcher_options o = lab_options();
    char room[64];
    (void)state;
    memset(strange, 0, sizeof(strange));
    memset(good, 0, sizeof(good));
    more = (struct told){0};
    o.queued = 60;
    begin_with(&o);
    for (unsigned i = 0; i < 5; i++)
        prove("good", i);
    web_gate(web, false);
    for (unsigned i = 0; i < 60; i++)
        ask_as(FETCH_ASK, 0, numbered(room, "h", i, i), 5000, &strange[i]);
    assert_int_equal(fetcher_counts(f, now).running, 8);
    unsigned refused = 0; /* beyond the 30 that a trunk may have in the queue */
    for (unsigned i = 0; i < 60; i++)
        refused += strange[i].times > 0;
    assert_int_equal(refused, 60 - 8 - 30);
    for (unsigned i = 0; i < 20; i++)
        ask_as(FETCH_ASK, 0, numbered(room, "good", i % 5, i), 5000, &good[i]);
    assert_int_equal(fetcher_counts(f, now).running, 16);
    assert_int_equal(fetcher_counts(f, now).queued, 30);
    unsigned gave_way = 0;
    for (unsigned i = 0; i < 60; i++)
        if (strange[i].times > 0) {
            assert_told(&strange[i], FETCH_OVERLOADED, FETCH_FROM_KEPT);
            gave_way++;
        }
    assert_int_equal(gave_way, refused + 20 - 8);
    web_gate(web, true);
    for (unsigned i = 0; i < 20; i++) {
        run_until_told(&good[i]);
        assert_int_equal(good[i].outcome, FETCH_OK);
    }
    run_until_idle();
    ask_as(FETCH_ASK, 0, numbered(room, "new", 0, 0), 5000, &more);
    run_until_told(&more);
    assert_int_equal(more.outcome, FETCH_OK);
}

static unsigned count_told(const struct told *told, unsigned n)
{
    unsigned count = 0;
    for (unsigned i = 0; i < n; i++)
        count += told[i].times > 0;
    return count;
}

/* Its calls that wait are left alone. */
static void nobody_gives_way_to_one_whose_budget_is_spent(void **state)
{
    static struct told strange[30], good[40];
    struct fetcher_options o = lab_options();
    char room[64];
    unsigned asked = 0;
    (void)state;
    memset(strange, 0, sizeof(strange));
    memset(good, 0, sizeof(good));
    o.queued = 40;
    o.new_per_trunk = 10; /* 50 at once */
    begin_with(&o);
    for (unsigned i = 0; i < 5; i++)
        prove("good", i);
    web_gate(web, false);
    for (unsigned i = 0; i < 30; i++)
        ask_as(FETCH_ASK, 0, numbered(room, "h", i, i), 5000, &strange[i]);
    assert_int_equal(count_told(strange, 30), 30 - 8 - 20); /* these run, those are queued */
    for (; asked < 50 - 5 - 8 - 20; asked++)                /* what is left of his budget */
        ask_as(FETCH_ASK, 0, numbered(room, "good", asked % 5, asked), 5000, &good[asked]);
    assert_int_equal(count_told(good, 40), 0);
    const unsigned gone = count_told(strange, 30);
    assert_in_range(gone, 30 - 8 - 20, 30 - 8 - 1);
    for (; asked < 40; asked++) {
        ask_as(FETCH_ASK, 0, numbered(room, "good", asked % 5, asked), 5000, &good[asked]);
        assert_told(&good[asked], FETCH_LIMIT, FETCH_FROM_KEPT);
    }
    assert_int_equal(count_told(strange, 30), gone);
    web_gate(web, true);
    run_until_idle();
}

static void new_urls_of_a_host_and_of_a_trunk(void **state)
{
    char room[64];
    (void)state;
    web_gate(web, false);
    struct told told[3] = {{0}};
    for (unsigned i = 0; i < 10000; i++) { /* another path at one victim each */
        struct told one = {0};
        ask_as(FETCH_ASK, 1, numbered(room, "victim", 0, i), 0, &one);
        assert_int_equal(one.outcome, i < 20 ? FETCH_PENDING : FETCH_LIMIT);
    }
    for (unsigned i = 0; i < 10000;
         i++) { /* another host each: what the victim refused cost none */
        struct told one = {0};
        ask_as(FETCH_ASK, 1, numbered(room, "h", i, i), 0, &one);
        assert_int_equal(one.outcome, i < 80 ? FETCH_PENDING : FETCH_LIMIT);
    }
    ask_as(FETCH_ASK, 2, numbered(room, "h", 0, 1), 0, &told[0]);
    assert_int_equal(told[0].outcome, FETCH_PENDING); /* another trunk has its own */
    pass_ms(1000);
    unsigned n = 0;
    for (unsigned i = 0; i < 100; i++) {
        struct told one = {0};
        ask_as(FETCH_ASK, 1, numbered(room, "h", i, i + 20000), 0, &one);
        n += one.outcome == FETCH_PENDING;
    }
    assert_int_equal(n, 20);
    web_gate(web, true);
    run_until_idle();
    assert_int_equal(web_requests(web, NULL), 121);
}

/* What one trunk asks of a host costs another one neither its rate nor its turn. */
static void trunks_that_ask_one_host(void **state)
{
    static struct told flood[40], told[4];
    char room[64];
    (void)state;
    memset(flood, 0, sizeof(flood));
    memset(told, 0, sizeof(told));
    web_gate(web, false);
    for (unsigned i = 0; i < 40; i++)
        ask_as(FETCH_ASK, 1, numbered(room, "victim", 0, i), 5000, &flood[i]);
    for (unsigned i = 20; i < 40; i++)
        assert_told(&flood[i], FETCH_LIMIT, FETCH_FROM_KEPT);
    ask_as(FETCH_ASK, 2, numbered(room, "victim", 0, 100), 5000, &told[0]);
    ask_as(FETCH_ASK, 3, numbered(room, "victim", 0, 101), 5000, &told[1]);
    ask_as(FETCH_ASK, 4, numbered(room, "victim", 0, 19), 5000, &told[2]); /* the last of them */
    while (web_read(web, &web->held) < 4)
        turn();
    web_gate(web, true);
    for (unsigned i = 0; i < 3; i++) {
        run_until_told(&told[i]);
        assert_int_equal(told[i].outcome, FETCH_OK);
    }
    unsigned waiting = 0; /* of those before them */
    for (unsigned i = 0; i < 20; i++)
        waiting += flood[i].times == 0;
    assert_true(waiting > 0);
    for (unsigned i = 0; i < 20; i++) {
        run_until_told(&flood[i]);
        assert_int_equal(flood[i].outcome, FETCH_OK);
    }
    assert_int_equal(web_requests(web, NULL), 22);
}

static void a_queue_has_an_end(void **state)
{
    struct fetcher_options o = lab_options();
    char room[64];
    (void)state;
    o.queued = 10;
    o.askers = 3;
    begin_with(&o);
    web_gate(web, false);
    struct told told[6] = {{0}};
    for (unsigned i = 0; i < 5; i++)
        ask(URL("a", "gate"), 1000, &told[i]);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(told[i].times, i >= 3);
    assert_told(&told[3], FETCH_OVERLOADED, FETCH_FROM_KEPT);
    unsigned overloaded = 0;
    for (unsigned i = 0; i < 40; i++) {
        struct told one = {0};
        ask_as(FETCH_ASK, 1, numbered(room, "h", i, i), 0, &one);
        overloaded += one.outcome == FETCH_OVERLOADED;
    }
    assert_in_range(overloaded, 10, 39);
    assert_in_range(fetcher_counts(f, now).queued, 5, 10);
    web_gate(web, true);
    run_until_idle();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(told[i].outcome, FETCH_OK);
}

/* ---- hosts that hang ---- */

/* By its address, so that all of the short time is spent at the host. */
static struct str hanging_url(char room[64], unsigned n)
{
    return (struct str){room, (size_t)snprintf(room, 64, "https://%s:8443/%u", hanging_host, n)};
}

static void a_hanging_host_is_left_alone(void **state)
{
    struct fetcher_options o = lab_options();
    char room[64];
    (void)state;
    o.fetch.timeout_ms = 100;
    begin_with(&o);
    struct told told[12] = {{0}};
    for (unsigned i = 0; i < 12; i++)
        ask(hanging_url(room, i), 5000, &told[i]);
    for (unsigned i = 0; i < 12; i++)
        run_until_told(&told[i]);
    unsigned timed_out = 0, given_up = 0;
    for (unsigned i = 0; i < 12; i++) {
        timed_out += told[i].outcome == FETCH_TIMEOUT;
        given_up += told[i].outcome == FETCH_BREAKER;
    }
    assert_int_equal(timed_out + given_up, 12);
    assert_in_range(timed_out, 5, 8); /* those that were under way when it opened */
    assert_int_equal(fetcher_counts(f, now).shut, 1);
    struct told one = fetched(hanging_url(room, 100));
    assert_told(&one, FETCH_BREAKER, FETCH_FROM_KEPT);
    pass_ms(30000);
    struct told probe[2] = {{0}};
    ask(hanging_url(room, 101), 5000, &probe[0]);
    ask(hanging_url(room, 102), 5000, &probe[1]);
    assert_told(&probe[1], FETCH_BREAKER, FETCH_FROM_KEPT);
    run_until_told(&probe[0]);
    assert_told(&probe[0], FETCH_TIMEOUT, FETCH_FROM_SERVER);
}

static bool is_stuck(unsigned n)
{
    pthread_mutex_lock(&names_lock);
    bool stuck = names_stuck == n;
    pthread_mutex_unlock(&names_lock);
    return stuck;
}

/* The fetcher ends first: it waits for nobody. */
static void let_names_answer(void)
{
    fetcher_free(f);
    f = NULL;
    pthread_mutex_lock(&names_lock);
    names_answer = true;
    pthread_cond_broadcast(&names_changed);
    while (names_stuck > 0)
        pthread_cond_wait(&names_changed, &names_lock);
    pthread_mutex_unlock(&names_lock);
}

/* What nobody answers about a name holds up nobody else, and no place. */
static void a_name_server_that_hangs(void **state)
{
    struct fetcher_options o = lab_options();
    char room[64];
    struct told told[4] = {{0}};
    (void)state;
    pthread_mutex_lock(&names_lock);
    names_answer = false;
    pthread_mutex_unlock(&names_lock);
    o.fetch.timeout_ms = 300;
    begin_with(&o);
    for (unsigned i = 0; i < 4; i++)
        ask(numbered(room, "stuck", i, i), 5000, &told[i]);
    while (!is_stuck(4))
        turn();
    unsigned theirs = 0, ours = 0;
    for (unsigned i = 0; i < 4; i++) {
        run_until_told(&told[i]); /* although the resolver has not returned */
        assert_int_equal(told[i].source, FETCH_FROM_SERVER);
        theirs += told[i].outcome == FETCH_NAME;
        ours += told[i].outcome == FETCH_CUT_OFF;
    }
    assert_int_equal(theirs, 2); /* of the third on the fault is ours */
    assert_int_equal(ours, 2);
    assert_non_null(fetcher_cut_off(f));
    assert_true(is_stuck(4));
    assert_int_equal(fetcher_counts(f, now).running, 0);
    assert_int_equal(fetcher_counts(f, now).lingering, 4);
    pass_ms(9999);
    fetcher_run(f, now);
    assert_int_equal(fetcher_counts(f, now).lingering, 4);
    pass_ms(1);
    fetcher_run(f, now);
    assert_int_equal(fetcher_counts(f, now).running, 0);
    assert_int_equal(fetcher_counts(f, now).lingering, 0);
    let_names_answer();
}

/* Of names that nobody answers for threads are bounded: beyond that each holds its place. */
static void many_names_that_hang(void **state)
{
    enum { NAMES = 80, MOST = 64 };
    struct fetcher_options o = lab_options();
    static struct told told[NAMES];
    char room[64];
    (void)state;
    memset(told, 0, sizeof(told));
    o.fetch.timeout_ms = 300;
    o.cut_off_after = 0;
    begin_with(&o);
    pthread_mutex_lock(&names_lock);
    names_answer = false;
    pthread_mutex_unlock(&names_lock);
    for (unsigned i = 0; i < NAMES; i++)
        ask_as(FETCH_ASK, i % 16, numbered(room, "stuck", i, i), 5000, &told[i]);
    unsigned ended = 0;
    while (ended < NAMES) {
        ended = 0;
        turn();
        for (unsigned i = 0; i < NAMES; i++)
            ended += told[i].times > 0;
    }
    const struct fetcher_counts c = fetcher_counts(f, now);
    assert_int_equal(c.lingering, NAMES);
    assert_int_equal(c.held, NAMES - MOST);
    assert_int_equal(c.running, NAMES - MOST);
    pass_ms(10000);
    fetcher_run(f, now);
    assert_int_equal(fetcher_counts(f, now).lingering, 0);
    assert_int_equal(fetcher_counts(f, now).held, 0);
    assert_int_equal(fetcher_counts(f, now).running, 0);
    let_names_answer();
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        story(one_get_for_all_who_ask),
        story(each_is_answered_at_his_own_deadline),
        story(the_wait_ends_with_the_first_deadline),
        story(four_of_a_host_and_half_for_a_trunk),
        story(those_who_proved_good_go_first),
        story(nobody_gives_way_to_one_whose_budget_is_spent),
        story(new_urls_of_a_host_and_of_a_trunk),
        story(trunks_that_ask_one_host),
        story(a_queue_has_an_end),
        story(a_hanging_host_is_left_alone),
        story(a_name_server_that_hangs),
        story(many_names_that_hang),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
