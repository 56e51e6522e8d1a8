/* R-V-020, R-V-062: what rules and the list of signers make of a judged call: a table of cases, and
   what holds of each of them: nothing gets better, and nobody is refused who never is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stird/core/by_verdict.h>
#include <stird/core/policy.h>
#include <stird/core/signers.h>

#include "by_verdict_cases.h"

#define NOW 1796000000 /* 2026-11-30 */

static const char numbers_text[] = "number,customer,state,not_after\n"
                                   "+12155550100,acme,owned,\n"
                                   "+12155550101,acme,delegated,\n"
                                   "+12155550102,acme,unverified,\n"
                                   "+12155550103,acme,owned,2020-12-31\n"
                                   "+13125550123,strict,owned,\n"
                                   "+13125550124,lax,owned,\n";

struct stage {
    struct buf image;
    struct numbers *table;
    struct arena *arena;
    struct verification_setting profile;
    struct trunk trunk;
    struct settings settings;
    struct verified verified;
    struct call call;
    struct outcome outcome;
    struct rule rule;
};

static const struct upstream upstreams[] = {{.name = STR("carrier")}, {.name = STR("screening")}};
static const struct trust_setting trusts[] = {{.name = STR("us")}, {.name = STR("fr")}};
static const struct provider provider = {.spcs = own_signer, .n_spcs = 1};
static const struct customer strict = {
    .name = STR("strict"), .attributes = accepts, .n_attributes = 1};

static const struct signer list[] = {
    {.code = STR("ALLO"), .action = SIGNER_ALLOW, .until = INT32_MAX, .line = 2},
    {.code = STR("CAPB"), .action = SIGNER_CAP_B, .until = INT32_MAX, .line = 3},
    {.code = STR("DENY"), .action = SIGNER_DENY, .until = INT32_MAX, .line = 4},
};

static void compile(struct stage *s)
{
    struct problems problems = PROBLEMS_INIT;
    const struct numbers_source source = {.name = STR("n.csv"), .text = str_of(numbers_text)};
    const char *why;
    assert_true(numbers_compile(&source, 1, &s->image, NULL, &problems));
    s->table = numbers_open(s->image.p, s->image.n, &why);
    assert_non_null(s->table);
    problems_fini(&problems);
}

static void set(struct stage *s, size_t i)
{
    const struct judged *j = cases[i].judged;
    const char *caller = cases[i].caller ? cases[i].caller : "+16505550100";
    const char *called = cases[i].called ? cases[i].called : "+14155550100";
    s->arena = arena_new(4096);
    s->rule = cases[i].rule;
    s->rule.name = STR("r");
    s->rule.days = 0x7f;
    s->profile = (struct verification_setting){.name = STR("carrier")};
    s->trunk = (struct trunk){.name = STR("in"),
                              .service = SERVICE_VERIFY,
                              .customer_entry = NO_CUSTOMER_ENTRY,
                              .certificate = NO_CERTIFICATE};
    s->settings = (struct settings){.rules = &s->rule,
                                    .n_rules = 1,
                                    .trunks = &s->trunk,
                                    .n_trunks = 1,
                                    .upstreams = upstreams,
                                    .n_upstreams = 2,
                                    .trusts = trusts,
                                    .n_trusts = 2,
                                    .providers = &provider,
                                    .n_providers = 1,
                                    .customers = &strict,
                                    .n_customers = 1,
                                    .verifications = &s->profile,
                                    .n_verifications = 1,
                                    .signers = list,
                                    .n_signers = 3,
                                    .signers_status = 603};
    s->verified = (struct verified){.class = j->class,
                                    .level = j->level,
                                    .headers = j->headers,
                                    .spc = str_of(j->spc),
                                    .trust = str_of(j->trust),
                                    .spcs_beside = str_of(j->spcs_beside),
                                    .trusts_beside = str_of(j->trusts_beside),
                                    .verstat = j->class == VERIFICATION_PASSED   ? VERSTAT_PASSED
                                               : j->class == VERIFICATION_FAILED ? VERSTAT_FAILED
                                                                                 : VERSTAT_NONE};
    s->outcome = (struct outcome){.verdict = VERDICT_PASS, .verified = &s->verified};
    s->outcome.claims.orig.n = (uint8_t)(strlen(caller) - 1);
    memcpy(s->outcome.claims.orig.digits, caller + 1, strlen(caller) - 1);
    s->call = (struct call){.arena = s->arena,
                            .now_s = NOW,
                            .traced = true,
                            .from_uri = arena_printf(s->arena, "tel:%s", caller),
                            .to_uri = arena_printf(s->arena, "tel:%s", called),
                            .request_uri = arena_printf(s->arena, "tel:%s", called),
                            .trunk = &s->trunk,
                            .customer = NUMBERS_NO_CUSTOMER,
                            .verified = &s->verified};
}

