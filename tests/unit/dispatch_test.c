/* The kernel's choice among workers, through real sockets, against the same rule in C. */
#include <stird/net/dispatch.h>
#include <stird/net/listen.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "in_child.h"
#include "net/dispatch_rule.h"

#define PORT_FIRST 40000

/* Of the tests that need no other. */
static const struct dispatch_key key = {0x12345678, 0x7abcdef1, 0x0badcafe};

struct group {
    unsigned workers;
    struct listener_sockets sockets[WORKERS_MAX];
    int sender;
    struct sockaddr_in6 to;
    socklen_t to_bytes;
};

static void no_program(const char *why)
{
    print_message("SKIPPED: no eBPF program can be loaded here: %s\n", why);
    skip();
}

static struct listener loopback(bool ipv6, uint16_t port)
{
    struct listener l = {.transports = {[TRANSPORT_UDP] = true}};
    assert_true(address_parse(str_of(ipv6 ? "::1" : "127.0.0.1"), &l.address));
    l.address.port = port;
    return l;
}

/* The first free port from PORT_FIRST on. */
static struct listener open_somewhere(struct group *g, int program, bool ipv6)
{
    struct listener l;
    enum transport failed;
    int error = -EADDRINUSE;
    for (uint16_t port = PORT_FIRST; error == -EADDRINUSE; port++) {
        l = loopback(ipv6, port);
        error = listener_open(g->sockets, g->workers, program, &l, &failed);
    }
    assert_int_equal(error, 0);
    return l;
}

static void open_group(struct group *g, unsigned workers, bool ipv6)
{
    int program = dispatch_load(workers, &key, NULL, 0);
    if (program == -EPERM || program == -ENOSYS)
        no_program(strerror(-program));
    assert_true(program >= 0);
    g->workers = workers;
    struct listener l = open_somewhere(g, program, ipv6);
    close(program);
    g->sender = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    assert_true(g->sender >= 0);
    if (ipv6) {
        g->to = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                      .sin6_port = htons(l.address.port),
                                      .sin6_addr = in6addr_loopback};
        g->to_bytes = sizeof(g->to);
    } else {
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons(l.address.port),
                                 .sin_addr = {htonl(INADDR_LOOPBACK)}};
        memcpy(&g->to, &to, sizeof(to));
        g->to_bytes = sizeof(to);
    }
}

static void close_group(struct group *g)
{
    close(g->sender);
    listener_close(g->sockets, g->workers);
}

/* The worker whose socket has the datagram. */
static unsigned choice_of_kernel(struct group *g, struct str message)
{
    struct pollfd watched[WORKERS_MAX];
    static char read[65536];
    ssize_t sent = sendto(g->sender, message.p, message.n, 0, (void *)&g->to, g->to_bytes);
    assert_int_equal(sent, message.n);
    for (unsigned w = 0; w < g->workers; w++)
        watched[w] = (struct pollfd){.fd = g->sockets[w].fd[TRANSPORT_UDP], .events = POLLIN};
    assert_int_equal(poll(watched, g->workers, 60000), 1);
    for (unsigned w = 0; w < g->workers; w++) {
        if (!watched[w].revents)
            continue;
        assert_int_equal(recv(watched[w].fd, read, sizeof(read), 0), message.n);
        return w;
    }
    return ~0u;
}

static void check(struct group *g, struct str message)
{
    unsigned expected = dispatch_worker(message, g->workers, DISPATCH_LOOK_BYTES, &key);
    unsigned chosen = choice_of_kernel(g, message);
    if (chosen != expected)
        fail_msg("the kernel chose %u, the rule %u of %u for:\n%.*s", chosen, expected, g->workers,
                 (int)message.n, message.p);
}

/* ---- what a message says ---- */

#define INVITE "INVITE sip:+12155550199@192.0.2.1 SIP/2.0\r\n"
#define VIA    "Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-1\r\n"

static unsigned worker_of(const char *text)
{
    return dispatch_worker(str_of(text), 64, DISPATCH_WHOLE, &key);
}

