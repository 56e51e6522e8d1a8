/* supervisor_sockets - what workers share with the supervisor and with those after them. */
#ifndef STIRD_SUPERVISOR_SOCKETS_H
#define STIRD_SUPERVISOR_SOCKETS_H

#include "loop.h"

#include <stird/net/dispatch.h>
#include <stird/net/listen.h>

bool supervisor_open_sockets(struct supervisor *s, struct problems *problems);
/* What reaches the wrong worker goes on to the right one through its inbox (handover.h). */
bool supervisor_open_inboxes(struct supervisor *s, struct problems *problems);
/* Those that worker W has of its own. */
const struct listener_sockets *supervisor_sockets_of(const struct supervisor *s, unsigned w,
                                                     unsigned listener);
/* The inbox of OWNER as worker W has it: its own, or the way to another's; -1: there are none. */
int supervisor_inbox(const struct supervisor *s, unsigned owner, unsigned w);
const struct dispatch_key *supervisor_dispatch_key(const struct supervisor *s);
/* Before worker W starts: what could not be mended for want of descriptors. */
void supervisor_mend_again(struct supervisor *s, unsigned w);

#endif
