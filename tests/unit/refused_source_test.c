/* A source that is not heard, as a worker tells of it: what is taken, and what of a message is
 * shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <stird/core/refused_source.h>
#include <stird/core/settings.h>

static struct refused_source example(const char *address)
{
    struct refused_source r = {
        .method = "OPTIONS", .count = 3, .first_s = 1000, .last_s = 1001, .listener = 1};
    assert_true(address_parse(str_of(address), &r.source));
    return r;
}

static void what_is_sound(void **state)
{
    struct refused_source r = example("192.0.2.7");
    (void)state;
    assert_true(refused_source_is_sound(&r));
    r.count = 0;
    assert_false(refused_source_is_sound(&r));
    r = example("192.0.2.7");
    r.refusal = UNHEARD_KINDS;
    assert_false(refused_source_is_sound(&r));
    r = example("192.0.2.7");
    r.transport = TRANSPORTS;
    assert_false(refused_source_is_sound(&r));
    r = example("192.0.2.7");
    r.source.family = ADDRESS_NONE;
    assert_false(refused_source_is_sound(&r));
    r = example("192.0.2.7");
    r.first_s = 1002;
    assert_false(refused_source_is_sound(&r));
    r = example("192.0.2.7");
    memset(r.method, 'A', sizeof(r.method));
    assert_false(refused_source_is_sound(&r));
    strcpy(r.method, "A\n");
    assert_false(refused_source_is_sound(&r));
}

static void what_is_one_source(void **state)
{
    struct refused_source a = example("192.0.2.7"), b = example("192.0.2.7"),
                          c = example("192.0.2.8"), d = example("2001:db8::1"),
                          e = example("2001:db8::ffff:1"), f = example("2001:db8:0:1::1");
    (void)state;
    b.source.port = 99;
    assert_true(refused_source_same(&a, &b));
    b.refusal = UNHEARD_NO_TRUNK;
    assert_false(refused_source_same(&a, &b));
    assert_false(refused_source_same(&a, &c));
    assert_false(refused_source_same(&a, &d));
    assert_true(refused_source_same(&d, &e));
    assert_false(refused_source_same(&d, &f));
}

static void what_a_message_says_it_is(void **state)
{
    static const struct {
        const char *raw, *method;
    } cases[] = {
        {"OPTIONS sip:x SIP/2.0\r\n", "OPTIONS"},
        {"SIP/2.0 200 OK\r\n", "response"},
        {"sip/2.0", "response"},
        {"connection", "connection"},
        {"", ""},
        {"\x1b[31m x", ""},
        {"A\xff x", ""},
        {"A\"b x", ""},
        {"WAYTOOLONGAMETHODTOSHOW x", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char method[REFUSED_METHOD_MAX + 1];
        refused_method_of(method, str_of(cases[i].raw));
        assert_string_equal(method, cases[i].method);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sound),
        cmocka_unit_test(what_is_one_source),
        cmocka_unit_test(what_a_message_says_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
