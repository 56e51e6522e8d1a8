/* Rows by what they say rather than by number: few of a table's records are looked at twice. */
#include <stird/core/numbers.h>

#include "numbers_table.h"

#include <stdlib.h>

struct selection {
    const struct numbers *table;
    const struct numbers_selector *selector;
    struct tn first, last;
};

static void visit_row(void *user, const struct numbers_row *row)
{
    const struct selection *s = user;
    if (s->selector->wanted(s->selector->user, row))
        s->selector->visit(s->selector->user, row, &s->first, &s->last);
}

static uint64_t last_key(const struct numbers *t, uint32_t i)
{
    const struct image_segment *s = &t->segment[i];
    return (s->span > 0 ? s->start + s->span : t->segment[i + 1].start) - 1;
}

static bool any_wanted(const struct numbers *t, uint32_t set, const bool *wanted)
{
    for (uint32_t i = t->set_first[set]; i < t->set_first[set + 1]; i++)
        if (wanted[t->member[i] >> 1])
            return true;
    return false;
}

static void visit_segments(struct selection *s, const bool *wanted)
{
    const struct numbers *t = s->table;
    for (uint32_t i = 0; i < t->summary.segments; i++) {
        if (!any_wanted(t, t->segment[i].set, wanted))
            continue;
        image_number(t->segment[i].start, &s->first);
        image_number(last_key(t, i), &s->last);
        numbers_rows(t, &s->first, 0, visit_row, s); /* of no day: nothing is asked of it */
    }
}

bool numbers_select(const struct numbers *t, const struct numbers_selector *selector)
{
    struct selection s = {.table = t, .selector = selector};
    uint64_t n = t->header->section[SECTION_RECORD].count;
    bool any = false, *wanted = calloc(n + 1, sizeof(*wanted));
    if (!wanted)
        return false;
    for (uint64_t i = 0; i < n; i++) {
        struct numbers_row row = table_row(t, &t->record[i]);
        wanted[i] = selector->wanted(selector->user, &row);
        any = any || wanted[i];
    }
    if (any)
        visit_segments(&s, wanted);
    free(wanted);
    return true;
}
