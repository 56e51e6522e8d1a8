#include "stream.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES (256 << 10) /* at once, and the longest message */
#define SENT_BYTES (32 << 20)  /* that wait, at most: more is an overload that has its own end */

struct stream {
    int fd;
    SSL *tls; /* NULL: TCP */
    char in[READ_BYTES + 1];
    size_t n_in;
    char *out;
    size_t n_out, out_room;
    bool full;
};

static void need(bool well, const char *what)
{
    if (well)
        return;
    perror(what);
    exit(2);
}

SSL_CTX *stream_tls(const char *chain, const char *key)
{
    SSL_CTX *tls = SSL_CTX_new(chain ? TLS_server_method() : TLS_client_method());
    need(tls, "TLS");
    if (chain)
        need(key && SSL_CTX_use_certificate_chain_file(tls, chain) == 1 &&
                 SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) == 1,
             chain);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return tls;
}

static struct stream *stream_new(int fd, SSL_CTX *tls)
{
    struct stream *s = calloc(1, sizeof(*s));
    int yes = 1;
    need(s, "memory");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    s->fd = fd;
    if (tls) {
        s->tls = SSL_new(tls);
        need(s->tls && SSL_set_fd(s->tls, fd) == 1, "TLS");
    }
    return s;
}

struct stream *stream_connect(const struct sockaddr_in *from, const struct sockaddr_in *to,
                              SSL_CTX *tls)
{
    struct sockaddr_in any_port = *from;
    any_port.sin_port = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    need(fd >= 0 && bind(fd, (struct sockaddr *)&any_port, sizeof(any_port)) == 0, "bind");
    need(connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0, "connect");
    struct stream *s = stream_new(fd, tls);
    need(!tls || SSL_connect(s->tls) == 1, "TLS handshake");
    need(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "fcntl");
    return s;
}

int stream_listen(const struct sockaddr_in *at)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    need(fd >= 0 && bind(fd, (const struct sockaddr *)at, sizeof(*at)) == 0, "bind");
    need(listen(fd, 64) == 0, "listen");
    return fd;
}

struct stream *stream_accept(int listening, SSL_CTX *tls)
{
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0)
        return NULL;
    struct stream *s = stream_new(fd, tls);
    if (tls)
        SSL_set_accept_state(s->tls); /* what is read or sent first shakes hands */
    return s;
}

int stream_fd(const struct stream *s)
{
    return s->fd;
}

bool stream_is_full(const struct stream *s)
{
    return s->full;
}

static void stream_close(struct stream *s)
{
    if (s->fd < 0)
        return;
    SSL_free(s->tls);
    s->tls = NULL;
    close(s->fd);
    s->fd = -1;
    free(s->out);
    s->out = NULL;
    s->n_out = s->out_room = s->n_in = 0;
    s->full = false;
}

void stream_send(struct stream *s, const char *text)
{
    size_t n = strlen(text);
    if (s->fd < 0)
        return;
    if (s->n_out + n > SENT_BYTES) {
        stream_close(s);
        return;
    }
    if (s->n_out + n > s->out_room) {
        s->out_room = (s->n_out + n) * 2;
        s->out = realloc(s->out, s->out_room);
        need(s->out, "memory");
    }
    memcpy(s->out + s->n_out, text, n);
    s->n_out += n;
}

/* Octets moved; 0: not now; -1: it is closed, or broken. */
static ssize_t moved(struct stream *s, int n)
{
    if (n > 0)
        return n;
    if (s->tls) {
        int why = SSL_get_error(s->tls, n);
        ERR_clear_error();
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

void stream_flush(struct stream *s)
{
    size_t done = 0;
    while (s->fd >= 0 && done < s->n_out) {
        int n = s->tls ? SSL_write(s->tls, s->out + done, (int)(s->n_out - done))
                       : (int)send(s->fd, s->out + done, s->n_out - done, MSG_NOSIGNAL);
        ssize_t sent = moved(s, n);
        if (sent < 0) {
            stream_close(s);
            return;
        }
        if (sent == 0)
            break;
        done += (size_t)sent;
    }
    if (done > 0)
        memmove(s->out, s->out + done, s->n_out - done);
    s->n_out -= done;
    s->full = s->n_out > 0;
}

/* Octets of the message that begins here; 0 when it has not all arrived. */
static size_t message_length(const char *text, size_t n)
{
    const char *end = memmem(text, n, "\r\n\r\n", 4),
               *length = strcasestr(text, "\nContent-Length:");
    if (!end)
        return 0;
    size_t head = (size_t)(end + 4 - text);
    size_t all = head + (length && length < end ? strtoul(length + 16, NULL, 10) : 0);
    return all <= n ? all : 0;
}

static void tell_messages(struct stream *s, void (*reads)(const char *message, void *context),
                          void *context)
{
    size_t done = 0;
    for (size_t n; done < s->n_in; done += n) {
        char *text = s->in + done;
        n = *text == '\r' || *text == '\n' ? 1 : message_length(text, s->n_in - done);
        if (n == 0)
            break;
        if (n == 1)
            continue;
        char next = text[n];
        text[n] = '\0';
        reads(text, context);
        if (s->fd < 0)
            return;
        text[n] = next;
    }
    memmove(s->in, s->in + done, s->n_in - done + 1);
    s->n_in -= done;
}

void stream_read(struct stream *s, void (*reads)(const char *message, void *context), void *context)
{
    for (int i = 0; i < 64 && s->fd >= 0; i++) {
        size_t room = READ_BYTES - s->n_in;
        int n = s->tls ? SSL_read(s->tls, s->in + s->n_in, (int)room)
                       : (int)recv(s->fd, s->in + s->n_in, room, 0);
        ssize_t got = moved(s, n);
        if (got == 0)
            return;
        if (got < 0 || (size_t)got + s->n_in == READ_BYTES) {
            stream_close(s);
            return;
        }
        s->n_in += (size_t)got;
        s->in[s->n_in] = '\0';
        tell_messages(s, reads, context);
        if (!s->tls && (size_t)got < room)
            return;
    }
}
