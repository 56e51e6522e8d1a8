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
