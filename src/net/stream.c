#include "net_internal.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stddef.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "not_opened.h"
#include "peers.h"
#include "sockaddr.h"
#include "stream_room.h"
#include "tls_session.h"

#define MESSAGES_A_TURN    64
#define KEEPALIVE_S        30
#define OPENING_TIMEOUT_MS 5000 /* TCP and TLS handshake, together */
#define STRANGERS_PART     8    /* of what peers wrote has opened */
#define SAID_EVERY_MS      60000
/* Of what the kernel has not sent yet: the rest waits here, where it is counted. */
#define UNSENT_IN_KERNEL_BYTES 16384

/*
 * Lives as long as somebody holds it; `stream` is NULL once it is closed. The list of the net holds
 * one reference while it is open.
 */
struct connection {
    struct peer_entry entry; /* with the remote address */
    struct net *net;
    struct connection *next, **link;
    struct bufferevent *stream;
    struct event *deadline; /* of the message that is arriving, else of the next one to begin */
    struct event *stall;    /* while something waits to leave: until it moves again */
    struct small_talk talk;
    struct tls_watch watch; /* of the session */
    SSL *session;           /* the stream's; NULL: no TLS, or closed */
    char *tls_name;         /* whom we connected to; NULL: by address */
    struct tls_peer peer;   /* who was verified */
    size_t resume;          /* frame_stream's */
    int refusal;            /* errno of a connect() that failed at once */
    unsigned references;
    uint16_t listener;
    uint64_t owners[CONNECTION_OWNERS]; /* the last one first; 0: none */
    uint16_t alias_port; /* where its peer says that it listens; 0: it has not said yet */
    uint8_t transport;
    uint8_t opened_for; /* enum opening, of an outgoing one */
    bool outgoing, opening, in_message;
    bool offered; /* it may carry requests to its peer */
    bool heard;   /* since the loop came here: something that says that the peer is well */
    bool doomed;  /* to be closed when the loop comes here again; nothing of it counts any more */
};

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

static void on_queue(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *context);

/* Octets in the stream, what came and what is to leave. */
static void count_waiting(struct connection *c, size_t more, size_t less)
{
    peers_queued(&c->entry, more, less);
    c->net->queued += more - less;
}

