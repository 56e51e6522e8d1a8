/* Of a number the last four digits are shown, wherever it stands in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stird/core/masked.h>

static void expect(const char *text, bool mask, const char *wanted)
{
    struct buf out = BUF_INIT;
    masked_text(&out, str_of(text), mask);
    buf_add(&out, "", 1);
    assert_string_equal(out.p, wanted);
    buf_fini(&out);
}

static void numbers_in_words(void **state)
{
    (void)state;
    expect("the number +12155550100 is ...", true, "the number +xxxxxxx0100 is ...");
    expect("\"+1 (215) 555-0100\" is none", true, "\"+x (xxx) xxx-0100\" is none");
    expect("from 12155550100-12155550199", true, "from xxxxxxxxxxx-xxxxxxx0199");
    expect("215.555.0100", true, "xxx.xxx.0100");
    expect("12155550100", true, "xxxxxxx0100");
    expect("12155550100", false, "12155550100");
    expect("", true, "");
}

static void what_is_no_number_stays(void **state)
{
    (void)state;
    expect("numbers-20261128.csv:12: +12155550100", true, "numbers-20261128.csv:12: +xxxxxxx0100");
    expect("ends on 2026-11-28, at octet 4120", true, "ends on 2026-11-28, at octet 4120");
    expect("source 192.168.100.200 is", true, "source 192.168.100.200 is");
    expect("upstream carrier:5060, 10000 rows", true, "upstream carrier:5060, 10000 rows");
}

static void the_same_of_a_number(void **state)
{
    (void)state;
    struct tn number, shown;
    assert_true(tn_from_digits(&number, STR("+12155550100")));
    shown = masked_number(&number, true);
    assert_true(str_eq(tn_str(&shown), STR("xxxxxxx0100")));
    shown = masked_number(&number, false);
    assert_true(tn_equal(&shown, &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_in_words),
        cmocka_unit_test(what_is_no_number_stays),
        cmocka_unit_test(the_same_of_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
