/* Which files a rotation may remove. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/rotated_name.h"

static const struct str file = STR("records.jsonl");

static void what_it_makes_is_its_own(void **state)
{
    (void)state;
    char stamp[ROTATED_STAMP_TEXT];
    const int64_t times[] = {0, 1795737599, 4102444800, INT64_C(253402300799)};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        assert_true(rotated_stamp(stamp, times[i]));
        for (unsigned again = 0; again < 120; again += 7) {
            char *name = rotated_name(file, stamp, again);
            assert_true(rotated_name_is_ours(name, file));
            assert_true(rotated_name_may_be(name, file));
            free(name);
        }
    }
    assert_false(rotated_stamp(stamp, INT64_C(-99999999999)));
    assert_false(rotated_stamp(stamp, INT64_C(253402300800)));
    assert_false(rotated_stamp(stamp, INT64_MAX));
}

static void nothing_else_is(void **state)
{
    (void)state;
    static const char *const others[] = {
        "records.jsonl",
        "records.jsonl.",
        "records.jsonl.1",
        "records.jsonl.old",
        "records.jsonl.bak",
        "records.jsonl.swp",
        "records.jsonl.sha256",
        "records.jsonl.20261126",
        "records.jsonl.20261126T235959",
        "records.jsonl.20261126T235959z",
        "records.jsonl.20261126t235959Z",
        "records.jsonl.20261126T235959Z.gz",
        "records.jsonl.20261126T235959Z.sig",
        "records.jsonl.20261126T235959Z-",
        "records.jsonl.20261126T235959Z-0",
        "records.jsonl.20261126T235959Z-01",
        "records.jsonl.20261126T235959Z--1",
        "records.jsonl.20261126T235959Z-+1",
        "records.jsonl.20261126T235959Z- 1",
        "records.jsonl.20261126T235959Z-1a",
        "records.jsonl.20261126T235959Z-99999999999999999999",
        "records.jsonl.20261126T235959Z~",
        "records.jsonl.20261126T235959ZZ",
        "records.jsonl.2026112 T235959Z",
        "records.jsonl.legal-hold.20261126T235959Z",
        "records.jsonl-20261126T235959Z",
        "records.jsonl20261126T235959Z",
        "records.json.20261126T235959Z",
        "Records.jsonl.20261126T235959Z",
        "xrecords.jsonl.20261126T235959Z",
        ".records.jsonl.20261126T235959Z",
        "",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(rotated_name_is_ours(others[i], file));
}

/* "-10" comes after "-9". */
static void names_sort_as_they_were_given(void **state)
{
    (void)state;
    static const char *const names[] = {
        "r.20251231T235959Z",    "r.20251231T235959Z-1", "r.20251231T235959Z-2",
        "r.20251231T235959Z-10", "r.20260101T000000Z",   "r.20260101T000000Z-3",
    };
    const size_t n = sizeof(names) / sizeof(names[0]);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            int order = rotated_name_compare(names[i], names[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

static void files_of_others_lend_their_chain(void **state)
{
    (void)state;
    assert_true(rotated_name_may_be("records.jsonl.1", file));
    assert_false(rotated_name_may_be("records.jsonl.1.gz", file));
    assert_false(rotated_name_may_be("records.jsonl.", file));
    assert_false(rotated_name_may_be("other.jsonl.1", file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_makes_is_its_own),
        cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(names_sort_as_they_were_given),
        cmocka_unit_test(files_of_others_lend_their_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
