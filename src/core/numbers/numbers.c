#include <stird/core/numbers.h>

#include "numbers_table.h"

struct str number_state_name(enum number_state state)
{
    static const struct str names[NUMBER_STATES] = {
        [NUMBER_OWNED] = STR("owned"),
        [NUMBER_DELEGATED] = STR("delegated"),
        [NUMBER_UNVERIFIED] = STR("unverified"),
        [NUMBER_BLOCKED] = STR("blocked"),
        [NUMBER_OTHER_CUSTOMER] = STR("other_customer"),
        [NUMBER_EXPIRED] = STR("expired"),
        [NUMBER_NOT_YET] = STR("not_yet"),
        [NUMBER_UNKNOWN] = STR("unknown"),
    };
    return names[state];
}

uint32_t numbers_customer(const struct numbers *t, struct str customer)
{
    uint32_t low = 0, high = t->header->n_customers;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = str_compare(table_name(t, middle), customer);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NUMBERS_NO_CUSTOMER;
}

#define BUCKET_USUAL 8u /* segments of a bucket that is not crowded: there are 4 on the average */

/*
 * How many of the segments LOW..HIGH begin at KEY or before it. Where they are few no branch
 * depends on them: so the processor guesses no branch wrong and keeps several lookups in flight,
 * and memory is all that a lookup waits for.
 */
static uint32_t count_not_behind(const struct numbers *t, uint64_t key, uint32_t low, uint32_t high)
{
    uint32_t last = (uint32_t)t->summary.segments - 1, from = low, count = 0;
    while (high - low > BUCKET_USUAL) { /* a crowded bucket */
        uint32_t middle = low + (high - low) / 2;
        if (t->segment[middle].start <= key)
            low = middle;
        else
            high = middle;
    }
    for (uint32_t i = 0; i < BUCKET_USUAL; i++) {
        uint32_t inside = -(uint32_t)(low + i < high); /* all ones, or none */
        count += (uint32_t)(t->segment[low - (low > last) + (i & inside)].start <= key) & inside &
                 1;
    }
    return low - from + count;
}

/* The bucket of the directory for KEY; NULL: no number of that length is as large. */
static const uint32_t *find_bucket(const struct numbers *t, uint64_t key)
{
    static const uint32_t none[2];
    const struct image_plane *p = &t->plane[key >> KEY_VALUE_BITS];
    if (p->end == 0 || key < p->base)
        return NULL;
    uint64_t bucket = (key - p->base) >> p->shift;
    /* Behind the last bucket only the last segment can reach. */
    return bucket < p->n_buckets ? &t->directory[p->directory + bucket] : none;
}

/* The last segment that begins at KEY or before it, if KEY is in it. */
static uint32_t segment_of(const struct numbers *t, uint64_t key, const uint32_t *bucket)
{
    if (!bucket)
        return TABLE_NO_SEGMENT;
    uint32_t low = bucket[0], high = bucket[1];
    if (high == 0)
        low = high = t->plane[key >> KEY_VALUE_BITS].end;
    uint32_t i = low + count_not_behind(t, key, low, high) - 1;
    const struct image_segment *s = &t->segment[i];
    return s->span == 0 || key - s->start < s->span ? i : TABLE_NO_SEGMENT;
}

uint32_t table_segment(const struct numbers *t, uint64_t key)
{
    return segment_of(t, key, find_bucket(t, key));
}

bool numbers_has(const struct numbers *t, const struct tn *number)
{
    uint64_t key;
    if (!image_key(number, &key))
        return false;
    uint32_t segment = table_segment(t, key);
    if (segment == TABLE_NO_SEGMENT)
        return false;
    return t->set_first[t->segment[segment].set + 1] > t->set_first[t->segment[segment].set];
}

/* The first row of each kind that matters, the narrowest interval first; -1: none. */
struct found {
    int64_t blocked, own, own_out_of_force, other, other_out_of_force;
};

static void note(int64_t *place, int64_t i)
{
    if (*place < 0)
        *place = i;
}

/*
 * The rows that apply today: level by level, up to the first level with an owned or blocked row in
 * force, which replaces the wider ones.
 */
