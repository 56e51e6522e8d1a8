/* Certificates of others that a worker asks for, against a fetcher that the test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <event2/event.h>
#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/base/memory_file.h>
#include <stird/io/control.h>
#include <stird/io/fetcher_client.h>
#include <stird/io/trust_file.h>
#include <stird/lab/lab_ca.h>
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
    struct mapped_trust nobody = {0}; /* offstage it has none of its own */
    proxy_set_trust_take(proxy, &nobody);
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

/* What the worker says next; FETCH_KINDS: nothing. */
static struct fetch_question heard(void)
{
    static char packet[FETCH_QUESTION_BYTES_MAX];
    struct fetch_question q = {.kind = FETCH_KINDS};
    ssize_t n = recv(fetcher, packet, sizeof(packet), MSG_DONTWAIT);
    if (n > 0)
        assert_true(fetch_question_read((struct str){packet, (size_t)n}, &q));
    return q;
}

/* What a body is, and when it was fetched. */
struct served {
    struct str body;
    int64_t fetched_s;
    bool has_former;
};

static void send_answer(uint64_t ticket, enum fetch_outcome outcome, const struct served *s)
{
    static char whole[FETCH_ANSWER_BYTES_MAX];
    struct fetch_answer_head head;
    const struct fetch_answer a = {.outcome = outcome,
                                   .source = FETCH_FROM_SERVER,
                                   .ticket = ticket,
                                   .status = 200,
                                   .fetched_s = s->fetched_s,
                                   .until_s = s->fetched_s + DAY_S,
                                   .has_former = s->has_former,
                                   .body = s->body};
    assert_true(fetch_answer_write(&a, &head));
    memcpy(whole, &head, sizeof(head));
    memcpy(whole + sizeof(head), s->body.p, s->body.n);
    assert_true(send(fetcher, whole, sizeof(head) + s->body.n, 0) > 0);
}

/* Answers the next question that was asked, and reads no note for one. */
static void answer(enum fetch_outcome outcome, const char *body)
{
    struct fetch_question q = {.kind = FETCH_REFUSED};
    while (q.kind == FETCH_REFUSED || q.kind == FETCH_PROVEN)
        q = heard();
    assert_int_not_equal(q.kind, FETCH_KINDS);
    assert_int_equal(q.trunk, 3);
    send_answer(q.ticket, outcome, &(struct served){str_of(body), clock_real_s(), false});
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

/* ---- what is asked for beside calls ---- */

static unsigned questions(void)
{
    unsigned n = 0;
    while (heard().kind != FETCH_KINDS)
        n++;
    return n;
}

/* Each call that uses a stale certificate wants it anew: one question is on its way for all. */
static void one_renewal_for_all_calls(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(ask(NULL, A), FETCH_PENDING);
    assert_int_equal(questions(), 1);
    for (unsigned i = 0; i < 100; i++)
        ask(NULL, B);
    struct asker waits = {.times = 0};
    ask(&waits, A); /* whoever waits has his own */
    assert_int_equal(questions(), 2);
    const struct wanted_certificate other = {
        .url = STR(A), .kind = FETCH_ASK, .domains = DOMAINS << 1, .trunk = 3, .wait_ms = 400};
    for (unsigned i = 0; i < 100; i++) /* judged by others, it is another one */
        certificates_ask(all, &other, NULL);
    fetcher_client_flush(client);
    assert_int_equal(questions(), 1);
    certificate_waiter_leave(&waits.waiter);
}

/* However many there are, memory is bounded: the oldest may be asked for again. */
static void many_renewals(void **state)
{
    char url[64];
    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(url, sizeof(url), "https://h%u.example/a.pem", i);
        ask(NULL, url);
        assert_int_equal(questions(), 1);
    }
    ask(NULL, url);
    assert_int_equal(questions(), 0);
    ask(NULL, "https://h0.example/a.pem");
    assert_int_equal(questions(), 1);
}

/* ---- a body that is worse than the one before it ---- */

static struct buf good, strange; /* the lab's, and of an authority that nobody believes */
static struct buf old;           /* the lab's, and over */

