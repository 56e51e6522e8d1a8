/*
 * stateless - requests that go on without a transaction (RFC 3261 section 16.11): the ACK of a 2xx,
 * and the datagrams of a source that nobody listed, inside a call. Each copy is passed on as it
 * comes, with the same branch; nothing is repeated here, nothing kept, nothing answered. Their
 * responses go by by_via.
 */
#ifndef STIRD_SIP_STATELESS_H
#define STIRD_SIP_STATELESS_H

#include <stdbool.h>

#include "source_class.h"

struct flow;
struct message;
struct proxy;

/* Of the top Via `received` is set. */
void stateless_ack(struct proxy *p, struct message *m, const struct flow *from,
                   enum source_class class);
/* From a stranger, over UDP, where its address may be another's. False: it is not inside a dialog
 * of ours, and goes nowhere. */
bool stateless_stranger(struct proxy *p, struct message *m, const struct flow *from);

#endif
