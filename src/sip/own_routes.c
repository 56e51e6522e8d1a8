#include "own_routes.h"

#include <stird/core/headers.h>
#include <stird/core/uri.h>

#include "proxy_parts.h"
#include "dialog_trunk.h"

/* While the Routes are read. */
struct reading {
    const struct proxy *p;
    const struct dialog_id *dialog;
    int64_t today;
    struct own_routes *own;
    uint16_t arrived; /* the listener where it came in */
    bool keyed;       /* a key was valid */
    unsigned senders; /* that all keys so far leave */
    unsigned at_exit; /* of them, those whose way out the last key is */
};

/* ":5080" behind the host, before parameters and headers. */
static bool read_port(struct str text, const struct uri *uri, uint64_t *port)
{
    struct str rest = str_span(uri->host.p + uri->host.n, text.p + text.n);
    rest = str_slice(rest, 0, str_find(rest, '?', 0));
    rest = str_slice(rest, 0, str_find(rest, ';', 0));
    return rest.n == 0 || (rest.p[0] == ':' && str_to_u64(str_slice(rest, 1, rest.n), 65535, port));
}

/* The first of each parameter counts. Behind "sips:" TCP is TLS (section 26.2.2). */
static bool read_parameters(struct str parameters, bool sips, uint8_t *transport, struct str *key,
                            uint64_t *trunk)
{
    struct str name, value, named = {NULL, 0};
    enum transport t = sips ? TRANSPORT_TLS : TRANSPORT_UDP;
    while (uri_parameter_next(&parameters, &name, &value)) {
        if (!named.p && uri_name_is(name, STR("transport")))
            named = value.p ? value : STR("");
        if (!key->p && uri_name_is(name, STR(ROUTE_PARAMETER)))
            *key = value.p ? value : STR("");
        if (*trunk == 0 && uri_name_is(name, STR(TRUNK_PARAMETER)))
            *trunk = dialog_trunk_read(value);
    }
    if (named.p && !transport_of_name(named, &t))
        return false;
    *transport = (uint8_t)(sips && t == TRANSPORT_TCP ? TRANSPORT_TLS : t);
    return true;
}

/* Reads a sip: URI: what it names, the place where that is an address, and the key in it. False: it
   is no such URI, or it has no key though KEY_NEEDED. */
static bool read_uri(struct str text, bool key_needed, struct str *host, struct route_place *place,
                     struct str *key, uint64_t *trunk)
{
    struct uri uri;
    uint64_t port;
    *key = (struct str){NULL, 0};
    *trunk = 0;
    *place = (struct route_place){{0}, 0};
    if (!uri_split(&uri, text) || uri.scheme != URI_SIP ||
        !read_parameters(uri.parameters, str_starts_nocase(text, STR("sips:")), &place->transport,
                         key, trunk) ||
        (key_needed && key->n == 0))
        return false;
    port = transport_port((enum transport)place->transport);
    if (!read_port(text, &uri, &port))
        return false;
    *host = uri.host;
    if (!address_parse(uri.host, &place->address))
        place->address = (struct address){.family = ADDRESS_NONE};
    place->address.port = (uint16_t)port;
    return true;
}

bool own_routes_place(struct str uri, struct route_place *place, struct str *key)
{
    struct str host;
    uint64_t trunk;
    return read_uri(uri, false, &host, place, key, &trunk) && place->address.family != ADDRESS_NONE;
}

/* A caller's request comes in by the caller's side and leaves by the callee's. */
static unsigned senders_by(enum route_side way_in)
{
    if (way_in == ROUTE_OF_BOTH)
        return SENT_BY_CALLER | SENT_BY_CALLEE;
    return way_in == ROUTE_OF_CALLER ? SENT_BY_CALLER : SENT_BY_CALLEE;
}

static unsigned senders_to(enum route_side way_out)
{
    return way_out == ROUTE_OF_BOTH ? senders_by(way_out)
                                    : senders_by(way_out) ^ (SENT_BY_CALLER | SENT_BY_CALLEE);
}

