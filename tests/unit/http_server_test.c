/* The server of pages, asked over sockets by clients of all manners, in time that is handed in. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <stird/base/clock.h>
#include <stird/web/http_server.h>

#include "web/connection.h"

#define PATIENCE_MS 60000 /* only a hang exceeds it */
#define MOST_MS     5000
#define GET         "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

static int listening;
static struct sockaddr_in at;
static struct http_server *server;
static int64_t now_ms; /* the server's */

static const struct http_rules rules = {
    .connections = 6,
    .per_source = 4,
    .per_second = 1000,
    .most_ms = MOST_MS,
    .fresh_ms = 1000,
    .wait_ms = 2000,
    .cache_control = "no-store",
    .known_hosts_only = true,
    .host = {"x", 1},
};

static int set_up(void **state)
{
    (void)state;
    socklen_t n = sizeof(at);
    const char *why;
    at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    now_ms = 100000;
    if (bind(listening, (struct sockaddr *)&at, n) != 0 || listen(listening, 64) != 0 ||
        getsockname(listening, (struct sockaddr *)&at, &n) != 0)
        return -1;
    server = http_server_new(&rules, listening, now_ms, &why);
    return server ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    http_server_free(server);
    close(listening);
    return 0;
}

static void publish(const char *text)
{
    const struct http_page pages[] = {{STR("/a"), "text/plain", 200, str_of(text)},
                                      {STR("/b"), "text/plain", 503, STR("no")}};
    assert_true(http_server_publish(server, pages, 2, now_ms));
}