static struct by_verdict ask(struct stage *s)
{
    struct by_verdict answer;
    by_verdict(&s->settings, s->table, &s->call, &s->outcome, &answer);
    return answer;
}

static enum told told_of(const struct by_verdict *a)
{
    if (a->refuses)
        return REFUSED;
    if (!a->told.is_lowered)
        return AS_IS;
    if (a->told.class == VERIFICATION_PASSED)
        return (enum told)(TOLD_A + (a->told.level - 'A'));
    return a->told.class == VERIFICATION_FAILED ? TOLD_FAILED : TOLD_NOTHING;
}

static bool names_rule(struct str by)
{
    return by.n > 0 && memmem(by.p, by.n, "rule r", 6);
}

/* What is told is never better than what was found. */
static void is_no_better(const struct stage *s, const struct by_verdict *a)
{
    if (!a->told.is_lowered)
        return;
    if (a->told.class == VERIFICATION_PASSED) {
        assert_int_equal(s->verified.class, VERIFICATION_PASSED);
        assert_true(a->told.level > s->verified.level && a->told.level <= 'C');
    } else {
        assert_int_equal(a->told.level, '\0');
        assert_int_not_equal(a->told.verstat, VERSTAT_PASSED);
    }
}

static void each_case(void **state)
{
    struct stage s = {.image = BUF_INIT};
    (void)state;
    compile(&s);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set(&s, i);
        const struct by_verdict a = ask(&s);
        if (told_of(&a) != cases[i].told || (a.n_upstreams > 0) != cases[i].redirected ||
            names_rule(a.by) != cases[i].by_rule)
            print_error("%s: told %d, by %.*s\n", cases[i].what, told_of(&a), STR_ARG(a.by));
        assert_int_equal(told_of(&a), cases[i].told);
        assert_int_equal(a.n_upstreams > 0, cases[i].redirected);
        assert_int_equal(names_rule(a.by), cases[i].by_rule);
        if (a.refuses)
            assert_int_equal(a.sip_status, a.reason == REASON_SIGNER_DENIED ? 603 : 403);
        is_no_better(&s, &a);
        arena_free(s.arena);
    }
    numbers_close(s.table);
    buf_fini(&s.image);
}

/* With each case: an emergency call, one that asks for what emergency services have, one whose
   profile observes; and one that is open, of the cases as they are. */
static void nobody_else_is_refused(void **state)
{
    struct stage s = {.image = BUF_INIT};
    unsigned excused = 0;
    (void)state;
    compile(&s);
    for (size_t i = 0; i < 3 * sizeof(cases) / sizeof(cases[0]); i++) {
        set(&s, i / 3);
        s.outcome.emergency = i % 3 == 0;
        s.verified.is_priority = i % 3 == 1;
        s.profile.observe = i % 3 == 2;
        const struct by_verdict a = ask(&s);
        assert_false(a.refuses);
        assert_int_equal(a.n_upstreams, 0);
        is_no_better(&s, &a);
        if (s.profile.observe)
            assert_false(a.told.is_lowered);
        else if (cases[i / 3].told == REFUSED && s.verified.class == VERIFICATION_PASSED)
            assert_int_equal(a.told.class, VERIFICATION_NOTHING), excused++;
        arena_free(s.arena);
    }
    assert_true(excused > 0);
    numbers_close(s.table);
    buf_fini(&s.image);
}

/* ---- of a call that gets a token of ours ---- */

static struct outcome sign(struct stage *s, const struct by_verdict *answer)
{
    struct outcome o;
    s->call.ruled = answer;
    policy_decide(&s->settings, s->table, &s->call, &o);
    return o;
}

static enum treatment given(const struct outcome *o)
{
    if (o->verdict == VERDICT_REJECT)
        return TREATMENT_REFUSE;
    return o->verdict == VERDICT_SIGN ? (enum treatment)(TREATMENT_A + (o->claims.attest - 'A'))
                                      : TREATMENT_UNSIGNED;
}

static void set_signing(struct stage *s, size_t i)
{
    static struct certificate certificate = {
        .id = STR("709J"),
        .not_after_s = INT64_MAX,
        .scope = {.tn_auth_list = {STR("\x30\x08\xa0\x06\x16\x04"
                                       "709J")},
                  .n_lists = 1}};
    set(s, i);
    s->trunk.service = SERVICE_VERIFY_SIGN;
    s->trunk.customer = STR("acme");
    s->trunk.certificate = 0;
    s->trunk.by_state[NUMBER_UNKNOWN] = TREATMENT_B;
    s->call.customer = numbers_customer(s->table, s->trunk.customer);
    s->settings.certificates = &certificate;
    s->settings.n_certificates = 1;
}

