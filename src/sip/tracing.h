/*
 * tracing - where messages and calls pass by what is traced (<stird/sip/tracing.h>).
 *
 * A message belongs to a call by its Call-ID. Which Call-IDs those are is noted in the memory of
 * the trace, so that all workers know it, and the one after a dead one.
 */
#ifndef STIRD_SIP_TRACING_H
#define STIRD_SIP_TRACING_H

#include <stird/net/net.h>
#include <stird/sip/tracing.h>

struct context;
struct proxy;

/* RAW as it came, of whoever is heard. */
void tracing_received(struct proxy *p, const struct flow *from, struct str raw);
/* BYTES that have left, or wait in their connection to leave. */
void tracing_sent(struct proxy *p, const struct flow *to, struct str bytes);
/* More is known of the call of C: what it says, then its trunk. If it is one that is traced its
   messages are from now on, and the request that has brought it is the first of them. */
void tracing_call(const struct context *c);

#endif
