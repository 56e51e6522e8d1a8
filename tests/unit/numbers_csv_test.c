/* Every way in which a table can be wrong is a file: vectors/numbers/NAME.csv and its
 * NAME.problems. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <dirent.h>

#include <stird/core/numbers_csv.h>
#include <stird/core/numbers.h>

#define VECTORS TESTS_DIR "/vectors/numbers"

static void read_file(const char *name, struct buf *text)
{
    char path[512];
    snprintf(path, sizeof(path), VECTORS "/%s", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s is missing", path);
    for (size_t n = 1; n > 0;) {
        char *room = buf_room(text, 65536);
        assert_non_null(room);
        n = fread(room, 1, 65536, f);
        buf_grew(text, n);
    }
    fclose(f);
}

static void check_bad_table(const char *name)
{
    char expected[512];
    struct buf table = BUF_INIT, want = BUF_INIT, got = BUF_INIT, image = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    snprintf(expected, sizeof(expected), "%.*s.problems", (int)strlen(name) - 4, name);
    read_file(name, &table);
    read_file(expected, &want);
    bool customers = str_starts(str_of(name), STR("customers_"));
    struct numbers_source source = {.name = str_of(name),
                                    .text = buf_str(&table),
                                    .kind = customers ? NUMBERS_CUSTOMERS : NUMBERS_TABLE};
    assert_false(numbers_compile(&source, 1, &image, NULL, &problems));
    assert_true(problems_any(&problems));
    assert_int_equal(image.n, 0);
    problems_print(&problems, &got);
    if (!str_eq(buf_str(&got), buf_str(&want)))
        fail_msg("%s:\n%.*s", name, STR_ARG(buf_str(&got)));
    problems_fini(&problems);
    buf_fini(&table);
    buf_fini(&want);
    buf_fini(&got);
    buf_fini(&image);
}

static void bad_tables_have_their_exact_problems(void **state)
{
    (void)state;
    unsigned tables = 0;
    DIR *directory = opendir(VECTORS);
    struct dirent *entry;
    assert_non_null(directory);
    while ((entry = readdir(directory))) {
        size_t n = strlen(entry->d_name);
        if (n < 5 || strcmp(entry->d_name + n - 4, ".csv") != 0)
            continue;
        check_bad_table(entry->d_name);
        tables++;
    }
    closedir(directory);
    assert_true(tables >= 20);
}

/* Both places are named, also when they lie in different files. */
static void conflicts_name_both_files(void **state)
{
    (void)state;
    const struct numbers_source sources[] = {
        {.name = STR("a.csv"),
         .text = STR("number,customer,state\n\n+12155550100,acme,owned\n"
                     "+12155551000-+12155551999,acme,owned\n"),
         .kind = NUMBERS_TABLE},
        {.name = STR("b.csv"),
         .text = STR("number,customer,state\n+12155550100,acme,delegated\n"
                     "+12155551500-+12155552000,globex,owned\n"),
         .kind = NUMBERS_TABLE},
    };
    struct buf image = BUF_INIT, got = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    assert_false(numbers_compile(sources, 2, &image, NULL, &problems));
    problems_print(&problems, &got);
    assert_true(str_eq(
        buf_str(&got),
        STR("b.csv:2: customer \"acme\" is delegated here and owned in a.csv:3, for the same "
            "numbers: keep one of the two rows\n"
            "b.csv:3: overlaps with a.csv:4 (+12155551000-+12155551999), and neither lies inside "
            "the other: split one of the two rows\n")));
    problems_fini(&problems);
    buf_fini(&got);
}

static void a_thousand_problems_are_enough(void **state)
{
    (void)state;
    struct buf text = BUF_INIT, image = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    buf_add_text(&text, "number,customer,state\n");
    for (int i = 0; i < 1234; i++)
        buf_add_text(&text, "12155550100,acme,owned\n");
    struct numbers_source source = {
        .name = STR("t.csv"), .text = buf_str(&text), .kind = NUMBERS_TABLE};
    assert_false(numbers_compile(&source, 1, &image, NULL, &problems));
    assert_int_equal(problems.n, 1001);
    assert_string_equal(problems.list[1000].text,
                        "234 more problems in the number tables are not shown: mend the first "
                        "ones");
    problems_fini(&problems);
    buf_fini(&text);
}