static void test_a_call_id_is_the_same_however_it_is_written(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        INVITE VIA "Call-ID: abc@host\r\n\r\n",
        INVITE "Call-ID: abc@host\r\n" VIA "\r\n",
        INVITE VIA "CALL-ID:abc@host\r\n\r\n",
        INVITE VIA "cAlL-iD \t : \t abc@host \r\n\r\n",
        INVITE VIA "i: abc@host\r\n\r\n",
        INVITE VIA "I :abc@host\r\n\r\n",
        INVITE VIA "Call-ID:\r\n abc@host\r\n\r\n",
        "CANCEL sip:x@y SIP/2.0\nVia: x\ni:abc@host\nCSeq: 1 CANCEL\n\n",
        "\r\n\r\n" INVITE "Call-ID: abc@host",
    };
    unsigned first = worker_of(spellings[0]);
    for (unsigned i = 1; i < sizeof(spellings) / sizeof(spellings[0]); i++)
        assert_int_equal(worker_of(spellings[i]), first);
    assert_int_not_equal(worker_of(INVITE VIA "Call-ID: abd@host\r\n\r\n"), first);
}

static void test_only_a_header_is_a_call_id(void **state)
{
    (void)state;
    static const char *const others[] = {
        INVITE "X-Call-ID: abc@host\r\n", INVITE "Call-IDs: abc@host\r\n",
        INVITE "Call-ID abc: x\r\n",      INVITE "Subject: Call-ID: abc@host\r\n",
        INVITE "in: abc@host\r\n",        INVITE " i: abc@host\r\n",
        INVITE "Call\rID: abc@host\r\n",  INVITE,
    };
    unsigned zero = 0;
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        zero += worker_of(others[i]) == 0;
    assert_int_equal(zero, sizeof(others) / sizeof(others[0]));
    assert_int_equal(dispatch_worker(STR(""), 64, DISPATCH_WHOLE, &key), 0);
}

static void test_a_response_goes_where_its_request_came_from(void **state)
{
    (void)state;
#define OK       "SIP/2.0 200 OK\r\n"
#define OURS(ww) "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKst" ww "00aaaa\r\n"
    assert_int_equal(worker_of(OK OURS("00") VIA "Call-ID: abc\r\n\r\n"), 0);
    assert_int_equal(worker_of(OK OURS("2a") VIA "Call-ID: abc\r\n\r\n"), 0x2a);
    assert_int_equal(worker_of("\r\n\r\n" OK "Call-ID: abc\r\n" OURS("3f") "\r\n"), 0x3f);
    /* no such worker any more, or no number */
    assert_int_equal(worker_of(OK OURS("40") "Call-ID: abc\r\n\r\n"), 0);
    assert_int_equal(worker_of(OK OURS("g0") "Call-ID: abc\r\n\r\n"), 0);
    /* of another proxy: by its Call-ID */
    assert_int_equal(worker_of(OK VIA "Call-ID: abc\r\n\r\n"),
                     worker_of(INVITE VIA "Call-ID: abc\r\n\r\n"));
    /* a request that has been here before is none */
    assert_int_equal(worker_of(INVITE OURS("2a") "Call-ID: abc\r\n\r\n"),
                     worker_of(INVITE VIA "Call-ID: abc\r\n\r\n"));
}

static void test_calls_are_spread_evenly(void **state)
{
    (void)state;
    static const unsigned counts[] = {2, 3, 8, 64};
    for (unsigned c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        unsigned got[WORKERS_MAX] = {0};
        for (unsigned i = 0; i < 64000; i++) {
            char text[200];
            snprintf(text, sizeof(text), INVITE "Call-ID: %u-4711@192.0.2.7\r\n\r\n", i);
            got[dispatch_worker(str_of(text), counts[c], DISPATCH_WHOLE, &key)]++;
        }
        for (unsigned w = 0; w < counts[c]; w++) {
            assert_true(got[w] > 64000 / counts[c] * 85 / 100);
            assert_true(got[w] < 64000 / counts[c] * 115 / 100);
        }
    }
}

/*
 * Call-IDs that all are worker 0's by one key are spread evenly by another: who does not know the
 * key cannot aim. Keys by chance never agree. Call-IDs that count up are no measure: by two keys in
 * some three thousand such a row runs alike, whatever it was aimed at.
 */
