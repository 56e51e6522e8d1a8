/* What lint finds, and that a clean table has no finding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stird/core/numbers_lint.h>

#define HEAD "number,customer,state,not_before,not_after\n"

static const struct country germany = {
    .code = STR("49"), .national_length = 7, .national_length_max = 11};
static const struct country france = {.code = STR("33"), .national_length = 9};

static struct buf lint(const char *csv, const char *customers, bool all_are_known)
{
    const struct country countries[] = {germany, france};
    const struct str known[] = {STR("acme"), STR("globex")};
    const struct numbers_source sources[] = {
        {.name = STR("t.csv"), .text = str_of(csv), .kind = NUMBERS_TABLE},
        {.name = STR("c.csv"),
         .text = str_of(customers ? customers : ""),
         .kind = NUMBERS_CUSTOMERS},
    };
    const struct numbers_lint job = {.countries = countries,
                                     .n_countries = 2,
                                     .known = known,
                                     .n_known = 2,
                                     .all_are_known = all_are_known,
                                     .today = 20000}; /* 2024-10-04 */
    struct problems findings = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    assert_true(numbers_lint(sources, customers ? 2 : 1, &job, &findings));
    problems_print(&findings, &text);
    buf_add_text(&text, "");
    problems_fini(&findings);
    return text;
}

static void check(const char *csv, const char *expected)
{
    struct buf text = lint(csv, NULL, true);
    struct str got = buf_str(&text);
    if (!str_eq(got, str_of(expected)))
        fail_msg("%s\ngot:\n%.*s\nwanted:\n%s", csv, STR_ARG(got), expected);
    buf_fini(&text);
}

static void a_clean_table_has_no_finding(void **state)
{
    (void)state;
    check(HEAD "+12155550100,acme,owned,,\n+12155551000-+12155551999,globex,delegated,,2024-10-04\n"
               "+1267*,acme,unverified,,\n+491234567,acme,owned,,\n+4912345678901,acme,owned,,\n"
               "+33123456789,acme,owned,,\n+442071234567,acme,owned,,\n",
          "");
    check(HEAD, "");
}

static void each_finding_says_where_and_what(void **state)
{
    (void)state;
    check(HEAD "+1215555010,acme,owned,,\n",
          "t.csv:2: +1215555010: a number of +1 has 11 digits\n");
    check(HEAD "+11155550100,acme,owned,,\n+12150550100,acme,owned,,\n",
          "t.csv:2: +11155550100: area code and exchange of a +1 number begin with 2 to 9\n"
          "t.csv:3: +12150550100: area code and exchange of a +1 number begin with 2 to 9\n");
    check(HEAD "+1*,acme,unverified,,\n+21*,acme,unverified,,\n+10*,acme,blocked,,\n"
               "+12151*,acme,unverified,,\n+2105*,acme,unverified,,\n",
          "t.csv:5: +12151*: area code and exchange of a +1 number begin with 2 to 9\n"
          "t.csv:6: +2105*: no country has this country code\n");
    check(HEAD "+10000000000,acme,blocked,,\n+800123456789,acme,owned,,\n",
          "t.csv:2: +10000000000: area code and exchange of a +1 number begin with 2 to 9\n"
          "t.csv:3: +800123456789: its length is not that of its country's numbers\n");
    check(HEAD "+3312345678,acme,owned,,\n+49123456789012,acme,owned,,\n",
          "t.csv:2: +3312345678: its length is not that of its country's numbers\n"
          "t.csv:3: +49123456789012: its length is not that of its country's numbers\n");
    /* what a start refuses: many rows that are one slip */
    check(HEAD "+298000000-+298499999,acme,owned,,\n+298500000-+298999999,acme,owned,,\n",
          "t.csv:2: customer \"acme\" has 1000000 numbers of +298 in 2 rows, of which this is the "
          "first, more than half of those of that length: if that is meant, say yes for each of "
          "these rows in a column named wide\n");
    check(HEAD "+12155550100,acme,owned,,2024-10-03\n",
          "t.csv:2: the row has expired: take it out\n");
    check(
        HEAD "+1215*,acme,owned,,\n+1216*,acme,delegated,,\n+1217*,acme,blocked,,\n",
        "t.csv:2: a prefix row gives at most B, though it says owned: write a range for an A\n"
        "t.csv:3: a prefix row gives at most B, though it says delegated: write a range for an A\n");
    check(HEAD "+12155550100,acme,owned,,\n\n+12155550100,acme,owned,,\n",
          "t.csv:4: the row stands in t.csv:2 already\n");
    check(HEAD "+1215*,acme,unverified,,\n+1215*,acme,unverified,,\n",
          "t.csv:3: the row stands in t.csv:2 already\n");
    check(
        HEAD "+12155550100,acmee,owned,,\n+12155550101,acmee,owned,,\n",
        "t.csv:2: customer \"acmee\" has no trunk and is declared nowhere: is it spelt as there?\n");
}

