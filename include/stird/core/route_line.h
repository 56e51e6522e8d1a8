/*
 * route_line - the URIs of a Route line, whatever stands around their brackets (RFC 3261 section
 * 20.34): names that are no words, quotes that do not close, commas. Who wrote a Route may write
 * any, so nobody gains by it, and a BYE is not lost for a name. Borrowed text, no memory.
 *
 * This is the one reader of Routes: own_routes, readers and odd use it.
 */
#ifndef STIRD_ROUTE_LINE_H
#define STIRD_ROUTE_LINE_H

#include <stdbool.h>
#include <stird/base/str.h>

struct route_line {
    struct str rest;
    bool clear; /* a list of addresses to every reader; else each SIP URI in brackets is one */
};
struct route_line route_line_read(struct str value);
/* The next URI, of any scheme in a clear line; false: there is none left. */
bool route_line_next(struct route_line *line, struct str *uri);
/* A SIP URI, and nothing in it that a list written anew would give another meaning. */
bool route_uri_is_plain(struct str uri);
/* The same of a part of one. */
bool route_octets_are_plain(struct str s);

#endif
