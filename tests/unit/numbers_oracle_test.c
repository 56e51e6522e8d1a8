/* Random tables are also searched in the slowest and simplest way: the answers must be the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "numbers_table_helper.h"

struct oracle_row {
    unsigned length;    /* of the digits */
    uint64_t low, high; /* of a prefix: its digits, twice */
    unsigned customer;  /* in the order of their first appearance */
    enum number_state state;
    bool prefix;
    int32_t from, to;
    bool urgent; /* of the overlay: these come last */
};

#define ORACLE_ROWS 60

struct oracle {
    struct oracle_row row[ORACLE_ROWS];
    unsigned n;
};

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static unsigned random_below(unsigned n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % n);
}

static uint64_t power(unsigned exponent)
{
    uint64_t p = 1;
    while (exponent-- > 0)
        p *= 10;
    return p;
}

/* What a row covers among the numbers of a length; false: nothing. */
static bool extent(const struct oracle_row *r, unsigned length, uint64_t *low, uint64_t *high)
{
    if (!r->prefix) {
        *low = r->low;
        *high = r->high;
        return r->length == length;
    }
    if (length < r->length)
        return false;
    *low = r->low * power(length - r->length);
    *high = *low + power(length - r->length) - 1;
    return true;
}

/* Whether two rows may stand in one table. */
static bool agree(const struct oracle_row *a, const struct oracle_row *b)
{
    if (a->urgent != b->urgent)
        return true;
    for (unsigned length = 7; length <= 9; length++) {
        uint64_t al, ah, bl, bh;
        if (!extent(a, length, &al, &ah) || !extent(b, length, &bl, &bh) || ah < bl || bh < al)
            continue;
        bool a_in_b = bl <= al && ah <= bh, b_in_a = al <= bl && bh <= ah;
        if (!a_in_b && !b_in_a)
            return false;
        if (a_in_b && b_in_a && a->prefix == b->prefix && a->customer == b->customer &&
            a->state != b->state)
            return false;
    }
    return true;
}

static struct oracle_row random_row(void)
{
    struct oracle_row r = {.length = 7 + random_below(3), .from = INT32_MIN, .to = INT32_MAX};
    unsigned kind = random_below(10);
    r.customer = random_below(4);
    r.state = random_below(4);
    if (random_below(3) == 0)
        r.from = (int32_t)random_below(6);
    if (random_below(3) == 0)
        r.to = (r.from > 0 ? r.from : 0) + (int32_t)random_below(6);
    if (kind == 0) {
        r.prefix = true;
        r.length = 4 + random_below(5);
        r.low = 5550 * power(r.length - 4) + random_below((unsigned)power(r.length - 4));
        r.high = r.low;
        return r;
    }
    uint64_t base = 5550 * power(r.length - 4);
    r.low = base + random_below(kind < 6 ? 40 : 1000);
    r.high = r.low + (kind < 4 ? 0 : random_below(kind < 8 ? 20 : 400));
    return r;
}

static void fill(struct oracle *o, unsigned rows, unsigned urgent)
{
    o->n = 0;
    for (unsigned tries = 0; tries < 4 * rows && o->n < rows; tries++) {
        struct oracle_row r = random_row();
        bool good = true;
        r.urgent = o->n >= rows - urgent;
        if (r.urgent && (r.prefix || r.low != r.high))
            continue;
        for (unsigned i = 0; i < o->n && good; i++)
            good = agree(&o->row[i], &r);
        if (good)
            o->row[o->n++] = r;
    }
}

static void add_date(struct buf *text, int32_t d)
{
    buf_add_char(text, ',');
    if (d != INT32_MIN && d != INT32_MAX)
        buf_addf(text, "1970-01-%02d", d + 1);
}

/* The table, or the overlay. */
static void write_table(const struct oracle *o, bool urgent, struct buf *text)
{
    static const char *const states[] = {"owned", "delegated", "unverified", "blocked"};
    buf_add_text(text, "number,customer,state,not_before,not_after,mark\n");
    for (unsigned i = 0; i < o->n; i++) {
        const struct oracle_row *r = &o->row[i];
        if (r->urgent != urgent)
            continue;
        if (r->prefix)
            buf_addf(text, "+%lu*", (unsigned long)r->low);
        else if (r->low == r->high)
            buf_addf(text, "+%lu", (unsigned long)r->low);
        else
            buf_addf(text, "+%lu-+%lu", (unsigned long)r->low, (unsigned long)r->high);
        buf_addf(text, ",c%u,%s", r->customer, states[r->state]);
        add_date(text, r->from);
        add_date(text, r->to);
        buf_addf(text, ",m%u\n", i % 7);
    }
}

