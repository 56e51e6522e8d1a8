/*
 * reply - where the responses to a request go, and how a request is answered without a transaction.
 */
#ifndef STIRD_SIP_REPLY_H
#define STIRD_SIP_REPLY_H

#include <stird/net/net.h>

#include "sip/message/message.h"

struct proxy;

/*
 * Where the responses to REQUEST go, which came by FROM (RFC 3261 section 18.2.2): not always to
 * where it came from. Over UDP to the port of the Via, but with rport to that of the packet (RFC
 * 3581 section 4). Over a stream on the connection of its request; when that is gone, by a new one
 * to the port of the Via.
 */
struct flow reply_flow(const struct message *request, const struct flow *from);
/*
 * Answers without a transaction: the same again for each copy (section 8.2.7). REQUEST has the
 * received of its top Via already. EXTRA: header lines or empty. Without memory nothing is sent.
 */
void reply_stateless(struct proxy *p, const struct message *request, const struct flow *to,
                     int status, struct str extra);
/* The same with another PHRASE; empty: the usual one. */
void reply_stateless_as(struct proxy *p, const struct message *request, const struct flow *to,
                        int status, struct str phrase, struct str extra);

#endif