/* Also those of rows that are refused for another; of what is not known nothing is said. */
static void all_mistakes_of_a_row_are_told(void **state)
{
    (void)state;
    check(HEAD "+1215555010,acmee,sold,2024-13-01,\n",
          "t.csv:2: state \"sold\" is none of owned, delegated, unverified, blocked\n"
          "t.csv:2: not_before \"2024-13-01\" is no date: write it as 2026-11-21\n"
          "t.csv:2: +1215555010: a number of +1 has 11 digits\n"
          "t.csv:2: customer \"acmee\" has no trunk and is declared nowhere: is it spelt as "
          "there?\n");
    check(HEAD "12155550100,acmee,owned,,2024-10-03\n",
          "t.csv:2: number \"12155550100\" does not begin with a plus sign: write the number with "
          "its country code, as in +12025550100\n"
          "t.csv:2: the row has expired: take it out\n"
          "t.csv:2: customer \"acmee\" has no trunk and is declared nowhere: is it spelt as "
          "there?\n");
    check(HEAD "+12151*,acme,owned,soon,\n",
          "t.csv:2: not_before \"soon\" is no date: write it as 2026-11-21\n"
          "t.csv:2: a prefix row gives at most B, though it says owned: write a range for an A\n"
          "t.csv:2: +12151*: area code and exchange of a +1 number begin with 2 to 9\n");
    check(HEAD "+11155550100-+11155550199,,owned,,\n",
          "t.csv:2: the customer is missing: name the customer as its trunk does\n"
          "t.csv:2: +11155550100: area code and exchange of a +1 number begin with 2 to 9\n"
          "t.csv:2: +11155550199: area code and exchange of a +1 number begin with 2 to 9\n");
    check(HEAD "+12151*,dno,blocked,soon,\n",
          "t.csv:2: not_before \"soon\" is no date: write it as 2026-11-21\n");
    struct buf text = lint(HEAD "+12155550100,initech,owned,,\n", "customer,kyc\ninitech,maybe\n",
                           true);
    buf_add_char(&text, '\0');
    assert_string_equal(text.p,
                        "c.csv:2: kyc \"maybe\" is none of verified, pending, failed, none\n");
    buf_fini(&text);
}

/* A table that is wholly wrong: a thousand, and how many more. */
static void what_is_told_of_a_wrong_table_is_bounded(void **state)
{
    (void)state;
    struct buf csv = BUF_INIT;
    buf_add_text(&csv, HEAD);
    for (int i = 0; i < 3000; i++)
        buf_addf(&csv, "+1115555%04d,c%d,sold,never,\n", i, i);
    buf_add_char(&csv, '\0');
    struct buf found = lint(csv.p, NULL, true);
    size_t lines = 0;
    for (size_t i = 0; i < found.n; i++)
        lines += found.p[i] == '\n';
    buf_add_char(&found, '\0');
    assert_int_equal(lines, 1001);
    assert_non_null(strstr(found.p, "more problems in the number tables are not shown"));
    buf_fini(&csv);
    buf_fini(&found);
}

