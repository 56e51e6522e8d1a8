/*
 * yielding - a worker that ends because another process is about to take its sockets (a restart).
 * Requests over UDP that begin something are left to that one: their senders repeat them, and what
 * comes after this worker has read for the last time waits in the socket. What has begun goes on,
 * until each INVITE has had a first word of its next hop; from then on its responses pass by their
 * Via alone. Connections are served to the end, for they end with the worker.
 */
#ifndef STIRD_SIP_YIELDING_H
#define STIRD_SIP_YIELDING_H

#include "timers.h"

#include <stird/net/net.h>

#define YIELD_LIMIT_MS 2000 /* for a next hop that says nothing */

struct proxy;
struct message;

/* A member of the proxy, begun by proxy_yield(); all zero: it does not yield. */
struct yielding {
    bool on;
    int64_t until_ms;
    struct timer look;
    struct proxy *proxy;
    void (*done)(void *user); /* NULL: told */
    void *user;
};

bool yielding_is_on(const struct proxy *p);
/* Whether what came from FROM and begins something is left to the next process, because it will
   come again. */
bool yielding_leaves(const struct proxy *p, const struct flow *from);
/* The same of M, as far as it can be said before the call is known: an INVITE may be an emergency
   call, which is taken. */
bool yielding_leaves_request(const struct proxy *p, const struct message *m,
                             const struct flow *from);
/* The worker ends: what nobody will repeat any more is said once more, and what has not left and
   will come again is forgotten, without an answer. */
void yielding_end(struct proxy *p);

#endif
