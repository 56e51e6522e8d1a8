/* Ranges so wide that a typing error must not give an A for them, however many rows they are spread
   over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stird/core/numbers.h>

static void begin(struct buf *text)
{
    *text = (struct buf)BUF_INIT;
    buf_add_text(text, "number,customer,state,wide,not_after\n");
}

/* N ranges of SIZE numbers, STEP apart, of CUSTOMER; WHAT: state and the rest. */
static void ranges(struct buf *text, uint64_t first, unsigned n, uint64_t size, uint64_t step,
                   const char *customer, const char *what)
{
    for (unsigned i = 0; i < n; i++, first += step) {
        buf_addf(text, "+%" PRIu64, first);
        if (size > 1)
            buf_addf(text, "-+%" PRIu64, first + size - 1);
        buf_addf(text, ",%s,%s\n", customer, what);
    }
}

/* Compiles and frees TEXT; the problems are those of WANTED. */
static void expect(struct buf *text, const char *wanted)
{
    struct buf image = BUF_INIT, got = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    struct numbers_source source = {
        .name = STR("t.csv"), .text = buf_str(text), .kind = NUMBERS_TABLE};
    bool compiled = numbers_compile(&source, 1, &image, NULL, &problems);
    problems_print(&problems, &got);
    buf_add(&got, "", 1);
    assert_string_equal(got.p, wanted);
    assert_int_equal(compiled, wanted[0] == '\0');
    problems_fini(&problems);
    buf_fini(&got);
    buf_fini(&image);
    buf_fini(text);
}

#define MILLION UINT64_C(1000000)
#define AREA    (10 * MILLION)
#define MEANT   ": if that is meant, say yes for each of these rows in a column named wide\n"

/* All of +1: no row has more than an area. */
static void a_country_in_many_rows_needs_a_word(void **state)
{
    (void)state;
    struct buf text;
    begin(&text);
    ranges(&text, UINT64_C(12000000000), 800, AREA, AREA, "acme", "owned,,");
    expect(&text, "t.csv:2: customer \"acme\" has 8000000000 numbers of +1 in 800 rows, of which "
                  "this is the first, more than half of those of that length" MEANT);
    /* the exchanges that there are: no two rows adjoin */
    begin(&text);
    ranges(&text, UINT64_C(12002000000), 101, 8 * MILLION, AREA, "acme", "owned,,");
    expect(&text, "");
    begin(&text);
    ranges(&text, UINT64_C(12002000000), 126, 8 * MILLION, AREA, "acme", "delegated,no,");
    expect(&text, "t.csv:2: customer \"acme\" has 1008000000 numbers of +1 in 126 rows, of which "
                  "this is the first, more than 1000 million" MEANT);
}

/* No customer has more than an area or two, and together they have the country. */
static void a_country_split_over_customers_needs_a_word(void **state)
{
    (void)state;
    struct buf text, name = BUF_INIT;
    begin(&text);
    for (unsigned i = 0; i < 101; i++) {
        buf_reset(&name);
        buf_addf(&name, "c%u", i);
        buf_add_char(&name, '\0');
        ranges(&text, UINT64_C(12000000000) + i * AREA, 1, AREA, 1, name.p,
               i % 2 ? "owned,," : "delegated,no,");
        ranges(&text, UINT64_C(12000000000) + i * AREA, 1, AREA, 1, "acme", "unverified,,");
    }
    ranges(&text, UINT64_C(12000000000), 1, AREA, 1, "again", "owned,,");
    expect(&text, "t.csv:2: the customers together have 1010000000 numbers of +1 in 102 rows, of "
                  "which this is the first, more than 1000 million" MEANT);
    /* one of them by a word, and most of a small country, are none */
    begin(&text);
    ranges(&text, UINT64_C(12000000000), 50, AREA, 2 * AREA, "acme", "owned,,");
    ranges(&text, UINT64_C(12010000000), 50, AREA, 2 * AREA, "globex", "owned,,");
    ranges(&text, UINT64_C(13000000000), 50, AREA, 2 * AREA, "initech", "owned,yes,");
    ranges(&text, 298200000, 4, 100000, 200000, "acme", "owned,,");
    ranges(&text, 298300000, 4, 100000, 200000, "globex", "owned,,");
    expect(&text, "");
    buf_fini(&name);
}

/* By every row of its own, in any order, owned and delegated, also where some rows are ended. */
static void how_they_are_written_changes_nothing(void **state)
{
    (void)state;
    struct buf text;
    begin(&text);
    ranges(&text, UINT64_C(17002000000), 63, 8 * MILLION, AREA, "acme", "delegated,,2020-12-31");
    ranges(&text, UINT64_C(12002000000), 63, 8 * MILLION, AREA, "acme", "OWNED,,");
    ranges(&text, UINT64_C(12002000000), 400, 8 * MILLION, AREA, "globex", "unverified,,");
    expect(&text, "t.csv:2: customer \"acme\" has 1008000000 numbers of +1 in 126 rows, of which "
                  "this is the first, more than 1000 million" MEANT);
}

