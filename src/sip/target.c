/* Where a request goes next (RFC 3261 sections 16.4 to 16.6). */
#include <errno.h>
#include <sofia-sip/url.h>
#include <stird/core/source_table.h>
#include <string.h>

#include "context.h"
#include "dialog_trunk.h"
#include "placing.h"

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

/* The host behind the last @, since "sip:a@b@host" is somebody's Contact too; empty: there is none.
 */
static struct str host_of(const url_t *url)
{
    struct str host = url->url_host ? str_of(url->url_host) : STR("");
    while (str_find(host, '@', 0) < host.n)
        str_cut(&host, '@');
    return host;
}

/* *PORT stays where it names none, or nothing behind its colon. */
static bool read_port(const url_t *url, uint64_t *port)
{
    struct str text = url->url_port ? str_of(url->url_port) : STR("");
    return text.n == 0 || str_to_u64(text, 65535, port);
}

static bool url_address(const url_t *url, struct address *address)
{
    uint64_t port = default_port(url);
    if (!address_parse(host_of(url), address) || !read_port(url, &port) || port == 0)
        return false;
    address->port = (uint16_t)port;
    return true;
}

bool target_is_ours(const struct proxy *p, const url_t *url, uint16_t *listener)
{
    uint64_t port = default_port(url);
    struct str host = host_of(url);
    return host.n > 0 && read_port(url, &port) &&
           listeners_find_host(proxy_listeners(p), host, (uint16_t)port, listener);
}

bool target_listen(const struct listeners *ours, uint16_t preferred, struct target *target)
{
    return listeners_reach(ours, preferred, target->address.family,
                           (enum transport)target->transport, &target->listener);
}

/* The URI to go to next. After a strict router the last Route stands in the place of the
   Request-URI (section 16.4). */
static const url_t *next_url(const struct message *m, const struct own_routes *own)
{
    const url_t *route = message_route_url(m, own->n);
    return route || own->strict ? route : message_request_url(m);
}

static enum target_result by_name(const struct proxy *p, const url_t *url, enum transport transport,
                                  uint16_t listener, const struct name_asker *asker,
                                  struct targets *targets)
{
    uint64_t port = 0;
    struct str host = host_of(url);
    if (!proxy_routes(p)) /* a rehearsal asks for no name */
        return TARGET_PENDING;
    bool named = url->url_port && url->url_port[0] != '\0';
    if (host.n == 0 || !read_port(url, &port) || (named && port == 0))
        return TARGET_NONE;
    enum name_state state = routes_by_name(proxy_routes(p), host, (uint16_t)port, transport, asker,
                                           targets->list, TARGETS_OF_DIALOG, &targets->n);
    for (unsigned i = 0; i < targets->n; i++)
        target_listen(proxy_listeners(p), listener, &targets->list[i]);
    if (state == NAME_PENDING)
        return TARGET_PENDING;
    return targets->n > 0 ? TARGET_FOUND : TARGET_NONE;
}

static enum target_result find_targets(const struct proxy *p, const struct message *m,
                                       const struct own_routes *own, const struct name_asker *asker,
                                       struct targets *targets)
{
    uint16_t ours;
    enum transport transport;
    struct target *target = &targets->list[0];
    const url_t *url = next_url(m, own);
    *targets = (struct targets){0};
    if (!url || !url_transport(url, &transport))
        return TARGET_NONE;
    /* Sending it to ourselves again would be a loop with one more hop. */
    if (target_is_ours(p, url, &ours))
        return TARGET_NONE;
    if (!url_address(url, &target->address))
        return by_name(p, url, transport, own->exit, asker, targets);
    target->transport = (uint8_t)transport;
    targets->n = 1;
    return target_listen(proxy_listeners(p), own->exit, target) ? TARGET_FOUND : TARGET_NONE;
}

/* PROVED: the name of a peer that calls us, which it proved on a connection of its own; where we
   connect, its name may be another. */
static struct str name_of(const struct trunk *t, bool proved)
{
    return proved || t->tls_peer_name.n == 0 ? t->tls_name : t->tls_peer_name;
}

