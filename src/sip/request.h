/*
 * request - requests as they arrive: to their transaction, or on a way of their own.
 */
#ifndef STIRD_SIP_REQUEST_H
#define STIRD_SIP_REQUEST_H

#include "sip/message/message.h"
#include "source_class.h"

void request_received(struct proxy *p, struct message *m, const struct flow *from,
                      enum source_class source_class);

/* One that is neither ACK nor CANCEL and goes on, or is one of ours (placing.h): to its
   transaction, or on a way of its own. REPLY: reply.h. */
void request_begin(struct proxy *p, struct message *m, const struct flow *from,
                   const struct flow *reply, enum source_class source_class);
/* Answers OPTIONS without state, as our health is; ALLOW: the line of methods, with its CRLF. */
void request_answer_options(struct proxy *p, const struct message *m, const struct flow *from,
                            enum source_class source_class, struct str allow);

#endif
