/*
 * odd - parts of a message that sofia-sip cannot read and that must not cost the call: it is given
 * something else to read in their place, so that the message leaves as it came.
 *
 * Nothing odd stops an emergency call (Decided 5), or a message of a call that is there already: a
 * response, or a request with a To tag. And in any request, no oddity stops it in what nothing here
 * depends on (section 16.3 item 1): a display name, empty parameters, the Vias below the topmost.
 */
#ifndef STIRD_SIP_ODD_H
#define STIRD_SIP_ODD_H

#include "message.h"

enum odd {
    ODD_ADDRESSES = 1,     /* To and From */
    ODD_VIA = 2,           /* empty parameters of a Via, and a Via line that names nobody */
    ODD_LOWER_VIA = 4,     /* all Via lines but the first that names somebody */
    ODD_ROUTE = 8,         /* all Routes, which lead nowhere outside a call */
    ODD_ESCAPES = 16,      /* of the Request-URI: what is no escape, and octets of no URI */
    ODD_URI = 32,          /* all of it */
    ODD_ROUTE_ENDS = 64,   /* what stands around the brackets of a Route, empty parameters too */
    ODD_RECORD_ROUTE = 128 /* all Record-Routes, which are too many */
};

/* Whether M, which is screened, must not be lost because something in it is odd: it is an emergency
   call, or a message of a call that is there. */
bool odd_is_taken(const struct message *m);
/* The same for a message whose start line cannot be read. */
bool odd_start_line_is_taken(const struct message *m);
bool odd_is_emergency(const struct message *m);
/* What to replace besides M->odd because of M->fault; 0 when nothing can be done and the message is
   refused. */
unsigned odd_next(const struct message *m);
/* Replaces what M->odd says in TEXT, a copy of the message, by as many octets. */
void odd_write(const struct message *m, char *text);
/* Sets M's tags where an address cannot be read, but for a tag at its end. */
void odd_tags(struct message *m);
/* The URI in the value of a To header, also where its brackets or quotes do not close. */
struct str odd_uri(struct str value);

#endif
