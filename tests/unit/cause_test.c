/* What ended a call: names, and the page that lists them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <stird/core/cause.h>

static const struct {
    enum cause cause;
    const char *name, *result, *text;
} table[] = {
#define CAUSE(NAME, id, name, result, text) {CAUSE_##NAME, name, result, text},
#include <stird/core/cause.def>
#undef CAUSE
};
#define N (sizeof(table) / sizeof(table[0]))

static void each_cause(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        enum cause found;
        assert_true(table[i].cause < CAUSES);
        assert_true(str_eq(cause_name(table[i].cause), str_of(table[i].name)));
        assert_true(str_eq(cause_result(table[i].cause), str_of(table[i].result)));
        assert_true(str_eq(cause_text(table[i].cause), str_of(table[i].text)));
        assert_true(cause_by_name(str_of(table[i].name), &found));
        assert_int_equal(found, table[i].cause);
        assert_true(cause_is_result(str_of(table[i].result)));
    }
}

static void what_is_none(void **state)
{
    enum cause found;
    (void)state;
    assert_false(cause_by_name(STR("nosuch"), &found));
    assert_false(cause_by_name(STR(""), &found));
    assert_false(cause_is_result(STR("no_upstream")));
    for (unsigned i = 0; i < 2 * CAUSES; i++)
        assert_true(cause_name((enum cause)i).n > 0);
    assert_true(str_eq(cause_name((enum cause)200), STR("unknown")));
}

static void of_an_answer_of_our_own(void **state)
{
    (void)state;
    assert_int_equal(cause_of_answer(REASON_NO_UPSTREAM, true), CAUSE_NO_UPSTREAM);
    assert_int_equal(cause_of_answer(REASON_UPSTREAM_TIMEOUT, false), CAUSE_UPSTREAM_TIMEOUT);
    assert_int_equal(cause_of_answer(REASON_CONNECTION_LOST, true), CAUSE_CONNECTION_LOST);
    assert_int_equal(cause_of_answer(REASON_ANSWER_UNREADABLE, true), CAUSE_ANSWER_UNREADABLE);
    assert_int_equal(cause_of_answer(REASON_CALLER_CANCELLED, false), CAUSE_CANCELLED);
    assert_int_equal(cause_of_answer(REASON_NUMBER_BLOCKED, true), CAUSE_REJECTED);
    assert_int_equal(cause_of_answer(REASON_OUT_OF_MEMORY, false), CAUSE_FAULT);
}

/* docs/records.md has a row for each, word for word. */
static void manual_agrees(void **state)
{
    char manual[65536], row[512];
    FILE *f = fopen(PROJECT_DIR "/docs/records.md", "r");
    (void)state;
    assert_non_null(f);
    manual[fread(manual, 1, sizeof(manual) - 1, f)] = '\0';
    fclose(f);
    for (size_t i = 0; i < N; i++) {
        snprintf(row, sizeof(row), "\n| `%s` | `%s` | %s |\n", table[i].result, table[i].name,
                 table[i].text);
        if (!strstr(manual, row))
            print_error("docs/records.md lacks: %s", row + 1);
        assert_non_null(strstr(manual, row));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cause),
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(of_an_answer_of_our_own),
        cmocka_unit_test(manual_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
