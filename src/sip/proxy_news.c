/* What a worker tells the others and the supervisor: each next piece of news, or that nobody heard
 * it; and what it is told to forget. */
#include <stird/net/resolver.h>

#include "proxy_parts.h"

void proxy_unknown_source(struct proxy *p, const struct flow *from, struct str raw)
{
    count_add(&proxy_counters(p)->unknown_source, 1);
    refused_sources_note(p, from, UNHEARD_UNKNOWN, raw);
}

void proxy_drop_certificate(struct proxy *p, struct str url)
{
    certificates_drop(proxy_certificates(p), url);
}

bool proxy_tell_name(struct proxy *p, struct known_name *known)
{
    return resolver_tell(proxy_resolver(p), known);
}

void proxy_tell_name_again(struct proxy *p, const struct known_name *known)
{
    resolver_tell_again(proxy_resolver(p), known);
}

bool proxy_tell_refused(struct proxy *p, struct refused_source *news)
{
    return refused_sources_tell(p, news);
}

void proxy_tell_refused_again(struct proxy *p, const struct refused_source *news)
{
    refused_sources_tell_again(p, news);
}

bool proxy_tell_hop(struct proxy *p, struct hop_state *news)
{
    return routes_tell(proxy_routes(p), proxy_now_ms(), news);
}

void proxy_tell_hop_again(struct proxy *p, const struct hop_state *news)
{
    routes_tell_again(proxy_routes(p), news);
}

bool proxy_tell_failed(struct proxy *p, struct failed_call *news)
{
    return failed_calls_tell(proxy_failed_calls(p), news);
}

void proxy_tell_failed_again(struct proxy *p, const struct failed_call *news)
{
    failed_calls_tell_again(proxy_failed_calls(p), news);
}

const struct proxy_counters *proxy_get_counters(struct proxy *p)
{
    struct proxy_counters *n = proxy_counters(p);
    const struct routes_ills ills = routes_ills_of(proxy_routes(p), proxy_settings(p));
    count_set(&n->connections, net_connections(proxy_net(p)));
    count_set(&n->hops_out, ills.hops_out);
    count_set(&n->names_unresolved, ills.names_unresolved);
    count_set(&n->hops_lost, routes_get_counters(proxy_routes(p))->hops_lost);
    count_set(&n->hops_back, routes_get_counters(proxy_routes(p))->hops_back);
    count_set(&n->in_flight, limits_in_flight(proxy_limits(p)));
    count_set(&n->connections_refused, net_connections_refused(proxy_net(p)));
    count_set(&n->connections_unknown, net_connections_unknown(proxy_net(p)));
    count_set(&n->slow_readers, net_slow_readers(proxy_net(p)));
    count_set(&n->talkers, net_talkers(proxy_net(p)));
    count_set(&n->connections_not_opened, net_not_opened(proxy_net(p)));
    count_set(&n->dialog_names_refused, resolver_names_refused(proxy_resolver(p)));
    count_set(&n->held_bytes, holdings_octets(proxy_holdings(p)));
    count_set(&n->records_dropped, recording_dropped(proxy_recording(p)));
    count_set(&n->records_waiting, recording_waiting(proxy_recording(p)));
    return n;
}
