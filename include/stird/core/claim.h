/*
 * claim - which addresses are an upstream's, and which trunk names such an address just as
 * narrowly.
 *
 * What an upstream sends would be signed as a customer's where a trunk's prefix is too wide. So an
 * address of an upstream begins a call of a trunk only if a source of that trunk covers it and is
 * no wider than what the upstream claims: an SBC that gets its own calls back (Decided 12). The
 * call, `stird -t` and `stirctl explain` ask here and nowhere else.
 */
#ifndef STIRD_CLAIM_H
#define STIRD_CLAIM_H

#include <stird/core/settings.h>

/* A claim in bits: how long a prefix must be to name the address as narrowly. */
#define CLAIM_NONE 0u

/*
 * The claim to one address: the longest prefix there is. Addresses that DNS gives are claimed so.
 */
unsigned claim_of_address(const struct address *address);
/*
 * The I-th claim of UPSTREAM, from 0: its `sources`, then the address of its uri where no source is
 * that. False when there are no more. The addresses that its name has in DNS are not among them.
 */
bool claim_next(const struct upstream *upstream, unsigned i, struct address_prefix *claim);
/* The narrowest claim of any upstream to SOURCE, or CLAIM_NONE. */
unsigned claim_of_upstreams(const struct settings *settings, const struct address *source);

/* Whether one of TRUNK's sources covers SOURCE and is at least as narrow as CLAIM. */
bool claim_is_trunks(const struct trunk *trunk, const struct address *source, unsigned claim);
/* The same for any trunk. */
bool claim_is_a_trunks(const struct settings *settings, const struct address *source,
                       unsigned claim);

#endif