static X509 *lab_made_until(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                            int64_t until_s)
{
    static const char *const spcs[] = {"709J", NULL};
    const struct lab_certificate c = {.name = name,
                                      .serial = 3,
                                      .key = key,
                                      .issuer = issuer,
                                      .issuer_key = issuer_key,
                                      .not_before_s = clock_real_s() - 30 * DAY_S,
                                      .not_after_s = until_s,
                                      .authority = !issuer,
                                      .spcs = issuer ? spcs : NULL};
    X509 *x = lab_certificate_new(&c);
    assert_non_null(x);
    return x;
}

static X509 *lab_made(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    return lab_made_until(name, key, issuer, issuer_key, clock_real_s() + 30 * DAY_S);
}

/* The proxy believes ROOT. */
static void believe(X509 *root, uint64_t generation)
{
    struct trust *trust = trust_new();
    struct buf image = BUF_INIT;
    struct mapped_trust mapped;
    const char *why;
    assert_true(trust && trust_add_anchor(trust, root));
    const struct trust_image_domain domain = {.name = STR("lab"), .trust = trust};
    assert_true(trust_image_write(&image, &domain, 1));
    int fd = memory_file_new("trust");
    assert_int_equal(write(fd, image.p, image.n), (ssize_t)image.n);
    assert_int_equal(memory_file_seal(fd), 0);
    assert_true(trust_file_map(&mapped, fd, generation, &why));
    proxy_set_trust_take(proxy, &mapped);
    close(fd);
    buf_fini(&image);
    trust_free(trust);
}

static int begin_believing(void **state)
{
    struct buf *const texts[] = {&strange, &good};
    for (unsigned i = 0; i < 2; i++) {
        EVP_PKEY *root_key = lab_key_new(), *key = lab_key_new();
        X509 *root = lab_made("root", root_key, NULL, NULL);
        X509 *leaf = lab_made("SHAKEN 709J", key, root, root_key);
        *texts[i] = BUF_INIT;
        assert_true(lab_add_certificate(texts[i], leaf));
        if (i == 1) {
            assert_int_equal(begin(state), 0);
            believe(root, 1);
            X509 *over = lab_made_until("SHAKEN 709J", key, root, root_key, clock_real_s() - DAY_S);
            old = BUF_INIT;
            assert_true(lab_add_certificate(&old, over));
            X509_free(over);
        }
        X509_free(root);
        X509_free(leaf);
        EVP_PKEY_free(root_key);
        EVP_PKEY_free(key);
    }
    return 0;
}

static int end_believing(void **state)
{
    buf_fini(&good);
    buf_fini(&strange);
    buf_fini(&old);
    return end(state);
}

/* The next thing that the worker says is that, of a body that was fetched then. */
static uint64_t expect(enum fetch_kind kind, int64_t fetched_s)
{
    const struct fetch_question q = heard();
    assert_int_equal(q.kind, kind);
    assert_int_equal(q.fetched_s, fetched_s);
    assert_true(str_eq(q.url, STR(A)));
    return q.ticket;
}

static void answer_with(uint64_t ticket, struct str body, int64_t fetched_s, bool has_former)
{
    send_answer(ticket, FETCH_OK, &(struct served){body, fetched_s, has_former});
    assert_true(fetcher_client_readable(client));
}

static bool is_good(const char *url)
{
    const struct sti_certificate *found;
    certificates_get(all, str_of(url), DOMAINS, &found);
    return found && !found->unreadable && found->has_anchors && !found->by_anchors.chain;
}

/* R-V-034. By a worker that has no other: it asks for the one before, keeps that one, and says so.
 */
static void the_one_before_is_better(void **state)
{
    const int64_t now_s = clock_real_s(), then_s = now_s - 3600;
    const struct str newer[] = {buf_str(&strange), STR("garbage")};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct certificates *fresh = certificates_new(proxy, base, client);
        struct certificates *kept = all;
        struct asker a = {.times = 0};
        all = fresh;
        ask(&a, A);
        answer_with(expect(FETCH_ASK, 0), newer[i], now_s, true);
        assert_int_equal(a.times, 0); /* it waits on */
        if (i == 1)
            expect(FETCH_REFUSED, now_s);
        answer_with(expect(FETCH_FORMER, 0), buf_str(&good), then_s, false);
        assert_int_equal(a.times, 1);
        assert_int_equal(a.outcome, FETCH_OK);
        assert_false(a.come_again);
        assert_true(is_good(A));
        assert_int_equal(certificates_fetched_s(all, STR(A), DOMAINS), then_s);
        expect(FETCH_REFUSED, now_s);
        assert_int_equal(heard().kind, FETCH_KINDS);
        certificates_free(fresh);
        all = kept;
    }
}

