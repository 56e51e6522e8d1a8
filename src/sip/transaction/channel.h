/*
 * channel - which client transactions wait on which connection, so that the end of a connection
 * costs only as much as there are on it, and not a walk through all.
 *
 * One thread. Whoever joins holds the connection (flow_hold), so that its address stays its own.
 */
#ifndef STIRD_SIP_CHANNEL_H
#define STIRD_SIP_CHANNEL_H

#include <stdbool.h>
#include <stird/net/net.h>

#define CHANNEL_BUCKETS 1024

struct channel;

/* Part of whoever joins; all zero: it has not. */
struct channel_member {
    struct channel_member *next, **link;
    struct channel *channel;
};

/* All zero: nobody waits. What nobody waits on takes no memory. */
struct channels {
    struct channel *buckets[CHANNEL_BUCKETS];
};

/* False when there is no memory. */
bool channel_join(struct channels *all, struct channel_member *member,
                  const struct connection *connection);
void channel_leave(struct channel_member *member);
/* The first of those on CONNECTION, which has waited longest, the others by `next`; NULL: none. */
struct channel_member *channel_members(const struct channels *all,
                                       const struct connection *connection);

#endif
