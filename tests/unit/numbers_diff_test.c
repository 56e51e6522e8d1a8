/* The differences of two tables, compared with those that are found by asking every number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "numbers_table_helper.h"
#include <stird/core/numbers_diff.h>

#define HEAD "number,customer,state,not_before,not_after\n"
#define DAY  20000

struct seen {
    struct buf text;
    uint64_t count[8][NUMBER_STATES][NUMBER_STATES]; /* by customer c0 to c7 */
};

static void see(void *user, const struct numbers_change *c)
{
    struct seen *s = user;
    buf_addf(&s->text, "%.*s %.*s%s %.*s%s %lu %.*s-%.*s\n", STR_ARG(c->customer),
             STR_ARG(number_state_name(c->from)), c->from_prefix ? "*" : "",
             STR_ARG(number_state_name(c->to)), c->to_prefix ? "*" : "", (unsigned long)c->numbers,
             STR_ARG(tn_str(&c->first)), STR_ARG(tn_str(&c->last)));
    if (c->customer.n == 2 && c->customer.p[0] == 'c')
        s->count[c->customer.p[1] - '0'][c->from][c->to] += c->numbers;
}

static void check(const char *before, const char *after, const char *expected)
{
    struct table old = compile_text(before), new = compile_text(after);
    struct seen seen = {.text = BUF_INIT};
    assert_true(numbers_diff(old.numbers, new.numbers, DAY, see, &seen));
    struct str got = buf_str(&seen.text);
    if (!str_eq(got, str_of(expected)))
        fail_msg("got:\n%.*s\nwanted:\n%s", STR_ARG(got), expected);
    buf_fini(&seen.text);
    table_fini(&old);
    table_fini(&new);
}

static void what_changes_is_told_per_customer(void **state)
{
    (void)state;
    const char *one = HEAD "+12155550100-+12155550199,acme,owned,,\n";
    check(one, one, "");
    check(HEAD, HEAD, "");
    check(HEAD, one, "acme unknown owned 100 12155550100-12155550199\n");
    check(one, HEAD, "acme owned unknown 100 12155550100-12155550199\n");
    /* a port-out of one number, and the prefix below it */
    check(one, HEAD "+12155550100-+12155550199,acme,owned,,\n+12155550150,globex,owned,,\n",
          "acme owned other_customer 1 12155550150-12155550150\n"
          "globex other_customer owned 1 12155550150-12155550150\n");
    check(HEAD "+1215*,acme,owned,,\n", HEAD "+12155550100,acme,owned,,\n+1215*,acme,owned,,\n",
          "acme owned* owned 1 12155550100-12155550100\n");
    /* the day counts */
    check(one, HEAD "+12155550100-+12155550199,acme,owned,,2024-10-03\n",
          "acme owned expired 100 12155550100-12155550199\n");
    check(one, HEAD "+12155550100-+12155550199,acme,owned,,2024-10-04\n", "");
    /* how it is written does not */
    check(HEAD "+12155550100-+12155550103,acme,owned,,\n",
          HEAD "+12155550102-+12155550103,acme,owned,,\n+12155550100,acme,owned,,\n"
               "+12155550101,acme,owned,,\n",
          "");
}

static uint64_t random_state = UINT64_C(0x853c49e6748fea9b);

static unsigned random_below(unsigned n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % n);
}

/* Numbers, tens and hundreds of 5550000 to 5550999: they nest. Each is there once. */
static void write_random(struct buf *text)
{
    static const char *const states[] = {"owned", "delegated", "unverified", "blocked"};
    static const unsigned widths[] = {1, 10, 100};
    bool used[3][1000] = {{false}};
    buf_reset(text);
    buf_add_text(text, HEAD);
    for (unsigned i = 0; i < 60; i++) {
        unsigned w = random_below(3), width = widths[w];
        unsigned first = random_below(1000 / width) * width;
        if (used[w][first])
            continue;
        used[w][first] = true;
        buf_addf(text, "+%u-+%u,c%u,%s,,%s\n", 5550000 + first, 5550000 + first + width - 1,
                 random_below(4), states[random_below(4)],
                 random_below(4) == 0 ? "2020-01-01" : "");
    }
}

static enum number_state state_of(const struct table *t, unsigned number, unsigned customer)
{
    char digits[16], name[] = {'c', (char)('0' + customer), '\0'};
    snprintf(digits, sizeof(digits), "%u", number);
    return ask(t, digits, name, DAY).state;
}

static void count_by_asking(const struct table *old, const struct table *new, struct seen *want,
                            bool named[4])
{
    for (unsigned c = 0; c < 4; c++) {
        char name[] = {'c', (char)('0' + c), '\0'};
        named[c] = numbers_customer(old->numbers, str_of(name)) != NUMBERS_NO_CUSTOMER ||
                   numbers_customer(new->numbers, str_of(name)) != NUMBERS_NO_CUSTOMER;
        for (unsigned n = 5550000; n < 5551000; n++) {
            enum number_state from = state_of(old, n, c), to = state_of(new, n, c);
            if (from != to)
                want->count[c][from][to]++;
        }
    }
}

/* A customer whom no row of the number names is not told of: he gains and loses no number. */
static bool concerns(enum number_state from, enum number_state to)
{
    static const bool own[NUMBER_STATES] = {[NUMBER_OWNED] = true,
                                            [NUMBER_DELEGATED] = true,
                                            [NUMBER_UNVERIFIED] = true,
                                            [NUMBER_EXPIRED] = true,
                                            [NUMBER_NOT_YET] = true};
    return own[from] || own[to];
}

static void random_tables_differ_as_asking_says(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    for (unsigned round = 0; round < 40; round++) {
        struct seen got = {.text = BUF_INIT}, want = {.text = BUF_INIT};
        bool named[4];
        write_random(&text);
        struct table old = compile(
            &(struct numbers_source){.name = STR("a"), .text = buf_str(&text)}, 1);
        write_random(&text);
        struct table new = compile(
            &(struct numbers_source){.name = STR("b"), .text = buf_str(&text)}, 1);
        assert_true(numbers_diff(old.numbers, new.numbers, DAY, see, &got));
        count_by_asking(&old, &new, &want, named);
        for (unsigned c = 0; c < 4; c++)
            for (int from = 0; from < NUMBER_STATES; from++)
                for (int to = 0; to < NUMBER_STATES; to++)
                    if (concerns((enum number_state)from, (enum number_state)to) &&
                        got.count[c][from][to] != want.count[c][from][to])
                        fail_msg("round %u, c%u: %lu numbers from %d to %d, wanted %lu", round, c,
                                 (unsigned long)got.count[c][from][to], from, to,
                                 (unsigned long)want.count[c][from][to]);
        buf_fini(&got.text);
        table_fini(&old);
        table_fini(&new);
    }
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_is_told_per_customer),
        cmocka_unit_test(random_tables_differ_as_asking_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
