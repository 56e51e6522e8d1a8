#include "sockaddr.h"
#include "stream.h"

#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <string.h>
#include <unistd.h>

#define MESSAGES_A_TURN    64
#define OPENING_TIMEOUT_MS 5000 /* TCP and TLS handshake, together */
#define SAID_EVERY_MS      60000
/* Of what the kernel has not sent yet: the rest waits here, where it is counted. */
#define UNSENT_IN_KERNEL_BYTES 16384

void connection_hold(struct connection *c)
{
    c->references++;
}

void connection_release(struct connection *c)
{
    if (--c->references > 0)
        return;
    if (c->deadline)
        event_free(c->deadline);
    if (c->stall)
        event_free(c->stall);
    tls_peer_fini(&c->peer);
    free(c->tls_name);
    free(c);
}

struct flow connection_flow(struct connection *c)
{
    return (struct flow){.remote = c->entry.remote,
                         .listener = c->listener,
                         .transport = c->transport,
                         .connection = c};
}

bool connection_is_ready(const struct connection *c)
{
    return connection_is_open(c) && !c->opening;
}

bool connection_own_end(const struct connection *c, struct address *own)
{
    struct sockaddr_storage name;
    socklen_t n = sizeof(name);
    if (!c->stream || getsockname(bufferevent_getfd(c->stream), (struct sockaddr *)&name, &n) != 0)
        return false;
    *own = sockaddr_to_address(&name);
    return own->family != ADDRESS_NONE;
}

bool connection_is_open(const struct connection *c)
{
    return c->stream && !c->doomed;
}

unsigned connection_peer_names(const struct connection *c, const struct str **names)
{
    *names = c->peer.names;
    return c->peer.n;
}

struct str connection_tls_name(const struct connection *c)
{
    return str_of(c->tls_name);
}

static void connection_unlink(struct connection *c)
{
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->net->n_connections--;
    c->net->opened[c->opened_for] -= c->outgoing;
    peers_remove(c->net->peers, &c->entry);
}

/* close_notify tells the peer that nothing was cut off. */
static void say_goodbye(struct connection *c)
{
    if (c->session)
        tls_watch_end(c->session);
    if (c->session && !c->opening) {
        SSL_shutdown(c->session);
        ERR_clear_error();
    }
    c->session = NULL;
}

/* TELL: the handlers, of ERROR. */
static void connection_close(struct connection *c, int error, bool tell)
{
    if (!c->stream)
        return;
    struct net *net = c->net;
    say_goodbye(c);
    evbuffer_remove_cb(bufferevent_get_input(c->stream), stream_queue_changed, c);
    evbuffer_remove_cb(bufferevent_get_output(c->stream), stream_queue_changed, c);
    bufferevent_free(c->stream);
    c->stream = NULL;
    stream_count_waiting(c, 0, c->entry.waiting);
    event_del(c->deadline);
    event_del(c->stall);
    connection_unlink(c);
    if (tell)
        net->handlers.closed(net->handlers.context, c, error);
    connection_release(c);
}

void connections_close_all(struct net *net)
{
    while (net->connections)
        connection_close(net->connections, 0, false);
}

void stream_set_timer(struct event *timer, uint32_t ms)
{
    struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_add(timer, &t);
}

void stream_set_deadline(struct connection *c, uint32_t ms)
{
    stream_set_timer(c->deadline, ms);
}

/* Until the next message begins. What is kept for reuse may be idle: the kernel asks after its
 * peer. */
void connection_await_message(struct connection *c)
{
    if (connection_is_kept(c))
        event_del(c->deadline);
    else
        stream_set_deadline(c, c->net->limits.idle_timeout_ms);
}

/* ---- what comes ---- */

static void say_talk(struct connection *c)
{
    struct net *net = c->net;
    int64_t now_ms = clock_monotonic_ms();
    if (net->talkers++ > 0 && now_ms - net->talker_said_ms < SAID_EVERY_MS)
        return;
    net->talker_said_ms = now_ms;
    struct buf remote = BUF_INIT;
    address_add(&remote, &c->entry.remote);
    log_warning("a connection is closed for what it says beside messages: keep-alives, or TLS "
                "records without data",
                LOG_TEXT("peer", buf_str(&remote)),
                LOG_TEXT("transport", transport_name((enum transport)c->transport)),
                LOG_CSTR("during", c->opening ? "handshake" : "session"),
                LOG_NUMBER("closed", (int64_t)net->talkers));
    buf_fini(&remote);
}

