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

#define HOST STR("cert.example.org")

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
    assert_int_equal(fetch_host_enter(hosts, name, 443, now_ms, &host), FETCH_OK);
    return host;
}

static enum fetch_outcome refused(struct str name, int64_t now_ms)
{
    struct fetch_host *host = NULL;
    enum fetch_outcome outcome = fetch_host_enter(hosts, name, 443, now_ms, &host);
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
        if (fetch_host_enter(hosts, HOST, 443, ms, &host) == FETCH_OK) {
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
            assert_int_equal(fetch_host_enter(hosts, HOST, 8443, 0, &dead[i]), FETCH_OK);
        for (unsigned i = 0; i < 4; i++)
            assert_true(fetch_host_begin(dead[i], 0));
        assert_int_equal(fetch_host_enter(hosts, HOST, 443, 0, &live), FETCH_OK);
        assert_false(fetch_host_begin(live, 0)); /* four places of the host */
        for (unsigned i = 0; i < 4; i++)
            fetch_host_end(dead[i], true, 0);
        for (unsigned i = 0; i < 4; i++)
            fetch_host_leave(dead[i]);
        assert_true(fetch_host_begin(live, 0));
        fetch_host_end(live, false, 0);
        fetch_host_leave(live);
    }
    assert_int_equal(fetch_hosts_shut(hosts, 0), 1);
    assert_int_equal(fetch_host_look(hosts, HOST, 8443, 0), FETCH_BREAKER);
    for (unsigned i = 0; i < 10; i++)
        fetch_once(HOST, false, 0);
    assert_int_equal(fetch_host_look(hosts, HOST, 8443, 0), FETCH_BREAKER);
    assert_int_equal(refused(HOST, 0), FETCH_LIMIT); /* 20 of either port */
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
        cmocka_unit_test_teardown(who_waits_for_a_host_that_fails, tear_down),
        cmocka_unit_test_teardown(endless_names_have_no_endless_room, tear_down),
        cmocka_unit_test(a_trunk_has_a_budget_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
