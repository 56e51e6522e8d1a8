/*
 * original_from - the From of a request that left with another one, for those behind us who answer
 * it: a response carries the From of its request (RFC 3261 section 8.2.6.2), and who compares it
 * (RFC 2543) compares it with the one that it sent.
 *
 * Our own Via has it as a parameter, so that every copy of a response is the same, also one that no
 * transaction waits for any more.
 */
#ifndef STIRD_SIP_ORIGINAL_FROM_H
#define STIRD_SIP_ORIGINAL_FROM_H

#include <stird/base/buf.h>

#include "sip/message/message.h"

#define ORIGINAL_FROM_PARAMETER "st-from"

/* Writes ";st-from=..." where M's From leaves otherwise than it came; else nothing. */
void original_from_put(const struct message *m, struct buf *via);
/* Gives a response the From that our Via, which is still its topmost, has. 0 or -ENOMEM. */
int original_from_restore(struct message *m);

#endif
