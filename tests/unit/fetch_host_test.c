/* What is asked of a host and for a trunk, by a clock of the test's own (R-V-036,
   R-V-037). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "fetch/fetch_host.h"
#include "fetch/fetch_trunk.h"

#define HOST             STR("cert.example.org")
#define AT(name, number) (&(const struct fetch_aim){.host = name, .port = number})

static struct fetch_hosts *hosts;

static void set_hosts(unsigned n)
{
    struct host_rules rules = HOST_RULES_USUAL;
    rules.hosts = n;
    hosts = fetch_hosts_new(&rules);
    assert_non_null(hosts);
}

static int tear_down(void **state)
{
    (void)state;
    fetch_hosts_free(hosts);
    hosts = NULL;
    return 0;
}

static struct fetch_host *enter(struct str name, int64_t now_ms)
{
    struct fetch_host *host = NULL;
    assert_int_equal(fetch_host_enter(hosts, AT(name, 443), 1, now_ms, &host), FETCH_OK);
    return host;
}

static enum fetch_outcome refused(struct str name, int64_t now_ms)
{
    struct fetch_host *host = NULL;
    enum fetch_outcome outcome = fetch_host_enter(hosts, AT(name, 443), 1, now_ms, &host);
    assert_null(host);
    return outcome;
}

/* One fetch from its beginning to its end. */
static void fetch_once(struct str name, bool fault, int64_t now_ms)
{
    struct fetch_host *host = enter(name, now_ms);
    assert_true(fetch_host_begin(host, now_ms));
    fetch_host_end(host, fault, now_ms);
    fetch_host_leave(host);
}

static void four_at_once(void **state)
{
    (void)state;
    set_hosts(10);
    struct fetch_host *host = NULL;
    for (unsigned i = 0; i < 8; i++)
        host = enter(HOST, 0);
    for (unsigned i = 0; i < 4; i++)
        assert_true(fetch_host_begin(host, 0));
    assert_false(fetch_host_begin(host, 0));
    fetch_host_end(host, false, 0);
    assert_true(fetch_host_begin(host, 0));
    assert_false(fetch_host_begin(host, 0));
    assert_true(fetch_host_begin(enter(STR("other.example.org"), 0), 0));
}

static void ten_a_second_by_any_spelling(void **state)
{
    (void)state;
    set_hosts(10);
    for (unsigned i = 0; i < 20; i++)
        fetch_once(i % 2 ? HOST : STR("Cert.EXAMPLE.org."), false, 1000);
    assert_int_equal(refused(HOST, 1000), FETCH_LIMIT);
    assert_int_equal(refused(STR("CERT.example.org"), 1000), FETCH_LIMIT);
    fetch_once(STR("cert2.example.org"), false, 1000);
    unsigned n = 0;
    for (int64_t ms = 1000; ms < 11000; ms++) {
        struct fetch_host *host;
        if (fetch_host_enter(hosts, AT(HOST, 443), 1, ms, &host) == FETCH_OK) {
            fetch_host_leave(host);
            n++;
        }
    }
    assert_in_range(n, 99, 100);
}

static void a_breaker_opens_and_lets_one_probe_through(void **state)
{
    (void)state;
    set_hosts(10);
    for (unsigned i = 0; i < 4; i++)
        fetch_once(HOST, true, 0);
    fetch_once(HOST, false, 0); /* not in a row */
    for (unsigned i = 0; i < 4; i++)
        fetch_once(HOST, true, 0);
    assert_int_equal(fetch_hosts_shut(hosts, 0), 0);
    fetch_once(HOST, true, 0);
    assert_int_equal(fetch_hosts_shut(hosts, 0), 1);
    assert_int_equal(refused(HOST, 0), FETCH_BREAKER);
    assert_int_equal(refused(HOST, 29999), FETCH_BREAKER);

    struct fetch_host *probe = enter(HOST, 30000);
    assert_int_equal(refused(HOST, 30000), FETCH_BREAKER); /* one, and no more */
    assert_true(fetch_host_begin(probe, 30000));
    fetch_host_end(probe, true, 32000);
    fetch_host_leave(probe);
    assert_int_equal(refused(HOST, 61999), FETCH_BREAKER);

    fetch_once(HOST, false, 62000);
    fetch_once(HOST, false, 62000);
    assert_int_equal(fetch_hosts_shut(hosts, 62000), 0);
}

