#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stird/core/reason.h>

static const struct {
    const char *name;
    int id, sip_status;
    const char *text;
} table[] = {
#define REASON(name, id, sip_status, text) {#name, (id), (sip_status), (text)},
#include <stird/core/reason.def>
#undef REASON
};

#define N (sizeof(table) / sizeof(table[0]))

static void each_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        enum reason r = (enum reason)table[i].id;
        struct str name = reason_name(r);
        assert_int_equal(name.n, strlen(table[i].name));
        for (size_t c = 0; c < name.n; c++)
            assert_int_equal(name.p[c], tolower(table[i].name[c]));
        assert_int_equal(reason_sip_status(r), table[i].sip_status);
        assert_true(str_eq(reason_text(r), str_of(table[i].text)));
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(table[j].id, table[i].id);
            assert_string_not_equal(table[j].name, table[i].name);
        }
    }
}

/* Ids and names are in records and in what operators have built on them. */
static void ids_do_not_change(void **state)
{
    (void)state;
    assert_int_equal(REASON_INTERNAL, 0);
    assert_int_equal(REASON_SIGNED_OWNED, 1);
    assert_int_equal(REASON_SIGNED_GATEWAY, 8);
    assert_int_equal(REASON_ALREADY_SIGNED, 20);
    assert_int_equal(REASON_NUMBER_BLOCKED, 40);
    assert_int_equal(REASON_SIGNER_TIMEOUT, 60);
    assert_int_equal(REASON_UNKNOWN_SOURCE, 90);
    assert_int_equal(REASON_OK, 140);
}

/* The status follows from the range that an id lies in. */
static void ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        int id = table[i].id, status = table[i].sip_status;
        if ((id >= 1 && id <= 39) || id >= 140)
            assert_int_equal(status, 0);
        else if (id >= 60 && id <= 89)
            assert_int_equal(status, 503);
        else
            assert_in_range(status, 200, 699);
    }
}

static void no_reason_is_internal(void **state)
{
    (void)state;
    assert_true(str_eq(reason_name((enum reason)19), STR("internal")));
    assert_true(str_eq(reason_name((enum reason)100000), STR("internal")));
    assert_int_equal(reason_sip_status((enum reason)19), 500);
}

static bool in_manual(FILE *f, const char *row)
{
    char line[512];
    rewind(f);
    while (fgets(line, sizeof(line), f))
        if (strcmp(line, row) == 0)
            return true;
    return false;
}

/* docs/reasons.md has one row for each entry, word for word, and no other. */
static void manual_agrees(void **state)
{
    FILE *f = fopen(PROJECT_DIR "/docs/reasons.md", "r");
    char row[512];
    size_t rows = 0;
    (void)state;
    assert_non_null(f);
    for (size_t i = 0; i < N; i++) {
        struct str name = reason_name((enum reason)table[i].id);
        char status[16] = "-";
        if (table[i].sip_status > 0)
            snprintf(status, sizeof(status), "%d", table[i].sip_status);
        snprintf(row, sizeof(row), "| `%.*s` | %d | %s | %s |\n", STR_ARG(name), table[i].id,
                 status, table[i].text);
        if (!in_manual(f, row))
            print_error("docs/reasons.md lacks: %s", row);
        assert_true(in_manual(f, row));
    }
    rewind(f);
    while (fgets(row, sizeof(row), f))
        rows += strncmp(row, "| `", 3) == 0;
    assert_int_equal(rows, N);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason),   cmocka_unit_test(ids_do_not_change),
        cmocka_unit_test(ranges),        cmocka_unit_test(no_reason_is_internal),
        cmocka_unit_test(manual_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
