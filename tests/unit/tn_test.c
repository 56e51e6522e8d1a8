#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>
#include <stird/core/tn.h>

static const struct country america = {
    .code = STR("1"), .international_prefix = STR("011"), .national_length = 10};
static const struct country france = {.code = STR("33"),
                                      .international_prefix = STR("00"),
                                      .national_prefix = STR("0"),
                                      .national_length = 9};
static const struct country germany = {.code = STR("49"),
                                       .international_prefix = STR("00"),
                                       .national_prefix = STR("0"),
                                       .national_length = 6,
                                       .national_length_max = 11};
static const struct country nowhere = {.national_length = 0};

/* ---- the vectors: whole header lines ---- */

/* The URI of `From: "x" <uri>;tag=1` or `From: tel:uri;tag=1`, found without the code under test.
 */
static struct str uri_of_header(const char *header)
{
    const char *open = strchr(header, '<');
    if (open) {
        const char *close = strchr(open, '>');
        assert_non_null(close);
        return str_span(open + 1, close);
    }
    const char *value = strchr(header, ':') + 1;
    value += strspn(value, " ");
    return str_span(value, value + strcspn(value, ";"));
}

/* A vector's own settings over the file's; null: the country has no such rule. */
static struct str setting(json_t *defaults, json_t *own, const char *key)
{
    json_t *value = json_object_get(own, key);
    return str_of(json_string_value(value ? value : json_object_get(defaults, key)));
}

static struct country country_of(json_t *defaults, json_t *own)
{
    json_t *length = json_object_get(own, "national_length");
    if (!length)
        length = json_object_get(defaults, "national_length");
    return (struct country){
        .code = setting(defaults, own, "default_country_code"),
        .international_prefix = setting(defaults, own, "international_prefix"),
        .national_length = (uint8_t)json_integer_value(length),
    };
}

/* R-P-127 R-P-128: Numbers as callers write them, with what becomes of each (Decided 8). */
static void vectors_hold(void **state)
{
    (void)state;
    json_error_t error;
    json_t *file = json_load_file(TESTS_DIR "/vectors/canonicalization.json", 0, &error), *pair;
    json_t *defaults = json_object_get(file, "default_config");
    size_t i, numbers = 0, others = 0;
    assert_non_null(file);
    json_array_foreach(json_object_get(file, "pairs"), i, pair)
    {
        const char *input = json_string_value(json_object_get(pair, "input"));
        const char *want = json_string_value(json_object_get(pair, "stird"));
        struct country country = country_of(defaults, json_object_get(pair, "config"));
        struct tn tn = {0};
        enum tn_fault fault = tn_from_uri(&tn, uri_of_header(input), &country, NULL, 0);
        if (want ? fault != TN_OK || !str_eq(tn_str(&tn), str_of(want)) : fault == TN_OK)
            fail_msg("%s: got \"%.*s\" (%.*s), want %s", input, STR_ARG(tn_str(&tn)),
                     STR_ARG(tn_fault_text(fault)), want ? want : "no number");
        *(want ? &numbers : &others) += 1;
    }
    assert_true(numbers >= 20 && others >= 12);
    json_decref(file);
}

/* ---- user parts ---- */

