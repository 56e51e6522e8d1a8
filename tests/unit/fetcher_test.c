/* The fetcher against web servers of the lab: what it fetches, keeps and is asked. */
#include "fetcher_lab.h"
#include "no_memory.h"

#include <fcntl.h>
#include <stird/core/verification.h>
#include <stird/io/control.h>
#include <stird/io/fetcher_client.h>

#define HOUR_MS (3600 * 1000)

/* ---- what comes, and how long it is kept ---- */

static void a_body_comes_and_is_kept(void **state)
{
    (void)state;
    struct told told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    assert_string_equal(told.body, "/ok");
    assert_int_equal(told.status, 200);
    assert_int_equal(told.fetched_s, now.real_s);
    assert_int_equal(told.until_s, now.real_s + 86400);
    for (unsigned i = 0; i < 100; i++) {
        told = fetched(URL("a", "ok"));
        assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
        assert_string_equal(told.body, "/ok");
    }
    told = fetched(URL("a", "week"));
    assert_int_equal(told.until_s, now.real_s + 7 * 86400);
    told = fetched(URL("a", "hint")); /* what a provisional response says is not said of it */
    assert_int_equal(told.until_s, now.real_s + 86400);
    assert_string_equal(told.body, "/hint");
    told = fetched(URL("a", "trailer")); /* in pieces is no encoding of the body */
    assert_string_equal(told.body, "/trailer");
    told = fetched(URL("a", "32k"));
    assert_int_equal(told.octets, 32768);
    assert_int_equal(web_requests(web, NULL), 5);
}

static void renewed_in_the_background_from_four_fifths_on(void **state)
{
    (void)state;
    fetched(URL("a", "ok"));
    pass_ms(19 * HOUR_MS);
    fetched(URL("a", "ok"));
    assert_int_equal(web_requests(web, "/ok"), 1);
    pass_ms(HOUR_MS);
    struct told told = fetched(URL("a", "ok")); /* uses what is there */
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    assert_int_equal(told.fetched_s, now.real_s - 20 * 3600);
    run_until_idle();
    assert_int_equal(web_requests(web, "/ok"), 2);
    told = fetched(URL("a", "ok"));
    assert_int_equal(told.fetched_s, now.real_s);
    assert_int_equal(web_requests(web, "/ok"), 2);
    pass_ms((int64_t)72 * HOUR_MS); /* long over */
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    assert_int_equal(web_requests(web, "/ok"), 3);
}

/* The server is gone: kept to its end, then stale, then no more. */
static void a_body_that_cannot_be_renewed(void **state)
{
    (void)state;
    fetched(URL("a", "ok"));
    web_free(web);
    pass_ms(23 * HOUR_MS);
    struct told told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    run_until_idle();
    pass_ms(2 * HOUR_MS);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_STALE);
    assert_string_equal(told.body, "/ok");
    told = fetched(URL("a", "ok")); /* nobody tries at once again */
    assert_told(&told, FETCH_OK, FETCH_FROM_STALE);
    pass_ms(24 * HOUR_MS);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_CONNECT, FETCH_FROM_SERVER);
    const struct fetcher_counts c = fetcher_counts(f, now);
    assert_int_equal(c.fetched[FETCH_CONNECT], 3);
    web = web_new(directory, host);
}

static void nobody_uses_it_beyond_its_end(void **state)
{
    (void)state;
    struct told told = fetched(URL("a", "ok"));
    note(FETCH_PROVEN, URL("a", "ok"), told.fetched_s - 1, now.real_s + 60); /* another body */
    told = fetched(URL("a", "ok"));
    assert_int_equal(told.until_s, now.real_s + 86400);
    note(FETCH_PROVEN, URL("a", "ok"), told.fetched_s, now.real_s + 3600);
    told = fetched(URL("a", "ok"));
    assert_int_equal(told.until_s, now.real_s + 3600);
    pass_ms(HOUR_MS);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
}

