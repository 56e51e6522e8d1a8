/*
 * told - the headers in which an SBC or a carrier tells its neighbour what was decided or verified
 * of a call: level, origid, result of a verification (ATIS-1000082 and vendors' names for the
 * same). Pure.
 *
 * stird reads them only from a trunk whose setting says so and only to lower a level, and lets none
 * of them out of the trust domain.
 */
#ifndef STIRD_TOLD_H
#define STIRD_TOLD_H

#include <stdbool.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>
#include <stird/core/headers.h>

enum told {
    TOLD_NOTHING, /* none of these headers */
    TOLD_LEVEL,   /* any name that has "attest" in it */
    TOLD_ORIGID,  /* Origination-Id, P-Origination-ID ... */
    TOLD_RESULT,  /* X-Verstat ... */
    TOLD_VERIFIED /* X-Plivo-Stir-Verification: whether the caller is known, in two words */
};

/* What a header of this name tells. */
enum told told_by(struct str name);
/* What a line tells, or what it may be taken to tell although it is not a header
   (header_resembles). */
enum told told_by_line(const struct header_line *line);
/*
 * The lowest level that VALUE names: 'A', 'B' or 'C', as a letter in any case, also in quotes or
 * <>, in a list, in a parameter (A;level=C). '\0' when something in it cannot be read as a level,
 * or there is nothing.
 */
char told_level(struct str value);
/* The one word of VALUE, without quotes, <> and parameters; empty when it is not one word. */
struct str told_word(struct str value);

/*
 * Writes TEXT, from a header, to OUT without its verstat parameters (TS 24.229 section 7.2A.20),
 * whether they belong to a URI, a user part or the header, or stand for its password or its header
 * fields; escaped or in pieces too. What stands in quotes stays. False when it has none: then
 * nothing is written.
 */
bool told_without_verstat(struct str text, struct buf *out);

#endif
