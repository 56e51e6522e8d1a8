/*
 * screen - what can be said of a message before sofia-sip parses it: start line, mandatory headers
 * once each, bounded lists (RFC 3261 sections 7, 8.1.1, 16.3; Decided 14).
 */
#ifndef STIRD_SIP_SCREEN_H
#define STIRD_SIP_SCREEN_H

#include <stird/reason.h>
#include <stird/str.h>

struct message;

#define SCREEN_MAX_PARAMETERS 1024 /* in a line of a header that is parsed */
#define SCREEN_MAX_ELEMENTS   64   /* in Via, Route, Record-Route, Contact, Require ... */

/* Sets M->status, method, request_uri. REASON_OK, BAD_REQUEST, BAD_VERSION, UNSUPPORTED_SCHEME or
   TOO_MANY_HEADERS. */
enum reason screen_raw(struct message *m, struct str raw);

#endif
