/*
 * Nested intervals become segments that lie side by side, in one sweep with a stack:
 *
 *      +1215555*        |-----------------------------|        stack, narrowest on top
 *      a range               |-----------|
 *      a number                  |
 *      segments         |--1-|-2-|3|-2'--|-----1'-----|        a set of rows each
 *
 * All rows of the same interval are one level. A set holds the rows of the levels from the
 * narrowest to the widest, even those that are replaced on every day: whoever asks about a number
 * sees all that was written of it.
 */
#include "numbers_build.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SET_MAX 255

struct level {
    uint64_t first, last;
    size_t begin, end; /* rows */
};

struct set {
    uint32_t member[SET_MAX], source[SET_MAX];
    size_t n;
};

struct sweep {
    struct build *build;
    const struct build_row *rows;
    struct buf stack;      /* struct level */
    uint64_t position;     /* first key of the stack's top that has no segment yet */
    struct set set;        /* of the segment that is being added */
    uint64_t segment_last; /* last key of the segment that was added last */
    uint32_t segment_set;
    size_t n_segments;
    bool out_of_memory;
};

static struct level *top(const struct sweep *s)
{
    size_t n = s->stack.n / sizeof(struct level);
    return n == 0 ? NULL : (struct level *)(void *)s->stack.p + n - 1;
}

static bool is_always_in_force(const struct numbers_record *r)
{
    return r->not_before == INT32_MIN && r->not_after == INT32_MAX;
}

/*
 * Adds the rows of a level to the set. *REPLACED: a narrower row takes these numbers away on every
 * day, so rows beyond the room are no fault. False: the set is full.
 */
static bool add_level(struct sweep *s, const struct level *level, bool *replaced)
{
    bool replaces = false;
    for (size_t i = level->begin; i < level->end; i++) {
        const struct build_row *row = &s->rows[i];
        const struct numbers_record *record = row_record(s->build, row);
        bool single = !(row->key & ROW_WIDE) && !record->prefix;
        if (s->set.n == SET_MAX) {
            if (!*replaced)
                build_problem(s->build, row->line,
                              "more than %d rows apply to one number: remove some of them",
                              SET_MAX);
            return false;
        }
        s->set.member[s->set.n] = (uint32_t)(record - build_record(s->build, 0)) << 1 |
                                  (i == level->begin);
        s->set.source[s->set.n++] = row->line | (single ? SOURCE_STEPS : 0);
        replaces = replaces || (record_replaces(record) && is_always_in_force(record));
    }
    *replaced = *replaced || replaces;
    return true;
}

static void collect_set(struct sweep *s)
{
    const struct level *levels = (const struct level *)(const void *)s->stack.p;
    bool replaced = false;
    s->set.n = 0;
    for (size_t i = s->stack.n / sizeof(*levels); i > 0; i--)
        if (!add_level(s, &levels[i - 1], &replaced))
            break;
}

/* The segment that was added last, and the last N sources. */
static struct image_segment *last_segment(const struct build *b)
{
    return (struct image_segment *)(void *)(b->segments.p + b->segments.n) - 1;
}

static uint32_t last_source(const struct build *b, size_t n, size_t i)
{
    if (i == 0)
        return ((const uint32_t *)(const void *)(b->source.p + b->source.n))[-1];
    return ((const uint32_t *)(const void *)(b->more.p + b->more.n) - (n - 1))[i - 1];
}

/* Whether it continues a run of single numbers, line after line and of the same customers, which is
   one segment. */
static bool continues_run(struct sweep *s, uint64_t first, uint32_t set)
{
    struct build *b = s->build;
    size_t n = s->set.n;
    if (s->n_segments == 0 || n == 0 || set != s->segment_set || s->segment_last + 1 != first)
        return false;
    uint64_t segment_first = last_segment(b)->start;
    for (size_t i = 0; i < n; i++) {
        uint32_t before = last_source(b, n, i);
        uint64_t steps = before & SOURCE_STEPS ? first - segment_first : 0;
        if (before + steps != s->set.source[i])
            return false;
    }
    return true;
}

