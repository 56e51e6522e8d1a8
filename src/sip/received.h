/*
 * received - octets as they came: a message, or what is wrong with them. What a call is read by,
 * and `stirctl explain` too.
 */
#ifndef STIRD_SIP_RECEIVED_H
#define STIRD_SIP_RECEIVED_H

#include <stird/buf.h>

#include "message.h"

/* Parses RAW, for which framing gave STATUS and FRAME. False: M is empty but for M->fault. */
bool received_parse(struct message *m, struct str raw, enum frame_status status,
                    const struct frame *frame, const struct settings *settings);
/* Whether what could not be parsed was meant to be an INVITE. */
bool received_is_invite(struct str raw);
/* The status of what could not be parsed, where it begins as a response; else 0. */
int received_status(struct str raw);
/* Its Call-ID, as it stands, or empty. Of any octets. */
struct str received_call_id(struct str raw);
/* The branch of its topmost Via, or empty. Of any octets. */
struct str received_branch(struct str raw);
/* "CSeq: is no number and this method, at octet 412" */
void received_add_fault(struct buf *out, const struct screen_fault *fault);

#endif
