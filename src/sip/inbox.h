/*
 * inbox - passes on what reached the wrong one of several workers, and takes what others pass on.
 *
 * That is rare: a response over a connection that another worker accepted, an ICMP error (the
 * kernel shows those to no program), a datagram whose Call-ID stands behind what the program looks
 * at. What came by an inbox stays where it is, so nothing runs in a circle.
 */
#ifndef STIRD_SIP_INBOX_H
#define STIRD_SIP_INBOX_H

#include <stdbool.h>
#include <stird/net/net.h>
#include <stird/base/str.h>

struct dispatch_key;
struct event;
struct proxy;
struct proxy_options;

struct inbox {
    const int *others_fds;
    const struct dispatch_key *dispatch_key;
    struct event *event; /* NULL: there is none */
    char *room;
    bool handing_over; /* what is being handled came by it */
};

/* With one worker there is none, and the functions below answer false. False: no memory. */
bool inbox_open(struct proxy *p, const struct proxy_options *options);
void inbox_start(struct proxy *p);
void inbox_close(struct proxy *p);

/* Whether what WORKER should have can be handed to it: it is another one, and what is being handled
   has not come that way itself. */
bool inbox_leads_to(struct proxy *p, unsigned worker);
/* True: the message is on its way to another worker. */
bool inbox_pass_request(struct proxy *p, const struct flow *from, struct str raw);
/* RAW is a response, which can be read or not; BRANCH is that of its top Via, and there is no
   transaction for it here. */
bool inbox_pass_response(struct proxy *p, struct str branch, const struct flow *from,
                         struct str raw);
/* There is no transaction for BRANCH here. */
bool inbox_pass_undelivered(struct proxy *p, struct str datagram, struct str branch, int error);

#endif
