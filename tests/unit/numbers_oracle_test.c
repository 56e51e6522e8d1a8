/* Random tables are also searched in the slowest and simplest way: the answers must be the same.
 * R-P-107. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "numbers_oracle.h"
#include "numbers_table_helper.h"

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

static unsigned long compare_with_oracle(const struct oracle *o, const struct table *t,
                                         const struct table *urgent)
{
    unsigned long questions = 0;
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
        const char name[] = {'c', (char)('0' + customer), '\0'};
        if (urgent)
            numbers_lookup_urgent(urgent->numbers, t->numbers, &tn, str_of(name), today, &a);
        else
            numbers_lookup(t->numbers, &tn, numbers_customer(t->numbers, str_of(name)), today, &a);
        /* Which of several others is told is open where both tables have some. */
        bool open = urgent && want == NUMBER_OTHER_CUSTOMER;
        if (a.state != want || !(open || is_of_row(o, &a, row))) {
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
            {.name = STR("o.csv"), .text = buf_str(&urgent), .kind = NUMBERS_TABLE},
        };
        struct table t = compile(&sources[0], 1), u = compile(&sources[1], 1);
        questions += compare_with_oracle(&o, &t, round % 3 ? NULL : &u);
        table_fini(&t);
        table_fini(&u);
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
