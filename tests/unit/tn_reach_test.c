/* What dressed numbers may lead to: what policy/cases.json asks of America, for other countries,
   and that no text makes more of them than there is room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <stird/base/buf.h>
#include <stird/core/tn_reach.h>

static const struct country america = {
    .code = STR("1"), .international_prefix = STR("011"), .national_length = 10};
static const struct country germany = {.code = STR("49"),
                                       .international_prefix = STR("00"),
                                       .national_prefix = STR("0"),
                                       .national_length = 6,
                                       .national_length_max = 11};
static const struct country nowhere = {.national_length = 0};
static const struct str outside[] = {STR("9")};

static bool leads_to(const struct tn_reach *reach, const char *digits)
{
    for (unsigned i = 0; i < reach->n; i++)
        if (str_eq(tn_str(&reach->numbers[i]), str_of(digits)))
            return true;
    return false;
}

static const struct {
    const struct country *country;
    const char *uri, *number; /* NULL: to none */
} cases[] = {
    {&germany, "sip:030123456#@h", "4930123456"},
    {&germany, "sip:*31#030123456@h", "4930123456"},
    {&germany, "sip:0049(30)123456,@h", "4930123456"},
    {&germany, "sip:+4930123456%20@h", "4930123456"},
    {&germany, "tel:030123456;phone-context=h.example", "4930123456"},
    {&nowhere, "sip:4930123456#@h", "4930123456"},
    {&nowhere, "sip:+4930123456#@h", "4930123456"},
    {&america, "sip:011493012345678#@h", "493012345678"},
    {&america, "sip:*70,*6712155550100@h", "12155550100"},
    {&america, "sip:121555501001234567890123456789012345678901234567890@h", "12155550100"},
    {&america, "sip:%2b%2B12155550100@h", "12155550100"},
    {&america, "tel:555-0100;phone-context=\"+1215\"", "12155550100"},
    {&america, "sip:12155550100", "12155550100"},
    {&america, "sip:alice@h", NULL},
    {&america, "sip:alice12155550100@h", NULL},
    {&america, "sip:7001@h", NULL},
    {&america, "sip:5550100@h", NULL},
    {&america, "sip:h@192.168.100.200", NULL},
    {&america, "sip:192.168.100.200", NULL},
    {&america, "mailto:12155550100@h", "12155550100"},
    {&america, "urn:service:sos", NULL},
    {&america, "urn:x:+12155550100", "12155550100"},
    {&america, "urn:a:b:c;x=12155550100", "12155550100"},
    {&america, "x-y:z@h:+12155550100", "12155550100"},
    {&america, "sip:+1_900%20555~0100@h", "19005550100"},
    {&america, "sip:12155550199%2019005550100@h", "19005550100"},
    {&america, "sip:12155550199%0A1900-555-0100@h", "19005550100"},
    {&america, "sip:2155550199%7C9005550100%7C@h", "19005550100"},
    {&america, "sip:+12155550199-+1-900-555-0100@h", "19005550100"},
    {&america, "sip:+12155550199%2B%2819005550100@h", "19005550100"},
    {&america, "sip:12155550199%3Brn%3D+19005550100@h", "19005550100"},
    {&america, "sip:1%3A2%3B3%3D+19005550100@h", "19005550100"},
    {&america, "tel:+12155550199%3B+19005550100", "19005550100"},
    {&germany, "sip:4930123456%3B030654321@h", "4930654321"},
    {&america, "sip:1x19005550100@h", NULL},
    {&america, "sip:alice%3B+19005550100@h", NULL},
    {&america, "", NULL},
    {&america, "sip:", NULL},
    {&america, "tel:;phone-context=+1", NULL},
};

/* Escaped or not, what no number has in it hides no second one. */
static void second_numbers(void **state)
{
    (void)state;
    for (unsigned c = 1; c < 256; c++) {
        char uri[64];
        struct tn_reach reach = {.n = 0};
        snprintf(uri, sizeof(uri), "sip:+12155550199%%%02X+19005550100@h", c);
        tn_reach_add_uri(&reach, str_of(uri), &america, outside, 1);
        if (!ascii_is_digit((char)c) &&
            (!leads_to(&reach, "19005550100") || !leads_to(&reach, "12155550199")))
            fail_msg("%s", uri);
    }
}

static void dressed_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_reach reach = {.n = 0};
        tn_reach_add_uri(&reach, str_of(cases[i].uri), cases[i].country, outside, 1);
        bool good = cases[i].number ? leads_to(&reach, cases[i].number)
                                    : reach.n == 0 && !reach.more;
        for (unsigned n = 0; !good && n < reach.n; n++)
            print_error("  %.*s\n", (int)reach.numbers[n].n, reach.numbers[n].digits);
        if (!good)
            fail_msg("%s", cases[i].uri);
    }
}

static const struct {
    const char *rn, *number; /* NULL: none */
} hexadecimal[] = {
    {"+49D123", "49"},     {"%2b4-9d123", "49"}, {"+49%44123", "49"}, {"+1A(B)9", "1"},
    {"+D123", NULL},       {"+", NULL},          {"49D123", NULL},    {"+12155550100", NULL},
    {"+1*9005550A", NULL}, {"+1X900", NULL},     {"", NULL},
};

