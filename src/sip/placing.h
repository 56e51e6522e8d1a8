/*
 * placing - a call of our own (monitoring.h): an INVITE that is taken as if the SBC of its trunk
 * had sent it, with all that follows for such a call: facts, decision, token, limits, counters,
 * record. What would go back to that SBC ends here: its flow leads to port 0, where nobody is.
 */
#ifndef STIRD_SIP_PLACING_H
#define STIRD_SIP_PLACING_H

#include <stird/net/net.h>

struct context;
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

/* Of a context with `placed`. */
const struct trunk *placing_trunk(const struct context *c);
/* Takes those of TARGETS out by which it is not to leave; how many are left. */
unsigned placing_targets(const struct context *c, struct target *targets, unsigned n);
/* C has ended, and its record is about to be written. */
void placing_ended(struct context *c);
/* C is about to be freed. */
void placing_gone(struct context *c);

#endif
