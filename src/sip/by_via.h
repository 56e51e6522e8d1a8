/*
 * by_via - a response that no transaction of ours leads back: from a call that an earlier process
 * began, or a 2xx that comes late. It goes where the next Via says (RFC 3261 sections 16.7 item 9,
 * 18.2.2). The caller has made sure that the response answers a request of ours.
 */
#ifndef STIRD_SIP_BY_VIA_H
#define STIRD_SIP_BY_VIA_H

#include "sip/message/message.h"

struct proxy;

/* M came by FROM, and our own Via is taken off already. A 100 goes no further. */
void by_via_pass(struct proxy *p, struct message *m, const struct flow *from);

#endif
