/*
 * A client and a server transaction with a channel between them that loses, doubles, delays and
 * reorders, under a simulated clock: 10,000 runs, each from its own seed.
 *
 *   client user -> client machine -> [ channel ] -> server machine -> server user
 *
 * However the channel is, the caller gets one final answer or a timeout, never two that differ, the
 * callee sees one request, and in the end nothing is left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stird/base/container_of.h>

#include "sip/transaction/transaction.h"

#define RUNS         10000
#define PACKETS      256
#define T1           500
#define T4           5000
#define ANSWER_TRIES 11 /* of a 2xx by the callee: 64*T1 at T1, 2*T1 ... T2 */
#define TIMER_C_MS   181000
#define END_MS       600000

struct packet {
    int64_t due_ms;
    bool to_server;
    char text[256];
};

struct run {
    struct client_user client_user;
    struct server_user server_user;
    uint64_t seed;
    int64_t now_ms;
    struct timers timers;
    struct transactions *clients, *servers;
    struct client_transaction *client;
    struct server_transaction *server;
    struct flow flow;
    struct packet packets[PACKETS];
    unsigned n_packets;

    /* how the channel and the callee are */
    unsigned loss_percent, copy_percent, most_delay_ms;
    bool invite, deaf;
    int final_status;
    int64_t provisional_ms, final_ms; /* after the request; provisional -1: none */

    /* what happened */
    unsigned requests_seen;
    int final_seen;
    bool timed_out, ended, acknowledged;
    struct timer provisional, final, answer_again, timer_c;
    unsigned answer_tries;
};

static const struct transaction_key key = {3, 4};

static uint32_t random_below(struct run *r, uint32_t n)
{
    r->seed = r->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(r->seed >> 33) % n;
}

/* ---- the channel ---- */

static void put(struct run *r, bool to_server, struct str bytes)
{
    unsigned copies = 1 + (random_below(r, 100) < r->copy_percent);
    for (unsigned i = 0; i < copies; i++) {
        if (random_below(r, 100) < r->loss_percent)
            continue;
        assert_true(r->n_packets < PACKETS);
        struct packet *p = &r->packets[r->n_packets++];
        p->due_ms = r->now_ms + random_below(r, r->most_delay_ms + 1);
        p->to_server = to_server;
        snprintf(p->text, sizeof(p->text), "%.*s", STR_ARG(bytes));
    }
}

static int send_to_server(void *context, const struct flow *to, struct str bytes)
{
    (void)to;
    put(context, true, bytes);
    return 0;
}

static int send_to_client(void *context, const struct flow *to, struct str bytes)
{
    (void)to;
    put(context, false, bytes);
    return 0;
}

static bool next_packet(const struct run *r, unsigned *at)
{
    bool found = false;
    for (unsigned i = 0; i < r->n_packets; i++) {
        if (!found || r->packets[i].due_ms < r->packets[*at].due_ms)
            *at = i;
        found = true;
    }
    return found;
}

/* ---- the callee ---- */

static void respond(struct run *r, int status)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "SIP/2.0 %d X\r\n\r\n", status);
    if (r->server)
        server_transaction_respond(r->server, status, (struct str){text, (size_t)n}, r->now_ms);
}

#define RUN_OF(timer, member) container_of(timer, struct run, member)

static void on_provisional(struct timer *timer, int64_t now_ms)
{
    (void)now_ms;
    respond(RUN_OF(timer, provisional), 180);
}

/* A callee repeats its 2xx until the ACK (RFC 3261 section 13.3.1.4). */
static void on_answer_again(struct timer *timer, int64_t now_ms)
{
    struct run *r = RUN_OF(timer, answer_again);
    if (r->acknowledged || ++r->answer_tries > ANSWER_TRIES)
        return;
    respond(r, r->final_status);
    int64_t wait = r->answer_tries < 4 ? T1 << (r->answer_tries - 1) : 4000;
    timer_set(&r->timers, timer, on_answer_again, now_ms + wait);
}

