/* What becomes of judged calls by their profile: refused, told of, or neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stird/core/verification_answer.h>

#define SIGNATURE  "c2lnbmF0dXJl"
#define BIT(check) (UINT32_C(1) << VERIFY_##check)

/* A token that failed by DECIDED, and by others of FAILED too; or one that passed. */
struct header {
    bool passed;
    enum verify_check decided;
    uint32_t failed;
    const char *signature; /* NULL: SIGNATURE */
};

struct trial {
    const char *name;
    struct verification_setting profile;
    enum verification_class class;
    enum reason reason;
    unsigned n;
    struct header headers[10];
    const char *orig;      /* NULL: "12155550121"; "": it shows none */
    struct tn_reach reach; /* who may be meant instead */
    bool emergency, psap;
    const char *resource;
    unsigned beyond; /* what was not looked at */
    enum verification_answered answered;
    int status;
    const char *told; /* all lines, each with its line end; NULL: none */
};

#define REJECT .profile = {.on_failure = VERIFICATION_REJECT}
#define TELL   .profile = {.on_failure = VERIFICATION_REASON}
#define FORGED                                                                                     \
    .class = VERIFICATION_FAILED, .reason = REASON_SIGNATURE_INVALID, .n = 1,                      \
    .headers = {{false, VERIFY_SIGNATURE, BIT(SIGNATURE), NULL}}
#define STALE                                                                                      \
    .class = VERIFICATION_FAILED, .reason = REASON_TOKEN_STALE, .n = 1,                            \
    .headers = {{false, VERIFY_FRESH, BIT(FRESH) | BIT(SIGNATURE), NULL}}
#define UNSIGNED           .class = VERIFICATION_NOTHING, .reason = REASON_UNSIGNED_CALL
#define VALUE(cause, text) "STIR;cause=" cause ";text=\"" text "\"\n"
#define INVALID_438        VALUE("438", "Invalid Identity Header")