static void more_rows_than_a_set_holds_are_refused(void **state)
{
    (void)state;
    struct buf text = BUF_INIT, image = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    buf_add_text(&text, "number,customer,state\n");
    for (int i = 0; i < 256; i++)
        buf_addf(&text, "+12155550100,c%d,delegated\n", i);
    struct numbers_source source = {
        .name = STR("t.csv"), .text = buf_str(&text), .kind = NUMBERS_TABLE};
    assert_false(numbers_compile(&source, 1, &image, NULL, &problems));
    assert_int_equal(problems.n, 1);
    assert_string_equal(problems.list[0].text,
                        "more than 255 rows apply to one number: remove some of them");
    problems_fini(&problems);
    buf_fini(&text);
}

/* ---- good tables, however they are written ---- */

static void every_way_of_writing_is_read(void **state)
{
    (void)state;
    static const char *const tables[] = {
        "number,customer,state\n+12155550100,acme,owned\n",
        "number,customer,state\r\n+12155550100,acme,owned\r\n",
        "\xef\xbb\xbfnumber,customer,state\n+12155550100,acme,owned",
        "# first\n\n number , Customer , STATE \n\t+12155550100 ,\tacme, Owned\n",
        "\"number\",\"customer\",\"state\"\n\"+12155550100\",\"acme\",\"owned\"\n",
        "state,note,customer,number\nowned,\"a, \"\"b\"\" # c\",acme,+12155550100\n# end\n",
        "number,customer,state,note\n+12155550100,acme,owned,# no comment\n",
        "number,note,customer,state\n+12155550100,lot # 7,acme,owned\n",
        "number,customer,state\n+12155550100,acme,owned\n,, # end\n#,,\n \t# x,\"\n",
        "number,customer,state,note\n+12155550100,acme,owned,a#b\n",
        "number,customer,state,Region_2\n+12155550100,acme,owned,\xc3\xa9t\xc3\xa9\n",
        "number,customer,state\n+12155550100-+12155550100,acme,owned\n",
        "\xef\xbb\xbf\"number\",\"customer\",\"state\"\r\n\r\n,,\r\n\"+12155550100\",acme,owned\r\n,,\r\n",
        "number,customer,state,wide\n+12150000000-+12199999999,acme,owned,yes\n",
        "number,customer,state\n+12155550100,acme,owned\n+12155550100,acme,owned\n",
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct numbers_source source = {
            .name = STR("t.csv"), .text = str_of(tables[i]), .kind = NUMBERS_TABLE};
        struct buf image = BUF_INIT;
        struct problems problems = PROBLEMS_INIT;
        struct numbers_answer answer;
        struct tn tn;
        const char *why;
        if (!numbers_compile(&source, 1, &image, NULL, &problems))
            fail_msg("%s: %s", tables[i], problems.list[0].text);
        struct numbers *table = numbers_open(image.p, image.n, &why);
        assert_non_null(table);
        assert_true(tn_from_digits(&tn, STR("12155550100")));
        numbers_lookup(table, &tn, numbers_customer(table, STR("acme")), 0, &answer);
        assert_int_equal(answer.state, NUMBER_OWNED);
        assert_false(answer.prefix_row);
        numbers_close(table);
        buf_fini(&image);
    }
}