static void on_final(struct timer *timer, int64_t now_ms)
{
    struct run *r = RUN_OF(timer, final);
    if (r->invite && r->final_status < 300)
        on_answer_again(&r->answer_again, now_ms);
    else
        respond(r, r->final_status);
}

static void server_ended(struct server_user *user, enum transaction_end why)
{
    struct run *r = container_of(user, struct run, server_user);
    assert_int_not_equal(why, TRANSACTION_TRANSPORT_ERROR);
    r->server = NULL;
}

static void server_waits(struct server_user *user)
{
    respond(container_of(user, struct run, server_user), 100);
}

static void request_arrives(struct run *r)
{
    if (r->deaf)
        return;
    struct server_transaction *t = server_transaction_find(r->servers, &key);
    if (t) {
        server_transaction_request_again(t, r->now_ms);
        return;
    }
    r->requests_seen++;
    r->server = server_transaction_new(r->servers, &key, r->invite, &r->flow, &r->server_user,
                                       r->now_ms);
    assert_non_null(r->server);
    if (r->provisional_ms >= 0)
        timer_set(&r->timers, &r->provisional, on_provisional, r->now_ms + r->provisional_ms);
    timer_set(&r->timers, &r->final, on_final, r->now_ms + r->final_ms);
}

static void ack_arrives(struct run *r)
{
    struct server_transaction *t = server_transaction_find(r->servers, &key);
    if (t && server_transaction_ack(t, r->now_ms))
        r->acknowledged = true;
}

/* ---- the caller ---- */

static void client_ended(struct client_user *user, enum transaction_end why)
{
    struct run *r = container_of(user, struct run, client_user);
    assert_false(r->ended);
    r->ended = true;
    r->timed_out = why == TRANSACTION_TIMEOUT;
    assert_int_equal(why == TRANSACTION_DONE, r->final_seen != 0);
    r->client = NULL;
}

static void on_timer_c(struct timer *timer, int64_t now_ms)
{
    struct run *r = RUN_OF(timer, timer_c);
    if (r->client && r->final_seen == 0)
        client_transaction_limit(r->client, now_ms);
}

static void response_arrives(struct run *r, int status)
{
    struct client_transaction *t = client_transaction_find(r->clients, &key);
    if (!t ||
        client_transaction_response(t, status, STR("<sip:2@h>;tag=t"), r->now_ms) != RESPONSE_PASS)
        return;
    assert_false(r->ended);
    if (status < 200) {
        assert_int_equal(r->final_seen, 0);
        return;
    }
    /* A 2xx to INVITE may come more than once, for its ACK may be lost; nothing else may. */
    if (r->final_seen != 0) {
        assert_true(r->invite && status < 300);
        assert_int_equal(r->final_seen, status);
    }
    r->final_seen = status;
    if (r->invite && status < 300)
        put(r, true, STR("ACK of 2xx"));
}

static void deliver(struct run *r, unsigned at)
{
    struct packet p = r->packets[at];
    r->packets[at] = r->packets[--r->n_packets];
    struct str text = str_of(p.text);
    if (!p.to_server)
        response_arrives(r, atoi(p.text + sizeof("SIP/2.0")));
    else if (str_starts(text, STR("ACK")))
        ack_arrives(r);
    else
        request_arrives(r);
}

/* ---- a run ---- */

static void choose(struct run *r)
{
    static const int statuses[] = {200, 200, 486, 603, 302, 503};
    r->loss_percent = random_below(r, 4) * 15;
    r->copy_percent = random_below(r, 3) * 20;
    r->most_delay_ms = random_below(r, 2) ? 50 : random_below(r, T4 - 500);
    r->invite = random_below(r, 3) > 0;
    r->deaf = random_below(r, 12) == 0;
    r->final_status = statuses[random_below(r, 6)];
    r->provisional_ms = random_below(r, 3) ? (int64_t)random_below(r, 2000) : -1;
    r->final_ms = r->invite && r->provisional_ms >= 0 ? (int64_t)random_below(r, 60000)
                                                      : (int64_t)random_below(r, 3000);
}

