/* Finds two owners of one number in a table that is compiled already, perhaps elsewhere. */
#include "numbers_table.h"

#include <stdlib.h>

struct pair {
    uint32_t member[2]; /* of a set, counted from its first */
};

/* The first two that own together. */
static bool find_pair(const struct numbers *t, uint32_t set, struct pair *pair)
{
    uint32_t first = t->set_first[set], end = t->set_first[set + 1], level = first;
    for (uint32_t i = first; i < end; i++) {
        level = t->member[i] & 1 ? i : level;
        for (uint32_t j = level; j < i; j++) {
            if (records_own_together(&t->record[t->member[j] >> 1],
                                     &t->record[t->member[i] >> 1])) {
                *pair = (struct pair){{j - first, i - first}};
                return true;
            }
        }
    }
    return false;
}

static struct numbers_owners owners_of(const struct numbers *t, uint32_t segment,
                                       const struct pair *pair)
{
    struct numbers_owners o;
    uint32_t first = t->set_first[t->segment[segment].set];
    for (int i = 0; i < 2; i++) {
        const struct numbers_record *r = &t->record[t->member[first + pair->member[i]] >> 1];
        o.customer[i] = table_name(t, r->customer);
        table_source(t, segment, pair->member[i], t->segment[segment].start, &o.file[i],
                     &o.line[i]);
    }
    return o;
}

static bool is_told(const struct numbers_owners *told, size_t n, const struct numbers_owners *o)
{
    for (size_t i = 0; i < n; i++)
        if (told[i].line[0] == o->line[0] && told[i].line[1] == o->line[1] &&
            str_eq(told[i].file[0], o->file[0]) && str_eq(told[i].file[1], o->file[1]))
            return true;
    return false;
}

/* Sets are few, segments are many: SEEN tells which sets were looked at. */
static size_t look(const struct numbers *t, bool *seen, struct numbers_owners *told)
{
    size_t n = 0;
    struct pair pair;
    for (uint32_t i = 0; i < t->summary.segments && n < NUMBERS_OWNERS_MAX; i++) {
        uint32_t set = t->segment[i].set;
        if (seen[set])
            continue;
        seen[set] = true;
        if (!find_pair(t, set, &pair))
            continue;
        told[n] = owners_of(t, i, &pair);
        n += !is_told(told, n, &told[n]);
    }
    return n;
}

bool numbers_find_two_owners(const struct numbers *t,
                             void (*visit)(void *user, const struct numbers_owners *owners),
                             void *user)
{
    uint64_t n_sets = t->header->section[SECTION_SET_FIRST].count - 1;
    bool *seen = calloc(n_sets + 1, sizeof(*seen));
    struct numbers_owners *told = calloc(NUMBERS_OWNERS_MAX, sizeof(*told));
    bool looked = seen && told;
    size_t n = looked ? look(t, seen, told) : 0;
    for (size_t i = 0; i < n; i++)
        visit(user, &told[i]);
    free(told);
    free(seen);
    return looked;
}
