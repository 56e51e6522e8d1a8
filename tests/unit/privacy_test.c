/* What Privacy headers of a whole request leave to be seen (RFC 3323, RFC 3325). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stird/core/privacy.h>

static const struct {
    const char *lines;
    bool withholds;
} cases[] = {
    {"", false},
    {"Privacy: id\r\n", true},
    {"PRIVACY : ID\r\n", true},
    {"privacy:\r\n id\r\n", true},
    {"Privacy: user;\r\n\tid\r\n", true},
    {"Privacy: user\r\nPrivacy: id\r\n", true},
    {"Privacy: none\r\nPrivacy: id\r\n", true},
    {"Privacy: idle\r\nPrivacy: critical\r\n", true},
    {"Privacy: header,id\r\n", true},
    {"Privacy: \"id\"\r\n", true},
    {"Privacy: 'id'\r\n", true},
    {"Privacy: <id>\r\n", true},
    {"Privacy: id=yes\r\n", true},
    {"Privacy: \xe9\r\n", true},
    {"Privacy: none\r\n", false},
    {"Privacy: header;session;user;critical;history\r\n", false},
    {"Privacy: idle\r\n", true},
    {"Privacy: full\r\n", true},
    {"Privacy: id-x\r\n", true},
    {"Privacy: user;x\r\n", true},
    {"Privacy: none;full\r\n", true},
    {"Privacy: i d\r\n", true},
    {"Privacy: 1\r\n", true},
    {"Privacy:\r\n", false},
    {"X-Privacy: id\r\n", false},
    {"\r\nPrivacy: id\r\n", false}, /* of the body */
};

static struct privacy privacy_of(struct str message)
{
    struct privacy privacy = {.id = false};
    struct header_line line;
    struct str rest;
    for (start_line(message, &rest); head_line_next(&rest, &line);)
        privacy_add_line(&privacy, &line);
    return privacy;
}

static void spellings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf text = BUF_INIT;
        buf_addf(&text, "INVITE sip:a@b SIP/2.0\r\nX: y\r\n%s\r\n", cases[i].lines);
        const struct privacy privacy = privacy_of(buf_str(&text));
        if (privacy_withholds(&privacy) != cases[i].withholds)
            fail_msg("%s", cases[i].lines);
        buf_fini(&text);
    }
}

static void a_nul_hides_nothing(void **state)
{
    struct privacy privacy = {.id = false};
    (void)state;
    privacy_add(&privacy, STR("user\0;id"));
    assert_true(privacy_withholds(&privacy));
}

static void who_sees_what(void **state)
{
    const struct upstream trusted = {.trusted = true, .strip_private_identity = true};
    const struct upstream other = {.trusted = false};
    const struct upstream strict = {.strip_private_identity = true};
    const struct privacy asked = {.id = true}, none = {.id = false};
    (void)state;
    assert_int_equal(privacy_view(&asked, &trusted), PRIVACY_WHOLE);
    assert_int_equal(privacy_view(&asked, &other), PRIVACY_WITHHELD);
    assert_int_equal(privacy_view(&asked, &strict), PRIVACY_STRIPPED);
    assert_int_equal(privacy_view(&asked, NULL), PRIVACY_WITHHELD);
    assert_int_equal(privacy_view(&none, &strict), PRIVACY_WHOLE);
    assert_int_equal(privacy_view(&none, NULL), PRIVACY_WHOLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings),
        cmocka_unit_test(a_nul_hides_nothing),
        cmocka_unit_test(who_sees_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