static void most_of_a_small_country_needs_a_word(void **state)
{
    (void)state;
    struct buf text;
    begin(&text);
    ranges(&text, 298200000, 5, 100000, 150000, "acme", "owned,,");
    expect(&text, "");
    begin(&text);
    ranges(&text, 298200000, 6, 100000, 130000, "acme", "owned,,");
    expect(&text, "t.csv:2: customer \"acme\" has 600000 numbers of +298 in 6 rows, of which this "
                  "is the first, more than half of those of that length" MEANT);
    /* each a row */
    begin(&text);
    ranges(&text, 6834000, 5001, 1, 1, "acme", "delegated,,");
    expect(&text, "t.csv:2: customer \"acme\" has 5001 numbers of +683 in 5001 rows, of which this "
                  "is the first, more than half of those of that length" MEANT);
    begin(&text);
    ranges(&text, 6834000, 5000, 1, 1, "acme", "delegated,,");
    expect(&text, "");
}

/* Ranges that adjoin are one range, with single numbers between them or without. */
static void adjoining_ranges_are_one(void **state)
{
    (void)state;
    struct buf text;
    begin(&text);
    ranges(&text, UINT64_C(12150000000), 3, 4 * MILLION, 4 * MILLION, "acme", "owned,,");
    ranges(&text, UINT64_C(13150000000), 2, AREA, AREA, "acme", "owned,,");
    expect(&text, "t.csv:2: customer \"acme\" has 12000000 numbers of +1 in 3 ranges that adjoin, "
                  "of which this is the first, more than 10 million" MEANT
                  "t.csv:5: customer \"acme\" has 20000000 numbers of +1 in 2 ranges that adjoin, "
                  "of which this is the first, more than 10 million" MEANT);
    begin(&text);
    ranges(&text, UINT64_C(12150000000), 3, 4 * MILLION, 4 * MILLION + 1, "acme", "owned,,");
    expect(&text, "");
    begin(&text);
    ranges(&text, UINT64_C(12150000000), 3, 4 * MILLION, 4 * MILLION + 1, "acme", "owned,,");
    ranges(&text, UINT64_C(12154000000), 2, 1, 4 * MILLION + 1, "acme", "owned,,");
    expect(&text, "t.csv:2: customer \"acme\" has 12000000 numbers of +1 in 3 ranges that adjoin, "
                  "of which this is the first, more than 10 million" MEANT);
}

/* What several rows name counts once, and each customer, country and length for itself. */
static void what_is_not_together_is_not_counted_together(void **state)
{
    (void)state;
    struct buf text;
    begin(&text);
    ranges(&text, UINT64_C(12150000000), 1, AREA, AREA, "acme", "owned,,2020-12-31");
    ranges(&text, UINT64_C(12150000000), 1, AREA, AREA, "acme", "owned,,");
    ranges(&text, UINT64_C(12152000000), 2, MILLION, MILLION, "acme", "delegated,,");
    ranges(&text, UINT64_C(12160000000), 1, AREA, AREA, "globex", "owned,,");
    ranges(&text, UINT64_C(12170000000), 1, AREA, AREA, "acme", "owned,,");
    ranges(&text, 298200000, 1, 500000, 1, "acme", "owned,,");
    ranges(&text, 299200000, 1, 500000, 1, "acme", "owned,,");
    ranges(&text, 2982000000, 5, MILLION, MILLION, "acme", "owned,,");
    expect(&text, "");
}

/* What is meant, blocked or unverified is not counted, nor a row that is a mistake of its own. */
static void a_word_in_each_row_is_enough(void **state)
{
    (void)state;
    struct buf text;
    begin(&text);
    ranges(&text, UINT64_C(12000000000), 780, AREA, AREA, "acme", "owned,yes,");
    ranges(&text, UINT64_C(19810000000), 1, AREA, AREA, "acme", "owned,,");
    ranges(&text, UINT64_C(12000000000), 800, AREA, AREA, "dno", "blocked,,");
    expect(&text, "");
    begin(&text);
    ranges(&text, UINT64_C(12000000000), 1, UINT64_C(2000000000), 1, "acme", "owned,,");
    ranges(&text, UINT64_C(15000000000), 1, AREA, AREA, "acme", "owned,,");
    expect(&text, "t.csv:2: number \"+12000000000-+13999999999\" is a range of 2000000000 numbers, "
                  "more than 10 million: if that is meant, say yes for this row in a column named "
                  "wide\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_country_in_many_rows_needs_a_word),
        cmocka_unit_test(a_country_split_over_customers_needs_a_word),
        cmocka_unit_test(how_they_are_written_changes_nothing),
        cmocka_unit_test(most_of_a_small_country_needs_a_word),
        cmocka_unit_test(adjoining_ranges_are_one),
        cmocka_unit_test(what_is_not_together_is_not_counted_together),
        cmocka_unit_test(a_word_in_each_row_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
