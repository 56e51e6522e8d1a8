/*
 * size_switch - what is too long for UDP goes over TCP first, where the upstream allows both (RFC
 * 3261 section 18.1.1), and over UDP when the peer takes no connection. Whether it takes one is
 * found out once for each peer, not for each call.
 */
#ifndef STIRD_SIP_SIZE_SWITCH_H
#define STIRD_SIP_SIZE_SWITCH_H

#include <stdbool.h>
#include <stddef.h>

struct attempt;
struct connection;
struct context;
struct proxy;
struct target;

enum size_switch {
    SIZE_FITS,   /* as it is */
    SIZE_STREAM, /* TARGET was changed: write it again for that */
    SIZE_WAITS   /* for its connection: C->wait was begun */
};

/* C goes on: notes how its wait for a connection to the present target ended, if it waited. */
void size_switch_waited(struct context *c);
/* For C's request of BYTES octets, written for TARGET. */
enum size_switch size_switch(struct context *c, struct target *target, size_t bytes);
/* A was over TCP for its length alone and its connection is gone: UDP may still do. */
bool size_switch_failed(const struct attempt *a);
/* To be called when CONNECTION is ready or gone: whoever waits for it goes on. */
void size_switch_opened(struct proxy *p, const struct connection *connection);
void size_switch_closed(struct proxy *p, const struct connection *connection);

#endif
