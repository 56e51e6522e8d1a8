/*
 * The proxy through hours in a moment: real sockets on the loopback, a clock of our own. The link
 * replaces clock_monotonic_ms() (CMakeLists.txt), so that timer C runs at its real length.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/conf/settings_file.h>

#include "lab.h"
#include "sip/context.h"

#define SECOND INT64_C(1000)
#define NOW_S  1893456000 /* 2030-01-01: while the certificates of tests/conf are valid */

static int64_t simulated_ms;

int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void)
{
    return simulated_ms;
}

/*
 * stird .1, an SBC .2 with one carrier .9, and an SBC .3 that has "first" .8 before it; each on an
 * address of this process's own.
 */
struct world {
    char *directory;
    char net[16]; /* "127.x.y." */
    struct event_base *base;
    struct listener_sockets sockets;
    struct proxy *proxy;
    int sbc, careful_sbc, first, carrier;
    unsigned calls;
    char invite[2048];   /* as the SBC sent it last */
    char arrived[4096];  /* as the carrier received it last */
    char at_first[4096]; /* as "first" did */
};

static struct sockaddr_in address_of(const struct world *w, unsigned last)
{
    char text[24];
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(5060)};
    snprintf(text, sizeof(text), "%s%u", w->net, last);
    assert_int_equal(inet_pton(AF_INET, text, &a.sin_addr), 1);
    return a;
}

static int bound(const struct world *w, unsigned last)
{
    struct sockaddr_in a = address_of(w, last);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static struct settings *read_settings(const struct world *w)
{
    char path[300];
    struct problems problems = PROBLEMS_INIT;
    struct buf said = BUF_INIT;
    snprintf(path, sizeof(path), "%s/stird.conf", w->directory);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "listen = ({ name = \"main\"; address = \"%s1\"; port = 5060;"
            " transports = [ \"udp\" ]; });\n"
            "trunks = ({ name = \"pbx\"; sources = [ \"%s2\" ]; customer = \"acme\";"
            " identity = \"authenticated\"; upstreams = [ \"carrier\" ]; },\n"
            "{ name = \"careful\"; sources = [ \"%s3\" ]; customer = \"acme\";"
            " identity = \"authenticated\"; upstreams = [ \"first\", \"carrier\" ]; });\n"
            "upstreams = ({ name = \"carrier\"; uri = \"sip:%s9:5060;transport=udp\"; },\n"
            "{ name = \"first\"; uri = \"sip:%s8:5060;transport=udp\"; });\n"
            "certificates = ({ id = \"818H\"; directory = \"%s/conf/certs/818H\"; });\n"
            "provider = { spc = [ \"818H\" ]; };\n",
            w->net, w->net, w->net, w->net, w->net, TESTS_DIR);
    fclose(f);
    struct files *files = files_new();
    struct settings *s = settings_read(files, str_of(path), NOW_S, &problems);
    problems_print(&problems, &said);
    if (!s)
        fail_msg("%.*s", STR_ARG(buf_str(&said)));
    buf_fini(&said);
    problems_fini(&problems);
    files_free(files);
    return s;
}

static struct snapshot *make_snapshot(const struct world *w)
{
    static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1};
    struct problems problems = PROBLEMS_INIT;
    struct numbers_summary summary;
    const char *why = NULL;
    int fd;
    assert_true(
        numbers_files_compile(&(struct numbers_paths){.n_tables = 0}, &fd, &summary, &problems));
    /* Without a signer every call leaves unsigned, at once. */
    struct snapshot *s = snapshot_new(read_settings(w), fd, signer_client_new(-1), secret, 1, 1,
                                      &why);
    assert_non_null(s);
    close(fd);
    problems_fini(&problems);
    return s;
}

