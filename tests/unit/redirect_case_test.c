/* R-D-005: which of its cases an SBC that asks by redirect is told, for each refusal and each call.
 */
#include "redirect_scene.h"

/* ---- which case ---- */

static enum dialect_case case_of(struct scene *s, bool *is_said)
{
    struct redirect_answer a;
    struct buf out = BUF_INIT;
    answer(s, &a, &out);
    *is_said = a.is_said;
    if (a.is_said)
        assert_true(a.which == DIALECT_SIGNED || str_find(a.lines, ';', 0) == a.lines.n ||
                    !memmem(a.lines.p, a.lines.n, "eyJ", 3));
    buf_fini(&out);
    return a.which;
}

/* Each refusal that there is: what is not said is wrong with the message, or any proxy's. */
static void each_refusal(void **state)
{
    static const struct {
        const char *name;
        enum dialect_case which;
    } said[] = {
        {"internal", DIALECT_BUSY},
        {"number_blocked", DIALECT_BLOCKED},
        {"refused_by_policy", DIALECT_BLOCKED},
        {"caller_required", DIALECT_BLOCKED},
        {"refused_by_rule", DIALECT_BLOCKED},
        {"refused_by_cap", DIALECT_BLOCKED},
        {"caller_cannot_exist", DIALECT_BLOCKED},
        {"trunk_in_doubt", DIALECT_BLOCKED},
        {"out_of_memory", DIALECT_BUSY},
    };
    static const char *const unsaid[] = {
        "monitor_call",      "unknown_source",   "no_trunk",         "from_upstream",
        "too_many_hops",     "loop_detected",    "bad_extension",    "unsupported_scheme",
        "bad_request",       "bad_version",      "too_large",        "too_many_headers",
        "no_transaction",    "upstream_timeout", "caller_cancelled", "connection_lost",
        "answer_unreadable", "no_peer"};
    static const enum reason reasons[] = {
#define REASON(name, id, status, text) REASON_##name,
#include <stird/core/reason.def>
#undef REASON
    };
    (void)state;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        const struct str name = reason_name(reasons[i]);
        struct scene s;
        bool is_said, wanted = true;
        int which = reasons[i] < 90 ? DIALECT_FAULT : DIALECT_BUSY;
        if (reason_sip_status(reasons[i]) == 0)
            continue;
        for (size_t k = 0; k < sizeof(said) / sizeof(said[0]); k++)
            if (str_eq(name, str_of(said[k].name)))
                which = (int)said[k].which;
        for (size_t k = 0; k < sizeof(unsaid) / sizeof(unsaid[0]); k++)
            wanted = wanted && !str_eq(name, str_of(unsaid[k]));
        set(&s, &dialects[0]);
        refuses(&s, reasons[i], reason_sip_status(reasons[i]));
        s.question.status = 499;
        s.question.reason = reasons[i];
        struct redirect_answer a;
        struct buf out = BUF_INIT;
        assert_true(redirect_answer(&a, &s.question));
        is_said = a.is_said;
        if (is_said != wanted || (wanted && (int)a.which != which))
            fail_msg("%.*s: said %d as %d", STR_ARG(name), is_said, (int)a.which);
        if (!wanted)
            assert_true(a.lines.n == 0 && a.status == s.outcome.sip_status);
        buf_fini(&out);
        clear(&s);
    }
}

/* Nothing that befell a signed call later lets its token out. */
static void what_befell_it_since(void **state)
{
    struct scene s;
    bool is_said;
    (void)state;
    set(&s, &dialects[0]);
    s.question.reason = REASON_CALLER_CANCELLED;
    s.question.status = 487;
    struct redirect_answer a;
    assert_true(redirect_answer(&a, &s.question));
    assert_true(!a.is_said && a.status == 487 && a.lines.n == 0);
    s.question.reason = REASON_DRAINING;
    assert_int_equal(case_of(&s, &is_said), DIALECT_BUSY);
    assert_true(is_said);
    s.question.outcome = NULL;
    s.question.reason = REASON_OUT_OF_MEMORY;
    assert_true(redirect_answer(&a, &s.question));
    assert_true(a.is_said && a.which == DIALECT_BUSY && a.status == 503);
    clear(&s);
}

