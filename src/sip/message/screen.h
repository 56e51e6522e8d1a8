/*
 * screen - judges a message before sofia-sip parses it: its start line, each mandatory header
 * exactly once, bounded lists (RFC 3261 sections 7, 8.1.1, 16.3; Decided 14).
 */
#ifndef STIRD_SIP_SCREEN_H
#define STIRD_SIP_SCREEN_H

#include <stird/base/str.h>
#include <stird/core/framing.h>
#include <stird/core/headers.h>
#include <stird/core/reason.h>

struct message;

/*
 * What is wrong with a message, in words for its sender and for the log: "CSeq: is no number and
 * method, at octet 412".
 */
struct screen_fault {
    enum reason reason; /* REASON_OK: nothing */
    struct str where;   /* header name or "start line"; borrowed from the message, or static */
    size_t octet;       /* of the message, at which it was seen */
    const char *what;   /* static; NULL: it is not the message's fault (no memory) */
};

#define SCREEN_MAX_PARAMETERS 1024 /* in a line of a header that is parsed */
#define SCREEN_MAX_ELEMENTS   64   /* in Via, Route, Record-Route, Contact, Require ... */
#define SCREEN_MAX_APART      256 /* lines of a response that are read for themselves: stand_in.h */

/* Sets M->status, method, request_uri. REASON_OK, BAD_REQUEST, BAD_VERSION, UNSUPPORTED_SCHEME or
   TOO_MANY_HEADERS; M->fault says the same in words. */
enum reason screen_raw(struct message *m, struct str raw);
/* The same of the start line alone, which LINE is, without its end. */
enum reason screen_start_line(struct message *m, struct str line);
/* The I-th of the methods that are known by name, INVITE first; empty behind the last. */
struct str screen_method(unsigned i);
/* Whether LINE of M repeats From, To, Call-ID or CSeq with the same value, so that nobody can read
   a different one. */
bool screen_is_copy(const struct message *m, const struct header_line *line);
/* Says in the same words what framing.h refused. */
struct screen_fault screen_fault_of_frame(enum frame_status status, const struct frame *frame);

#endif
