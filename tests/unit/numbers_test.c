#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "numbers_table_helper.h"

static int32_t day(const char *text)
{
    int32_t d;
    assert_true(numbers_date_parse(str_of(text), &d));
    return d;
}

/* ---- answers, as stories ---- */

struct question {
    const char *number, *customer, *today;
    enum number_state state;
    uint32_t line;   /* 0: no row decided */
    bool prefix_row; /* of the deciding row */
};

static void answer_all(const char *text, const struct question *questions, size_t n)
{
    struct table t = compile_text(text);
    for (size_t i = 0; i < n; i++) {
        const struct question *q = &questions[i];
        struct numbers_answer a = ask(&t, q->number, q->customer, day(q->today));
        if (a.state != q->state || a.line != q->line || a.prefix_row != q->prefix_row)
            fail_msg("+%s of %s on %s: %.*s by line %u%s, want %.*s by line %u%s", q->number,
                     q->customer, q->today, STR_ARG(number_state_name(a.state)), a.line,
                     a.prefix_row ? " (prefix)" : "", STR_ARG(number_state_name(q->state)), q->line,
                     q->prefix_row ? " (prefix)" : "");
        assert_true(str_eq(a.file, q->line > 0 ? STR("t.csv") : STR("")));
        assert_int_equal(a.customer.n > 0, q->line > 0);
    }
    table_fini(&t);
}

#define ANSWER(text, ...)                                                                          \
    do {                                                                                           \
        static const struct question questions[] = {__VA_ARGS__};                                  \
        answer_all((text), questions, sizeof(questions) / sizeof(questions[0]));                   \
    } while (0)

/* The table that conf/numbers.csv and the documentation show. */
/* R-P-107. */
static void the_documented_table(void **state)
{
    (void)state;
    ANSWER("number,customer,state,not_before,not_after,cert,note\n"
           "+12155550100,acme,owned,,,,                          # one number\n"
           "+12155551000-+12155551999,acme,owned,2024-01-01,,,   # inclusive range\n"
           "+12675550000-+12675559999,globex,delegated,,2027-06-30,,LOA 2026-114\n"
           "+1267*,globex,unverified,,,,                          # prefix: at most B\n"
           "+12155550100,callco,delegated,2026-01-01,2026-12-31,,a BPO may use it too\n",
           {"12155550100", "acme", "2026-11-21", NUMBER_OWNED, 2, false},
           {"12155550100", "callco", "2026-11-21", NUMBER_DELEGATED, 6, false},
           {"12155550100", "callco", "2026-12-31", NUMBER_DELEGATED, 6, false},
           {"12155550100", "callco", "2027-01-01", NUMBER_EXPIRED, 6, false},
           {"12155550100", "callco", "2025-12-31", NUMBER_NOT_YET, 6, false},
           {"12155550100", "globex", "2026-11-21", NUMBER_OTHER_CUSTOMER, 2, false},
           {"12155550100", "nobody", "2026-11-21", NUMBER_OTHER_CUSTOMER, 2, false},
           {"12155550101", "acme", "2026-11-21", NUMBER_UNKNOWN, 0, false},
           {"12155551000", "acme", "2026-11-21", NUMBER_OWNED, 3, false},
           {"12155551999", "acme", "2026-11-21", NUMBER_OWNED, 3, false},
           {"12155550999", "acme", "2026-11-21", NUMBER_UNKNOWN, 0, false},
           {"12155552000", "acme", "2026-11-21", NUMBER_UNKNOWN, 0, false},
           {"12155551500", "acme", "2023-12-31", NUMBER_NOT_YET, 3, false},
           {"12675550000", "globex", "2027-06-30", NUMBER_DELEGATED, 4, false},
           {"12675550000", "globex", "2027-07-01", NUMBER_UNVERIFIED, 5, true},
           {"12675560000", "globex", "2026-11-21", NUMBER_UNVERIFIED, 5, true},
           {"12675560000", "acme", "2026-11-21", NUMBER_OTHER_CUSTOMER, 5, true},
           /* other lengths */
           {"1215555010", "acme", "2026-11-21", NUMBER_UNKNOWN, 0, false},
           {"121555501001", "acme", "2026-11-21", NUMBER_UNKNOWN, 0, false},
           {"121555515001", "acme", "2026-11-21", NUMBER_UNKNOWN, 0, false},
           {"126755500", "globex", "2026-11-21", NUMBER_UNVERIFIED, 5, true},
           {"126799999999999", "globex", "2026-11-21", NUMBER_UNVERIFIED, 5, true},
           {"1267", "globex", "2026-11-21", NUMBER_UNKNOWN, 0, false}, /* a short code */
           {"126800000000000", "globex", "2026-11-21", NUMBER_UNKNOWN, 0, false});
}

