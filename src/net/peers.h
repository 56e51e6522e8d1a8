/*
 * peers - open connections by their remote address, and how many each host has opened to us.
 *
 * Two hash tables with a seed of this process, so that neither a lookup nor an accept walks the
 * list of all connections. Not for others.
 */
#ifndef STIRD_NET_PEERS_H
#define STIRD_NET_PEERS_H

#include <stdbool.h>
#include <stird/address.h>

struct peers;
struct peer_source; /* a host that has connections open to us */

/* Part of a connection. */
struct peer_entry {
    struct address remote;
    struct peer_entry *next;
    struct peer_source *source; /* NULL: we opened it */
};

struct peers *peers_new(void);
void peers_free(struct peers *p);
/* ENTRY's remote is set. False: no memory. */
bool peers_add(struct peers *p, struct peer_entry *entry, bool incoming);
void peers_remove(struct peers *p, struct peer_entry *entry);
/* Those of exactly this address and port, one after the other; NULL: no more. */
struct peer_entry *peers_first(const struct peers *p, const struct address *remote);
struct peer_entry *peers_next(const struct peer_entry *entry);
/* How many connections this host has opened, whatever the port. */
unsigned peers_incoming(const struct peers *p, const struct address *host);

#endif