static void fields_are_split(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        unsigned n;
        const char *field[4];
    } cases[] = {
        {"a,b,c", 3, {"a", "b", "c"}},
        {"a,,", 3, {"a", "", ""}},
        {" a b , c ", 2, {"a b", "c"}},
        {"\"a,b\",c", 2, {"a,b", "c"}},
        {"\"\",\"\"\"\"", 2, {"", "\""}},
        {"\" a \",b", 2, {" a ", "b"}},
        {"a,b # c,d", 3, {"a", "b # c", "d"}},
        {"a,#b", 2, {"a", "#b"}},
        {"a,b#c", 2, {"a", "b#c"}},
        {"\"#\",\"b\"", 2, {"#", "b"}},
        {"a,b # \t", 2, {"a", "b #"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *why;
        struct csv csv = csv_init(str_of(cases[i].line));
        assert_int_equal(csv_next(&csv, &why), CSV_ROW);
        assert_int_equal(csv.n_fields, cases[i].n);
        for (unsigned f = 0; f < csv.n_fields; f++)
            assert_true(str_eq(csv.field[f], str_of(cases[i].field[f])));
        assert_int_equal(csv_next(&csv, &why), CSV_END);
        csv_fini(&csv);
    }
}

/* Spreadsheets write them below a table. */
static void rows_of_separators_alone_are_empty(void **state)
{
    (void)state;
    char long_one[300];
    memset(long_one, ',', sizeof(long_one));
    long_one[sizeof(long_one) - 1] = '\0';
    const char *const empty[] = {",",    ",,,",     " , ,\t,",   "\"\",\"\"",
                                 "\"\"", ",,# end", ", , # end", long_one};
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        const char *why;
        struct buf text = BUF_INIT;
        buf_addf(&text, "%s\na,b\r\n%s\r\n%s", empty[i], empty[i], empty[i]);
        struct csv csv = csv_init(buf_str(&text));
        assert_int_equal(csv_next(&csv, &why), CSV_ROW);
        assert_int_equal(csv.line, 2);
        assert_int_equal(csv_next(&csv, &why), CSV_END);
        assert_int_equal(csv.line, 4);
        csv_fini(&csv);
        buf_fini(&text);
    }
}

static void lines_are_counted(void **state)
{
    (void)state;
    const char *why;
    struct csv csv = csv_init(STR("a\n\n# x\n\"b\n\r\nc"));
    assert_int_equal(csv_next(&csv, &why), CSV_ROW);
    assert_int_equal(csv.line, 1);
    assert_int_equal(csv_next(&csv, &why), CSV_FAULT);
    assert_int_equal(csv.line, 4);
    assert_int_equal(csv_next(&csv, &why), CSV_ROW);
    assert_int_equal(csv.line, 6);
    assert_int_equal(csv_next(&csv, &why), CSV_END);
    csv_fini(&csv);
}

static void there_is_room_for_64_fields(void **state)
{
    (void)state;
    const char *why;
    char line[2 * CSV_FIELDS_MAX];
    for (int quoted = 0; quoted < 2; quoted++) {
        const char *first = quoted ? "\"a\"" : "a";
        memset(line, ',', sizeof(line));
        memcpy(line, first, strlen(first));
        size_t most = CSV_FIELDS_MAX - 1 + strlen(first);
        struct csv csv = csv_init((struct str){line, most});
        assert_int_equal(csv_next(&csv, &why), CSV_ROW);
        assert_int_equal(csv.n_fields, CSV_FIELDS_MAX);
        csv_fini(&csv);
        csv = csv_init((struct str){line, most + 1});
        assert_int_equal(csv_next(&csv, &why), CSV_FAULT);
        assert_string_equal(why, "has more than 64 fields: split the table's columns");
        csv_fini(&csv);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_tables_have_their_exact_problems),
        cmocka_unit_test(conflicts_name_both_files),
        cmocka_unit_test(a_thousand_problems_are_enough),
        cmocka_unit_test(more_rows_than_a_set_holds_are_refused),
        cmocka_unit_test(every_way_of_writing_is_read),
        cmocka_unit_test(fields_are_split),
        cmocka_unit_test(rows_of_separators_alone_are_empty),
        cmocka_unit_test(lines_are_counted),
        cmocka_unit_test(there_is_room_for_64_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