static struct found find_rows(const struct numbers *t, uint32_t set, uint32_t customer,
                              int32_t today)
{
    struct found f = {-1, -1, -1, -1, -1};
    uint32_t first = t->set_first[set], end = t->set_first[set + 1];
    bool replaced = false;
    for (uint32_t i = first; i < end; i++) {
        bool begins_level = t->member[i] & 1;
        const struct numbers_record *r = &t->record[t->member[i] >> 1];
        if (begins_level && replaced)
            break;
        if (!record_is_in_force(r, today)) {
            note(r->customer == customer ? &f.own_out_of_force : &f.other_out_of_force, i - first);
            continue;
        }
        replaced = replaced || record_replaces(r);
        if (r->state == NUMBER_BLOCKED)
            note(&f.blocked, i - first);
        else
            note(r->customer == customer ? &f.own : &f.other, i - first);
    }
    return f;
}

static const struct numbers_record *record_at(const struct numbers *t, uint32_t set, int64_t i)
{
    return &t->record[t->member[t->set_first[set] + (uint64_t)i] >> 1];
}

/* Which of the rows decides, and what it means; -1 when there is none. */
static int64_t decide(const struct numbers *t, uint32_t set, const struct found *f, int32_t today,
                      enum number_state *state)
{
    if (f->blocked >= 0) {
        *state = NUMBER_BLOCKED;
        return f->blocked;
    }
    if (f->own >= 0) {
        *state = (enum number_state)record_at(t, set, f->own)->state;
        return f->own;
    }
    if (f->own_out_of_force >= 0) {
        bool early = today < record_at(t, set, f->own_out_of_force)->not_before;
        *state = early ? NUMBER_NOT_YET : NUMBER_EXPIRED;
        return f->own_out_of_force;
    }
    int64_t other = f->other >= 0 ? f->other : f->other_out_of_force;
    *state = other >= 0 ? NUMBER_OTHER_CUSTOMER : NUMBER_UNKNOWN;
    return other;
}

/* Few segments have several rows, and then mostly the first decides. */
static uint32_t source_of(const struct numbers *t, uint32_t segment, uint64_t i)
{
    if (i == 0)
        return t->source[segment];
    uint64_t more = t->more_first[segment / SOURCE_BLOCK];
    for (uint32_t s = segment / SOURCE_BLOCK * SOURCE_BLOCK; s < segment; s++) {
        uint32_t set = t->segment[s].set, n = t->set_first[set + 1] - t->set_first[set];
        more += n > 1 ? n - 1 : 0;
    }
    return t->more[more + i - 1];
}

/* LINE counts over all files. */
static void place_of(const struct numbers *t, uint64_t line, struct str *file,
                     uint32_t *line_in_file)
{
    uint32_t low = 0, high = t->header->n_files;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (t->file_line[middle] < line)
            low = middle;
        else
            high = middle;
    }
    *file = table_name(t, first_file(t->header) + low);
    *line_in_file = (uint32_t)(line - t->file_line[low]);
}

void table_source(const struct numbers *t, uint32_t segment, uint64_t i, uint64_t key,
                  struct str *file, uint32_t *line_in_file)
{
    uint32_t source = source_of(t, segment, i);
    uint64_t line = SOURCE_LINE(source);
    if (source & SOURCE_STEPS)
        line += key - t->segment[segment].start;
    place_of(t, line, file, line_in_file);
}

/* ANSWER is that of an unknown number so far. */
static void answer_of(const struct numbers *t, uint32_t segment, uint64_t key, uint32_t customer,
                      int32_t today, struct numbers_answer *answer)
{
    __builtin_prefetch(&t->source[segment]); /* it comes while the rows are looked at */
    uint32_t set = t->segment[segment].set;
    struct found f = find_rows(t, set, customer, today);
    int64_t i = decide(t, set, &f, today, &answer->state);
    if (i < 0)
        return;
    const struct numbers_record *r = record_at(t, set, i);
    answer->table = t;
    answer->record = (uint32_t)(r - t->record);
    answer->prefix_row = r->prefix != 0;
    answer->customer = table_name(t, r->customer);
    if (r->certificate != RECORD_NO_CERTIFICATE)
        answer->certificate = table_name(t, (uint64_t)t->header->n_customers + r->certificate);
    table_source(t, segment, (uint64_t)i, key, &answer->file, &answer->line);
}

