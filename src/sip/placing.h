/*
 * placing - a call of our own (monitoring.h): an INVITE that is taken as if the SBC of its trunk
 * had sent it, with all that follows for such a call: facts, decision, token, limits, counters,
 * record. What would go back to that SBC ends here: its flow leads to port 0, where nobody is.
 */
#ifndef STIRD_SIP_PLACING_H
#define STIRD_SIP_PLACING_H

#include <stird/net/net.h>

struct context;
struct message;
struct placed;
struct proxy;
struct target;
struct trunk;

static inline bool placing_is_own(const struct flow *flow)
{
    return flow->remote.port == 0;
}
/* What is said to the caller of such a call. */
void placing_hears(struct proxy *p, struct str bytes);

/* Whether CALL_ID is one of such a call, of whichever worker. What answers it goes nowhere else. */
bool placing_is_of(const struct proxy *p, struct str call_id);
/* By which a request of its far end, inside the call, is answered here; 0: it is none. */
int placing_status(struct proxy *p, const struct message *m);
/* All end now, by CANCEL or BYE, for the worker is about to. Not from inside a message that came.
   Whether there was one. */
bool placing_end_all(struct proxy *p);

/* Of a context with `placed`. */
const struct trunk *placing_trunk(const struct context *c);
/* Takes those of TARGETS out by which it is not to leave; how many are left. */
unsigned placing_targets(const struct context *c, struct target *targets, unsigned n);
/* C has ended, and its record is about to be written. */
void placing_ended(struct context *c);
/* C is about to be freed. */
void placing_gone(struct context *c);

#endif