enum target_result target_of_dialog(const struct proxy *p, const struct message *m,
                                    const struct own_routes *own, const struct name_asker *asker,
                                    struct targets *targets)
{
    enum target_result result = find_targets(p, m, own, asker, targets);
    for (unsigned i = 0; i < targets->n; i++)
        targets->list[i].trunk = dialog_trunk_of(p, m, own, SENT_BY_CALLER | SENT_BY_CALLEE,
                                                 &targets->list[i].address);
    return result;
}

/* Adds the names of the upstream that has ADDRESS; false: none has it. */
static bool add_upstream_name(struct proxy *p, const struct address *address, struct buf *names)
{
    const struct settings *s = proxy_settings(p);
    struct target hops[ROUTES_TARGETS_MAX];
    for (unsigned i = 0; i < s->n_upstreams; i++) {
        const struct upstream *u = &s->upstreams[i];
        unsigned n = u->tls_name.n > 0 ? routes_hops(proxy_routes(p), u, hops, ROUTES_TARGETS_MAX)
                                       : 0;
        while (n > 0)
            if (address_same_host(&hops[--n].address, address)) {
                buf_add_str(names, u->tls_name);
                return true;
            }
    }
    return false;
}

static bool has_name(struct str names, struct str name)
{
    while (names.n > 0)
        if (str_eq_nocase(str_cut(&names, ','), name))
            return true;
    return false;
}

static void add_name(struct buf *names, struct str name)
{
    if (name.n == 0 || has_name(buf_str(names), name))
        return;
    buf_add_text(names, names->n > 0 ? "," : "");
    buf_add_str(names, name);
}

/* Adds the names of all trunks of the longest prefix that has any: nobody knows which one is meant.
 */
static void add_trunk_names(const struct settings *s, const struct address *address, bool proved,
                            struct buf *names)
{
    const struct source_entry *entry;
    unsigned step = 0;
    while (names->n == 0 && (entry = source_table_next(s->sources, address, &step)))
        for (unsigned i = 0; i < entry->n_trunks; i++)
            add_name(names, name_of(&s->trunks[entry->trunks[i]], proved));
}

/*
 * What the certificate of a next hop must be for, with commas between where one of several will do.
 * The next hop of a dialog is an address: where an upstream or a trunk has it, its name is known;
 * otherwise the certificate itself must hold the address. PROVED: what a peer that connected to us
 * must have shown.
 */
static struct str expected_names(struct proxy *p, const struct target *target, bool proved,
                                 struct buf *names)
{
    const struct trunk *trunk;
    if (target->upstream)
        return target->upstream->tls_name;
    if (target->transport != TRANSPORT_TLS || add_upstream_name(p, &target->address, names))
        return buf_str(names);
    trunk = target->trunk ? trunk_at(p, &target->address, target->trunk) : NULL;
    if (trunk)
        return name_of(trunk, proved);
    add_trunk_names(proxy_settings(p), &target->address, proved, names);
    return buf_str(names);
}

/* Whether the peer of the connection has proved the name that a trunk's peer has to prove. */
static bool has_proved(const struct flow *flow, struct str wanted)
{
    const struct str *names;
    unsigned n = flow_peer_names(flow, &names);
    while (n > 0 && !has_name(wanted, names[n - 1]))
        n--;
    return wanted.n == 0 || n > 0;
}

/*
 * Finds a connection that a trunk's peer has opened, where its trunk wants that (nat.h). Of several
 * trunks behind one address, it must be one on which that trunk's own requests came.
 */
static bool find_offered(struct proxy *p, const struct target *target, struct flow *flow)
{
    const struct settings *s = proxy_settings(p);
    struct buf names = BUF_INIT;
    const struct trunk *alone = trunk_alone_at(s, &target->address);
    const struct trunk *trunk = alone           ? alone
                                : target->trunk ? trunk_at(p, &target->address, target->trunk)
                                                : NULL;
    bool found = trunk && trunk->reuse_connection &&
                 net_flow_offered(proxy_net(p), (enum transport)target->transport, &target->address,
                                  alone ? 0 : target->trunk, flow) &&
                 has_proved(flow, expected_names(p, target, true, &names)) && !buf_failed(&names);
    buf_fini(&names);
    return found;
}