static void routing_numbers_of_networks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hexadecimal) / sizeof(hexadecimal[0]); i++) {
        struct tn_reach reach = {.n = 0};
        tn_reach_add_hexadecimal(&reach, str_of(hexadecimal[i].rn));
        bool good = hexadecimal[i].number ? reach.n == 1 && leads_to(&reach, hexadecimal[i].number)
                                          : reach.n == 0;
        if (!good)
            fail_msg("%s", hexadecimal[i].rn);
    }
}

/* Then whoever asks takes it for all that it could be. */
static void many_are_told(void **state)
{
    char uri[1024] = "sip:";
    struct tn_reach reach = {.n = 0};
    (void)state;
    for (unsigned i = 0; i < 40; i++)
        snprintf(uri + strlen(uri), sizeof(uri) - strlen(uri), "+121555501%02u,", i);
    tn_reach_add_uri(&reach, str_of(uri), &america, outside, 1);
    assert_int_equal(reach.n, TN_REACH_MAX);
    assert_true(reach.more);
    tn_reach_add_uri(&reach, str_of(uri), &america, outside, 1);
    assert_int_equal(reach.n, TN_REACH_MAX);
}

/* What nobody read to its end may lead anywhere, however few numbers were found in it. */
static void what_is_read_has_an_end(void **state)
{
    struct tn_reach reach = {.n = 0};
    struct buf uri = BUF_INIT;
    (void)state;
    buf_add_text(&uri, "sip:1");
    for (unsigned i = 0; i < TN_REACH_TRIES - 1; i++)
        buf_add_text(&uri, ",1");
    tn_reach_add_uri(&reach, buf_str(&uri), &america, outside, 1);
    assert_false(reach.more);
    reach = (struct tn_reach){.n = 0};
    buf_add_text(&uri, ",1,1,12155550100");
    tn_reach_add_uri(&reach, buf_str(&uri), &america, outside, 1);
    assert_true(reach.more);
    buf_reset(&uri);
    buf_add_text(&uri, "sip:1");
    for (unsigned i = 0; i <= TN_REACH_TRIES; i++)
        buf_add_text(&uri, ";phone-context=+1");
    buf_add_text(&uri, "@h");
    reach = (struct tn_reach){.n = 0};
    tn_reach_add_uri(&reach, buf_str(&uri), &america, outside, 1);
    assert_true(reach.more);
    buf_fini(&uri);
}

/* Digits of other scripts, and what may be passed over between digits, may be any number; a name
   with letters of other alphabets is none. */
static void what_is_not_ascii(void **state)
{
    static const struct {
        const char *uri;
        bool more;
    } trials[] = {
        {"sip:\xef\xbc\x91\xef\xbc\x99\xef\xbc\x90@h", true}, /* full width */
        {"sip:+12\xef\xbc\x91"
         "5550@h",
         true},
        {"sip:%EF%BC%91900@h", true},
        {"tel:\xd9\xa1\xd9\xa9", true}, /* Arabic */
        {"sip:\xe0\xa5\xa7@h", true},   /* Devanagari */
        {"sip:\xc2\xb9"
         "9@h",
         true},                           /* superscript */
        {"sip:\xf0\x9d\x9f\x8f@h", true}, /* mathematical */
        {"sip:\xe2\x91\xa0@h", true},     /* in a circle */
        {"sip:+1\xe2\x80\x8b"
         "9@h",
         true},
        {"sip:+1\xa0"
         "9@h",
         true}, /* no UTF-8 */
        {"sip:+1%ff9@h", true},
        {"urn:x:\xef\xbc\x91", true},
        {"sip:m\xc3\xbcller@h", false},
        {"sip:m%C3%BCller.jun-7@h", false},
        {"sip:\xce\xb1\xd0\xb6\xe5\xb0\x8f@h", false},
        {"sip:alice@\xef\xbc\x91", true}, /* no host */
        {"sip:alice@h", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
        struct tn_reach reach = {.n = 0};
        tn_reach_add_uri(&reach, str_of(trials[i].uri), &america, outside, 1);
        if (reach.more != trials[i].more)
            fail_msg("%s", trials[i].uri);
    }
}

/* Longer than what is looked at: it may be anything, wherever the octets stand. */
static void what_is_not_ascii_and_long(void **state)
{
    (void)state;
    for (size_t at = 0; at < 120; at++) {
        struct tn_reach reach = {.n = 0};
        char uri[] =
            "sip:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@h";
        tn_reach_add_uri(&reach, str_of(uri), &america, outside, 1);
        assert_false(reach.more);
        uri[4 + at] = (char)0xb9;
        tn_reach_add_uri(&reach, str_of(uri), &america, outside, 1);
        assert_true(reach.more);
    }
}

static void letters(void **state)
{
    (void)state;
    assert_true(tn_reach_has_letters(STR("sip:FLOWERS@h;user=phone")));
    assert_true(tn_reach_has_letters(STR("sip:FLOWERS@h;us%65r=%70hone")));
    assert_false(tn_reach_has_letters(STR("sip:FLOWERS@h")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dressed_numbers),   cmocka_unit_test(second_numbers),
        cmocka_unit_test(letters),           cmocka_unit_test(routing_numbers_of_networks),
        cmocka_unit_test(many_are_told),     cmocka_unit_test(what_is_read_has_an_end),
        cmocka_unit_test(what_is_not_ascii), cmocka_unit_test(what_is_not_ascii_and_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
