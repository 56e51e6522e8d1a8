/* Where a request goes next (RFC 3261 sections 16.4 to 16.6). */
#include <sofia-sip/url.h>
#include <stird/nat.h>
#include <string.h>

#include "context.h"

static bool url_transport(const url_t *url, enum transport *transport)
{
    char name[8] = "";
    *transport = url->url_type == url_sips ? TRANSPORT_TLS : TRANSPORT_UDP;
    if (!url->url_params || url_param(url->url_params, "transport", name, sizeof(name)) == 0)
        return true;
    if (!transport_of_name(str_of(name), transport))
        return false;
    /* "sips:...;transport=tcp" is TLS over TCP (section 26.2.2). */
    if (url->url_type == url_sips && *transport == TRANSPORT_TCP)
        *transport = TRANSPORT_TLS;
    return url->url_type != url_sips || *transport == TRANSPORT_TLS;
}

static uint16_t default_port(const url_t *url)
{
    enum transport transport;
    return transport_port(url_transport(url, &transport) ? transport : TRANSPORT_UDP);
}

static bool url_address(const url_t *url, struct address *address)
{
    uint64_t port = default_port(url);
    if (!url->url_host || !address_parse(str_of(url->url_host), address))
        return false;
    if (url->url_port && (!str_to_u64(str_of(url->url_port), 65535, &port) || port == 0))
        return false;
    address->port = (uint16_t)port;
    return true;
}

bool target_is_ours(const struct proxy *p, const url_t *url, uint16_t *listener)
{
    uint64_t port = default_port(url);
    if (!url->url_host || (url->url_port && !str_to_u64(str_of(url->url_port), 65535, &port)))
        return false;
    return listeners_find_host(&p->listeners, str_of(url->url_host), (uint16_t)port, listener);
}

/* By PREFERRED when that can. */
static bool choose_listener(const struct proxy *p, uint16_t preferred, struct target *target)
{
    return listeners_reach(&p->listeners, preferred, target->address.family,
                           (enum transport)target->transport, &target->listener);
}

/* What stands in the Request-URI's place after a strict router: the last Route (section 16.4). */
static const url_t *next_url(const struct message *m, const struct own_routes *own)
{
    const sip_route_t *r = m->sip->sip_route;
    for (unsigned i = 0; i < own->n && r; i++)
        r = r->r_next;
    if (r)
        return r->r_url;
    return own->strict ? NULL : m->sip->sip_request->rq_url;
}

static enum target_result by_name(const struct proxy *p, const url_t *url, enum transport transport,
                                  uint16_t listener, const uint64_t *asker, struct targets *targets)
{
    uint64_t port = 0;
    if (!p->routes) /* a rehearsal asks for no name */
        return TARGET_PENDING;
    if (!url->url_host ||
        (url->url_port && (!str_to_u64(str_of(url->url_port), 65535, &port) || port == 0)))
        return TARGET_NONE;
    enum name_state state = routes_by_name(p->routes, str_of(url->url_host), (uint16_t)port,
                                           transport, asker, targets->list, TARGETS_OF_DIALOG,
                                           &targets->n);
    for (unsigned i = 0; i < targets->n; i++)
        choose_listener(p, listener, &targets->list[i]);
    if (state == NAME_PENDING)
        return TARGET_PENDING;
    return targets->n > 0 ? TARGET_FOUND : TARGET_NONE;
}

enum target_result target_of_dialog(const struct proxy *p, const struct message *m,
                                    const struct own_routes *own, const uint64_t *asker,
                                    struct targets *targets)
{
    uint16_t ours;
    enum transport transport;
    struct target *target = &targets->list[0];
    const url_t *url = next_url(m, own);
    *targets = (struct targets){0};
    if (!url || !url_transport(url, &transport))
        return TARGET_NONE;
    /* To ourselves again would be a loop with one more hop. */
    if (target_is_ours(p, url, &ours))
        return TARGET_NONE;
    if (!url_address(url, &target->address))
        return by_name(p, url, transport, own->exit, asker, targets);
    target->transport = (uint8_t)transport;
    targets->n = 1;
    return choose_listener(p, own->exit, target) ? TARGET_FOUND : TARGET_NONE;
}

/* Who PROVED a name to call has done so on its own connection; who is connected to may go by
   another one. */
static struct str name_of(const struct trunk *t, bool proved)
{
    return proved || t->tls_peer_name.n == 0 ? t->tls_name : t->tls_peer_name;
}

