/*
 * received - octets as they came: a message, or what is wrong with them. What a call is read by,
 * and `stirctl explain` too.
 */
#ifndef STIRD_SIP_RECEIVED_H
#define STIRD_SIP_RECEIVED_H

#include <stird/base/buf.h>

#include "message.h"

/* Parses RAW, for which framing gave STATUS and FRAME. False: M is empty but for M->fault. */
bool received_parse(struct message *m, struct str raw, enum frame_status status,
                    const struct frame *frame, const struct settings *settings);
/* Whether what could not be parsed was meant to be an INVITE. */
bool received_is_invite(struct str raw);
/* Of such: whether it looks like an emergency call, by its Request-URI or To. RAW: from where it
   begins (framing.h). */
bool received_is_emergency(struct str raw, const struct settings *settings);
/* Whether what could not be parsed may have been meant as a response: it begins as one, or as
   nothing that is a request's. */
bool received_may_respond(struct str raw);
/* The status of such a message; 100 where one of 1xx seems to be meant; 0 when it cannot be
   read. */
int received_status(struct str raw);
/* Of such: the branch of ours in what is, or was meant as, its topmost Via; else empty. Whoever
   knows it has seen a request of ours. */
struct str received_branch(struct str raw);
/* The method in what is, or was meant as, the CSeq of such a message; else empty. */
struct str received_cseq_method(struct str raw);
/* Its Call-ID, as it stands, or empty. Of any octets. */
struct str received_call_id(struct str raw);
/* "CSeq: is no number and this method, at octet 412" */
void received_add_fault(struct buf *out, const struct screen_fault *fault);

#endif
