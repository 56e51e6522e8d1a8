/* The parts of a URI, as one reader sees them (RFC 3261 section 19.1.1, RFC 3966). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stird/core/uri.h>

static const struct {
    const char *text;
    enum uri_scheme scheme;
    bool clear;
    const char *user, *user_parameters, *host, *parameters;
} uris[] = {
    {"sip:a@h", URI_SIP, true, "a", "", "h", ""},
    {"SIPS:a;b=c;d:p;w@[::1]:5061;x=y;z?h=;i", URI_SIP, true, "a", "b=c;d", "[::1]", "x=y;z"},
    {"sip:h:5060", URI_SIP, true, "", "", "h", ""},
    {"sip:h;x=a@i", URI_SIP, true, "h", "x=a", "i", ""},
    {"sip:h?x=a@i", URI_SIP, true, "h?x=a", "", "i", ""},
    {"sip:a@h@i", URI_SIP, false, "a", "", "h@i", ""},
    {"sip:a@h;x=@i", URI_SIP, false, "a", "", "h", "x=@i"},
    {"sip:a@h/2", URI_SIP, false, "a", "", "h/2", ""},
    {"sip:a@h/2;x=y", URI_SIP, false, "a", "", "h/2", "x=y"},
    {"sip:a@h,2", URI_SIP, false, "a", "", "h,2", ""},
    {"sip:a@h b", URI_SIP, false, "a", "", "h b", ""},
    {"sip:a@h%41", URI_SIP, false, "a", "", "h%41", ""},
    {"sip:a@h:5060/2", URI_SIP, false, "a", "", "h", ""},
    {"sip:a@h:x", URI_SIP, false, "a", "", "h", ""},
    {"sip:a@[::1]2", URI_SIP, false, "a", "", "[::1]2", ""},
    {"sip:a@[::1", URI_SIP, false, "a", "", "[::1", ""},
    {"sip:a@", URI_SIP, false, "a", "", "", ""},
    {"sip:a@[::1]:5060?x", URI_SIP, true, "a", "", "[::1]", ""},
    {"sip:@h", URI_SIP, true, "", "", "h", ""},
    {"sip:", URI_SIP, true, "", "", "", ""},
    {"tel:+1;a=b:c", URI_TEL, true, "+1", "a=b:c", "", ""},
    {"tel:+1@h", URI_TEL, true, "+1@h", "", "", ""},
    {"urn:service:sos;x", URI_OTHER, true, "service:sos;x", "", "", ""},
    {"no scheme", URI_NONE, true, "no scheme", "", "", ""},
    {"", URI_NONE, true, "", "", "", ""},
    {"911@h:5060", URI_NONE, true, "911", "", "h", ""},
    {"911;a=b:pw@[::1]:5061;transport=tls", URI_NONE, true, "911", "a=b", "[::1]", "transport=tls"},
    {"sos@[::1]", URI_NONE, true, "sos", "", "[::1]", ""},
    {"911:x", URI_NONE, true, "911", "", "", ""},
    {"911;rn=+1:x", URI_NONE, true, "911", "rn=+1", "", ""},
    {"+1-9:x", URI_NONE, true, "+1-9", "", "", ""},
    {"*67911:x", URI_NONE, true, "*67911", "", "", ""},
    {"%39%31%31:x", URI_NONE, true, "%39%31%31", "", "", ""},
    {"911@h/2", URI_NONE, false, "911", "", "h/2", ""},
    {"911@h@i", URI_NONE, false, "911", "", "h@i", ""},
    {"a.b+c-1:x@h", URI_OTHER, true, "x@h", "", "", ""},
    {"<sip:911@h", URI_OTHER, true, "911@h", "", "", ""},
    {"1 <sip:911@h", URI_OTHER, true, "911@h", "", "", ""},
    {" sip:911@h", URI_OTHER, true, "911@h", "", "", ""},
    {"%73ip:911@h", URI_OTHER, true, "911@h", "", "", ""},
    {":911@h", URI_OTHER, true, "911@h", "", "", ""},
};

static void parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        struct uri u;
        bool clear = uri_split(&u, str_of(uris[i].text));
        bool good = clear == uris[i].clear && u.scheme == uris[i].scheme &&
                    str_eq(u.user, str_of(uris[i].user)) &&
                    str_eq(u.user_parameters, str_of(uris[i].user_parameters)) &&
                    str_eq(u.host, str_of(uris[i].host)) &&
                    str_eq(u.parameters, str_of(uris[i].parameters));
        if (!good)
            fail_msg("%s: %d %d \"%.*s\" \"%.*s\" \"%.*s\" \"%.*s\"", uris[i].text, clear, u.scheme,
                     STR_ARG(u.user), STR_ARG(u.user_parameters), STR_ARG(u.host),
                     STR_ARG(u.parameters));
    }
}

static void escapes(void **state)
{
    struct arena *arena = arena_new(256);
    struct str decoded;
    (void)state;
    assert_true(uri_unescape(arena, STR("%2b1%00"), &decoded));
    assert_true(str_eq(decoded, STR("+1\0")));
    assert_true(uri_unescape(arena, STR("plain"), &decoded));
    assert_true(str_eq(decoded, STR("plain")));
    assert_true(uri_unescape(arena, STR(""), &decoded));
    assert_false(uri_unescape(arena, STR("a%"), &decoded));
    assert_false(uri_unescape(arena, STR("a%4"), &decoded));
    assert_false(uri_unescape(arena, STR("a%4g"), &decoded));
    arena_free(arena);
}

static void hosts(void **state)
{
    (void)state;
    assert_true(uri_host_is_plain(STR("a-1_.example.")));
    assert_true(uri_host_is_plain(STR("[2001:db8::1]")));
    assert_false(uri_host_is_plain(STR("")));
    assert_false(uri_host_is_plain(STR("[]")));
    assert_false(uri_host_is_plain(STR("[::1")));
    assert_false(uri_host_is_plain(STR("::1")));
    assert_false(uri_host_is_plain(STR("%61.example")));
    assert_false(uri_host_is_plain(STR("a@b")));
}

static void parameters(void **state)
{
    struct str name, value, rest = STR(";a;;b=\"x;c=d=e;=f");
    (void)state;
    assert_true(uri_parameter_next(&rest, &name, &value));
    assert_true(str_eq(name, STR("a")) && value.n == 0);
    assert_true(uri_parameter_next(&rest, &name, &value));
    assert_true(str_eq(name, STR("b")) && str_eq(value, STR("\"x")));
    assert_true(uri_parameter_next(&rest, &name, &value));
    assert_true(str_eq(name, STR("c")) && str_eq(value, STR("d=e")));
    assert_false(uri_parameter_next(&rest, &name, &value));
}

static const struct {
    const char *text;
    bool more;
    const char *password, *headers;
} saying[] = {
    {"sip:1@h", false, "", ""},
    {"sip:1;a=b@h:5060;c=d", false, "", ""},
    {"sip:h:5060", false, "", ""},
    {"tel:+1;a=b", false, "", ""},
    {"no scheme", false, "", ""},
    {"911@h:5060", false, "", ""},
    {"911:x", true, "x", ""},
    {"911:x@h:5060?a", true, "x", "a"},
    {"", false, "", ""},
    {"sip:1:@h", true, "", ""},
    {"sip:1:2:3@h", true, "2:3", ""},
    {"SIPS:1;a=b:2@h;c", true, "2", ""},
    {"sip:1:@h?", true, "", ""},
    {"sip:1@h;a?b=c?d", true, "", "b=c?d"},
    {"sip:h?b=c", true, "", "b=c"},
    {"tel:911:19005551234", true, "19005551234", ""},
};

static void more_than_a_user_and_a_host(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(saying) / sizeof(saying[0]); i++) {
        struct str password, headers;
        bool more = uri_says_more(str_of(saying[i].text), &password, &headers);
        if (more != saying[i].more || !str_eq(password, str_of(saying[i].password)) ||
            !str_eq(headers, str_of(saying[i].headers)))
            fail_msg("%s: %d \"%.*s\" \"%.*s\"", saying[i].text, more, STR_ARG(password),
                     STR_ARG(headers));
    }
}

static void names(void **state)
{
    (void)state;
    assert_true(uri_name_is(STR("RN"), STR("rn")));
    assert_true(uri_name_is(STR("%72%4e"), STR("rn")));
    assert_false(uri_name_is(STR("rn-context"), STR("rn")));
    assert_false(uri_name_is(STR("r"), STR("rn")));
    assert_false(uri_name_is(STR(""), STR("rn")));
    assert_false(uri_name_is(STR("rn%"), STR("rn")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_a_user_and_a_host),
        cmocka_unit_test(names),
        cmocka_unit_test(parts),
        cmocka_unit_test(escapes),
        cmocka_unit_test(hosts),
        cmocka_unit_test(parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