static void world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    simulated_ms = 5000 * SECOND;
    snprintf(w->net, sizeof(w->net), "127.%u.%u.", 100 + (unsigned)getpid() / 254 % 100,
             1 + (unsigned)getpid() % 254);
    w->directory = lab_directory();
    log_set_level(LOG_LEVEL_ERROR);
    w->base = event_base_new();
    for (unsigned t = 0; t < TRANSPORTS; t++)
        w->sockets.fd[t] = -1;
    w->sockets.fd[TRANSPORT_UDP] = bound(w, 1);
    w->sbc = bound(w, 2);
    w->careful_sbc = bound(w, 3);
    w->first = bound(w, 8);
    w->carrier = bound(w, 9);
    struct proxy_options options = {
        .base = w->base, .sockets = &w->sockets, .snapshot = make_snapshot(w), .records_fd = -1};
    w->proxy = proxy_new(&options);
    assert_non_null(w->proxy);
    snapshot_unref(options.snapshot);
    proxy_start(w->proxy);
}

static void world_fini(struct world *w)
{
    proxy_free(w->proxy);
    event_base_free(w->base);
    close(w->sockets.fd[TRANSPORT_UDP]);
    close(w->sbc);
    close(w->careful_sbc);
    close(w->first);
    close(w->carrier);
    lab_remove(w->directory);
}

static int begin_story(void **state)
{
    struct world *w = malloc(sizeof(*w));
    if (w)
        world_init(w);
    *state = w;
    return w ? 0 : -1;
}

static int end_story(void **state)
{
    world_fini(*state);
    free(*state);
    return 0;
}

/* ---- sockets and time ---- */

static void send_to_stird(struct world *w, int from, const char *text)
{
    struct sockaddr_in stird = address_of(w, 1);
    assert_true(sendto(from, text, strlen(text), 0, (struct sockaddr *)&stird, sizeof(stird)) > 0);
    event_base_loop(w->base, EVLOOP_NONBLOCK);
}

/* The next datagram; empty: there is none. */
static void receive(int fd, char text[4096])
{
    ssize_t n = recv(fd, text, 4095, 0);
    text[n > 0 ? n : 0] = '\0';
}

/* The next datagram begins with WHAT; a NULL says that there is none. */
static void expect(int fd, const char *what, char text[4096])
{
    char room[4096];
    if (!text)
        text = room;
    receive(fd, text);
    if (what ? strncmp(text, what, strlen(what)) != 0 : text[0] != '\0')
        fail_msg("at %lld ms: expected %s, got %.200s", (long long)simulated_ms,
                 what ? what : "nothing", text[0] ? text : "nothing");
}

/* Event by event, as the loop of a worker would. */
static void pass(struct world *w, int64_t ms)
{
    int64_t until = simulated_ms + ms, next;
    while ((next = timers_next_ms(proxy_timers(w->proxy))) >= 0 && next <= until) {
        if (next > simulated_ms)
            simulated_ms = next;
        timers_run(proxy_timers(w->proxy), simulated_ms);
        event_base_loop(w->base, EVLOOP_NONBLOCK);
    }
    simulated_ms = until;
}

/* ---- messages ---- */

static void call_from(struct world *w, int sbc, unsigned last)
{
    w->calls++;
    snprintf(w->invite, sizeof(w->invite),
             "INVITE sip:+12155550199@%s1 SIP/2.0\r\n"
             "Via: SIP/2.0/UDP %s%u:5060;branch=z9hG4bKc%u\r\nMax-Forwards: 70\r\n"
             "From: <sip:+12155550100@h>;tag=f\r\nTo: <sip:+12155550199@h>\r\nCall-ID: c%u\r\n"
             "CSeq: 1 INVITE\r\nContact: <sip:%s%u>\r\nContent-Length: 0\r\n\r\n",
             w->net, w->net, last, w->calls, w->calls, w->net, last);
    send_to_stird(w, sbc, w->invite);
    expect(sbc, "SIP/2.0 100 ", NULL);
}

/* The INVITE of the present call, among what earlier ones still send. */
static void find_invite(struct world *w, int fd, char text[4096])
{
    char call_id[32];
    snprintf(call_id, sizeof(call_id), "Call-ID: c%u\r\n", w->calls);
    do {
        receive(fd, text);
        if (!text[0])
            fail_msg("no INVITE of call %u", w->calls);
    } while (strncmp(text, "INVITE ", 7) != 0 || !strstr(text, call_id));
}

static void sbc_calls(struct world *w)
{
    call_from(w, w->sbc, 2);
    expect(w->carrier, "INVITE ", w->arrived);
}

