#include "net_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/net/tls.h>
#include <sys/resource.h>

#include "peers.h"
#include "refusals.h"

/* Channels, snapshots, the event loop, standard descriptors. */
#define DESCRIPTORS_FOR_OTHERS 64

void net_free(struct net *net)
{
    if (!net)
        return;
    connections_close_all(net);
    for (unsigned i = 0; i < net->n_listeners; i++) {
        if (net->datagram)
            datagram_socket_free(net->datagram[i]);
        for (unsigned t = 0; net->stream && t < TRANSPORTS; t++)
            stream_listener_free(net->stream[i * TRANSPORTS + t]);
    }
    datagram_reader_free(net->reader);
    peers_free(net->peers);
    refusals_free(net->refusals);
    tls_free(net->tls);
    free(net->datagram);
    free(net->stream);
    free(net);
}

static int open_listener(struct net *net, uint16_t i, const struct listener_sockets *sockets)
{
    if (sockets->fd[TRANSPORT_UDP] >= 0 &&
        !(net->datagram[i] = datagram_socket_new(net, i, sockets->fd[TRANSPORT_UDP])))
        return -ENOMEM;
    for (unsigned t = TRANSPORT_TCP; t < TRANSPORTS; t++) {
        struct stream_listener **l = &net->stream[i * TRANSPORTS + t];
        if (sockets->fd[t] >= 0 &&
            !(*l = stream_listener_new(net, i, (enum transport)t, sockets->fd[t])))
            return -ENOMEM;
    }
    return 0;
}

struct net *net_new(struct event_base *base, const struct listener_sockets *sockets,
                    const struct listener *listeners, unsigned n_listeners,
                    const struct net_limits *limits, const struct net_handlers *handlers)
{
    struct net *net = calloc(1, sizeof(*net));
    if (!net)
        return NULL;
    net->base = base;
    net->listeners = listeners;
    net->n_listeners = n_listeners;
    net_set_limits(net, limits);
    net->handlers = *handlers;
    net->reader = datagram_reader_new();
    net->datagram = calloc(n_listeners, sizeof(*net->datagram));
    net->stream = calloc((size_t)n_listeners * TRANSPORTS, sizeof(*net->stream));
    net->peers = peers_new();
    net->refusals = refusals_new(base);
    if (!net->reader || !net->datagram || !net->stream || !net->peers || !net->refusals)
        goto fail;
    for (unsigned i = 0; i < n_listeners; i++)
        if (open_listener(net, (uint16_t)i, &sockets[i]) != 0)
            goto fail;
    return net;
fail:
    net_free(net);
    return NULL;
}

void net_start(struct net *net)
{
    for (unsigned i = 0; i < net->n_listeners; i++) {
        if (net->datagram[i])
            datagram_socket_start(net->datagram[i]);
        for (unsigned t = 0; t < TRANSPORTS; t++)
            if (net->stream[i * TRANSPORTS + t])
                stream_listener_start(net->stream[i * TRANSPORTS + t]);
    }
}

void net_stop_accepting(struct net *net)
{
    for (unsigned i = 0; i < net->n_listeners * TRANSPORTS; i++)
        if (net->stream[i])
            stream_listener_stop(net->stream[i]);
}

/* Never so many that the descriptors run out: a failing accept() would help nobody. */
static uint32_t affordable(const struct net *net, uint32_t wanted)
{
    struct rlimit limit;
    rlim_t others = DESCRIPTORS_FOR_OTHERS + (rlim_t)net->n_listeners * TRANSPORTS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return wanted;
    rlim_t most = limit.rlim_cur > others ? limit.rlim_cur - others : 1;
    if (wanted <= most)
        return wanted;
    log_warning("limits.connections is above what the descriptors allow: raise LimitNOFILE",
                LOG_NUMBER("wanted", wanted), LOG_NUMBER("served", (int64_t)most),
                LOG_NUMBER("descriptors", (int64_t)limit.rlim_cur));
    return (uint32_t)most;
}

void net_set_limits(struct net *net, const struct net_limits *limits)
{
    net->limits = *limits;
    net->limits.max_connections = affordable(net, limits->max_connections);
    net->few_descriptors = net->limits.max_connections < limits->max_connections;
}