static const struct {
    const char *user;
    const struct country *country;
    enum tn_fault fault;
    const char *number;
} users[] = {
    {"+12155551212", &nowhere, TN_OK, "12155551212"},
    {"+1-(215).555-1212", &nowhere, TN_OK, "12155551212"},
    {"%2b1%32155551212", &nowhere, TN_OK, "12155551212"},
    {"+12155551212:password", &nowhere, TN_OK, "12155551212"},
    {"+12155551212;ext=9:password", &nowhere, TN_OK, "12155551212"},
    {"+491234567890123", &nowhere, TN_OK, "491234567890123"},
    {"+6834000", &nowhere, TN_OK, "6834000"},
    {"2155551212", &america, TN_OK, "12155551212"},
    {"(215)555-1212", &america, TN_OK, "12155551212"},
    {"12155551212", &america, TN_OK, "12155551212"},
    {"011442079460000", &america, TN_OK, "442079460000"},
    {"011491234567890123", &america, TN_OK, "491234567890123"},
    {"00442079460000", &france, TN_OK, "442079460000"},
    {"612345678", &france, TN_OK, "33612345678"},
    {"33612345678", &france, TN_OK, "33612345678"},
    {"+442079460000", &france, TN_OK, "442079460000"},
    /* nothing there */
    {"", &america, TN_EMPTY, NULL},
    {"+", &america, TN_EMPTY, NULL},
    {"-", &america, TN_EMPTY, NULL},
    {";phone-context=+1", &america, TN_EMPTY, NULL},
    {":2155551212", &america, TN_EMPTY, NULL},
    /* a character that no number has */
    {"alice", &america, TN_BAD_CHARACTER, NULL},
    {"1-800-FLOWERS", &america, TN_BAD_CHARACTER, NULL},
    {"9+12155551212", &america, TN_BAD_CHARACTER, NULL},
    {"++12155551212", &america, TN_BAD_CHARACTER, NULL},
    {"-+12155551212", &america, TN_BAD_CHARACTER, NULL},
    {"%2B+12155551212", &america, TN_BAD_CHARACTER, NULL},
    {"+1215 5551212", &america, TN_BAD_CHARACTER, NULL},
    {"+1215%205551212", &america, TN_BAD_CHARACTER, NULL},
    {"+1215555%001212", &america, TN_BAD_CHARACTER, NULL},
    {"+12155551212%0", &america, TN_BAD_CHARACTER, NULL},
    {"+12155551212%", &america, TN_BAD_CHARACTER, NULL},
    {"+1215555121%zz", &america, TN_BAD_CHARACTER, NULL},
    {"+12155551212%3Bext=1", &america, TN_BAD_CHARACTER, NULL},
    {"+12155551212%3A", &america, TN_BAD_CHARACTER, NULL},
    {"+1215555121\xd9\xa2", &america, TN_BAD_CHARACTER, NULL}, /* an Arabic digit */
    {"+1215555121%D9%A2", &america, TN_BAD_CHARACTER, NULL},
    {"*67", &america, TN_BAD_CHARACTER, NULL},
    {"*672155551212", &america, TN_BAD_CHARACTER, NULL},
    {"+12155551212#", &america, TN_BAD_CHARACTER, NULL},
    {"12345678901234567890123456789012345x", &america, TN_BAD_CHARACTER, NULL},
    /* too long */
    {"+1234567890123456", &america, TN_TOO_LONG, NULL},
    {"1234567890123456", &america, TN_TOO_LONG, NULL},
    {"0111234567890123456", &america, TN_TOO_LONG, NULL},
    {"12345678901234567890123456789012345", &america, TN_TOO_LONG, NULL},
    {"12345678901234;phone-context=+44", &america, TN_TOO_LONG, NULL},
    /* not completed */
    {"5551212", &america, TN_NOT_GLOBAL, NULL},
    {"911", &america, TN_NOT_GLOBAL, NULL},
    {"442079460000", &america, TN_NOT_GLOBAL, NULL},
    {"22155551212", &america, TN_NOT_GLOBAL, NULL},
    {"2155551212", &nowhere, TN_NOT_GLOBAL, NULL},
    {"12155551212", &nowhere, TN_NOT_GLOBAL, NULL},
    /* a prefix before national numbers, and lengths that vary */
    {"0142685300", &france, TN_OK, "33142685300"},
    {"142685300", &france, TN_OK, "33142685300"},
    {"33142685300", &france, TN_OK, "33142685300"},
    {"01426853001", &france, TN_NOT_GLOBAL, NULL},
    {"00302101234567", &germany, TN_OK, "302101234567"},
    {"030123456", &germany, TN_OK, "4930123456"},
    {"08912345678", &germany, TN_OK, "498912345678"},
    {"015112345678", &germany, TN_OK, "4915112345678"},
    {"004915112345678", &germany, TN_OK, "4915112345678"},
    {"4915112345678", &germany, TN_OK, "4915112345678"},
    {"15112345678", &germany, TN_OK, "4915112345678"},
    {"4930123456", &germany, TN_NOT_GLOBAL, NULL}, /* of Berlin, or 04930 without its 0? */
    {"0123456789012", &germany, TN_NOT_GLOBAL, NULL},
    {"12345", &germany, TN_NOT_GLOBAL, NULL},
    /* contexts, RFC 3966 section 5.1.5 */
    {"5551212;phone-context=+1215", &america, TN_OK, "12155551212"},
    {"5551212;Phone-Context=+1-215", &nowhere, TN_OK, "12155551212"},
    {"5551212;ext=1;phone-context=%2B1215", &nowhere, TN_OK, "12155551212"},
    {"2079460000;phone-context=+44", &america, TN_OK, "442079460000"},
    {"+12155551212;phone-context=example.com", &america, TN_OK, "12155551212"},
    {"2155551212;phone-context=example.com", &america, TN_BAD_CONTEXT, NULL},
    {"2155551212;phone-context=1", &america, TN_BAD_CONTEXT, NULL},
    {"2155551212;phone-context=+", &america, TN_BAD_CONTEXT, NULL},
    {"2155551212;phone-context=", &america, TN_BAD_CONTEXT, NULL},
    {"2155551212;phone-context", &america, TN_BAD_CONTEXT, NULL},
    {"2155551212;phone-context=+1*", &america, TN_BAD_CONTEXT, NULL},
    {"2155551212;phone-context=+1;phone-context=+44", &america, TN_BAD_CONTEXT, NULL},
    {"12155551212;phone-context=+1", &america, TN_NANP_LENGTH, "112155551212"},
    {"12345;phone-context=+49", &germany, TN_WRONG_LENGTH, "4912345"},
    {"12345;phone-context=+49", &america, TN_OK, "4912345"},
    {"12;phone-context=+44", &america, TN_NOT_E164, "4412"},
    {"011", &america, TN_EMPTY, NULL},
    /* fragments, and what else reads as a number that nobody can have */
    {"+1", &america, TN_NOT_E164, "1"},
    {"+911", &america, TN_NOT_E164, "911"},
    {"+123456", &america, TN_NOT_E164, "123456"},
    {"+02155551212", &america, TN_NOT_E164, "02155551212"},
    {"+0000000000", &america, TN_NOT_E164, "0000000000"},
    {"01102155551212", &america, TN_NOT_E164, "02155551212"},
    {"+2105551212", &america, TN_NO_COUNTRY, "2105551212"},
    {"+33-12-34-56-78", &america, TN_WRONG_LENGTH, "3312345678"},
    {"0113312345678", &america, TN_WRONG_LENGTH, "3312345678"},
    {"12345678;phone-context=+33", &america, TN_WRONG_LENGTH, "3312345678"},
    {"0012155551212", &france, TN_OK, "12155551212"},
    {"001215555121", &france, TN_NANP_LENGTH, "1215555121"},
    {"+1215555121", &nowhere, TN_NANP_LENGTH, "1215555121"},
    {"+121555512120", &america, TN_NANP_LENGTH, "121555512120"},
    {"215555121;phone-context=+1", &nowhere, TN_NANP_LENGTH, "1215555121"},
    {"0000000000", &america, TN_NANP_CODE, "10000000000"},
    {"10000000000", &america, TN_NANP_CODE, "10000000000"},
    {"0155551212", &america, TN_NANP_CODE, "10155551212"},
    {"+1-115-555-1212", &america, TN_NANP_CODE, "11155551212"},
    {"(215)055-1212", &america, TN_NANP_CODE, "12150551212"},
    {"%2B12151551212;ext=1", &america, TN_NANP_CODE, "12151551212"},
    {"0000000000", &france, TN_NOT_E164, "00000000"},
    {"0000000000", &nowhere, TN_NOT_GLOBAL, NULL},
};

