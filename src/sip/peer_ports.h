/*
 * peer_ports - at which ports our peers take requests: those that the configuration says, those of
 * the standard, and those that they write themselves into what they send to us.
 *
 * A stranger who has seen a Record-Route names any port of a peer: only these are meant for SIP.
 * What peers write is kept in a table of fixed size, a worker: a new port takes the place of one
 * that was not written for longer. All requests of a call reach one worker, so it has heard what
 * the ends of that call wrote.
 */
#ifndef STIRD_SIP_PEER_PORTS_H
#define STIRD_SIP_PEER_PORTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/address.h>
#include <stird/core/settings.h>

struct flow;
struct message;
struct proxy;

#define PEER_PORTS_SETS   512
#define PEER_PORTS_A_SET  4
#define PEER_PORTS_RECENT 16 /* places that are found without a hash */

struct peer_port {
    struct address at; /* family ADDRESS_NONE: free */
    uint8_t transport;
    int64_t written_ms;
};

struct peer_ports {
    struct peer_port sets[PEER_PORTS_SETS][PEER_PORTS_A_SET];
    struct peer_port *recent[PEER_PORTS_RECENT]; /* NULL: none yet */
};

/* M came by FROM, whom a trunk or an upstream covers: where it sends from by UDP, and the Contact
   and Record-Route that it writes, as far as they are of a peer. */
void peer_ports_note(struct proxy *p, const struct message *m, const struct flow *from);
/* Whether the peer at this address takes requests at this port. */
bool peer_ports_has(struct proxy *p, const struct address *at, enum transport transport);

#endif
