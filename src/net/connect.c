/* Connections that we open, and how many. */
#include "stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <string.h>
#include <unistd.h>

#include "not_opened.h"
#include "sockaddr.h"
#include "stream_room.h"

#define STRANGERS_PART 8 /* strangers get one in so many of what peers may have us open */

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

/* When connect() fails at once the caller is told later, from the event loop, as of any other
   failure. */
static void begin_connect(struct connection *c, int fd)
{
    struct sockaddr_storage name;
    socklen_t n = sockaddr_from_address(&name, &c->entry.remote);
    int error = connect(fd, (struct sockaddr *)&name, n) == 0 ? 0 : errno;
    if (error == EINPROGRESS)
        error = 0;
    /* Without a name: goes on with this connect(), and tells how it ends. */
    if (error == 0 && !c->session && bufferevent_socket_connect(c->stream, NULL, 0) != 0)
        error = ENOMEM;
    if (error == 0 && bufferevent_enable(c->stream, EV_READ | EV_WRITE) == 0)
        return;
    c->refusal = error ? error : ENOMEM;
    stream_set_deadline(c, 0);
}

/* A name that was checked for another upstream proves nothing for this one. */
static struct connection *find_outgoing(struct net *net, const struct connection *like)
{
    struct str wanted = str_of(like->tls_name);
    for (struct peer_entry *e = peers_first(net->peers, &like->entry.remote); e;
         e = peers_next(e)) {
        struct connection *c = connection_of_entry(e);
        if (c->outgoing && !c->doomed && c->listener == like->listener &&
            c->transport == like->transport && str_eq_nocase(str_of(c->tls_name), wanted))
            return c;
    }
    return NULL;
}

/* From now on it is used for somebody who has a better right to a place. */
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

/* Connections that peers' requests lead to have a part of the places, and those of strangers a part
   of that. */
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

/* NULL with *ERROR: stird itself lacks something for it (a connection, a descriptor, memory, TLS).
   What the peer does to a connection is told by `closed`, later. */
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
