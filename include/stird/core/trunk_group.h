/*
 * trunk_group - the trunk groups that one place of a request names: tgrp (RFC 4904) and its elder
 * otg. Whoever can write the place can write the group, so each place is kept apart. All groups
 * that it names are kept: two that differ count as none.
 *
 * trunk-context is not compared: the source address says already whose groups these are.
 */
#ifndef STIRD_TRUNK_GROUP_H
#define STIRD_TRUNK_GROUP_H

#include <stird/base/arena.h>
#include <stird/base/str.h>
#include <stird/core/fit.h>

/* The places, from the one that an SBC writes to the one that a caller writes. */
enum group_place { GROUP_IN_CONTACT, GROUP_IN_REQUEST_URI, GROUP_IN_FROM, GROUP_PLACES };

#define TRUNK_GROUPS_MAX 3 /* so many different ones are kept; more are only counted */

struct trunk_groups {
    struct str
        values[TRUNK_GROUPS_MAX]; /* %-decoded, upper and lower case as written; may be empty */
    unsigned n;
    bool unreadable; /* the place holds something that cannot be read: it may name another */
    bool without;    /* an element of the header names no group */
};

/* "Contact", "Request-URI", "From" */
struct str group_place_name(enum group_place place);
/* Adds the groups of a URI, from the parameters of its user part and its own. */
void trunk_groups_add_uri(struct trunk_groups *groups, struct str uri, struct arena *arena);
/*
 * Adds those of a header's value: of the URI in each of its elements (RFC 4904 section 4). A header
 * parameter names no group by itself: a group in it that the URI does not name contradicts the URI.
 */
void trunk_groups_add_header(struct trunk_groups *groups, struct str value, struct arena *arena);
/* The same for TEXT, which is not such a header but may be taken for one: if it names a group, it
   is unclear which. */
void trunk_groups_add_odd(struct trunk_groups *groups, struct str text);
/* Compared exactly. FITS_IN_PART when it is one of several. */
enum fit trunk_groups_fit(const struct trunk_groups *groups, struct str group);

#endif
