/*
 * tn_reach - which numbers a URI may lead to that holds no telephone number as tn.h reads one: with
 * a code before it (*67), an end-of-dial sign, a pause, a second plus sign, spaces, digits too
 * many, a phone-context of a domain. A next hop may read it so. Also the numbers that the call
 * names beside the one that counts. Pure.
 *
 * Only for refusing, blocking and lowering: nothing of it is ever signed or raises a level.
 */
#ifndef STIRD_TN_REACH_H
#define STIRD_TN_REACH_H

#include <stird/core/tn.h>

#define TN_REACH_MAX   32
#define TN_REACH_TRIES 256 /* runs of digits and contexts that are read; one more is "more" */

struct tn_reach {
    struct tn numbers[TN_REACH_MAX]; /* the numbers need not exist: rules ask for prefixes such as
                                        "+1900" */
    unsigned n, tries;
    bool more; /* there are more than are kept or read */
};

/* A code, prefixes and more digits than any number has; what follows adds nothing. */
#define TN_RUN_MAX 40

/* One run: digits with nothing but separators between them. */
struct tn_run {
    char digits[TN_RUN_MAX];
    size_t n;
    bool plus, coded; /* a plus sign is in it, a * or # before it */
    bool glued; /* something that no number contains stands between its digits, or letters stand
                   behind it */
};

/*
 * The next run off *USER, as it is written, escapes and all; false: there is none. *, #, commas and
 * @ separate runs. Letters end it all: what follows is an extension (x5) or a pause with digits
 * that are keyed later. What else stands between digits is passed over.
 */
bool tn_run_next(struct str *user, struct tn_run *run);
/*
 * The I-th reading of RUN: as it stands, and where it is coded also without two to four digits
 * at its front, as a code such as *67 or *672 may have no end of its own. False: no more.
 */
bool tn_run_reading(const struct tn_run *run, unsigned i, struct str *digits);

/* Adds TN, unless it is there already. */
void tn_reach_add(struct tn_reach *reach, const struct tn *tn);
/*
 * Adds to REACH what URI may lead to. OUTSIDE: prefixes of an outside line, such as "9". Nothing is
 * added for a text with too few digits, or one that begins with a name: sip:alice@, sip:7001@.
 * What is not ASCII and no letter may be a digit to who reads it next: then there is "more".
 */
void tn_reach_add_uri(struct tn_reach *reach, struct str uri, const struct country *country,
                      const struct str *outside, unsigned n_outside);
/*
 * Adds the routing number RN where it is a global one of hexadecimal digits (RFC 4694 section 4):
 * only the digits before its letters, which name the country of a network.
 */
void tn_reach_add_hexadecimal(struct tn_reach *reach, struct str rn);
/*
 * Whether the user part of URI is a number with letters or other signs in it (+1215KKK6000,
 * 1800FLOWERS), not a name: a tel URI, user=phone, a plus sign, or a digit first and as many
 * letters and digits as a number has.
 */
bool tn_reach_has_letters(struct str uri);

#endif
