/*
 * request - requests as they arrive: to their transaction, or on a way of their own.
 */
#ifndef STIRD_SIP_REQUEST_H
#define STIRD_SIP_REQUEST_H

#include "sip/message/message.h"
#include "source_class.h"

void request_received(struct proxy *p, struct message *m, const struct flow *from,
                      enum source_class source_class);

#endif
