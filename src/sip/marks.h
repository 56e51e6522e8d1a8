/*
 * marks - what a request that leaves tells the next hop of its verification (marking.h), written
 * into the message.
 */
#ifndef STIRD_SIP_MARKS_H
#define STIRD_SIP_MARKS_H

#include "sip/message/message.h"

struct context;
struct target;

/*
 * On M, from which what callers may not say is off (trust_domain.h). Nothing where C's call was not
 * judged, or its profile observes. 0 or -ENOMEM.
 */
int marks_apply(struct context *c, const struct target *target);
/*
 * Takes off a request that begins no call what a caller may not bring, where a trunk that it may be
 * of writes marks: the telephone that rings would take it for the newest word. 0 or -ENOMEM.
 */
int marks_clear(struct context *c);

#endif
