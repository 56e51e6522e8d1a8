#include "lab.h"

#include <errno.h>
#include <stird/base/clock.h>
#include <stird/core/sign_request.h>
#include <stird/io/control.h>
#include <stird/io/look.h>
#include <stird/io/signer_client.h>
#include <sys/socket.h>

#define WAITING_MAX 4096

static struct signer_client *client;
static int signer; /* the other end, played by the test */
static struct sign_order order;
static bool over; /* the test returned, and what its callbacks would write to with it */

/* What a callback was told. */
struct told {
    unsigned times;
    unsigned n; /* tokens */
    enum reason reason, last_reason;
    char token[64];
    uint32_t sign_us;
    uint64_t cancel; /* another ticket, cancelled from inside */
    bool submit_again, free_client;
};

static int open_client(void **state)
{
    int pair[2];
    (void)state;
    order = (struct sign_order){&passport_type_shaken, 5, lab_claims('A', 1443208345)};
    if (control_pair(pair) != 0)
        return -1;
    signer = pair[1];
    over = false;
    client = signer_client_new(pair[0]);
    return client ? 0 : -1;
}

static int close_client(void **state)
{
    (void)state;
    over = true;
    signer_client_free(client);
    client = NULL;
    if (signer >= 0)
        close(signer);
    return 0;
}

static void done(void *user, const struct sign_answer *answers, unsigned n, uint32_t sign_us)
{
    struct told *told = user;
    uint64_t ticket;
    if (over)
        return;
    told->times++;
    told->n = n;
    told->reason = answers[0].reason;
    told->last_reason = answers[n - 1].reason;
    told->sign_us = sign_us;
    snprintf(told->token, sizeof(told->token), "%.*s", STR_ARG(answers[0].token));
    if (told->cancel)
        signer_client_cancel(client, told->cancel);
    if (told->submit_again) {
        told->submit_again = false;
        signer_client_submit(client, &order, 1, done, told, &ticket);
    }
    if (told->free_client) {
        signer_client_free(client);
        client = NULL;
    }
}

static uint64_t submit(struct told *told)
{
    uint64_t ticket = 0;
    assert_int_equal(signer_client_submit(client, &order, 1, done, told, &ticket), REASON_OK);
    assert_int_not_equal(ticket, 0);
    return ticket;
}

struct request {
    uint64_t ticket;
    uint32_t certificate;
    unsigned n_tokens;
};

/* How many requests the next packet holds; 0: there is none. */
static unsigned take_packet(struct request requests[SIGN_BATCH_MAX])
{
    _Alignas(8) static char bytes[SIGN_BATCH_MAX * SIGN_REQUEST_MAX];
    static struct sign_asked asked;
    unsigned n = 0;
    ssize_t got = recv(signer, bytes, sizeof(bytes), MSG_TRUNC);
    struct str packet = {bytes, got > 0 ? (size_t)got : 0};
    for (; packet.n > 0; n++) {
        const struct sign_request *r = sign_request_next(&packet);
        assert_non_null(r);
        assert_int_equal(sign_request_read(r, 1443208345, &asked), REASON_OK);
        requests[n] = (struct request){r->ticket, asked.order[0].certificate, asked.n};
    }
    return n;
}

/* TOKEN: texts of several, apart by blanks; empty: none, for REASON. */
static size_t write_response(char *at, uint64_t ticket, enum reason reason, const char *token)
{
    struct buf out = BUF_INIT;
    struct str rest = str_of(token);
    if (reason != REASON_OK) {
        sign_response_refuse(&out, ticket, reason);
    } else {
        size_t begin = sign_response_begin(&out, ticket);
        while (rest.p)
            sign_response_add(&out, begin, REASON_OK, str_cut(&rest, ' '));
        sign_response_end(&out, begin, 33);
    }
    size_t n = out.n;
    assert_false(buf_failed(&out));
    memcpy(at, out.p, n);
    buf_fini(&out);
    return n;
}

static void respond(uint64_t ticket, enum reason reason, const char *token)
{
    _Alignas(8) char packet[256];
    size_t n = write_response(packet, ticket, reason, token);
    assert_int_equal(send(signer, packet, n, 0), (ssize_t)n);
}