/* Rules that ask for the verdict have one word, which is by_verdict's: it lowers a token of ours,
   refuses nothing and sends it nowhere. Such an answer takes nothing from who is spared. */
static void the_policy_asks_no_such_rule(void **state)
{
    struct stage s = {.image = BUF_INIT};
    unsigned lowered = 0;
    (void)state;
    compile(&s);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_signing(&s, i);
        if (!rule_asks_for_verdict(&s.rule)) {
            arena_free(s.arena);
            continue;
        }
        struct by_verdict a = ask(&s);
        s.settings.n_rules = 0;
        const struct outcome without = sign(&s, NULL);
        s.settings.n_rules = 1;
        const struct outcome alone = sign(&s, NULL), with = sign(&s, &a);
        assert_int_equal(given(&alone), given(&without));
        assert_int_equal(alone.n_upstreams, 0);
        assert_false(names_rule(alone.rule));
        const enum treatment wanted = given(&without) == TREATMENT_UNSIGNED ||
                                              a.at_most <= given(&without)
                                          ? given(&without)
                                          : a.at_most;
        assert_int_equal(given(&with), wanted);
        assert_int_equal(with.n_upstreams, 0);
        assert_int_equal(names_rule(with.rule), names_rule(a.by));
        lowered += given(&with) > given(&without);
        s.profile.observe = true;
        a = ask(&s);
        const struct outcome observed = sign(&s, &a);
        assert_int_equal(given(&observed), given(&without));
        arena_free(s.arena);
    }
    assert_true(lowered > 0);
    numbers_close(s.table);
    buf_fini(&s.image);
}

/* His own number by his own trunk, unless it is in doubt whose trunk that is. */
static void a_customer_is_not_outside(void **state)
{
    static const struct {
        const char *what, *caller, *customer;
        enum trunk_service service;
        bool in_doubt, outside;
    } calls[] = {
        {"his own", "+12155550100", "acme", SERVICE_VERIFY_SIGN, false, false},
        {"delegated to him", "+12155550101", "acme", SERVICE_VERIFY_SIGN, false, false},
        {"auto", "+12155550100", "acme", SERVICE_AUTO, false, false},
        {"another customer's", "+12155550100", "strict", SERVICE_VERIFY_SIGN, false, true},
        {"a gateway's", "+12155550100", "foreign", SERVICE_VERIFY_SIGN, false, true},
        {"nobody's trunk", "+12155550100", "", SERVICE_VERIFY_SIGN, false, true},
        {"a carrier's", "+12155550100", "acme", SERVICE_VERIFY, false, true},
        {"in doubt", "+12155550100", "acme", SERVICE_VERIFY_SIGN, true, true},
    };
    struct stage s = {.image = BUF_INIT};
    (void)state;
    compile(&s);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        set(&s, 0);
        s.verified.class = VERIFICATION_NOTHING;
        s.trunk.service = calls[i].service;
        s.trunk.customer = str_of(calls[i].customer);
        s.call.source_in_doubt = calls[i].in_doubt;
        s.outcome.claims.orig.n = 11;
        memcpy(s.outcome.claims.orig.digits, calls[i].caller + 1, 11);
        const struct by_verdict a = ask(&s);
        if (a.own_number != calls[i].outside)
            fail_msg("%s", calls[i].what);
        arena_free(s.arena);
    }
    numbers_close(s.table);
    buf_fini(&s.image);
}

/* A rule that asks for the verdict is nothing to a call that nobody judged. */
static void who_was_not_judged(void **state)
{
    struct stage s = {.image = BUF_INIT};
    (void)state;
    compile(&s);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome o;
        set(&s, i);
        if (!rule_asks_for_verdict(&s.rule)) {
            arena_free(s.arena);
            continue;
        }
        s.call.verified = NULL;
        s.trunk.service = SERVICE_SIGN;
        s.trunk.by_state[NUMBER_UNKNOWN] = TREATMENT_UNSIGNED;
        policy_decide(&s.settings, s.table, &s.call, &o);
        assert_int_equal(o.n_upstreams, 0);
        assert_int_not_equal(o.reason, REASON_REFUSED_BY_RULE);
        assert_false(names_rule(o.rule));
        arena_free(s.arena);
    }
    numbers_close(s.table);
    buf_fini(&s.image);
}

/* ---- numbers that are written oddly ---- */

#define OURS(written) "sip:" written "@h"