/*
 * There are two time limits, and no sender can restart either by sending slowly: a message has
 * message_timeout_ms from its first byte to its last, and between messages a connection may be idle
 * for idle_timeout_ms.
 */
static void message_progress(struct connection *c, bool partial, bool completed_one)
{
    if (partial && (!c->in_message || completed_one))
        stream_set_deadline(c, c->net->limits.message_timeout_ms);
    else if (!partial && c->heard)
        connection_await_message(c);
    c->in_message = partial;
}

/* RFC 5626 section 3.5.1: a double CRLF is a ping, a single one its pong. Neither keeps a
   connection alive whose peer does not read what is sent to it. False when it was one too many. */
static bool take_keepalive(struct connection *c, size_t n)
{
    if (!small_talk_admits(&c->talk, clock_monotonic_ms())) {
        say_talk(c);
        connection_close(c, EPROTO, true);
        return false;
    }
    c->heard |= stream_has_taken_all(c);
    if (n >= 4)
        connection_send(c, STR("\r\n"));
    return true;
}

/* What follows could be anything (R-P-005). An answer still goes out. */
static void fall_out_of_step(struct connection *c)
{
    struct evbuffer *input = bufferevent_get_input(c->stream);
    evbuffer_drain(input, evbuffer_get_length(input));
    bufferevent_disable(c->stream, EV_READ);
    shutdown(bufferevent_getfd(c->stream), SHUT_RD);
    stream_set_deadline(c, 1000);
}

void net_out_of_step(const struct flow *from)
{
    if (from->connection && connection_is_open(from->connection))
        fall_out_of_step(from->connection);
}

/* Takes one frame off INPUT; false when there is no more to do for now (or ever: closed). */
static bool read_one(struct connection *c, struct evbuffer *input)
{
    struct net *net = c->net;
    struct flow from = connection_flow(c);
    struct frame frame;
    size_t n = evbuffer_get_length(input);
    if (n == 0)
        return false;
    char *bytes = (char *)evbuffer_pullup(input, -1);
    if (!bytes) {
        connection_close(c, ENOMEM, true);
        return false;
    }
    enum frame_status status = frame_stream((struct str){bytes, n}, &net->limits.frame, &c->resume,
                                            &frame);
    if (status == FRAME_INCOMPLETE)
        return false;
    if (status == FRAME_KEEPALIVE) {
        if (!take_keepalive(c, frame.skip))
            return false;
        evbuffer_drain(input, frame.skip);
        return true;
    }
    c->heard = true;
    small_talk_message(&c->talk);
    size_t available = n - frame.skip;
    bool framed = status == FRAME_MESSAGE || status == FRAME_SAME_LENGTHS;
    size_t length = framed ? frame.length : available;
    if (status != FRAME_NOT_SIP) {
        char *copy = malloc(length + 1); /* the parser writes into it, and wants a NUL behind it */
        if (copy) {
            memcpy(copy, bytes + frame.skip, length);
            copy[length] = '\0';
            net->handlers.message(net->handlers.context, &from, copy, length, &frame, status);
        }
        free(copy);
    }
    if (!connection_is_open(c))
        return false;
    if (framed) {
        evbuffer_drain(input, frame.skip + length);
        return true;
    }
    fall_out_of_step(c);
    return false;
}

/*
 * The connection is about to be closed: messages that came whole are served as ever, and half a
 * message is reported. Nothing of it is kept longer, and it is no more than frame_limits allow.
 */
static void read_rest(struct connection *c)
{
    struct net *net = c->net;
    struct evbuffer *input = bufferevent_get_input(c->stream);
    struct flow from = connection_flow(c);
    struct frame frame;
    if (c->outgoing && c->opening)
        return;
    while (connection_is_open(c) && (bufferevent_get_enabled(c->stream) & EV_READ) &&
           read_one(c, input))
        continue;
    size_t n = c->stream ? evbuffer_get_length(input) : 0;
    char *copy = n > 0 ? malloc(n + 1) : NULL;
    if (copy && evbuffer_copyout(input, copy, n) == (ssize_t)n &&
        frame_rest((struct str){copy, n}, &net->limits.frame, &frame) == FRAME_CUT) {
        copy[n] = '\0';
        net->handlers.message(net->handlers.context, &from, copy + frame.skip, n - frame.skip,
                              &frame, FRAME_CUT);
    }
    free(copy);
    net->handlers.batch_end(net->handlers.context, 0);
}