void numbers_lookup(const struct numbers *t, const struct tn *number, uint32_t customer,
                    int32_t today, struct numbers_answer *answer)
{
    uint64_t key;
    *answer = (struct numbers_answer){.state = NUMBER_UNKNOWN};
    if (!image_key(number, &key))
        return;
    uint32_t segment = table_segment(t, key);
    if (segment != TABLE_NO_SEGMENT)
        answer_of(t, segment, key, customer, today, answer);
}

#define GROUP 16

/*
 * A lookup waits for memory three times, one after the other. So a group of lookups takes each step
 * together: while the others take theirs, the memory for the next step is already on its way.
 */
static void look_up_group(const struct numbers *t, size_t n, const struct tn *number,
                          const uint32_t *customer, int32_t today, struct numbers_answer *answer)
{
    uint64_t key[GROUP];
    const uint32_t *bucket[GROUP];
    uint32_t segment[GROUP];
    for (size_t i = 0; i < n; i++) {
        bucket[i] = image_key(&number[i], &key[i]) ? find_bucket(t, key[i]) : NULL;
        __builtin_prefetch(bucket[i]);
        answer[i] = (struct numbers_answer){.state = NUMBER_UNKNOWN};
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t low = bucket[i] ? bucket[i][0] : 0;
        __builtin_prefetch(&t->segment[low]);
        __builtin_prefetch(&t->segment[low + 4]);
    }
    for (size_t i = 0; i < n; i++) {
        segment[i] = segment_of(t, key[i], bucket[i]);
        if (segment[i] == TABLE_NO_SEGMENT)
            continue;
        __builtin_prefetch(&t->source[segment[i]]);
        __builtin_prefetch(&t->set_first[t->segment[segment[i]].set]);
    }
    for (size_t i = 0; i < n; i++)
        if (segment[i] != TABLE_NO_SEGMENT)
            answer_of(t, segment[i], key[i], customer[i], today, &answer[i]);
}

void numbers_lookup_many(const struct numbers *t, size_t n, const struct tn *number,
                         const uint32_t *customer, int32_t today, struct numbers_answer *answer)
{
    for (size_t i = 0; i < n; i += GROUP)
        look_up_group(t, n - i < GROUP ? n - i : GROUP, number + i, customer + i, today,
                      answer + i);
}

/* ---- attributes ---- */

uint32_t numbers_column(const struct numbers *t, struct str name)
{
    for (uint32_t i = 0; i < t->header->n_columns; i++)
        if (str_eq_nocase(table_name(t, first_column(t->header) + i), name))
            return i;
    return NUMBERS_NO_COLUMN;
}

static struct str attribute(const struct numbers *t, uint32_t set, uint32_t column)
{
    for (uint32_t i = t->attribute_first[set]; i < t->attribute_first[set + 1]; i++)
        if (t->attribute[i].column == column)
            return table_name(t, first_value(t->header) + t->attribute[i].value);
    return (struct str){NULL, 0};
}

struct str numbers_row_attribute(const struct numbers_answer *answer, struct str column)
{
    if (!answer->table)
        return (struct str){NULL, 0};
    return attribute(answer->table, answer->table->record[answer->record].attributes,
                     numbers_column(answer->table, column));
}

struct str numbers_customer_attribute(const struct numbers *t, uint32_t customer, uint32_t column)
{
    if (customer >= t->header->n_customers)
        return (struct str){NULL, 0};
    return attribute(t, t->customer[customer].attributes, column);
}

/* Whether a customers table has it. */
static bool customer_is_declared(const struct numbers *t, uint32_t customer)
{
    return customer < t->header->n_customers && t->customer[customer].line > 0;
}

bool numbers_customer_place(const struct numbers *t, uint32_t customer, struct str *file,
                            uint32_t *line)
{
    if (!customer_is_declared(t, customer))
        return false;
    place_of(t, t->customer[customer].line, file, line);
    return true;
}

struct str numbers_customer_name(const struct numbers *t, uint32_t customer)
{
    return customer < t->header->n_customers ? table_name(t, customer) : (struct str){NULL, 0};
}
