/*
 * A web server of certificates in threads of the test: what it serves, its path says. It counts
 * each request, and holds those for /gate... until the test opens the gate.
 */
#ifndef STIRD_TESTS_WEB_SERVER_H
#define STIRD_TESTS_WEB_SERVER_H

#include "lab.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#define WEB_PORT     8443
#define WEB_REQUESTS 4096

struct web {
    int fd;
    SSL_CTX *context;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool gate_open;
    unsigned connections, busy; /* ever; now */
    unsigned held, held_most;   /* at the gate: now; the most there ever were */
    unsigned requests;
    char paths[WEB_REQUESTS][64];
};

struct web_connection {
    struct web *web;
    int fd;
};

/* ---- what it serves ---- */

static void web_say(SSL *ssl, const char *text)
{
    SSL_write(ssl, text, (int)strlen(text));
}

static void web_say_body(SSL *ssl, const char *headers, size_t n)
{
    char text[256];
    char *body = malloc(n + 1);
    assert_non_null(body);
    memset(body, 'c', n);
    snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%sContent-Length: %zu\r\n\r\n", headers, n);
    web_say(ssl, text);
    SSL_write(ssl, body, (int)n);
    free(body);
}

static void web_say_endless(SSL *ssl)
{
    web_say(ssl, "HTTP/1.1 200 OK\r\n\r\n");
    while (SSL_write(ssl, "more and more and more and more\n", 32) > 0)
        ;
}

static void web_drip(SSL *ssl)
{
    web_say(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n");
    while (SSL_write(ssl, "x", 1) > 0)
        usleep(5000);
}

/* The body of a good one is its path. */
static void web_say_path(SSL *ssl, const char *path)
{
    char text[256];
    snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(path),
             path);
    web_say(ssl, text);
}