static void begin(struct run *r)
{
    static const char request[] = "%s sip:2@h SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
                                  "From: <sip:1@h>;tag=f\r\nTo: <sip:2@h>\r\nCall-ID: c\r\n"
                                  "CSeq: 7 %s\r\n\r\n";
    const char *method = r->invite ? "INVITE" : "INFO";
    char text[256];
    int n = snprintf(text, sizeof(text), request, method, method);
    r->client = client_transaction_new(r->clients, &key, r->invite, &r->flow,
                                       (struct str){text, (size_t)n}, &r->client_user, r->now_ms);
    assert_non_null(r->client);
    timer_set(&r->timers, &r->timer_c, on_timer_c, r->now_ms + TIMER_C_MS);
}

static void run_to_the_end(struct run *r)
{
    int64_t end_ms = r->now_ms + END_MS;
    for (;;) {
        unsigned at = 0;
        int64_t timer_ms = timers_next_ms(&r->timers);
        bool packet = next_packet(r, &at);
        if (!packet && timer_ms < 0)
            return;
        assert_true(r->now_ms < end_ms);
        if (packet && (timer_ms < 0 || r->packets[at].due_ms <= timer_ms)) {
            if (r->packets[at].due_ms > r->now_ms)
                r->now_ms = r->packets[at].due_ms;
            deliver(r, at);
        } else {
            if (timer_ms > r->now_ms)
                r->now_ms = timer_ms;
            timers_run(&r->timers, r->now_ms);
        }
    }
}

static void check(const struct run *r)
{
    assert_true(r->ended);
    assert_true(r->timed_out != (r->final_seen != 0));
    assert_true(r->final_seen == 0 || r->final_seen == r->final_status);
    assert_true(r->requests_seen <= 1);
    if (r->loss_percent == 0 && !r->deaf && r->final_ms < 25000)
        assert_int_equal(r->final_seen, r->final_status);
    if (r->deaf)
        assert_true(r->timed_out);
    assert_int_equal(transactions_count(r->clients), 0);
    assert_int_equal(transactions_count(r->servers), 0);
}

/* The machines stay, and are empty again when a run has ended. */
static void one_run(struct run *r, uint64_t seed)
{
    static const struct client_callbacks client_callbacks = {.ended = client_ended};
    static const struct server_callbacks server_callbacks = {server_ended, server_waits};
    struct transactions *clients = r->clients, *servers = r->servers;
    memset(r, 0, sizeof(*r));
    r->clients = clients;
    r->servers = servers;
    r->client_user.callbacks = &client_callbacks;
    r->server_user.callbacks = &server_callbacks;
    r->seed = seed;
    r->now_ms = 1000000;
    timers_init(&r->timers, r->now_ms);
    choose(r);
    begin(r);
    run_to_the_end(r);
    check(r);
}

static void ten_thousand_runs(void **state)
{
    static const struct transaction_timing timing = {T1, 4000, T4};
    struct run *r = calloc(1, sizeof(*r));
    const struct transaction_hooks client_hooks = {r, send_to_server};
    const struct transaction_hooks server_hooks = {r, send_to_client};
    unsigned answered = 0;
    (void)state;
    assert_non_null(r);
    r->clients = transactions_new(&timing, &client_hooks, &r->timers);
    r->servers = transactions_new(&timing, &server_hooks, &r->timers);
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        if (getenv("STIRD_VERBOSE"))
            print_message("seed %llu\n", (unsigned long long)seed);
        one_run(r, seed * 0x9e3779b97f4a7c15u);
        answered += r->final_seen != 0;
    }
    print_message("%u of %u answered, the others timed out\n", answered, RUNS);
    assert_true(answered > RUNS / 2 && answered < RUNS);
    transactions_free(r->clients);
    transactions_free(r->servers);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ten_thousand_runs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
