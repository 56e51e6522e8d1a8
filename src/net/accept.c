/* Listening sockets of streams: who may come in, and how many. */
#include "net_internal.h"

#include <errno.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <stird/base/part.h>
#include <string.h>
#include <unistd.h>

#include "peers.h"
#include "refusals.h"
#include "sockaddr.h"

#define PAUSE_US       100000
#define SOURCE_PERCENT 75 /* of all connections, whatever limits.connections_per_source says */

struct stream_listener {
    struct net *net;
    struct evconnlistener *accepting;
    struct event *resume;
    uint16_t listener;
    uint8_t transport;
};

void stream_listener_free(struct stream_listener *l)
{
    if (!l)
        return;
    if (l->accepting)
        evconnlistener_free(l->accepting);
    if (l->resume)
        event_free(l->resume);
    free(l);
}

/* The last places are for connections to upstreams, whoever comes. */
#define RESERVED_PART 64

static uint32_t places(const struct net *net)
{
    return net->limits.max_connections - net->limits.max_connections / RESERVED_PART;
}

/* All places are taken. The operator has to know which of the two limits it was. */
static enum refusal none_left(const struct net *net, enum refusal why)
{
    return net->few_descriptors ? REFUSED_FEW : why;
}

/* REFUSALS: there is no reason to refuse. Each source has to leave room for others, and for
   connections that we open. */
static enum refusal why_not(const struct net *net, const struct flow *from)
{
    unsigned theirs = peers_count(net->peers, &from->remote, PEER_CAME);
    if (!net->handlers.admit(net->handlers.context, from))
        return REFUSED_UNKNOWN;
    if (net->n_connections >= places(net))
        return none_left(net, REFUSED_ALL);
    if (theirs >= net->limits.max_connections_per_source)
        return REFUSED_SOURCE;
    return part_has_room(theirs, places(net) - net->n_connections, SOURCE_PERCENT)
               ? REFUSALS
               : none_left(net, REFUSED_PART);
}

static void on_accept(struct evconnlistener *accepting, evutil_socket_t fd, struct sockaddr *name,
                      int n, void *context)
{
    struct stream_listener *l = context;
    struct net *net = l->net;
    struct sockaddr_storage source = {0};
    (void)accepting;
    memcpy(&source, name, (size_t)n < sizeof(source) ? (size_t)n : sizeof(source));
    const struct flow from = {
        .remote = sockaddr_to_address(&source), .listener = l->listener, .transport = l->transport};
    enum refusal why = why_not(net, &from);
    if (why == REFUSALS) {
        connection_accepted(net, l->listener, (enum transport)l->transport, &from.remote, fd);
        return;
    }
    refusals_add(net->refusals, why, &from.remote);
    if (why != REFUSED_UNKNOWN)
        net->handlers.turned_away(net->handlers.context, &from, false);
    close(fd);
}

/* Out of descriptors: a level-triggered accept would spin. Pause, and look again in a while. */
static void on_resume(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct stream_listener *l = context;
    evconnlistener_enable(l->accepting);
}

static void on_accept_error(struct evconnlistener *accepting, void *context)
{
    struct stream_listener *l = context;
    struct timeval pause = {.tv_usec = PAUSE_US};
    refusals_add(l->net->refusals, REFUSED_DESCRIPTORS, NULL);
    evconnlistener_disable(accepting);
    event_add(l->resume, &pause);
}

struct stream_listener *stream_listener_new(struct net *net, uint16_t listener,
                                            enum transport transport, int fd)
{
    struct stream_listener *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    *l = (struct stream_listener){
        .net = net, .listener = listener, .transport = (uint8_t)transport};
    /* The descriptor is the supervisor's for life, it listens already: no flag closes it. */
    l->accepting = evconnlistener_new(net->base, on_accept, l,
                                      LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, fd);
    l->resume = evtimer_new(net->base, on_resume, l);
    if (!l->accepting || !l->resume) {
        stream_listener_free(l);
        return NULL;
    }
    evconnlistener_set_error_cb(l->accepting, on_accept_error);
    return l;
}

int stream_listener_start(struct stream_listener *l)
{
    return evconnlistener_enable(l->accepting) == 0 ? 0 : -ENOMEM;
}

void stream_listener_stop(struct stream_listener *l)
{
    event_del(l->resume);
    evconnlistener_disable(l->accepting);
}