/* The places that were asked for are those of an image that is no longer there: whoever waits asks
   for his domains anew, and nothing is kept under those places. */
static void other_domains_come_meanwhile(void **state)
{
    const int64_t now_s = clock_real_s();
    struct asker a = {.times = 0}, b = {.times = 0};
    EVP_PKEY *key = lab_key_new();
    X509 *root = lab_made("another", key, NULL, NULL);
    (void)state;
    ask(&a, A);
    const uint64_t ticket = expect(FETCH_ASK, 0);
    believe(root, 2);
    answer_with(ticket, buf_str(&good), now_s, false);
    assert_int_equal(a.times, 1);
    assert_true(a.come_again);
    assert_int_equal(get(A), CERTIFICATE_IS_UNKNOWN);
    ask(&b, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&good), now_s, false);
    assert_int_equal(b.times, 1);
    assert_false(b.come_again);
    assert_false(is_good(A));
    X509_free(root);
    EVP_PKEY_free(key);
}

/* One that leads to an anchor and is over is no garbage: others judge it too, for a while. Where
   there was one in force, that one is better. */
static void one_that_is_over(void **state)
{
    const int64_t now_s = clock_real_s(), then_s = now_s - 3600;
    struct asker a = {.times = 0};
    (void)state;
    ask(&a, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&old), now_s, false);
    assert_int_equal(a.times, 1);
    assert_false(a.come_again);
    expect(FETCH_OVER, now_s);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(get(A), CERTIFICATE_IS_CACHED); /* and nothing more is said */
    assert_int_equal(heard().kind, FETCH_KINDS);
    event_base_loop(base, EVLOOP_ONCE);
    certificates_drop(all, STR(A));
    ask(&a, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&old), now_s, true);
    expect(FETCH_OVER, now_s);
    answer_with(expect(FETCH_FORMER, 0), buf_str(&good), then_s, false);
    expect(FETCH_REFUSED, now_s);
    assert_int_equal(a.times, 2);
    assert_true(is_good(A));
    assert_int_equal(certificates_fetched_s(all, STR(A), DOMAINS), then_s);
    event_base_loop(base, EVLOOP_ONCE);
    ask(&a, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&old), now_s + 1, true);
    expect(FETCH_REFUSED, now_s + 1); /* it has the better one itself */
    assert_int_equal(certificates_fetched_s(all, STR(A), DOMAINS), then_s);
}

/* One that calls find at fault is asked for anew beside them, with when it was fetched; a proven
   one gives its place to one that is as good, and to no other. */
static void one_that_is_doubted(void **state)
{
    const int64_t then_s = clock_real_s() - 400;
    const struct wanted_certificate q = {.url = STR(A),
                                         .kind = FETCH_RENEW,
                                         .is_doubted = true,
                                         .domains = DOMAINS,
                                         .trunk = 3,
                                         .wait_ms = FETCH_WAIT_MAX_MS};
    struct asker a = {.times = 0};
    const struct sti_certificate *found;
    (void)state;
    ask(&a, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&good), then_s, false);
    assert_int_equal(get(A), CERTIFICATE_IS_CACHED);
    certificates_get(all, STR(A), DOMAINS, &found);
    certificate_cache_doubt(found);
    assert_int_equal(get(A), CERTIFICATE_IS_DOUBTED);
    assert_int_equal(certificates_ask(all, &q, NULL), FETCH_PENDING);
    fetcher_client_flush(client);
    const uint64_t ticket = expect(FETCH_RENEW, then_s);
    assert_int_equal(get(A), CERTIFICATE_IS_DOUBTED); /* whoever calls meanwhile waits too */
    answer_with(ticket, buf_str(&strange), then_s + 350, true);
    expect(FETCH_REFUSED, then_s + 350);
    assert_int_equal(certificates_fetched_s(all, STR(A), DOMAINS), then_s);
    assert_int_equal(get(A), CERTIFICATE_IS_CACHED);
    event_base_loop(base, EVLOOP_ONCE);
    ask(&a, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&good), then_s + 399, false);
    assert_int_equal(certificates_fetched_s(all, STR(A), DOMAINS), then_s + 399);
    assert_int_equal(get(A), CERTIFICATE_IS_CACHED);
}