static void connection_close(struct connection *c, int error, bool tell)
{
    if (!c->stream)
        return;
    struct net *net = c->net;
    say_goodbye(c);
    evbuffer_remove_cb(bufferevent_get_input(c->stream), on_queue, c);
    evbuffer_remove_cb(bufferevent_get_output(c->stream), on_queue, c);
    bufferevent_free(c->stream);
    c->stream = NULL;
    count_waiting(c, 0, c->entry.waiting);
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

static void set_timer(struct event *timer, uint32_t ms)
{
    struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_add(timer, &t);
}

static void set_deadline(struct connection *c, uint32_t ms)
{
    set_timer(c->deadline, ms);
}

static bool is_kept(const struct connection *c)
{
    return c->offered && c->alias_port > 0;
}

/* Until the next message begins. What is kept for reuse may be idle: the kernel asks after its
 * peer. */
static void await_message(struct connection *c)
{
    if (is_kept(c))
        event_del(c->deadline);
    else
        set_deadline(c, c->net->limits.idle_timeout_ms);
}

/* ---- what waits ---- */

/* All octets of both directions are counted here; what leaves has its clock set anew whenever it
   moves. */
static void on_queue(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *context)
{
    struct connection *c = context;
    if (c->doomed)
        return;
    count_waiting(c, info->n_added, info->n_deleted);
    if (buffer != bufferevent_get_output(c->stream))
        return;
    if (evbuffer_get_length(buffer) == 0)
        event_del(c->stall);
    else if (info->n_deleted > 0 || !evtimer_pending(c->stall, NULL))
        set_timer(c->stall, c->net->limits.write_timeout_ms);
}

static void say_slow(struct connection *c, const char *why)
{
    struct buf remote = BUF_INIT;
    c->net->slow_readers++;
    address_add(&remote, &c->entry.remote);
    log_info("a connection is closed for what waits in it", LOG_TEXT("peer", buf_str(&remote)),
             LOG_NUMBER("octets", (int64_t)c->entry.waiting), LOG_CSTR("why", why));
    buf_fini(&remote);
}

static void connection_end(struct connection *c, int error);

static void on_stall(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = context;
    (void)fd, (void)what;
    if (c->opening) { /* has a deadline of its own */
        set_timer(c->stall, c->net->limits.write_timeout_ms);
        return;
    }
    say_slow(c, "the peer takes nothing of it");
    connection_end(c, ETIMEDOUT);
}

/* Not at once: whoever sends may be in the middle of something. */
static void doom(struct connection *c)
{
    say_slow(c, "it holds most of what all connections may");
    bufferevent_disable(c->stream, EV_READ | EV_WRITE);
    event_del(c->stall);
    count_waiting(c, 0, c->entry.waiting);
    c->doomed = true;
    set_deadline(c, 0);
}

/* By what its source has in all connections, then by its own: many small ones spare nobody. */
static bool is_heavier(const struct connection *a, const struct connection *b)
{
    uint64_t of_a = peers_waiting(&a->entry), of_b = peers_waiting(&b->entry);
    return of_a != of_b ? of_a > of_b : a->entry.waiting > b->entry.waiting;
}

static struct connection *heaviest(const struct net *net)
{
    struct connection *found = NULL;
    for (struct connection *c = net->connections; c; c = c->next)
        if (!c->doomed && (!found || is_heavier(c, found)))
            found = c;
    return found;
}

/* For N octets more of C: whoever holds most goes. False: that would be C. */
static bool make_room(struct connection *c, size_t n)
{
    struct net *net = c->net;
    while (net->queued + n > net->limits.max_queues_bytes) {
        struct connection *most = heaviest(net);
        if (!most || most == c)
            return false;
        bool of_one = peers_same_source(&most->entry, &c->entry);
        uint64_t theirs = of_one ? most->entry.waiting : peers_waiting(&most->entry);
        if (theirs < (of_one ? c->entry.waiting : peers_waiting(&c->entry)) + n)
            return false;
        doom(most);
    }
    return true;
}

/* The peer's kernel has confirmed all that we ever sent. */
static bool has_taken_all(const struct connection *c)
{
    int unsent = 0;
    return evbuffer_get_length(bufferevent_get_output(c->stream)) == 0 &&
           ioctl(bufferevent_getfd(c->stream), SIOCOUTQ, &unsent) == 0 && unsent == 0;
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
 * Two clocks, neither of which a dripping sender can restart: a message has message_timeout_ms from
 * its first byte to its last; between messages a connection may be idle for idle_timeout_ms.
 */
static void message_progress(struct connection *c, bool partial, bool completed_one)
{
    if (partial && (!c->in_message || completed_one))
        set_deadline(c, c->net->limits.message_timeout_ms);
    else if (!partial && c->heard)
        await_message(c);
    c->in_message = partial;
}

/* RFC 5626 section 3.5.1: a double CRLF is a ping, a single one its pong. Whoever leaves untaken
   what is for it is not kept alive by either. False: it was one too many. */
static bool take_keepalive(struct connection *c, size_t n)
{
    if (!small_talk_admits(&c->talk, clock_monotonic_ms())) {
        say_talk(c);
        connection_close(c, EPROTO, true);
        return false;
    }
    c->heard |= has_taken_all(c);
    if (n >= 4)
        connection_send(c, STR("\r\n"));
    return true;
}

/* Takes one frame off INPUT; false when there is no more to do for now (or ever: closed). */
/* What follows could be anything (R-P-005). An answer still goes out. */
static void fall_out_of_step(struct connection *c)
{
    struct evbuffer *input = bufferevent_get_input(c->stream);
    evbuffer_drain(input, evbuffer_get_length(input));
    bufferevent_disable(c->stream, EV_READ);
    shutdown(bufferevent_getfd(c->stream), SHUT_RD);
    set_deadline(c, 1000);
}

void net_out_of_step(const struct flow *from)
{
    if (from->connection && connection_is_open(from->connection))
        fall_out_of_step(from->connection);
}

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
 * The connection is about to be closed: what came whole is heard as ever, and who sent half a
 * message is told of. Nothing of it is kept longer than this, and no more than frame_limits let
 * come.
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
    net->handlers.batch_end(net->handlers.context);
}

/* With all that came by it. */
static void connection_end(struct connection *c, int error)
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
    if (connection_is_open(c) && evbuffer_get_length(input) > 0 && !make_room(c, 0)) {
        say_slow(c, "it holds most of what all connections may");
        connection_end(c, ENOBUFS);
    }
    if (connection_is_open(c) && (bufferevent_get_enabled(c->stream) & EV_READ)) {
        message_progress(c, evbuffer_get_length(input) > 0, messages > 0);
        if (messages == MESSAGES_A_TURN && evbuffer_get_length(input) > 0)
            bufferevent_trigger(c->stream, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
    }
    net->handlers.batch_end(net->handlers.context);
    connection_release(c);
}

/* What an operator needs when two certificates do not get on. */
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
    set_deadline(c, c->net->limits.idle_timeout_ms);
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
        say_slow(c, "the peer's kernel takes nothing of it");
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

/* Into the net's books; from here on connection_close() ends it. */
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
static struct connection *connection_new(const struct connection *like, int fd, SSL *session)
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
    c->stall = evtimer_new(net->base, on_stall, c);
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
    if (!evbuffer_add_cb(bufferevent_get_input(c->stream), on_queue, c) ||
        !evbuffer_add_cb(bufferevent_get_output(c->stream), on_queue, c)) {
        connection_close(c, ENOMEM, false);
        return NULL;
    }
    /* Reading stops when that much lies unread, so that one peer cannot fill our memory. */
    bufferevent_setwatermark(c->stream, EV_READ, 0,
                             2 * (size_t)net->limits.frame.max_message_bytes);
    set_deadline(c, c->opening ? OPENING_TIMEOUT_MS : net->limits.idle_timeout_ms);
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
        !make_room(c, bytes.n))
        return -ENOBUFS;
    return evbuffer_add(output, bytes.p, bytes.n) == 0 ? 0 : -ENOMEM;
}

