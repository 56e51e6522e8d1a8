/* Header lines, lists, addresses and parameters as raw text (RFC 3261 sections 7.3, 25.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <stdio.h>

#include <stird/core/headers.h>

static void assert_text(struct str found, const char *expected)
{
    if (!str_eq(found, str_of(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(found), expected);
}

static void lines_folds_and_compact_names(void **state)
{
    struct str rest, message = STR("INVITE sip:h SIP/2.0\r\nf:<sip:1@h>\r\nno colon\r\n"
                                   "X-Long : a\r\n b\r\n\tc\r\nTO: x\n\r\nNot: a header\r\n");
    struct header_line line;
    (void)state;
    assert_text(start_line(message, &rest), "INVITE sip:h SIP/2.0");
    assert_true(header_next(&rest, &line));
    assert_true(header_is(&line, STR("From"), 'f'));
    assert_false(header_is(&line, STR("From"), 0));
    assert_text(line.value, "<sip:1@h>");
    assert_true(header_next(&rest, &line));
    assert_text(line.name, "X-Long");
    assert_text(line.value, "a\r\n b\r\n\tc");
    assert_text(line.raw, "X-Long : a\r\n b\r\n\tc\r\n");
    assert_true(header_next(&rest, &line));
    assert_true(header_is(&line, STR("To"), 't'));
    assert_false(header_next(&rest, &line));
    assert_true(header_find(message, STR("to"), 't', &line));
    assert_false(header_find(message, STR("Not"), 0, &line));
}

/* Only CRLF ends a line of what is taken; of the others, for an answer, it is read what was meant.
 */
static void every_line_end(void **state)
{
    static const char *const ends[] = {"\r\n", "\n", "\r", "\r\r\n", "\n\r"};
    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char text[600];
        struct header_line line;
        struct str rest;
        int n = snprintf(text, sizeof(text), "A b%sVia: 1%s  2%sX: %0300d%sTo: 3%s%sNot: x\r\n",
                         ends[i], ends[i], ends[i], 0, ends[i], ends[i], ends[i]);
        assert_text(start_line((struct str){text, (size_t)n}, &rest), "A b");
        assert_true(header_next(&rest, &line));
        assert_true(header_is(&line, STR("Via"), 'v'));
        assert_true(str_starts(line.value, STR("1")));
        assert_int_equal(line.value.p[line.value.n - 1], '2');
        assert_true(header_next(&rest, &line));
        assert_int_equal(line.value.n, 300);
        assert_true(header_next(&rest, &line));
        assert_text(line.value, "3");
        assert_false(header_next(&rest, &line));
    }
}

static void lists_keep_commas_inside_quotes_and_brackets(void **state)
{
    struct str element, rest = STR("\"a, \\\"b\" <sip:1@h;x=1,2>, ,<tel:+2>,sip:3@h");
    (void)state;
    assert_true(list_next(&rest, &element));
    assert_text(element, "\"a, \\\"b\" <sip:1@h;x=1,2>");
    assert_true(list_next(&rest, &element));
    assert_text(element, "<tel:+2>");
    assert_true(list_next(&rest, &element));
    assert_text(element, "sip:3@h");
    assert_false(list_next(&rest, &element));
}

static void a_list_over_its_lines(void **state)
{
    (void)state;
    static const char *const wanted[] = {"a", "b;x=\"1,2\"", "c", "d"};
    struct header_elements e = header_elements_of(
        STR("INVITE sip:h SIP/2.0\r\nVia:\r\nv: a,, b;x=\"1,2\"\r\nX: z\r\nVIA : ,\r\nvia:c,\r\n d\r\n"
            "\r\nVia: body\r\n"),
        STR("Via"), 'v');
    struct str element;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        assert_true(header_element_next(&e, &element));
        assert_text(element, wanted[i]);
    }
    assert_false(header_element_next(&e, &element));
    assert_false(header_element_next(&e, &element));
}