/* Tries today, then the days that the clock showed earlier, because somebody may have set the clock
   since the key was written. */
static unsigned senders_of(const struct reading *r, struct str key, const struct route_place *place,
                           enum route_side *side)
{
    const struct branches *b = proxy_branches(r->p);
    const struct route_days *kept = proxy_route_days(r->p);
    unsigned days = proxy_settings(r->p)->dialog_days;
    unsigned senders = route_key_senders(b, key, r->dialog, place, r->today, days, side);
    for (unsigned i = 0; senders == 0 && i < kept->n; i++)
        if (route_days_hold(kept, i, days, proxy_now_ms()))
            senders = route_key_senders(b, key, r->dialog, place, kept->list[i].day, 1, side);
    return senders;
}

/* A Route of ours without a valid key is still ours: a peer was configured to send it. */
static void use_key(struct reading *r, struct str key, const struct route_place *place,
                    uint16_t listener)
{
    enum route_side side;
    unsigned senders = key.n > 0 ? senders_of(r, key, place, &side) : 0;
    if (senders == 0)
        return;
    if (!r->keyed) {
        r->own->entry = listener;
        r->senders = senders_by(side);
    }
    r->keyed = true;
    r->senders &= senders;
    r->at_exit = r->senders & senders_to(side);
}

/* Notes what URI proves, which is ours. */
static bool note(struct reading *r, struct str uri, bool key_needed)
{
    struct route_place place;
    struct str host, key;
    uint16_t listener;
    uint64_t trunk;
    bool keyed_before = r->keyed;
    if (!read_uri(uri, key_needed, &host, &place, &key, &trunk) ||
        !listeners_find_host(proxy_listeners(r->p), host, place.address.port, &listener))
        return false;
    if (listener == NO_LISTENER) /* another node's, at a port that we have not */
        listener = r->arrived;
    use_key(r, key, &place, listener);
    if (key_needed && r->keyed == keyed_before)
        return false;
    r->own->exit = listener; /* the last one's */
    if (trunk != 0)
        r->own->trunk = trunk;
    return true;
}

/* Of those that came, from the top, down to the first that is another's. */
static void read_routes(struct reading *r, const struct message *m)
{
    struct message_routes routes = {.n = 0};
    struct str uri;
    while (message_route_came(m, &routes, &uri)) {
        if (r->own->n == OWN_ROUTES_MAX || !note(r, uri, false))
            return;
        r->own->n++;
    }
}

/* URI is the Request-URI that came. */
static void read_all(struct reading *r, const struct message *m, struct str uri)
{
    struct own_routes *own = r->own;
    *own = (struct own_routes){.entry = r->arrived, .exit = r->arrived};
    /* A strict router before us put our Record-Route there. */
    own->strict = note(r, uri, true);
    read_routes(r, m);
    own->proven = r->keyed && r->at_exit != 0;
    own->senders = own->proven ? r->at_exit : 0;
}

static struct str request_uri_of(struct str raw)
{
    struct str rest, line = start_line(raw, &rest);
    str_cut(&line, ' ');
    return str_cut(&line, ' ');
}

void own_routes_read(const struct proxy *p, struct str raw, const struct dialog_id *dialog,
                     uint16_t listener, struct own_routes *own)
{
    const struct message unread = {.raw = raw};
    struct reading r = {
        .p = p, .dialog = dialog, .today = route_day(), .own = own, .arrived = listener};
    read_all(&r, &unread, request_uri_of(raw));
}

void own_routes_of(const struct proxy *p, const struct message *m, uint16_t listener,
                   struct own_routes *own)
{
    const struct dialog_id dialog = {m->call_id, m->from_tag, m->to_tag};
    struct reading r = {
        .p = p, .dialog = &dialog, .today = route_day(), .own = own, .arrived = listener};
    read_all(&r, m, request_uri_of(m->raw));
}