/* "first" says nothing for two seconds. */
static void careful_sbc_calls(struct world *w)
{
    call_from(w, w->careful_sbc, 3);
    find_invite(w, w->first, w->at_first);
    pass(w, 2 * SECOND + 2 * TIMER_TICK_MS);
    find_invite(w, w->carrier, w->arrived);
}

/* The SBC's other requests of that transaction. */
static void send_as(struct world *w, int sbc, const char *method)
{
    char text[2100];
    const char *headers = strchr(w->invite, ' ');
    const char *cseq = strstr(w->invite, "CSeq: 1 INVITE\r\n");
    int n = snprintf(text, sizeof(text), "%s%.*sCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n", method,
                     (int)(cseq - headers), headers, method);
    assert_true(n > 0 && (size_t)n < sizeof(text));
    send_to_stird(w, sbc, text);
}

static void sbc_sends(struct world *w, const char *method)
{
    send_as(w, w->sbc, method);
}

static void add_lines(struct buf *out, const char *request, const char *name)
{
    for (const char *line = strstr(request, "\r\n"); line && line[2] != '\r';) {
        const char *end = strstr(line + 2, "\r\n");
        if (strncmp(line + 2, name, strlen(name)) == 0)
            buf_add(out, line + 2, (size_t)(end - line));
        line = end;
    }
}

/* A callee's answer to REQUEST. */
static void answer_from(struct world *w, int callee, const char *request, int status)
{
    static const char *const names[] = {
        "Via: ", "Record-Route: ", "From: ", "Call-ID: ", "CSeq: ", "To: "};
    struct buf out = BUF_INIT;
    buf_addf(&out, "SIP/2.0 %d X\r\n", status);
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        add_lines(&out, request, names[i]);
    out.n -= 2;
    buf_add_text(&out, ";tag=t\r\nContent-Length: 0\r\n\r\n");
    buf_add(&out, "", 1);
    send_to_stird(w, callee, buf_str(&out).p);
    buf_fini(&out);
}

static void carrier_answers(struct world *w, const char *request, int status)
{
    answer_from(w, w->carrier, request, status);
}

static void first_says(struct world *w, int status)
{
    answer_from(w, w->first, w->at_first, status);
}

static void carrier_says(struct world *w, int status)
{
    carrier_answers(w, w->arrived, status);
}

/* Nothing is left of any call. */
static void assert_clean(struct world *w)
{
    assert_null(*proxy_contexts(w->proxy));
    assert_int_equal(transactions_count(proxy_transactions(w->proxy)), 0);
    assert_int_equal(proxy_get_counters(w->proxy)->calls, 0);
}

/* ---- timer C ---- */

static void test_r_p_073_timer_c_ends_what_rings_too_long(void **state)
{
    struct world *w = *state;
    char cancel[4096];
    sbc_calls(w);
    carrier_says(w, 180);
    expect(w->sbc, "SIP/2.0 180 ", NULL);
    pass(w, 180 * SECOND);
    expect(w->carrier, NULL, NULL);
    pass(w, SECOND + 2 * TIMER_TICK_MS);
    expect(w->carrier, "CANCEL ", cancel);
    carrier_answers(w, cancel, 200);
    carrier_says(w, 487);
    expect(w->carrier, "ACK ", NULL);
    expect(w->sbc, "SIP/2.0 487 ", NULL);
    sbc_sends(w, "ACK");
    pass(w, 60 * SECOND);
    assert_clean(w);
}

static void test_r_p_073_a_callee_who_ignores_the_cancel(void **state)
{
    struct world *w = *state;
    sbc_calls(w);
    carrier_says(w, 180);
    expect(w->sbc, "SIP/2.0 180 ", NULL);
    pass(w, 182 * SECOND);
    expect(w->carrier, "CANCEL ", NULL);
    expect(w->sbc, NULL, NULL);
    pass(w, 33 * SECOND);
    expect(w->sbc, "SIP/2.0 408 ", NULL);
    sbc_sends(w, "ACK");
    pass(w, 60 * SECOND);
    assert_clean(w);
}

