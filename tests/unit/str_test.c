#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stird/base/str.h>

#define assert_str(s, literal) assert_true(str_eq((s), STR(literal)))

static const struct str none = {NULL, 0};

static void text_is_compared(void **state)
{
    (void)state;
    static const struct {
        struct str a, b;
        bool eq, eq_nocase, starts, starts_nocase;
        int order;
    } cases[] = {
        {STR(""), STR(""), true, true, true, true, 0},
        {STR("a"), STR("a"), true, true, true, true, 0},
        {STR("a"), STR("A"), false, true, false, true, 1},
        {STR("abc"), STR("ab"), false, false, true, true, 1},
        {STR("ab"), STR("abc"), false, false, false, false, -1},
        {STR("ABC"), STR("ab"), false, false, false, true, -1},
        {STR("a"), STR("b"), false, false, false, false, -1},
        {STR("\xff"), STR("\x01"), false, false, false, false, 1},
        {STR("a\0b"), STR("a\0c"), false, false, false, false, -1},
        {STR("["), STR("{"), false, false, false, false, -1},
        {STR("@"), STR("`"), false, false, false, false, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int order = str_compare(cases[i].a, cases[i].b);
        assert_int_equal((order > 0) - (order < 0), cases[i].order);
        assert_int_equal(str_eq(cases[i].a, cases[i].b), cases[i].eq);
        assert_int_equal(str_eq_nocase(cases[i].a, cases[i].b), cases[i].eq_nocase);
        assert_int_equal(str_starts(cases[i].a, cases[i].b), cases[i].starts);
        assert_int_equal(str_starts_nocase(cases[i].a, cases[i].b), cases[i].starts_nocase);
    }
}

static void no_text_is_empty_text(void **state)
{
    (void)state;
    assert_true(str_eq(none, STR("")));
    assert_true(str_eq_nocase(STR(""), none));
    assert_int_equal(str_compare(none, STR("")), 0);
    assert_true(str_starts(STR("x"), none));
    assert_int_equal(str_of(NULL).n, 0);
    assert_int_equal(str_find(none, 'x', 0), 0);
    assert_int_equal(str_trim(none).n, 0);
    assert_int_equal(str_slice(none, 1, 5).n, 0);
}

static void text_is_searched_and_sliced(void **state)
{
    (void)state;
    struct str s = STR("abcabc");
    assert_int_equal(str_find(s, 'b', 0), 1);
    assert_int_equal(str_find(s, 'b', 2), 4);
    assert_int_equal(str_find(s, 'b', 5), 6);
    assert_int_equal(str_find(s, 'x', 0), 6);
    assert_int_equal(str_find(s, 'a', 100), 6);
    assert_str(str_slice(s, 1, 3), "bc");
    assert_str(str_slice(s, 4, 100), "bc");
    assert_str(str_slice(s, 3, 2), "");
    assert_str(str_slice(s, 100, 200), "");
    assert_str(str_span(s.p + 2, s.p + 4), "ca");
}

static void text_is_trimmed(void **state)
{
    (void)state;
    assert_str(str_trim(STR(" \t\r\na b\n ")), "a b");
    assert_str(str_trim(STR("  ")), "");
    assert_str(str_trim(STR("\va")), "\va");
}

static void text_is_cut(void **state)
{
    (void)state;
    struct str rest = STR("a,,b,");
    assert_str(str_cut(&rest, ','), "a");
    assert_str(str_cut(&rest, ','), "");
    assert_str(str_cut(&rest, ','), "b");
    assert_non_null(rest.p); /* one more, which is empty */
    assert_str(str_cut(&rest, ','), "");
    assert_null(rest.p);
    assert_str(str_cut(&rest, ','), "");
    rest = STR("abc");
    assert_str(str_cut(&rest, ','), "abc");
    assert_null(rest.p);
}

static void decimal_numbers_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t max;
        bool good;
        uint64_t value;
    } cases[] = {
        {"0", 0, true, 0},
        {"1", 0, false, 0},
        {"007", 7, true, 7},
        {"65535", 65535, true, 65535},
        {"65536", 65535, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999999", UINT64_MAX, false, 0},
        {"9", 5, false, 0},
        {"15", 9, false, 0},
        {"", 9, false, 0},
        {"-1", 9, false, 0},
        {"+1", 9, false, 0},
        {" 1", 9, false, 0},
        {"1 ", 9, false, 0},
        {"0x1", 99, false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t value = 4711;
        assert_int_equal(str_to_u64(str_of(cases[i].text), cases[i].max, &value), cases[i].good);
        assert_int_equal(value, cases[i].good ? cases[i].value : 4711);
    }
}

/* Every octet: a locale or a sign of char changes nothing. */
static void characters_are_ascii_only(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool digit = c >= '0' && c <= '9', lower = c >= 'a' && c <= 'z';
        bool upper = c >= 'A' && c <= 'Z';
        int hex = digit                  ? c - '0'
                  : c >= 'a' && c <= 'f' ? c - 'a' + 10
                  : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                         : -1;
        assert_int_equal(ascii_is_digit((char)c), digit);
        assert_int_equal(ascii_is_alpha((char)c), lower || upper);
        assert_int_equal(ascii_lower((char)c), (char)(upper ? c + 32 : c));
        assert_int_equal(ascii_hex_value((char)c), hex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_compared),
        cmocka_unit_test(no_text_is_empty_text),
        cmocka_unit_test(text_is_searched_and_sliced),
        cmocka_unit_test(text_is_trimmed),
        cmocka_unit_test(text_is_cut),
        cmocka_unit_test(decimal_numbers_are_read_strictly),
        cmocka_unit_test(characters_are_ascii_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