static void an_owned_or_blocked_row_replaces_wider_ones(void **state)
{
    (void)state;
    ANSWER("number,customer,state\n"
           "+1215*,acme,unverified\n"
           "+12155550000-+12155559999,acme,owned\n"
           "+12155550100-+12155550199,globex,owned\n"
           "+12155550150,spam,blocked\n"
           "+12155550160,acme,unverified\n",
           {"12155000000", "acme", "2026-11-21", NUMBER_UNVERIFIED, 2, true},
           {"12155550099", "acme", "2026-11-21", NUMBER_OWNED, 3, false},
           {"12155550100", "acme", "2026-11-21", NUMBER_OTHER_CUSTOMER, 4, false},
           {"12155550100", "globex", "2026-11-21", NUMBER_OWNED, 4, false},
           {"12155550150", "globex", "2026-11-21", NUMBER_BLOCKED, 5, false},
           {"12155550150", "acme", "2026-11-21", NUMBER_BLOCKED, 5, false},
           {"12155550150", "nobody", "2026-11-21", NUMBER_BLOCKED, 5, false},
           {"12155550160", "globex", "2026-11-21", NUMBER_OWNED, 4, false},
           {"12155550160", "acme", "2026-11-21", NUMBER_UNVERIFIED, 6, false},
           {"12155550200", "acme", "2026-11-21", NUMBER_OWNED, 3, false});
}

/* Lending a number to a call centre does not strip its owner. */
static void a_delegated_row_adds_a_user(void **state)
{
    (void)state;
    ANSWER("number,customer,state,not_before,not_after\n"
           "+12155550000-+12155559999,acme,owned,,\n"
           "+12155550100,callco,delegated,,2026-06-30\n"
           "+12155550100,other,unverified,,\n",
           {"12155550100", "acme", "2026-06-30", NUMBER_OWNED, 2, false},
           {"12155550100", "callco", "2026-06-30", NUMBER_DELEGATED, 3, false},
           {"12155550100", "other", "2026-06-30", NUMBER_UNVERIFIED, 4, false},
           {"12155550100", "callco", "2026-07-01", NUMBER_EXPIRED, 3, false},
           {"12155550100", "acme", "2026-07-01", NUMBER_OWNED, 2, false},
           {"12155550101", "callco", "2026-06-30", NUMBER_OTHER_CUSTOMER, 2, false});
}

/* A port-in that is entered for next month takes nothing from today's owner. */
static void a_row_with_dates_replaces_while_it_is_in_force(void **state)
{
    (void)state;
    ANSWER("number,customer,state,not_before,not_after\n"
           "+12155550000-+12155559999,acme,owned,,\n"
           "+12155550100,globex,owned,2026-12-01,2026-12-31\n"
           "+12155550200,dno,blocked,2026-12-01,\n",
           {"12155550100", "acme", "2026-11-30", NUMBER_OWNED, 2, false},
           {"12155550100", "globex", "2026-11-30", NUMBER_NOT_YET, 3, false},
           {"12155550100", "acme", "2026-12-01", NUMBER_OTHER_CUSTOMER, 3, false},
           {"12155550100", "globex", "2026-12-31", NUMBER_OWNED, 3, false},
           {"12155550100", "acme", "2027-01-01", NUMBER_OWNED, 2, false},
           {"12155550100", "globex", "2027-01-01", NUMBER_EXPIRED, 3, false},
           {"12155550200", "acme", "2026-11-30", NUMBER_OWNED, 2, false},
           {"12155550200", "acme", "2026-12-01", NUMBER_BLOCKED, 4, false});
}

