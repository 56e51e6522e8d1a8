/* Certificates of others that a worker asks for, against a fetcher that the test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <event2/event.h>
#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/io/control.h>
#include <stird/io/fetcher_client.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip/certificates.h"
#include "sip/proxy_parts.h"

#define DOMAINS 1u
#define DAY_S   86400

struct asker {
    struct certificate_waiter waiter;
    unsigned times;
    enum fetch_outcome outcome;
    bool come_again;
};

static struct event_base *base;
static struct fetcher_client *client;
static int fetcher = -1; /* the other end */
static struct proxy *proxy;
static struct certificates *all;

static void told(struct certificate_waiter *w, enum fetch_outcome outcome, bool come_again)
{
    struct asker *a = container_of(w, struct asker, waiter);
    a->times++;
    a->outcome = outcome;
    a->come_again = come_again;
}

static int begin(void **state)
{
    static struct settings settings = {.fetch = {.stale_if_error_ms = 1000}};
    static struct snapshot snapshot = {.settings = &settings};
    int pair[2];
    (void)state;
    base = event_base_new();
    const struct proxy_stage stage = {.snapshot = &snapshot, .base = base};
    assert_int_equal(control_pair(pair), 0);
    fetcher = pair[1];
    client = fetcher_client_new(pair[0]);
    proxy = proxy_new_offstage(&stage);
    all = certificates_new(proxy, base, client);
    return base && client && proxy && all ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    certificates_free(all);
    assert_int_equal(fetcher_client_waiting(client), 0);
    proxy_free_offstage(proxy);
    fetcher_client_free(client);
    event_base_free(base);
    if (fetcher >= 0)
        close(fetcher);
    return 0;
}

static enum fetch_outcome ask(struct asker *a, const char *url)
{
    const struct wanted_certificate q = {
        .url = str_of(url), .kind = FETCH_ASK, .domains = DOMAINS, .trunk = 3, .wait_ms = 400};
    if (a)
        a->waiter.told = told;
    enum fetch_outcome outcome = certificates_ask(all, &q, a ? &a->waiter : NULL);
    fetcher_client_flush(client);
    return outcome;
}

/* Answers the next question that was asked, and reads no note for one. */
static void answer(enum fetch_outcome outcome, const char *body)
{
    char packet[FETCH_QUESTION_BYTES_MAX];
    struct fetch_question q = {.kind = FETCH_REFUSED};
    struct fetch_answer_head head;
    while (q.kind == FETCH_REFUSED || q.kind == FETCH_PROVEN) {
        ssize_t n = recv(fetcher, packet, sizeof(packet), MSG_DONTWAIT);
        assert_true(n > 0 && fetch_question_read((struct str){packet, (size_t)n}, &q));
    }
    assert_int_equal(q.trunk, 3);
    const struct fetch_answer a = {.outcome = outcome,
                                   .source = FETCH_FROM_SERVER,
                                   .ticket = q.ticket,
                                   .status = 200,
                                   .fetched_s = clock_real_s(),
                                   .until_s = clock_real_s() + DAY_S,
                                   .body = str_of(body)};
    char whole[sizeof(head) + 64];
    assert_true(fetch_answer_write(&a, &head));
    memcpy(whole, &head, sizeof(head));
    memcpy(whole + sizeof(head), body, strlen(body));
    assert_true(send(fetcher, whole, sizeof(head) + strlen(body), 0) > 0);
}

static enum certificate_cached get(const char *url)
{
    const struct sti_certificate *found;
    return certificates_get(all, str_of(url), DOMAINS, &found);
}

#define A "https://a.example/a.pem"
#define B "https://a.example/b.pem"
#define C "https://a.example/c.pem"

static void what_comes_is_there(void **state)
{
    struct asker a = {.times = 0};
    (void)state;
    assert_int_equal(get(A), CERTIFICATE_IS_UNKNOWN);
    assert_int_equal(ask(&a, A), FETCH_PENDING);
    answer(FETCH_OK, "no certificate");
    assert_true(fetcher_client_readable(client));
    assert_int_equal(a.times, 1);
    assert_int_equal(a.outcome, FETCH_OK);
    assert_false(a.come_again);
    assert_null(a.waiter.asked);
    assert_int_equal(get(A), CERTIFICATE_IS_CACHED);
    assert_true(certificates_fetched_s(all, str_of(A), DOMAINS) > 0);
}