static int bound_socket(const struct net *net, uint16_t listener)
{
    struct sockaddr_storage local;
    struct address from = net->listeners[listener].address;
    int one = 1;
    from.port = 0;
    socklen_t n = sockaddr_from_address(&local, &from);
    int fd = socket(local.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
    stream_room_bound(fd);
    if (bind(fd, (struct sockaddr *)&local, n) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

/* A refusal that is known at once comes from the event loop all the same, like any other. */
static void begin_connect(struct connection *c, int fd)
{
    struct sockaddr_storage name;
    socklen_t n = sockaddr_from_address(&name, &c->entry.remote);
    int error = connect(fd, (struct sockaddr *)&name, n) == 0 ? 0 : errno;
    if (error == EINPROGRESS)
        error = 0;
    /* Without a name: goes on with this connect(), and tells of its end. */
    if (error == 0 && !c->session && bufferevent_socket_connect(c->stream, NULL, 0) != 0)
        error = ENOMEM;
    if (error == 0 && bufferevent_enable(c->stream, EV_READ | EV_WRITE) == 0)
        return;
    c->refusal = error ? error : ENOMEM;
    set_deadline(c, 0);
}

static struct connection *of_entry(struct peer_entry *e)
{
    return container_of(e, struct connection, entry);
}

struct connection *connection_existing(struct net *net, enum transport transport,
                                       const struct address *remote)
{
    for (struct peer_entry *e = peers_first(net->peers, remote); e; e = peers_next(e))
        if (of_entry(e)->transport == transport && connection_is_open(of_entry(e)))
            return of_entry(e);
    return NULL;
}

static void ask_after_peer(const struct connection *c, int on)
{
    const int idle_s = KEEPALIVE_S, tries = 3;
    int fd = bufferevent_getfd(c->stream);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle_s, sizeof(idle_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof(tries));
}

static void keep_as(struct connection *c, bool offered, uint16_t port)
{
    bool before = is_kept(c);
    if (c->outgoing || !connection_is_open(c))
        return;
    c->offered = offered;
    c->alias_port = port;
    if (is_kept(c) == before)
        return;
    ask_after_peer(c, !before);
    if (!c->in_message)
        await_message(c);
}

void connection_listens_at(struct connection *c, uint16_t port)
{
    keep_as(c, c->offered, port);
}

void connection_offer(struct connection *c, bool offered)
{
    keep_as(c, offered, c->alias_port);
}

void connections_each_taken(struct net *net, void (*visit)(void *user, const struct flow *from),
                            void *user)
{
    for (struct connection *c = net->connections; c; c = c->next) {
        const struct flow from = connection_flow(c);
        if (!c->outgoing && connection_is_open(c))
            visit(user, &from);
    }
}

static unsigned place_of_owner(const struct connection *c, uint64_t owner)
{
    unsigned i = 0;
    while (i < CONNECTION_OWNERS && c->owners[i] != owner)
        i++;
    return i;
}

void connection_belongs(struct connection *c, uint64_t owner)
{
    unsigned n = place_of_owner(c, owner);
    if (n == CONNECTION_OWNERS)
        n--;
    memmove(c->owners + 1, c->owners, n * sizeof(*c->owners));
    c->owners[0] = owner;
}

static bool is_offered_by(const struct connection *c, enum transport transport, uint64_t owner)
{
    return c->transport == transport && is_kept(c) && connection_is_ready(c) &&
           (owner == 0 || place_of_owner(c, owner) < CONNECTION_OWNERS);
}

struct connection *connection_offered(struct net *net, enum transport transport,
                                      const struct address *remote, uint64_t owner)
{
    struct connection *only = NULL;
    unsigned n = 0;
    for (struct peer_entry *e = peers_opened_by(net->peers, remote); e;
         e = peers_opened_before(e)) {
        struct connection *c = of_entry(e);
        if (!is_offered_by(c, transport, owner))
            continue;
        if (c->alias_port == remote->port)
            return c;
        only = c;
        n++;
    }
    return n == 1 ? only : NULL;
}

/* A name that was checked for another upstream proves nothing for this one. */
static struct connection *find_outgoing(struct net *net, const struct connection *like)
{
    struct str wanted = str_of(like->tls_name);
    for (struct peer_entry *e = peers_first(net->peers, &like->entry.remote); e;
         e = peers_next(e)) {
        struct connection *c = of_entry(e);
        if (c->outgoing && !c->doomed && c->listener == like->listener &&
            c->transport == like->transport && str_eq_nocase(str_of(c->tls_name), wanted))
            return c;
    }
    return NULL;
}

/* Somebody with a better right uses it from now on. */
static void raise_right(struct connection *c, enum opening opening)
{
    static const uint8_t rank[OPENINGS] = {[OPENING_CONFIGURED] = 2, [OPENING_LED] = 1};
    if (rank[opening] <= rank[c->opened_for])
        return;
    c->net->opened[c->opened_for]--;
    c->net->opened[opening]++;
    c->opened_for = (uint8_t)opening;
    if (opening == OPENING_CONFIGURED)
        peers_uncount(c->net->peers, &c->entry);
}

/* What peers wrote opens no more than its part; of that, strangers' no more than theirs. */
static bool has_part_left(const struct net *net, const struct connection *like)
{
    const unsigned *opened = net->opened;
    uint32_t half = (net->limits.max_connections + 1) / 2, most = net->limits.max_led;
    if (like->opened_for == OPENING_CONFIGURED)
        return true;
    if (most == 0 || most > half)
        most = half;
    if (opened[OPENING_LED] + opened[OPENING_STRANGER] >= most ||
        peers_count(net->peers, &like->entry.remote, PEER_LED) >= net->limits.max_led_per_peer)
        return false;
    return like->opened_for == OPENING_LED ||
           opened[OPENING_STRANGER] < (most + STRANGERS_PART - 1) / STRANGERS_PART;
}

static void note_not_opened(const struct connection *like, enum not_opened_why why, int error)
{
    static const char *const whom[OPENINGS] = {[OPENING_CONFIGURED] = "an upstream",
                                               [OPENING_LED] = "a peer",
                                               [OPENING_STRANGER] = "a stranger"};
    struct net *net = like->net;
    const struct not_opened_case one = {
        .why = why,
        .error = error,
        .remote = &like->entry.remote,
        .opened_for = whom[like->opened_for],
        .open_led = net->opened[OPENING_LED] + net->opened[OPENING_STRANGER],
        .to_it = peers_count(net->peers, &like->entry.remote, PEER_LED),
        .open = net->n_connections,
    };
    not_opened_add(&net->not_opened, &one, clock_monotonic_ms());
}

/* NOT_OPENED_KINDS: there is room. */
static enum not_opened_why no_room(const struct net *net, const struct connection *like)
{
    if (net->n_connections >= net->limits.max_connections)
        return net->few_descriptors ? NOT_OPENED_FEW : NOT_OPENED_ALL;
    return has_part_left(net, like) ? NOT_OPENED_KINDS : NOT_OPENED_LED;
}

static struct connection *open_connection(const struct connection *like, int *error)
{
    struct net *net = like->net;
    struct str name = str_of(like->tls_name);
    SSL *session = NULL;
    *error = -EPROTONOSUPPORT;
    if (like->transport == TRANSPORT_TLS &&
        (!net->tls || !(session = tls_connecting(net->tls, name, &like->entry.remote))))
        return NULL;
    int fd = bound_socket(net, like->listener);
    if (fd < 0) {
        SSL_free(session);
        *error = fd;
        return NULL;
    }
    *error = -ENOMEM;
    struct connection *c = connection_new(like, fd, session);
    if (c)
        begin_connect(c, fd);
    return c;
}

/* What fails here is our own lack: what the peer does comes by `closed`. */
static struct connection *connect_new(const struct connection *like, int *error)
{
    enum not_opened_why why = no_room(like->net, like);
    *error = -EMFILE;
    struct connection *c = why == NOT_OPENED_KINDS ? open_connection(like, error) : NULL;
    if (!c)
        note_not_opened(like, why == NOT_OPENED_KINDS ? not_opened_by_error(*error) : why, *error);
    return c;
}

struct connection *connection_to(struct net *net, uint16_t listener, enum transport transport,
                                 const struct address *remote, struct str tls_name,
                                 enum opening opening, int *error)
{
    struct connection like = {.entry.remote = *remote,
                              .net = net,
                              .listener = listener,
                              .transport = (uint8_t)transport,
                              .opened_for = (uint8_t)opening,
                              .outgoing = true};
    *error = -ENOMEM;
    if (transport == TRANSPORT_TLS && tls_name.n > 0 &&
        !(like.tls_name = strndup(tls_name.p, tls_name.n)))
        return NULL;
    struct connection *c = find_outgoing(net, &like);
    *error = -ENOTCONN;
    if (c)
        raise_right(c, opening);
    else if (opening != OPENING_NEVER)
        c = connect_new(&like, error);
    free(like.tls_name);
    return c;
}
