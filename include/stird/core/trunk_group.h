/*
 * trunk_group - the trunk groups that one place of a request names: tgrp (RFC 4904) and its elder
 * otg. Whoever writes the place writes the group, so each place is kept apart, and all that it
 * says: two groups that differ are no group.
 *
 * trunk-context is not compared: the source address has said already whose groups these are.
 */
#ifndef STIRD_TRUNK_GROUP_H
#define STIRD_TRUNK_GROUP_H

#include <stird/base/arena.h>
#include <stird/base/str.h>
#include <stird/core/fit.h>

/* The places, from the one that an SBC writes to the one that a caller writes. */
enum group_place { GROUP_IN_CONTACT, GROUP_IN_REQUEST_URI, GROUP_IN_FROM, GROUP_PLACES };

#define TRUNK_GROUPS_MAX 3 /* different ones that are kept; more are only counted */

struct trunk_groups {
    struct str values[TRUNK_GROUPS_MAX]; /* %-decoded, in their case; may be empty */
    unsigned n;
    bool unreadable; /* the place holds something that cannot be read: it may name another */
    bool without;    /* one of the elements of the header names no group */
};

/* "Contact", "Request-URI", "From" */
struct str group_place_name(enum group_place place);
/* Adds those of a URI: parameters of its user part, and its own. */
void trunk_groups_add_uri(struct trunk_groups *groups, struct str uri, struct arena *arena);
/*
 * Adds those of a header's value: of the URI in each of its elements (RFC 4904 section 4). A header
 * parameter names no group by itself: one that the URI does not name contradicts it.
 */
void trunk_groups_add_header(struct trunk_groups *groups, struct str value, struct arena *arena);
/* The same of TEXT, which is no such header but may be taken for one: if it names a group, which
   one is unclear. */
void trunk_groups_add_odd(struct trunk_groups *groups, struct str text);
/* Compared exactly. FITS_IN_PART: it is one of several. */
enum fit trunk_groups_fit(const struct trunk_groups *groups, struct str group);

#endif
