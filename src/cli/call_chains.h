/*
 * call_chains - which of the INVITEs that were seen are the same one at different places of its
 * way.
 *
 * A chain is an INVITE that begins a call, from hop to hop: one Call-ID, one CSeq of one From tag,
 * and each way (addresses and Vias) once. It goes on where an element in between ends the call and
 * begins another with the same numbers (a back-to-back user agent). An INVITE with a To tag is
 * inside a call: it belongs to no chain (RFC 8224 section 4 speaks of those that begin one).
 */
#ifndef CLI_CALL_CHAINS_H
#define CLI_CALL_CHAINS_H

#include "sightings.h"

#include <stird/core/hops.h>

struct chain {
    const struct sighting **hops; /* in order; owned */
    size_t n_hops;
    const struct sighting **inside; /* INVITEs inside the call; owned */
    size_t n_inside;
    struct chain *next; /* the leg that it goes on with; NULL: none */
    bool goes_on;       /* it is the next one of another */
};

struct chains {
    struct chain *list; /* ordered by what was seen of them first */
    size_t n;
};

/* False when there is no memory. To be ended with chains_fini(). COUNTRY as for
   sip_identity_facts(). */
bool chains_of(struct chains *chains, const struct sightings *all, const struct country *country);
void chains_fini(struct chains *chains);

#endif
