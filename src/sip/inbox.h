/*
 * inbox - what reached the wrong one of several workers goes on to the right one.
 *
 * That is rare: a response over a connection that another worker accepted, an ICMP error (the
 * kernel shows those to no program), a datagram whose Call-ID stands behind what the program looks
 * at. What came by an inbox stays where it is, so nothing runs in a circle.
 */
#ifndef STIRD_SIP_INBOX_H
#define STIRD_SIP_INBOX_H

#include "context.h"

/* With one worker there is none, and the functions below answer false. False: no memory. */
bool inbox_open(struct proxy *p, const struct proxy_options *options);
/* FD, the caller's, instead of the present one. False: no memory, and no inbox any more. */
bool inbox_use(struct proxy *p, int fd);
void inbox_start(struct proxy *p);
void inbox_close(struct proxy *p);

/* True: the message is on its way to another worker. */
bool inbox_pass_request(struct proxy *p, const struct flow *from, struct str raw);
/* RESPONSE bears our proof, and there is no transaction for it here. */
bool inbox_pass_response(struct proxy *p, const struct message *response, const struct flow *from);
/* RAW cannot be read; it may have been meant as a response to what another worker sent. */
bool inbox_pass_unread(struct proxy *p, const struct flow *from, struct str raw);
/* There is no transaction for BRANCH here. */
bool inbox_pass_undelivered(struct proxy *p, struct str datagram, struct str branch, int error);

#endif
