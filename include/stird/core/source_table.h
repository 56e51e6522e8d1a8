/*
 * source_table - which trunks and upstreams an address may belong to, found in a time that does not
 * grow with their number: it is asked for every packet, and most packets of a flood belong to
 * nobody.
 *
 * Made once for each configuration, in its arena; immutable.
 */
#ifndef STIRD_SOURCE_TABLE_H
#define STIRD_SOURCE_TABLE_H

#include <stird/base/address.h>
#include <stird/base/arena.h>

struct trunk;
struct upstream;
struct source_table;

#define OF_NO_UPSTREAM UINT32_MAX

/* One prefix, with the trunks and upstreams that have it. */
struct source_entry {
    struct address_prefix prefix;
    uint32_t upstream;      /* index of the first upstream with this prefix, or OF_NO_UPSTREAM */
    const uint32_t *trunks; /* indices, in their order */
    unsigned n_trunks;
};

/* NULL: no memory. */
struct source_table *source_table_new(struct arena *arena, const struct trunk *trunks,
                                      unsigned n_trunks, const struct upstream *upstreams,
                                      unsigned n_upstreams);
/*
 * The prefixes that cover SOURCE, the longest first: *STEP is 0 before the first call; NULL at the
 * end. TABLE may be NULL: nobody is known.
 */
const struct source_entry *source_table_next(const struct source_table *table,
                                             const struct address *source, unsigned *step);

#endif
