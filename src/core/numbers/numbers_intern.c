/* Texts that many rows share: each is kept once and has a number. */
#include "numbers_build.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

void interner_fini(struct interner *in)
{
    buf_fini(&in->bytes);
    buf_fini(&in->entries);
    free(in->slots);
    *in = (struct interner){.n = 0};
}

struct image_name interner_entry(const struct interner *in, uint32_t i)
{
    struct image_name entry;
    memcpy(&entry, in->entries.p + (size_t)i * sizeof(entry), sizeof(entry));
    return entry;
}

struct str interner_get(const struct interner *in, uint32_t i)
{
    struct image_name entry = interner_entry(in, i);
    /* While only the empty text is here, there is no buffer to point into. */
    return entry.n > 0 ? (struct str){in->bytes.p + entry.offset, entry.n} : (struct str){"", 0};
}

/* Names and records are a few words long: a call of memcmp(3) costs more than they do. */
static bool same_bytes(struct str a, const char *b, size_t n)
{
    uint64_t x, y;
    size_t i = 0;
    if (a.n != n)
        return false;
    for (; n - i >= sizeof(x); i += sizeof(x)) {
        memcpy(&x, a.p + i, sizeof(x));
        memcpy(&y, b + i, sizeof(y));
        if (x != y)
            return false;
    }
    for (; i < n; i++)
        if (a.p[i] != b[i])
            return false;
    return true;
}

/* Comparing the tag first saves a look at entries that cannot be the one. */
static struct intern_slot *find_slot(const struct interner *in, struct str s, uint32_t *tag)
{
    uint64_t hash = XXH3_64bits(s.p, s.n);
    size_t i = hash & (in->n_slots - 1);
    *tag = (uint32_t)(hash >> 32);
    while (in->slots[i].entry != 0 &&
           (in->slots[i].tag != *tag ||
            !same_bytes(interner_get(in, in->slots[i].entry - 1), s.p, s.n)))
        i = (i + 1) & (in->n_slots - 1);
    return &in->slots[i];
}

static bool grow(struct interner *in)
{
    struct interner wider = *in;
    wider.n_slots = in->n_slots ? in->n_slots * 2 : 64;
    wider.slots = calloc(wider.n_slots, sizeof(*wider.slots));
    if (!wider.slots)
        return false;
    for (uint32_t i = 0; i < in->n; i++) {
        uint32_t tag;
        struct intern_slot *slot = find_slot(&wider, interner_get(in, i), &tag);
        *slot = (struct intern_slot){tag, i + 1};
    }
    free(in->slots);
    *in = wider;
    return true;
}

uint32_t interner_add(struct interner *in, const void *bytes, size_t n)
{
    struct str s = {bytes, n};
    /* Equal texts follow each other in tables, so mostly it is the one that was added last. */
    if (in->n > 0 && same_bytes(interner_get(in, in->n - 1), s.p, s.n))
        return in->n - 1;
    if ((size_t)in->n * 2 >= in->n_slots && !grow(in))
        return INTERN_FAILED;
    uint32_t tag;
    struct intern_slot *slot = find_slot(in, s, &tag);
    if (slot->entry != 0)
        return slot->entry - 1;
    struct image_name entry = {(uint32_t)in->bytes.n, (uint32_t)n};
    if (in->n >= UINT32_MAX / 2 - 1 || n > UINT32_MAX - in->bytes.n)
        return INTERN_FAILED;
    buf_add(&in->bytes, bytes, n);
    buf_add(&in->entries, &entry, sizeof(entry));
    if (buf_failed(&in->bytes) || buf_failed(&in->entries))
        return INTERN_FAILED;
    *slot = (struct intern_slot){tag, ++in->n};
    return in->n - 1;
}

uint32_t interner_add_of(struct interner *in, struct buf *last, uint32_t key, const void *bytes,
                         size_t n)
{
    const uint32_t none = INTERN_FAILED;
    while (!buf_failed(last) && last->n / sizeof(none) <= key)
        buf_add(last, &none, sizeof(none));
    if (buf_failed(last))
        return INTERN_FAILED;
    uint32_t *known = (uint32_t *)(void *)last->p + key;
    if (*known == none || !same_bytes(interner_get(in, *known), bytes, n))
        *known = interner_add(in, bytes, n);
    return *known;
}
