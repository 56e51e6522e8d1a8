/*
 * route_line - the URIs of a Route line, whatever stands around their brackets (RFC 3261 section
 * 20.34): odd display names, quotes that do not close, commas. Whoever writes a Route may write any
 * URI in it anyway, so nobody gains by an odd line, and no BYE is lost because of a name. Borrowed
 * text, no memory.
 *
 * This is the one reader of Routes: message, readers and odd use it. A Route of a plain message is
 * one URI in brackets, which it reads as this does (fuzz/plain_fuzz.c).
 */
#ifndef STIRD_ROUTE_LINE_H
#define STIRD_ROUTE_LINE_H

#include <stdbool.h>
#include <stird/base/str.h>

struct route_line {
    struct str rest;
    bool clear; /* to every reader it is a list of addresses; if not, each SIP URI in brackets
                   counts as one */
};
struct route_line route_line_read(struct str value);
/* The next URI, of any scheme in a clear line; false: there is none left. */
bool route_line_next(struct route_line *line, struct str *uri);
/* Whether it is a SIP URI with nothing in it that could mean something else in a list that is
   written anew. */
bool route_uri_is_plain(struct str uri);
/* The same for a part of a URI. */
bool route_octets_are_plain(struct str s);

#endif