static void own_columns_of_dates_or_yes_and_no_are_told(void **state)
{
    (void)state;
#define OWN(column, value, other)                                                                  \
    "number,customer,state," column ",region\n+12155550100,acme,owned," value ",east\n"            \
    "+12155550101,acme,owned,,west\n+12155550102,acme,owned," other ",west\n"
    static const char dates[] =
        "t.csv:1: column \"letter\" holds nothing but dates, and ends and allows nothing: not_after "
        "does; if it is a column of your own, call it x_letter\n";
    static const char flags[] =
        "t.csv:1: column \"letter\" holds nothing but yes and no, and ends and allows nothing: state "
        "does; if it is a column of your own, call it x_letter\n";
    check(OWN("letter", "2026-12-31", "2027-01-01"), dates);
    check(OWN("letter", "31.12.2026", "1.1.2027"), dates);
    check(OWN("letter", "12/31/26", "2027-01-01 23:59"), dates);
    check(OWN("letter", "20261231", "2027-01-01T00:00:00Z"), dates);
    check(OWN("letter", "yes", "NO"), flags);
    check(OWN("letter", "1", "0"), flags);
    check(OWN("letter", "active", "true"), flags);
    check(OWN("letter", "2026-12-31", "LOA 7"), "");
    check(OWN("letter", "yes", "later"), "");
    check(OWN("letter", "20261", "709J"), "");
    check(OWN("letter", "", ""), "");
    check(OWN("x_letter", "2026-12-31", "2027-01-01"), "");
    check(OWN("x_letter", "yes", "no"), "");
}

/* Nobody has a number that nobody may use. */
static void the_customer_of_a_blocked_row_need_not_be_known(void **state)
{
    (void)state;
    check(HEAD "+12155550100,dno,blocked,,\n", "");
    check(
        HEAD "+12155550100,dno,blocked,,\n+12155550101,dno,unverified,,\n",
        "t.csv:3: customer \"dno\" has no trunk and is declared nowhere: is it spelt as there?\n");
}

