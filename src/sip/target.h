/*
 * target - where a request goes next (RFC 3261 sections 16.4 to 16.6): an address, the listener by
 * which it leaves, whose address it is, and the way there.
 */
#ifndef STIRD_SIP_TARGET_H
#define STIRD_SIP_TARGET_H

#include <sofia-sip/url.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/address.h>
#include <stird/core/listeners.h>
#include <stird/core/settings.h>

struct context;
struct flow;
struct message;
struct name_asker;
struct own_routes;
struct proxy;

struct target {
    struct address address;
    uint16_t listener;
    uint8_t transport;
    uint8_t opening; /* enum opening, without an upstream */
    uint64_t trunk;  /* whose side it is (dialog_trunk.h); 0: an upstream's, or not known */
    const struct upstream *upstream; /* NULL: by Route or Request-URI of a dialog */
};

#define TARGETS_OF_DIALOG 4

struct targets {
    struct target list[TARGETS_OF_DIALOG];
    unsigned n;
};

/* Whether HOST[:PORT] of a URI is one of our listeners (default port 5060). */
bool target_is_ours(const struct proxy *p, const url_t *url, uint16_t *listener);
/* Has TARGET leave by PREFERRED when that reaches it, else by the first that does; false: none. */
bool target_listen(const struct listeners *ours, uint16_t preferred, struct target *target);

enum target_result {
    TARGET_NONE,    /* no such name, or no listener fits */
    TARGET_FENCED,  /* fence.h */
    TARGET_PENDING, /* a name that is being asked for */
    TARGET_FOUND
};
/* The next hop of a dialog's request: the first Route behind ours, else the Request-URI; of a name
   its addresses in the order they are tried. ASKER as in routes_by_name(). */
enum target_result target_of_dialog(const struct proxy *p, const struct message *m,
                                    const struct own_routes *own, const struct name_asker *asker,
                                    struct targets *targets);
/* Fills C->targets with the trunk's upstreams; for a request that claims to be inside a dialog, the
   one that its dialog leads to comes first. False: no memory. */
bool target_of_trunk(struct context *c, const struct trunk *trunk);
/* The same with N other UPSTREAMS, indices of the settings, as a rule says; of none nothing
   changes. Before the call was sent anywhere. */
bool target_redirect(struct context *c, const uint32_t *upstreams, unsigned n);

/* The way to a target; over TLS its certificate must be for it. Not held. 0 or -errno. */
int target_flow(struct proxy *p, const struct target *target, struct flow *flow);

#endif
