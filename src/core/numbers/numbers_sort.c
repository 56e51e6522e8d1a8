/* The rows of a build in the order of their keys. */
#include "numbers_build.h"

#include <stdlib.h>
#include <string.h>

/*
 * By the keys' least digits first. What all keys have in common costs nothing: the numbers of each
 * length are sorted on their own, by their distance from the first of them.
 */
#define DIGIT_BITS_MAX 11
#define BUCKETS_MAX    (1u << DIGIT_BITS_MAX)
#define DIGITS_MAX     ((KEY_BITS + DIGIT_BITS_MAX - 1) / DIGIT_BITS_MAX)

struct sort {
    struct build_row *from, *to;
    size_t n;
    uint64_t base; /* the lowest key */
    unsigned bits; /* of a digit */
    unsigned n_digits;
    size_t (*count)[BUCKETS_MAX]; /* of each digit */
};

static unsigned digit_of(const struct sort *s, const struct build_row *row, unsigned d)
{
    return (unsigned)((row_first(row) - s->base) >> (d * s->bits)) & ((1u << s->bits) - 1);
}

static bool is_sorted(const struct build_row *rows, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (row_first(&rows[i - 1]) > row_first(&rows[i]))
            return false;
    return true;
}

static void choose_digits(struct sort *s)
{
    uint64_t last = 0;
    s->base = ROW_KEY;
    for (size_t i = 0; i < s->n; i++) {
        uint64_t key = row_first(&s->from[i]);
        s->base = key < s->base ? key : s->base;
        last = key > last ? key : last;
    }
    unsigned bits = 0;
    while (bits < KEY_BITS && (last - s->base) >> bits > 0)
        bits++;
    s->n_digits = (bits + DIGIT_BITS_MAX - 1) / DIGIT_BITS_MAX;
    s->bits = s->n_digits > 0 ? (bits + s->n_digits - 1) / s->n_digits : 1;
}

static void count_digits(struct sort *s)
{
    memset(s->count, 0, s->n_digits * sizeof(*s->count));
    for (size_t i = 0; i < s->n; i++)
        for (unsigned d = 0; d < s->n_digits; d++)
            s->count[d][digit_of(s, &s->from[i], d)]++;
}

static void scatter(struct sort *s, unsigned d)
{
    size_t sum = 0, *count = s->count[d];
    for (unsigned i = 0; i < 1u << s->bits; i++) {
        size_t here = count[i];
        count[i] = sum;
        sum += here;
    }
    for (size_t i = 0; i < s->n; i++)
        s->to[count[digit_of(s, &s->from[i], d)]++] = s->from[i];
}

/* From ROWS, with as much room at OTHER, to ROWS. */
static void sort_length(struct build_row *rows, struct build_row *other, size_t n,
                        size_t (*count)[BUCKETS_MAX])
{
    struct sort s = {.from = rows, .to = other, .n = n, .count = count};
    if (is_sorted(rows, n))
        return;
    choose_digits(&s);
    count_digits(&s);
    for (unsigned d = 0; d < s.n_digits; d++) {
        scatter(&s, d);
        struct build_row *swap = s.from;
        s.from = s.to;
        s.to = swap;
    }
    if (s.from != rows)
        memcpy(rows, s.from, n * sizeof(*rows));
}

static size_t length_of(const struct build_row *row)
{
    return row_first(row) >> KEY_VALUE_BITS;
}

/* Where the numbers of each length begin, and the end. */
static void count_lengths(const struct build_row *rows, size_t n, size_t begin[TN_MAX_DIGITS + 2])
{
    memset(begin, 0, (TN_MAX_DIGITS + 2) * sizeof(*begin));
    for (size_t i = 0; i < n; i++)
        begin[length_of(&rows[i]) + 1]++;
    for (unsigned i = 1; i < TN_MAX_DIGITS + 2; i++)
        begin[i] += begin[i - 1];
}

/* Sorts in the room of the segments, which are made later and are about as many. */
static bool sort_keys(struct build *b, struct build_row *rows, size_t n)
{
    bool sorted = false;
    size_t begin[TN_MAX_DIGITS + 2], at[TN_MAX_DIGITS + 1];
    size_t(*count)[BUCKETS_MAX] = malloc(DIGITS_MAX * sizeof(*count));
    struct build_row *other = (struct build_row *)(void *)buf_room(&b->segments,
                                                                   n * sizeof(*other));
    if (!count || !other)
        goto out;
    count_lengths(rows, n, begin);
    if (begin[length_of(&rows[0]) + 1] - begin[length_of(&rows[0])] < n) {
        memcpy(at, begin, sizeof(at));
        for (size_t i = 0; i < n; i++)
            other[at[length_of(&rows[i])]++] = rows[i];
        memcpy(rows, other, n * sizeof(*rows));
    }
    for (unsigned i = 0; i <= TN_MAX_DIGITS; i++)
        sort_length(rows + begin[i], other + begin[i], begin[i + 1] - begin[i], count);
    sorted = true;
out:
    free(count);
    return sorted;
}

static int three_way(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Rows with the same first key. */
static int compare_ties(const void *left, const void *right, void *build)
{
    const struct build_row *a = left, *b = right;
    const struct numbers_record *ra = row_record(build, a), *rb = row_record(build, b);
    int order = three_way(row_last(build, b), row_last(build, a));
    if (order == 0)
        order = three_way(rb->prefix, ra->prefix);
    if (order == 0)
        order = three_way(ra->customer, rb->customer);
    return order != 0 ? order : three_way(a->line, b->line);
}

bool build_sort(struct build *b)
{
    size_t n;
    struct build_row *rows = build_rows(b, &n);
    if (!is_sorted(rows, n) && !sort_keys(b, rows, n))
        return false;
    for (size_t begin = 0, end; begin < n; begin = end) {
        for (end = begin + 1; end < n && row_first(&rows[end]) == row_first(&rows[begin]);)
            end++;
        if (end - begin > 1)
            qsort_r(rows + begin, end - begin, sizeof(*rows), compare_ties, b);
    }
    return true;
}