static void a_request_gets_its_token(void **state)
{
    struct told told = {0};
    struct request r[SIGN_BATCH_MAX];
    uint64_t ticket = submit(&told);
    (void)state;
    assert_int_equal(take_packet(r), 0); /* it waits for the flush */
    signer_client_flush(client);
    assert_int_equal(take_packet(r), 1);
    assert_int_equal(r[0].ticket, ticket);
    assert_int_equal(r[0].certificate, 5);
    assert_int_equal(signer_client_waiting(client), 1);
    respond(ticket, REASON_OK, "a.b.c");
    assert_true(signer_client_readable(client));
    assert_int_equal(told.times, 1);
    assert_int_equal(told.reason, REASON_OK);
    assert_int_equal(told.sign_us, 33);
    assert_string_equal(told.token, "a.b.c");
    assert_int_equal(signer_client_waiting(client), 0);
    respond(ticket, REASON_OK, "a.b.c"); /* once more: nobody waits */
    assert_true(signer_client_readable(client));
    assert_int_equal(told.times, 1);
}

static void the_tokens_of_a_call_come_together(void **state)
{
    struct sign_order orders[PASSPORTS_MAX + 1];
    struct request r[SIGN_BATCH_MAX];
    struct told told = {0};
    uint64_t ticket = 0;
    (void)state;
    for (unsigned i = 0; i <= PASSPORTS_MAX; i++)
        orders[i] = order;
    assert_int_equal(signer_client_submit(client, orders, 0, done, &told, &ticket),
                     REASON_SIGNER_REFUSED);
    assert_int_equal(signer_client_submit(client, orders, PASSPORTS_MAX + 1, done, &told, &ticket),
                     REASON_SIGNER_REFUSED);
    assert_int_equal(signer_client_waiting(client), 0);
    for (unsigned n = 2; n <= PASSPORTS_MAX; n++) {
        assert_int_equal(signer_client_submit(client, orders, n, done, &told, &ticket), REASON_OK);
        signer_client_flush(client);
        assert_int_equal(take_packet(r), 1);
        assert_int_equal(r[0].n_tokens, n);
        respond(ticket, REASON_SIGNER_OVERLOADED, "");
        assert_true(signer_client_readable(client));
        assert_int_equal(told.n, n); /* one answer for all of them is one for each */
        assert_int_equal(told.reason, REASON_SIGNER_OVERLOADED);
        assert_int_equal(told.last_reason, REASON_SIGNER_OVERLOADED);
    }
    assert_int_equal(signer_client_submit(client, orders, 2, done, &told, &ticket), REASON_OK);
    signer_client_flush(client);
    respond(ticket, REASON_OK, "a.b.c d.e.f");
    assert_true(signer_client_readable(client));
    assert_int_equal(told.n, 2);
    assert_int_equal(told.reason, REASON_OK);
    assert_string_equal(told.token, "a.b.c");
    assert_int_equal(told.times, PASSPORTS_MAX);
}

static void requests_gather_in_packets(void **state)
{
    struct told told[40] = {{0}};
    uint64_t tickets[40];
    struct request r[SIGN_BATCH_MAX];
    (void)state;
    for (unsigned i = 0; i < 40; i++)
        tickets[i] = submit(&told[i]);
    signer_client_flush(client);
    assert_int_equal(take_packet(r), SIGN_BATCH_MAX);
    assert_int_equal(r[15].ticket, tickets[15]);
    assert_int_equal(take_packet(r), SIGN_BATCH_MAX);
    assert_int_equal(take_packet(r), 8);
    assert_int_equal(r[7].ticket, tickets[39]);
    assert_int_equal(take_packet(r), 0);

    _Alignas(8) char packet[768];
    size_t n = write_response(packet, tickets[39], REASON_OK, "x.y.z");
    n += write_response(packet + n, tickets[0], REASON_NO_CERTIFICATE, "");
    n += write_response(packet + n, tickets[7], REASON_OK, "longer.token.here");
    assert_int_equal(send(signer, packet, n, 0), (ssize_t)n);
    assert_true(signer_client_readable(client));
    assert_string_equal(told[39].token, "x.y.z");
    assert_int_equal(told[0].reason, REASON_NO_CERTIFICATE);
    assert_string_equal(told[7].token, "longer.token.here");
    assert_int_equal(signer_client_waiting(client), 37);
}

