#include "lab.h"

#include <errno.h>
#include <stird/core/sign_request.h>
#include <stird/io/control.h>
#include <stird/io/signer_client.h>
#include <sys/socket.h>

#define WAITING_MAX 4096

static struct signer_client *client;
static int signer; /* the other end, played by the test */
static struct passport_claims claims;
static bool over; /* the test returned, and what its callbacks would write to with it */

/* What a callback was told. */
struct told {
    unsigned times;
    enum reason reason;
    char token[64];
    uint32_t sign_us;
    uint64_t cancel; /* another ticket, cancelled from inside */
    bool submit_again, free_client;
};

static int open_client(void **state)
{
    int pair[2];
    (void)state;
    claims = lab_claims('A', 1443208345);
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

static void done(void *user, enum reason reason, struct str token, uint32_t sign_us)
{
    struct told *told = user;
    uint64_t ticket;
    if (over)
        return;
    told->times++;
    told->reason = reason;
    told->sign_us = sign_us;
    snprintf(told->token, sizeof(told->token), "%.*s", STR_ARG(token));
    if (told->cancel)
        signer_client_cancel(client, told->cancel);
    if (told->submit_again) {
        told->submit_again = false;
        signer_client_submit(client, 0, &passport_type_shaken, &claims, done, told, &ticket);
    }
    if (told->free_client) {
        signer_client_free(client);
        client = NULL;
    }
}

static uint64_t submit(struct told *told)
{
    uint64_t ticket = 0;
    assert_int_equal(
        signer_client_submit(client, 5, &passport_type_shaken, &claims, done, told, &ticket),
        REASON_OK);
    assert_int_not_equal(ticket, 0);
    return ticket;
}

/* How many requests the next packet holds; 0: there is none. */
static unsigned take_packet(struct sign_request requests[SIGN_BATCH_MAX])
{
    ssize_t got = recv(signer, requests, SIGN_BATCH_MAX * sizeof(requests[0]), MSG_TRUNC);
    if (got < 0)
        return 0;
    assert_int_equal((size_t)got % sizeof(requests[0]), 0);
    return (unsigned)((size_t)got / sizeof(requests[0]));
}

static size_t write_response(char *at, uint64_t ticket, enum reason reason, const char *token)
{
    struct sign_response r = {.version = SIGN_WIRE_VERSION,
                              .reason = (int32_t)reason,
                              .ticket = ticket,
                              .sign_us = 33,
                              .token_length = (uint32_t)strlen(token)};
    memcpy(r.token, token, strlen(token));
    memcpy(at, &r, sign_response_size(&r));
    return sign_response_size(&r);
}

static void respond(uint64_t ticket, enum reason reason, const char *token)
{
    char packet[sizeof(struct sign_response)];
    size_t n = write_response(packet, ticket, reason, token);
    assert_int_equal(send(signer, packet, n, 0), (ssize_t)n);
}

static void a_request_gets_its_token(void **state)
{
    struct told told = {0};
    struct sign_request r[SIGN_BATCH_MAX];
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

static void requests_gather_in_packets(void **state)
{
    struct told told[40] = {{0}};
    uint64_t tickets[40];
    struct sign_request r[SIGN_BATCH_MAX];
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

    char packet[3 * sizeof(struct sign_response)];
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
    struct sign_request r[SIGN_BATCH_MAX];
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
    struct sign_request r[SIGN_BATCH_MAX];
    uint64_t a = submit(&first), b = submit(&second);
    (void)state;
    first.cancel = b;
    signer_client_flush(client);
    assert_int_equal(take_packet(r), 2);
    char packet[2 * sizeof(struct sign_response)];
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
    struct sign_request r[SIGN_BATCH_MAX];
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
    assert_int_equal(
        signer_client_submit(client, 0, &passport_type_shaken, &claims, done, &told, &ticket),
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
    struct sign_request r[SIGN_BATCH_MAX];
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
    assert_int_equal(
        signer_client_submit(none, 0, &passport_type_shaken, &claims, done, &told, &ticket),
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
    assert_int_equal(
        signer_client_submit(client, 0, &passport_type_shaken, &claims, done, told, &ticket),
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
    TOKEN_BEYOND_THE_PACKET,
    TOKEN_TOO_LONG,
    OK_WITHOUT_TOKEN,
    REASON_WITH_TOKEN,
    UNKNOWN_REASON,
    LINE_END_IN_TOKEN,
    HALF_A_SECOND_ONE,
    TOO_LARGE,
    NONSENSES
};

static size_t write_nonsense(enum nonsense kind, char *at, uint64_t ticket)
{
    struct sign_response *r = (struct sign_response *)at;
    size_t n = write_response(at, ticket, REASON_OK, "a.b.c");
    switch (kind) {
    case SHORT:
        return 23;
    case OTHER_VERSION:
        r->version++;
        return n;
    case TOKEN_BEYOND_THE_PACKET:
        r->token_length = 100;
        return n;
    case TOKEN_TOO_LONG:
        r->token_length = SIGN_TOKEN_MAX + 1;
        return sizeof(*r);
    case OK_WITHOUT_TOKEN:
        return write_response(at, ticket, REASON_OK, "");
    case REASON_WITH_TOKEN:
        return write_response(at, ticket, REASON_SIGNER_FAILED, "a.b.c");
    case UNKNOWN_REASON:
        return write_response(at, ticket, (enum reason)12345, "");
    case LINE_END_IN_TOKEN:
        return write_response(at, ticket, REASON_OK, "a.b.c\r\nX: y");
    case HALF_A_SECOND_ONE:
        return write_response(at, ticket + WAITING_MAX, REASON_OK, "a.b.c") + 8;
    case TOO_LARGE:
    case NONSENSES:
        break;
    }
    return SIGN_BATCH_MAX * sizeof(*r) + 8;
}

static void a_signer_that_talks_nonsense_is_gone(void **state)
{
    _Alignas(8) static char packet[(SIGN_BATCH_MAX + 1) * sizeof(struct sign_response)];
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_client, close_client)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_gets_its_token),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
