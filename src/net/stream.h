/*
 * stream - a connection of TCP or TLS, for those who share it: stream.c (its life, and what comes),
 * stream_queue.c (what waits in it), connect.c (those that we open), reuse.c (which open one may
 * carry a request). What others know of it is in net_internal.h.
 */
#ifndef STIRD_NET_STREAM_H
#define STIRD_NET_STREAM_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "net_internal.h"
#include "peers.h"
#include "small_talk.h"
#include "tls_session.h"

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
    bool heard;   /* since the loop was here last, something has shown that the peer is alive */
    bool doomed; /* to be closed when the loop comes here again; nothing that comes on it counts any
                    more */
};

/* ---- stream.c ---- */

/* Takes FD and SESSION, also when it fails; what LIKE says is copied. */
struct connection *connection_new(const struct connection *like, int fd, SSL *session);
/* The same, with all that came by it. */
void connection_end(struct connection *c, int error);
void stream_set_timer(struct event *timer, uint32_t ms);
void stream_set_deadline(struct connection *c, uint32_t ms);
/* Its deadline until the next message begins. */
void connection_await_message(struct connection *c);

/* ---- stream_queue.c ---- */

/* Octets in the stream, what came and what is to leave. */
void stream_count_waiting(struct connection *c, size_t more, size_t less);
/* Of either buffer of the connection CONTEXT: what is in it has changed. */
void stream_queue_changed(struct evbuffer *buffer, const struct evbuffer_cb_info *info,
                          void *context);
/* Of the connection CONTEXT: what is to leave has not moved for write_timeout_ms. */
void stream_stalled(evutil_socket_t fd, short what, void *context);
/* C is closed for what waits in it. */
void stream_say_slow(struct connection *c, const char *why);
/* Makes room for N octets more of C by closing whoever holds most. False when that would be C. */
bool stream_make_room(struct connection *c, size_t n);
/* Whether the peer's kernel has confirmed all that we ever sent. */
bool stream_has_taken_all(const struct connection *c);

/* ---- reuse.c ---- */

struct connection *connection_of_entry(struct peer_entry *e);
/* Whether it is open for requests to its peer, however long none comes. */
bool connection_is_kept(const struct connection *c);

#endif
