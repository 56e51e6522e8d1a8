#include "by_via.h"

#include "sip/message/answer.h"
#include "proxy_parts.h"
#include "source_class.h"
#include "target.h"
#include "dialog_trunk.h"
#include "placing.h"
#include "response.h"

/* Received address and port of the Via: rport for a datagram, sent-by for a new connection. */
static bool read_hop(const struct via_hop *hop, struct target *target)
{
    enum transport transport;
    if (!transport_of_name(hop->transport, &transport))
        return false;
    uint64_t port = transport_port(transport);
    bool rport = transport == TRANSPORT_UDP && hop->rport.n > 0;
    struct str digits = rport ? hop->rport : hop->port;
    if (!address_parse(hop->received.n > 0 ? hop->received : hop->host, &target->address) ||
        (digits.n > 0 && !str_to_u64(digits, 65535, &port)))
        return false;
    target->address.port = (uint16_t)port;
    target->transport = (uint8_t)transport;
    return true;
}

/* The connection that its request came on, while that is open (section 18.2.2). */
static bool find_connection(struct proxy *p, const struct via_hop *hop, const struct target *target,
                            struct flow *flow)
{
    struct address remote = target->address;
    uint64_t port;
    if (target->transport == TRANSPORT_UDP || !str_to_u64(hop->rport, 65535, &port))
        return false;
    remote.port = (uint16_t)port;
    return net_flow_existing(proxy_net(p), target->listener, (enum transport)target->transport,
                             &remote, flow);
}

/*
 * A stranger gets no more octets than it sent, unless over a connection. While its INVITE has no
 * final answer it comes again and again, and each copy earns something: so of provisionals only
 * those that the far end repeats until they are acknowledged go there (RFC 3262).
 */
static bool may_have(struct proxy *p, const struct message *m, const struct target *target)
{
    struct header_line line;
    if (source_class_of(p, &target->address) != SOURCE_UNKNOWN)
        return true;
    if (m->status < 200 && !header_find(m->raw, STR("RSeq"), 0, &line))
        return false;
    return allowance_spend(proxy_allowances(p), proxy_branches(p)->table, &target->address,
                           proxy_scratch(p)->n, proxy_now_ms());
}

/* Prints M into scratch. Its source tells from which side it came, because no transaction is left
   to ask. */
static bool print(struct proxy *p, struct message *m, const struct flow *from, unsigned transport)
{
    const struct settings *s = proxy_settings(p);
    bool of_trunk = source_class_of(p, &from->remote) == SOURCE_TRUNK;
    struct answer_base base;
    if (response_write(p, s, m, of_trunk ? from : NULL, transport) != 0)
        return false;
    if (!response_is_hidden(s, m->status))
        return true;
    bool made = answer_base_of_response(&base, buf_str(proxy_scratch(p)));
    buf_reset(proxy_scratch(p));
    if (made)
        answer_write(&base, 500, STR(""), (struct str){NULL, 0}, proxy_scratch(p));
    answer_base_fini(&base);
    return made && !buf_failed(proxy_scratch(p));
}

/* To a call of our own nobody else is told. */
static void hear_own(struct proxy *p, struct message *m)
{
    const struct flow own = {.transport = TRANSPORT_UDP};
    if (print(p, m, &own, TRANSPORT_UDP))
        placing_hears(p, buf_str(proxy_scratch(p)));
}

void by_via_pass(struct proxy *p, struct message *m, const struct flow *from)
{
    if (placing_is_of(p, m->call_id)) {
        hear_own(p, m);
        return;
    }
    struct target target = {0};
    struct flow flow;
    const struct via_hop hop = message_top_via(m);
    if (m->status == 100 || !read_hop(&hop, &target) ||
        !target_listen(proxy_listeners(p), NO_LISTENER, &target))
        return;
    const struct trunk *alone = trunk_alone_at(proxy_settings(p), &target.address);
    target.trunk = alone ? trunk_id(p, alone) : 0;
    bool connected = find_connection(p, &hop, &target, &flow);
    if (source_class_of(p, &target.address) == SOURCE_UNKNOWN)
        target.opening =
            OPENING_NEVER; /* it may use a connection that is open, but none is opened for it */
    if (!print(p, m, from, target.transport) || !(connected || may_have(p, m, &target)))
        return;
    if (connected && proxy_send(p, &flow, buf_str(proxy_scratch(p))) == 0)
        return;
    if (target_flow(p, &target, &flow) == 0)
        proxy_send(p, &flow, buf_str(proxy_scratch(p)));
}
