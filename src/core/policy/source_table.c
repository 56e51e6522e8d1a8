/*
 * A hash table of prefixes, and the list of the lengths that occur. A lookup asks the table once
 * for each length: a configuration has few lengths, however many prefixes it has.
 */
#include <stird/core/source_table.h>

#include <stdlib.h>
#include <stird/core/settings.h>
#include <string.h>

#define LENGTHS_MAX (33 + 129) /* of both families */

struct length {
    uint8_t family, bits;
    uint8_t mask[16]; /* of the octets of an address */
};

struct source_table {
    struct length lengths[LENGTHS_MAX]; /* the longest first, IPv4 and IPv6 apart */
    unsigned n_lengths;
    struct source_entry *entries;
    uint32_t *slots; /* 1 + index of an entry, or 0; open addressing, at most half full */
    uint32_t mask;
};

/* One source of one trunk or upstream, while the table is made. */
struct item {
    struct address_prefix prefix;
    bool is_trunk;
    uint32_t index;
};

static void write_mask(uint8_t mask[16], unsigned bits)
{
    const unsigned whole = bits / 8, rest = bits % 8;
    memset(mask, 0, 16);
    memset(mask, 0xff, whole);
    if (rest > 0)
        mask[whole] = (uint8_t)(0xff00 >> rest);
}

/* The octets of an address, in memory's order. */
struct words {
    uint64_t first, last;
};

static struct words words_of(const uint8_t bytes[16])
{
    struct words w;
    memcpy(&w, bytes, sizeof(w));
    return w;
}

static struct words masked(const uint8_t bytes[16], const uint8_t mask[16])
{
    const struct words w = words_of(bytes), m = words_of(mask);
    return (struct words){w.first & m.first, w.last & m.last};
}

static uint32_t hash(const struct words *w, unsigned family, unsigned bits)
{
    uint64_t h = w->first * 0x9e3779b97f4a7c15u ^ ((uint64_t)family << 8 | bits);
    h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9u ^ w->last;
    h = (h ^ h >> 32) * 0x94d049bb133111ebu;
    return (uint32_t)(h >> 32);
}

static bool is_it(const struct address_prefix *p, const struct words *w, unsigned family,
                  unsigned bits)
{
    const struct words own = words_of(p->address.bytes);
    return own.first == w->first && own.last == w->last && p->bits == bits &&
           p->address.family == family;
}

static bool same_prefix(const struct address_prefix *a, const struct address_prefix *b)
{
    return a->bits == b->bits && address_same_host(&a->address, &b->address);
}

/* The slot that holds the prefix, or the free one where it would be. */
static uint32_t *slot_of(const struct source_table *table, const struct words *w, unsigned family,
                         unsigned bits)
{
    uint32_t at = hash(w, family, bits) & table->mask;
    while (table->slots[at] &&
           !is_it(&table->entries[table->slots[at] - 1].prefix, w, family, bits))
        at = (at + 1) & table->mask;
    return &table->slots[at];
}