/* From another address of the loopback for each LAST. */
static int client(unsigned last)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in from = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(0x7f000000u + last)};
    assert_int_equal(bind(fd, (const struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void turn(void)
{
    struct pollfd list[HTTP_WATCHED];
    unsigned n = http_server_watch(server, list, now_ms);
    poll(list, n, 5);
    http_server_run(server, now_ms);
}

/* All that FD gets until it is closed. */
static const char *heard(int fd)
{
    static char text[65536];
    size_t n = 0;
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        turn();
        if (poll(&p, 1, 0) == 1) {
            ssize_t got = recv(fd, text + n, sizeof(text) - 1 - n, 0);
            if (got <= 0)
                break;
            n += (size_t)got;
        }
        assert_true(clock_monotonic_ms() < until_ms);
    }
    close(fd);
    text[n] = '\0';
    return text;
}

static const char *answer_to(const char *request)
{
    int fd = client(1);
    say(fd, request);
    return heard(fd);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

#define assert_answer(request, status)                                                             \
    do {                                                                                           \
        const char *answered = answer_to(request);                                                 \
        if (!begins(answered, "HTTP/1.1 " status) && !begins(answered, "HTTP/1.0 " status))        \
            fail_msg("%s: %s", request, answered);                                                 \
    } while (0)

/* ---- answers ---- */

static void test_pages(void **state)
{
    (void)state;
    publish("hello");
    const char *text = answer_to(GET);
    assert_true(begins(text, "HTTP/1.1 200"));
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(text, "\r\nCache-Control: no-store\r\n"));
    assert_non_null(strstr(text, "\r\n\r\nhello"));
    text = answer_to("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(begins(text, "HTTP/1.1 200"));
    assert_null(strstr(text, "hello"));
    assert_answer("GET /b HTTP/1.1\r\nHost: x\r\n\r\n", "503");
    assert_answer("GET /a?x=y HTTP/1.0\r\n\r\n", "200");
    assert_answer("GET http://x:9/a?x=y HTTP/1.1\r\nHost: y\r\n\r\n", "200");
    assert_int_equal(http_server_counts(server).answered, 4);
    assert_int_equal(http_server_busy(server), 0);
}

static void test_what_is_no_page(void **state)
{
    (void)state;
    publish("hello");
    assert_answer("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "404");
    assert_answer("GET /a/ HTTP/1.1\r\nHost: x\r\n\r\n", "404");
    assert_answer("GET /a/../b HTTP/1.1\r\nHost: x\r\n\r\n", "404");
    assert_answer("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "405");
    assert_answer("DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n", "405");
    assert_answer("GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", "413");
    assert_answer("GET /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "413");
    assert_answer("GET /a HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421");
    assert_answer("GET http://evil.example/a HTTP/1.1\r\nHost: x\r\n\r\n", "421");
    assert_int_equal(http_server_counts(server).answered, 0);
    assert_answer("GET /a HTTP/1.1\r\nHost: x\r\nhost: evil.example\r\n\r\n", "400");
    assert_int_equal(http_server_counts(server).refused, 10);
    assert_int_equal(http_server_counts(server).unreadable, 0);
}

/* With so many octets more in its path, or behind its head. */
static const char *long_request(unsigned in_path, unsigned behind)
{
    static char request[6 * HTTP_HEAD_MAX];
    char *p = request + sprintf(request, "GET /a");
    memset(p, 'x', in_path);
    p += in_path + (size_t)sprintf(p + in_path, " HTTP/1.1\r\nHost: x\r\nX: ");
    memset(p, 'x', behind);
    strcpy(p + behind, "\r\n\r\n");
    return request;
}

static void wait_busy(unsigned n)
{
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (http_server_busy(server) != n) {
        turn();
        assert_true(clock_monotonic_ms() < until_ms);
    }
}

/* The library answers these, or closes. */
static void test_what_is_no_request(void **state)
{
    (void)state;
    static const char tls[] = "\x16\x03\x01\x02\x01 no request at all\r\n\r\n";
    publish("hello");
    const char *requests[] = {"GET /a HTTP/1.1\r\n\r\n", "GET /a HTTP/9.9\r\nHost: x\r\n\r\n",
                              "GARBAGE\r\n\r\n", tls,
                              "GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"};
    const unsigned n = sizeof(requests) / sizeof(requests[0]);
    for (unsigned i = 0; i < n; i++) {
        const char *text = answer_to(requests[i]);
        assert_false(begins(text, "HTTP/1.1 200"));
        if (http_server_counts(server).unreadable != i + 1)
            fail_msg("is not counted: %s", requests[i]);
    }
    assert_int_equal(http_server_counts(server).refused, 0);
    wait_busy(0);
    close(client(1)); /* who looks whether the port is open */
    wait_busy(0);
    assert_int_equal(http_server_counts(server).unreadable, n);
    assert_int_equal(http_server_counts(server).unshaken, 0);
}

/* The head of a request is answered, whichever length it has: by the page, or by why not. */
static void test_heads(void **state)
{
    (void)state;
    publish("hello");
    char lines[2048] = "GET /a HTTP/1.1\r\nHost: x\r\n";
    for (unsigned i = 0; i < 200; i++)
        strcat(lines, "a: b\r\n");
    assert_answer(strcat(lines, "\r\n"), "200");
    const size_t least = strlen(long_request(0, 0));
    const unsigned longest = (unsigned)(HTTP_HEAD_MAX - least);
    for (unsigned n = longest - 400; n <= longest; n += 50)
        assert_answer(long_request(0, n), "200");
    for (unsigned n = longest + 1; n <= longest + 401; n += 50)
        assert_answer(long_request(0, n), "431");
    assert_answer(long_request(2 * HTTP_HEAD_MAX, 0), "431");
    assert_int_equal(http_server_counts(server).answered, 10);
    assert_int_equal(http_server_counts(server).refused, 10);
    assert_int_equal(http_server_counts(server).unreadable, 0);
    assert_false(begins(answer_to(long_request(0, 5 * HTTP_HEAD_MAX)), "HTTP/1.1 200"));
}

/* Who says half of a request and no more has said all: its place is free again soon. One who says a
   whole request and no more gets its answer. */
static void test_who_says_no_more(void **state)
{
    (void)state;
    const char *const halves[] = {"G", "GET /a HT", "GET /a HTTP/1.1\r\nHost: x\r\n"};
    for (unsigned i = 0; i < 3; i++) {
        const int fd = client(1);
        say(fd, halves[i]);
        shutdown(fd, SHUT_WR);
        while (http_server_busy(server) == 0 && i == 1) /* all is there before it looks */
            turn();
        for (unsigned t = 0; t < 20; t++)
            turn();
        now_ms += MOST_MS / 4;
        wait_busy(0);
        assert_string_equal(heard(fd), "");
    }
    assert_int_equal(http_server_counts(server).thrown_out, 0);
    const int whole = client(1);
    say(whole, GET);
    shutdown(whole, SHUT_WR);
    while (!http_server_wants(server))
        turn();
    now_ms += MOST_MS / 4;
    turn();
    publish("hello");
    assert_non_null(strstr(heard(whole), "hello"));
}

/* ---- fresh pages ---- */

static void wait_wanted(void)
{
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (!http_server_wants(server)) {
        turn();
        assert_true(clock_monotonic_ms() < until_ms);
    }
}

static void test_requests_wait_for_fresh_pages(void **state)
{
    (void)state;
    int first = client(1), second = client(2);
    say(first, GET);
    say(second, GET);
    wait_wanted();
    for (unsigned i = 0; i < 20; i++)
        turn();
    publish("fresh");
    assert_false(http_server_wants(server));
    assert_non_null(strstr(heard(first), "fresh"));
    assert_non_null(strstr(heard(second), "fresh"));
    assert_non_null(strstr(answer_to(GET), "fresh"));
    now_ms += rules.fresh_ms;
    first = client(1);
    say(first, GET);
    wait_wanted();
    publish("fresher");
    assert_non_null(strstr(heard(first), "fresher"));
}

static void test_nobody_waits_for_good(void **state)
{
    (void)state;
    int fd = client(1);
    say(fd, GET);
    wait_wanted();
    assert_true(http_server_due_ms(server, now_ms) <= now_ms + rules.wait_ms);
    now_ms += rules.wait_ms;
    assert_true(begins(heard(fd), "HTTP/1.1 503"));
    assert_false(http_server_wants(server));
}

static void test_who_leaves_while_waiting(void **state)
{
    (void)state;
    int fd = client(1);
    say(fd, GET);
    wait_wanted();
    close(fd);
    publish("hello");
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (http_server_busy(server) > 0) {
        turn();
        assert_true(clock_monotonic_ms() < until_ms);
    }
    assert_non_null(strstr(answer_to(GET), "hello"));
}

/* ---- who is slow, who is many ---- */

/* Octets that come one after the other buy no time. */
static void test_who_writes_slowly(void **state)
{
    (void)state;
    publish("hello");
    int silent = client(1), slow = client(2);
    wait_busy(2);
    for (const char *p = "GET /a HT"; *p; p++) {
        assert_int_equal(send(slow, p, 1, MSG_NOSIGNAL), 1);
        now_ms += MOST_MS / 10;
        turn();
    }
    assert_int_equal(http_server_busy(server), 2);
    now_ms += MOST_MS / 10;
    wait_busy(0);
    assert_string_equal(heard(silent), "");
    assert_string_equal(heard(slow), "");
    assert_int_equal(http_server_counts(server).thrown_out, 2);
}

static void test_who_reads_nothing(void **state)
{
    (void)state;
    const size_t n = 32u << 20;
    char *text = malloc(n + 1);
    assert_non_null(text);
    memset(text, 'x', n);
    text[n] = '\0';
    publish(text);
    free(text);
    int fd = client(1);
    say(fd, GET);
    wait_busy(1);
    for (unsigned i = 0; i < 50; i++)
        turn();
    assert_int_equal(http_server_busy(server), 1);
    now_ms += MOST_MS;
    wait_busy(0);
    assert_int_equal(http_server_counts(server).thrown_out, 1);
    assert_int_equal(http_server_counts(server).answered, 0);
    close(fd);
}

/* Each of them reads another edition, and so keeps it. */
static void test_few_editions_are_kept(void **state)
{
    (void)state;
    const size_t n = 16u << 20;
    int fds[HTTP_EDITIONS + 1];
    char *text = malloc(n + 1);
    assert_non_null(text);
    memset(text, 'x', n);
    text[n] = '\0';
    for (int i = 0; i <= HTTP_EDITIONS; i++) {
        publish(text);
        fds[i] = client(1u + (unsigned)i);
        say(fds[i], GET);
        wait_busy(i < HTTP_EDITIONS ? (unsigned)i + 1 : HTTP_EDITIONS);
        for (unsigned t = 0; t < 50; t++)
            turn();
    }
    free(text);
    assert_int_equal(http_server_busy(server), HTTP_EDITIONS);
    assert_int_equal(http_server_counts(server).thrown_out, 1);
    for (int i = 0; i <= HTTP_EDITIONS; i++)
        close(fds[i]);
    wait_busy(0);
}

static void test_one_client_leaves_places_to_others(void **state)
{
    (void)state;
    publish("hello");
    int many[20];
    for (unsigned i = 0; i < 20; i++)
        many[i] = client(1);
    wait_busy(4);
    int other = client(2);
    say(other, GET);
    assert_non_null(strstr(heard(other), "hello"));
    assert_int_equal(http_server_counts(server).crowded, 16);
    for (unsigned i = 0; i < 20; i++)
        close(many[i]);
    wait_busy(0);
}

/* Addresses of one /64 are one client; one of IPv4 is itself, by whichever socket it comes. */
static void test_who_is_one_client(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
        {"::ffff:192.0.2.1", "192.0.2.1", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
        {"192.0.2.1", "192.0.2.2", false},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const texts[2] = {cases[i].one, cases[i].other};
        struct sockaddr_storage from[2];
        for (unsigned k = 0; k < 2; k++) {
            void *p = &from[k];
            const bool six = strchr(texts[k], ':') != NULL;
            memset(&from[k], 0, sizeof(from[k]));
            from[k].ss_family = six ? AF_INET6 : AF_INET;
            assert_int_equal(inet_pton(six ? AF_INET6 : AF_INET, texts[k],
                                       six ? (void *)&((struct sockaddr_in6 *)p)->sin6_addr
                                           : (void *)&((struct sockaddr_in *)p)->sin_addr),
                             1);
        }
        if (str_eq(connection_source(&from[0]), connection_source(&from[1])) != cases[i].same)
            fail_msg("%s, %s", texts[0], texts[1]);
    }
}

/* However many of one client wait in the socket, who comes behind them is heard. */
static void test_a_flood_of_one_client(void **state)
{
    (void)state;
    publish("hello");
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    for (unsigned round = 0; round < 40; round++) {
        int many[60], other = -1;
        for (unsigned i = 0; i < 60; i++)
            many[i] = client(1);
        if (round == 39) {
            say(other = client(2), GET);
            assert_non_null(strstr(heard(other), "hello"));
        }
        while (http_server_counts(server).crowded < (round + 1) * 56) {
            turn();
            assert_true(clock_monotonic_ms() < until_ms);
        }
        for (unsigned i = 0; i < 60; i++)
            close(many[i]);
        wait_busy(0);
    }
}

/* It does not spin: it looks again after a pause. */
static void test_no_descriptor_is_left(void **state)
{
    (void)state;
    struct rlimit before, none;
    publish("hello");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int fd = client(1);
    say(fd, GET);
    none = before;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct pollfd list[HTTP_WATCHED];
    assert_int_equal(http_server_watch(server, list, now_ms), HTTP_WATCHED);
    http_server_run(server, now_ms);
    assert_int_equal(http_server_watch(server, list, now_ms), HTTP_WATCHED - 1);
    assert_in_range(http_server_due_ms(server, now_ms), now_ms + 1, now_ms + 500);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    now_ms += 500; /* the page is fresh still */
    assert_non_null(strstr(heard(fd), "hello"));
}

static void test_a_server_that_is_closed_answers_what_was_asked(void **state)
{
    (void)state;
    int fd = client(1);
    say(fd, GET);
    wait_wanted();
    http_server_close(server);
    publish("hello");
    assert_non_null(strstr(heard(fd), "hello"));
}

/* Nobody makes pages for it any more: those that it has are good for who is still with it. */
static void test_a_server_that_is_closed_has_its_last_pages(void **state)
{
    (void)state;
    publish("last");
    int fd = client(1);
    while (http_server_busy(server) == 0)
        turn();
    http_server_close(server);
    now_ms += rules.fresh_ms;
    say(fd, GET);
    assert_non_null(strstr(heard(fd), "last"));
}

static void test_an_end_while_some_wait(void **state)
{
    (void)state;
    say(client(1), GET);
    client(2);
    wait_wanted();
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages),
        TEST(what_is_no_page),
        TEST(what_is_no_request),
        TEST(who_says_no_more),
        TEST(requests_wait_for_fresh_pages),
        TEST(nobody_waits_for_good),
        TEST(who_leaves_while_waiting),
        TEST(who_writes_slowly),
        TEST(who_reads_nothing),
        TEST(few_editions_are_kept),
        TEST(heads),
        TEST(one_client_leaves_places_to_others),
        TEST(who_is_one_client),
        TEST(a_flood_of_one_client),
        TEST(a_server_that_is_closed_answers_what_was_asked),
        TEST(a_server_that_is_closed_has_its_last_pages),
        TEST(no_descriptor_is_left),
        TEST(an_end_while_some_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
