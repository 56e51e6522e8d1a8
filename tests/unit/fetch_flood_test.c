/*
 * A web server that does not end: whatever it sends without end, in TLS or in HTTP, costs a bounded
 * number of octets and says why; one that is only odd serves its certificate.
 */
#include "lab.h"

#include <stird/fetch/fetch.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define PORT       8443
#define ROUNDS     2000000 /* as good as without end */
#define BODY_BYTES FETCH_MAX_BYTES
#define TOO_MUCH   "it sends more than a certificate needs"

static char *directory, host[INET_ADDRSTRLEN];

static int set_up(void **state)
{
    char command[2048];
    (void)state;
    /* One of the loopback's of its own: others test at the same port. */
    snprintf(host, sizeof(host), "127.77.%d.%d", (int)(getpid() >> 8 & 0xff),
             (int)(getpid() & 0xff));
    directory = lab_directory();
    snprintf(command, sizeof(command),
             "cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
             "-sha256 -days 30 -subj /CN=server -addext subjectAltName=IP:%s "
             "-keyout own.key -out own.pem 2>/dev/null",
             directory, host);
    lab_run(command);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lab_remove(directory);
    return 0;
}

/* ---- what servers say behind a request; false: their client is gone ---- */

static bool say(SSL *ssl, const char *text)
{
    return SSL_write(ssl, text, (int)strlen(text)) > 0;
}

static bool key_update(SSL *ssl)
{
    return SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(ssl) == 1;
}

static bool ticket(SSL *ssl)
{
    return SSL_new_session_ticket(ssl) == 1 && SSL_do_handshake(ssl) == 1;
}

static bool hello_request(SSL *ssl)
{
    return SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1;
}

