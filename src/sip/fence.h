/*
 * fence - where a request inside a call may go. Its Route and Contact are what a peer wrote:
 * without a fence a Record-Route seen once would have us send anything anywhere.
 *
 * It comes from, or goes to, an address that a trunk or an upstream covers (proxy.dialog_peers). A
 * stranger reaches a peer where that takes requests, not at all of its ports, and has no name
 * looked up. Never to the loopback, to link-local, multicast and such addresses, nor to this
 * machine itself, but where a trunk or an upstream names the very block or address.
 */
#ifndef STIRD_SIP_FENCE_H
#define STIRD_SIP_FENCE_H

#include "own_routes.h"
#include "proxy_parts.h"
#include "source_class.h"
#include "target.h"

enum fence_sender {
    FENCE_STRANGER,
    FENCE_COVERED, /* a trunk or an upstream covers it */
    FENCE_SENDERS
};

enum fence_place {
    FENCE_PEER,      /* an address that one covers, at a port of SIP (peer_ports.h) */
    FENCE_PEER_PORT, /* the same, at another port */
    FENCE_ELSEWHERE, /* any other address */
    FENCE_HERE,      /* this machine, loopback, link-local, multicast and the like, not named */
    FENCE_PLACES
};

enum fence_way {
    FENCE_DATAGRAM,
    FENCE_CONNECTION /* that is open */,
    FENCE_NEW_CONNECTION,
    FENCE_WAYS
};

enum fence_place fence_place_of(struct proxy *p, const struct target *to);
/* Who may send where in which way: the table. */
bool fence_may(const struct settings *s, enum fence_sender who, enum fence_place where,
               enum fence_way way);
/* Whether names that WHO writes are looked up; otherwise they count as far as they are known. */
bool fence_asks_dns(enum fence_sender who);

/* All of it for one target; says in TO which connection may be opened. */
bool fence_allows(struct proxy *p, const struct address *source, struct target *to);
/*
 * target_of_dialog() within the fence, of a request that SOURCE sent: TARGET_FENCED when all that
 * it names, by address or by name, is outside. That is counted, and a line a minute says so.
 * WAITER waits for what is PENDING; NULL: nobody.
 */
enum target_result fence_target_of_dialog(struct proxy *p, const struct message *m,
                                          const struct own_routes *own,
                                          const struct address *source, struct name_waiter *waiter,
                                          struct targets *targets);

#endif
