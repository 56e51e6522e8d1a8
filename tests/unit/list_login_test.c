/* What goes to a policy administrator's login, and the token in its answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/list_login.h>

static void what_is_sent(void **state)
{
    static const struct {
        const char *file, *body; /* NULL: refused */
    } cases[] = {
        {"me\nsecret\n", "{\"userId\":\"me\",\"password\":\"secret\"}"},
        {"me\nsecret", "{\"userId\":\"me\",\"password\":\"secret\"}"},
        {"me\r\nsecret\r\n", "{\"userId\":\"me\",\"password\":\"secret\"}"},
        {"m e\n \"a\\b\" \n", "{\"userId\":\"m e\",\"password\":\" \\\"a\\\\b\\\" \"}"},
        {"me\n{\"x\":1}\n", "{\"userId\":\"me\",\"password\":\"{\\\"x\\\":1}\"}"},
        {"", NULL},
        {"me", NULL},
        {"me\n", NULL},
        {"\nsecret\n", NULL},
        {"me\n\n", NULL},
        {"me\nsecret\nmore\n", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf body = BUF_INIT;
        const char *why = list_login_write(str_of(cases[i].file), &body);
        if (!cases[i].body != !!why)
            fail_msg("%zu: %s", i, why ? why : "was taken");
        if (cases[i].body)
            assert_string_equal(body.p, cases[i].body);
        buf_fini(&body);
    }
    struct buf body = BUF_INIT;
    assert_non_null(list_login_write((struct str){"me\nse\0cret\n", 11}, &body));
    buf_fini(&body);
}

/* R-V-044. What goes into a header is one word of visible octets. */
static void the_token_of_an_answer(void **state)
{
    static const struct {
        const char *answer, *token; /* NULL: refused */
    } cases[] = {
        {"{\"accessToken\":\"a.b-c\"}", "a.b-c"},
        {" {\"status\":\"success\",\"message\":\"\",\"accessToken\":\"x\",\"expiresIn\":60}\n",
         "x"},
        {"{\"token\":\"y\"}", "y"},
        {"{\"token\":\"y\",\"accessToken\":\"x\"}", "x"},
        {"{\"status\":\"error\",\"accessToken\":\"x\"}", NULL},
        {"{\"status\":7,\"accessToken\":\"x\"}", NULL},
        {"{\"accessToken\":\"x\",\"accessToken\":\"y\"}", NULL},
        {"{\"accessToken\":\"\"}", NULL},
        {"{\"accessToken\":null,\"token\":7}", NULL},
        {"{\"accessToken\":\"a b\"}", NULL},
        {"{\"accessToken\":\"a\\r\\nHost: b\"}", NULL},
        {"{\"accessToken\":\"a\\u0000b\"}", NULL},
        {"{\"accessToken\":\"\\u00e4\"}", NULL},
        {"[\"accessToken\",\"x\"]", NULL},
        {"\"x\"", NULL},
        {"x", NULL},
        {"", NULL},
    };
    char token[TRUST_TOKEN_BYTES_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf said = BUF_INIT;
        const char *why = list_login_read(str_of(cases[i].answer), STR(""), token, &said);
        assert_int_equal(said.n, 0);
        if (!cases[i].token != !!why)
            fail_msg("%s: %s", cases[i].answer, why ? why : "was taken");
        if (cases[i].token)
            assert_string_equal(token, cases[i].token);
    }
}

/* R-V-044. What a Bearer token may be (RFC 6750 section 2.1, b64token), alone in a file and in an
   answer alike: a server takes anything else for two words, or for another header. */
static void what_a_token_is(void **state)
{
    static const struct {
        const char *text;
        bool is_token;
    } cases[] = {
        {"t", true},
        {"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiI3MDlKIn0.c2ln-_sig", true},
        {"AZaz09-._~+/", true},
        {"dG9rZW4=", true},
        {"dG9rZW4==", true},
        {"dG9r=ZW4=", false},
        {"=", false},
        {"", false},
        {"tok en", false},
        {" token", false},
        {"token ", false},
        {"\ttoken", false},
        {"tok\ten", false},
        {"Bearer token", false},
        {"tok\rHost: x", false},
        {"\"token\"", false},
        {"tok,en", false},
        {"tok;en", false},
        {"tok:en", false},
        {"tok\\en", false},
        {"tok@en", false},
        {"tok\x7f", false},
        {"tok\x01", false},
        {"tok\xc3\xa4", false},
    };
    static const char *const ends[] = {"", "\n", "\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char token[TRUST_TOKEN_BYTES_MAX + 1], text[256];
        for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
            snprintf(text, sizeof(text), "%s%s", cases[i].text, ends[k]);
            if (list_token_is_whole(str_of(text)) != cases[i].is_token)
                fail_msg("a file with %s", text);
        }
        json_t *answer = json_pack("{s:s}", "accessToken", cases[i].text);
        char *octets = json_dumps(answer, 0);
        if ((list_login_read(str_of(octets), STR(""), token, NULL) == NULL) != cases[i].is_token)
            fail_msg("an answer with %s", cases[i].text);
        free(octets);
        json_decref(answer);
    }
    assert_false(list_token_is_whole((struct str){"to\0en", 5}));
    assert_false(list_token_is_whole(STR("token\n\n")));
    assert_false(list_token_is_whole(STR("token\nmore")));
}

/* Its own word goes with ours, without the password. */
static void what_the_administrator_says(void **state)
{
    static const char refused[] = "{\"status\":\"failure\",\"message\":\"no user: me\"}";
    char token[TRUST_TOKEN_BYTES_MAX + 1];
    struct buf said = BUF_INIT;
    (void)state;
    assert_true(str_eq(list_login_password(STR("me\r\nse cret\r\n")), STR("se cret")));
    assert_int_equal(list_login_password(STR("me\n")).n, 0);
    assert_non_null(list_login_read(str_of(refused), STR("user"), token, &said));
    assert_int_equal(said.n, 0);
    assert_non_null(list_login_read(str_of(refused), STR("se cret"), token, &said));
    assert_true(str_eq(buf_str(&said), STR(": it says \"no user: me\"")));
    buf_fini(&said);
}

static void a_token_has_a_length(void **state)
{
    char token[TRUST_TOKEN_BYTES_MAX + 1];
    (void)state;
    for (size_t n = TRUST_TOKEN_BYTES_MAX - 1; n <= TRUST_TOKEN_BYTES_MAX + 1; n++) {
        struct buf answer = BUF_INIT;
        buf_add_text(&answer, "{\"accessToken\":\"");
        for (size_t i = 0; i < n; i++)
            buf_add_char(&answer, 'x');
        buf_add_text(&answer, "\"}");
        const char *why = list_login_read(buf_str(&answer), STR(""), token, NULL);
        assert_int_equal(why == NULL, n <= TRUST_TOKEN_BYTES_MAX);
        if (!why)
            assert_int_equal(strlen(token), n);
        buf_fini(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent),
        cmocka_unit_test(the_token_of_an_answer),
        cmocka_unit_test(what_a_token_is),
        cmocka_unit_test(a_token_has_a_length),
        cmocka_unit_test(what_the_administrator_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