/* Who names a port where nobody listens shuts that port, and no other; nor does a good one open it.
   What is asked of the host is bounded by both together. */
static void a_breaker_is_a_ports(void **state)
{
    struct fetch_host *dead[4], *live = NULL;
    (void)state;
    set_hosts(10);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(fetch_host_enter(hosts, AT(HOST, 8443), 1, 0, &dead[i]), FETCH_OK);
        for (unsigned i = 0; i < 4; i++)
            assert_true(fetch_host_begin(dead[i], 0));
        assert_int_equal(fetch_host_enter(hosts, AT(HOST, 443), 1, 0, &live), FETCH_OK);
        assert_true(fetch_host_begin(live, 0)); /* whatever the other port does */
        for (unsigned i = 0; i < 4; i++)
            fetch_host_end(dead[i], true, 0);
        for (unsigned i = 0; i < 4; i++)
            fetch_host_leave(dead[i]);
        fetch_host_end(live, false, 0);
        fetch_host_leave(live);
    }
    assert_int_equal(fetch_hosts_shut(hosts, 0), 1);
    assert_int_equal(fetch_host_look(hosts, AT(HOST, 8443), 1, 0), FETCH_BREAKER);
    for (unsigned i = 0; i < 10; i++)
        fetch_once(HOST, false, 0);
    assert_int_equal(fetch_host_look(hosts, AT(HOST, 8443), 1, 0), FETCH_BREAKER);
    assert_int_equal(refused(HOST, 0), FETCH_LIMIT); /* 20 of either port */
}

/* Whoever names paths of a good host that it does not answer for shuts what has proven good for
   nobody; and a host that fails for those too is left alone, and gets a probe of each kind. */
static void what_has_proven_good_has_its_own_breaker(void **state)
{
    const struct fetch_aim proven = {.host = HOST, .port = 443, .is_proven = true};
    struct fetch_host *host;
    (void)state;
    set_hosts(10);
    for (unsigned i = 0; i < 5; i++)
        fetch_once(HOST, true, 0);
    assert_int_equal(refused(HOST, 0), FETCH_BREAKER);
    assert_int_equal(fetch_host_look(hosts, &proven, 1, 0), FETCH_OK);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(fetch_host_enter(hosts, &proven, 1, 0, &host), FETCH_OK);
        assert_true(fetch_host_begin(host, 0));
        fetch_host_end(host, true, 0);
        fetch_host_leave(host);
    }
    assert_int_equal(fetch_host_look(hosts, &proven, 1, 0), FETCH_BREAKER);
    assert_int_equal(fetch_hosts_shut(hosts, 0), 1);
    assert_int_equal(fetch_host_enter(hosts, AT(HOST, 443), 1, 30000, &host), FETCH_OK);
    assert_true(fetch_host_begin(host, 30000));
    assert_int_equal(fetch_host_enter(hosts, &proven, 1, 30000, &host), FETCH_OK);
    assert_true(fetch_host_begin(host, 30000));
}

/* What is known of whom a URL is asked of; names without end make nobody forget who proved good. */
static void standing(void **state)
{
    char name[64];
    struct fetch_aim aim = {.host = HOST, .port = 443};
    (void)state;
    set_hosts(10);
    assert_int_equal(fetch_hosts_standing(hosts, &aim), FETCH_OF_NEW_HOST);
    fetch_once(HOST, true, 0);
    assert_int_equal(fetch_hosts_standing(hosts, &aim), FETCH_OF_FAILED_HOST);
    fetch_once(HOST, false, 0);
    assert_int_equal(fetch_hosts_standing(hosts, &aim), FETCH_OF_NEW_HOST);
    fetch_hosts_prove(hosts, STR("CERT.example.org"), 0);
    fetch_hosts_prove(hosts, STR("another.example.org"), 0);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "h%u.example.org", i);
        fetch_once((struct str){name, strlen(name)}, true, 0);
    }
    assert_int_equal(fetch_host_standing(enter(HOST, 0)), FETCH_OF_PROVEN_HOST);
    aim.host = STR("another.example.org");
    assert_int_equal(fetch_hosts_standing(hosts, &aim), FETCH_OF_PROVEN_HOST);
    aim.is_proven = true;
    assert_int_equal(fetch_hosts_standing(hosts, &aim), FETCH_OF_PROVEN_URL);
}

