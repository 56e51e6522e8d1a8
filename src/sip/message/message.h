/*
 * message - one SIP message: what the proxy reads of it, and how it is edited and printed.
 *
 * Most messages are plain: they are read in one pass (plain.h). All others are parsed by sofia-sip,
 * which keeps a raw copy of each header and knows only the few header classes that the proxy
 * edits, of a response Via and Content-Length alone. What is not touched leaves octet for octet
 * either way. All other headers are read by headers.h. One thread.
 */
#ifndef STIRD_SIP_MESSAGE_H
#define STIRD_SIP_MESSAGE_H

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>
#include <stird/core/headers.h>
#include <stird/core/reason.h>
#include <stird/core/route_line.h>
#include <stird/net/net.h>

#include "screen.h"

#define MAX_FORWARDS_MAX 255 /* section 20.22 */

struct settings;
struct plain;

struct message {
    struct plain *plain; /* else NULL, and the next two are set */
    msg_t *msg;
    sip_t *sip;
    struct str raw; /* as received; borrowed from the caller of message_parse() */

    /* borrowed from msg or raw */
    int status;             /* 0: a request */
    struct str method;      /* of the request, or of the CSeq of a response */
    struct str cseq_method; /* the same in the CSeq */
    struct str request_uri;
    struct str call_id, from_tag, to_tag;
    uint32_t cseq;
    unsigned n_broken; /* lines that are not headers: they leave as they came (section 16.3) */
    size_t head_bytes; /* the empty line too */
    unsigned n_lines;  /* of the head, header or not, folded ones as one */
    unsigned odd; /* enum odd: the parts for which sofia-sip was given something else to read */
    bool lists_folded;   /* a Via, Route or Record-Route goes on in another line */
    bool start_is_odd;   /* the start line is not written as section 7 has it: it leaves as that */
    bool hops_unclear;   /* Max-Forwards is not a number, or is there twice */
    bool length_unclear; /* Content-Length is not a number of octets that are there, or is there
                            twice */
    bool uri_unclear;   /* the Request-URI holds characters that no URI has: it leaves as it came */
    bool claims_to_tag; /* To has a tag parameter, with a value or without */
    bool by_proxy;      /* of a response: its request had a Route to go on by (branch.h) */
    bool from_edited;   /* From leaves otherwise than it came */
    bool force_rport;   /* the top Via counts as one that asks for rport: nat.h */

    struct screen_fault copy;     /* a line is repeated that may be there only once (screen.h) */
    struct screen_fault excess;   /* a header that is not needed has more elements than are read */
    struct screen_fault two_tags; /* in From or in To; what is NULL: in neither */
    struct screen_fault fault;    /* of what was refused; also behind message_parse() */
    const struct settings *settings; /* while it is parsed: which numbers are emergency numbers */
};

/* Once a process, before anything else here. False: no memory. */
bool message_module_init(void);

/*
 * REASON_OK, or why it cannot be served (BAD_REQUEST, BAD_VERSION, UNSUPPORTED_SCHEME,
 * TOO_MANY_HEADERS, OUT_OF_MEMORY): *M is empty then, but for M->fault, which says what and where.
 * RAW must stay as long as the message. SETTINGS says which numbers are emergency numbers; calls
 * to them are parsed leniently. NULL: the numbers that are so everywhere.
 */
enum reason message_parse(struct message *m, struct str raw, const struct settings *settings);
/* The same of a datagram whose Content-Length does not say where the body ends: everything
   after the head is the body. Only emergency calls are accepted this way. */
enum reason message_parse_unmeasured(struct message *m, struct str raw,
                                     const struct settings *settings);
/* The same by sofia-sip, though the message be plain: for what compares the two. */
enum reason message_parse_by_sofia(struct message *m, struct str raw,
                                   const struct settings *settings);
void message_fini(struct message *m);
/* Whether there is a message in M: not before message_parse(), nor behind message_fini(). */
bool message_is_parsed(const struct message *m);
/* Moves FROM, whose raw text was copied to COPY; FROM is left empty. */
void message_move(struct message *to, struct message *from, const char *copy);

/* ---- reading ---- */

/* Where the first header of this name is, in what came; 0: there is none. */
size_t message_octet_of(const struct message *m, struct str name);

/* What decides where a response goes by a Via (RFC 3261 section 18.2.2), as it is written; empty:
   not there. */
struct via_hop {
    struct str transport, host, port, branch, received, rport;
    bool ambiguous; /* it has one of the last three twice: where it leads cannot be proved */
};
/* The Via NUMBER, the topmost is 0. False: there are fewer, and all of *HOP is empty. */
bool message_via(const struct message *m, unsigned number, struct via_hop *hop);
struct via_hop message_top_via(const struct message *m);
/* Of the topmost, without quotes; empty: none. */
struct str message_via_branch(const struct message *m);
/*
 * Whether the top Via asks for rport (RFC 3581), or counts as one that does. sofia-sip's v_rport
 * misses one before a comma.
 */