static void test_nobody_can_aim(void **state)
{
    (void)state;
    enum { WORKERS = 4, AIMED = 2000 };
    for (unsigned k = 0; k < 20; k++) {
        struct dispatch_key mine, other;
        unsigned aimed = 0, hits = 0;
        assert_int_equal(dispatch_key_make(&mine), 0);
        assert_int_equal(dispatch_key_make(&other), 0);
        assert_memory_not_equal(&mine, &other, sizeof(mine));
        for (uint64_t i = 0; aimed < AIMED; i++) {
            char text[200];
            uint64_t id = (i + 1) * 0x9e3779b97f4a7c15; /* digits of no order, alike in each run */
            id = (id ^ id >> 29) * 0xbf58476d1ce4e5b9;
            snprintf(text, sizeof(text), INVITE "Call-ID: %016llx\r\n\r\n",
                     (unsigned long long)(id ^ id >> 32));
            if (dispatch_worker(str_of(text), WORKERS, DISPATCH_WHOLE, &mine) != 0)
                continue;
            aimed++;
            hits += dispatch_worker(str_of(text), WORKERS, DISPATCH_WHOLE, &other) == 0;
        }
        assert_true(hits > AIMED / WORKERS / 2 && hits < AIMED / WORKERS * 2);
    }
}

/* ---- the kernel says the same ---- */

static void test_the_program_is_far_from_the_verifiers_limit(void **state)
{
    (void)state;
    static char log[65536];
    int program = dispatch_load(64, &key, log, sizeof(log));
    if (program == -EPERM || program == -ENOSYS)
        no_program(strerror(-program));
    const char *figure = strstr(log, "processed ");
    assert_true(program >= 0);
    assert_non_null(figure);
    print_message("the verifier %s", figure);
    assert_true(atoi(figure + strlen("processed ")) < 500000); /* of a million */
    close(program);
}

static const char *load_with_bpf_alone(void *user)
{
    static char log[65536];
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
    (void)user;
    sets[CAP_BPF / 32].effective = sets[CAP_BPF / 32].permitted = 1u << CAP_BPF % 32;
    if (syscall(SYS_capset, &header, sets))
        return "no CAP_BPF";
    return dispatch_load(2, &key, log, sizeof(log)) >= 0 ? NULL : log;
}

/* Without CAP_PERFMON the verifier also looks at what a processor may run by speculation. */
static void test_cap_bpf_alone_is_enough(void **state)
{
    (void)state;
    char answer[256];
    answer_in_child(load_with_bpf_alone, NULL, answer, sizeof(answer));
    if (strcmp(answer, "no CAP_BPF") == 0)
        no_program(answer);
    assert_string_equal(answer, "");
}

static const char *const pieces[] = {
    "INVITE sip:x@y SIP/2.0\r\n",
    "SIP/2.0 180 Ringing\r\n",
    "\r\n",
    "\n",
    "Call-ID: ",
    "CALL-id :",
    "call-id\t:\t",
    "call-id",
    "i:",
    "I : ",
    "\ni\t:",
    "\r\ncall-id: 1\r\n",
    "Via: SIP/2.0/UDP h;branch=z9hG4bKst0100ab\r\n",
    "Via: SIP/2.0/UDP h;branch=z9hG4bKst0000ab\r\n",
    "v: SIP/2.0/UDP h;branch=z9hG4bKst1f00ab\r\n",
    "z9hG4bKst",
    "9hG4bK",
    "st02",
    "f7",
    " ",
    "\t",
    "abc@def",
    "a-very-long-identifier-that-goes-on-and-on-and-on-0123456789012345678901234567890123456789@h",
    "X-Filler: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
    "\x80\xff\x01",
    ":",
};

/* Pieces at random: reproducible, and full of headers that nearly are one. */
static struct str odd_message(char *room, size_t size)
{
    size_t n = 0;
    unsigned count = 1 + (unsigned)rand() % (rand() % 8 == 0 ? 200 : 14);
    for (unsigned i = 0; i < count; i++) {
        const char *piece = pieces[(unsigned)rand() % (sizeof(pieces) / sizeof(pieces[0]))];
        size_t length = strlen(piece);
        if (n + length > size)
            break;
        memcpy(room + n, piece, length);
        n += length;
    }
    if (n > 0 && rand() % 16 == 0)
        room[(size_t)rand() % n] = '\0';
    return (struct str){room, n};
}

static void check_odd_messages(unsigned workers, bool ipv6, unsigned messages)
{
    static char room[16384];
    struct group g;
    open_group(&g, workers, ipv6);
    srand(workers);
    for (unsigned i = 0; i < messages; i++)
        check(&g, odd_message(room, sizeof(room)));
    close_group(&g);
}

static void test_of_two_workers(void **state)
{
    (void)state;
    check_odd_messages(2, false, 3000);
}