/* What the fetcher said before it was told to forget it may come behind that. */
static void what_was_dropped_does_not_come_back(void **state)
{
    struct asker a = {.times = 0};
    (void)state;
    ask(NULL, A);
    answer(FETCH_OK, "no certificate");
    assert_true(fetcher_client_readable(client));
    assert_int_equal(get(A), CERTIFICATE_IS_CACHED);
    ask(&a, A);
    ask(NULL, B);
    certificates_drop(all, str_of(A));
    assert_int_equal(get(A), CERTIFICATE_IS_UNKNOWN);
    answer(FETCH_OK, "no certificate");
    answer(FETCH_OK, "no certificate");
    assert_true(fetcher_client_readable(client));
    assert_int_equal(get(A), CERTIFICATE_IS_UNKNOWN);
    assert_int_equal(get(B), CERTIFICATE_IS_CACHED);
    assert_int_equal(a.outcome, FETCH_OK);
    assert_true(a.come_again);
    event_base_loop(base, EVLOOP_ONCE); /* it has looked: two are prepared in a turn */
    ask(&a, A);
    answer(FETCH_OK, "no certificate");
    assert_true(fetcher_client_readable(client));
    assert_false(a.come_again);
    assert_int_equal(get(A), CERTIFICATE_IS_CACHED);
}

static void what_cannot_be_had_is_said(void **state)
{
    struct asker a = {.times = 0};
    (void)state;
    ask(&a, A);
    answer(FETCH_GONE, "");
    assert_true(fetcher_client_readable(client));
    assert_int_equal(a.outcome, FETCH_GONE);
    assert_int_equal(get(A), CERTIFICATE_IS_UNKNOWN);
}

/* R-V-032: two between two looks at the sockets; whoever has to come again finds it then. */
static void two_are_prepared_in_a_turn(void **state)
{
    struct asker askers[3] = {{.times = 0}, {.times = 0}, {.times = 0}};
    static const char *const urls[] = {A, B, C};
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        ask(&askers[i], urls[i]);
    for (unsigned i = 0; i < 3; i++)
        answer(FETCH_OK, "no certificate");
    assert_true(fetcher_client_readable(client));
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(askers[i].times, 1);
        assert_int_equal(askers[i].come_again, i == 2);
    }
    assert_int_equal(get(C), CERTIFICATE_IS_UNKNOWN);
    event_base_loop(base, EVLOOP_ONCE); /* it has looked */
    ask(&askers[2], C);
    answer(FETCH_OK, "no certificate");
    assert_true(fetcher_client_readable(client));
    assert_false(askers[2].come_again);
    assert_int_equal(get(C), CERTIFICATE_IS_CACHED);
}

/* Whoever went away is not told; what comes is kept for others. */
static void what_nobody_waits_for_is_kept(void **state)
{
    struct asker a = {.times = 0};
    (void)state;
    ask(&a, A);
    certificate_waiter_leave(&a.waiter);
    certificate_waiter_leave(&a.waiter);
    ask(NULL, B);
    answer(FETCH_OK, "no certificate");
    answer(FETCH_OK, "no certificate");
    assert_true(fetcher_client_readable(client));
    assert_int_equal(a.times, 0);
    assert_int_equal(get(A), CERTIFICATE_IS_CACHED);
    assert_int_equal(get(B), CERTIFICATE_IS_CACHED);
}

/* R-V-024: whoever waits for one that dies is told at once, and what is there stays. */
static void a_fetcher_dies(void **state)
{
    struct asker a = {.times = 0}, b = {.times = 0};
    (void)state;
    ask(&a, A);
    answer(FETCH_OK, "no certificate");
    assert_true(fetcher_client_readable(client));
    ask(&b, B);
    close(fetcher);
    fetcher = -1;
    assert_false(fetcher_client_readable(client));
    assert_int_equal(b.times, 1);
    assert_int_equal(b.outcome, FETCH_UNAVAILABLE);
    assert_int_equal(ask(&b, B), FETCH_UNAVAILABLE);
    assert_int_equal(b.times, 1);
    assert_int_equal(get(A), CERTIFICATE_IS_CACHED);
}

static void it_ends_while_something_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(ask(NULL, A), FETCH_PENDING);
}

static void there_is_no_fetcher(void **state)
{
    struct certificates *alone = certificates_new(proxy, base, NULL);
    const struct wanted_certificate q = {.url = STR(A), .wait_ms = 400};
    (void)state;
    assert_non_null(alone);
    assert_int_equal(certificates_ask(alone, &q, NULL), FETCH_UNAVAILABLE);
    certificates_free(alone);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_comes_is_there),
        TEST(what_was_dropped_does_not_come_back),
        TEST(what_cannot_be_had_is_said),
        TEST(two_are_prepared_in_a_turn),
        TEST(what_nobody_waits_for_is_kept),
        TEST(a_fetcher_dies),
        TEST(it_ends_while_something_is_asked_for),
        TEST(there_is_no_fetcher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
