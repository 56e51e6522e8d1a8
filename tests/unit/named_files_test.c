/* Files that a reload goes on without, and what becomes of whose absence is told elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/named_files.h"

static void what_a_reload_goes_without(void **state)
{
    static const struct str crls[] = {STR("/crl"), STR("/both")};
    static const struct trust_setting trust = {
        .anchors = STR("/anchors"), .list = STR("/list"), .crls = crls, .n_crls = 2};
    const struct settings s = {.trusts = &trust,
                               .n_trusts = 1,
                               .fetch = {.tls_ca = STR("/web")},
                               .check = {.tls_ca = STR("/check"), .crls = STR("/both")},
                               .tls_ca = STR("/tls")};
    const struct settings one = {.fetch = {.tls_ca = STR("/web")}, .tls_ca = STR("/web")};
    static const struct {
        struct str path;
        bool without;
    } rows[] = {{STR("/web"), true},  {STR("/anchors"), true}, {STR("/list"), true},
                {STR("/crl"), true},  {STR("/both"), false},   {STR("/check"), false},
                {STR("/tls"), false}, {STR("/other"), false}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (named_files_go_without(&s, rows[i].path) != rows[i].without)
            fail_msg("%s", rows[i].path.p);
    assert_false(named_files_go_without(&one, STR("/web")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_a_reload_goes_without)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
