#include "by_via.h"

#include <sofia-sip/sip_header.h>

#include "context.h"

/* Received address and port of the Via: rport for a datagram, sent-by for a new connection. */
static bool read_via(const sip_via_t *via, struct target *target)
{
    enum transport transport;
    if (!via->v_protocol || !transport_of_name(str_of(sip_via_transport(via)), &transport))
        return false;
    uint64_t port = transport_port(transport);
    bool rport = transport == TRANSPORT_UDP && via->v_rport && via->v_rport[0];
    const char *host = via->v_received ? via->v_received : via->v_host;
    const char *digits = rport ? via->v_rport : via->v_port;
    if (!address_parse(str_of(host), &target->address) ||
        (digits && !str_to_u64(str_of(digits), 65535, &port)))
        return false;
    target->address.port = (uint16_t)port;
    target->transport = (uint8_t)transport;
    return true;
}

static bool choose_listener(const struct proxy *p, struct target *target)
{
    for (unsigned i = 0; i < p->n_listeners; i++) {
        const struct listener *l = &p->listeners[i];
        if (l->transports[target->transport] && l->address.family == target->address.family) {
            target->listener = (uint16_t)i;
            return true;
        }
    }
    return false;
}

/* The connection that its request came on, while that is open (section 18.2.2). */
static bool find_connection(struct proxy *p, const sip_via_t *via, const struct target *target,
                            struct flow *flow)
{
    struct address remote = target->address;
    uint64_t port;
    if (target->transport == TRANSPORT_UDP || !via->v_rport ||
        !str_to_u64(str_of(via->v_rport), 65535, &port))
        return false;
    remote.port = (uint16_t)port;
    return net_flow_existing(p->net, target->listener, (enum transport)target->transport, &remote,
                             flow);
}

void pass_by_via(struct proxy *p, struct message *m)
{
    struct target target = {0};
    struct flow flow;
    const sip_via_t *via = m->sip->sip_via;
    if (!via || m->status == 100 || !read_via(via, &target) || !choose_listener(p, &target))
        return;
    bool connected = find_connection(p, via, &target, &flow);
    buf_reset(&p->scratch);
    if (message_fit_transport(m, target.transport) != 0 || message_print(m, &p->scratch) != 0)
        return;
    if (connected && proxy_send(p, &flow, buf_str(&p->scratch)) == 0)
        return;
    if (target_flow(p, &target, &flow) == 0)
        proxy_send(p, &flow, buf_str(&p->scratch));
}