/* Customers are ordered as they appear first; equal rows decide in that order. */
static unsigned appearance(const struct oracle *o, unsigned customer)
{
    unsigned i = 0;
    while (o->row[i].customer != customer)
        i++;
    return i;
}

/* Whether row A is looked at before row B. */
static bool before(const struct oracle *o, unsigned a, unsigned b, unsigned length)
{
    const struct oracle_row *ra = &o->row[a], *rb = &o->row[b];
    uint64_t al = 0, ah = 0, bl = 0, bh = 0;
    extent(ra, length, &al, &ah);
    extent(rb, length, &bl, &bh);
    if (ah - al != bh - bl)
        return ah - al < bh - bl;
    if (ra->prefix != rb->prefix)
        return rb->prefix;
    if (ra->customer != rb->customer)
        return appearance(o, ra->customer) < appearance(o, rb->customer);
    return a < b;
}

static bool same_level(const struct oracle_row *a, const struct oracle_row *b, unsigned length)
{
    uint64_t al = 0, ah = 0, bl = 0, bh = 0;
    extent(a, length, &al, &ah);
    extent(b, length, &bl, &bh);
    return al == bl && ah == bh && a->prefix == b->prefix;
}

/* Urgent changes speak alone for their number. */
static bool has_urgent(const struct oracle *o, uint64_t number, unsigned length)
{
    for (unsigned i = 0; i < o->n; i++)
        if (o->row[i].urgent && o->row[i].length == length && o->row[i].low == number)
            return true;
    return false;
}

static unsigned covering(const struct oracle *o, uint64_t number, unsigned length, unsigned *list)
{
    unsigned n = 0;
    bool urgent = has_urgent(o, number, length);
    for (unsigned i = 0; i < o->n; i++) {
        uint64_t low, high;
        if (!extent(&o->row[i], length, &low, &high) || number < low || number > high ||
            (urgent && !o->row[i].urgent))
            continue;
        unsigned at = n++;
        for (; at > 0 && before(o, i, list[at - 1], length); at--)
            list[at] = list[at - 1];
        list[at] = i;
    }
    return n;
}

/* As docs/numbers.md says it, step by step. */
static int oracle_answer(const struct oracle *o, uint64_t number, unsigned length,
                         unsigned customer, int32_t today, enum number_state *state)
{
    unsigned list[ORACLE_ROWS], n = covering(o, number, length, list), visible = n;
    for (unsigned i = 0; i < n; i++) {
        const struct oracle_row *r = &o->row[list[i]];
        bool replaces = (r->state == NUMBER_OWNED || r->state == NUMBER_BLOCKED) &&
                        r->from <= today && today <= r->to;
        if (!replaces)
            continue;
        for (visible = i + 1; visible < n && same_level(r, &o->row[list[visible]], length);)
            visible++;
        break;
    }
    for (int pass = 0; pass < 5; pass++) {
        for (unsigned i = 0; i < visible; i++) {
            const struct oracle_row *r = &o->row[list[i]];
            bool in_force = r->from <= today && today <= r->to, own = r->customer == customer;
            const bool chosen[] = {in_force && r->state == NUMBER_BLOCKED, in_force && own, own,
                                   in_force, true};
            if (!chosen[pass])
                continue;
            *state = pass == 0         ? NUMBER_BLOCKED
                     : pass == 1       ? r->state
                     : pass > 2        ? NUMBER_OTHER_CUSTOMER
                     : today < r->from ? NUMBER_NOT_YET
                                       : NUMBER_EXPIRED;
            return (int)list[i];
        }
    }
    *state = NUMBER_UNKNOWN;
    return -1;
}

static bool is_of_row(const struct oracle *o, const struct numbers_answer *a, int row)
{
    unsigned before = 0;
    char mark[8];
    if (row < 0)
        return a->line == 0;
    for (int i = 0; i < row; i++)
        before += o->row[i].urgent == o->row[row].urgent;
    snprintf(mark, sizeof(mark), "m%d", row % 7);
    return a->line == before + 2 && a->prefix_row == o->row[row].prefix &&
           str_eq(a->file, o->row[row].urgent ? STR("o.csv") : STR("t.csv")) &&
           str_eq(numbers_row_attribute(a, STR("mark")), str_of(mark));
}

