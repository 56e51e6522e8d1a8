/*
 * stranger - which messages are heard from a source that no trunk and no upstream covers: those of
 * dialogs that went through us (Decided 12).
 *
 * Anybody can send these octets, from any address, so the proof in them is checked on their text
 * before anything expensive is done. What passes is checked again when it is parsed.
 */
#ifndef STIRD_SIP_STRANGER_H
#define STIRD_SIP_STRANGER_H

#include "own_routes.h"
#include "proxy_parts.h"

/* RAW is framed and came by FROM. A request: its Request-URI or a Route holds our Record-Route of
   this dialog, for where it came in. A response: its request was sent to that address; by
   proxy.responses = "any" also one from elsewhere whose top Via is that of a transaction here, or
   bears our proof for it. One that has that and is not heard is counted, and a line a minute says
   so: a carrier may answer from an address that nobody listed. */
bool stranger_is_heard(struct proxy *p, const struct flow *from, struct str raw);

#endif
