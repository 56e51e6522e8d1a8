/* Whose fault a finding is, by what token, message and server show: a case a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include <stird/core/verify_fault.h>

#define NOW 1764500000

static const struct {
    const char *what;
    enum verify_check check;
    enum verify_result result;
    struct verify_grounds grounds;
    int64_t iat_s, date_s;
    const char *header; /* of the token */
    bool has_signature, given;
    int64_t not_before_s; /* of the certificate; 0: none is there */
    enum verify_fault fault;
} cases[] = {
    {"ahead, by a clock that is kept",
     VERIFY_FRESH,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW + 600,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_SIGNER_CLOCK},
    {"ahead, by one that nothing keeps",
     VERIFY_FRESH,
     VERIFY_FAILED,
     {true, false, FETCH_OK},
     NOW + 600,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_HERE_CLOCK},
    {"ahead, in a capture",
     VERIFY_FRESH,
     VERIFY_FAILED,
     {false, true, FETCH_OK},
     NOW + 600,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_SOME_CLOCK},
    {"old, without a Date",
     VERIFY_FRESH,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW - 600,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_SOME_CLOCK},
    {"old, and so is Date",
     VERIFY_FRESH,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW - 600,
     NOW - 597,
     "{}",
     true,
     false,
     0,
     FAULT_SIGNER_CLOCK},
    {"old, and Date is of now",
     VERIFY_FRESH,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW - 600,
     NOW - 1,
     "{}",
     true,
     false,
     0,
     FAULT_SIGNER},
    {"of no time at all",
     VERIFY_FRESH,
     VERIFY_FAILED,
     {true, false, FETCH_OK},
     0,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_SIGNER},
    {"only Date differs",
     VERIFY_FRESH,
     VERIFY_WARNED,
     {true, true, FETCH_OK},
     NOW,
     NOW - 20,
     "{}",
     true,
     false,
     0,
     FAULT_BETWEEN},
    {"nobody knows when",
     VERIFY_FRESH,
     VERIFY_NOT_DONE,
     {false, true, FETCH_OK},
     NOW,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_HERE},
    {"info is another URL",
     VERIFY_X5U,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{\"x5u\":\"https://a/b\"}",
     true,
     false,
     0,
     FAULT_BETWEEN},
    {"no x5u",
     VERIFY_X5U,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_SIGNER},
    {"x5u is no text",
     VERIFY_X5U,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{\"x5u\":1}",
     true,
     false,
     0,
     FAULT_SIGNER},
    {"another ppt behind the token",
     VERIFY_TYPE,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{\"typ\":\"passport\",\"ppt\":\"shaken\"}",
     true,
     false,
     0,
     FAULT_BETWEEN},
    {"no typ",
     VERIFY_TYPE,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{\"ppt\":\"shaken\"}",
     true,
     false,
     0,
     FAULT_SIGNER},
    {"another From",
     VERIFY_ORIG,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_BETWEEN},
    {"no message",
     VERIFY_ORIG,
     VERIFY_NOT_DONE,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_HERE},
    {"404",
     VERIFY_FETCH,
     VERIFY_FAILED,
     {true, true, FETCH_GONE},
     NOW,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_SIGNER},
    {"no connection",
     VERIFY_FETCH,
     VERIFY_FAILED,
     {true, true, FETCH_CONNECT},
     NOW,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_NETWORK},
    {"a limit of ours",
     VERIFY_FETCH,
     VERIFY_FAILED,
     {true, true, FETCH_LIMIT},
     NOW,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_HERE},
    {"in force in an hour",
     VERIFY_DATES,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{}",
     true,
     false,
     NOW + 3600,
     FAULT_SIGNER_CLOCK},
    {"in force in a month",
     VERIFY_DATES,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{}",
     true,
     false,
     NOW + 2592000,
     FAULT_SIGNER},
    {"expired",
     VERIFY_DATES,
     VERIFY_FAILED,
     {true, false, FETCH_OK},
     NOW,
     0,
     "{}",
     true,
     false,
     NOW - 2592000,
     FAULT_SIGNER},
    {"no signature",
     VERIFY_SIGNATURE,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{}",
     false,
     false,
     0,
     FAULT_BETWEEN},
    {"of another key",
     VERIFY_SIGNATURE,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_SIGNER},
    {"by a certificate given by hand",
     VERIFY_SIGNATURE,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{}",
     true,
     true,
     0,
     FAULT_HERE},
    {"revoked",
     VERIFY_REVOKED,
     VERIFY_FAILED,
     {true, true, FETCH_OK},
     NOW,
     0,
     "{}",
     true,
     false,
     0,
     FAULT_SIGNER},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct token token = {.has_iat = true,
                              .iat_s = cases[i].iat_s,
                              .has_signature = cases[i].has_signature,
                              .header_json = json_loads(cases[i].header, 0, NULL)};
        const struct sti_certificate certificate = {.not_before_s = cases[i].not_before_s,
                                                    .not_after_s = cases[i].not_before_s + 86400};
        const struct verify_question question = {
            .token = &token,
            .certificate = cases[i].not_before_s ? &certificate : NULL,
            .certificate_is_given = cases[i].given,
            .now_s = NOW,
            .date_s = cases[i].date_s,
            .has_message = true,
        };
        struct verify_report report = {.verdict = TOKEN_OPEN};
        report.finding[cases[i].check].result = cases[i].result;
        const enum verify_fault fault = verify_fault_of(&question, &report, &cases[i].grounds,
                                                        cases[i].check);
        if (fault != cases[i].fault)
            fail_msg("%s: %.*s", cases[i].what, STR_ARG(verify_fault_name(fault)));
        json_decref(token.header_json);
    }
}

/* Every check has somebody, words and advice, and its grounds end. */
static void test_each_check(void **state)
{
    (void)state;
    for (int i = 0; i < VERIFY_CHECKS; i++) {
        enum verify_check ground = (enum verify_check)i;
        int steps = 0;
        while (verify_fault_ground(ground) != ground && steps++ < VERIFY_CHECKS)
            ground = verify_fault_ground(ground);
        assert_true(steps < VERIFY_CHECKS);
        for (int f = 0; f < VERIFY_FAULTS; f++)
            assert_true(verify_fault_advice((enum verify_check)i, (enum verify_fault)f).n > 0 &&
                        verify_fault_name((enum verify_fault)f).n > 0 &&
                        verify_fault_text((enum verify_fault)f).n > 0);
    }
}

/* What else a server may come to is somebody's too. */
static void test_each_outcome(void **state)
{
    (void)state;
    const struct token token = {.has_iat = true, .iat_s = NOW};
    const struct verify_question question = {.token = &token, .now_s = NOW};
    struct verify_report report = {.verdict = TOKEN_OPEN};
    report.finding[VERIFY_FETCH].result = VERIFY_FAILED;
    for (int i = 0; i <= FETCH_OUTCOMES; i++) {
        const struct verify_grounds grounds = {true, true, (enum fetch_outcome)i};
        const enum verify_fault fault = verify_fault_of(&question, &report, &grounds, VERIFY_FETCH);
        assert_true(fault == FAULT_SIGNER || fault == FAULT_NETWORK || fault == FAULT_HERE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_each_check),
        cmocka_unit_test(test_each_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