static void test_r_p_073_a_183_a_minute_keeps_it_alive(void **state)
{
    struct world *w = *state;
    sbc_calls(w);
    for (unsigned minute = 0; minute < 60; minute++) {
        carrier_says(w, 183);
        expect(w->sbc, "SIP/2.0 183 ", NULL);
        pass(w, 60 * SECOND);
        expect(w->carrier, NULL, NULL);
    }
    pass(w, 120 * SECOND);
    expect(w->carrier, NULL, NULL);
    pass(w, 2 * SECOND);
    expect(w->carrier, "CANCEL ", NULL);
}

/* RFC 3261 section 16.7 item 2: 101 to 199 only. */
static void test_r_p_073_a_100_a_minute_does_not(void **state)
{
    struct world *w = *state;
    sbc_calls(w);
    for (unsigned minute = 0; minute < 3; minute++) {
        carrier_says(w, 100);
        pass(w, 60 * SECOND);
        expect(w->carrier, NULL, NULL);
    }
    carrier_says(w, 100);
    pass(w, 2 * SECOND);
    expect(w->carrier, "CANCEL ", NULL);
    expect(w->sbc, NULL, NULL);
}

/* ---- the other timers, to the millisecond of a tick ---- */

static void test_r_p_071_invite_to_a_silent_next_hop(void **state)
{
    static const int64_t seconds_of_10[] = {5, 15, 35, 75, 155, 315};
    struct world *w = *state;
    int64_t begin = simulated_ms;
    sbc_calls(w);
    for (unsigned i = 0; i < sizeof(seconds_of_10) / sizeof(seconds_of_10[0]); i++) {
        pass(w, begin + seconds_of_10[i] * 100 - TIMER_TICK_MS - simulated_ms);
        expect(w->carrier, NULL, NULL);
        pass(w, 2 * TIMER_TICK_MS);
        expect(w->carrier, "INVITE ", NULL);
    }
    pass(w, begin + 32 * SECOND - TIMER_TICK_MS - simulated_ms);
    expect(w->sbc, NULL, NULL);
    pass(w, 2 * TIMER_TICK_MS);
    expect(w->sbc, "SIP/2.0 408 ", NULL);
    expect(w->carrier, NULL, NULL);
    sbc_sends(w, "ACK");
    pass(w, 60 * SECOND);
    assert_clean(w);
}

/* RFC 6026: 64*T1 after the first 2xx, copies of it still pass and copies of the INVITE do not. */
static void test_r_p_068_accepted_for_32_seconds(void **state)
{
    struct world *w = *state;
    sbc_calls(w);
    for (unsigned second = 0; second < 31; second++) {
        carrier_says(w, 200);
        expect(w->sbc, "SIP/2.0 200 ", NULL);
        send_to_stird(w, w->sbc, w->invite);
        expect(w->carrier, NULL, NULL);
        expect(w->sbc, NULL, NULL);
        pass(w, SECOND);
    }
    pass(w, 2 * SECOND);
    assert_clean(w);
}

/* ---- nothing leaks ---- */

static void answered(struct world *w)
{
    carrier_says(w, 180);
    carrier_says(w, 200);
    carrier_says(w, 200);
}

static void refused(struct world *w)
{
    carrier_says(w, 486);
    sbc_sends(w, "ACK");
}

static void refused_and_never_acknowledged(struct world *w)
{
    carrier_says(w, 503);
}

static void silent(struct world *w)
{
    (void)w;
}

static void rings_for_ever(struct world *w)
{
    carrier_says(w, 180);
}

static void cancelled(struct world *w)
{
    carrier_says(w, 180);
    sbc_sends(w, "CANCEL");
    carrier_says(w, 487);
    sbc_sends(w, "ACK");
}

static void cancelled_in_silence(struct world *w)
{
    sbc_sends(w, "CANCEL");
}

static void cancelled_and_ignored(struct world *w)
{
    carrier_says(w, 180);
    sbc_sends(w, "CANCEL");
}

static void answered_after_the_cancel(struct world *w)
{
    sbc_sends(w, "CANCEL");
    carrier_says(w, 200);
}

/* ---- the same with an upstream that was silent too long ---- */

