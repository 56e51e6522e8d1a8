/* Which open connections may carry a request to their peer, by whose requests came on them and
   where the peer says that it listens. */
#include "stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stird/base/container_of.h>
#include <string.h>

#define KEEPALIVE_S 30

struct connection *connection_of_entry(struct peer_entry *e)
{
    return container_of(e, struct connection, entry);
}

bool connection_is_kept(const struct connection *c)
{
    return c->offered && c->alias_port > 0;
}

struct connection *connection_existing(struct net *net, enum transport transport,
                                       const struct address *remote)
{
    for (struct peer_entry *e = peers_first(net->peers, remote); e; e = peers_next(e))
        if (connection_of_entry(e)->transport == transport &&
            connection_is_open(connection_of_entry(e)))
            return connection_of_entry(e);
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
    bool before = connection_is_kept(c);
    if (c->outgoing || !connection_is_open(c))
        return;
    c->offered = offered;
    c->alias_port = port;
    if (connection_is_kept(c) == before)
        return;
    ask_after_peer(c, !before);
    if (!c->in_message)
        connection_await_message(c);
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
    return c->transport == transport && connection_is_kept(c) && connection_is_ready(c) &&
           (owner == 0 || place_of_owner(c, owner) < CONNECTION_OWNERS);
}

struct connection *connection_offered(struct net *net, enum transport transport,
                                      const struct address *remote, uint64_t owner)
{
    struct connection *only = NULL;
    unsigned n = 0;
    for (struct peer_entry *e = peers_opened_by(net->peers, remote); e;
         e = peers_opened_before(e)) {
        struct connection *c = connection_of_entry(e);
        if (!is_offered_by(c, transport, owner))
            continue;
        if (c->alias_port == remote->port)
            return c;
        only = c;
        n++;
    }
    return n == 1 ? only : NULL;
}
