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
 * For whom a connection may be opened. What peers wrote into their requests (Contact, Route, Via)
 * may fill no more than its part of the table: limits.max_led, max_led_per_peer.
 */
enum opening {
    OPENING_LED,        /* where a peer that is configured leads */
    OPENING_CONFIGURED, /* where the configuration leads: no limit but that of all connections */
    OPENING_STRANGER,   /* where somebody else leads: an eighth of what is LED */
    OPENING_NEVER,      /* only one that is open already */
    OPENINGS
};

/* A way to a peer: a datagram address, or one connection. A plain value; see flow_hold(). */
struct flow {
    struct address remote;
    uint16_t listener;             /* index: whose socket, whose address in Via */
    uint8_t transport;             /* enum transport */
    uint8_t opening;               /* enum opening: of another one, when this one is gone */
    struct connection *connection; /* NULL for UDP */
};

/* Whoever keeps a flow beyond the callback that it came in holds it, and releases it once. */
void flow_hold(const struct flow *flow);
void flow_release(const struct flow *flow);
/* Connected, and its handshake done: what is sent now leaves now. */
bool flow_is_ready(const struct flow *flow);
bool flow_is_reliable(const struct flow *flow);
/*
 * The names that the peer of a TLS connection has proved (RFC 5922 section 7.1); 0 of them where
 * it was not asked to. Borrowed as long as the flow is held.
 */
unsigned flow_peer_names(const struct flow *flow, const struct str **names);

struct net_limits {
    struct frame_limits frame;
    uint32_t max_connections, max_connections_per_source;
    uint32_t max_led;            /* opened for what peers wrote; 0, and at most: half of all */
    uint32_t max_led_per_peer;   /* of these to one address */
    uint32_t message_timeout_ms; /* from the first byte of a message to its last */
    uint32_t idle_timeout_ms;    /* without a message */
    uint32_t write_timeout_ms;   /* while nothing of what waits to leave has moved */
    uint32_t max_queue_bytes;    /* towards a peer that does not read */
    uint32_t max_queues_bytes;   /* octets that all connections may hold, received and to be sent */
};

struct net_handlers {
    void *context;
    /* Whether to hear this address at all; asked before anything is read of its bytes. FROM has no
       connection yet. */
    bool (*admit)(void *context, const struct flow *from);
    /* A source that was admitted gets no connection: because of limits, or since its TLS handshake
       failed. */
    void (*turned_away)(void *context, const struct flow *from, bool handshake);
    /* One message. STATUS other than FRAME_MESSAGE: what was wrong with it; a stream that is out
       of step is closed afterwards; of FRAME_CUT the connection is closing, and nothing can be
       answered. BYTES is NUL-terminated behind its end and may be overwritten.
     */
    void (*message)(void *context, const struct flow *from, char *bytes, size_t n,
                    const struct frame *frame, enum frame_status status);
    /* A datagram that we sent came back by ICMP. */
    void (*undelivered)(void *context, struct str datagram, int error);
    /* One that we opened is ready (flow_is_ready()). */
    void (*opened)(void *context, const struct connection *connection);
    /* A connection is gone; transactions on it fail. Its flows stay valid until released. ERROR: 0
       when one of the two has closed it in good order, else what broke it, an errno. */
    void (*closed)(void *context, const struct connection *connection, int error);
    /* The loop has no more bytes for now: a good moment to send what has gathered. */
    void (*batch_end)(void *context);
};

/* SOCKETS stay the caller's. NULL when there is no memory. */
struct net *net_new(struct event_base *base, const struct listener_sockets *sockets,
                    const struct listener *listeners, unsigned n_listeners,
                    const struct net_limits *limits, const struct net_handlers *handlers);
void net_start(struct net *net);
void net_free(struct net *net);
void net_set_limits(struct net *net, const struct net_limits *limits);

/* Queues or sends at once. -ENOTCONN when the connection is gone, -ENOBUFS when its queue is full.
   What waits in all connections is bounded: who holds most of it is closed for others. */
int net_send(struct net *net, const struct flow *to, struct str bytes);
/*
 * A flow to REMOTE by TRANSPORT from LISTENER: for TCP an open connection to there, or a new one
 * that is still connecting (its failure comes by `closed`). Not held. 0 or -errno: -EMFILE where
 * OPENING has no room. Whatever fails is our own lack and says nothing of the peer. Over TLS the
 * peer must prove TLS_NAME, or one of several with commas between, or the address when that is
 * empty.
 */
int net_flow_to_named(struct net *net, uint16_t listener, enum transport transport,
                      const struct address *remote, struct str tls_name, enum opening opening,
                      struct flow *flow);
/* The same for a flow whose connection is gone: to the same place, which must prove the same. */
int net_flow_again(struct net *net, const struct flow *gone, struct flow *again);
/* A connection that is open to exactly that address, whoever opened it; false: none. Not held. */
bool net_flow_existing(struct net *net, uint16_t listener, enum transport transport,
                       const struct address *remote, struct flow *flow);
/* Nothing more is read off the connection of FROM, which is closed when what waits has left: where
   the next message begins there cannot be relied on. */
void net_out_of_step(const struct flow *from);
/* The peer of FROM says in a request that it listens at PORT: remembered of a connection that it
   has opened. */
void net_listens_at(const struct flow *from, uint16_t port);
/*
 * Whether the connection of FROM, if its peer opened it and has said where it listens, may carry
 * requests to the peer (RFC 5923 section 3). Such a one is not closed for being idle: the kernel
 * looks whether the peer is there.
 */
void net_offer(const struct flow *from, bool offered);
/* Each open connection that its peer has opened. Nothing may be sent or closed meanwhile. */
void net_each_taken(struct net *net, void (*visit)(void *user, const struct flow *from),
                    void *user);
/* A request of OWNER came on the connection of FROM; the last CONNECTION_OWNERS of them count. */
#define CONNECTION_OWNERS 8
void net_belongs(const struct flow *from, uint64_t owner);
/* A connection so offered by the host of REMOTE, of those that belong to OWNER (0: of all): for its
   port, the newest first, else the only one. Not held; false: none. */
bool net_flow_offered(struct net *net, enum transport transport, const struct address *remote,
                      uint64_t owner, struct flow *flow);
unsigned net_connections(const struct net *net);
/* Connections that were not taken: for a limit or lack of descriptors, and from addresses that
   `admit` refused. The log has a line a minute for each. */
uint64_t net_connections_refused(const struct net *net);
uint64_t net_connections_unknown(const struct net *net);
/* Whether ADDRESS is one of this machine's, whichever interface has it, as the kernel says; true
   when it cannot be asked. Nothing is sent. */
bool net_address_is_own(const struct address *address);
/* How many were closed because their peers did not take what was for them, or held too much. */
uint64_t net_slow_readers(const struct net *net);
/* How many were closed because their peers said too much beside messages: docs/transports.md. */
uint64_t net_talkers(const struct net *net);
/* How many were not opened for want of room: limits.connections, its part for what peers wrote,
   descriptors. Each reason is a line a minute in the log. */
uint64_t net_not_opened(const struct net *net);
/* For handshakes from now on; NULL: none are made. LISTENERS say who must show a certificate. */
void net_set_tls_take(struct net *net, struct tls *tls);

#endif
