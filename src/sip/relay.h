/*
 * relay - the way back: responses, CANCEL, failover, timer C (RFC 3261 sections 16.7 to 16.10).
 */
#ifndef STIRD_SIP_RELAY_H
#define STIRD_SIP_RELAY_H

#include "attempt.h"
#include "source_class.h"

void relay_response(struct proxy *p, struct message *m, const struct flow *from,
                    enum source_class source_class);
/* One of a known source that cannot be parsed, for what is wrong in it: a final one ends its call
   with words of ours. RAW may be anything. */
bool relay_unread(struct proxy *p, struct str raw);
/* How a client transaction tells its attempt of responses, and of its end. */
extern const struct client_callbacks relay_callbacks;
/* The caller gave up: section 16.10. */
void relay_cancel(struct context *c);
/* The patience of an attempt that has said nothing by the next-hop timeout; from its first
   provisional on it is timer C's. */
void relay_silence(struct timer *timer, int64_t now_ms);
/* No attempt is left: the best real response, or STATUS of our own. */
void relay_give_up(struct context *c, enum reason reason);

#endif
