/*
 * nat - what the trunks of an address ask for because a translator of addresses stands between it
 * and us, or because it cannot be connected to (docs/nat.md). All of it is off unless a trunk says
 * so.
 *
 * It belongs to the path and not to the call, and must be known of a packet before its trunk is. So
 * where several trunks share an address it holds when one of them says so.
 */
#ifndef STIRD_NAT_H
#define STIRD_NAT_H

#include <stird/core/settings.h>

enum nat_help {
    NAT_FORCE_RPORT, /* answers go to where the packet came from (RFC 3581 without being asked) */
    NAT_REUSE_CONNECTION, /* requests inside a call take a connection that it has opened (RFC 5923)
                           */
    NAT_CONTACT_FIX       /* a private Contact becomes the address that its message came from */
};

/* Whether a trunk of the longest prefix that covers ADDRESS asks for HELP. */
bool nat_wants(const struct settings *settings, const struct address *address, enum nat_help help);

/*
 * TEXT is a Contact header, name and line end with it. Writes it to OUT with each private host that
 * is not SOURCE's, and its port, exchanged for SOURCE; with ;transport= where it has none and
 * TRANSPORT is not UDP. False: nothing is to be changed.
 */
bool nat_fix_contact(struct str text, const struct address *source, enum transport transport,
                     struct buf *out);

#endif
