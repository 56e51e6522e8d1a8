/* What an administrator says of why there is no list, as it is told on. R-V-044. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdio.h>
#include <stird/core/list_refusal.h>

static void what_is_told(void **state)
{
    static const struct {
        const char *answer, *said;
    } cases[] = {
        {"{\"status\":\"failure\",\"message\":\"no such token\"}", ": it says \"no such token\""},
        {"{\"message\":\" locked \"}", ": it says \"locked\""},
        {"{\"message\":\"a\\n\\u001b[1mb \\u00e4\\\"c\"}",
         ": it says \"a\\x0a\\x1b[1mb \\xc3\\xa4\\x22c\""},
        {"{\"message\":\"nobody has 0123456789abcdef012345678 here\"}",
         ": it says \"nobody has ... here\""},
        {"{\"message\":\"wrong: se cret\"}", ""},
        {"{\"message\":\"\"}", ""},
        {"{\"message\":7}", ""},
        {"{\"message\":\"a\",\"message\":\"b\"}", ""},
        {"{}", ""},
        {"[\"message\"]", ""},
        {"message", ""},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf said = BUF_INIT;
        list_refusal_add(&said, str_of(cases[i].answer), STR("se cret"));
        if (!str_eq(buf_str(&said), str_of(cases[i].said)))
            fail_msg("%s: %.*s", cases[i].answer, STR_ARG(buf_str(&said)));
        buf_fini(&said);
    }
}

/* However long it is, and however much longer by what is escaped. */
static void it_is_bounded(void **state)
{
    static const char *const words[] = {"word ", "\\u0001\\u0001\\u0001 ", " ", "x"};
    (void)state;
    for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
        struct buf answer = BUF_INIT, said = BUF_INIT;
        buf_add_text(&answer, "{\"message\":\"a ");
        for (int i = 0; i < 1000; i++)
            buf_add_text(&answer, words[w]);
        buf_add_text(&answer, "z\"}");
        list_refusal_add(&said, buf_str(&answer), STR(""));
        assert_true(said.n > 0 && said.n <= LIST_REFUSAL_OCTETS);
        assert_memory_equal(said.p + said.n - 4, "...\"", 4);
        buf_fini(&said);
        buf_fini(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_told),
                                       cmocka_unit_test(it_is_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