static void test_of_many_workers(void **state)
{
    (void)state;
    check_odd_messages(64, false, 1000);
}

static void test_over_ipv6(void **state)
{
    (void)state;
    check_odd_messages(3, true, 1000);
}

/* Each place where a header may begin, across the borders of what is read at once and in all. */
static void test_at_every_offset(void **state)
{
    (void)state;
    static char room[DISPATCH_LOOK_BYTES + 600];
    struct group g;
    open_group(&g, 64, false);
    for (size_t at = 60; at < DISPATCH_LOOK_BYTES + 200; at += at < 300 || at > 2900 ? 1 : 37) {
        int n = snprintf(room, sizeof(room), INVITE "X: %*s\r\nCall-ID: %zu@host", (int)at, "", at);
        check(&g, (struct str){room, (size_t)n});
        n = snprintf(room, sizeof(room), OK "X: %*s\r\nVia: x;branch=z9hG4bKst%02x00\r\ni:1",
                     (int)at, "", (unsigned)at % 64);
        check(&g, (struct str){room, (size_t)n});
    }
    close_group(&g);
}

static void test_datagrams_in_fragments(void **state)
{
    (void)state;
    static char room[60000];
    struct group g;
    open_group(&g, 8, false);
    for (unsigned i = 0; i < 200; i++) {
        int n = snprintf(room, sizeof(room), INVITE VIA "Call-ID: %u@host\r\nX: ", i);
        memset(room + n, 'x', sizeof(room) - (size_t)n);
        check(&g, (struct str){room, 1000 + i * 290});
    }
    close_group(&g);
}

/* ---- the port ---- */

static void test_a_second_group_finds_the_port_in_use(void **state)
{
    (void)state;
    struct group g;
    struct listener_sockets others[4];
    enum transport failed;
    open_group(&g, 2, false);
    struct listener l = loopback(false, ntohs(((struct sockaddr_in *)&g.to)->sin_port));
    assert_int_equal(listener_open(others, 1, -1, &l, &failed), -EADDRINUSE);
    assert_int_equal(listener_open(others, 2, -1, &l, &failed), -EADDRINUSE);
    close_group(&g);
}

static void on_alarm(int number)
{
    (void)number;
}

/* One that comes at any time while the kernel looks at the program. */
static void test_a_signal_is_no_refusal(void **state)
{
    (void)state;
    int program = dispatch_load(2, &key, NULL, 0);
    if (program == -EPERM || program == -ENOSYS)
        no_program(strerror(-program));
    signal(SIGALRM, on_alarm);
    for (int i = 1; i <= 10 && program >= 0; i++) {
        const struct itimerval soon = {.it_value.tv_usec = i * 5000};
        close(program);
        setitimer(ITIMER_REAL, &soon, NULL);
        program = dispatch_load(2, &key, NULL, 0);
    }
    signal(SIGALRM, SIG_IGN);
    assert_true(program >= 0);
    close(program);
}

static void test_one_worker_shares_with_nobody(void **state)
{
    (void)state;
    struct group g = {.workers = 1};
    int value = 1;
    struct listener l = open_somewhere(&g, -1, false);
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_port = htons(l.address.port),
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, sizeof(value)), 0);
    assert_int_equal(bind(fd, (void *)&name, sizeof(name)), -1);
    assert_int_equal(errno, EADDRINUSE);
    close(fd);
    listener_close(g.sockets, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_id_is_the_same_however_it_is_written),
        cmocka_unit_test(test_only_a_header_is_a_call_id),
        cmocka_unit_test(test_a_response_goes_where_its_request_came_from),
        cmocka_unit_test(test_calls_are_spread_evenly),
        cmocka_unit_test(test_nobody_can_aim),
        cmocka_unit_test(test_the_program_is_far_from_the_verifiers_limit),
        cmocka_unit_test(test_cap_bpf_alone_is_enough),
        cmocka_unit_test(test_of_two_workers),
        cmocka_unit_test(test_of_many_workers),
        cmocka_unit_test(test_over_ipv6),
        cmocka_unit_test(test_at_every_offset),
        cmocka_unit_test(test_datagrams_in_fragments),
        cmocka_unit_test(test_a_second_group_finds_the_port_in_use),
        cmocka_unit_test(test_a_signal_is_no_refusal),
        cmocka_unit_test(test_one_worker_shares_with_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
