/* Which answers may be in a set, and how a set is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <stird/base/buf.h>
#include <stird/core/status_set.h>

static struct status_set set_of(const char *const *texts)
{
    struct status_set s = {0};
    for (; *texts; texts++)
        assert_null(status_set_add(&s, str_of(*texts)));
    return s;
}

static void assert_written(const struct status_set *s, const char *wanted)
{
    struct buf all = BUF_INIT;
    char text[4];
    for (unsigned i = 0; status_set_text(s, i, text); i++)
        buf_addf(&all, "%s%s", i > 0 ? " " : "", text);
    assert_true(str_eq(buf_str(&all), str_of(wanted)));
    buf_fini(&all);
}

static void codes_and_classes(void **state)
{
    (void)state;
    const struct status_set s = set_of((const char *[]){"404", "5xx", "300", NULL});
    assert_true(status_set_has(&s, 300) && status_set_has(&s, 404));
    assert_true(status_set_has(&s, 500) && status_set_has(&s, 599));
    assert_false(status_set_has(&s, 403) || status_set_has(&s, 200) || status_set_has(&s, 0));
    assert_false(status_set_has(&s, 600) || status_set_has(&s, -1) || status_set_has(&s, 699));
    assert_written(&s, "300 404 5xx");
}

static void what_only_the_caller_can_act_on_is_in_none(void **state)
{
    (void)state;
    const struct status_set s = set_of((const char *[]){"4XX", NULL});
    assert_false(status_set_has(&s, 401) || status_set_has(&s, 407) || status_set_has(&s, 487));
    assert_true(status_set_has(&s, 400) && status_set_has(&s, 499));
    assert_written(&s, "4xx");
}

static void what_is_refused_changes_nothing(void **state)
{
    static const char *const bad[] = {"",     "401", "407",   "487",  "6xx",  "600", "603",
                                      "2xx",  "200", "100",   "xx",   "5x",   "50",  "+500",
                                      "5000", "abc", "0x1f7", "503 ", "-503", "700"};
    struct status_set s = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(status_set_add(&s, str_of(bad[i])));
    assert_true(status_set_is_empty(&s));
    assert_written(&s, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_and_classes),
        cmocka_unit_test(what_only_the_caller_can_act_on_is_in_none),
        cmocka_unit_test(what_is_refused_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