/* From that may mean +12155550100, which is ours. */
static const char *const odd_callers[] = {
    OURS("+12155550100#"),
    OURS("+12155550100%23"),
    OURS("*6712155550100"),
    OURS("912155550100"),
    OURS("0012155550100"),
    OURS("+012155550100"),
    OURS("++12155550100"),
    OURS("+12155550100%00"),
    OURS("+%20%31215555%30100"),
    OURS("+12155550100,1"),
    OURS("+1215555010055555"),
    OURS("+12\xef\xbc\x91"
         "55550100"),
    OURS("+12%EF%BC%91555501"),
    OURS("+1215\xe2\x80\x8b"
         "5550100"),
};
static const char *const odd_others[] = {
    OURS("+16505550100#"), OURS("*6716505550100"), OURS("somebody"),
    OURS("m\xc3\xbcller"), OURS("7001"),
};

static const struct str outside[] = {STR("9")};

/* By a rule for our own numbers: in part, which lowers and refuses, and is told as no fact. */
static enum told told_from(struct stage *s, const struct judged *judged, const char *from,
                           enum rule_verdict verdict)
{
    set(s, 0);
    s->verified.class = judged->class;
    s->verified.level = judged->level;
    s->verified.spc = str_of(judged->spc);
    s->rule = (struct rule){.name = STR("r"), .days = 0x7f, .own_number = true, .verdict = verdict};
    s->outcome.claims.orig.n = 0;
    s->settings.emergency_prefixes = outside;
    s->settings.n_emergency_prefixes = 1;
    s->call.from_uri = str_of(from);
    s->trunk.country = (struct country){
        .code = STR("1"), .international_prefix = STR("011"), .national_length = 10};
    const struct by_verdict a = ask(s);
    assert_false(a.own_number);
    is_no_better(s, &a);
    const enum told told = told_of(&a);
    arena_free(s->arena);
    return told;
}

static void our_own_numbers_written_oddly(void **state)
{
    struct stage s = {.image = BUF_INIT};
    (void)state;
    compile(&s);
    for (size_t i = 0; i < sizeof(odd_callers) / sizeof(odd_callers[0]); i++) {
        if (told_from(&s, &unsigned_, odd_callers[i], RULE_REFUSE) != REFUSED ||
            told_from(&s, &failed, odd_callers[i], RULE_UNSIGNED) != TOLD_NOTHING ||
            told_from(&s, &ours, odd_callers[i], RULE_REFUSE) != AS_IS ||
            told_from(&s, &open, odd_callers[i], RULE_REFUSE) == REFUSED)
            fail_msg("%s", odd_callers[i]);
    }
    for (size_t i = 0; i < sizeof(odd_others) / sizeof(odd_others[0]); i++)
        if (told_from(&s, &unsigned_, odd_others[i], RULE_REFUSE) != AS_IS)
            fail_msg("%s", odd_others[i]);
    numbers_close(s.table);
    buf_fini(&s.image);
}

/* Request-URIs that may lead to a customer, whose calls a rule refuses. */
static void called_customers_written_oddly(void **state)
{
    static const char *const odd[] = {
        OURS("+13125550123#"),
        OURS("*6713125550123"),
        OURS("+1312555012300000"),
        OURS("+14155550100;rn=+13125550123"),
        OURS("+14155550100:+13125550123"),
        OURS("+1312\xef\xbc\x95"
             "550123"),
    };
    static const struct rule rules[] = {
        {.called_customers = customers, .n_called_customers = 1},
        {.called_customer_is = accepts, .n_called_customer_is = 1},
    };
    struct stage s = {.image = BUF_INIT};
    (void)state;
    compile(&s);
    for (size_t i = 0; i < 2 * sizeof(odd) / sizeof(odd[0]); i++) {
        set(&s, 0);
        s.rule = rules[i % 2];
        s.rule.name = STR("r");
        s.rule.days = 0x7f;
        s.rule.judged = FAILED;
        s.rule.verdict = RULE_REFUSE;
        s.call.request_uri = str_of(odd[i / 2]);
        const struct by_verdict a = ask(&s);
        if (told_of(&a) != REFUSED)
            fail_msg("%s", odd[i / 2]);
        s.call.request_uri = STR("sip:+14155550100#@h");
        const struct by_verdict b = ask(&s);
        assert_int_equal(told_of(&b), AS_IS);
        arena_free(s.arena);
    }
    numbers_close(s.table);
    buf_fini(&s.image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case),
        cmocka_unit_test(nobody_else_is_refused),
        cmocka_unit_test(the_policy_asks_no_such_rule),
        cmocka_unit_test(a_customer_is_not_outside),
        cmocka_unit_test(who_was_not_judged),
        cmocka_unit_test(our_own_numbers_written_oddly),
        cmocka_unit_test(called_customers_written_oddly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
