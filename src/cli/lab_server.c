#include "lab_server.h"

#include "shown.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/regular_file.h>
#include <stird/base/str.h>
#include <stird/io/folder.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOPBACK "127.0.0.1"

struct server {
    struct event_base *base;
    struct evhttp *http;
    SSL_CTX *tls;
    struct event *signals[2];
    int directory; /* of what is served */
};

/* Whether it is one file name of plain characters, so that nothing leads out of the directory. */
static bool is_name(const char *path)
{
    if (path[0] != '/' || path[1] == '.' || !path[1])
        return false;
    for (const char *c = path + 1; *c; c++)
        if (!ascii_is_alpha(*c) && !ascii_is_digit(*c) && !strchr("-_.", *c))
            return false;
    return true;
}

static void answer(struct evhttp_request *request, void *user)
{
    const struct server *s = user;
    struct stat st = {0};
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
    int fd = path && is_name(path) && evhttp_request_get_command(request) == EVHTTP_REQ_GET
                 ? regular_file_open(s->directory, path + 1, O_NOFOLLOW)
                 : -1;
    if (fd < 0 || fstat(fd, &st)) {
        if (fd >= 0)
            close(fd);
        evhttp_send_error(request, HTTP_NOTFOUND, NULL);
        return;
    }
    struct evbuffer *body = evbuffer_new();
    bool crl = strstr(path, "crl") != NULL;
    evhttp_add_header(headers, "Content-Type",
                      crl ? "application/pkix-crl" : "application/pem-certificate-chain");
    evhttp_add_header(headers, "Cache-Control", "max-age=300");
    evbuffer_add_file(body, fd, 0, st.st_size); /* closes it */
    evhttp_send_reply(request, HTTP_OK, "OK", body);
    evbuffer_free(body);
}

static struct bufferevent *accept_tls(struct event_base *base, void *user)
{
    const struct server *s = user;
    return bufferevent_openssl_socket_new(base, -1, SSL_new(s->tls), BUFFEREVENT_SSL_ACCEPTING,
                                          BEV_OPT_CLOSE_ON_FREE);
}

static void stop(evutil_socket_t number, short what, void *user)
{
    (void)number, (void)what;
    event_base_loopbreak(user);
}

static SSL_CTX *open_tls(const char *directory)
{
    char certificate[4096], key[4096];
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    snprintf(certificate, sizeof(certificate), "%s/tls.pem", directory);
    snprintf(key, sizeof(key), "%s/tls.key.pem", directory);
    if (tls && SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) == 1 &&
        SSL_CTX_use_certificate_chain_file(tls, certificate) == 1 &&
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) == 1)
        return tls;
    SSL_CTX_free(tls);
    return NULL;
}

static const char *open_server(struct server *s, const char *directory, uint16_t port)
{
    char public[4096];
    static const int numbers[] = {SIGINT, SIGTERM};
    snprintf(public, sizeof(public), "%s/public", directory);
    struct folder d;
    folder_open(&d, public);
    s->directory = d.fd;
    if (s->directory < 0)
        return "there is no lab in that directory";
    s->tls = open_tls(directory);
    if (!s->tls)
        return "tls.pem or tls.key.pem is of no use";
    s->base = event_base_new();
    s->http = s->base ? evhttp_new(s->base) : NULL;
    if (!s->http)
        return "out of memory";
    evhttp_set_bevcb(s->http, accept_tls, s);
    evhttp_set_gencb(s->http, answer, s);
    evhttp_set_timeout(s->http, 5);
    for (unsigned i = 0; i < 2; i++) {
        s->signals[i] = evsignal_new(s->base, numbers[i], stop, s->base);
        if (!s->signals[i] || event_add(s->signals[i], NULL))
            return "out of memory";
    }
    return evhttp_bind_socket(s->http, LOOPBACK, port) ? "the port is taken" : NULL;
}

int lab_serve(const char *directory, uint16_t port)
{
    struct server s = {.directory = -1};
    const char *why = open_server(&s, directory, port);
    signal(SIGPIPE, SIG_IGN);
    if (why) {
        warn_said("stirctl: %s: %s\n", directory, why);
    } else {
        printf("serving https://localhost:%u/ until it is interrupted\n", port);
        fflush(stdout);
        event_base_dispatch(s.base);
    }
    for (unsigned i = 0; i < 2; i++)
        if (s.signals[i])
            event_free(s.signals[i]);
    if (s.http)
        evhttp_free(s.http);
    if (s.base)
        event_base_free(s.base);
    SSL_CTX_free(s.tls);
    if (s.directory >= 0)
        close(s.directory);
    return why ? 1 : 0;
}
