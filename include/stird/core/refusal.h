/*
 * refusal - by which code a next hop refuses a call that was offered with a token, or without one:
 * what is told apart when it is counted (counters.def), and what of it may be the token's fault.
 */
#ifndef STIRD_REFUSAL_H
#define STIRD_REFUSAL_H

#include <stdbool.h>
#include <stird/base/str.h>

#define REFUSALS 20 /* the last one: any other */

/* Where a final answer that is no 2xx is counted. */
unsigned refusal_place(int status);
/* "413", ..., "other" */
struct str refusal_name(unsigned place);
/* Whether a next hop may refuse by it what it cannot or will not read: the message, its size, the
   Identity in it. Not what only tells of who is called. */
bool refusal_may_be_of_message(unsigned place);

#endif