/* R-V-031: a good chain alone says nothing to the fetcher, nor of what is held: it may be a copy of
   somebody's. A signature that verifies does, once for all that follow. */
static void one_that_is_proven(void **state)
{
    const int64_t now_s = clock_real_s();
    const uint64_t *held = &proxy_counters(proxy)->certificates_held;
    struct asker a = {.times = 0};
    const struct sti_certificate *found;
    (void)state;
    ask(&a, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&good), now_s, false);
    assert_true(is_good(A));
    assert_int_equal(heard().kind, FETCH_KINDS);
    assert_int_equal(*held, 0);
    for (unsigned i = 0; i < 3; i++) {
        certificates_get(all, STR(A), DOMAINS, &found);
        certificates_prove(all, STR(A), found);
        fetcher_client_flush(client);
        if (i == 0)
            expect(FETCH_PROVEN, now_s);
        assert_int_equal(heard().kind, FETCH_KINDS);
        assert_int_equal(*held, 1);
    }
}

/* Of authorities that this worker does not believe are both: it takes neither's part. */
static void neither_is_better(void **state)
{
    const int64_t now_s = clock_real_s();
    struct asker a = {.times = 0};
    (void)state;
    ask(&a, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&strange), now_s, true);
    answer_with(expect(FETCH_FORMER, 0), buf_str(&strange), now_s - 60, false);
    assert_int_equal(a.times, 1);
    assert_false(a.come_again);
    assert_false(is_good(A));
    assert_int_equal(get(A), CERTIFICATE_IS_CACHED);
    assert_int_equal(heard().kind, FETCH_KINDS);
}

/* The fetcher has it no more: asked again, it has the newer one alone. */
static void the_one_before_is_gone(void **state)
{
    const struct served none = {STR(""), 0, false};
    const int64_t now_s = clock_real_s();
    struct asker a = {.times = 0};
    (void)state;
    ask(&a, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&strange), now_s, true);
    send_answer(expect(FETCH_FORMER, 0), FETCH_UNAVAILABLE, &none);
    assert_true(fetcher_client_readable(client));
    assert_int_equal(a.times, 1);
    assert_int_equal(a.outcome, FETCH_OK);
    assert_true(a.come_again);
    ask(&a, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&strange), now_s, false);
    assert_int_equal(a.times, 2);
    assert_false(a.come_again);
    assert_int_equal(get(A), CERTIFICATE_IS_CACHED);
}

/* Whoever waited left meanwhile, or all ends. */
static void nobody_waits_for_the_one_before(void **state)
{
    const int64_t now_s = clock_real_s();
    struct asker a = {.times = 0};
    (void)state;
    ask(&a, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&strange), now_s, true);
    certificate_waiter_leave(&a.waiter);
    answer_with(expect(FETCH_FORMER, 0), buf_str(&good), now_s - 60, false);
    assert_int_equal(a.times, 0);
    assert_true(is_good(A));
    expect(FETCH_REFUSED, now_s);
    event_base_loop(base, EVLOOP_ONCE); /* two were prepared */
    ask(NULL, A);
    answer_with(expect(FETCH_ASK, 0), buf_str(&strange), now_s + 1, true);
    expect(FETCH_REFUSED, now_s + 1); /* it has the better one itself */
    ask(&a, B);
    answer_with(heard().ticket, buf_str(&strange), now_s, true);
    certificate_waiter_leave(&a.waiter);
}

#define TEST(name)      cmocka_unit_test_setup_teardown(name, begin, end)
#define BELIEVING(name) cmocka_unit_test_setup_teardown(name, begin_believing, end_believing)

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
        TEST(one_renewal_for_all_calls),
        TEST(many_renewals),
        BELIEVING(the_one_before_is_better),
        BELIEVING(one_that_is_over),
        BELIEVING(one_that_is_doubted),
        BELIEVING(one_that_is_proven),
        BELIEVING(neither_is_better),
        BELIEVING(other_domains_come_meanwhile),
        BELIEVING(the_one_before_is_gone),
        BELIEVING(nobody_waits_for_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
