/*
 * nat - what the trunks of an address ask for because a translator of addresses stands between it
 * and us, or because it cannot be connected to (docs/nat.md). All of it is off unless a trunk says
 * so.
 *
 * It is a property of the path and not of the call, and must be known for a packet before its trunk
 * is known. So where several trunks share an address, it holds when one of them says so.
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

/* Whether a trunk with the longest prefix that covers ADDRESS asks for HELP. */
bool nat_wants(const struct settings *settings, const struct address *address, enum nat_help help);

/*
 * TEXT is a Contact header with its name and line end. Writes it to OUT with SOURCE in place of
 * each private host, with its port, that is not SOURCE's, and adds ;transport= where there is none
 * and TRANSPORT is not UDP. False when nothing has to be changed.
 */
bool nat_fix_contact(struct str text, const struct address *source, enum transport transport,
                     struct buf *out);

#endif