/* Number of keys, or 0 when it has to be told by the next segment's start. */
static uint32_t span_of(uint64_t first, uint64_t last)
{
    return last - first < UINT32_MAX ? (uint32_t)(last - first + 1) : 0;
}

static void append_segment(struct sweep *s, uint64_t first, uint64_t last, uint32_t set)
{
    struct build *b = s->build;
    struct image_segment segment = {first, span_of(first, last), set};
    uint32_t more_first = (uint32_t)(b->more.n / sizeof(uint32_t));
    uint32_t source = s->set.n > 0 ? s->set.source[0] : 0;
    buf_add(&b->segments, &segment, sizeof(segment));
    buf_add(&b->source, &source, sizeof(source));
    if (s->n_segments % SOURCE_BLOCK == 0)
        buf_add(&b->more_first, &more_first, sizeof(more_first));
    if (s->set.n > 1)
        buf_add(&b->more, s->set.source + 1, (s->set.n - 1) * sizeof(uint32_t));
    s->segment_last = last;
    s->segment_set = set;
    s->n_segments++;
    /* Indices have 32 bits. */
    s->out_of_memory = s->out_of_memory || buf_failed(&b->segments) || buf_failed(&b->source) ||
                       buf_failed(&b->more_first) || buf_failed(&b->more) ||
                       s->n_segments >= UINT32_MAX / 2 ||
                       b->more.n / sizeof(uint32_t) >= UINT32_MAX / 2;
}

/* A segment that is too long to be counted ends where the next one begins: where none follows at
   once, adds an empty one. */
static void end_long_segment(struct sweep *s, uint64_t next_first)
{
    if (s->n_segments == 0 || s->segment_last + 1 == next_first ||
        last_segment(s->build)->span != 0)
        return;
    uint32_t none = interner_add(&s->build->sets, "", 0);
    s->set.n = 0;
    s->out_of_memory = s->out_of_memory || none == INTERN_FAILED;
    append_segment(s, s->segment_last + 1, s->segment_last + 1, none);
}

static void add_segment(struct sweep *s, uint64_t first, uint64_t last)
{
    if (s->out_of_memory)
        return;
    end_long_segment(s, first);
    collect_set(s);
    uint32_t record = s->set.n > 0 ? s->set.member[0] >> 1 : 0;
    uint32_t set = interner_add_of(&s->build->sets, &s->build->last_sets, record, s->set.member,
                                   s->set.n * sizeof(s->set.member[0]));
    if (set == INTERN_FAILED) {
        s->out_of_memory = true;
    } else if (continues_run(s, first, set)) {
        struct image_segment *segment = last_segment(s->build);
        segment->span = span_of(segment->start, last);
        s->segment_last = last;
    } else {
        append_segment(s, first, last, set);
    }
}

static void pop(struct sweep *s)
{
    const struct level *level = top(s);
    if (s->position <= level->last)
        add_segment(s, s->position, level->last);
    s->position = level->last + 1;
    s->stack.n -= sizeof(*level);
}

static void report_overlap(struct build *b, const struct build_row *wide,
                           const struct build_row *row)
{
    uint32_t line;
    struct str file = build_place(b, wide->line, &line);
    const uint64_t mask = (UINT64_C(1) << KEY_VALUE_BITS) - 1;
    uint64_t first = row_first(wide), last = row_last(b, wide);
    int length = (int)(first >> KEY_VALUE_BITS);
    build_problem(b, row->line,
                  "overlaps with %s:%u (+%0*" PRIu64 "-+%0*" PRIu64 "), and neither lies inside "
                  "the other: split one of the two rows",
                  build_quote(file).text, line, length, first & mask, length, last & mask);
}

static void push(struct sweep *s, const struct level *level)
{
    while (top(s) && top(s)->last < level->first)
        pop(s);
    if (top(s) && top(s)->last < level->last) {
        report_overlap(s->build, &s->rows[top(s)->begin], &s->rows[level->begin]);
        return;
    }
    if (top(s) && s->position < level->first)
        add_segment(s, s->position, level->first - 1);
    s->position = level->first;
    buf_add(&s->stack, level, sizeof(*level));
    s->out_of_memory = s->out_of_memory || buf_failed(&s->stack);
}