static void a_cancelled_request_is_never_told(void **state)
{
    struct told queued = {0}, sent = {0}, kept = {0};
    struct request r[SIGN_BATCH_MAX];
    uint64_t a = submit(&queued), b = submit(&sent), c = submit(&kept);
    (void)state;
    signer_client_cancel(client, a);
    signer_client_flush(client);
    assert_int_equal(take_packet(r), 2);
    assert_int_equal(r[0].ticket, b);
    signer_client_cancel(client, b);
    signer_client_cancel(client, b);
    signer_client_cancel(client, 0);
    signer_client_cancel(client, UINT64_MAX);
    assert_int_equal(signer_client_waiting(client), 1);
    respond(b, REASON_OK, "a.b.c");
    respond(c, REASON_OK, "a.b.c");
    assert_true(signer_client_readable(client));
    assert_int_equal(queued.times + sent.times, 0);
    assert_int_equal(kept.times, 1);
}

/* The slot is used again, the ticket is not. */
static void a_late_answer_does_not_reach_another_request(void **state)
{
    struct told first = {0}, second = {0};
    uint64_t a = submit(&first);
    (void)state;
    signer_client_flush(client);
    signer_client_cancel(client, a);
    uint64_t b = submit(&second);
    signer_client_flush(client);
    assert_int_not_equal(a, b);
    respond(a, REASON_OK, "of.the.first");
    assert_true(signer_client_readable(client));
    assert_int_equal(second.times, 0);
}

static void callbacks_may_cancel_and_submit(void **state)
{
    struct told first = {.submit_again = true}, second = {0};
    struct request r[SIGN_BATCH_MAX];
    uint64_t a = submit(&first), b = submit(&second);
    (void)state;
    first.cancel = b;
    signer_client_flush(client);
    assert_int_equal(take_packet(r), 2);
    _Alignas(8) char packet[512];
    size_t n = write_response(packet, a, REASON_OK, "a.b.c");
    n += write_response(packet + n, b, REASON_OK, "a.b.c");
    assert_int_equal(send(signer, packet, n, 0), (ssize_t)n);
    assert_true(signer_client_readable(client));
    assert_int_equal(first.times, 1);
    assert_int_equal(second.times, 0);
    assert_int_equal(take_packet(r), 1); /* what the callback asked for is on its way already */
    assert_int_equal(signer_client_waiting(client), 1);
}

static void a_callback_may_free_the_client(void **state)
{
    struct told first = {.free_client = true}, second = {0};
    struct request r[SIGN_BATCH_MAX];
    uint64_t a = submit(&first), b = submit(&second);
    (void)state;
    signer_client_flush(client);
    assert_int_equal(take_packet(r), 2);
    respond(a, REASON_OK, "a.b.c");
    respond(b, REASON_OK, "a.b.c");
    assert_true(signer_client_readable(client));
    assert_null(client);
    assert_int_equal(first.times, 1);
    assert_int_equal(second.times, 1);
    assert_int_equal(second.reason, REASON_SIGNER_UNAVAILABLE);
}

static void too_many_are_refused(void **state)
{
    struct told told = {0};
    uint64_t ticket, last = 0;
    (void)state;
    for (unsigned i = 0; i < WAITING_MAX; i++)
        last = submit(&told);
    assert_int_equal(signer_client_submit(client, &order, 1, done, &told, &ticket),
                     REASON_SIGNER_OVERLOADED);
    signer_client_cancel(client, last);
    submit(&told);
    signer_client_free(client);
    client = NULL;
    assert_int_equal(told.times, WAITING_MAX);
    assert_int_equal(told.reason, REASON_SIGNER_UNAVAILABLE);
}

/* A signer that is stopped: nothing blocks, and what waits goes out when it reads again. */
static void a_full_socket_does_not_block(void **state)
{
    struct told told = {0};
    struct request r[SIGN_BATCH_MAX];
    unsigned taken = 0, n;
    (void)state;
    for (unsigned i = 0; i < WAITING_MAX; i++)
        submit(&told);
    signer_client_flush(client);
    assert_int_equal(told.times, 0);
    for (unsigned turns = 0; taken < WAITING_MAX && turns < WAITING_MAX; turns++) {
        while ((n = take_packet(r)) > 0)
            taken += n;
        signer_client_flush(client);
    }
    assert_int_equal(taken, WAITING_MAX);
    assert_int_equal(signer_client_waiting(client), WAITING_MAX);
}

