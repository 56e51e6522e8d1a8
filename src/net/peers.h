/*
 * peers - open connections by their remote address, and how many each host (of IPv6 each /64) has
 * opened to us, and what waits in these.
 *
 * Two hash tables with a seed of this process, so that neither a lookup nor an accept walks the
 * list of all connections. Not for others.
 */
#ifndef STIRD_NET_PEERS_H
#define STIRD_NET_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stird/address.h>

struct peers;
struct peer_source; /* a host that has connections open to us */

/* Part of a connection. */
struct peer_entry {
    struct address remote;
    struct peer_entry *next;
    struct peer_source *source; /* NULL: we opened it */
    uint64_t waiting;           /* octets in the connection */
};

struct peers *peers_new(void);
void peers_free(struct peers *p);
/* ENTRY's remote is set. False: no memory. */
bool peers_add(struct peers *p, struct peer_entry *entry, bool incoming);
void peers_remove(struct peers *p, struct peer_entry *entry);
/* Those of exactly this address and port, one after the other; NULL: no more. */
struct peer_entry *peers_first(const struct peers *p, const struct address *remote);
struct peer_entry *peers_next(const struct peer_entry *entry);
/* Of the octets that wait in ENTRY's connection: so many more, so many less. */
void peers_count(struct peer_entry *entry, size_t more, size_t less);
/* What waits in all connections that ENTRY's host has opened; when we opened this one, in it. */
uint64_t peers_waiting(const struct peer_entry *entry);
bool peers_same_source(const struct peer_entry *a, const struct peer_entry *b);
/* How many connections this host has opened, whatever the port. */
unsigned peers_incoming(const struct peers *p, const struct address *host);

#endif