/* With all that came by it. */
void connection_end(struct connection *c, int error)
{
    connection_hold(c);
    if (c->stream)
        read_rest(c);
    connection_close(c, error, true);
    connection_release(c);
}

static void on_read(struct bufferevent *stream, void *context)
{
    struct connection *c = context;
    struct net *net = c->net;
    struct evbuffer *input = bufferevent_get_input(stream);
    unsigned messages = 0;
    connection_hold(c);
    c->heard = false;
    while (messages < MESSAGES_A_TURN && read_one(c, input))
        messages++;
    if (connection_is_open(c) && evbuffer_get_length(input) > 0 && !stream_make_room(c, 0)) {
        stream_say_slow(c, "it holds most of what all connections may");
        connection_end(c, ENOBUFS);
    }
    if (connection_is_open(c) && (bufferevent_get_enabled(c->stream) & EV_READ)) {
        message_progress(c, evbuffer_get_length(input) > 0, messages > 0);
        if (messages == MESSAGES_A_TURN && evbuffer_get_length(input) > 0)
            bufferevent_trigger(c->stream, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
    }
    net->handlers.batch_end(net->handlers.context, messages);
    connection_release(c);
}

/* Tells the operator why a handshake failed, for instance because of a certificate. */
static void say_failure(const struct connection *c, const char *why)
{
    struct buf remote = BUF_INIT;
    struct buf expected = BUF_INIT;
    address_add(&remote, &c->entry.remote);
    if (c->tls_name)
        buf_add_text(&expected, c->tls_name);
    else if (c->outgoing)
        address_add_host(&expected, &c->entry.remote);
    else
        buf_add_char(&expected, '-');
    log_write(c->outgoing ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "TLS handshake failed",
              LOG_TEXT("peer", buf_str(&remote)), LOG_TEXT("expected", buf_str(&expected)),
              LOG_CSTR("direction", c->outgoing ? "out" : "in"), LOG_CSTR("why", why));
    if (!c->outgoing)
        c->net->handlers.turned_away(c->net->handlers.context,
                                     &(struct flow){.remote = c->entry.remote,
                                                    .listener = c->listener,
                                                    .transport = c->transport},
                                     true);
    buf_fini(&remote);
    buf_fini(&expected);
}

static void on_open(struct connection *c)
{
    c->opening = false;
    c->watch.talking = true;
    if (c->session)
        tls_peer_read(&c->peer, c->session);
    stream_set_deadline(c, c->net->limits.idle_timeout_ms);
    if (c->outgoing)
        c->net->handlers.opened(c->net->handlers.context, c);
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
    struct connection *c = context;
    if (what & BEV_EVENT_CONNECTED) {
        on_open(c);
        return;
    }
    int error = what & BEV_EVENT_ERROR ? EVUTIL_SOCKET_ERROR() : 0;
    if (c->talk.over) {
        say_talk(c);
        error = EPROTO;
    }
    if (c->opening && c->session)
        say_failure(c, c->talk.over
                           ? "the handshake takes more octets or records than one may"
                           : tls_failure(c->session, bufferevent_get_openssl_error(stream)));
    if (error == ETIMEDOUT && !c->opening)
        stream_say_slow(c, "the peer's kernel takes nothing of it");
    connection_end(c, error);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = context;
    (void)fd, (void)what;
    if (c->opening && c->session)
        say_failure(c, c->refusal ? strerror(c->refusal) : "not done in time");
    bool idle = !c->opening && !c->in_message && !c->doomed;
    connection_end(c, c->refusal ? c->refusal : idle ? 0 : ETIMEDOUT);
}

static struct bufferevent *new_stream(struct net *net, int fd, SSL *session, bool outgoing)
{
    if (!session)
        return bufferevent_socket_new(net->base, fd, BEV_OPT_CLOSE_ON_FREE);
    return bufferevent_openssl_socket_new(
        net->base, fd, session, outgoing ? BUFFEREVENT_SSL_CONNECTING : BUFFEREVENT_SSL_ACCEPTING,
        BEV_OPT_CLOSE_ON_FREE);
}

/* Enters it into the net's lists; from here on connection_close() ends it. */
static bool connection_link(struct connection *c)
{
    struct net *net = c->net;
    bool led = c->outgoing && c->opened_for != OPENING_CONFIGURED;
    if (!peers_add(net->peers, &c->entry,
                   !c->outgoing ? PEER_CAME
                   : led        ? PEER_LED
                                : PEER_UNCOUNTED))
        return false;
    net->opened[c->opened_for] += c->outgoing;
    c->next = net->connections;
    c->link = &net->connections;
    if (c->next)
        c->next->link = &c->next;
    net->connections = c;
    net->n_connections++;
    return true;
}

/* What the kernel holds for a peer is bounded too, in octets and in time. */
static void set_options(int fd, const struct net_limits *limits)
{
    const int one = 1, unsent = UNSENT_IN_KERNEL_BYTES;
    const unsigned timeout_ms = limits->write_timeout_ms;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
}

/* Takes FD and SESSION, also when it fails; what LIKE says is copied. */
struct connection *connection_new(const struct connection *like, int fd, SSL *session)
{
    struct net *net = like->net;
    struct connection *c = malloc(sizeof(*c));
    set_options(fd, &net->limits);
    if (!c) {
        SSL_free(session);
        close(fd);
        return NULL;
    }
    *c = *like;
    c->tls_name = like->tls_name ? strdup(like->tls_name) : NULL;
    c->stream = new_stream(net, fd, session, like->outgoing);
    c->session = session;
    c->references = 1;
    c->opening = c->outgoing || session;
    if (session)
        tls_watch_begin(&c->watch, session, &c->talk);
    c->deadline = evtimer_new(net->base, on_deadline, c);
    c->stall = evtimer_new(net->base, stream_stalled, c);
    if (!c->stream || !c->deadline || !c->stall || (like->tls_name && !c->tls_name) ||
        !connection_link(c)) {
        if (c->stream)
            bufferevent_free(c->stream);
        else
            close(fd);
        connection_release(c);
        return NULL;
    }
    bufferevent_setcb(c->stream, on_read, NULL, on_event, c);
    if (!evbuffer_add_cb(bufferevent_get_input(c->stream), stream_queue_changed, c) ||
        !evbuffer_add_cb(bufferevent_get_output(c->stream), stream_queue_changed, c)) {
        connection_close(c, ENOMEM, false);
        return NULL;
    }
    /* Reading stops when that much lies unread, so that one peer cannot fill our memory. */
    bufferevent_setwatermark(c->stream, EV_READ, 0,
                             2 * (size_t)net->limits.frame.max_message_bytes);
    stream_set_deadline(c, c->opening ? OPENING_TIMEOUT_MS : net->limits.idle_timeout_ms);
    return c;
}

void connection_accepted(struct net *net, uint16_t listener, enum transport transport,
                         const struct address *remote, int fd)
{
    SSL *session = NULL;
    struct connection like = {
        .entry.remote = *remote, .net = net, .listener = listener, .transport = (uint8_t)transport};
    if (transport == TRANSPORT_TLS &&
        (!net->tls ||
         !(session = tls_accepting(net->tls, net->listeners[listener].verify_client)))) {
        close(fd);
        return;
    }
    struct connection *c = connection_new(&like, fd, session);
    if (c)
        bufferevent_enable(c->stream, EV_READ | EV_WRITE);
}

int connection_send(struct connection *c, struct str bytes)
{
    if (!connection_is_open(c))
        return -ENOTCONN;
    struct evbuffer *output = bufferevent_get_output(c->stream);
    if (evbuffer_get_length(output) + bytes.n > c->net->limits.max_queue_bytes ||
        !stream_make_room(c, bytes.n))
        return -ENOBUFS;
    return evbuffer_add(output, bytes.p, bytes.n) == 0 ? 0 : -ENOMEM;
}
