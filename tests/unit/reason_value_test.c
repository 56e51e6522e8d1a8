/* R-V-059: a Reason of ours (RFC 9410) as another parser reads it, sofia-sip's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/su_alloc.h>

#include <stird/core/verification_answer.h>

#define SIGNATURE "c2lnbmF0dXJl"

/* Of a call with N headers that fail so. */
static struct verification_answer answer_of(unsigned n, enum verify_check check)
{
    static struct token tokens[2];
    static struct verification_header headers[2];
    const struct verification_setting profile = {.on_failure = VERIFICATION_REASON};
    const struct call_priority priority = {.resources = NULL};
    const struct verification_question q = {.priority = &priority};
    const struct verification v = {.class = VERIFICATION_FAILED,
                                   .reason = REASON_SIGNATURE_INVALID,
                                   .blamed = 0,
                                   .check = check,
                                   .n = n,
                                   .headers = headers};
    struct verification_answer a;
    for (unsigned i = 0; i < n; i++) {
        tokens[i] = (struct token){.has_signature = true};
        tokens[i].identity.signature = STR(SIGNATURE);
        headers[i] = (struct verification_header){.token = &tokens[i]};
        headers[i].report.verdict = TOKEN_INVALID;
        headers[i].report.decided = check;
        headers[i].report.sip_status = verify_check_status(check);
    }
    verification_answer_of(&profile, &q, &v, &a);
    return a;
}

static void expect(const struct verification_answer *a, unsigned i, const char *cause,
                   const char *text, const char *ppi)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    struct buf value = BUF_INIT;
    verification_answer_add(a, i, &value);
    buf_add_char(&value, '\0');
    assert_false(buf_failed(&value));
    su_home_init(home);
    sip_reason_t *reason = sip_reason_make(home, value.p);
    assert_non_null(reason);
    assert_null(reason->re_next);
    assert_string_equal(reason->re_protocol, "STIR");
    assert_string_equal(reason->re_cause, cause);
    assert_string_equal(reason->re_text, text);
    const char *found = msg_header_find_param(reason->re_common, "ppi");
    assert_true(found ? ppi && strcmp(found, ppi) == 0 : ppi == NULL);
    su_home_deinit(home);
    buf_fini(&value);
}

static void one_value(void **state)
{
    (void)state;
    const struct verification_answer a = answer_of(1, VERIFY_SIGNATURE);
    assert_int_equal(a.n_told, 1);
    expect(&a, 0, "438", "\"Invalid Identity Header\"", NULL);
}

static void two_values(void **state)
{
    (void)state;
    const struct verification_answer a = answer_of(2, VERIFY_FRESH);
    assert_int_equal(a.n_told, 2);
    for (unsigned i = 0; i < 2; i++)
        expect(&a, i, "403", "\"Stale Date\"", "\".." SIGNATURE "\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value),
        cmocka_unit_test(two_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
