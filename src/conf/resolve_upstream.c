/* Upstreams: from the draft to the settings, with where their uri leads. */
#include "host_port.h"
#include "reader.h"

#include <stird/base/container_of.h>
#include <stird/core/listeners.h>

#define SIP_PORT     5060
#define PROBE_MIN_MS 1000

static void bad_uri(struct reader *r, const struct draft_upstream *d, const char *why)
{
    complain(r, &d->object, place_of(&d->object, "uri"), "uri: %.*s: %s", STR_ARG(shown(r, d->uri)),
             why);
}

/* ";transport=udp": the only parameter there is. */
static const char *read_parameters(struct str rest, struct upstream *u)
{
    bool seen = false;
    u->transport = TRANSPORT_UDP;
    while (rest.p) {
        struct str parameter = str_cut(&rest, ';');
        if (seen || !str_starts_nocase(parameter, STR("transport=")))
            return "only one parameter is known: ;transport=udp, tcp or tls";
        struct str value = str_slice(parameter, sizeof("transport=") - 1, parameter.n);
        if (!transport_of_name(value, &u->transport))
            return "the transport must be udp, tcp or tls";
        seen = u->transport_given = true;
    }
    return NULL;
}

static const char *read_host_port(struct str text, struct upstream *u)
{
    struct host_port hp;
    const char *fault = host_port_read(text, &hp);
    if (!fault && hp.address.family == ADDRESS_IPV6 && !str_starts(text, STR("[")))
        fault = "the host must be a name, an IPv4 address or an IPv6 address in brackets";
    if (!fault && hp.name.n == 0 && !host_port_is_one_hosts(&hp.address))
        fault = "no host has this address: it is a wildcard, multicast or reserved";
    if (fault)
        return fault;
    u->host = hp.name;
    u->address = hp.address;
    u->port_given = hp.port > 0;
    u->address.port = hp.port > 0 ? hp.port : SIP_PORT;
    return NULL;
}

/* sips: is TLS, and so is sips: with ;transport=tcp (RFC 3261 section 26.2.2). */
static const char *settle_tls(struct upstream *u, bool sips)
{
    if (sips && u->transport_given && u->transport == TRANSPORT_UDP)
        return "sips: cannot go over UDP";
    if (sips) {
        u->transport = TRANSPORT_TLS;
        u->transport_given = true;
    }
    if (!u->port_given)
        u->address.port = transport_port(u->transport);
    return NULL;
}

/* A name out of DNS proves nothing: the certificate must be for what the file says. */
static void resolve_tls_name(struct reader *r, struct draft_upstream *d)
{
    struct upstream *u = &d->upstream;
    if (u->transport == TRANSPORT_TLS && u->tls_name.n == 0)
        u->tls_name = u->host;
    u->tls_name = tls_plain_host_name(r, u->tls_name);
    if (was_given(&d->object, "tls_name"))
        discriminator_host(r, &d->object, "tls_name", u->tls_name);
    if (u->transport != TRANSPORT_TLS && was_given(&d->object, "tls_name"))
        complain(r, &d->object, place_of(&d->object, "tls_name"),
                 "tls_name has a meaning only with ;transport=tls in the uri: take it out");
}

static bool read_uri(struct reader *r, struct draft_upstream *d)
{
    struct str rest = d->uri;
    const char *fault = NULL;
    if (rest.n == 0)
        return false;
    bool sips = str_starts_nocase(rest, STR("sips:"));
    if (!sips && !str_starts_nocase(rest, STR("sip:")))
        fault = "write sip:HOST[:PORT][;transport=udp|tcp|tls]";
    else if (str_find(rest, '@', 0) < rest.n)
        fault = "a next hop has no user part: write sip:HOST[:PORT][;transport=udp|tcp|tls]";
    if (!fault) {
        rest = str_slice(rest, sips ? sizeof("sips:") - 1 : sizeof("sip:") - 1, rest.n);
        struct str host_port = str_cut(&rest, ';');
        fault = read_host_port(host_port, &d->upstream);
        if (!fault)
            fault = read_parameters(rest, &d->upstream);
        if (!fault)
            fault = settle_tls(&d->upstream, sips);
    }
    if (fault)
        bad_uri(r, d, fault);
    return !fault;
}

/* A name may have addresses of any family. */
static bool serves(const struct listener *l, const struct upstream *u)
{
    enum address_family family = u->host.n > 0 ? ADDRESS_NONE : u->address.family;
    return listener_reaches(l, family, u->transport);
}

static const char *family_name(const struct upstream *u)
{
    if (u->host.n > 0)
        return "";
    return u->address.family == ADDRESS_IPV6 ? "IPv6 and " : "IPv4 and ";
}

