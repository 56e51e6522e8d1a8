/*
 * plain_parts - whether a part of a message is written so simply that every reader reads the same
 * (plain.h), sofia-sip among them. Pure.
 */
#ifndef STIRD_SIP_PLAIN_PARTS_H
#define STIRD_SIP_PLAIN_PARTS_H

#include <sofia-sip/url.h>
#include <stdbool.h>
#include <stird/base/str.h>

#include "message.h"
#include "plain.h"

/* "SIP/2.0/UDP host:port;name=value;name": one space, no quote, nothing twice that leads somewhere.
 */
bool plain_is_via(struct str value);
/* The parts of such a Via: *PARAMETERS begins with its first semicolon. */
void plain_split_via(struct str value, struct str *transport, struct str *host, struct str *port,
                     struct str *parameters);
/* The next "name" or "name=value" off such parameters; VALUE->p is NULL without a value. */
bool plain_next_parameter(struct str *parameters, struct str *name, struct str *value);

/* A SIP or tel: URI that sofia-sip can read, as it reads it. */
bool plain_read_url(struct plain_url *url, struct str text);
/* From or To: a name, or none, a URI in brackets, parameters. */
bool plain_is_address(struct str value);
/* One "<sip:...;lr>" with parameters behind it, or none; *URI is what is in the brackets. */
bool plain_is_route(struct str value, struct str *uri);
bool plain_is_call_id(struct str value);

#endif