static const struct trial trials[] = {
    {"all is well", REJECT, .class = VERIFICATION_PASSED, .reason = REASON_VERIFIED, .n = 1,
     .headers = {{.passed = true}}},
    {"marked", .profile = {.on_failure = VERIFICATION_MARK}, FORGED, .answered = ANSWERED_MARK,
     .status = 438, .told = INVALID_438},
    {"refused", REJECT, FORGED, .answered = ANSWERED_REJECT, .status = 438, .told = INVALID_438},
    {"refused as stale", REJECT, STALE, .answered = ANSWERED_REJECT, .status = 403,
     .told = VALUE("403", "Stale Date")},
    {"told", TELL, FORGED, .answered = ANSWERED_REASON, .status = 438, .told = INVALID_438},
    {"while observing", .profile = {.on_failure = VERIFICATION_REJECT, .observe = true}, FORGED,
     .answered = ANSWERED_OBSERVE, .status = 438, .told = INVALID_438},
    {"told while observing", .profile = {.on_failure = VERIFICATION_REASON, .observe = true},
     FORGED, .answered = ANSWERED_OBSERVE, .status = 438, .told = INVALID_438},
    {"for help", REJECT, FORGED, .emergency = true, .answered = ANSWERED_EMERGENCY, .status = 438,
     .told = INVALID_438},
    {"a call-back", REJECT, FORGED, .psap = true, .answered = ANSWERED_EMERGENCY, .status = 438,
     .told = INVALID_438},
    {"of those who help", REJECT, FORGED, .resource = "esnet.1", .answered = ANSWERED_EMERGENCY,
     .status = 438, .told = INVALID_438},
    {"of others that are urgent", REJECT, FORGED, .resource = "wps.1", .answered = ANSWERED_REJECT,
     .status = 438, .told = INVALID_438},
    {"open", REJECT, .class = VERIFICATION_OPEN, .reason = REASON_CERTIFICATE_PENDING},
    {"open, and another one failed", REJECT, .class = VERIFICATION_OPEN,
     .reason = REASON_CERTIFICATE_PENDING, .n = 1,
     .headers = {{false, VERIFY_SIGNATURE, BIT(SIGNATURE), NULL}}, .answered = ANSWERED_MARK,
     .told = INVALID_438},
    {"no memory", REJECT, .class = VERIFICATION_OPEN, .reason = REASON_OUT_OF_MEMORY},
    {"another one passed", REJECT, .class = VERIFICATION_PASSED, .reason = REASON_VERIFIED, .n = 2,
     .headers = {{false, VERIFY_SIGNATURE, BIT(SIGNATURE), NULL}, {.passed = true}},
     .answered = ANSWERED_MARK,
     .told = "STIR;cause=438;text=\"Invalid Identity Header\";ppi=\".." SIGNATURE "\"\n"},
    {"a check that is named", .profile = {.on_failure = VERIFICATION_REJECT, .reject = BIT(FRESH)},
     STALE, .answered = ANSWERED_REJECT, .status = 403, .told = VALUE("403", "Stale Date")},
    {"another check than is named",
     .profile = {.on_failure = VERIFICATION_REJECT, .reject = BIT(ORIG)}, STALE,
     .answered = ANSWERED_CHECK, .status = 403, .told = VALUE("403", "Stale Date")},
    {"a later check that is named",
     .profile = {.on_failure = VERIFICATION_REJECT, .reject = BIT(ORIG) | BIT(SIGNATURE)}, STALE,
     .answered = ANSWERED_REJECT, .status = 438, .told = INVALID_438},
    {"unsigned", REJECT, UNSIGNED},
    {"unsigned, and must not be", .profile = {.on_failure = VERIFICATION_REJECT, .require = true},
     UNSIGNED, .answered = ANSWERED_REJECT, .status = 428,
     .told = VALUE("428", "Use Identity Header")},
    {"the same, of whom some checks are asked",
     .profile = {.on_failure = VERIFICATION_REJECT, .require = true, .reject = BIT(ORIG)}, UNSIGNED,
     .answered = ANSWERED_REJECT, .status = 428, .told = VALUE("428", "Use Identity Header")},
    {"unsigned for help", .profile = {.on_failure = VERIFICATION_REJECT, .require = true}, UNSIGNED,
     .emergency = true, .answered = ANSWERED_EMERGENCY, .status = 428,
     .told = VALUE("428", "Use Identity Header")},
    {"withheld", REJECT, .class = VERIFICATION_NOTHING, .reason = REASON_CALLER_WITHHELD, .n = 1,
     .headers = {{false, VERIFY_ORIG, BIT(ORIG), NULL}}, .orig = ""},
    {"withheld, and must not be",
     .profile = {.on_failure = VERIFICATION_REJECT, .refuse_withheld = true},
     .class = VERIFICATION_NOTHING, .reason = REASON_CALLER_WITHHELD, .n = 1,
     .headers = {{false, VERIFY_ORIG, BIT(ORIG), NULL}}, .orig = "", .answered = ANSWERED_REJECT,
     .status = 433, .told = VALUE("433", "Anonymity Disallowed")},
    {"too low", REJECT, .class = VERIFICATION_PASSED, .reason = REASON_VERIFIED_TOO_LOW, .n = 1,
     .headers = {{.passed = true}}, .answered = ANSWERED_REJECT, .status = 403,
     .told = "Q.850;cause=21;text=\"Call Rejected\"\n"},
    {"too low, told", TELL, .class = VERIFICATION_PASSED, .reason = REASON_VERIFIED_TOO_LOW, .n = 1,
     .headers = {{.passed = true}}, .answered = ANSWERED_MARK, .status = 403},
    {"beyond the bounds", REJECT, .class = VERIFICATION_NOTHING, .reason = REASON_TOKEN_MALFORMED,
     .beyond = 1, .answered = ANSWERED_REJECT, .status = 438, .told = INVALID_438},
    {"a message that is read in two ways", REJECT, .class = VERIFICATION_NOTHING,
     .reason = REASON_BAD_REQUEST, .n = 1, .headers = {{false, VERIFY_MESSAGE, BIT(MESSAGE), NULL}},
     .answered = ANSWERED_REJECT, .status = 400},
    {"a signature that is none", TELL, .class = VERIFICATION_NOTHING,
     .reason = REASON_TOKEN_MALFORMED, .n = 2,
     .headers = {{false, VERIFY_SYNTAX, BIT(SYNTAX), "x\";evil=\""},
                 {false, VERIFY_SYNTAX, BIT(SYNTAX), ""}},
     .answered = ANSWERED_REASON, .status = 438, .told = INVALID_438 INVALID_438},
    {"more than are told", TELL, .class = VERIFICATION_NOTHING, .reason = REASON_TOKEN_MALFORMED,
     .n = 10, .headers = {[0 ... 9] = {false, VERIFY_SYNTAX, BIT(SYNTAX), ""}},
     .answered = ANSWERED_REASON, .status = 438,
     .told = INVALID_438 INVALID_438 INVALID_438 INVALID_438 INVALID_438 INVALID_438 INVALID_438
         INVALID_438},
};