static void users_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        struct tn tn = {.n = 3, .digits = "777"};
        const char *want = users[i].number ? users[i].number : "777"; /* untouched */
        enum tn_fault fault = tn_from_user(&tn, str_of(users[i].user), users[i].country, NULL, 0);
        assert_int_equal(tn_cannot_exist(fault), fault != TN_OK && users[i].number);
        if (fault != users[i].fault || !str_eq(tn_str(&tn), str_of(want)))
            fail_msg("\"%s\": got \"%.*s\" (%.*s), want \"%s\" (%.*s)", users[i].user,
                     STR_ARG(tn_str(&tn)), STR_ARG(tn_fault_text(fault)), want,
                     STR_ARG(tn_fault_text(users[i].fault)));
    }
}

static void uris_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        enum tn_fault fault;
    } uris[] = {
        {"sip:+12155551212@h", TN_OK},
        {"SIPS:+12155551212@h;user=phone?Subject=x", TN_OK},
        {"Tel:+12155551212", TN_OK},
        {"tel:+12155551212;verstat=a:b", TN_OK},
        {"tel:+12155551212:1", TN_BAD_CHARACTER},
        {"tel:+12155551212@h", TN_BAD_CHARACTER},
        {"tel:", TN_EMPTY},
        {"sip:+12155551212", TN_EMPTY}, /* a host, no user */
        {"sip:@h", TN_EMPTY},
        {"sip:", TN_EMPTY},
        {"sip:+12155551212@a@b", TN_BAD_CHARACTER},
        {"sip:alice@h", TN_BAD_CHARACTER},
        {"urn:service:sos", TN_NOT_A_NUMBER_URI},
        {"http://+12155551212@h", TN_NOT_A_NUMBER_URI},
        {"+12155551212", TN_NOT_A_NUMBER_URI},
        {"sip", TN_NOT_A_NUMBER_URI},
        {" sip:+12155551212@h", TN_NOT_A_NUMBER_URI},
        {"", TN_NOT_A_NUMBER_URI},
    };
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        struct tn tn;
        enum tn_fault fault = tn_from_uri(&tn, str_of(uris[i].uri), &america, NULL, 0);
        if (fault != uris[i].fault)
            fail_msg("%s: %.*s", uris[i].uri, STR_ARG(tn_fault_text(fault)));
        if (fault == TN_OK)
            assert_true(str_eq(tn_str(&tn), STR("12155551212")));
    }
}