static void without_a_signer_every_request_fails_at_once(void **state)
{
    struct told told = {0};
    uint64_t ticket;
    struct signer_client *none = signer_client_new(-1);
    (void)state;
    assert_int_equal(signer_client_fd(none), -1);
    assert_int_equal(signer_client_submit(none, &order, 1, done, &told, &ticket),
                     REASON_SIGNER_UNAVAILABLE);
    signer_client_flush(none);
    assert_false(signer_client_readable(none));
    signer_client_free(none);
    signer_client_free(NULL);
    assert_int_equal(told.times, 0);
}

static void assert_gone(struct told *told)
{
    uint64_t ticket;
    assert_false(signer_client_readable(client));
    assert_int_equal(told->times, 1);
    assert_int_equal(told->reason, REASON_SIGNER_UNAVAILABLE);
    assert_int_equal(signer_client_waiting(client), 0);
    assert_int_equal(signer_client_submit(client, &order, 1, done, told, &ticket),
                     REASON_SIGNER_UNAVAILABLE);
    assert_false(signer_client_readable(client));
}

static void a_signer_that_ends_is_gone(void **state)
{
    struct told told = {0};
    (void)state;
    submit(&told);
    signer_client_flush(client);
    close(signer);
    signer = -1;
    assert_gone(&told);
}

static void its_end_is_seen_when_sending_too(void **state)
{
    struct told told = {.submit_again = true};
    (void)state;
    close(signer);
    signer = -1;
    submit(&told);
    signer_client_flush(client);
    assert_gone(&told);
}

enum nonsense {
    SHORT,
    OTHER_VERSION,
    SIZE_OF_NOTHING,
    SIZE_BEYOND_THE_PACKET,
    SIZE_ODD,
    TOKEN_BEYOND_THE_PACKET,
    TOKEN_TOO_LONG,
    TOKEN_BEYOND_ALL,
    OK_WITHOUT_TOKEN,
    OK_WITHOUT_RESULT,
    REASON_WITH_TOKEN,
    REASON_WITH_RESULT,
    UNKNOWN_REASON,
    UNKNOWN_REASON_OF_ALL,
    LINE_END_IN_TOKEN,
    MORE_TOKENS_THAN_A_CALL_HAS,
    MORE_TOKENS_THAN_ARE_THERE,
    FEWER_TOKENS_THAN_ARE_THERE,
    TWO_TOKENS_FOR_ONE,
    HALF_A_SECOND_ONE,
    TOO_LARGE,
    NONSENSES
};

static size_t write_nonsense(enum nonsense kind, char *at, uint64_t ticket)
{
    struct sign_response *r = (struct sign_response *)at;
    struct sign_result *result = (struct sign_result *)(r + 1);
    size_t n = write_response(at, ticket, REASON_OK,
                              kind == TWO_TOKENS_FOR_ONE ? "a.b.c a.b.c" : "a.b.c");
    switch (kind) {
    case SHORT:
        return sizeof(*r) - 1;
    case OTHER_VERSION:
        r->version++;
        break;
    case SIZE_OF_NOTHING:
        r->size = 0;
        break;
    case SIZE_BEYOND_THE_PACKET:
        r->size += 8;
        break;
    case SIZE_ODD:
        r->size--;
        break;
    case TOKEN_BEYOND_THE_PACKET:
        result->length = 100;
        break;
    case TOKEN_TOO_LONG:
        result->length = SIGN_TOKEN_MAX + 1;
        r->size = 8192;
        return 8192;
    case TOKEN_BEYOND_ALL:
        result->length = UINT32_MAX;
        break;
    case OK_WITHOUT_TOKEN:
        result->length = 0;
        break;
    case OK_WITHOUT_RESULT:
        r->n_tokens = 0;
        r->size = sizeof(*r);
        return sizeof(*r);
    case REASON_WITH_TOKEN:
        result->reason = REASON_SIGNER_FAILED;
        break;
    case REASON_WITH_RESULT:
        r->reason = REASON_SIGNER_FAILED;
        break;
    case UNKNOWN_REASON:
        result->reason = 12345;
        break;
    case UNKNOWN_REASON_OF_ALL:
        return write_response(at, ticket, (enum reason)12345, "");
    case LINE_END_IN_TOKEN:
        memcpy(result + 1, "a\r\nb:", 5);
        break;
    case MORE_TOKENS_THAN_A_CALL_HAS:
        r->n_tokens = PASSPORTS_MAX + 1;
        break;
    case MORE_TOKENS_THAN_ARE_THERE:
        r->n_tokens++;
        break;
    case FEWER_TOKENS_THAN_ARE_THERE:
        r->size += 16;
        return n + 16;
    case HALF_A_SECOND_ONE:
        return write_response(at, ticket + WAITING_MAX, REASON_OK, "a.b.c") + 8;
    case TOO_LARGE:
        return SIGN_ANSWERS_MAX + 8;
    case TWO_TOKENS_FOR_ONE:
    case NONSENSES:
        break;
    }
    return n;
}

