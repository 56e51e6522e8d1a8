/*
 * own_routes - what the Request-URI and the Routes of a request say about us: how many of the
 * Routes are ours, and whether a key proves that the request belongs to a dialog that went through
 * us (RFC 3261 section 16.4).
 *
 * Reads the text of the message, so that what a stranger sends can be judged before sofia-sip sees
 * it; of a parsed one, what message_route_came() gives. readers.h makes sure that sofia-sip finds
 * the same Routes.
 */
#ifndef STIRD_SIP_OWN_ROUTES_H
#define STIRD_SIP_OWN_ROUTES_H

#include "route_key.h"

struct proxy;

/*
 * We write two at the most, and a call that comes by twice has four. Each key that is looked at
 * costs hashes over the Call-ID, and anybody may send any number of them.
 */
#define OWN_ROUTES_MAX 8

struct own_routes {
    uint64_t trunk;  /* what they say of its trunk (dialog_trunk.h); 0: nothing */
    uint16_t entry;  /* when proven: the listener where it should have come in */
    uint16_t exit;   /* the listener of the side that it leaves on */
    uint8_t n;       /* at the top of the Route set: they come off */
    uint8_t senders; /* when proven: who may have sent it (route_key.h) */
    bool strict;     /* the Request-URI is our Record-Route: a strict router was before us */
    bool proven;     /* by keys of this dialog, in which it comes in and leaves where they say */
};

/* The address that a sip: URI names, and the key in it; false: it names none. Port and transport
   are set where it is such a URI at all. */
bool own_routes_place(struct str uri, struct route_place *place, struct str *key);
/* RAW is a request that came in at LISTENER. */
void own_routes_read(const struct proxy *p, struct str raw, const struct dialog_id *dialog,
                     uint16_t listener, struct own_routes *own);
/* Of a parsed one. */
void own_routes_of(const struct proxy *p, const struct message *m, uint16_t listener,
                   struct own_routes *own);

#endif
