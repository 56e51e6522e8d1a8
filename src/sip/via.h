/*
 * via - our own Via on what leaves (RFC 3261 section 16.6 item 8): the listener as it shows itself,
 * and the branch of this attempt; with M's From, where that leaves otherwise than it came
 * (original_from.h).
 */
#ifndef STIRD_SIP_VIA_H
#define STIRD_SIP_VIA_H

#include <stird/core/listeners.h>

#include "sip/message/message.h"

/* On top of M's, which leaves by LISTENER (an index) and TRANSPORT. 0, or an error: no memory. */
int via_add(struct message *m, const struct listeners *l, uint16_t listener,
            enum transport transport, const char *branch);

#endif