bool message_via_has_rport(const struct message *m);
/* Where a walk over headers is; {0} before the first. */
struct message_place {
    const sip_unknown_t *header;
    unsigned line; /* of a plain message, plus 1 */
};
/* The next header NAME that sofia-sip does not parse for us, behind *AT; false: there is none. */
bool message_header_next(const struct message *m, struct str name, char compact,
                         struct message_place *at, struct str *value);
unsigned message_header_count(const struct message *m, struct str name, char compact);
/* The line of a header that sofia-sip does not parse, as headers.h reads it. */
bool message_line(const sip_unknown_t *h, struct header_line *line);
/* Whether it is the header NAME: what continues it is not looked at. */
bool message_line_is(const sip_unknown_t *h, struct str name, char compact);

/* As it came in the start line. */
const url_t *message_request_url(const struct message *m);
/* The URI of Route NUMBER, the topmost is 0; NULL: there are fewer. Good until another one is asked
   for or a Route is taken off. */
const url_t *message_route_url(const struct message *m, unsigned number);
/* The URIs of all Routes as they came, in their order, however they are divided into lines (section
   7.3.1): {0} before the first. False: there are no more. */
struct message_routes {
    struct str rest;
    struct route_line line;
    unsigned n;
};
bool message_route_came(const struct message *m, struct message_routes *at, struct str *uri);
/* False: there is none that is a number. */
bool message_max_forwards(const struct message *m, unsigned long *value);

/* Whether a Via of somebody else's stands below the topmost. */
bool message_has_lower_via(const struct message *m);

/* ---- what came, whatever was edited since ---- */

/* Which lines somebody asks for. Only a message that is not plain is walked through for them: it
   gives all of its lines, header or not. */
enum {
    MESSAGE_ANSWERED = 1, /* From, To, Call-ID, CSeq */
    MESSAGE_RECORDED = 2, /* Record-Route */
    MESSAGE_OTHERS = 4    /* what message_header_next() finds */
};

/* A walk over the lines that came; {0} before the first. */
struct message_walk {
    struct str rest;
    unsigned line;
    bool begun, by_text;
};
/* The next line that came of those WHICH, in the order of the message; it may give others besides.
   False: there is none. */
bool message_came_next(const struct message *m, unsigned which, struct message_walk *walk,
                       struct header_line *line);
/* The first header NAME that came; not for what is edited line by line: Via, Route. */
bool message_came_find(const struct message *m, struct str name, char compact,
                       struct header_line *line);

/* ---- editing: 0 or -ENOMEM ---- */

/* Writes a start line as section 7 has it: one space between its parts. */
int message_mend_start_line(struct message *m);

/* RFC 3261 section 18.2.1, RFC 3581 section 4: where the top Via's sender really is. */
int message_set_received(struct message *m, const struct address *source);
/* Takes the topmost Via, Route off. */
void message_remove_via(struct message *m);
void message_remove_route(struct message *m);
int message_set_request_uri(struct message *m, struct str uri);
/* Makes Route NUMBER, which is there, the Request-URI. */
int message_set_uri_by_route(struct message *m, unsigned number);
void message_remove_last_route(struct message *m);
int message_set_max_forwards(struct message *m, unsigned value);
int message_add_via(struct message *m, struct str value);
int message_add_record_route(struct message *m, struct str value);
/* Appends to the end of the Route set. */
int message_append_route(struct message *m, struct str value);
/* Takes off what is M->copy: it leaves once. */
void message_remove_copies(struct message *m);
/* Adds a missing Content-Length where TRANSPORT is a stream (RFC 3261 section 18.3), and takes off
   what is none but might be read as one. */
int message_fit_transport(struct message *m, unsigned transport);
/* A header line of any other name, before the empty line. */
int message_add_header(struct message *m, struct str name, struct str value);
/* Removes the headers NAME for whose value REMOVE returns true; when REMOVE is NULL all of them,
   and those that look alike (header_resembles, header_is_alike). */
void message_remove_headers(struct message *m, struct str name, char compact,
                            bool (*remove)(struct str value));
/* Removes lines that are no header, but that a next hop may take for this one (header_resembles).
 */
void message_remove_resembling(struct message *m, struct str name, char compact);
/* Removes the lines, header or not, for which REMOVE returns true. */
void message_remove_lines(struct message *m, bool (*remove)(const struct header_line *line));
/*
 * Replaces the headers of this name for which EDIT returns true by what it writes to OUT; it is
 * given all octets from the name to the line end. 0 or -ENOMEM.
 */
int message_edit_headers(struct message *m, struct str name, char compact,
                         bool (*edit)(const void *user, struct str text, struct buf *out),
                         const void *user);
/* The same of From, which the parser reads too; of a request that is noted (from_edited). What was
   read of it stays what came. */
int message_edit_from(struct message *m,
                      bool (*edit)(const void *user, struct str text, struct buf *out),
                      const void *user);
/* The Contacts of a message from SOURCE, where its trunks want that: nat.h. */
int message_fix_contact(struct message *m, const struct settings *settings,
                        const struct address *source, enum transport transport);

/* ---- printing ---- */

/* The exact bytes for the wire. 0 or -ENOMEM. */
int message_print(struct message *m, struct buf *out);

#endif
