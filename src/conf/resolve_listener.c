/* Listeners: from the draft to the settings. */
#include "host_port.h"
#include "reader.h"

#include <stird/base/container_of.h>
#include <stird/core/listeners.h>

#include <string.h>

static bool is_wildcard(const struct address *a)
{
    static const uint8_t zeros[16];
    return memcmp(a->bytes, zeros, sizeof(zeros)) == 0;
}

static void resolve_address(struct reader *r, struct draft_listener *d)
{
    struct address a;
    if (d->address.n == 0)
        return;
    if (!address_parse(d->address, &a)) {
        complain(r, &d->object, place_of(&d->object, "address"),
                 "address: %.*s is no IPv4 or IPv6 address", STR_ARG(shown(r, d->address)));
        return;
    }
    a.port = d->listener.address.port;
    d->listener.address = a;
    if (is_wildcard(&a))
        complain(r, &d->object, place_of(&d->object, "address"),
                 "address: %.*s means every address, but the address goes into Via and "
                 "Record-Route: write one listener for each address",
                 STR_ARG(d->address));
}

/* What outsiders see: an address, for it stands where responses are sent to. */
static void resolve_advertise(struct reader *r, struct draft_listener *d)
{
    struct host_port hp;
    struct listener *l = &d->listener;
    if (d->advertise.n == 0)
        return;
    if (host_port_read(d->advertise, &hp) || hp.name.n > 0 || !host_port_is_one_hosts(&hp.address))
        complain(r, &d->object, place_of(&d->object, "advertise"),
                 "advertise: %.*s must be an address, with a port or without (like 203.0.113.5 or "
                 "203.0.113.5:5060)",
                 STR_ARG(shown(r, d->advertise)));
    else if (l->address.family != ADDRESS_NONE && l->address.family != hp.address.family)
        complain(r, &d->object, place_of(&d->object, "advertise"),
                 "advertise: %.*s and address are not both IPv4 or both IPv6",
                 STR_ARG(shown(r, d->advertise)));
    else
        l->advertised = hp.address;
    l->advertised.port = hp.port > 0 ? hp.port : l->address.port;
}

static void resolve_transports(struct reader *r, struct draft_listener *d)
{
    const struct texts *given = &d->transports;
    bool *transports = d->listener.transports;
    if (!was_given(&d->object, "transports"))
        transports[TRANSPORT_UDP] = transports[TRANSPORT_TCP] = true;
    else if (given->n == 0 && !given->faulty)
        complain(r, &d->object, place_of(&d->object, "transports"),
                 "transports is empty: write \"udp\", \"tcp\" or both, or \"tls\"");
    for (unsigned i = 0; i < given->n; i++) {
        enum transport t;
        if (transport_of_name(given->items[i].text, &t))
            transports[t] = true;
        else
            complain(r, &d->object, given->items[i].at,
                     "transports: %.*s is not supported (write \"udp\", \"tcp\" or \"tls\")",
                     STR_ARG(shown(r, given->items[i].text)));
    }
}

/* A listener has one port, and TLS cannot share it with TCP. */
static void resolve_tls_listener(struct reader *r, struct draft_listener *d)
{
    const bool *transports = d->listener.transports;
    if (!transports[TRANSPORT_TLS]) {
        if (d->listener.verify_client)
            complain(r, &d->object, place_of(&d->object, "verify_client"),
                     "verify_client has a meaning with transports = [ \"tls\" ] only: take it out");
        return;
    }
    if (transports[TRANSPORT_UDP] || transports[TRANSPORT_TCP])
        complain(r, &d->object, place_of(&d->object, "transports"),
                 "\"tls\" needs a port of its own: write a second listener for it");
    if (!was_given(&d->object, "port"))
        d->listener.address.port = transport_port(TRANSPORT_TLS);
}

static bool share_a_socket(const struct listener *a, const struct listener *b)
{
    bool a_stream = a->transports[TRANSPORT_TCP] || a->transports[TRANSPORT_TLS];
    bool b_stream = b->transports[TRANSPORT_TCP] || b->transports[TRANSPORT_TLS];
    bool both = (a->transports[TRANSPORT_UDP] && b->transports[TRANSPORT_UDP]) ||
                (a_stream && b_stream);
    return both && a->address.family != ADDRESS_NONE && address_equal(&a->address, &b->address);
}

/* Whether A's address, or what it advertises, is B's too: a Route with it would not say which of
   them is meant. */
static bool look_alike(const struct listener *a, const struct listener *b)
{
    const struct address *of_a = listener_shown(a), *of_b = listener_shown(b);
    return of_a->family != ADDRESS_NONE && of_b->family != ADDRESS_NONE &&
           (address_equal(of_a, of_b) || address_equal(of_a, &b->address) ||
            address_equal(&a->address, of_b));
}

static void check_same_address(struct reader *r, const struct draft *draft, unsigned i)
{
    const struct draft_listener *d = container_of(draft->listeners.items[i], struct draft_listener,
                                                  object);
    for (unsigned j = 0; j < i; j++) {
        const struct draft_listener *before = container_of(draft->listeners.items[j],
                                                           struct draft_listener, object);
        const struct listener *l = &before->listener;
        if (share_a_socket(&d->listener, l))
            complain(r, &d->object, place_of(&d->object, "address"),
                     "listener %.*s has the same address, port and transport",
                     STR_ARG(shown(r, l->name)));
        else if (!address_equal(&d->listener.address, &l->address) && look_alike(&d->listener, l))
            complain(r, &d->object, place_of(&d->object, "advertise"),
                     "listener %.*s shows itself at the same address and port",
                     STR_ARG(shown(r, l->name)));
    }
}

void resolve_listeners(struct reader *r, struct draft *draft)
{
    struct listener *list = reader_array(r, draft->listeners.n, sizeof(*list));
    check_names(r, &draft->listeners);
    for (unsigned i = 0; list && i < draft->listeners.n; i++) {
        struct draft_listener *d = container_of(draft->listeners.items[i], struct draft_listener,
                                                object);
        resolve_transports(r, d);
        resolve_tls_listener(r, d);
        resolve_address(r, d);
        resolve_advertise(r, d);
        check_same_address(r, draft, i);
        list[i] = d->listener;
    }
    draft->settings.listeners = list;
    draft->settings.n_listeners = list ? draft->listeners.n : 0;
}