static unsigned long compare_with_oracle(const struct oracle *o, const struct table *t)
{
    uint32_t ids[5];
    unsigned long questions = 0;
    for (unsigned c = 0; c < 5; c++) {
        char name[] = {'c', (char)('0' + c), '\0'};
        ids[c] = numbers_customer(t->numbers, str_of(name));
    }
    for (unsigned i = 0; i < 6000; i++, questions++) {
        unsigned length = 7 + random_below(3), customer = random_below(5);
        int32_t today = (int32_t)random_below(12) - 1;
        uint64_t number = 5550 * power(length - 4) +
                          random_below(i % 4 ? 60 : (unsigned)power(length - 4));
        enum number_state want;
        int row = oracle_answer(o, number, length, customer, today, &want);
        struct numbers_answer a;
        struct tn tn;
        char digits[24];
        int n = snprintf(digits, sizeof(digits), "%lu", (unsigned long)number);
        assert_true(tn_from_digits(&tn, (struct str){digits, (size_t)n}));
        numbers_lookup(t->numbers, &tn, ids[customer], today, &a);
        if (a.state != want || !is_of_row(o, &a, row)) {
            struct buf text = BUF_INIT;
            write_table(o, false, &text);
            write_table(o, true, &text);
            fail_msg("%.*s+%s of c%u on day %d: %.*s by line %u, want %.*s by row %d",
                     STR_ARG(buf_str(&text)), digits, customer, today,
                     STR_ARG(number_state_name(a.state)), a.line, STR_ARG(number_state_name(want)),
                     row);
        }
    }
    return questions;
}

static void random_tables_agree_with_the_oracle(void **state)
{
    (void)state;
    unsigned long questions = 0;
    for (unsigned round = 0; round < 180; round++) {
        struct oracle o;
        struct buf text = BUF_INIT, urgent = BUF_INIT;
        unsigned rows = 1 + random_below(ORACLE_ROWS);
        fill(&o, rows, round % 3 ? 0 : random_below(rows));
        write_table(&o, false, &text);
        write_table(&o, true, &urgent);
        const struct numbers_source sources[] = {
            {.name = STR("t.csv"), .text = buf_str(&text), .kind = NUMBERS_TABLE},
            {.name = STR("o.csv"), .text = buf_str(&urgent), .kind = NUMBERS_OVERLAY},
        };
        struct table t = compile(sources, 2);
        questions += compare_with_oracle(&o, &t);
        table_fini(&t);
        buf_fini(&text);
        buf_fini(&urgent);
    }
    assert_true(questions >= 1000000);
}

/* Enough rows, in disorder, for the radix sort and the directory to matter. */
static void many_numbers_in_any_order_are_found(void **state)
{
    (void)state;
    enum { N = 50000, STEP = 7919 };
    struct buf text = BUF_INIT;
    buf_add_text(&text, "number,customer,state\n");
    for (uint64_t i = 0; i < N; i++)
        buf_addf(&text, "+%lu,c%lu,owned\n", (unsigned long)(12010000000 + i * STEP % N * 3),
                 (unsigned long)(i % 100));
    struct numbers_source source = {
        .name = STR("t.csv"), .text = buf_str(&text), .kind = NUMBERS_TABLE};
    struct table t = compile(&source, 1);
    for (uint64_t i = 0; i < N; i++) {
        char number[16], customer[8];
        snprintf(number, sizeof(number), "%lu", (unsigned long)(12010000000 + i * STEP % N * 3));
        snprintf(customer, sizeof(customer), "c%lu", (unsigned long)(i % 100));
        struct numbers_answer a = ask(&t, number, customer, 0);
        assert_int_equal(a.state, NUMBER_OWNED);
        assert_int_equal(a.line, i + 2);
        snprintf(number, sizeof(number), "%lu", (unsigned long)(12010000001 + i * 3));
        assert_int_equal(ask(&t, number, customer, 0).state, NUMBER_UNKNOWN);
    }
    table_fini(&t);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_tables_agree_with_the_oracle),
        cmocka_unit_test(many_numbers_in_any_order_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