static void web_answer(SSL *ssl, const char *path, unsigned request)
{
    char text[256];
    static const struct {
        const char *path, *text;
    } fixed[] = {
        {"/short", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten octets"},
        {"/nonsense", "certainly\r\n\r\n"},
        {"/length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nbody"},
        {"/gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody"},
        {"/twice", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: identity\r\n"
                   "Content-Length: 4\r\n\r\nbody"},
        {"/packed", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
                    "4\r\nbody\r\n0\r\n\r\n"},
        {"/packing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
                     "\r\n4\r\nbody\r\n0\r\n\r\n"},
        {"/head", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nHTTP/x: y\r\n"
                  "Content-Length: 4\r\n\r\nbody"},
        {"/status", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nHTTP/1.1 200 OK\r\n"
                    "Content-Length: 4\r\n\r\nbody"},
        {"/heads", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nHTTP/9: x\r\n\r\n"
                   "4\r\nbody\r\n0\r\n\r\n"},
        {"/trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
                     "8\r\n/trailer\r\n0\r\nX-Sum: 1\r\n\r\n"},
        {"/302", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n"},
        {"/hint", "HTTP/1.1 103 Early Hints\r\nCache-Control: max-age=604800\r\n"
                  "Content-Encoding: gzip\r\n\r\n"
                  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n/hint"},
    };
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (strcmp(path, fixed[i].path) == 0) {
            web_say(ssl, fixed[i].text);
            return;
        }
    if (strcmp(path, "/endless") == 0) {
        web_say_endless(ssl);
    } else if (strcmp(path, "/drip") == 0) {
        web_drip(ssl);
    } else if (strcmp(path, "/32k") == 0) {
        web_say_body(ssl, "", 32768);
    } else if (strcmp(path, "/33k") == 0) {
        web_say_body(ssl, "", 32769);
    } else if (strcmp(path, "/week") == 0) {
        web_say_body(ssl, "Cache-Control: max-age=604800\r\n", 5);
    } else if (strspn(path + 1, "0123456789") == 3) {
        snprintf(text, sizeof(text), "HTTP/1.1 %.3s Why\r\nContent-Length: 0\r\n\r\n", path + 1);
        web_say(ssl, text);
    } else if (strcmp(path, "/changes") == 0) { /* is another body each time */
        snprintf(text, sizeof(text), "/changes-%u", request);
        web_say_path(ssl, text);
    } else {
        web_say_path(ssl, path);
    }
}

/* ---- connections ---- */

/* The how manyeth request that is. */
static unsigned web_note(struct web *w, const char *path)
{
    pthread_mutex_lock(&w->lock);
    if (w->requests < WEB_REQUESTS)
        snprintf(w->paths[w->requests], sizeof(w->paths[0]), "%s", path);
    const unsigned request = ++w->requests;
    if (strncmp(path, "/gate", 5) == 0) {
        w->held++;
        if (w->held > w->held_most)
            w->held_most = w->held;
        pthread_cond_broadcast(&w->changed);
        while (!w->gate_open)
            pthread_cond_wait(&w->changed, &w->lock);
        w->held--;
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return request;
}

static void web_serve(struct web *w, SSL *ssl)
{
    char request[4096], path[64];
    if (SSL_accept(ssl) != 1)
        return;
    int n = SSL_read(ssl, request, sizeof(request) - 1);
    if (n <= 0)
        return;
    request[n] = '\0';
    if (sscanf(request, "GET %63s HTTP/1.1", path) != 1)
        return;
    web_answer(ssl, path, web_note(w, path));
    SSL_shutdown(ssl);
}

static void *web_connection_main(void *user)
{
    struct web_connection c = *(struct web_connection *)user;
    SSL *ssl = SSL_new(c.web->context);
    free(user);
    SSL_set_fd(ssl, c.fd);
    web_serve(c.web, ssl);
    SSL_free(ssl);
    close(c.fd);
    OPENSSL_thread_stop();
    pthread_mutex_lock(&c.web->lock);
    c.web->busy--;
    pthread_cond_broadcast(&c.web->changed);
    pthread_mutex_unlock(&c.web->lock);
    return NULL;
}

static void *web_thread(void *user)
{
    struct web *w = user;
    for (int fd; (fd = accept(w->fd, NULL, NULL)) >= 0;) {
        struct web_connection *c = malloc(sizeof(*c));
        pthread_t thread;
        *c = (struct web_connection){w, fd};
        pthread_mutex_lock(&w->lock);
        w->connections++;
        w->busy++;
        pthread_mutex_unlock(&w->lock);
        assert_int_equal(pthread_create(&thread, NULL, web_connection_main, c), 0);
        pthread_detach(thread);
    }
    return NULL;
}

/* ---- for tests ---- */

static inline int web_listen(const char *host)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(WEB_PORT)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, host, &a.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 512), 0);
    return fd;
}

/* As own.pem and own.key in DIRECTORY say who it is. */
static inline struct web *web_new(const char *directory, const char *host)
{
    char path[1200];
    struct web *w = calloc(1, sizeof(*w));
    signal(SIGPIPE, SIG_IGN);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->gate_open = true;
    w->context = SSL_CTX_new(TLS_server_method());
    snprintf(path, sizeof(path), "%s/own.pem", directory);
    assert_int_equal(SSL_CTX_use_certificate_file(w->context, path, SSL_FILETYPE_PEM), 1);
    snprintf(path, sizeof(path), "%s/own.key", directory);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(w->context, path, SSL_FILETYPE_PEM), 1);
    w->fd = web_listen(host);
    assert_int_equal(pthread_create(&w->thread, NULL, web_thread, w), 0);
    return w;
}

static inline void web_gate(struct web *w, bool open)
{
    pthread_mutex_lock(&w->lock);
    w->gate_open = open;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* Who fetched from it is gone. */
static inline void web_free(struct web *w)
{
    web_gate(w, true);
    shutdown(w->fd, SHUT_RDWR);
    pthread_join(w->thread, NULL);
    close(w->fd);
    pthread_mutex_lock(&w->lock);
    while (w->busy > 0)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
    SSL_CTX_free(w->context);
    free(w);
}

/* Requests for PATH so far; NULL: for whichever. */
static inline unsigned web_requests(struct web *w, const char *path)
{
    unsigned n = 0;
    pthread_mutex_lock(&w->lock);
    for (unsigned i = 0; i < w->requests && i < WEB_REQUESTS; i++)
        n += !path || strcmp(w->paths[i], path) == 0;
    pthread_mutex_unlock(&w->lock);
    return n;
}

static inline unsigned web_read(struct web *w, const unsigned *what)
{
    pthread_mutex_lock(&w->lock);
    unsigned value = *what;
    pthread_mutex_unlock(&w->lock);
    return value;
}

#endif
