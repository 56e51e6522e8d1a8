/* net_internal - what net.c, datagram.c and stream.c share. Not for others. */
#ifndef STIRD_NET_INTERNAL_H
#define STIRD_NET_INTERNAL_H

#include <event2/event.h>
#include <stird/net/net.h>

#include "not_opened.h"

struct datagram_socket; /* one UDP socket */
struct datagram_reader; /* the buffers that all of them read into */
struct stream_listener; /* one listening socket of TCP or TLS */
struct peers;
struct refusals;
struct tls;

struct net {
    struct event_base *base;
    const struct listener *listeners;
    unsigned n_listeners;
    struct net_limits limits;
    bool few_descriptors; /* limits.max_connections is what they allow, not what was set */
    struct net_handlers handlers;
    struct datagram_reader *reader;
    struct datagram_socket **datagram; /* by listener index; NULL: none */
    struct stream_listener **stream;   /* by listener index * TRANSPORTS + transport; NULL: none */
    struct connection *connections;    /* open ones, doubly linked */
    struct peers *peers;               /* the same by address */
    struct refusals *refusals; /* counts and tells connections that came and were not taken */
    struct tls *tls;           /* for handshakes to come; NULL: none */
    unsigned n_connections;
    unsigned opened[OPENINGS]; /* of these, by whom they were opened for */
    uint64_t queued;           /* octets in all of them, what came and what is to leave */
    uint64_t slow_readers;     /* so many were closed */
    uint64_t talkers;          /* so many were closed for what they said beside messages */
    int64_t talker_said_ms;
    struct not_opened not_opened; /* that had no room */
};

struct datagram_reader *datagram_reader_new(void);
void datagram_reader_free(struct datagram_reader *r);
struct datagram_socket *datagram_socket_new(struct net *net, uint16_t listener, int fd);
void datagram_socket_free(struct datagram_socket *s);
int datagram_socket_start(struct datagram_socket *s);
int datagram_send(struct datagram_socket *s, const struct address *to, struct str bytes);

struct stream_listener *stream_listener_new(struct net *net, uint16_t listener,
                                            enum transport transport, int fd);
void stream_listener_free(struct stream_listener *l);
int stream_listener_start(struct stream_listener *l);
void stream_listener_stop(struct stream_listener *l);
/* Takes FD. */
void connection_accepted(struct net *net, uint16_t listener, enum transport transport,
                         const struct address *remote, int fd);
/* Open connection from LISTENER to REMOTE, or a new one; NULL with *ERROR set. */
struct connection *connection_to(struct net *net, uint16_t listener, enum transport transport,
                                 const struct address *remote, struct str tls_name,
                                 enum opening opening, int *error);
/* A connection that is open to exactly that address, whoever opened it. */
struct connection *connection_existing(struct net *net, enum transport transport,
                                       const struct address *remote);
/* They do the work of net_listens_at(), net_offer() and net_each_taken(). */
void connection_listens_at(struct connection *c, uint16_t port);
void connection_offer(struct connection *c, bool offered);
void connections_each_taken(struct net *net, void (*visit)(void *user, const struct flow *from),
                            void *user);
void connection_belongs(struct connection *c, uint64_t owner);
/* What net_flow_offered() finds. */
struct connection *connection_offered(struct net *net, enum transport transport,
                                      const struct address *remote, uint64_t owner);
/* The name of the peer to which it was opened, or empty. */
struct str connection_tls_name(const struct connection *c);
unsigned connection_peer_names(const struct connection *c, const struct str **names);
/* Not held. */
struct flow connection_flow(struct connection *c);
int connection_send(struct connection *c, struct str bytes);
bool connection_is_open(const struct connection *c);
bool connection_is_ready(const struct connection *c);
bool connection_own_end(const struct connection *c, struct address *own);
void connection_hold(struct connection *c);
void connection_release(struct connection *c);
/* Closes all, without telling the handlers. */
void connections_close_all(struct net *net);

#endif