static void who_has_no_row_in_force_gets_no_level_of_one(void **state)
{
    (void)state;
    ANSWER("number,customer,state,not_before,not_after\n"
           "+12155550100,acme,owned,,2026-06-30\n" /* ported out */
           "+12155550100,globex,owned,2026-07-01,\n"
           "+12155550200,acme,owned,,2026-06-30\n" /* given back, nobody's now */
           "+12155550300,acme,owned,2027-01-01,\n"
           "+12155550400,acme,delegated,,2026-03-31\n" /* two periods of one right */
           "+12155550400,acme,delegated,2026-10-01,2026-12-31\n",
           {"12155550100", "acme", "2026-07-01", NUMBER_EXPIRED, 2, false},
           {"12155550100", "acme", "2026-06-30", NUMBER_OWNED, 2, false},
           {"12155550100", "globex", "2026-07-01", NUMBER_OWNED, 3, false},
           {"12155550100", "globex", "2026-06-30", NUMBER_NOT_YET, 3, false},
           {"12155550100", "nobody", "2026-07-01", NUMBER_OTHER_CUSTOMER, 3, false},
           {"12155550200", "acme", "2026-07-01", NUMBER_EXPIRED, 4, false},
           {"12155550200", "globex", "2026-07-01", NUMBER_OTHER_CUSTOMER, 4, false},
           {"12155550300", "acme", "2026-07-01", NUMBER_NOT_YET, 5, false},
           {"12155550300", "globex", "2026-07-01", NUMBER_OTHER_CUSTOMER, 5, false},
           {"12155550400", "acme", "2026-03-31", NUMBER_DELEGATED, 6, false},
           {"12155550400", "acme", "2026-04-01", NUMBER_EXPIRED, 6, false},
           {"12155550400", "acme", "2026-10-01", NUMBER_DELEGATED, 7, false});
}

/* Blocked wins over everybody, and over a customer's own row beside it. */
static void a_blocked_row_beside_others_wins(void **state)
{
    (void)state;
    ANSWER("number,customer,state,not_before,not_after\n"
           "+19005550000-+19005559999,dno,blocked,,\n"
           "+19005550100,acme,delegated,,\n"
           "+19005550200,acme,owned,,\n"
           "+12155550100,acme,owned,,\n"
           "+12155550100,fraud,blocked,2026-02-01,2026-02-28\n",
           {"19005550100", "acme", "2026-11-21", NUMBER_BLOCKED, 2, false},
           {"19005550200", "acme", "2026-11-21", NUMBER_OWNED, 4, false},
           {"12155550100", "acme", "2026-02-28", NUMBER_BLOCKED, 6, false},
           {"12155550100", "fraud", "2026-02-28", NUMBER_BLOCKED, 6, false},
           {"12155550100", "acme", "2026-03-01", NUMBER_OWNED, 5, false},
           {"12155550100", "fraud", "2026-03-01", NUMBER_EXPIRED, 6, false});
}

/* A prefix of a whole number is wider than the number, and says so itself. */
static void a_prefix_row_is_told(void **state)
{
    (void)state;
    ANSWER("number,customer,state\n"
           "+12155550100*,acme,owned\n"
           "+12155550100,acme,unverified\n"
           "+12155550200*,acme,owned\n"
           "+4*,acme,delegated\n",
           {"12155550100", "acme", "2026-11-21", NUMBER_UNVERIFIED, 3, false},
           {"121555501001", "acme", "2026-11-21", NUMBER_OWNED, 2, true},
           {"12155550200", "acme", "2026-11-21", NUMBER_OWNED, 4, true},
           {"1215555020", "acme", "2026-11-21", NUMBER_UNKNOWN, 0, false},
           {"442079460000", "acme", "2026-11-21", NUMBER_DELEGATED, 5, true},
           {"499999999999999", "acme", "2026-11-21", NUMBER_DELEGATED, 5, true},
           {"500000000000000", "acme", "2026-11-21", NUMBER_UNKNOWN, 0, false},
           {"400000000000000", "acme", "2026-11-21", NUMBER_DELEGATED, 5, true},
           {"399999999999999", "acme", "2026-11-21", NUMBER_UNKNOWN, 0, false});
}