static const struct {
    const char *value, *uri, *parameters; /* uri NULL: no address */
} addresses[] = {
    {"<sip:1@h;u=1>;tag=a", "sip:1@h;u=1", ";tag=a"},
    {"\"x <y>\" <sip:1@h> ;tag=a", "sip:1@h", ";tag=a"},
    {"sip:1@h;tag=a", "sip:1@h", ";tag=a"},
    {"tel:+1", "tel:+1", ""},
    {"Alice <sip:1@h", NULL, NULL},
    {"Alice", NULL, NULL},
    {"Alice sip:1@h", NULL, NULL},
};

static void addresses_with_and_without_brackets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct str uri, parameters;
        bool found = name_addr(str_of(addresses[i].value), &uri, &parameters);
        assert_int_equal(found, addresses[i].uri != NULL);
        if (found) {
            assert_text(uri, addresses[i].uri);
            assert_text(parameters, addresses[i].parameters);
        }
    }
}

/* One in brackets is clear whatever stands around it, and alone when that could be no address. */
static const struct {
    const char *value;
    bool clear, alone;
} readings[] = {
    {"sip:1@h;tag=a", true, true},
    {"<sip:1@h>;tag=a", true, true},
    {"J\xf6rg D. <sip:1@h>;x=", true, true},
    {"\"a <b>\\\" c\" <sip:1@h>;x=\"y;z\"", true, true},
    {"<sip:1@h>;;x= ;y=[::1]", true, true},
    {"a@b <sip:1@h>", true, false},
    {"tel:1 <sip:1@h>", true, false},
    {"<sip:1@h> (c)", true, false},
    {"<sip:1@h>;x y", true, false},
    {"<sip:1@h>;x=\xff", true, false},
    {"<sip:1@h> sip:2@h", false, false},
    {"<sip:1@h>;x= <sip:2@h>", false, false},
    {"<sip:1@h>;x=\"", false, false},
    {"<sip:1@h>;x=\"y\" z\"", false, false},
    {"<sip:1@h><sip:2@h>", false, false},
    {"\"a <sip:1@h>", false, false},
    {"\"a\" b <sip:1@h>", false, false},
    {"a\"b <sip:1@h>", false, false},
    {"a;b <sip:1@h>", false, false},
    {"a\\ <sip:1@h>", false, false},
    {"<<sip:1@h>", false, false},
    {"a > <sip:1@h>", false, false},
    {"sip:1@h (c)", false, false},
    {"sip:1@h;x y", false, false},
};

static void addresses_that_all_read_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
        struct str uri = {NULL, 0}, value = str_of(readings[i].value);
        if (name_addr_clear(value, &uri) != readings[i].clear ||
            name_addr_alone(value, &uri) != readings[i].alone)
            fail_msg("%s", readings[i].value);
        if (readings[i].clear)
            assert_text(uri, "sip:1@h");
    }
}

static void parameters_by_name(void **state)
{
    struct str value, parameters = STR(";a;TGRP=\"x;y\" ; b = 2");
    (void)state;
    assert_true(parameter_find(parameters, STR("a"), &value));
    assert_text(value, "");
    assert_true(parameter_find(parameters, STR("tgrp"), &value));
    assert_text(value, "x;y");
    assert_true(parameter_find(parameters, STR("b"), &value));
    assert_text(value, "2");
    assert_false(parameter_find(parameters, STR("y\""), &value));
}

/* Short ones are looked at as one number: whatever octets stand beside its end, it is found. */
static void a_line_ends_where_it_ends(void **state)
{
    (void)state;
    for (unsigned filler = 0; filler < 256; filler++) {
        for (size_t at = 0; filler != '\r' && filler != '\n' && at < 8; at++) {
            char text[8];
            struct str rest;
            memset(text, (int)filler, sizeof(text));
            text[at] = at % 2 ? '\r' : '\n';
            assert_int_equal(start_line((struct str){text, sizeof(text)}, &rest).n, at);
            assert_int_equal(start_line((struct str){text, at}, &rest).n, at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_ends_where_it_ends),
        cmocka_unit_test(a_list_over_its_lines),
        cmocka_unit_test(lines_folds_and_compact_names),
        cmocka_unit_test(lists_keep_commas_inside_quotes_and_brackets),
        cmocka_unit_test(addresses_with_and_without_brackets),
        cmocka_unit_test(addresses_that_all_read_alike),
        cmocka_unit_test(parameters_by_name),
        cmocka_unit_test(every_line_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
