/*
 * plain - an index of a message in which every line that we read or change has the simple shape
 * that nearly all messages have: read in one pass, without the parser and without the heap. It
 * leaves as pieces of what came, with what was added between them.
 *
 * What is plain is a strict subset of what sofia-sip reads, and is read as sofia-sip reads it: one
 * Via or Route a line, no comment, no quote where none is usual, no folded line, no NUL, each
 * header once that may be there once. Anything else is not plain, be it good or bad, and takes the
 * way through screening and the parser. tests/fuzz/plain_fuzz.c compares the two.
 *
 * Used by message.c, edit.c and answer.c alone. One thread.
 */
#ifndef STIRD_SIP_PLAIN_H
#define STIRD_SIP_PLAIN_H

#include <sofia-sip/url.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/arena.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>
#include <stird/core/headers.h>

#include "message.h"

#define PLAIN_LINES_MAX  40  /* received */
#define PLAIN_ROOM       64  /* with what is added: a line each for Via, Identity ... */
#define PLAIN_VALUE_MAX  512 /* octets of a line that is read */
#define PLAIN_URI_MAX    200 /* octets of a URI that a request may go to */
#define PLAIN_VIAS_MAX   8
#define PLAIN_VIAS_ROOM  12 /* with those that are added */
#define PLAIN_ROUTES_MAX 8

enum plain_header {
    PLAIN_OTHER, /* the parser is not asked to read it either */
    PLAIN_VIA,
    PLAIN_FROM,
    PLAIN_TO,
    PLAIN_CALL_ID,
    PLAIN_CSEQ,
    PLAIN_MAX_FORWARDS,
    PLAIN_CONTENT_LENGTH,
    PLAIN_ROUTE,
    PLAIN_RECORD_ROUTE,
    PLAIN_HEADERS
};

/* A line, its end included. */
struct plain_line {
    const char *added;          /* NULL: it stands in the message, at AT */
    uint32_t at, n;             /* octets */
    uint32_t value_at, value_n; /* trimmed; counted from where the line begins */
    uint16_t name_n;
    uint8_t header; /* enum plain_header */
    uint8_t via;    /* of a Via: which of `vias` has its parts */
};

/* Octets of a value, counted from where it begins; what is not there has AT 0. */
struct plain_part {
    uint16_t at, n;
};

/* The parts of a Via, read once. */
struct plain_via {
    struct plain_part transport, host, port, branch, received, rport;
    uint16_t parameters; /* where their first semicolon is; all of the value: there is none */
};

struct plain_url {
    url_t url;
    char text[PLAIN_URI_MAX + 1];
};

struct plain {
    struct plain_line start, lines[PLAIN_ROOM];
    unsigned n;
    unsigned max_forwards;
    bool has_max_forwards;
    uint16_t vias_used, vias_read; /* a bit each; one that is added is read when it is asked for */
    struct plain_via vias[PLAIN_VIAS_ROOM];
    unsigned n_routes; /* that came; their URIs: */
    struct {
        uint32_t at, n;
    } routes[PLAIN_ROUTES_MAX];
    struct plain_url request_url, route_url;
    unsigned route_read; /* which Route is in route_url, plus 1; 0: none */
    struct arena *added; /* the texts of lines that did not come; NULL: none yet */
    /* What is not in `lines` as it came: bits, 1 << enum plain_header. */
    unsigned changed;
};

/*
 * Reads M->raw; M->settings are set. True: M->plain is set, and so is all of M that message_parse()
 * tells of what came. False: it is not plain, or there is no memory, and M has to be begun anew.
 */
bool plain_read(struct message *m);
/* P may be NULL. */
void plain_free(struct plain *p);

/* ---- reading ---- */

struct str plain_text(const struct message *m, const struct plain_line *line);
struct header_line plain_line(const struct message *m, const struct plain_line *line);
/* Line NUMBER of those, the topmost is 0; NULL: there are fewer. */
struct plain_line *plain_find(const struct message *m, enum plain_header header, unsigned number);
/* The parts of a Via. */
const struct plain_via *plain_via_parts(const struct message *m, const struct plain_line *line);
/* The Via NUMBER; false: there are fewer. */
bool plain_via(const struct message *m, unsigned number, struct via_hop *hop);
/* Of the top Via. */
struct str plain_via_branch(const struct message *m);
bool plain_via_has_received(const struct message *m);
bool plain_via_has_rport(const struct message *m); /* with a value or without */
/* The URI of Route NUMBER as it came, whatever became of it; false: fewer came. */
bool plain_route_came(const struct message *m, unsigned number, struct str *uri);
/* The URI of Route NUMBER; NULL: there are fewer. Good until another one is asked for. */
const url_t *plain_route_url(const struct message *m, unsigned number);

/* ---- what came, whatever was edited since ---- */

/* Whether all lines of HEADERS (bits, 1 << enum plain_header) are still there as they came. Not for
   Via and Max-Forwards, which are edited where they stand, nor for Route. */
bool plain_is_as_came(const struct message *m, unsigned headers);
/* The next line of HEADERS that came, at or behind *AT, which is 0 for the first; false: there is
   none. In the order of the message. */
bool plain_came_next(const struct message *m, unsigned headers, unsigned *at,
                     struct header_line *line);

/* ---- editing: 0 or -ENOMEM ---- */

/* Gives the top Via ";received=VALUE" and ";rport=VALUE", each in the place of one that it has. A
   VALUE without octets: that one stays as it is. */
int plain_set_via_source(struct message *m, struct str received, struct str rport);
void plain_remove(struct message *m, struct plain_line *line);
/* Puts TEXT, its line end included, in the place of a line, which may be M->plain->start. */
int plain_replace(struct message *m, struct plain_line *line, struct str text);
/* Adds "NAME: VALUE", as the first line or as the last. */
int plain_add(struct message *m, enum plain_header header, struct str name, struct str value,
              bool first);
int plain_set_max_forwards(struct message *m, unsigned value);
void plain_print(const struct message *m, struct buf *out);

#endif