static void report_conflict(struct build *b, const struct build_row *one,
                            const struct build_row *other)
{
    uint32_t line;
    const struct numbers_record *r = row_record(b, one);
    const struct numbers_record *o = row_record(b, other);
    struct str file = build_place(b, one->line, &line);
    build_problem(b, other->line,
                  "customer \"%s\" is %.*s here and %.*s in %s:%u, for the same numbers: keep one "
                  "of the two rows",
                  build_quote(interner_get(&b->customers, o->customer)).text,
                  STR_ARG(number_state_name((enum number_state)o->state)),
                  STR_ARG(number_state_name((enum number_state)r->state)), build_quote(file).text,
                  line);
}

static void report_two_owners(struct build *b, const struct build_row *one,
                              const struct build_row *other)
{
    uint32_t line;
    struct str file = build_place(b, one->line, &line);
    build_problem(b, other->line,
                  "customer \"%s\" owns what customer \"%s\" owns in %s:%u, on the same days: both "
                  "would get an A; take one row out, or end it",
                  build_quote(interner_get(&b->customers, row_record(b, other)->customer)).text,
                  build_quote(interner_get(&b->customers, row_record(b, one)->customer)).text,
                  build_quote(file).text, line);
}

/* The narrower of nested rows replaces the wider one: only those of one level own together. */
static void check_owners(struct build *b, const struct build_row *rows, const struct level *level,
                         size_t i)
{
    /* More rows than a set holds are a fault of their own, and those beyond are not compared. */
    bool few = i < level->begin + SET_MAX;
    size_t end = b->two_owners == NUMBERS_TWO_OWNERS_REFUSE && few ? i : level->begin;
    for (size_t j = level->begin; j < end; j++) {
        if (!records_own_together(row_record(b, &rows[j]), row_record(b, &rows[i])))
            continue;
        bool in_order = rows[j].line < rows[i].line;
        report_two_owners(b, &rows[in_order ? j : i], &rows[in_order ? i : j]);
        return;
    }
}

/* Rows of a level are sorted by customer. */
static void check_level(struct build *b, const struct build_row *rows, const struct level *level)
{
    for (size_t i = level->begin + 1; i < level->end; i++) {
        const struct numbers_record *r = row_record(b, &rows[i]);
        const struct numbers_record *before = row_record(b, &rows[i - 1]);
        /* A prefix is there once for each length: its mistakes are told once. */
        if (r->prefix && row_first(&rows[i]) >> KEY_VALUE_BITS != TN_MAX_DIGITS)
            continue;
        if (r->customer == before->customer && r->state != before->state)
            report_conflict(b, &rows[i - 1], &rows[i]);
        check_owners(b, rows, level, i);
    }
}

static struct level next_level(const struct build *b, const struct build_row *rows, size_t n,
                               size_t begin)
{
    struct level level = {row_first(&rows[begin]), row_last(b, &rows[begin]), begin, begin + 1};
    uint32_t prefix = row_record(b, &rows[begin])->prefix;
    while (level.end < n && row_first(&rows[level.end]) == level.first &&
           row_last(b, &rows[level.end]) == level.last &&
           row_record(b, &rows[level.end])->prefix == prefix)
        level.end++;
    return level;
}

bool build_flatten(struct build *b)
{
    size_t n;
    struct sweep s = {.build = b, .rows = build_rows(b, &n)};
    for (size_t i = 0; i < n && !s.out_of_memory;) {
        struct level level = next_level(b, s.rows, n, i);
        check_level(b, s.rows, &level);
        push(&s, &level);
        i = level.end;
    }
    while (top(&s) && !s.out_of_memory)
        pop(&s);
    if (!s.out_of_memory)
        end_long_segment(&s, 0);
    buf_fini(&s.stack);
    return !s.out_of_memory;
}