static void short_codes_are_taken_where_listed(void **state)
{
    (void)state;
    static const struct str codes[] = {STR("911"), STR("*67"), STR("##31"), STR("12345")};
    static const struct {
        const char *user, *number;
    } cases[] = {
        {"911", "911"},     {"*67", "*67"},   {"%2A67", "*67"}, {"%23%2331", "##31"},
        {"12345", "12345"}, {"912", NULL},    {"*68", NULL},    {"+911", NULL},
        {"9110", NULL},     {"%2b911", NULL}, {"9*11", NULL},   {"911;phone-context=+1", "911"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn tn;
        enum tn_fault fault = tn_from_user(&tn, str_of(cases[i].user), &america, codes, 4);
        assert_int_equal(fault == TN_OK, cases[i].number != NULL);
        if (fault == TN_OK)
            assert_true(str_eq(tn_str(&tn), str_of(cases[i].number)));
    }
}

/* No truncation, wherever a NUL or a stray octet stands. */
static void any_stray_octet_spoils_a_number(void **state)
{
    (void)state;
    static const char digits[] = "+12155551212";
    for (int octet = 0; octet < 256; octet++) {
        bool harmless = octet != 0 && strchr("-.()", octet);
        bool ends = octet == ';' || octet == ':';
        for (size_t at = 2; at < sizeof(digits); at++) {
            char user[32];
            struct tn tn;
            memcpy(user, digits, at);
            user[at] = (char)octet;
            memcpy(user + at + 1, digits + at, sizeof(digits) - at);
            enum tn_fault fault = tn_from_user(&tn, (struct str){user, sizeof(digits)}, &america,
                                               NULL, 0);
            if (!ends)
                assert_int_equal(fault == TN_OK, harmless);
            else
                assert_int_equal(fault == TN_OK, at == sizeof(digits) - 1);
        }
    }
}

static void digits_are_read_strictly(void **state)
{
    (void)state;
    struct tn tn;
    assert_true(tn_from_digits(&tn, STR("+12155551212")));
    assert_true(str_eq(tn_str(&tn), STR("12155551212")));
    assert_true(tn_from_digits(&tn, STR("1")));
    assert_true(tn_from_digits(&tn, STR("123456789012345")));
    static const char *const wrong[] = {
        "", "+", "1234567890123456", "1-2", " 1", "1 ", "+1+", "*67", "1a", "++1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(tn_from_digits(&tn, str_of(wrong[i])));
    assert_true(str_eq(tn_str(&tn), STR("123456789012345")));
}

static void numbers_compare(void **state)
{
    (void)state;
    struct tn a, b, c;
    assert_true(tn_from_digits(&a, STR("12155551212")));
    assert_true(tn_from_digits(&b, STR("+12155551212")));
    assert_true(tn_from_digits(&c, STR("1215555121")));
    assert_true(tn_equal(&a, &b));
    assert_false(tn_equal(&a, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_hold),
        cmocka_unit_test(users_are_read),
        cmocka_unit_test(uris_are_read),
        cmocka_unit_test(short_codes_are_taken_where_listed),
        cmocka_unit_test(any_stray_octet_spoils_a_number),
        cmocka_unit_test(digits_are_read_strictly),
        cmocka_unit_test(numbers_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