static void a_signer_that_talks_nonsense_is_gone(void **state)
{
    _Alignas(8) static char packet[SIGN_ANSWERS_MAX + 8];
    (void)state;
    for (int kind = 0; kind < NONSENSES; kind++) {
        struct told told = {0};
        memset(packet, 0, sizeof(packet));
        uint64_t ticket = submit(&told);
        signer_client_flush(client);
        size_t n = write_nonsense((enum nonsense)kind, packet, ticket);
        assert_int_equal(send(signer, packet, n, 0), (ssize_t)n);
        assert_gone(&told);
        close_client(state);
        assert_int_equal(open_client(state), 0);
    }
}

/* What is there is taken without going back to the loop. */
static void an_answer_is_looked_for(void **state)
{
    struct told told = {0};
    uint64_t ticket = submit(&told);
    (void)state;
    signer_client_look(client, 1); /* it has not left yet */
    assert_int_equal(told.times, 0);
    signer_client_flush(client);
    respond(ticket, REASON_OK, "a.b.c");
    signer_client_look(client, 2); /* others have come with it */
    assert_int_equal(told.times, 0);
    signer_client_look(client, 1);
    assert_int_equal(told.times, 1);
    assert_string_equal(told.token, "a.b.c");
    signer_client_look(client, 1);
    assert_int_equal(told.times, 1);
}

/* It is left alone after that, so its answer waits for the loop. */
static void nobody_looks_at_a_slow_signer(void **state)
{
    struct told told = {0};
    uint64_t ticket = submit(&told);
    int64_t began_ms, ended_ms;
    (void)state;
    signer_client_flush(client);
    signer_client_look(client, 1);
    began_ms = clock_monotonic_ms();
    signer_client_look(client, 1);
    respond(ticket, REASON_OK, "a.b.c");
    signer_client_look(client, 1);
    ended_ms = clock_monotonic_ms();
    assert_true(told.times == 0 || ended_ms - began_ms >= LOOK_AGAIN_MS);
    assert_true(signer_client_readable(client));
    assert_int_equal(told.times, 1);
}

static void who_looks_sees_the_end(void **state)
{
    struct told told = {0};
    (void)state;
    submit(&told);
    signer_client_flush(client);
    close(signer);
    signer = -1;
    signer_client_look(client, 1);
    assert_int_equal(told.times, 1);
    assert_int_equal(told.reason, REASON_SIGNER_UNAVAILABLE);
    assert_false(signer_client_readable(client));
    signer_client_look(client, 1);
}

static void a_look_may_free_the_client(void **state)
{
    struct told told = {.free_client = true};
    uint64_t ticket = submit(&told);
    (void)state;
    signer_client_flush(client);
    respond(ticket, REASON_OK, "a.b.c");
    signer_client_look(client, 1);
    assert_int_equal(told.times, 1);
    assert_null(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_client, close_client)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_gets_its_token),
        TEST(the_tokens_of_a_call_come_together),
        TEST(requests_gather_in_packets),
        TEST(a_cancelled_request_is_never_told),
        TEST(a_late_answer_does_not_reach_another_request),
        TEST(callbacks_may_cancel_and_submit),
        TEST(a_callback_may_free_the_client),
        TEST(too_many_are_refused),
        TEST(a_full_socket_does_not_block),
        TEST(without_a_signer_every_request_fails_at_once),
        TEST(a_signer_that_ends_is_gone),
        TEST(its_end_is_seen_when_sending_too),
        TEST(a_signer_that_talks_nonsense_is_gone),
        TEST(an_answer_is_looked_for),
        TEST(nobody_looks_at_a_slow_signer),
        TEST(who_looks_sees_the_end),
        TEST(a_look_may_free_the_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
