/*
 * response - what changes in a response on its way to a side, whether a transaction leads it there
 * or only its Via: a copy of a response must not differ from the first one.
 */
#ifndef STIRD_SIP_RESPONSE_H
#define STIRD_SIP_RESPONSE_H

#include "sip/message/message.h"

struct proxy;

/* Takes our own Via off M, whose topmost it is, and puts back what it says of the request
   (original_from.h); EDITED: whether it may say anything. 0 or -ENOMEM: then it must not be passed
   on. */
int response_take_via_off(struct message *m, bool edited);
/*
 * Prints M, whose topmost Via of ours is off, into P->scratch, for a hop by TRANSPORT. OF_TRUNK:
 * where it comes from, of a trunk's side; NULL: of an upstream's. 0 or -ENOMEM; nothing is printed
 * then.
 */
int response_write(struct proxy *p, const struct settings *settings, struct message *m,
                   const struct flow *of_trunk, unsigned transport);
/*
 * Later requests to us need not fail like this one, so by setting a 503 is not passed on: a 500
 * goes instead (RFC 3261 section 16.7 item 6).
 */
bool response_is_hidden(const struct settings *settings, int status);

#endif
