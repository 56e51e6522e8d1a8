/*
 * Both tables are lists of segments in the same order: one walk over the borders of both cuts the
 * keys into intervals of which each table says the same all along. Of such an interval one key is
 * asked, for each customer that either table names there.
 */
#include <stird/core/numbers_diff.h>

#include "numbers_table.h"

#include <stdlib.h>
#include <string.h>

struct side {
    const struct numbers *table;
    uint32_t next; /* segment */
};

struct differ {
    struct side old, new;
    int32_t today;
    struct buf changes; /* struct numbers_change */
    struct buf names;   /* struct str: customers of the present interval */
    size_t last;
};

static uint64_t end_of(const struct numbers *t, uint32_t i)
{
    const struct image_segment *s = &t->segment[i];
    return s->span > 0 ? s->start + s->span : t->segment[i + 1].start;
}

/* The segment that KEY is in, or NULL; *BORDER is lowered to where that changes. */
static const struct image_segment *segment_at(struct side *side, uint64_t key, uint64_t *border)
{
    const struct numbers *t = side->table;
    uint32_t n = (uint32_t)t->summary.segments;
    while (side->next < n && end_of(t, side->next) <= key)
        side->next++;
    if (side->next == n)
        return NULL;
    const struct image_segment *s = &t->segment[side->next];
    uint64_t here = s->start <= key ? end_of(t, side->next) : s->start;
    if (here < *border)
        *border = here;
    return s->start <= key ? s : NULL;
}

static void add_names(struct differ *d, const struct numbers *t, const struct image_segment *s)
{
    for (uint32_t i = s ? t->set_first[s->set] : 0; s && i < t->set_first[s->set + 1]; i++) {
        struct str name = table_name(t, t->record[t->member[i] >> 1].customer);
        const struct str *list = (const struct str *)(const void *)d->names.p;
        size_t n = d->names.n / sizeof(*list), j = 0;
        while (j < n && !str_eq(list[j], name))
            j++;
        if (j == n)
            buf_add(&d->names, &name, sizeof(name));
    }
}

static bool same_kind(const struct numbers_change *a, const struct numbers_change *b)
{
    return a->from == b->from && a->to == b->to && a->from_prefix == b->from_prefix &&
           a->to_prefix == b->to_prefix && str_eq(a->customer, b->customer);
}

/* A table's changes come in runs: mostly it is the kind of the one before. */
static void add_change(struct differ *d, const struct numbers_change *change)
{
    struct numbers_change *list = (struct numbers_change *)(void *)d->changes.p;
    size_t n = d->changes.n / sizeof(*list), i = d->last;
    if (i >= n || !same_kind(&list[i], change))
        for (i = 0; i < n && !same_kind(&list[i], change);)
            i++;
    if (i < n)
        list[i].numbers += change->numbers;
    else
        buf_add(&d->changes, change, sizeof(*change));
    d->last = i;
}

static void compare_for(struct differ *d, struct str customer, uint64_t key, uint64_t border)
{
    struct numbers_answer old, new;
    struct numbers_change change = {.customer = customer};
    image_number(key, &change.first);
    image_number(border - 1, &change.last);
    numbers_lookup(d->old.table, &change.first, numbers_customer(d->old.table, customer), d->today,
                   &old);
    numbers_lookup(d->new.table, &change.first, numbers_customer(d->new.table, customer), d->today,
                   &new);
    if (old.state == new.state && old.prefix_row == new.prefix_row)
        return;
    change.from = old.state;
    change.to = new.state;
    change.from_prefix = old.prefix_row;
    change.to_prefix = new.prefix_row;
    bool prefix = old.prefix_row || new.prefix_row;
    change.numbers = !prefix || change.first.n == 11 ? border - key : 0;
    add_change(d, &change);
}

static void compare_interval(struct differ *d, const struct image_segment *old,
                             const struct image_segment *new, uint64_t key, uint64_t border)
{
    buf_reset(&d->names);
    add_names(d, d->old.table, old);
    add_names(d, d->new.table, new);
    const struct str *list = (const struct str *)(const void *)d->names.p;
    for (size_t i = 0; i < d->names.n / sizeof(*list); i++)
        compare_for(d, list[i], key, border);
}

static uint64_t first_key(const struct side *side)
{
    return side->table->summary.segments > 0 ? side->table->segment[0].start : UINT64_MAX;
}

static int by_customer(const void *left, const void *right)
{
    const struct numbers_change *a = left, *b = right;
    int order = str_compare(a->customer, b->customer);
    if (order != 0)
        return order;
    return a->from != b->from ? (int)a->from - (int)b->from : (int)a->to - (int)b->to;
}

bool numbers_diff(const struct numbers *old, const struct numbers *new, int32_t today,
                  void (*visit)(void *user, const struct numbers_change *change), void *user)
{
    struct differ d = {.old = {old, 0}, .new = {new, 0}, .today = today};
    uint64_t a = first_key(&d.old), b = first_key(&d.new), key = a < b ? a : b;
    while (key != UINT64_MAX && !buf_failed(&d.changes) && !buf_failed(&d.names)) {
        uint64_t border = UINT64_MAX;
        const struct image_segment *in_old = segment_at(&d.old, key, &border);
        const struct image_segment *in_new = segment_at(&d.new, key, &border);
        if (in_old || in_new)
            compare_interval(&d, in_old, in_new, key, border);
        key = border;
    }
    bool good = !buf_failed(&d.changes) && !buf_failed(&d.names);
    struct numbers_change *list = (struct numbers_change *)(void *)d.changes.p;
    size_t n = d.changes.n / sizeof(*list);
    if (n > 1)
        qsort(list, n, sizeof(*list), by_customer);
    for (size_t i = 0; good && i < n; i++)
        visit(user, &list[i]);
    buf_fini(&d.changes);
    buf_fini(&d.names);
    return good;
}
