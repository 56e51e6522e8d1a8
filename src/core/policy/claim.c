#include <stird/core/claim.h>

#include <stird/core/source_table.h>

unsigned claim_of_address(const struct address *address)
{
    return address->family == ADDRESS_IPV6 ? 128 : 32;
}

static bool is_among_sources(const struct upstream *u, const struct address_prefix *claim)
{
    for (unsigned i = 0; i < u->n_sources; i++)
        if (u->sources[i].bits == claim->bits &&
            address_same_host(&u->sources[i].address, &claim->address))
            return true;
    return false;
}

bool claim_next(const struct upstream *upstream, unsigned i, struct address_prefix *claim)
{
    if (i < upstream->n_sources) {
        *claim = upstream->sources[i];
        return true;
    }
    if (i > upstream->n_sources || upstream->address.family == ADDRESS_NONE)
        return false;
    *claim = (struct address_prefix){upstream->address,
                                     (uint8_t)claim_of_address(&upstream->address)};
    return !is_among_sources(upstream, claim);
}

/* An upstream's prefix that covers everybody (0.0.0.0/0) is a claim too, but any narrower prefix of
   a trunk goes before it. */
static unsigned claim_of(const struct upstream *u, const struct address *source)
{
    struct address_prefix claim;
    unsigned narrowest = CLAIM_NONE;
    for (unsigned i = 0; claim_next(u, i, &claim); i++) {
        unsigned bits = claim.bits > 0 ? claim.bits : 1;
        if (bits > narrowest && address_prefix_covers(&claim, source))
            narrowest = bits;
    }
    return narrowest;
}

unsigned claim_of_upstreams(const struct settings *settings, const struct address *source)
{
    unsigned narrowest = CLAIM_NONE;
    for (unsigned i = 0; i < settings->n_upstreams; i++) {
        unsigned bits = claim_of(&settings->upstreams[i], source);
        narrowest = bits > narrowest ? bits : narrowest;
    }
    return narrowest;
}

bool claim_is_trunks(const struct trunk *trunk, const struct address *source, unsigned claim)
{
    for (unsigned i = 0; i < trunk->n_sources; i++)
        if (trunk->sources[i].bits >= claim && address_prefix_covers(&trunk->sources[i], source))
            return true;
    return false;
}

bool claim_is_a_trunks(const struct settings *settings, const struct address *source,
                       unsigned claim)
{
    const struct source_entry *entry;
    unsigned step = 0;
    while ((entry = source_table_next(settings->sources, source, &step)))
        if (entry->n_trunks > 0 && entry->prefix.bits >= claim)
            return true;
    return false;
}