/* Opens a connection, or takes one that we have opened for the same names. */
static int connect_to(struct proxy *p, const struct target *target, enum opening opening,
                      struct flow *flow)
{
    struct buf names = BUF_INIT;
    struct str expected = expected_names(p, target, false, &names);
    int error = buf_failed(&names) ? -ENOMEM
                                   : net_flow_to_named(proxy_net(p), target->listener,
                                                       (enum transport)target->transport,
                                                       &target->address, expected, opening, flow);
    buf_fini(&names);
    return error;
}

int target_flow(struct proxy *p, const struct target *target, struct flow *flow)
{
    enum transport transport = (enum transport)target->transport;
    enum opening opening = target->upstream ? OPENING_CONFIGURED : (enum opening)target->opening;
    bool existing;
    /* The address of a dialog may be the caller's end of a connection that it opened. */
    existing =
        !target->upstream && transport != TRANSPORT_UDP &&
        (net_flow_existing(proxy_net(p), target->listener, transport, &target->address, flow) ||
         find_offered(p, target, flow));
    flow->opening = (uint8_t)opening;
    return existing ? 0 : connect_to(p, target, opening, flow);
}

/*
 * A dialog whose key is lost, or that never had one, must still find its own upstream among the
 * trunk's: any other would end it with 481. The address in the dialog only decides the order, never
 * the way.
 */
static void prefer_dialog(const struct context *c, struct target *targets, unsigned n)
{
    const url_t *url = next_url(c->message, &c->own);
    struct address address;
    if (c->message->to_tag.n == 0 || !url || !url_address(url, &address))
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

/* What is inside a call goes where the call goes. An emergency call is not lost because an operator
   has disabled all upstreams of its trunk. */
static unsigned find_of(const struct context *c, const uint32_t *upstreams, unsigned n_upstreams,
                        struct target targets[ROUTES_TARGETS_MAX])
{
    struct routes *routes = proxy_routes(c->proxy);
    const struct settings *s = c->snapshot->settings;
    const bool begins = c->message->to_tag.n == 0;
    unsigned n = routes_targets(routes, s, upstreams, n_upstreams,
                                begins ? proxy_switches(c->proxy) : NULL, proxy_now_ms(), targets);
    if (n > 0 || c->says_emergency == EMERGENCY_NONE)
        return n;
    return routes_targets(routes, s, upstreams, n_upstreams, NULL, proxy_now_ms(), targets);
}

static bool set_targets(struct context *c, const uint32_t *upstreams, unsigned n_upstreams)
{
    struct target targets[ROUTES_TARGETS_MAX];
    unsigned n = find_of(c, upstreams, n_upstreams, targets);
    struct target *copy = arena_array(c->arena, n > 0 ? n : 1, sizeof(*copy));
    if (!copy)
        return false;
    if (c->placed)
        n = placing_targets(c, targets, n);
    prefer_dialog(c, targets, n);
    memcpy(copy, targets, n * sizeof(*copy));
    c->targets = copy;
    c->n_targets = n;
    return true;
}

bool target_of_trunk(struct context *c, const struct trunk *trunk)
{
    return set_targets(c, trunk->upstreams, trunk->n_upstreams);
}

/* A rehearsal supposes the first. */
static bool suppose(struct context *c, uint32_t upstream)
{
    struct target *target = arena_alloc(c->arena, sizeof(*target));
    if (!target)
        return false;
    target->upstream = &c->snapshot->settings->upstreams[upstream];
    c->targets = target;
    c->n_targets = 1;
    c->call->upstream = target->upstream;
    return true;
}

bool target_redirect(struct context *c, const uint32_t *upstreams, unsigned n)
{
    if (n == 0 || c->call->trunk->in_dialect) /* its SBC goes its own way */
        return true;
    c->target = 0;
    c->redirected = true;
    return proxy_rehearsal(c->proxy) ? suppose(c, upstreams[0]) : set_targets(c, upstreams, n);
}