static void short_codes_are_in_no_table(void **state)
{
    (void)state;
    struct table t = compile_text("number,customer,state\n+1*,acme,owned\n");
    static const struct tn star = {.n = 8, .digits = "*6712345"};
    struct numbers_answer a;
    numbers_lookup(t.numbers, &star, 0, 0, &a);
    assert_int_equal(a.state, NUMBER_UNKNOWN);
    numbers_lookup(t.numbers, &(struct tn){.n = 0}, 0, 0, &a);
    assert_int_equal(a.state, NUMBER_UNKNOWN);
    table_fini(&t);
}

static void certificates_and_customers_are_told(void **state)
{
    (void)state;
    struct table t = compile_text("cert,state,extra,customer,number\n"
                                  "north,owned,x,zeta,+12155550100\n"
                                  ",owned,\"y, z\",\"acme \"\"1\"\"\",+12155550101\n");
    struct numbers_answer a = ask(&t, "12155550100", "zeta", 0);
    assert_int_equal(a.state, NUMBER_OWNED);
    assert_true(str_eq(a.certificate, STR("north")));
    assert_true(str_eq(a.customer, STR("zeta")));
    a = ask(&t, "12155550101", "acme \"1\"", 0);
    assert_int_equal(a.state, NUMBER_OWNED);
    assert_int_equal(a.certificate.n, 0);
    assert_int_equal(numbers_customer(t.numbers, STR("acme")), NUMBERS_NO_CUSTOMER);
    assert_int_equal(numbers_customer(t.numbers, STR("")), NUMBERS_NO_CUSTOMER);
    table_fini(&t);
}

static void an_empty_table_knows_nothing(void **state)
{
    (void)state;
    struct table t = compile_text("number,customer,state\n");
    assert_int_equal(ask(&t, "12155550100", "acme", 0).state, NUMBER_UNKNOWN);
    assert_int_equal(numbers_get_summary(t.numbers)->rows, 0);
    table_fini(&t);
    t = compile(NULL, 0);
    assert_int_equal(ask(&t, "12155550100", "acme", 0).state, NUMBER_UNKNOWN);
    table_fini(&t);
}

/* ---- several files, runs of lines ---- */

static void the_file_and_line_of_each_number_are_told(void **state)
{
    (void)state;
    const struct numbers_source sources[] = {
        {.name = STR("a.csv"),
         .text = STR("number,customer,state\r\n"
                     "+12155550100,acme,owned\r\n"
                     "+12155550101,acme,owned\r\n"
                     "+12155550102,acme,owned\r\n"
                     "\r\n"
                     "+12155550103,acme,owned\r\n"),
         .kind = NUMBERS_TABLE},
        {.name = STR("empty.csv"), .text = STR("number,customer,state"), .kind = NUMBERS_TABLE},
        {.name = STR("b.csv"),
         .text = STR("\xef\xbb\xbf# mark\nnumber,customer,state\n"
                     "+12155550104,acme,owned\n+12155550105,acme,owned"),
         .kind = NUMBERS_TABLE},
    };
    struct table t = compile(sources, 3);
    static const struct {
        const char *number, *file;
        uint32_t line;
    } wanted[] = {
        {"12155550100", "a.csv", 2}, {"12155550101", "a.csv", 3}, {"12155550102", "a.csv", 4},
        {"12155550103", "a.csv", 6}, {"12155550104", "b.csv", 3}, {"12155550105", "b.csv", 4},
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        struct numbers_answer a = ask(&t, wanted[i].number, "acme", 0);
        assert_int_equal(a.state, NUMBER_OWNED);
        assert_true(str_eq(a.file, str_of(wanted[i].file)));
        assert_int_equal(a.line, wanted[i].line);
    }
    assert_int_equal(t.summary.rows, 6);
    assert_int_equal(t.summary.segments, 3); /* runs of lines are one */
    assert_int_equal(t.summary.customers, 1);
    table_fini(&t);
}