/* A port that hangs has its own places, and both together half as many more. */
static void places_of_a_port(void **state)
{
    static const uint16_t ports[] = {8443, 443};
    struct fetch_host *entered[2];
    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        set_hosts(10);
        for (unsigned i = 0; i < 2; i++)
            for (unsigned k = 0; k < 8; k++)
                assert_int_equal(fetch_host_enter(hosts, AT(HOST, ports[i]), 1, 0, &entered[i]),
                                 FETCH_OK);
        for (unsigned k = 0; k < 4; k++)
            assert_true(fetch_host_begin(entered[first], 0));
        assert_false(fetch_host_begin(entered[first], 0));
        assert_true(fetch_host_begin(entered[!first], 0));
        assert_true(fetch_host_begin(entered[!first], 0));
        assert_false(fetch_host_begin(entered[!first], 0)); /* six of the host */
        fetch_host_end(entered[first], false, 0);
        assert_true(fetch_host_begin(entered[!first], 0));
        tear_down(state);
    }
}

/* ---- the shares of trunks ---- */

/* Whether one more is fetched for this trunk at NOW_MS. */
static bool gets(uint32_t trunk, int64_t now_ms)
{
    struct fetch_host *host;
    if (fetch_host_enter(hosts, AT(HOST, 443), trunk, now_ms, &host) != FETCH_OK)
        return false;
    fetch_host_leave(host);
    return true;
}

/* One that asks without end takes what nobody else wants, and nothing of another one's share. */
static void one_trunk_takes_no_share_of_another(void **state)
{
    static const struct {
        int64_t every_ms; /* what the modest one asks for: less than half of ten a second */
        int64_t from_ms;
    } cases[] = {{250, 0}, {250, 5}, {250, 5000}, {1000, 1}, {3000, 7}, {210, 1999}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned greedy = 0, modest = 0;
        set_hosts(10);
        for (int64_t ms = 0; ms < 30000; ms++) {
            greedy += gets(1, ms);
            if (ms < cases[i].from_ms || (ms - cases[i].from_ms) % cases[i].every_ms != 0)
                continue;
            if (!gets(2, ms))
                fail_msg("case %zu: refused at %lld ms", i, (long long)ms);
            modest++;
        }
        assert_in_range(greedy + modest, 300, 300 + 2 * 20);
        assert_true(greedy > 300 - modest - 20);
        tear_down(state);
    }
}

/* What all want is shared evenly, as long as anybody asks, and no host is asked for more. */
static void many_trunks_share_evenly(void **state)
{
    (void)state;
    for (unsigned n = 2; n <= 16; n += 7) {
        unsigned got[16] = {0}, all = 0;
        set_hosts(10);
        for (int64_t ms = 0; ms < 5000; ms++)
            gets(0, ms); /* one alone has had its time */
        for (int64_t ms = 5000; ms < 65000; ms++)
            for (unsigned t = 0; t < n; t++)
                got[t] += gets(t, ms);
        for (unsigned t = 0; t < n; t++) {
            all += got[t];
            assert_in_range(got[t], 600 / n - 3, 600 / n + 4);
        }
        assert_true(all <= 600 + 20);
        tear_down(state);
    }
}

/* As many as nobody expects: what they have together is bounded. */
static void more_trunks_than_shares(void **state)
{
    unsigned all = 0;
    (void)state;
    set_hosts(10);
    for (int64_t ms = 0; ms < 60000; ms += 7)
        for (uint32_t t = 0; t < 200; t++)
            all += gets(ms % 2 ? t : 200 - t, ms);
    assert_in_range(all, 600, 600 + 2 * 20);
    for (int64_t ms = 100000; ms < 101000; ms += 1000) /* and after a pause one alone has all */
        for (all = 0; gets(7, ms); all++)
            ;
    assert_int_equal(all, 20);
}

