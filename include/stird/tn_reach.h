/*
 * tn_reach - which numbers a URI may lead to that holds no telephone number as tn.h reads one: with
 * a code before it (*67), an end-of-dial sign, a pause, a second plus sign, spaces, digits too
 * many, a phone-context of a domain. Whoever comes behind us may read it so. And those that the
 * call names beside the one that counts. Pure.
 *
 * For what refuses, blocks or lowers alone: nothing here is ever signed, and nothing raised by it.
 */
#ifndef STIRD_TN_REACH_H
#define STIRD_TN_REACH_H

#include <stird/tn.h>

#define TN_REACH_MAX 32

struct tn_reach {
    struct tn numbers[TN_REACH_MAX]; /* they need not exist: "+1900" is asked for as a prefix */
    unsigned n;
    bool more; /* than are kept */
};

/* Adds TN, unless it is there. */
void tn_reach_add(struct tn_reach *reach, const struct tn *tn);
/*
 * Adds to REACH what URI may lead to. OUTSIDE: prefixes of an outside line, such as "9". Nothing is
 * added for what holds no digits enough, or names first: sip:alice@, sip:7001@.
 */
void tn_reach_add_uri(struct tn_reach *reach, struct str uri, const struct country *country,
                      const struct str *outside, unsigned n_outside);
/*
 * Whether the user part of URI is a number with letters or other signs in it (+1215KKK6000,
 * 1800FLOWERS), not a name: a tel URI, user=phone, a plus sign, or a digit first and as many
 * letters and digits as a number has.
 */
bool tn_reach_has_letters(struct str uri);

#endif