static void tell_all(const struct verification_answer *a, struct buf *out)
{
    for (unsigned i = 0; i < a->n_told; i++) {
        verification_answer_add(a, i, out);
        buf_add_char(out, '\n');
    }
    const struct str beside = verification_answer_beside(a);
    buf_add_str(out, beside);
    if (beside.n > 0)
        buf_add_char(out, '\n');
}

static void make_header(const struct header *from, struct token *token,
                        struct verification_header *h)
{
    token->has_signature = true;
    token->identity.signature = str_of(from->signature ? from->signature : SIGNATURE);
    h->token = token;
    h->report.verdict = from->passed ? TOKEN_VALID : TOKEN_INVALID;
    h->report.decided = from->decided;
    h->report.sip_status = from->passed ? 0 : verify_check_status(from->decided);
    for (int i = 0; i < VERIFY_CHECKS; i++)
        h->report.finding[i].result = from->failed >> i & 1 ? VERIFY_FAILED : VERIFY_PASSED;
}

static struct verification_answer ask(const struct trial *t, const struct str *countries,
                                      unsigned n_countries)
{
    static struct token tokens[10];
    static struct verification_header headers[10];
    struct verification_setting profile = t->profile;
    struct verification v = {.class = t->class,
                             .reason = t->reason,
                             .blamed = -1,
                             .check = VERIFY_CHECKS,
                             .n = t->n,
                             .headers = headers,
                             .n_beyond = t->beyond};
    struct str resource = str_of(t->resource);
    const struct call_priority priority = {
        .resources = &resource, .n_resources = t->resource ? 1 : 0, .is_psap_callback = t->psap};
    struct tn orig;
    struct verification_answer a;
    memset(tokens, 0, sizeof(tokens));
    memset(headers, 0, sizeof(headers));
    for (unsigned i = 0; i < t->n; i++) {
        make_header(&t->headers[i], &tokens[i], &headers[i]);
        if (!t->headers[i].passed && v.blamed < 0) {
            v.blamed = (int)i;
            v.check = t->headers[i].decided;
        }
    }
    const struct verification_question q = {
        .orig = tn_from_digits(&orig, str_of(t->orig ? t->orig : "12155550121")) ? &orig : NULL,
        .orig_reach = &t->reach,
        .is_emergency = t->emergency,
        .priority = &priority};
    profile.reject_countries = countries;
    profile.n_reject_countries = n_countries;
    verification_answer_of(&profile, &q, &v, &a);
    return a;
}

static void each_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
        const struct trial *t = &trials[i];
        const struct verification_answer a = ask(t, NULL, 0);
        struct buf told = BUF_INIT;
        tell_all(&a, &told);
        if (a.answered != t->answered || a.sip_status != t->status ||
            !str_eq(buf_str(&told), str_of(t->told)))
            fail_msg("%s: %.*s, %d: %.*s", t->name, STR_ARG(verification_answered_word(a.answered)),
                     a.sip_status, STR_ARG(buf_str(&told)));
        assert_int_equal(a.sip_phrase.n > 0, a.sip_status > 0);
        assert_int_equal(verification_answered_word(a.answered).n > 0,
                         a.answered != ANSWERED_NOTHING);
        buf_fini(&told);
    }
}

static void of_some_countries(void **state)
{
    static const struct str countries[] = {STR("33"), STR("1")}, others[] = {STR("33"), STR("2")};
    struct trial t = {.name = "", REJECT, FORGED};
    (void)state;
    assert_int_equal(ask(&t, countries, 2).answered, ANSWERED_REJECT);
    assert_int_equal(ask(&t, others, 2).answered, ANSWERED_COUNTRY);
    t.orig = ""; /* who shows no number is of none */
    assert_int_equal(ask(&t, countries, 2).answered, ANSWERED_COUNTRY);
    t.reach = (struct tn_reach){.n = 1, .numbers = {{.digits = "33123456789", .n = 11}}};
    assert_int_equal(ask(&t, countries, 2).answered, ANSWERED_REJECT);
    t.orig = NULL; /* of a call that shows its number it counts alone */
    assert_int_equal(ask(&t, others + 1, 1).answered, ANSWERED_COUNTRY);
    t.orig = "";
    assert_int_equal(ask(&t, others + 1, 1).answered, ANSWERED_COUNTRY);
    t.reach = (struct tn_reach){.more = true}; /* may be of any */
    assert_int_equal(ask(&t, countries, 2).answered, ANSWERED_REJECT);
    t.reach.more = false;
    t.reason = REASON_CALLER_WITHHELD;
    t.profile.refuse_withheld = true;
    assert_int_equal(ask(&t, countries, 2).answered, ANSWERED_REJECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer),
        cmocka_unit_test(of_some_countries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