/* Many that ask without end, and one that asks seldom: it is never refused for ever. */
static void one_that_asks_seldom_among_many(void **state)
{
    static const unsigned others[] = {16, 24, 40, 63};
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        unsigned got = 0, asked = 0, all = 0;
        set_hosts(10);
        for (int64_t ms = 0; ms < 100000; ms += 100) {
            for (uint32_t t = 0; t < others[i]; t++)
                all += gets(t, ms);
            if (ms < 5000 || ms % 15000 != 0)
                continue;
            asked++;
            got += gets(1000, ms);
        }
        assert_int_equal(got, asked);
        assert_in_range(all + got, 900, 1000 + 2 * 20);
        tear_down(state);
    }
}

/* Many that ask without end, many that ask too seldom to stay among those who share, and one that
   asks for a little less than his share of ten a second: neither he nor those others are refused
   for them. */
static void who_asks_for_less_than_his_share(void **state)
{
    static const struct {
        unsigned greedy, seldom;
        int64_t every_ms;
    } cases[] = {{43, 20, 6600}, {30, 20, 5300}, {62, 1, 6600}, {5, 58, 6600}, {10, 5, 1700}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned all = 0, refused = 0, seldom = 0, refused_seldom = 0;
        const unsigned n = cases[i].seldom;
        set_hosts(10);
        for (int64_t ms = 1; ms < 600000; ms++) {
            for (uint32_t t = 0; t < cases[i].greedy && ms % 5 == 0; t++)
                all += gets(100 + t, ms);
            for (uint32_t t = 0; t < n; t++)
                if (ms % 10050 == t * 10050 / n) {
                    seldom++;
                    refused_seldom += !gets(1000 + t, ms) && ms > 60000;
                }
            if (ms % cases[i].every_ms == 0 && ms > 60000)
                refused += !gets(1, ms);
        }
        if (refused > 0 || refused_seldom > 0)
            fail_msg("case %zu: %u refused, and %u of %u", i, refused, refused_seldom, seldom);
        assert_true(all + seldom <= 10 * 600 + 64);
        tear_down(state);
    }
}

/* What no call waits for leaves half of the burst. */
static void renewals_leave_something_to_calls(void **state)
{
    unsigned renewed = 0, got = 0;
    (void)state;
    set_hosts(10);
    for (unsigned i = 0; i < 100; i++)
        if (fetch_host_look_spare(hosts, AT(HOST, 443), 1, 0) == FETCH_OK)
            renewed += gets(1, 0);
    assert_int_equal(renewed, 11);
    assert_int_equal(fetch_host_look(hosts, AT(HOST, 443), 1, 0), FETCH_OK);
    while (gets(1, 0))
        got++;
    assert_int_equal(got, 9);
    assert_int_equal(fetch_host_look_spare(hosts, AT(HOST, 443), 1, 500), FETCH_LIMIT);
    assert_int_equal(fetch_host_look_spare(hosts, AT(HOST, 443), 1, 1000), FETCH_OK);
}

/* The least that can be set: a burst of fewer tokens than there are shares starves nobody. */
static void one_a_second(void **state)
{
    struct host_rules rules = HOST_RULES_USUAL;
    unsigned got[16] = {0}, all = 0;
    (void)state;
    rules.rate = (struct token_rate){1, 2};
    hosts = fetch_hosts_new(&rules);
    for (int64_t ms = 0; ms < 100000; ms += 100)
        for (uint32_t t = 0; t < 16; t++)
            got[t] += gets(t, ms);
    for (uint32_t t = 0; t < 16; t++) {
        assert_in_range(got[t], 5, 8);
        all += got[t];
    }
    assert_in_range(all, 95, 100 + 2 * 2);
}

/* Those that had entered before it opened. */
static void who_waits_for_a_host_that_fails(void **state)
{
    (void)state;
    set_hosts(10);
    struct fetch_host *host = NULL;
    for (unsigned i = 0; i < 10; i++)
        host = enter(HOST, 0);
    for (unsigned i = 0; i < 5; i++) {
        assert_false(fetch_host_is_shut(host, 0));
        assert_true(fetch_host_begin(host, 0));
        fetch_host_end(host, true, 0);
        fetch_host_leave(host);
    }
    assert_true(fetch_host_is_shut(host, 0));
    assert_false(fetch_host_begin(host, 0));
    /* Should nobody have looked for the time of the pause: one at a time. */
    assert_true(fetch_host_begin(host, 30000));
    assert_false(fetch_host_begin(host, 30000));
}