static void tokens_that_stay_here(void **state)
{
    struct scene s;
    bool is_said;
    (void)state;
    set(&s, &dialects[0]);
    s.outcome.withheld = WITHHELD_SHADOW;
    outcome_withhold(&s.outcome);
    s.question.reason = REASON_OK;
    assert_int_equal(case_of(&s, &is_said), DIALECT_UNSIGNED);
    clear(&s);
    set(&s, &dialects[0]); /* nothing was made */
    s.question.n_identities = 0;
    assert_int_equal(case_of(&s, &is_said), DIALECT_UNSIGNED);
    clear(&s);
}

/* A profile that observes changes nothing, so nobody sees from outside what it found. */
static void observed(void **state)
{
    static const enum verification_class classes[] = {VERIFICATION_PASSED, VERIFICATION_FAILED,
                                                      VERIFICATION_NOTHING, VERIFICATION_OPEN};
    (void)state;
    for (unsigned i = 0; i < dialect_count; i++) {
        struct buf first = BUF_INIT;
        for (unsigned k = 0; k < 4; k++) {
            struct scene s;
            struct redirect_answer a;
            struct buf out = BUF_INIT;
            set(&s, &dialects[i]);
            judged(&s, classes[k], k == 0 ? VERSTAT_PASSED : VERSTAT_FAILED);
            s.profile.observe = true;
            answer(&s, &a, k == 0 ? &first : &out);
            assert_int_equal(a.which, DIALECT_UNSIGNED);
            if (k > 0)
                assert_true(str_eq(buf_str(&first), buf_str(&out)));
            assert_null(memmem(first.p, first.n, "verstat", 7));
            buf_fini(&out);
            clear(&s);
        }
        buf_fini(&first);
    }
}

/* R-V-020's rule here: an emergency call is never blocked by what it is answered. */
static void emergency(void **state)
{
    static const enum dialect_case cases[] = {DIALECT_BLOCKED, DIALECT_BAD_NUMBER,
                                              DIALECT_FAULT,   DIALECT_FAILED,
                                              DIALECT_REFUSED, DIALECT_NO_TOKEN};
    (void)state;
    for (unsigned i = 0; i < dialect_count; i++)
        for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
            struct scene s;
            struct redirect_answer a;
            struct buf out = BUF_INIT;
            set(&s, &dialects[i]);
            set_case(&s, cases[k]);
            s.outcome.emergency = k % 2 == 0;
            s.verified.is_priority = true;
            s.outcome.verified = &s.verified;
            answer(&s, &a, &out);
            assert_true(a.status < 600 && a.status != 484 && a.status != 438);
            buf_fini(&out);
            clear(&s);
        }
}

/* Nor where a dialect says what passes by a status that ends the call. */
static void emergency_that_passes(void **state)
{
    static const unsigned statuses[] = {410, 486, 603};
    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct dialect own = dialects[0];
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT;
        own.answers[DIALECT_PASSED].status = own.answers[DIALECT_OPEN].status =
            (uint16_t)statuses[i];
        set(&s, &own);
        judged(&s, VERIFICATION_PASSED, VERSTAT_PASSED);
        answer(&s, &a, &out);
        assert_int_equal(a.status, statuses[i]);
        s.outcome.emergency = true;
        answer(&s, &a, &out);
        assert_int_equal(a.status, 302);
        buf_fini(&out);
        clear(&s);
    }
}

/* What a rule or the list of signers lowered is told lowered. */
static void lowered(void **state)
{
    struct scene s;
    struct redirect_answer a;
    struct buf out = BUF_INIT;
    (void)state;
    set(&s, &dialects[0]);
    judged(&s, VERIFICATION_PASSED, VERSTAT_PASSED);
    s.verified.shown = (struct verified_shown){
        .is_lowered = true, .class = VERIFICATION_FAILED, .verstat = VERSTAT_FAILED};
    answer(&s, &a, &out);
    assert_int_equal(a.which, DIALECT_FAILED);
    assert_non_null(memmem(out.p, out.n, "verstat=TN-Validation-Failed", 28));
    assert_null(memmem(out.p, out.n, "P-Attestation-Indicator", 23));
    buf_fini(&out);
    clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal),
        cmocka_unit_test(what_befell_it_since),
        cmocka_unit_test(tokens_that_stay_here),
        cmocka_unit_test(observed),
        cmocka_unit_test(emergency),
        cmocka_unit_test(emergency_that_passes),
        cmocka_unit_test(lowered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
