/* Which unit of a certificate signs: by age, dates and what its URL serves. One line a case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stird/core/certificate_choice.h>
#include <stird/core/switches.h>

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

static uint32_t choose(uint32_t first, const uint8_t *states, int64_t now_s, enum reason *reason)
{
    const struct certificate_question q = {.settings = &settings, .states = states, .now_s = now_s};
    return certificate_choose(&q, first, reason);
}

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
        uint32_t chosen = choose(0, cases[i].states, cases[i].now, &reason);
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
    assert_int_equal(choose(3, NULL, NOW, &reason), 3);
    assert_int_equal(choose(0, NULL, NOW, &reason), 1);
}

/* ---- which an operator has chosen ---- */

static void the_chosen_one_signs_while_it_may(void **state)
{
    static const struct {
        const char *unit;
        uint8_t states[4];
        int chosen;
        bool may;
    } choices[] = {
        {"old", {S, S, S, U}, 2, true},
        {"old", {S, S, N, U}, 2, true},
        {"old", {S, S, W, U}, 1, false},
        {"young", {S, S, S, U}, 1, false}, /* it has not settled */
        {"gone", {S, S, S, U}, 1, false},
    };
    static struct switches on;
    (void)state;
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        struct switched one = {.kind = SWITCH_CERTIFICATE, .name = "a"};
        const struct certificate_question q = {
            .settings = &settings, .states = choices[i].states, .switches = &on, .now_s = NOW};
        enum reason reason;
        assert_null(switches_put_text(one.value, str_of(choices[i].unit)));
        assert_true(switches_set(&on, &one));
        assert_int_equal(certificate_choose(&q, 0, &reason), choices[i].chosen);
        assert_int_equal(certificate_choose(&q, 3, &reason), 3);
        for (uint32_t u = 0; u < 3; u++)
            if (str_eq(units[u].unit, str_of(choices[i].unit)))
                assert_int_equal(certificate_may_be_chosen(&q, u), choices[i].may);
    }
}

/* ---- for which tokens, and whose ---- */

#define CODE                                                                                       \
    STR("\x30\x08\xa0\x06\x16\x04"                                                                 \
        "709J")
#define ONE                                                                                        \
    STR("\x30\x0f\xa2\x0d\x16\x0b"                                                                 \
        "12155550100")
#define TWO                                                                                        \
    STR("\x30\x0f\xa2\x0d\x16\x0b"                                                                 \
        "12155550101")

#define UNIT(name, owner, is_foreign, list)                                                        \
    {                                                                                              \
        .id = STR(name), .provider = (owner), .foreign = (is_foreign), .not_after_s = NOW + DAY,   \
        .scope = {                                                                                 \
            .tn_auth_list = {list},                                                                \
            .n_lists = 1                                                                           \
        }                                                                                          \
    }

static struct certificate scoped[] = {
    UNIT("theirs", 0, true, CODE), UNIT("one", 0, false, ONE),    UNIT("one", 0, false, TWO),
    UNIT("two", 0, false, TWO),    UNIT("other", 1, false, CODE), UNIT("none", 2, true, ONE),
};
static const struct settings providers = {.certificates = scoped, .n_certificates = 6};

static struct passport_claims of(const char *orig)
{
    struct passport_claims claims = {.attest = 'A', .iat_s = NOW};
    claims.orig.n = (uint8_t)strlen(orig);
    memcpy(claims.orig.digits, orig, claims.orig.n);
    claims.dest = claims.orig;
    memset(claims.origid, '0', sizeof(claims.origid));
    return claims;
}

static void the_first_is_the_providers_own(void **state)
{
    (void)state;
    assert_int_equal(certificate_first(&providers, 0), 1);
    assert_int_equal(certificate_first(&providers, 1), 4);
    assert_int_equal(certificate_first(&providers, 2), 5); /* it has no other */
    assert_int_equal(certificate_first(&providers, 3), NO_CERTIFICATE);
}

static void another_of_the_provider_signs_what_one_is_not_for(void **state)
{
    (void)state;
    static const struct {
        uint32_t first;
        const char *orig;
        uint8_t states[6];
        int chosen;
        enum reason reason;
    } calls[] = {
        {1, "12155550100", {0}, 1, REASON_OK},
        {1, "12155550101", {0}, 2, REASON_OK}, /* a unit of the same */
        {3, "12155550100", {0}, 1, REASON_OK},
        {3, "12155550102", {0}, 0, REASON_OK}, /* foreign ones last */
        {3, "12155550102", {W, U, U, U, U, U}, NONE, REASON_CERTIFICATE_NOT_FOR_NUMBER},
        {5, "12155550101", {0}, NONE, REASON_CERTIFICATE_NOT_FOR_NUMBER},
        /* It is for the number, but must not sign: that is no reason for another. */
        {3, "12155550101", {U, U, U, W, U, U}, NONE, REASON_CERTIFICATE_NOT_SERVED},
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        const struct passport_claims claims = of(calls[i].orig);
        const struct certificate_question q = {
            &providers, calls[i].states, NOW, &passport_type_shaken, &claims, NULL};
        enum reason reason;
        uint32_t got = certificate_choose_or_other(&q, calls[i].first, &reason);
        uint32_t want = calls[i].chosen == NONE ? NO_CERTIFICATE : (uint32_t)calls[i].chosen;
        if (got != want || reason != calls[i].reason)
            fail_msg("call %zu: %d, %d", i, (int)got, (int)reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case),
        cmocka_unit_test(a_certificate_is_its_own_units),
        cmocka_unit_test(the_chosen_one_signs_while_it_may),
        cmocka_unit_test(the_first_is_the_providers_own),
        cmocka_unit_test(another_of_the_provider_signs_what_one_is_not_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
