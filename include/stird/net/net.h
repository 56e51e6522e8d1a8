/*
 * net - the sockets of a worker: bytes in, bytes out. Knows where messages begin and end, not what
 * they say.
 *
 * One a process, on one event base; every callback comes from the event loop, none from inside
 * net_send(). Errors: 0 or -errno.
 */
#ifndef STIRD_NET_H
#define STIRD_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/core/framing.h>
#include <stird/net/listen.h>

struct event_base;
struct tls;
struct net;
struct connection;

/*
 * For whom a connection may be opened. Places that peers wrote into their requests (Contact, Route,
 * Via) may fill no more than their part of the table: limits.max_led, max_led_per_peer.
 */
enum opening {
    OPENING_LED,        /* a place that a configured peer named */
    OPENING_CONFIGURED, /* a place of the configuration: no limit but that of all connections */
    OPENING_STRANGER,   /* a place that somebody else named: an eighth of what LED may have */
    OPENING_NEVER,      /* none is opened: only one that is open already will do */
    OPENINGS
};

/* A way to a peer: a datagram address, or one connection. A plain value; see flow_hold(). */
struct flow {
    struct address remote;
    uint16_t listener;             /* index: whose socket, whose address in Via */
    uint8_t transport;             /* enum transport */
    uint8_t opening;               /* enum opening, for another connection when this one is gone */
    struct connection *connection; /* NULL for UDP */
};

/* Whoever keeps a flow beyond the callback that brought it must hold it, and release it once. */
void flow_hold(const struct flow *flow);
void flow_release(const struct flow *flow);
/* Whether it is connected and its handshake is done, so that what is sent leaves at once. */
bool flow_is_ready(const struct flow *flow);
bool flow_is_reliable(const struct flow *flow);
/* Our own end of its connection. False: it has none, or that is gone. */
bool flow_own_end(const struct flow *flow, struct address *own);
/*
 * The names that the peer of a TLS connection has proved (RFC 5922 section 7.1); there are 0 where
 * the peer was not asked for a certificate. Borrowed as long as the flow is held.
 */
unsigned flow_peer_names(const struct flow *flow, const struct str **names);

struct net_limits {
    struct frame_limits frame;
    uint32_t max_connections, max_connections_per_source;
    uint32_t max_led; /* opened for what peers wrote; 0, or more than half of all, means half */
    uint32_t max_led_per_peer;   /* of these to one address */
    uint32_t message_timeout_ms; /* from the first byte of a message to its last */
    uint32_t idle_timeout_ms;    /* for a connection on which no message comes */
    uint32_t write_timeout_ms;   /* for a connection that takes nothing of what waits to leave */
    uint32_t max_queue_bytes;    /* towards a peer that does not read */
    uint32_t max_queues_bytes;   /* octets that all connections may hold, received and to be sent */
};

struct net_handlers {
    void *context;
    /* Whether this address is heard at all; asked before any of its bytes is read. FROM has no
       connection yet. */
    bool (*admit)(void *context, const struct flow *from);
    /* A source that was admitted gets no connection all the same: because of a limit, or because
       its TLS handshake failed. */
    void (*turned_away)(void *context, const struct flow *from, bool handshake);
    /* One message. STATUS other than FRAME_MESSAGE: what was wrong with it; a stream that is out of
       step is closed afterwards; with FRAME_CUT the connection is closing, and nothing can be
       answered. BYTES has a NUL behind its end and may be overwritten. */
    void (*message)(void *context, const struct flow *from, char *bytes, size_t n,
                    const struct frame *frame, enum frame_status status);
    /* ICMP says that a datagram of ours could not be delivered. */
    void (*undelivered)(void *context, struct str datagram, int error);
    /* A connection that we opened is ready (flow_is_ready()). */
    void (*opened)(void *context, const struct connection *connection);
    /* A connection is gone; transactions on it fail. Its flows stay valid until released. ERROR is
       0 when one of the two sides closed it in good order, else the errno that broke it. */
    void (*closed)(void *context, const struct connection *connection, int error);
    /* Whether what has come is enough for now. Asked as long as datagrams are read that had waited
       for this process, for they come all at once; NULL: it never is. */
    bool (*busy)(void *context);
    /* A socket has no more bytes for now: a good moment to send what has gathered. MESSAGES: how
       many it has brought since it was readable. */
    void (*batch_end)(void *context, unsigned messages);
};