static void first_wakes_up_and_is_cancelled(struct world *w)
{
    first_says(w, 180);
    first_says(w, 487);
    carrier_says(w, 200);
}

static void first_wakes_up_and_ignores_that(struct world *w)
{
    first_says(w, 183);
    carrier_says(w, 486);
    send_as(w, w->careful_sbc, "ACK");
}

static void first_answers_while_the_other_rings(struct world *w)
{
    carrier_says(w, 180);
    first_says(w, 200);
    carrier_says(w, 487);
}

static void first_answers_after_the_refusal(struct world *w)
{
    carrier_says(w, 486);
    send_as(w, w->careful_sbc, "ACK");
    first_says(w, 200);
    first_says(w, 200);
}

static void first_refuses_late(struct world *w)
{
    first_says(w, 603);
    carrier_says(w, 503);
    send_as(w, w->careful_sbc, "ACK");
}

static void both_are_silent(struct world *w)
{
    (void)w;
}

static void both_ring_and_the_caller_gives_up(struct world *w)
{
    carrier_says(w, 180);
    first_says(w, 180);
    send_as(w, w->careful_sbc, "CANCEL");
}

/* What waits in the peers' sockets is of no interest. */
static void drain(struct world *w)
{
    const int sockets[] = {w->sbc, w->careful_sbc, w->first, w->carrier};
    char text[4096];
    for (unsigned i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
        do
            receive(sockets[i], text);
        while (text[0]);
}

static void assert_clean_after_six_minutes(struct world *w)
{
    for (unsigned minute = 0; minute < 6; minute++) {
        drain(w);
        pass(w, 60 * SECOND);
    }
    assert_clean(w);
}

static void test_r_p_081_no_transaction_leaks(void **state)
{
    static void (*const fates[])(struct world * w) = {answered,
                                                      refused,
                                                      refused_and_never_acknowledged,
                                                      silent,
                                                      cancelled,
                                                      cancelled_in_silence,
                                                      rings_for_ever,
                                                      cancelled_and_ignored,
                                                      answered_after_the_cancel};
    enum { FATES = sizeof(fates) / sizeof(fates[0]) };
    struct world *w = *state;
    unsigned calls = getenv("STIRD_LONG") ? 100000 : 3000, most = 0;
    for (unsigned i = 0; i < calls; i++) {
        drain(w);
        sbc_calls(w);
        fates[i % FATES](w);
        if (i % 10 == 0)
            pass(w, SECOND);
        if (transactions_count(proxy_transactions(w->proxy)) > most)
            most = transactions_count(proxy_transactions(w->proxy));
    }
    assert_true(most > 100);
    assert_clean_after_six_minutes(w);
    assert_int_equal(proxy_timers(w->proxy)->count, 0);
}

static void test_r_p_081_failover_leaves_nothing(void **state)
{
    static void (*const fates[])(struct world * w) = {first_wakes_up_and_is_cancelled,
                                                      first_wakes_up_and_ignores_that,
                                                      first_answers_while_the_other_rings,
                                                      first_answers_after_the_refusal,
                                                      first_refuses_late,
                                                      both_are_silent,
                                                      both_ring_and_the_caller_gives_up};
    enum { FATES = sizeof(fates) / sizeof(fates[0]) };
    struct world *w = *state;
    for (unsigned i = 0; i < 100 * FATES; i++) {
        drain(w);
        careful_sbc_calls(w);
        fates[i % FATES](w);
        pass(w, SECOND / 4);
    }
    assert_clean_after_six_minutes(w);
    assert_int_equal(proxy_timers(w->proxy)->count, 0);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, begin_story, end_story)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(test_r_p_073_timer_c_ends_what_rings_too_long),
        STORY(test_r_p_073_a_callee_who_ignores_the_cancel),
        STORY(test_r_p_073_a_183_a_minute_keeps_it_alive),
        STORY(test_r_p_073_a_100_a_minute_does_not),
        STORY(test_r_p_071_invite_to_a_silent_next_hop),
        STORY(test_r_p_068_accepted_for_32_seconds),
        STORY(test_r_p_081_no_transaction_leaks),
        STORY(test_r_p_081_failover_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