void net_set_tls_take(struct net *net, struct tls *tls)
{
    tls_free(net->tls);
    net->tls = tls;
}

int net_send(struct net *net, const struct flow *to, struct str bytes)
{
    if (to->connection)
        return connection_send(to->connection, bytes);
    if (to->listener >= net->n_listeners || !net->datagram[to->listener])
        return -EADDRNOTAVAIL;
    return datagram_send(net->datagram[to->listener], &to->remote, bytes);
}

bool net_flow_existing(struct net *net, uint16_t listener, enum transport transport,
                       const struct address *remote, struct flow *flow)
{
    struct connection *c = connection_existing(net, transport, remote);
    *flow = (struct flow){
        .remote = *remote, .listener = listener, .transport = (uint8_t)transport, .connection = c};
    return c != NULL;
}

void net_listens_at(const struct flow *from, uint16_t port)
{
    if (from->connection && port > 0)
        connection_listens_at(from->connection, port);
}

void net_offer(const struct flow *from, bool offered)
{
    if (from->connection)
        connection_offer(from->connection, offered);
}

void net_each_taken(struct net *net, void (*visit)(void *user, const struct flow *from), void *user)
{
    connections_each_taken(net, visit, user);
}

void net_belongs(const struct flow *from, uint64_t owner)
{
    if (from->connection)
        connection_belongs(from->connection, owner);
}

bool net_flow_offered(struct net *net, enum transport transport, const struct address *remote,
                      uint64_t owner, struct flow *flow)
{
    struct connection *c = connection_offered(net, transport, remote, owner);
    if (!c)
        return false;
    *flow = connection_flow(c);
    return true;
}

int net_flow_to_named(struct net *net, uint16_t listener, enum transport transport,
                      const struct address *remote, struct str tls_name, enum opening opening,
                      struct flow *flow)
{
    int error = 0;
    *flow = (struct flow){.remote = *remote,
                          .listener = listener,
                          .transport = (uint8_t)transport,
                          .opening = (uint8_t)opening};
    if (transport == TRANSPORT_UDP)
        return 0;
    flow->connection = connection_to(net, listener, transport, remote, tls_name, opening, &error);
    return flow->connection ? 0 : error;
}

int net_flow_again(struct net *net, const struct flow *gone, struct flow *again)
{
    struct str name = {NULL, 0};
    if (gone->connection)
        name = connection_tls_name(gone->connection);
    return net_flow_to_named(net, gone->listener, (enum transport)gone->transport, &gone->remote,
                             name, (enum opening)gone->opening, again);
}

uint64_t net_slow_readers(const struct net *net)
{
    return net->slow_readers;
}

uint64_t net_talkers(const struct net *net)
{
    return net->talkers;
}

uint64_t net_connections_refused(const struct net *net)
{
    uint64_t n = 0;
    for (unsigned why = 0; why < REFUSALS; why++)
        n += why == REFUSED_UNKNOWN ? 0 : refusals_count(net->refusals, (enum refusal)why);
    return n;
}

uint64_t net_connections_unknown(const struct net *net)
{
    return refusals_count(net->refusals, REFUSED_UNKNOWN);
}

uint64_t net_not_opened(const struct net *net)
{
    return net->not_opened.n;
}

unsigned net_connections(const struct net *net)
{
    return net->n_connections;
}

void flow_hold(const struct flow *flow)
{
    if (flow->connection)
        connection_hold(flow->connection);
}

void flow_release(const struct flow *flow)
{
    if (flow->connection)
        connection_release(flow->connection);
}

unsigned flow_peer_names(const struct flow *flow, const struct str **names)
{
    *names = NULL;
    return flow->connection ? connection_peer_names(flow->connection, names) : 0;
}

bool flow_is_ready(const struct flow *flow)
{
    return !flow->connection || connection_is_ready(flow->connection);
}

bool flow_is_reliable(const struct flow *flow)
{
    return flow->transport != TRANSPORT_UDP;
}

bool flow_own_end(const struct flow *flow, struct address *own)
{
    return flow->connection && connection_own_end(flow->connection, own);
}