/* ---- dates and names ---- */

static struct numbers_answer ask_both(const struct table *urgent, const struct table *t,
                                      const char *number, const char *customer, const char *today)
{
    struct numbers_answer answer;
    struct tn tn;
    assert_true(tn_from_digits(&tn, str_of(number)));
    numbers_lookup_urgent(urgent ? urgent->numbers : NULL, t ? t->numbers : NULL, &tn,
                          str_of(customer), day(today), &answer);
    return answer;
}

static void urgent_changes_add_or_replace_as_rows_do(void **state)
{
    (void)state;
    struct table t = compile_text("number,customer,state,not_before,not_after\n"
                                  "+1215*,acme,unverified,,\n"
                                  "+12155550100-+12155550199,acme,owned,,\n"
                                  "+12155550101,acme,owned,,\n"
                                  "+12155550101,callco,delegated,,\n"
                                  "+12155550102,acme,blocked,,\n"
                                  "+12155550103,acme,owned,,\n"
                                  "+12155550105,acme,delegated,,\n");
    struct table urgent = compile_text("number,customer,state,not_before,not_after\n"
                                       "+12155550101,globex,owned,,\n"
                                       "+12155550101,callco,unverified,,\n"
                                       "+12155550102,globex,delegated,,\n"
                                       "+12155550103,-,blocked,,2026-11-20\n"
                                       "+12155550103,globex,delegated,,\n"
                                       "+12155550104,globex,owned,2026-12-01,\n"
                                       "+12155550105,acme,owned,2026-12-01,\n"
                                       "+12155550106,acme,unverified,,2026-11-20\n"
                                       "+12155550107,globex,unverified,,\n"
                                       "+13125550100,globex,delegated,,\n");
    static const struct {
        const char *number, *customer, *today;
        enum number_state wanted;
        uint32_t line;
        bool urgent;
    } cases[] = {
        /* an owner replaces all that the table says */
        {"12155550101", "acme", "2026-11-21", NUMBER_OTHER_CUSTOMER, 2, true},
        {"12155550101", "globex", "2026-11-21", NUMBER_OWNED, 2, true},
        {"12155550101", "callco", "2026-11-21", NUMBER_UNVERIFIED, 3, true},
        /* a delegation adds, and lifts no block */
        {"12155550102", "globex", "2026-11-21", NUMBER_BLOCKED, 6, false},
        {"12155550103", "acme", "2026-11-21", NUMBER_OWNED, 7, false},
        {"12155550103", "globex", "2026-11-21", NUMBER_DELEGATED, 6, true},
        {"12155550103", "callco", "2026-11-21", NUMBER_OTHER_CUSTOMER, 6, true},
        {"12155550107", "acme", "2026-11-21", NUMBER_OWNED, 3, false},
        {"12155550107", "globex", "2026-11-21", NUMBER_UNVERIFIED, 10, true},
        {"13125550100", "acme", "2026-11-21", NUMBER_OTHER_CUSTOMER, 11, true},
        /* a block that ended */
        {"12155550103", "acme", "2026-11-20", NUMBER_BLOCKED, 5, true},
        /* next month's owner takes nothing today */
        {"12155550104", "acme", "2026-11-21", NUMBER_OWNED, 3, false},
        {"12155550104", "globex", "2026-11-21", NUMBER_NOT_YET, 7, true},
        {"12155550104", "acme", "2026-12-01", NUMBER_OTHER_CUSTOMER, 7, true},
        {"12155550104", "globex", "2026-12-01", NUMBER_OWNED, 7, true},
        {"12155550105", "acme", "2026-11-21", NUMBER_DELEGATED, 8, false},
        {"12155550105", "acme", "2026-12-01", NUMBER_OWNED, 8, true},
        /* what was lowered does not rise by itself */
        {"12155550106", "acme", "2026-11-20", NUMBER_UNVERIFIED, 9, true},
        {"12155550106", "acme", "2026-11-21", NUMBER_EXPIRED, 9, true},
        /* nothing urgent */
        {"12155550108", "acme", "2026-11-21", NUMBER_OWNED, 3, false},
        {"13125550101", "acme", "2026-11-21", NUMBER_UNKNOWN, 0, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct numbers_answer a = ask_both(&urgent, &t, cases[i].number, cases[i].customer,
                                           cases[i].today);
        if (a.state != cases[i].wanted || a.line != cases[i].line ||
            (a.table == urgent.numbers) != cases[i].urgent)
            fail_msg("+%s of %s on %s: %.*s by line %u", cases[i].number, cases[i].customer,
                     cases[i].today, STR_ARG(number_state_name(a.state)), a.line);
    }
    /* Either table may be missing. */
    assert_int_equal(ask_both(NULL, &t, "12155550101", "acme", "2026-11-21").state, NUMBER_OWNED);
    assert_int_equal(ask_both(&urgent, NULL, "12155550101", "acme", "2026-11-21").state,
                     NUMBER_OTHER_CUSTOMER);
    assert_int_equal(ask_both(NULL, NULL, "12155550101", "acme", "2026-11-21").state,
                     NUMBER_UNKNOWN);
    table_fini(&t);
    table_fini(&urgent);
}

static void add_row(void *user, const struct numbers_row *row)
{
    buf_addf(user, "%.*s %.*s:%u%s%s\n", STR_ARG(row->customer),
             STR_ARG(number_state_name(row->state)), row->line, row->urgent ? " urgent" : "",
             numbers_row_counts(row, day("2026-11-21")) ? "" : " -");
}

static void check_rows(const struct table *urgent, const struct table *t, const char *number,
                       const char *wanted)
{
    struct buf text = BUF_INIT;
    struct tn tn;
    assert_true(tn_from_digits(&tn, str_of(number)));
    numbers_rows_urgent(urgent ? urgent->numbers : NULL, t->numbers, &tn, day("2026-11-21"),
                        add_row, &text);
    if (!str_eq(buf_str(&text), str_of(wanted)))
        fail_msg("+%s:\n%.*s", number, STR_ARG(buf_str(&text)));
    buf_fini(&text);
}

/* No row that speaks of a number is hidden: those that were replaced are told as such. */
static void all_rows_are_told_and_which_of_them_count(void **state)
{
    (void)state;
    struct table t = compile_text("number,customer,state,not_before,not_after\n"
                                  "+1215*,acme,unverified,,\n"
                                  "+12155550100-+12155550199,acme,owned,,\n"
                                  "+12155550101,globex,owned,,\n"
                                  "+12155550101,callco,delegated,,2020-01-01\n"
                                  "+12155550102,callco,delegated,,\n");
    struct table urgent = compile_text("number,customer,state\n+12155550101,initech,delegated\n"
                                       "+12155550101,globex,unverified\n"
                                       "+12155550102,-,blocked\n");
    check_rows(NULL, &t, "12155550101",
               "globex owned:4\ncallco delegated:5 -\nacme owned:3 -\nacme unverified:2 -\n");
    check_rows(NULL, &t, "12155550102", "callco delegated:6\nacme owned:3\nacme unverified:2 -\n");
    check_rows(&urgent, &t, "12155550101",
               "initech delegated:2 urgent\nglobex unverified:3 urgent\nglobex owned:4 -\n"
               "callco delegated:5 -\nacme owned:3 -\nacme unverified:2 -\n");
    check_rows(&urgent, &t, "12155550102",
               "- blocked:4 urgent\ncallco delegated:6 -\nacme owned:3 -\nacme unverified:2 -\n");
    table_fini(&t);
    table_fini(&urgent);
}

static void add_owners(void *user, const struct numbers_owners *o)
{
    buf_addf(user, "%.*s:%u %.*s:%u\n", STR_ARG(o->customer[0]), o->line[0],
             STR_ARG(o->customer[1]), o->line[1]);
}

/* The same that the compile refuses, in a table that was compiled already. */
static void two_owners_are_found_in_a_compiled_table(void **state)
{
    (void)state;
    struct table t = compile_text("number,customer,state,not_before,not_after\n"
                                  "+12155550100,acme,owned,,\n"
                                  "+12155550100,globex,owned,,\n"
                                  "+12155551000-+12155551999,acme,owned,,\n"
                                  "+12155551000-+12155551999,callco,owned,,\n"
                                  "+12155551500,globex,delegated,,\n"
                                  "+12155551600,globex,owned,,\n"
                                  "+12155550101,acme,owned,,2026-11-20\n"
                                  "+12155550101,globex,owned,2026-11-21,\n"
                                  "+12155550102,acme,owned,,2026-11-21\n"
                                  "+12155550102,globex,owned,2026-11-21,\n");
    struct buf text = BUF_INIT;
    assert_true(numbers_find_two_owners(t.numbers, add_owners, &text));
    if (!str_eq(buf_str(&text), STR("acme:2 globex:3\nacme:10 globex:11\nacme:4 callco:5\n")))
        fail_msg("%.*s", STR_ARG(buf_str(&text)));
    buf_fini(&text);
    table_fini(&t);
}

static void dates_are_days_since_1970(void **state)
{
    (void)state;
    assert_int_equal(day("1970-01-01"), 0);
    assert_int_equal(day("1969-12-31"), -1);
    assert_int_equal(day("2000-02-29"), 11016);
    assert_int_equal(day("2026-11-21"), 20778);
    assert_int_equal(day("9999-12-31"), 2932896);
    static const char *const wrong[] = {
        "",           "2026-11-31", "2026-02-29", "1900-02-29", "2026-00-10", "2026-13-01",
        "2026-01-00", "26-01-01",   "2026-1-1",   "2026/01/01", "01-01-2026", "2026-11-21 ",
        "0000-00-00", "1899-12-31", "2026-11-2x", "+026-11-21", "20261121",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int32_t d = 77;
        assert_false(numbers_date_parse(str_of(wrong[i]), &d));
        assert_int_equal(d, 77);
    }
}

static void states_have_names(void **state)
{
    (void)state;
    for (int s = 0; s < NUMBER_STATES; s++)
        assert_true(number_state_name((enum number_state)s).n > 0);
    assert_true(str_eq(number_state_name(NUMBER_OTHER_CUSTOMER), STR("other_customer")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_table),
        cmocka_unit_test(an_owned_or_blocked_row_replaces_wider_ones),
        cmocka_unit_test(a_delegated_row_adds_a_user),
        cmocka_unit_test(a_row_with_dates_replaces_while_it_is_in_force),
        cmocka_unit_test(who_has_no_row_in_force_gets_no_level_of_one),
        cmocka_unit_test(a_blocked_row_beside_others_wins),
        cmocka_unit_test(a_prefix_row_is_told),
        cmocka_unit_test(short_codes_are_in_no_table),
        cmocka_unit_test(certificates_and_customers_are_told),
        cmocka_unit_test(an_empty_table_knows_nothing),
        cmocka_unit_test(the_file_and_line_of_each_number_are_told),
        cmocka_unit_test(urgent_changes_add_or_replace_as_rows_do),
        cmocka_unit_test(all_rows_are_told_and_which_of_them_count),
        cmocka_unit_test(two_owners_are_found_in_a_compiled_table),
        cmocka_unit_test(dates_are_days_since_1970),
        cmocka_unit_test(states_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
