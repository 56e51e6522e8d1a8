/* What a request for a page asks for, and by which name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "web/request_target.h"

static void test_targets(void **state)
{
    (void)state;
    const struct {
        struct str target, header, path, host;
    } cases[] = {
        {STR("/a"), STR("x"), STR("/a"), STR("x")},
        {STR("/a"), STR("x:9448"), STR("/a"), STR("x")},
        {STR("/a"), STR(""), STR("/a"), STR("")},
        {STR("/a"), STR("[::1]:9448"), STR("/a"), STR("[::1]")},
        {STR("/a"), STR("[::1]"), STR("/a"), STR("[::1]")},
        {STR("http://y/a"), STR("x"), STR("/a"), STR("y")},
        {STR("HTTPS://y:80/a/b"), STR("x"), STR("/a/b"), STR("y")},
        {STR("http://y"), STR("x"), STR("/"), STR("y")},
        {STR("http://[::1]:80/a"), STR("x"), STR("/a"), STR("[::1]")},
        {STR("/a"), STR("127.0.0.1:80@y"), STR("/a"), STR("127.0.0.1:80@y")},
        {STR("http://localhost:80@y/a"), STR("x"), STR("/a"), STR("localhost:80@y")},
        {STR("http:/a"), STR("x"), STR("http:/a"), STR("x")},
        {STR("/http://y/a"), STR("x"), STR("/http://y/a"), STR("x")},
        {STR("*"), STR("x"), STR("*"), STR("x")},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct request_target t = request_target_read(cases[i].target, cases[i].header);
        if (!str_eq(t.path, cases[i].path) || !str_eq(t.host, cases[i].host))
            fail_msg("%.*s of %.*s: %.*s of %.*s", STR_ARG(cases[i].target),
                     STR_ARG(cases[i].header), STR_ARG(t.path), STR_ARG(t.host));
    }
}

static void test_names(void **state)
{
    (void)state;
    const struct str ours = STR("stird.example.net");
    const struct {
        struct str host;
        bool unnamed, named;
    } cases[] = {
        {STR(""), true, true},
        {STR("127.0.0.1"), true, true},
        {STR("192.0.2.7"), true, true},
        {STR("[::1]"), true, true},
        {STR("localhost"), true, true},
        {STR("LocalHost."), true, true},
        {STR("a.localhost"), true, true},
        {STR("stird.example.net"), false, true},
        {STR("Stird.Example.NET."), false, true},
        {STR("evil.example"), false, false},
        {STR("evillocalhost"), false, false},
        {STR("localhost.evil.example"), false, false},
        {STR("127.0.0.1.evil.example"), false, false},
        {STR("127.0.0.1@evil.example"), false, false},
        {STR("127.0.0.1:80@evil.example"), false, false},
        {STR("evil.example@a.localhost"), false, false},
        {STR("2130706433"), false, false},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (request_target_is_known(cases[i].host, STR("")) != cases[i].unnamed ||
            request_target_is_known(cases[i].host, ours) != cases[i].named)
            fail_msg("%.*s", STR_ARG(cases[i].host));
    assert_true(request_target_is_known(STR("stird.example"), STR("stird.example.")));
    assert_true(request_target_is_known(STR("stird.example."), STR("stird.example.")));
    assert_false(request_target_is_known(STR("evil.example"), STR(".")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
