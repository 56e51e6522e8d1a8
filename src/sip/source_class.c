#include "source_class.h"

#include <stird/core/claim.h>
#include <stird/core/source_table.h>
#include <stird/core/trunk.h>
#include <stird/sip/rehearsal.h>

#include "proxy_parts.h"

static bool is_known(const struct rehearsal *r, const struct address *a)
{
    for (unsigned i = 0; i < r->n_names; i++)
        for (unsigned j = 0; j < known_name_all(&r->names[i]); j++)
            if (address_same_host(&r->names[i].addresses[j].address, a))
                return true;
    return false;
}

static bool names_lead_to(const struct proxy *p, const struct address *a)
{
    if (proxy_rehearsal(p))
        return is_known(proxy_rehearsal(p), a);
    return proxy_routes(p) && routes_lead_to(proxy_routes(p), proxy_settings(p), a);
}

/* Names cost more than prefixes, so they are asked last. */
static unsigned claim_on(const struct proxy *p, const struct address *source)
{
    const struct settings *settings = proxy_settings(p);
    unsigned whole = claim_of_address(source), claim = claim_of_upstreams(settings, source);
    return claim < whole && names_lead_to(p, source) ? whole : claim;
}

bool source_may_begin(const struct proxy *p, const struct trunk *trunk,
                      const struct address *source)
{
    if (trunk && claim_is_trunks(trunk, source, claim_of_address(source)))
        return true;
    unsigned claim = claim_on(p, source);
    return claim == CLAIM_NONE || (trunk && claim_is_trunks(trunk, source, claim));
}

static bool is_told(const struct rehearsal *r, const struct upstream *u)
{
    for (unsigned i = 0; i < r->n_names; i++)
        if (known_name_is_of(&r->names[i], u))
            return !r->names[i].in_part;
    return u->host.n == 0 || !r->names_told;
}

static bool all_are_told(const struct rehearsal *r)
{
    for (unsigned i = 0; i < r->settings->n_upstreams; i++)
        if (!is_told(r, &r->settings->upstreams[i]))
            return false;
    return true;
}

bool source_in_doubt(const struct proxy *p, const struct trunk *trunk, const struct address *source)
{
    if (claim_is_trunks(trunk, source, claim_of_address(source)))
        return false;
    if (proxy_rehearsal(p))
        return !all_are_told(proxy_rehearsal(p));
    return proxy_routes(p) && !routes_know_names(proxy_routes(p), proxy_settings(p));
}

/* What the prefixes that cover an address say of it. */
struct covering {
    bool trunk, upstream; /* such a prefix is one's */
    unsigned trunk_bits;  /* of the longest that is a trunk's */
};

/* In one walk, since it is asked of every message; where a trunk has the narrowest prefix there can
   be, nothing else counts. */
static struct covering covering_of(const struct settings *settings, const struct address *source)
{
    const struct source_entry *entry;
    struct covering c = {.trunk = false};
    const unsigned whole = claim_of_address(source);
    unsigned step = 0;
    while (!(c.trunk && c.trunk_bits >= whole) &&
           (entry = source_table_next(settings->sources, source, &step))) {
        if (entry->n_trunks > 0 && !c.trunk) /* the longest comes first */
            c.trunk_bits = entry->prefix.bits;
        c.trunk |= entry->n_trunks > 0;
        c.upstream |= entry->upstream != OF_NO_UPSTREAM;
    }
    return c;
}

/* An address that only an upstream's uri names is that upstream's, even where a trunk covers it. */
enum source_class source_class_of(const struct proxy *p, const struct address *source)
{
    const struct settings *settings = proxy_settings(p);
    const struct covering covering = covering_of(settings, source);
    if (covering.trunk && covering.trunk_bits >= claim_of_address(source))
        return SOURCE_TRUNK;
    if (covering.trunk && covering.trunk_bits >= claim_on(p, source))
        return SOURCE_TRUNK;
    bool heard = covering.trunk || covering.upstream ||
                 (proxy_rehearsal(p) && is_known(proxy_rehearsal(p), source)) ||
                 (proxy_routes(p) && routes_is_source(proxy_routes(p), settings, source));
    return heard ? SOURCE_UPSTREAM : SOURCE_UNKNOWN;
}
