/*
 * by_via - a response that no transaction of ours leads back: from a call that an earlier process
 * began, or a 2xx that comes late. It goes where the next Via says (RFC 3261 sections 16.7 item 9,
 * 18.2.2). Whoever calls this has seen that the response is to a request of ours.
 */
#ifndef STIRD_SIP_BY_VIA_H
#define STIRD_SIP_BY_VIA_H

#include "sip/message/message.h"

struct proxy;

/* M came by FROM, our own Via is off already. A 100 goes no further. */
void by_via_pass(struct proxy *p, struct message *m, const struct flow *from);

#endif