/* Each row that owns what another customer's owns on some day, at the same interval. */
static void two_owners_are_named_with_both_rows(void **state)
{
    (void)state;
    static const struct {
        const char *rows, *wanted; /* empty: no finding */
    } cases[] = {
        {"+12155550100,acme,owned,,\n+12155550100,globex,owned,,\n",
         "t.csv:3: customer \"globex\" owns what customer \"acme\" owns in t.csv:2"},
        {"+12155550100-+12155550199,globex,owned,,\n+12155550100-+12155550199,acme,owned,,\n",
         "t.csv:3: customer \"acme\" owns what customer \"globex\" owns in t.csv:2"},
        {"+1215*,acme,owned,,\n+1215*,globex,owned,,\n",
         "t.csv:3: customer \"globex\" owns what customer \"acme\" owns in t.csv:2"},
        /* on one day */
        {"+12155550100,acme,owned,,2030-01-01\n+12155550100,globex,owned,2030-01-01,\n",
         "t.csv:3: customer \"globex\" owns"},
        {"+12155550100,acme,owned,,2030-01-01\n+12155550100,globex,owned,2030-01-02,\n", ""},
        /* with others between */
        {"+12155550100,acme,owned,,\n+12155550199,acme,owned,,\n+12155550100,globex,delegated,,\n"
         "+12155550100,Acme,owned,,\n",
         "t.csv:5: customer \"Acme\" owns what customer \"acme\" owns in t.csv:2"},
        /* the narrower one replaces the wider one: a port-out, and one A */
        {"+12155550100-+12155550199,acme,owned,,\n+12155550100,globex,owned,,\n", ""},
        {"+12155550100-+12155550199,acme,owned,,\n+12155550100-+12155550149,globex,owned,,\n", ""},
        {"+12155550100,acme,owned,,\n+12155550100,globex,delegated,,\n", ""},
        {"+12155550100,acme,owned,,\n+12155550100,globex,unverified,,\n", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf csv = BUF_INIT, found;
        buf_addf(&csv, HEAD "%s", cases[i].rows);
        buf_add_char(&csv, '\0');
        found = lint(csv.p, NULL, false);
        buf_add_char(&found, '\0');
        bool none = cases[i].wanted[0] == '\0';
        if (none ? strstr(found.p, " owns ") != NULL : !strstr(found.p, cases[i].wanted))
            fail_msg("%s\ngot:\n%s", csv.p, found.p);
        buf_fini(&csv);
        buf_fini(&found);
    }
}

/* Three of them are two findings; hundreds at one number are not compared with each other. */
static void many_owners_of_one_number_are_bounded(void **state)
{
    (void)state;
    struct buf csv = BUF_INIT;
    buf_add_text(&csv, HEAD);
    for (int i = 0; i < 3; i++)
        buf_addf(&csv, "+12155550100,c%d,owned,,\n", i);
    for (int i = 0; i < 20000; i++)
        buf_addf(&csv, "+13125550100,d%d,owned,,\n", i);
    buf_add_char(&csv, '\0');
    struct buf found = lint(csv.p, NULL, false);
    buf_add_char(&found, '\0');
    assert_non_null(strstr(found.p, "t.csv:3: customer \"c1\" owns what customer \"c0\" owns"));
    assert_non_null(strstr(found.p, "t.csv:4: customer \"c2\" owns what customer \"c0\" owns"));
    assert_non_null(strstr(found.p, "more than 255 rows apply to one number"));
    buf_fini(&csv);
    buf_fini(&found);
}

/* Two periods of one customer are no duplicates. */
static void periods_are_no_duplicates(void **state)
{
    (void)state;
    check(HEAD "+12155550100,acme,owned,2025-01-01,2025-12-31\n"
               "+12155550100,acme,owned,2026-01-01,\n",
          "");
}

static void what_the_compile_refuses_is_found_as_well(void **state)
{
    (void)state;
    check(HEAD "+12155550100-+12155550199,acme,owned,,\n+12155550150-+12155550250,acme,owned,,\n"
               "+1215555010,acme,sold,,\n",
          "t.csv:3: overlaps with t.csv:2 (+12155550100-+12155550199), and neither lies inside the "
          "other: split one of the two rows\n"
          "t.csv:4: state \"sold\" is none of owned, delegated, unverified, blocked\n"
          "t.csv:4: +1215555010: a number of +1 has 11 digits\n");
}

static void a_customers_table_declares(void **state)
{
    (void)state;
    struct buf text = lint(HEAD "+12155550100,initech,owned,,\n", "customer\ninitech\n", true);
    assert_int_equal(text.n, 0);
    buf_fini(&text);
    text = lint(HEAD "+12155550100,initech,owned,,\n", NULL, false);
    assert_int_equal(text.n, 0); /* nobody said whom there is */
    buf_fini(&text);
}

static int cannot_be_read(void *user, struct str *rest)
{
    (void)user, (void)rest;
    return -1;
}

static void a_source_that_cannot_be_read_is_no_clean_one(void **state)
{
    (void)state;
    const struct numbers_source source = {.name = STR("t.csv"), .more = cannot_be_read};
    const struct numbers_lint job = {.today = 20000};
    struct problems findings = PROBLEMS_INIT;
    assert_false(numbers_lint(&source, 1, &job, &findings));
    problems_fini(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_table_has_no_finding),
        cmocka_unit_test(each_finding_says_where_and_what),
        cmocka_unit_test(all_mistakes_of_a_row_are_told),
        cmocka_unit_test(what_is_told_of_a_wrong_table_is_bounded),
        cmocka_unit_test(own_columns_of_dates_or_yes_and_no_are_told),
        cmocka_unit_test(the_customer_of_a_blocked_row_need_not_be_known),
        cmocka_unit_test(two_owners_are_named_with_both_rows),
        cmocka_unit_test(many_owners_of_one_number_are_bounded),
        cmocka_unit_test(periods_are_no_duplicates),
        cmocka_unit_test(what_the_compile_refuses_is_found_as_well),
        cmocka_unit_test(a_customers_table_declares),
        cmocka_unit_test(a_source_that_cannot_be_read_is_no_clean_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
