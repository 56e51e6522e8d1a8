/*
 * privacy - what a caller's Privacy headers (RFC 3323, RFC 3325 section 9.3) leave to be seen of a
 * call by the next hop. Pure.
 *
 * A wish counts however it is written, and even if we do not know its word: no mistake may reveal a
 * number (RFC 3323 section 5). The values may stand between semicolons, commas or white space, in
 * quotes or brackets, in any case.
 */
#ifndef STIRD_PRIVACY_H
#define STIRD_PRIVACY_H

#include <stdbool.h>
#include <stird/base/str.h>
#include <stird/core/headers.h>
#include <stird/core/settings.h>

/* What all Privacy headers of a request say together; all zero when there are none. */
struct privacy {
    bool id;         /* the asserted identity stays in the trust domain */
    bool unknown;    /* a value that we do not know */
    bool unreadable; /* text that cannot be a value */
};

void privacy_add(struct privacy *privacy, struct str value);
/* Adds what LINE asks for, if it is a Privacy header or may be taken for one. */
void privacy_add_line(struct privacy *privacy, const struct header_line *line);
/* Whether the asserted identity stays in the trust domain: because that is asked for, or because
   something is asked for that we do not understand. */
bool privacy_withholds(const struct privacy *privacy);

/* What the next hop sees of a call's identity. */
enum privacy_view {
    PRIVACY_WHOLE,    /* all of it */
    PRIVACY_WITHHELD, /* no asserted identity */
    PRIVACY_STRIPPED, /* no asserted identity, and no Identity headers of others (privacy_identity =
                         "strip") */
    PRIVACY_VIEWS
};
/* UPSTREAM is NULL for a next hop that is not trusted. */
enum privacy_view privacy_view(const struct privacy *privacy, const struct upstream *upstream);

#endif