static void choose_listener(struct reader *r, const struct draft *draft, struct draft_upstream *d)
{
    struct upstream *u = &d->upstream;
    const struct settings *s = &draft->settings;
    struct str transport = transport_name(u->transport);
    u->listener = 0;
    if (d->listener.n > 0) {
        u->listener = object_find(&draft->listeners, d->listener);
        if (u->listener >= s->n_listeners && objects_are_open(r, &draft->listeners))
            return;
        if (u->listener >= s->n_listeners)
            complain(r, &d->object, place_of(&d->object, "listener"),
                     "there is no listener %.*s%.*s", STR_ARG(shown(r, d->listener)),
                     STR_ARG(hint_of_objects(r, &draft->listeners, d->listener)));
        else if (!serves(&s->listeners[u->listener], u))
            complain(r, &d->object, place_of(&d->object, "listener"),
                     "listener %.*s is not of %s%.*s, as the uri is",
                     STR_ARG(shown(r, d->listener)), family_name(u), STR_ARG(transport));
        u->listener_given = true;
        return;
    }
    while (u->listener < s->n_listeners && !serves(&s->listeners[u->listener], u))
        u->listener++;
    if (u->listener == s->n_listeners && s->n_listeners > 0)
        complain(r, &d->object, place_of(&d->object, "uri"),
                 "no listener is of %s%.*s, as the uri is: requests have no socket to leave from",
                 family_name(u), STR_ARG(transport));
}

static void resolve_sources(struct reader *r, struct draft_upstream *d, bool have_address)
{
    struct upstream *u = &d->upstream;
    if (was_given(&d->object, "sources")) {
        u->sources = resolve_prefixes(r, &d->object, "sources", &d->sources, &u->n_sources);
        return;
    }
    if (!have_address || u->host.n > 0) /* the addresses of a name come and go */
        return;
    struct address_prefix *own = reader_array(r, 1, sizeof(*own));
    if (!own)
        return;
    own->address = u->address;
    own->address.port = 0;
    own->bits = u->address.family == ADDRESS_IPV4 ? 32 : 128;
    u->sources = own;
    u->n_sources = 1;
}

/* Whoever says how its next hops are, a trunk or /readyz, wants to hear when one is back, also
   while no call comes. */
static bool is_asked_about(const struct draft *draft, struct str upstream)
{
    for (unsigned i = 0; i < draft->trunks.n; i++) {
        const struct draft_trunk *d = container_of(draft->trunks.items[i], struct draft_trunk,
                                                   object);
        const bool says = d->trunk.health != HEALTH_ALIVE || draft->settings.web_port > 0;
        for (unsigned j = 0; says && j < d->upstreams.n; j++)
            if (str_eq(d->upstreams.items[j].text, upstream))
                return true;
    }
    return false;
}

static void read_statuses(struct reader *r, const struct draft_upstream *d, const char *key,
                          const struct texts *texts, struct status_set *set)
{
    for (unsigned i = 0; i < texts->n; i++) {
        const char *why = status_set_add(set, texts->items[i].text);
        if (why)
            complain(r, &d->object, texts->items[i].at, "%s: %.*s: %s", key,
                     STR_ARG(shown(r, texts->items[i].text)), why);
    }
}

/* What is tried after which answer. */
static void resolve_statuses(struct reader *r, const struct draft *draft, struct draft_upstream *d)
{
    struct upstream *u = &d->upstream;
    if (!was_given(&d->object, "failover"))
        status_set_add(&u->failover, STR("503"));
    read_statuses(r, d, "failover", &d->failover, &u->failover);
    read_statuses(r, d, "retry_unsigned", &d->retry_unsigned, &u->retry_unsigned);
    if (d->retry_unsigned.n > 0 && draft->settings.failure_mode == FAIL_CLOSED)
        complain(r, &d->object, place_of(&d->object, "retry_unsigned"),
                 "retry_unsigned lets calls leave unsigned, and signing.failure = \"fail_closed\" "
                 "says that none may: take one of them out");
}

void resolve_upstreams(struct reader *r, struct draft *draft)
{
    struct upstream *list = reader_array(r, draft->upstreams.n, sizeof(*list));
    check_names(r, &draft->upstreams);
    for (unsigned i = 0; list && i < draft->upstreams.n; i++) {
        struct draft_upstream *d = container_of(draft->upstreams.items[i], struct draft_upstream,
                                                object);
        bool have_address = read_uri(r, d);
        if (d->upstream.probe_ms > 0 && d->upstream.probe_ms < PROBE_MIN_MS)
            complain(r, &d->object, place_of(&d->object, "probe"),
                     "probe must be 0ms (never) or at least 1s");
        if (have_address) {
            resolve_tls_name(r, d);
            choose_listener(r, draft, d);
        }
        resolve_sources(r, d, have_address);
        resolve_statuses(r, draft, d);
        d->upstream.asked_when_out = d->upstream.probe_ms == 0 &&
                                     is_asked_about(draft, d->upstream.name);
        list[i] = d->upstream;
    }
    draft->settings.upstreams = list;
    draft->settings.n_upstreams = list ? draft->upstreams.n : 0;
}
