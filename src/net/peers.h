/*
 * peers - open connections by their remote address, how many each host (of IPv6 each /64) has
 * opened to us, and what waits in these; and how many what peers wrote has had us open to it.
 *
 * Hash tables with a seed of this process, so that neither a lookup nor an accept walks the
 * list of all connections. Not for others.
 */
#ifndef STIRD_NET_PEERS_H
#define STIRD_NET_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stird/base/address.h>

struct peers;
struct peer_source; /* a host, while connections of it are counted */

/* Who opened a connection, as far as it is counted by host. */
enum peer_side { PEER_CAME, PEER_LED, PEER_SIDES, PEER_UNCOUNTED = PEER_SIDES };

/* Part of a connection. */
struct peer_entry {
    struct address remote;
    struct peer_entry *next;
    struct peer_source *source; /* NULL: not counted */
    enum peer_side side;
    uint64_t waiting; /* octets in the connection */
    bool came;        /* its host has opened it */
    struct peer_entry *next_of_host;
};

struct peers *peers_new(void);
void peers_free(struct peers *p);
/* ENTRY's remote is set. False: no memory. */
bool peers_add(struct peers *p, struct peer_entry *entry, enum peer_side side);
void peers_remove(struct peers *p, struct peer_entry *entry);
/* From now on it is not counted. */
void peers_uncount(struct peers *p, struct peer_entry *entry);
/* Those of exactly this address and port, one after the other; NULL when there are no more. */
struct peer_entry *peers_first(const struct peers *p, const struct address *remote);
struct peer_entry *peers_next(const struct peer_entry *entry);
/* Those that exactly this host has opened, whatever the port, the newest first; NULL: no more. */
struct peer_entry *peers_opened_by(const struct peers *p, const struct address *host);
struct peer_entry *peers_opened_before(const struct peer_entry *entry);
/* Of the octets that wait in ENTRY's connection: so many more, so many less. */
void peers_queued(struct peer_entry *entry, size_t more, size_t less);
/* What waits in all connections that ENTRY's host has opened; when we opened this one, in it. */
uint64_t peers_waiting(const struct peer_entry *entry);
/* Whether one host has opened both. */
bool peers_same_source(const struct peer_entry *a, const struct peer_entry *b);
/* How many connections there are with this host on that side, whatever the port. */
unsigned peers_count(const struct peers *p, const struct address *host, enum peer_side side);

#endif
