/*
 * network_blocked - what a caller is told whose call was refused with 603 by a rule or as a blocked
 * number: that a network did it, and where to complain (603+, ATIS-1000099). Pure.
 */
#ifndef STIRD_NETWORK_BLOCKED_H
#define STIRD_NETWORK_BLOCKED_H

#include <stdbool.h>
#include <stird/base/buf.h>

#define NETWORK_BLOCKED "Network Blocked" /* the phrase of the answer */

struct outcome;
struct settings;

/* Whether O is refused so: with 603, without a text of its rule's own, where the settings name a
   place to complain. */
bool network_blocked_tells(const struct settings *s, const struct outcome *o);
/* The line of Reason, the only one that such an answer has, with its CRLF. */
void network_blocked_add(const struct settings *s, struct buf *lines);

#endif