/* SOCKETS stay the caller's. NULL when there is no memory. */
struct net *net_new(struct event_base *base, const struct listener_sockets *sockets,
                    const struct listener *listeners, unsigned n_listeners,
                    const struct net_limits *limits, const struct net_handlers *handlers);
void net_start(struct net *net);
/* No further connections are taken: who comes waits for the process that has the sockets next. */
void net_stop_accepting(struct net *net);
void net_free(struct net *net);
void net_set_limits(struct net *net, const struct net_limits *limits);

/* Queues or sends at once. -ENOTCONN when the connection is gone, -ENOBUFS when its queue is full.
   What waits in all connections together is bounded: the connection that holds most of it is closed
   for the sake of the others. */
int net_send(struct net *net, const struct flow *to, struct str bytes);
/*
 * A flow to REMOTE by TRANSPORT from LISTENER: for TCP an open connection to that place, or a new
 * one that is still connecting (its failure is told by `closed`). Not held. 0 or -errno: -EMFILE
 * where OPENING has no room. An error here is a lack of ours and says nothing about the peer. Over
 * TLS the peer must prove TLS_NAME, or one of several with commas between, or the address when that
 * is empty.
 */
int net_flow_to_named(struct net *net, uint16_t listener, enum transport transport,
                      const struct address *remote, struct str tls_name, enum opening opening,
                      struct flow *flow);
/* The same for a flow whose connection is gone: to the same place, which must prove the same
   name. */
int net_flow_again(struct net *net, const struct flow *gone, struct flow *again);
/* A connection that is open to exactly that address, whoever opened it. Not held. False when there
   is none. */
bool net_flow_existing(struct net *net, uint16_t listener, enum transport transport,
                       const struct address *remote, struct flow *flow);
/* Reads nothing more from the connection of FROM, and closes it when what waits has left: where the
   next message begins cannot be known there. */
void net_out_of_step(const struct flow *from);
/* Notes that the peer of FROM says in a request that it listens at PORT. Only for a connection that
   the peer has opened. */
void net_listens_at(const struct flow *from, uint16_t port);
/*
 * Whether the connection of FROM, if its peer opened it and has said where it listens, may carry
 * requests to the peer (RFC 5923 section 3). Such a connection is not closed for being idle: the
 * kernel looks whether the peer is still there.
 */
void net_offer(const struct flow *from, bool offered);
/* Visits each open connection that its peer has opened. Nothing may be sent or closed meanwhile. */
void net_each_taken(struct net *net, void (*visit)(void *user, const struct flow *from),
                    void *user);
/* Notes that a request of OWNER came on the connection of FROM, which remembers its last
   CONNECTION_OWNERS owners. */
#define CONNECTION_OWNERS 8
void net_belongs(const struct flow *from, uint64_t owner);
/* A connection that the host of REMOTE offers in that way, among those that belong to OWNER (0:
   among all): the newest for its port, else the only one. Not held. False when there is none. */
bool net_flow_offered(struct net *net, enum transport transport, const struct address *remote,
                      uint64_t owner, struct flow *flow);
unsigned net_connections(const struct net *net);
/* How many connections were not taken, because of a limit or for lack of descriptors, and how many
   from addresses that `admit` refused. The log has a line a minute for each reason. */
uint64_t net_connections_refused(const struct net *net);
uint64_t net_connections_unknown(const struct net *net);
/* Whether ADDRESS is one of this machine's, whichever interface has it, as the kernel says; true
   when the kernel cannot be asked. Nothing is sent. */
bool net_address_is_own(const struct address *address);
/* How many were closed because their peers did not read what was sent to them, or because too much
   waited for them. */
uint64_t net_slow_readers(const struct net *net);
/* How many were closed because their peers said too much beside messages: docs/transports.md. */
uint64_t net_talkers(const struct net *net);
/* How many were not opened because there was no room: by limits.connections, by its part for what
   peers wrote, or for lack of descriptors. Each reason has a line a minute in the log. */
uint64_t net_not_opened(const struct net *net);
/* What handshakes use from now on; with NULL none are made. LISTENERS say who must show a
   certificate. */
void net_set_tls_take(struct net *net, struct tls *tls);

#endif
