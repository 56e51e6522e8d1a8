/* The URIs of a Route line, whatever stands around their brackets (RFC 3261 section 20.34). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stird/base/buf.h>
#include <stird/core/route_line.h>

static const struct {
    const char *value;
    bool clear;
    const char *uris; /* with a space behind each */
} cases[] = {
    {"<sip:a;lr>, <sip:b>;x", true, "sip:a;lr sip:b "},
    {"", true, ""},
    {" , ,", true, ""},
    {"J\xf6rg <sip:a>, \"x, <sip:y>\" < sip:b >", true, "sip:a sip:b "},
    {"Doe, John <sip:a>", false, "sip:a "},
    {"O\"Neil <sip:a>, <sips:b>", false, "sip:a sips:b "},
    {"\"a\" \"b\" < sip:a\t>", false, "sip:a "},
    {"a\\b <sip:a> <x> <tel:1> <<sip:b>", false, "sip:a sip:b "},
    {"<sip:a>;x=\"", false, "sip:a "},
    {"x, <sip:a", false, ""},
    {"x, <sip:a b>, <sip:\"c>", false, ""},
    {"<", false, ""},
};

static void uris(void **state)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_line line = route_line_read(str_of(cases[i].value));
        struct buf found = BUF_INIT;
        struct str uri;
        if (line.clear != cases[i].clear)
            fail_msg("%s: clear is %d", cases[i].value, line.clear);
        while (route_line_next(&line, &uri)) {
            buf_add_str(&found, uri);
            buf_add_char(&found, ' ');
        }
        if (!str_eq(buf_str(&found), str_of(cases[i].uris)))
            fail_msg("%s: \"%.*s\"", cases[i].value, STR_ARG(buf_str(&found)));
        buf_fini(&found);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(uris)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