/* What was over when it came is served to all who ask for five minutes, not fetched for each. */
static void one_that_is_over_is_kept_for_a_while(void **state)
{
    const enum fetch_kind kinds[] = {FETCH_OVER, FETCH_PROVEN}; /* of a worker that is late */
    struct told told = fetched(URL("a", "ok"));
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        note(FETCH_OVER, URL("a", "ok"), told.fetched_s - 1, 0); /* another body */
        note(kinds[i], URL("a", "ok"), told.fetched_s, now.real_s);
        for (unsigned k = 0; k < 10; k++) {
            told = fetched(URL("a", "ok"));
            assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
            assert_string_equal(told.body, "/ok");
            assert_int_equal(told.until_s, told.fetched_s + 300);
        }
        run_until_idle();
        assert_int_equal(web_requests(web, "/ok"), 1 + i);
        pass_ms(5 * 60 * 1000);
        told = fetched(URL("a", "ok"));
        assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    }
    note(FETCH_PROVEN, URL("a", "ok"), told.fetched_s, now.real_s + 3600);
    note(FETCH_OVER, URL("a", "ok"), told.fetched_s, 0); /* others vouched for it */
    told = fetched(URL("a", "ok"));
    assert_int_equal(told.until_s, told.fetched_s + 3600);
}

static void garbage_is_not_fetched_for_five_minutes(void **state)
{
    (void)state;
    struct told told = fetched(URL("a", "ok"));
    note(FETCH_REFUSED, URL("a", "ok"), told.fetched_s + 1, 0);
    note(FETCH_REFUSED, URL("a", "other"), told.fetched_s, 0);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    note(FETCH_REFUSED, URL("a", "ok"), told.fetched_s, 0);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_GARBAGE, FETCH_FROM_KEPT);
    pass_ms(5 * 60 * 1000);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
}

