/*
 * forward - a request on its way out: RFC 3261 section 16.6. What of it changes, and what never
 * does: Decided 13.
 */
#ifndef STIRD_SIP_FORWARD_H
#define STIRD_SIP_FORWARD_H

#include <stird/base/buf.h>
#include <stird/core/privacy.h>
#include <stird/core/reason.h>

struct context;
struct target;

/* Prints C's request as it leaves for TARGET into P->scratch. */
enum reason forward_write(struct context *c, const struct target *target, const char *branch,
                          struct buf *out);
/* Whether C's request, as it came, leaves for TARGET with a Route: a proxy is there. */
bool forward_has_route(const struct context *c, const struct target *target);
enum forward_result {
    FORWARD_NONE, /* no target is left (or no memory) */
    FORWARD_SENT,
    FORWARD_WAITS,    /* for the connection to this target: C->wait was begun */
    FORWARD_UNDECIDED /* the next target sees another part of the call: decide for it first */
};
/* Sends to the present target, or the first behind it that can be sent to. */
enum forward_result forward_next(struct context *c);
/* What the target to which it will probably be sent is going to see. */
enum privacy_view forward_next_view(const struct context *c);

#endif