static struct str numbered(char room[32], unsigned i)
{
    return (struct str){room, (size_t)snprintf(room, 32, "h%u.example.org", i)};
}

static void endless_names_have_no_endless_room(void **state)
{
    char room[32];
    (void)state;
    set_hosts(8);
    struct fetch_host *busy = enter(STR("busy.example.org"), 0);
    for (unsigned i = 0; i < 5; i++)
        fetch_once(HOST, true, 0);
    for (unsigned i = 0; i < 6; i++) /* the table is full now */
        fetch_once(numbered(room, i), false, 0);
    assert_int_equal(refused(HOST, 0), FETCH_BREAKER); /* used: others go before it */
    for (unsigned i = 100; i < 106; i++)
        fetch_once(numbered(room, i), false, 0);
    assert_int_equal(refused(HOST, 0), FETCH_BREAKER);
    for (unsigned i = 200; i < 210; i++)
        fetch_once(numbered(room, i), false, 0);
    fetch_once(HOST, true, 0);              /* forgotten, as fetch_host.h says */
    assert_true(fetch_host_begin(busy, 0)); /* and what is being fetched never is */
    fetch_host_end(busy, false, 0);

    for (unsigned i = 300; i < 307; i++)
        enter(numbered(room, i), 0);
    assert_int_equal(refused(HOST, 0), FETCH_OVERLOADED);
    fetch_host_leave(busy);
    fetch_once(HOST, false, 0);
}

static void a_trunk_has_a_budget_of_its_own(void **state)
{
    static struct fetch_trunks all = {
        .rules = {.rate = {.per_s = 20, .burst = 100}, .percent = 50}};
    (void)state;
    const uint32_t which[] = {0, 1, FETCH_TRUNKS_MAX - 1, FETCH_TRUNKS_MAX, FETCH_NO_TRUNK};
    for (unsigned t = 0; t < 4; t++) {
        struct fetch_trunk *trunk = fetch_trunk_of(&all, which[t]);
        unsigned n = 0;
        while (n < 1000 && fetch_trunk_take(&all, trunk, 5000))
            n++;
        assert_int_equal(n, 100);
        n = 0;
        for (int64_t ms = 5000; ms <= 15000; ms++)
            n += fetch_trunk_take(&all, trunk, ms);
        assert_int_equal(n, 200);
    }
    assert_ptr_equal(fetch_trunk_of(&all, which[3]), fetch_trunk_of(&all, which[4]));
    unsigned mine = 0, others = 0; /* of 32 places */
    while (fetch_trunk_has_room(&all, mine, 32 - mine))
        mine++;
    assert_int_equal(mine, 16);
    while (fetch_trunk_has_room(&all, others, 32 - mine - others))
        others++;
    assert_int_equal(others, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(four_at_once, tear_down),
        cmocka_unit_test_teardown(ten_a_second_by_any_spelling, tear_down),
        cmocka_unit_test_teardown(a_breaker_opens_and_lets_one_probe_through, tear_down),
        cmocka_unit_test_teardown(a_breaker_is_a_ports, tear_down),
        cmocka_unit_test_teardown(what_has_proven_good_has_its_own_breaker, tear_down),
        cmocka_unit_test_teardown(standing, tear_down),
        cmocka_unit_test_teardown(places_of_a_port, tear_down),
        cmocka_unit_test_teardown(one_trunk_takes_no_share_of_another, tear_down),
        cmocka_unit_test_teardown(many_trunks_share_evenly, tear_down),
        cmocka_unit_test_teardown(more_trunks_than_shares, tear_down),
        cmocka_unit_test_teardown(one_that_asks_seldom_among_many, tear_down),
        cmocka_unit_test_teardown(who_asks_for_less_than_his_share, tear_down),
        cmocka_unit_test_teardown(renewals_leave_something_to_calls, tear_down),
        cmocka_unit_test_teardown(one_a_second, tear_down),
        cmocka_unit_test_teardown(who_waits_for_a_host_that_fails, tear_down),
        cmocka_unit_test_teardown(endless_names_have_no_endless_room, tear_down),
        cmocka_unit_test(a_trunk_has_a_budget_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