static void a_wrong_key_costs_one_renewal_a_minute(void **state)
{
    (void)state;
    fetched(URL("a", "ok"));
    struct told told = fetched_as(FETCH_RENEW, URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    pass_ms(61 * 1000);
    told = fetched_as(FETCH_RENEW, URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    assert_int_equal(told.fetched_s, now.real_s);
    for (unsigned i = 0; i < 100; i++)
        fetched_as(FETCH_RENEW, URL("a", "ok"));
    assert_int_equal(web_requests(web, "/ok"), 2);
    told = fetched_as(FETCH_RENEW, URL("a", "new")); /* of what is not there: as any question */
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
}

/* One that some call found at fault: once in five minutes, however many workers have it from
   whenever; who has an older one than the fetcher gets that. */
static void what_is_at_fault_costs_one_fetch_in_five_minutes(void **state)
{
    struct told told = fetched(URL("a", "changes"));
    struct fetch_question q = {.kind = FETCH_RENEW,
                               .ticket = 77,
                               .wait_ms = FETCH_WAIT_MAX_MS,
                               .fetched_s = told.fetched_s,
                               .url = URL("a", "changes")};
    (void)state;
    for (unsigned i = 1; i < 30; i++) {
        pass_ms(60 * 1000);
        for (unsigned worker = 0; worker < 10; worker++) {
            told = (struct told){.times = 0};
            fetcher_ask(f, &q, now, done, &told);
            run_until_told(&told);
            assert_int_equal(told.outcome, FETCH_OK);
        }
        assert_int_equal(web_requests(web, "/changes"), 1 + i / 5);
    }
    assert_string_equal(told.body, "/changes-6");
}

/* ---- a clock that is set right ---- */

static void set_clock_back(int64_t s)
{
    now.real_s -=
        s; /* and how long what failed counts, the breakers and the limits go by another */
}

/* What was fetched ahead of its time is due now, and ends as any other where it cannot be had. */
static void a_clock_that_was_ahead(void **state)
{
    static const enum fetch_kind kinds[] = {FETCH_PROVEN, FETCH_OVER, FETCH_KINDS};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        const struct fetcher_options o = lab_options();
        begin_with(&o);
        const unsigned before = web_requests(web, "/ok");
        struct told told = fetched(URL("a", "ok"));
        if (kinds[i] != FETCH_KINDS)
            note(kinds[i], URL("a", "ok"), told.fetched_s, now.real_s + 400 * 86400);
        set_clock_back(100 * 86400);
        told = fetched(URL("a", "ok")); /* used, and renewed beside */
        assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
        assert_true(told.fetched_s <= now.real_s);
        assert_true(told.until_s <= now.real_s + 86400);
        run_until_idle();
        assert_int_equal(web_requests(web, "/ok"), before + 2);
        told = fetched(URL("a", "ok"));
        assert_int_equal(told.fetched_s, now.real_s);
        assert_int_equal(web_requests(web, "/ok"), before + 2);
    }
    fetched(URL("a", "other"));
    set_clock_back(100 * 86400);
    web_free(web);
    fetched(URL("a", "other"));
    run_until_idle();
    pass_ms((int64_t)50 * HOUR_MS);
    struct told told = fetched(URL("a", "other"));
    assert_told(&told, FETCH_CONNECT, FETCH_FROM_SERVER);
    set_clock_back(100 * 86400); /* it may have failed for that */
    told = fetched(URL("a", "other"));
    assert_told(&told, FETCH_CONNECT, FETCH_FROM_SERVER);
    told = fetched(URL("a", "other"));
    assert_told(&told, FETCH_CONNECT, FETCH_FROM_KEPT);
    pass_ms((int64_t)121 * 1000); /* its third failure in a row: by the clock that nobody sets */
    told = fetched(URL("a", "other"));
    assert_told(&told, FETCH_CONNECT, FETCH_FROM_SERVER);
    web = web_new(directory, host);
}

/* With a directory to keep in, which is the caller's to close. */
static struct fetcher_options begin_kept(void)
{
    char path[1300];
    struct fetcher_options o = lab_options();
    snprintf(path, sizeof(path), "%s/kept", directory);
    o.directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    begin_with(&o);
    return o;
}

static void a_clock_that_was_ahead_over_a_restart(void **state)
{
    const struct fetcher_options o = begin_kept();
    (void)state;
    struct told told = fetched(URL("a", "ok"));
    note(FETCH_PROVEN, URL("a", "ok"), told.fetched_s, now.real_s + 90 * 86400);
    set_clock_back(100 * 86400);
    begin_with(&o);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    run_until_idle();
    assert_int_equal(web_requests(web, "/ok"), 2);
    told = fetched(URL("a", "ok"));
    assert_int_equal(told.fetched_s, now.real_s);
    fetcher_drop(f, URL("a", "ok"));
    close(o.directory);
}

/* What is over by that clock is not lost by it, in memory or on disk. */
static void a_clock_that_leaps_ahead_and_back(void **state)
{
    const struct fetcher_options o = begin_kept();
    (void)state;
    struct told told = fetched(URL("a", "ok"));
    note(FETCH_PROVEN, URL("a", "ok"), told.fetched_s, now.real_s + 90 * 86400);
    web_free(web);
    for (unsigned restarted = 0; restarted < 2; restarted++) {
        set_clock_back((int64_t)-53 * 3600);
        told = fetched(URL("a", "ok"));
        assert_told(&told, FETCH_CONNECT, FETCH_FROM_SERVER);
        set_clock_back((int64_t)53 * 3600);
        if (restarted)
            begin_with(&o);
        told = fetched(URL("a", "ok"));
        assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
        assert_string_equal(told.body, "/ok");
    }
    web = web_new(directory, host);
    fetcher_drop(f, URL("a", "ok"));
    close(o.directory);
}

/* What is really over is exchanged, and another one of the same octets has an end of its own. */
static void what_is_over_makes_way(void **state)
{
    const struct fetcher_options o = begin_kept();
    (void)state;
    struct told told = fetched(URL("a", "ok"));
    note(FETCH_PROVEN, URL("a", "ok"), told.fetched_s, now.real_s + 3600);
    const unsigned before = web_requests(web, "/ok");
    pass_ms(2 * HOUR_MS);
    for (unsigned i = 0; i < 3; i++) {
        told = fetched(URL("a", "ok"));
        assert_int_equal(told.until_s, told.fetched_s + 86400);
        assert_int_equal(web_requests(web, "/ok"), before + 1);
    }
    note(FETCH_OVER, URL("a", "ok"), told.fetched_s, 0);
    fetched(URL("a", "ok"));
    assert_int_equal(web_requests(web, "/ok"), before + 1);
    fetcher_drop(f, URL("a", "ok"));
    assert_int_equal(fetcher_counts(f, now).bodies, 0);
    close(o.directory);
}

static void a_restart_fetches_nothing_anew(void **state)
{
    const struct fetcher_options o = begin_kept();
    (void)state;
    struct told told = fetched(URL("a", "ok"));
    fetched(URL("a", "nobody-vouches"));
    note(FETCH_PROVEN, URL("a", "ok"), told.fetched_s, now.real_s + 90 * 86400);
    begin_with(&o);
    pass_ms(HOUR_MS);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    assert_string_equal(told.body, "/ok");
    told = fetched(URL("a", "nobody-vouches"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    assert_int_equal(fetcher_counts(f, now).proven, 1);
    close(o.directory);
}

/* Has the body of the first request proven, and fetches the next one. */
static struct told prove_and_renew(void)
{
    struct told told = fetched(URL("a", "changes"));
    note(FETCH_PROVEN, URL("a", "changes"), told.fetched_s, now.real_s + 90 * 86400);
    assert_false(told.has_former);
    pass_ms(20 * HOUR_MS);
    fetched(URL("a", "changes"));
    run_until_idle();
    return fetched(URL("a", "changes"));
}

/* R-V-034. The fetcher judges nothing: both are there until a worker says which leads to an anchor.
 */
static void a_newer_body_that_is_worse(void **state)
{
    (void)state;
    struct told newer = prove_and_renew(), told;
    assert_string_equal(newer.body, "/changes-2");
    assert_true(newer.has_former);
    told = fetched_as(FETCH_FORMER, URL("a", "changes"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    assert_string_equal(told.body, "/changes-1");
    assert_false(told.has_former);
    note(FETCH_REFUSED, URL("a", "changes"), newer.fetched_s, 0);
    for (unsigned i = 0; i < 10; i++) {
        told = fetched(URL("a", "changes"));
        assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
        assert_string_equal(told.body, "/changes-1");
        assert_false(told.has_former);
    }
    run_until_idle();
    assert_int_equal(web_requests(web, "/changes"), 2);          /* not again for five minutes */
    note(FETCH_REFUSED, URL("a", "changes"), told.fetched_s, 0); /* others vouched for it */
    told = fetched(URL("a", "changes"));
    assert_string_equal(told.body, "/changes-1");
    pass_ms(5 * 60 * 1000);
    fetched(URL("a", "changes"));
    run_until_idle();
    assert_int_equal(web_requests(web, "/changes"), 3);
}

static void a_newer_body_that_is_as_good(void **state)
{
    (void)state;
    struct told newer = prove_and_renew(), told;
    note(FETCH_PROVEN, URL("a", "changes"), newer.fetched_s, now.real_s + 90 * 86400);
    told = fetched(URL("a", "changes"));
    assert_string_equal(told.body, "/changes-2");
    assert_false(told.has_former);
    assert_int_equal(fetcher_counts(f, now).bodies, 1);
    told = fetched_as(FETCH_FORMER, URL("a", "changes"));
    assert_string_equal(told.body, "/changes-2");
    told = fetched_as(FETCH_FORMER, URL("a", "ok"));
    assert_told(&told, FETCH_UNAVAILABLE, FETCH_FROM_KEPT);
    assert_int_equal(web_requests(web, "/ok"), 0);
}

/* Each has its own time. */
static void a_former_body_ends_too(void **state)
{
    (void)state;
    struct told newer = prove_and_renew(), told;
    pass_ms((int64_t)29 * HOUR_MS);
    told = fetched_as(FETCH_FORMER, URL("a", "changes"));
    assert_told(&told, FETCH_UNAVAILABLE, FETCH_FROM_KEPT);
    note(FETCH_REFUSED, URL("a", "changes"), newer.fetched_s, 0);
    told = fetched(URL("a", "changes"));
    assert_told(&told, FETCH_GARBAGE, FETCH_FROM_KEPT);
}

/* ---- what cannot be had ---- */

/* R-V-037: whoever names paths that a good host has not shuts nobody out: it answers. */
static void what_a_host_says_shuts_nothing(void **state)
{
    char room[64];
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        const size_t n = (size_t)snprintf(room, sizeof(room), "https://a.lab.test:8443/%u",
                                          500 + i);
        struct told told = fetched((struct str){room, n});
        assert_told(&told, FETCH_SERVER, FETCH_FROM_SERVER);
    }
    assert_int_equal(fetcher_counts(f, now).shut, 0);
    struct told told = fetched(URL("a", "short"));
    assert_told(&told, FETCH_BROKEN, FETCH_FROM_SERVER);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
}

/* R-V-035: a redirect, no name, TLS, what is not there, a server's fault, garbage: each has its
   name, what it means for a call, and its time. */
static void each_failure_has_its_name_and_is_remembered(void **state)
{
    static const struct {
        const char *url;
        enum fetch_outcome outcome;
        unsigned status;
        int64_t seconds;
        enum verification_certificate means; /* of which the reason of a call is made */
    } cases[] = {
        {"https://a.lab.test:8443/404", FETCH_GONE, 404, 60, CERTIFICATE_UNAVAILABLE},
        {"https://a.lab.test:8443/410", FETCH_GONE, 410, 60, CERTIFICATE_UNAVAILABLE},
        {"https://a.lab.test:8443/403", FETCH_STATUS, 403, 60, CERTIFICATE_UNAVAILABLE},
        {"https://a.lab.test:8443/206", FETCH_STATUS, 206, 60, CERTIFICATE_UNAVAILABLE},
        {"https://a.lab.test:8443/302", FETCH_STATUS, 302, 60, CERTIFICATE_UNAVAILABLE},
        {"https://b.lab.test:8443/500", FETCH_SERVER, 500, 30, CERTIFICATE_UNAVAILABLE},
        {"https://b.lab.test:8443/503", FETCH_SERVER, 503, 30, CERTIFICATE_UNAVAILABLE},
        {"https://b.lab.test:8443/429", FETCH_SERVER, 429, 30, CERTIFICATE_UNAVAILABLE},
        {"https://c.lab.test:8443/endless", FETCH_TOO_MUCH, 200, 300, CERTIFICATE_UNREADABLE},
        {"https://c.lab.test:8443/33k", FETCH_TOO_MUCH, 200, 300, CERTIFICATE_UNREADABLE},
        {"https://c.lab.test:8443/gzip", FETCH_ENCODED, 200, 300, CERTIFICATE_UNAVAILABLE},
        {"https://d.lab.test:8443/twice", FETCH_ENCODED, 200, 300, CERTIFICATE_UNAVAILABLE},
        {"https://d.lab.test:8443/packed", FETCH_ENCODED, 200, 300, CERTIFICATE_UNAVAILABLE},
        {"https://d.lab.test:8443/packing", FETCH_ENCODED, 200, 300, CERTIFICATE_UNAVAILABLE},
        {"https://d.lab.test:8443/head", FETCH_ENCODED, 200, 300, CERTIFICATE_UNAVAILABLE},
        {"https://d.lab.test:8443/status", FETCH_ENCODED, 200, 300, CERTIFICATE_UNAVAILABLE},
        {"https://d.lab.test:8443/heads", FETCH_ENCODED, 200, 300, CERTIFICATE_UNAVAILABLE},
        {"https://c.lab.test:8443/short", FETCH_BROKEN, 200, 30, CERTIFICATE_UNAVAILABLE},
        {"https://c.lab.test:8443/nonsense", FETCH_BROKEN, 0, 30, CERTIFICATE_UNAVAILABLE},
        {"https://c.lab.test:8443/length", FETCH_BROKEN, 200, 30, CERTIFICATE_UNAVAILABLE},
        {"https://other.example.test:8443/ok", FETCH_TLS, 0, 30, CERTIFICATE_UNAVAILABLE},
        {"https://nowhere.lab.test:8443/ok", FETCH_NAME, 0, 30, CERTIFICATE_UNAVAILABLE},
        {"https://refuses.lab.test:8443/ok", FETCH_CONNECT, 0, 30, CERTIFICATE_UNAVAILABLE},
        {"https://a.lab.test:8444/ok", FETCH_BAD_URL, 0, 0, CERTIFICATE_UNAVAILABLE},
        {"http://a.lab.test:8443/ok", FETCH_BAD_URL, 0, 0, CERTIFICATE_UNAVAILABLE},
        {"https://me@a.lab.test:8443/ok", FETCH_BAD_URL, 0, 0, CERTIFICATE_UNAVAILABLE},
        {"", FETCH_BAD_URL, 0, 0, CERTIFICATE_UNAVAILABLE},
    };
    struct fetcher_options o = lab_options();
    (void)state;
    o.cut_off_after = 0; /* each fault is its host's */
    begin_with(&o);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct told told = fetched(str_of(cases[i].url));
        if (told.outcome != cases[i].outcome || told.octets > 0)
            fail_msg("%s: %s", cases[i].url, fetch_outcome_word(told.outcome));
        assert_int_equal(verification_certificate_of(told.outcome), cases[i].means);
        assert_int_equal(told.status, cases[i].status);
        const unsigned requests = web_requests(web, NULL);
        const uint64_t ended = fetcher_counts(f, now).fetched[cases[i].outcome];
        if (cases[i].seconds > 0)
            pass_ms(cases[i].seconds * 1000 - 1);
        told = fetched(str_of(cases[i].url));
        assert_told(&told, cases[i].outcome, FETCH_FROM_KEPT);
        assert_int_equal(web_requests(web, NULL), requests);
        assert_int_equal(fetcher_counts(f, now).fetched[cases[i].outcome], ended);
        pass_ms(1);
        told = fetched(str_of(cases[i].url));
        assert_int_equal(told.outcome, cases[i].outcome);
        assert_int_equal(fetcher_counts(f, now).fetched[cases[i].outcome],
                         ended + (cases[i].seconds > 0));
    }
    assert_int_equal(web_requests(web, "/ok"), 0); /* no redirect was followed, no port, no user */
}

/* None of several hosts in a row is reached: that is ours, also of those that failed before. One
   that answers ends it, and what failed meanwhile is tried again at once. */
static void nobody_is_reached(void **state)
{
    static const char *const urls[] = {"https://other.example.test:8443/ok",
                                       "https://nowhere.lab.test:8443/ok",
                                       "https://refuses.lab.test:8443/ok"};
    struct told told;
    (void)state;
    told = fetched(URL("nowhere", "1"));
    for (unsigned i = 0; i < 4; i++) { /* one signer's host is down: the breaker opens */
        pass_ms((int64_t)HOUR_MS);
        told = fetched(URL("nowhere", "1"));
        assert_told(&told, FETCH_NAME, FETCH_FROM_SERVER);
    }
    assert_int_equal(fetcher_counts(f, now).shut, 1);
    fetched(URL("a", "404")); /* somebody answers */
    for (unsigned i = 0; i < 3; i++) {
        assert_null(fetcher_cut_off(f));
        told = fetched(str_of(urls[i]));
        if (i == 1) /* its host is known to be down */
            told = (pass_ms(30000), fetched(str_of(urls[i])));
        assert_int_equal(verification_certificate_of(told.outcome),
                         i < 2 ? CERTIFICATE_UNAVAILABLE : CERTIFICATE_CUT_OFF);
    }
    assert_told(&told, FETCH_CUT_OFF, FETCH_FROM_SERVER);
    assert_non_null(fetcher_cut_off(f));
    assert_string_equal(fetcher_cut_off(f), fetch_outcome_text(FETCH_CONNECT));
    for (unsigned i = 0; i < 3; i++) {
        told = fetched(str_of(urls[i]));
        assert_int_equal(told.outcome, FETCH_CUT_OFF);
    }
    told = fetched(str_of(urls[2]));
    assert_told(&told, FETCH_CUT_OFF, FETCH_FROM_KEPT);
    for (unsigned i = 0; i < 20; i++) { /* each half minute one probe, though it has failed often */
        pass_ms(30000);
        told = fetched(str_of(urls[2]));
        assert_int_equal(told.outcome, FETCH_CUT_OFF);
    }
    assert_int_equal(fetcher_counts(f, now).shut, 1);
    told = fetched(str_of(urls[2]));
    assert_told(&told, FETCH_CUT_OFF, FETCH_FROM_KEPT);
    fetched(URL("a", "404-other"));
    assert_null(fetcher_cut_off(f));
    assert_int_equal(fetcher_counts(f, now).shut, 0);
    told = fetched(str_of(urls[2]));
    assert_told(&told, FETCH_CONNECT, FETCH_FROM_SERVER);
    told = fetched(str_of(urls[2]));
    assert_told(&told, FETCH_CONNECT, FETCH_FROM_KEPT);
}

static void no_tls_before_1_2(void **state)
{
    (void)state;
    SSL_CTX_set_security_level(web->context, 0);
    SSL_CTX_set_max_proto_version(web->context, TLS1_1_VERSION);
    struct told told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_TLS, FETCH_FROM_SERVER);
    SSL_CTX_set_max_proto_version(web->context, TLS1_2_VERSION);
    told = fetched(URL("a", "other"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
}

/* Octet by octet, each in time. */
static void a_slow_body_ends_with_the_time_of_all(void **state)
{
    struct fetcher_options o = lab_options();
    char url[64];
    (void)state;
    o.fetch.timeout_ms = 200;
    begin_with(&o);
    snprintf(url, sizeof(url), "https://%s:8443/drip", host);
    struct told told = fetched(str_of(url));
    assert_told(&told, FETCH_TIMEOUT, FETCH_FROM_SERVER);
    assert_int_equal(told.octets, 0);
}

/* A name that now leads to ourselves leads nowhere: looked at where it is connected to. */
static void a_name_that_leads_into_our_network(void **state)
{
    struct fetcher_options o = lab_options();
    (void)state;
    fetched(URL("a", "ok"));
    o.fetch.allow_private = false;
    begin_with(&o);
    const unsigned connections = web_read(web, &web->connections);
    struct told told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_BAD_ADDRESS, FETCH_FROM_SERVER);
    told = fetched(URL("mapped", "ok"));
    assert_told(&told, FETCH_BAD_ADDRESS, FETCH_FROM_SERVER);
    told = fetched(STR("https://127.0.0.1:8443/ok"));
    assert_told(&told, FETCH_BAD_ADDRESS, FETCH_FROM_SERVER);
    told = fetched(STR("https://[::1]:8443/ok"));
    assert_told(&told, FETCH_BAD_ADDRESS, FETCH_FROM_SERVER);
    pass_ms(10 * 60 * 1000 - 1);
    told = fetched(URL("a", "ok")); /* and is not even looked up for ten minutes */
    assert_told(&told, FETCH_BAD_ADDRESS, FETCH_FROM_KEPT);
    assert_int_equal(web_read(web, &web->connections), connections);
}

/* ---- who asks ---- */

static void who_is_gone_is_not_told(void **state)
{
    struct told gone = {0}, here = {0};
    (void)state;
    web_gate(web, false);
    ask(URL("a", "gate"), 1000, &gone);
    ask(URL("a", "gate"), 1000, &here);
    ask(URL("b", "gate"), 1000, &gone);
    fetcher_forget(f, &gone);
    web_gate(web, true);
    run_until_told(&here);
    run_until_idle();
    assert_int_equal(gone.times, 0);
    assert_int_equal(web_requests(web, NULL), 2);
}

static void at_the_end_all_are_told(void **state)
{
    struct told told[3] = {{0}};
    char room[64];
    (void)state;
    web_gate(web, false);
    for (unsigned i = 0; i < 3; i++)
        ask(numbered(room, "a", 0, i), 1000, &told[i]);
    while (web_read(web, &web->held) < 3)
        turn();
    fetcher_free(f);
    f = NULL;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].outcome, FETCH_UNAVAILABLE);
    }
}