static bool not_yet(SSL *ssl)
{
    return say(ssl, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
}

static bool header(SSL *ssl)
{
    return say(ssl, "X-More: and more, and more, and more, and more\r\n");
}

static bool chunk(SSL *ssl)
{
    return say(ssl, "1\r\nx\r\n");
}

static bool continued_line(SSL *ssl)
{
    return say(ssl, " and more");
}

/* Now and then an octet that counts, so that none of it looks like silence. */
static bool update_and_octet(SSL *ssl)
{
    return key_update(ssl) && key_update(ssl) && say(ssl, "X");
}

static const struct flood {
    const char *what;
    int version;
    const char *begins; /* NULL: nothing */
    bool (*word)(SSL *ssl);
} floods[] = {
    {"KeyUpdates", TLS1_3_VERSION, NULL, key_update},
    {"KeyUpdates in a body", TLS1_3_VERSION, "HTTP/1.1 200 OK\r\n\r\n", key_update},
    {"KeyUpdates between octets of a line", TLS1_3_VERSION, "HTTP/1.1 200 ", update_and_octet},
    {"tickets", TLS1_3_VERSION, NULL, ticket},
    {"HelloRequests", TLS1_2_VERSION, NULL, hello_request},
    {"provisional responses", TLS1_3_VERSION, NULL, not_yet},
    {"headers", TLS1_3_VERSION, "HTTP/1.1 200 OK\r\n", header},
    {"headers of TLS 1.2", TLS1_2_VERSION, "HTTP/1.1 200 OK\r\n", header},
    {"small chunks", TLS1_3_VERSION, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     chunk},
    {"a line", TLS1_3_VERSION, "HTTP/1.1 200 OK\r\nX-Long:", continued_line},
};
#define FLOODS (sizeof(floods) / sizeof(floods[0]))

/* ---- a server, in a process of its own ---- */

static SSL_CTX *server_context(int version)
{
    char path[1200];
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(c, version);
    SSL_CTX_set_max_proto_version(c, version);
    SSL_CTX_clear_options(c, SSL_OP_NO_RENEGOTIATION);
    snprintf(path, sizeof(path), "%s/own.pem", directory);
    SSL_CTX_use_certificate_file(c, path, SSL_FILETYPE_PEM);
    snprintf(path, sizeof(path), "%s/own.key", directory);
    SSL_CTX_use_PrivateKey_file(c, path, SSL_FILETYPE_PEM);
    return c;
}

static int listen_here(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, host, &a.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

/* Its exit status: 0, its client went in the middle; 1, all was said. */
static pid_t serve(int fd, int version, int (*tell)(SSL *ssl, const void *how), const void *how)
{
    char request[4096];
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    signal(SIGPIPE, SIG_IGN);
    SSL *ssl = SSL_new(server_context(version));
    SSL_set_fd(ssl, accept(fd, NULL, NULL));
    int status = 2;
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0)
        status = tell(ssl, how);
    _exit(status);
}

static int end_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool fetch_it(struct fetch_reply *reply)
{
    char url[64], ca[1200];
    snprintf(url, sizeof(url), "https://%s:%d/a.pem", host, PORT);
    snprintf(ca, sizeof(ca), "%s/own.pem", directory);
    const struct fetch_options options = {
        .timeout_ms = 60000, .allow_private = true, .ca_file = ca};
    return fetch(&options, str_of(url), reply);
}

/* OpenSSL passes over what becomes of a ticket. */
static bool is_gone(const SSL *ssl)
{
    char octet;
    ssize_t n = recv(SSL_get_fd(ssl), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

static int flood(SSL *ssl, const void *how)
{
    const struct flood *f = how;
    if (f->begins && !say(ssl, f->begins))
        return 0;
    for (unsigned i = 0; i < ROUNDS; i++)
        if (!f->word(ssl) || (i % 256 == 0 && is_gone(ssl)))
            return 0;
    return 1;
}

/* R-V-013. */
static void a_flood_ends_and_says_why(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FLOODS; i++) {
        struct fetch_reply reply;
        int fd = listen_here();
        pid_t pid = serve(fd, floods[i].version, flood, &floods[i]);
        close(fd);
        bool good = fetch_it(&reply);
        if (good || !strstr(reply.why, TOO_MUCH))
            fail_msg("%s: \"%s\"", floods[i].what, reply.why);
        if (end_of(pid) != 0)
            fail_msg("%s: it was heard to the end", floods[i].what);
        fetch_reply_fini(&reply);
    }
}

/* ---- and what is none ---- */

struct odd {
    size_t octets;    /* of the body; 0: BODY_BYTES */
    size_t piece;     /* octets of a record of the body */
    unsigned updates; /* KeyUpdates before it */
    bool chunked;
};

static int serve_body(SSL *ssl, const void *how)
{
    const struct odd *odd = how;
    char piece[BODY_BYTES], size[32], head[64];
    size_t all = odd->octets ? odd->octets : BODY_BYTES;
    memset(piece, 'c', sizeof(piece));
    for (unsigned i = 0; i < odd->updates; i++)
        key_update(ssl);
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", all);
    say(ssl, odd->chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" : head);
    for (size_t at = 0, n; at < all; at += n) {
        n = all - at < odd->piece ? all - at : odd->piece;
        snprintf(size, sizeof(size), "%s%zx\r\n", at > 0 ? "\r\n" : "", n);
        if (odd->chunked)
            say(ssl, size);
        if (SSL_write(ssl, piece, (int)n) <= 0)
            return 0;
    }
    if (odd->chunked)
        say(ssl, "\r\n0\r\n\r\n");
    SSL_shutdown(ssl);
    return 1;
}

static void what_is_only_odd_is_served(void **state)
{
    static const struct odd list[] = {{0, BODY_BYTES, 0, false},
                                      {0, 100, 0, false},
                                      {0, 16384, 20, false},
                                      {0, 1400, 0, true},
                                      {0, 150, 50, true}};
    (void)state;
    for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        struct fetch_reply reply;
        int fd = listen_here();
        pid_t pid = serve(fd, TLS1_3_VERSION, serve_body, &list[i]);
        close(fd);
        if (!fetch_it(&reply))
            fail_msg("%u: %s", i, reply.why);
        assert_int_equal(reply.body.n, BODY_BYTES);
        assert_int_equal(end_of(pid), 1);
        fetch_reply_fini(&reply);
    }
}

/* Its reader hears that there is more than anybody reads, and of no other fault. */
static void what_is_too_large_is_one_thing(void **state)
{
    static const size_t sizes[] = {BODY_BYTES + 1, 2 * BODY_BYTES, 2 * BODY_BYTES + 1,
                                   16 * BODY_BYTES, 100 * BODY_BYTES};
    (void)state;
    for (unsigned i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
        const struct odd odd = {sizes[i / 2], 16000, 0, i % 2};
        struct fetch_reply reply;
        int fd = listen_here();
        pid_t pid = serve(fd, TLS1_3_VERSION, serve_body, &odd);
        close(fd);
        if (!fetch_it(&reply))
            fail_msg("%zu octets: %s", odd.octets, reply.why);
        assert_int_equal(reply.body.n, FETCH_MAX_BYTES + 1);
        end_of(pid);
        fetch_reply_fini(&reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_ends_and_says_why),
        cmocka_unit_test(what_is_only_odd_is_served),
        cmocka_unit_test(what_is_too_large_is_one_thing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
