/*
 * list_refusal - what a policy administrator says, in an answer in JSON, of why somebody is not
 * given a list, or not logged in: its "message". Pure.
 */
#ifndef STIRD_LIST_REFUSAL_H
#define STIRD_LIST_REFUSAL_H

#include <stird/base/buf.h>
#include <stird/base/str.h>

#define LIST_REFUSAL_OCTETS 128 /* at most of what is added */

/*
 * Adds ": it says " and the message in quotes, escaped, and cut where it is long. A word that may
 * be a token, for its length, is left out of it. Adds nothing where ANSWER has no such message, or
 * one that tells SECRET (empty: nothing is).
 */
void list_refusal_add(struct buf *out, struct str answer, struct str secret);

#endif
