#include "peer_ports.h"

#include <stird/core/headers.h>

#include "own_routes.h"
#include "proxy_parts.h"
#include "source_class.h"

#define URIS_A_MESSAGE 16 /* nobody needs more, and each costs a hash */

/* The set in which a place is kept, by a keyed hash, so that nobody can choose whose ports are
   forgotten in favour of its own. */
static struct peer_port *set_of(struct proxy *p, const struct address *at, enum transport transport)
{
    const uint8_t numbers[] = {at->family, (uint8_t)(at->port >> 8), (uint8_t)at->port,
                               (uint8_t)transport};
    const struct str texts[] = {STR("port"),
                                {(const char *)numbers, sizeof(numbers)},
                                {(const char *)at->bytes, sizeof(at->bytes)}};
    uint64_t hash = siphash_texts(proxy_branches(p)->table, texts, 3).low;
    return proxy_peer_ports(p)->sets[hash % PEER_PORTS_SETS];
}

static bool is_it(const struct peer_port *port, const struct address *at, enum transport transport)
{
    return port->transport == (uint8_t)transport && address_equal(&port->at, at);
}

/* Its place, a free one, or the oldest. */
static struct peer_port *place_for(struct peer_port *set, const struct address *at,
                                   enum transport transport)
{
    struct peer_port *oldest = &set[0];
    for (unsigned i = 0; i < PEER_PORTS_A_SET; i++) {
        if (set[i].at.family == ADDRESS_NONE || is_it(&set[i], at, transport))
            return &set[i];
        if (set[i].written_ms < oldest->written_ms)
            oldest = &set[i];
    }
    return oldest;
}

/* A standard port, or none, need not be kept. */
static bool is_plain(const struct address *at, enum transport transport)
{
    return at->port == 0 || at->port == transport_port(transport);
}

/* Messages of few peers follow each other: where one was kept last is tried before its hash.
   Whoever writes over that costs others a hash, and nothing else. */
static struct peer_port **recent_of(struct proxy *p, const struct address *at)
{
    const unsigned i = at->bytes[3] ^ at->bytes[15] ^ at->port;
    return &proxy_peer_ports(p)->recent[i % PEER_PORTS_RECENT];
}

static void keep(struct proxy *p, const struct address *at, enum transport transport)
{
    struct peer_port **recent = recent_of(p, at);
    if (!*recent || !is_it(*recent, at, transport))
        *recent = place_for(set_of(p, at, transport), at, transport);
    **recent = (struct peer_port){*at, (uint8_t)transport, proxy_now_ms()};
}

/* The port of a URI with a name is kept for the address that sent it: whatever the name resolves to
   is judged by its own address. */
static void keep_uri(struct proxy *p, struct str uri, const struct address *source)
{
    struct route_place place;
    struct str key;
    if (!own_routes_place(uri, &place, &key)) {
        uint16_t port = place.address.port;
        place.address = *source;
        place.address.port = port;
    }
    if (!is_plain(&place.address, (enum transport)place.transport) &&
        source_class_of(p, &place.address) != SOURCE_UNKNOWN)
        keep(p, &place.address, (enum transport)place.transport);
}

void peer_ports_note(struct proxy *p, const struct message *m, const struct flow *from)
{
    struct message_walk walk = {.begun = false};
    struct header_line line;
    struct str element, uri;
    if (from->transport == TRANSPORT_UDP && !is_plain(&from->remote, TRANSPORT_UDP))
        keep(p, &from->remote, TRANSPORT_UDP);
    for (unsigned n = 0; n < URIS_A_MESSAGE &&
                         message_came_next(m, MESSAGE_RECORDED | MESSAGE_OTHERS, &walk, &line);) {
        bool told = header_is(&line, STR("Contact"), 'm') ||
                    header_is(&line, STR("Record-Route"), 0);
        for (; told && n < URIS_A_MESSAGE && list_next(&line.value, &element); n++)
            if (name_addr_clear(element, &uri))
                keep_uri(p, uri, &from->remote);
    }
}

static bool is_written(struct proxy *p, const struct address *at, enum transport transport)
{
    const struct peer_port *set = set_of(p, at, transport);
    for (unsigned i = 0; i < PEER_PORTS_A_SET; i++)
        if (is_it(&set[i], at, transport))
            return true;
    return false;
}

/* The port of an upstream's uri counts for all of its sources. */
static bool is_of_sources(const struct settings *s, const struct address *at)
{
    for (unsigned i = 0; i < s->n_upstreams; i++) {
        const struct upstream *u = &s->upstreams[i];
        for (unsigned j = 0; j < u->n_sources && u->address.port == at->port; j++)
            if (address_prefix_covers(&u->sources[j], at))
                return true;
    }
    return false;
}

bool peer_ports_has(struct proxy *p, const struct address *at, enum transport transport)
{
    const struct settings *s = proxy_settings(p);
    return at->port == transport_port(transport) || routes_is_hop(proxy_routes(p), s, at) ||
           is_of_sources(s, at) || is_written(p, at, transport);
}