static void more_descriptors_wake_it(void **state)
{
    int fds[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    struct pollfd more[] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
    fetcher_wait(f, more, 2, 0, now);
    assert_int_equal(more[0].revents | more[1].revents, 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    fetcher_wait(f, more, 2, 600000, now);
    assert_true(more[0].revents & POLLIN);
    assert_false(more[1].revents & POLLIN);
    close(fds[0]);
    fetcher_wait(f, &more[1], 1, 600000, now); /* that somebody is gone, too */
    assert_true(more[1].revents & POLLIN);
    close(fds[1]);
}

/* ---- over the wire ---- */

static int wire; /* the fetcher's end */

static void send_answer(void *user, const struct fetch_answer *answer)
{
    struct fetch_answer_head head;
    (void)user;
    assert_true(fetch_answer_write(answer, &head));
    struct iovec parts[] = {{&head, sizeof(head)},
                            {(char *)answer->body.p, answer->body.n},
                            {(char *)answer->content_type.p, answer->content_type.n},
                            {(char *)answer->why.p, answer->why.n}};
    const struct msghdr m = {.msg_iov = parts, .msg_iovlen = 4};
    assert_int_equal(sendmsg(wire, &m, 0), (ssize_t)(sizeof(head) + answer->body.n +
                                                     answer->content_type.n + answer->why.n));
}

static void take_questions(void)
{
    char packet[FETCH_QUESTION_BYTES_MAX];
    struct fetch_question q;
    ssize_t n;
    while ((n = recv(wire, packet, sizeof(packet), MSG_DONTWAIT)) > 0) {
        assert_true(fetch_question_read((struct str){packet, (size_t)n}, &q));
        fetcher_ask(f, &q, now, send_answer, NULL);
    }
}

static void told_over_the_wire(struct fetcher_client *client, struct str url, struct told *told)
{
    const struct fetch_question q = {.wait_ms = 5000, .trunk = 4, .url = url};
    struct pollfd more = {.fd = wire, .events = POLLIN};
    uint64_t ticket;
    *told = (struct told){.times = 0};
    assert_int_equal(fetcher_client_submit(client, &q, now.monotonic_ms, done, told, &ticket),
                     FETCH_PENDING);
    fetcher_client_flush(client);
    while (told->times == 0) {
        fetcher_wait(f, &more, 1, 20, now);
        take_questions();
        fetcher_run(f, now);
        assert_true(fetcher_client_readable(client));
    }
}

static void a_worker_and_the_fetcher_understand_each_other(void **state)
{
    struct told told;
    int pair[2];
    (void)state;
    assert_int_equal(control_pair(pair), 0);
    wire = pair[1];
    struct fetcher_client *client = fetcher_client_new(pair[0]);
    assert_non_null(client);
    told_over_the_wire(client, URL("a", "ok"), &told);
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    assert_string_equal(told.body, "/ok");
    told_over_the_wire(client, URL("a", "32k"), &told);
    assert_int_equal(told.octets, 32768);
    told_over_the_wire(client, URL("a", "404"), &told);
    assert_told(&told, FETCH_GONE, FETCH_FROM_SERVER);
    assert_int_equal(told.status, 404);
    told_over_the_wire(client, STR("ftp://a.lab.test/ok"), &told);
    assert_told(&told, FETCH_BAD_URL, FETCH_FROM_KEPT);
    const struct fetch_question proven = {.kind = FETCH_PROVEN,
                                          .fetched_s = now.real_s,
                                          .ends_s = now.real_s + 3600,
                                          .url = URL("a", "ok")};
    fetcher_client_note(client, &proven);
    take_questions();
    assert_int_equal(fetcher_counts(f, now).proven, 1);
    told_over_the_wire(client, URL("a", "ok"), &told);
    assert_int_equal(told.until_s, now.real_s + 3600);
    fetcher_client_free(client);
    close(wire);
}

/* ---- no memory ---- */

/* Whether one failed. All are told something, and what was not fetched is not there. */
static bool all_with(long allocations)
{
    const struct fetcher_options o = lab_options();
    const char *why;
    struct told told[4] = {{0}};
    allocations_left = allocations;
    f = fetcher_new(&o, &why);
    if (f) {
        ask(URL("nowhere", "one"), 1000, &told[0]);
        ask(URL("nowhere", "one"), 1000, &told[1]);
        ask(URL("nowhere", "two"), 0, &told[2]);
        ask(URL("a", "ok"), 1000, &told[3]);
        run_until_idle();
        pass_ms(1000);
        fetcher_run(f, now);
    }
    bool failed = allocations_left < 0;
    allocations_left = -1;
    for (unsigned i = 0; f && i < 4; i++) {
        assert_int_equal(told[i].times, 1);
        if (told[i].outcome == FETCH_OK)
            assert_string_equal(i == 3 ? told[i].body : "", "/ok");
    }
    fetcher_free(f);
    f = NULL;
    return failed;
}

static void any_failing_allocation(void **state)
{
    (void)state;
    skip_without_failing_allocations();
    long n = 0;
    while (all_with(n))
        n++;
    assert_true(n > 20);
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        story(a_body_comes_and_is_kept),
        story(renewed_in_the_background_from_four_fifths_on),
        story(a_body_that_cannot_be_renewed),
        story(nobody_uses_it_beyond_its_end),
        story(one_that_is_over_is_kept_for_a_while),
        story(garbage_is_not_fetched_for_five_minutes),
        story(a_wrong_key_costs_one_renewal_a_minute),
        story(what_is_at_fault_costs_one_fetch_in_five_minutes),
        story(a_clock_that_was_ahead),
        story(a_clock_that_was_ahead_over_a_restart),
        story(a_clock_that_leaps_ahead_and_back),
        story(what_is_over_makes_way),
        story(a_restart_fetches_nothing_anew),
        story(a_newer_body_that_is_worse),
        story(a_newer_body_that_is_as_good),
        story(a_former_body_ends_too),
        story(each_failure_has_its_name_and_is_remembered),
        story(what_a_host_says_shuts_nothing),
        story(nobody_is_reached),
        story(no_tls_before_1_2),
        story(a_slow_body_ends_with_the_time_of_all),
        story(a_name_that_leads_into_our_network),
        story(who_is_gone_is_not_told),
        story(at_the_end_all_are_told),
        story(more_descriptors_wake_it),
        story(a_worker_and_the_fetcher_understand_each_other),
        story(any_failing_allocation),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
