/* verstat that a call brings along, wherever neighbours write it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stird/core/verstat_told.h>

static const struct {
    struct str uri;
    enum verstat_told told;
} cases[] = {
    {STR("sip:+12155550121;verstat=TN-Validation-Passed@host;user=phone"), VERSTAT_TOLD_PASSED},
    {STR("sip:+12155550121@host;user=phone;verstat=TN-Validation-Failed"), VERSTAT_TOLD_FAILED},
    {STR("tel:+12155550121;verstat=No-TN-Validation"), VERSTAT_TOLD_NONE},
    {STR("sip:+12155550121@sip.example.net;verstat=TN-Validation-Passed-B"), VERSTAT_TOLD_PASSED},
    {STR("sip:+12155550121;VERSTAT=tn-validation-passed@host"), VERSTAT_TOLD_PASSED},
    {STR("sip:+12155550121;verstat=TN-Validation-Passed:secret@host"), VERSTAT_TOLD_PASSED},
    {STR("sip:+12155550121@host;verstat=TN-Validation-Passed?Subject=x"), VERSTAT_TOLD_PASSED},
    {STR("tel:+12155550121;verstat=TN-Validation-PassedX"), VERSTAT_TOLD_OTHER},
    {STR("tel:+12155550121;verstat="), VERSTAT_TOLD_OTHER},
    {STR("tel:+12155550121;verstat"), VERSTAT_TOLD_NOTHING},
    {STR("tel:+12155550121;xverstat=TN-Validation-Passed"), VERSTAT_TOLD_NOTHING},
    {STR("tel:+12155550121"), VERSTAT_TOLD_NOTHING},
    {STR(""), VERSTAT_TOLD_NOTHING},
    {STR(";"), VERSTAT_TOLD_NOTHING},
};

static void what_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (verstat_told_by(cases[i].uri) != cases[i].told)
            fail_msg("%.*s", STR_ARG(cases[i].uri));
}

static void each_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < VERSTAT_TOLD_KINDS; i++)
        assert_int_equal(verstat_told_name((enum verstat_told)i).n > 0, i != VERSTAT_TOLD_NOTHING);
    assert_true(str_eq(verstat_told_name(VERSTAT_TOLD_FAILED), STR("TN-Validation-Failed")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told),
        cmocka_unit_test(each_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
