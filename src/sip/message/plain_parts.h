/*
 * plain_parts - whether a part of a message is written so simply that every reader reads the same
 * (plain.h), sofia-sip among them. Pure.
 *
 * Behind a text that is read here stands an octet that none of these parts has: white space, the
 * line end or '>'. So no walk over it needs to count.
 */
#ifndef STIRD_SIP_PLAIN_PARTS_H
#define STIRD_SIP_PLAIN_PARTS_H

#include <sofia-sip/url.h>
#include <stdbool.h>
#include <stird/base/str.h>

#include "message.h"
#include "plain.h"

/* "SIP/2.0/UDP host:port;name=value;name": one space, no quote, nothing twice that leads somewhere.
   CAME: within the bounds of what is plain; one that we have changed may be longer. */
bool plain_read_via(struct str value, bool came, struct plain_via *via);
/* The next "name" or "name=value" off such parameters; VALUE->p is NULL without a value. */
bool plain_next_parameter(struct str *parameters, struct str *name, struct str *value);

/* A SIP or tel: URI that sofia-sip can read, as it reads it. */
bool plain_read_url(struct plain_url *url, struct str text);
/* From or To: a name, or none, a URI in brackets, parameters. *N_TAGS of these are tags; *TAG is
   the first, or NULL. */
bool plain_read_address(struct str value, struct str *tag, unsigned *n_tags);
/* The same whatever stands in the brackets. */
bool plain_read_tags(struct str value, struct str *tag, unsigned *n_tags);
/* One "<sip:...;lr>" with parameters behind it, or none. */
bool plain_is_route(struct str value);
bool plain_is_call_id(struct str value);
/* How many octets of TEXT, from its first, may stand in a URI. */
size_t plain_uri_octets(const char *text);

#endif
