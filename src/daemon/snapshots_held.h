/*
 * snapshots_held - the snapshots that a process holds: the current one, and those before it that
 * calls still hold. The answers of each one's signer are read on the event loop, to the last call.
 *
 * One process, one thread. A process that cannot watch a signer for want of memory has to end:
 * calls would wait for answers that nobody reads.
 */
#ifndef STIRD_DAEMON_SNAPSHOTS_HELD_H
#define STIRD_DAEMON_SNAPSHOTS_HELD_H

#include <event2/event.h>
#include <stird/io/snapshot.h>

struct snapshots_held {
    struct event_base *base;
    struct held_snapshot *first; /* the current one */
};

void snapshots_held_init(struct snapshots_held *held, struct event_base *base);
/* Lets all of them go. */
void snapshots_held_fini(struct snapshots_held *held);
/* S becomes the current one, and is taken in any case. False: no memory, or S is NULL. */
bool snapshots_held_take(struct snapshots_held *held, struct snapshot *s);
struct snapshot *snapshots_held_current(const struct snapshots_held *held); /* NULL: none yet */
/* That of GENERATION; NULL: it is not held. */
struct snapshot *snapshots_held_of(const struct snapshots_held *held, uint64_t generation);
/* Takes CHANNEL, which leads to the signer that replaces the one of GENERATION. False: no snapshot
   of that generation is held, and CHANNEL is closed. */
bool snapshots_held_connect(struct snapshots_held *held, uint64_t generation, int channel);
/* snapshot_set_certificate_states() of all of that generation: one may have been given twice. */
void snapshots_held_set_states(struct snapshots_held *held, uint64_t generation, struct str text);
/* Drops those before the current one to which nobody else has a reference. */
void snapshots_held_drop_unused(struct snapshots_held *held);
/* The pages of the newest ones, the current one first, MAX at most; how many they are. */
unsigned snapshots_held_pages(const struct snapshots_held *held, uint64_t *pages, unsigned max);
uint64_t snapshots_held_oldest(const struct snapshots_held *held); /* UINT64_MAX: none is held */

#endif