/* Of the trunk whose source it is by the longest prefix, of those that say a name. */
static struct str name_of_trunk(const struct settings *s, const struct address *address,
                                bool proved)
{
    struct str name = {NULL, 0};
    int bits = -1;
    for (unsigned i = 0; i < s->n_trunks; i++) {
        const struct trunk *t = &s->trunks[i];
        for (unsigned j = 0; name_of(t, proved).n > 0 && j < t->n_sources; j++) {
            if (t->sources[j].bits <= bits || !address_prefix_covers(&t->sources[j], address))
                continue;
            bits = t->sources[j].bits;
            name = name_of(t, proved);
        }
    }
    return name;
}

/*
 * What the certificate of a next hop must be for. A dialog's next hop is an address: that of an
 * upstream or a trunk we know by name, or it must be in the certificate itself. PROVED: what one
 * that has connected to us must have shown.
 */
static struct str expected_name(struct proxy *p, const struct target *target, bool proved)
{
    const struct settings *s = p->snapshot->settings;
    struct target hops[ROUTES_TARGETS_MAX];
    if (target->upstream)
        return target->upstream->tls_name;
    for (unsigned i = 0; i < s->n_upstreams; i++) {
        const struct upstream *u = &s->upstreams[i];
        unsigned n = u->tls_name.n > 0 ? routes_hops(p->routes, u, hops, ROUTES_TARGETS_MAX) : 0;
        while (n > 0)
            if (address_same_host(&hops[--n].address, &target->address))
                return u->tls_name;
    }
    return name_of_trunk(s, &target->address, proved);
}

/* Where a trunk's peer must prove a name, so must the one whose connection it is. */
static bool has_proved(const struct flow *flow, struct str name)
{
    const struct str *names;
    unsigned n = flow_peer_names(flow, &names);
    while (n > 0 && !str_eq_nocase(names[n - 1], name))
        n--;
    return name.n == 0 || n > 0;
}

/* By a connection that a trunk's peer has opened, where its trunk wants that: nat.h. */
static bool find_offered(struct proxy *p, const struct target *target, struct flow *flow)
{
    return nat_wants(p->snapshot->settings, &target->address, NAT_REUSE_CONNECTION) &&
           net_flow_offered(p->net, (enum transport)target->transport, &target->address, flow) &&
           has_proved(flow, expected_name(p, target, true));
}

int target_flow(struct proxy *p, const struct target *target, struct flow *flow)
{
    enum transport transport = (enum transport)target->transport;
    enum opening opening = target->upstream ? OPENING_CONFIGURED : (enum opening)target->opening;
    bool existing;
    /* The address of a dialog may be the caller's end of a connection that it opened. */
    existing = !target->upstream && transport != TRANSPORT_UDP &&
               (net_flow_existing(p->net, target->listener, transport, &target->address, flow) ||
                find_offered(p, target, flow));
    flow->opening = (uint8_t)opening;
    if (existing)
        return 0;
    return net_flow_to_named(p->net, target->listener, transport, &target->address,
                             expected_name(p, target, false), opening, flow);
}

/*
 * A dialog whose key is lost, or that never had one, must still find its own upstream among the
 * trunk's: another one would end it with 481. Its address is a preference, never a way.
 */
static void prefer_dialog(const struct context *c, struct target *targets, unsigned n)
{
    const url_t *url = next_url(&c->message, &c->own);
    struct address address;
    if (c->message.to_tag.n == 0 || !url || !url_address(url, &address))
        return;
    for (unsigned i = 1; i < n; i++) {
        if (!address_same_host(&targets[i].address, &address))
            continue;
        const struct target first = targets[i];
        memmove(&targets[1], &targets[0], i * sizeof(first));
        targets[0] = first;
        return;
    }
}

bool target_of_trunk(struct context *c, const struct trunk *trunk)
{
    struct target targets[ROUTES_TARGETS_MAX];
    unsigned n = routes_targets(c->proxy->routes, c->snapshot->settings, trunk, proxy_now_ms(),
                                targets);
    struct target *copy = arena_array(c->arena, n > 0 ? n : 1, sizeof(*copy));
    if (!copy)
        return false;
    prefer_dialog(c, targets, n);
    memcpy(copy, targets, n * sizeof(*copy));
    c->targets = copy;
    c->n_targets = n;
    return true;
}
