/* Which unit of a certificate signs: by age, dates and what its URL serves. One line a case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stird/certificate_choice.h>

#define NOW 1000000
#define DAY 86400

/* Of certificate "a", newest first: begun 1 minute, 1 day, 20 days ago; of "b" another. */
static struct certificate units[] = {
    {.id = STR("a"), .unit = STR("young"), .not_before_s = NOW - 60, .not_after_s = NOW + 30 * DAY},
    {.id = STR("a"), .unit = STR("new"), .not_before_s = NOW - DAY, .not_after_s = NOW + 29 * DAY},
    {.id = STR("a"), .unit = STR("old"), .not_before_s = NOW - 20 * DAY, .not_after_s = NOW + DAY},
    {.id = STR("b"), .unit = STR(""), .not_before_s = NOW - DAY, .not_after_s = NOW + DAY},
};
static const struct settings settings = {.certificates = units, .n_certificates = 4};

enum {
    U = CERTIFICATE_UNCHECKED,
    S = CERTIFICATE_SERVED,
    N = CERTIFICATE_UNREACHABLE,
    W = CERTIFICATE_WRONG,
    NONE = -1
};

static const struct {
    const char *what;
    int64_t now;
    uint8_t states[4];
    int chosen;
    enum reason reason;
} cases[] = {
    {"nothing is known: the newest that has settled", NOW, {U, U, U, U}, 1, REASON_OK},
    {"the newest that is served", NOW, {S, S, S, S}, 1, REASON_OK},
    {"a young one waits, whatever is served", NOW, {S, N, N, U}, 1, REASON_OK},
    {"five minutes later it signs", NOW + 240, {S, S, S, U}, 0, REASON_OK},
    {"a second before it does not", NOW + 239, {S, S, S, U}, 1, REASON_OK},
    {"not served yet: the one before", NOW + 240, {N, S, S, U}, 1, REASON_OK},
    {"not looked at yet: the one before", NOW + 240, {U, S, S, U}, 1, REASON_OK},
    {"wrong: the one before", NOW, {U, W, S, U}, 2, REASON_OK},
    {"wrong and unreachable: the one before", NOW, {U, W, N, U}, 2, REASON_OK},
    {"none can be reached: the newest that has settled", NOW, {N, N, N, U}, 1, REASON_OK},
    {"only the young one is not wrong", NOW, {U, W, W, U}, 0, REASON_OK},
    {"all are wrong", NOW, {W, W, W, S}, NONE, REASON_CERTIFICATE_NOT_SERVED},
    {"the old one is over", NOW + 2 * DAY, {W, W, S, U}, NONE, REASON_CERTIFICATE_NOT_SERVED},
    {"all are over", NOW + 40 * DAY, {S, S, S, S}, NONE, REASON_CERTIFICATE_EXPIRED},
    {"none has begun", NOW - 30 * DAY, {S, S, S, S}, NONE, REASON_CERTIFICATE_NOT_YET_VALID},
    {"only the old one has begun", NOW - 10 * DAY, {S, S, U, U}, 2, REASON_OK},
};

static void each_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum reason reason;
        uint32_t chosen = certificate_choose(&settings, 0, cases[i].states, cases[i].now, &reason);
        uint32_t want = cases[i].chosen == NONE ? NO_CERTIFICATE : (uint32_t)cases[i].chosen;
        if (chosen != want || reason != cases[i].reason)
            fail_msg("%s: unit %u, reason %d", cases[i].what, chosen, reason);
    }
}

static void a_certificate_is_its_own_units(void **state)
{
    (void)state;
    enum reason reason;
    assert_int_equal(certificate_find(&settings, STR("a")), 0);
    assert_int_equal(certificate_find(&settings, STR("b")), 3);
    assert_int_equal(certificate_find(&settings, STR("c")), NO_CERTIFICATE);
    assert_int_equal(certificate_find(&settings, STR("")), NO_CERTIFICATE);
    assert_int_equal(certificate_choose(&settings, 3, NULL, NOW, &reason), 3);
    assert_int_equal(certificate_choose(&settings, 0, NULL, NOW, &reason), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case),
        cmocka_unit_test(a_certificate_is_its_own_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
