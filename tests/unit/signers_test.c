/* The table of signers: what is taken, what is said of what is not, whose row counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stird/core/numbers.h>
#include <stird/core/signers.h>

#define HEAD "code,action,until,note\n"

static const struct {
    const char *text, *problem; /* its first problem; NULL: it is taken */
    unsigned line, rows;
} tables[] = {
    {HEAD, NULL, 0, 0},
    {HEAD "709J,deny,,why\n", NULL, 0, 1},
    {"note,action,code\nwhy,cap B,709J\n", NULL, 0, 1},
    {"Code,Action,x_mine\n709J,Cap C,1\n818H,ALLOW,2\n", NULL, 0, 2},
    {"# ours\n\n" HEAD "709J,deny,2026-12-31,\n,,,\n", NULL, 0, 1},
    {"", "the table is empty: it needs at least the header row code,action", 1, 0},
    {"# nothing\n", "the table is empty: it needs at least the header row code,action", 1, 0},
    {"code,until\n",
     "there is no column \"action\": the first row names the columns, as in "
     "code,action,until,note",
     1, 0},
    {"code,action,code\n", "column \"code\" is there twice", 1, 0},
    {"code,action,level\n",
     "column \"level\" is none of code, action, until, note; one of your own begins with x_", 1, 0},
    {HEAD "709j,deny,,\n",
     "code \"709j\" is no service provider code: upper-case letters and digits, at most 32", 2, 0},
    {HEAD ",deny,,\n",
     "code \"\" is no service provider code: upper-case letters and digits, at most 32", 2, 0},
    {HEAD "709J,,,\n", "action \"\" is none of allow, cap B, cap C, deny", 2, 0},
    {HEAD "709J,nothing,,\n", "action \"nothing\" is none of allow, cap B, cap C, deny", 2, 0},
    {HEAD "709J,cap A,,\n", "action \"cap A\" is none of allow, cap B, cap C, deny", 2, 0},
    {HEAD "709J,deny,2026-02-30,\n", "until \"2026-02-30\" is no date: write it as 2026-12-31", 2,
     0},
    {HEAD "709J,deny\n", "the row has 2 fields, the header has 4", 2, 0},
    {HEAD "709J,deny,,\n818H,deny,,\n709J,deny,,\n", "code 709J stands in line 2 already", 4, 0},
    {HEAD "709J,deny,,\"open\n",
     "the row opens a quote and does not close it: a field ends on its line, and a quote inside a "
     "quoted field is written twice",
     2, 0},
};

struct read {
    struct arena *arena;
    struct problems problems;
    const struct signer *list;
    unsigned n;
    bool good;
};

static struct read read_table(struct str text)
{
    struct read r = {.arena = arena_new(2048), .problems = PROBLEMS_INIT};
    r.good = signers_read(STR("s.csv"), text, r.arena, &r.list, &r.n, &r.problems);
    return r;
}

static void end(struct read *r)
{
    problems_fini(&r->problems);
    arena_free(r->arena);
}

static void what_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct read r = read_table(str_of(tables[i].text));
        if (r.good != !tables[i].problem)
            print_error("table %zu\n", i);
        assert_int_equal(r.good, !tables[i].problem);
        assert_int_equal(r.n, tables[i].rows);
        assert_int_equal(r.problems.n > 0, tables[i].problem != NULL);
        if (tables[i].problem) {
            assert_string_equal(r.problems.list[0].text, tables[i].problem);
            assert_string_equal(r.problems.list[0].file, "s.csv");
            assert_int_equal(r.problems.list[0].line, tables[i].line);
        }
        end(&r);
    }
}

/* Each mistake is told, and at most a thousand of them. */
static void all_at_once(void **state)
{
    struct buf text = BUF_INIT;
    (void)state;
    buf_add_text(&text, HEAD);
    for (unsigned i = 0; i < 1500; i++)
        buf_add_text(&text, "709j,stop,never,\n");
    struct read r = read_table(buf_str(&text));
    assert_false(r.good);
    assert_int_equal(r.problems.n, 1001);
    assert_string_equal(r.problems.list[2].text,
                        "until \"never\" is no date: write it as 2026-12-31");
    assert_string_equal(r.problems.list[1000].text, "there are 3500 more mistakes in it");
    end(&r);
    buf_fini(&text);
}

static void too_many_rows(void **state)
{
    struct buf text = BUF_INIT;
    (void)state;
    buf_add_text(&text, "code,action\n");
    for (unsigned i = 0; i < SIGNERS_MAX; i++)
        buf_addf(&text, "%u,deny\n", i);
    struct read r = read_table(buf_str(&text));
    assert_true(r.good);
    assert_int_equal(r.n, SIGNERS_MAX);
    const struct signer *row;
    assert_int_equal(signers_judge(r.list, r.n, STR("77777"), 0, &row), SIGNER_DENY);
    assert_int_equal(row->line, 77779);
    assert_int_equal(signers_judge(r.list, r.n, STR("077777"), 0, &row), SIGNER_NOTHING);
    end(&r);
    buf_add_text(&text, "X,deny\nY,deny\n");
    r = read_table(buf_str(&text));
    assert_false(r.good);
    assert_string_equal(r.problems.list[0].text, "the table has more than 100000 rows");
    end(&r);
    buf_fini(&text);
}

static const struct {
    const char *codes;
    enum signer_action action;
    const char *row; /* whose code; NULL: none */
} judged[] = {
    {"", SIGNER_NOTHING, NULL},
    {"ZZZZ", SIGNER_NOTHING, NULL},
    {"ALLO", SIGNER_ALLOW, "ALLO"},
    {"CAPB", SIGNER_CAP_B, "CAPB"},
    {"CAPC", SIGNER_CAP_C, "CAPC"},
    {"DENY", SIGNER_DENY, "DENY"},
    {"DEN", SIGNER_NOTHING, NULL},
    {"deny", SIGNER_NOTHING, NULL},
    {"LAST", SIGNER_DENY, "LAST"}, /* its last day */
    {"OVER", SIGNER_NOTHING, NULL},
    /* of several the worst */
    {"CAPB,DENY,ALLO", SIGNER_DENY, "DENY"},
    {"CAPC,CAPB", SIGNER_CAP_C, "CAPC"},
    {"ALLO,ZZZZ", SIGNER_NOTHING, NULL},
    {"ZZZZ,ALLO", SIGNER_NOTHING, NULL},
    {"ALLO,OVER", SIGNER_NOTHING, NULL},
    {"ALLO,CAPB", SIGNER_CAP_B, "CAPB"},
    {"OVER,CAPB", SIGNER_CAP_B, "CAPB"},
};

static void the_worst_counts(void **state)
{
    int32_t today;
    (void)state;
    struct read r = read_table(STR(HEAD "DENY,deny,,\nCAPC,cap C,,\nALLO,allow,,\nCAPB,cap B,,\n"
                                        "LAST,deny,2026-11-30,\nOVER,deny,2026-11-29,\n"));
    assert_true(r.good);
    assert_true(numbers_date_parse(STR("2026-11-30"), &today));
    for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
        const struct signer *row;
        const enum signer_action action = signers_judge(r.list, r.n, str_of(judged[i].codes), today,
                                                        &row);
        if (action != judged[i].action)
            print_error("%s\n", judged[i].codes);
        assert_int_equal(action, judged[i].action);
        assert_int_equal(row != NULL, judged[i].row != NULL);
        if (row)
            assert_true(str_eq(row->code, str_of(judged[i].row)));
    }
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(too_many_rows),
        cmocka_unit_test(the_worst_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
