/*
 * fence - where a request inside a call may go. Its Route and Contact are what a peer wrote:
 * without a fence a Record-Route seen once would have us send anything anywhere.
 *
 * It comes from, or goes to, an address that a trunk or an upstream covers (proxy.dialog_peers).
 * Never to the loopback, to link-local, multicast and such addresses, nor to this machine itself,
 * but where a trunk or an upstream names the very block or address.
 */
#ifndef STIRD_SIP_FENCE_H
#define STIRD_SIP_FENCE_H

#include "context.h"

bool fence_allows(const struct proxy *p, const struct address *source, const struct address *to);
/*
 * target_of_dialog() within the fence, of a request that SOURCE sent: TARGET_FENCED when all that
 * it names, by address or by name, is outside. That is counted, and a line a minute says so.
 */
enum target_result fence_target_of_dialog(struct proxy *p, const struct message *m,
                                          const struct own_routes *own,
                                          const struct address *source, struct targets *targets);

#endif