static int by_prefix(const void *x, const void *y)
{
    const struct item *a = x, *b = y;
    if (a->prefix.address.family != b->prefix.address.family)
        return a->prefix.address.family < b->prefix.address.family ? -1 : 1;
    if (a->prefix.bits != b->prefix.bits)
        return a->prefix.bits > b->prefix.bits ? -1 : 1;
    int order = memcmp(a->prefix.address.bytes, b->prefix.address.bytes,
                       sizeof(a->prefix.address.bytes));
    if (order != 0)
        return order;
    if (a->is_trunk != b->is_trunk)
        return a->is_trunk ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static size_t add_items(struct item *items, size_t n, const struct address_prefix *prefixes,
                        unsigned n_prefixes, bool is_trunk, uint32_t index)
{
    for (unsigned i = 0; i < n_prefixes; i++) {
        struct item *item = &items[n++];
        uint8_t mask[16];
        write_mask(mask, prefixes[i].bits);
        const struct words left = masked(prefixes[i].address.bytes, mask);
        item->prefix = (struct address_prefix){.address.family = prefixes[i].address.family,
                                               .bits = prefixes[i].bits};
        memcpy(item->prefix.address.bytes, &left, sizeof(left));
        item->is_trunk = is_trunk;
        item->index = index;
    }
    return n;
}

static void note_length(struct source_table *table, const struct address_prefix *prefix)
{
    struct length length = {.family = prefix->address.family, .bits = prefix->bits};
    struct length *last = table->n_lengths > 0 ? &table->lengths[table->n_lengths - 1] : NULL;
    write_mask(length.mask, length.bits);
    if (!last || last->family != length.family || last->bits != length.bits)
        table->lengths[table->n_lengths++] = length;
}

/* Items of one prefix stand together: its trunks, in their order, then its upstreams. */
static void fill(struct source_table *table, const struct item *items, size_t n, uint32_t *trunks)
{
    struct source_entry *entry = NULL;
    unsigned n_entries = 0;
    for (size_t i = 0; i < n; i++) {
        if (!entry || !same_prefix(&entry->prefix, &items[i].prefix)) {
            entry = &table->entries[n_entries++];
            *entry = (struct source_entry){
                .prefix = items[i].prefix, .upstream = OF_NO_UPSTREAM, .trunks = trunks};
            note_length(table, &entry->prefix);
            const struct words own = words_of(entry->prefix.address.bytes);
            *slot_of(table, &own, entry->prefix.address.family, entry->prefix.bits) = n_entries;
        }
        if (!items[i].is_trunk) {
            if (entry->upstream == OF_NO_UPSTREAM)
                entry->upstream = items[i].index;
        } else if (entry->n_trunks == 0 || trunks[-1] != items[i].index) {
            *trunks++ = items[i].index; /* a trunk may name a prefix twice */
            entry->n_trunks++;
        }
    }
}

struct source_table *source_table_new(struct arena *arena, const struct trunk *trunks,
                                      unsigned n_trunks, const struct upstream *upstreams,
                                      unsigned n_upstreams)
{
    struct source_table *result = NULL, *table = arena_alloc(arena, sizeof(*table));
    size_t n = 0, total = 0, n_slots = 2;
    for (unsigned i = 0; i < n_trunks; i++)
        total += trunks[i].n_sources;
    for (unsigned i = 0; i < n_upstreams; i++)
        total += upstreams[i].n_sources;
    while (n_slots < 2 * total + 1)
        n_slots *= 2;
    struct item *items = calloc(total + 1, sizeof(*items));
    uint32_t *links = arena_array(arena, total + 1, sizeof(*links));
    if (!table || !items || !links || n_slots > UINT32_MAX)
        goto out;
    table->mask = (uint32_t)(n_slots - 1);
    table->entries = arena_array(arena, total + 1, sizeof(*table->entries));
    table->slots = arena_array(arena, n_slots, sizeof(*table->slots));
    if (!table->entries || !table->slots)
        goto out;
    for (unsigned i = 0; i < n_trunks; i++)
        n = add_items(items, n, trunks[i].sources, trunks[i].n_sources, true, i);
    for (unsigned i = 0; i < n_upstreams; i++)
        n = add_items(items, n, upstreams[i].sources, upstreams[i].n_sources, false, i);
    qsort(items, n, sizeof(*items), by_prefix);
    fill(table, items, n, links);
    result = table;
out:
    free(items);
    return result;
}

const struct source_entry *source_table_next(const struct source_table *table,
                                             const struct address *source, unsigned *step)
{
    while (table && *step < table->n_lengths) {
        const struct length *length = &table->lengths[(*step)++];
        if (length->family != source->family)
            continue;
        const struct words left = masked(source->bytes, length->mask);
        const uint32_t found = *slot_of(table, &left, length->family, length->bits);
        if (found)
            return &table->entries[found - 1];
    }
    return NULL;
}
