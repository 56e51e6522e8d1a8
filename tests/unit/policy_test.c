/* tests/vectors/policy/cases.json holds the decisions; grounds_test.c tries a property (Decided 6).
 * R-P-091 R-P-109 R-D-022.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <stird/conf/settings_file.h>
#include <stird/core/policy.h>
#include <stird/core/service_choice.h>
#include <stird/core/verified.h>

#include "lab.h"

/* ---- one case of the file ---- */

static struct str text_of(const json_t *object, const char *key, const char *fallback)
{
    const json_t *v = json_object_get(object, key);
    return str_of(v ? json_string_value(v) : fallback);
}

static long long number_of(const json_t *object, const char *key, long long fallback)
{
    const json_t *v = json_object_get(object, key);
    return v ? json_integer_value(v) : fallback;
}

static struct settings *settings_of(const json_t *one)
{
    char path[] = "/tmp/stird-policy-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    struct files *files = files_new();
    struct problems problems = PROBLEMS_INIT;
    assert_non_null(f);
    const struct str dialect = text_of(one, "dialect", "");
    char way[80] = "upstreams = [ \"up\" ];";
    if (dialect.n > 0) /* front redirect */
        snprintf(way, sizeof(way), "front = \"redirect\"; dialect = \"%.*s\";", STR_ARG(dialect));
    fprintf(f,
            "listen = ( { name = \"core\"; address = \"192.0.2.1\"; } );\n"
            "upstreams = ( { name = \"up\"; uri = \"sip:198.51.100.1\"; %s } );\n"
            "certificates = ( { id = \"818H\"; directory = \"%s/conf/certs/818H\"; },\n"
            "                 { id = \"second\"; directory = \"%s/conf/certs/818H\"; } );\n"
            "provider = { spc = [ \"818H\" ]; };\n"
            "trunks = ( { name = \"t\"; sources = [ \"192.0.2.7\" ]; customer = \"acme\";\n"
            "  %s identity = \"%s\"; %s } );\n%s\n",
            text_of(one, "upstream", "").p, TESTS_DIR, TESTS_DIR, way,
            json_is_true(json_object_get(one, "gateway")) ? "gateway" : "authenticated",
            text_of(one, "trunk", "").p, text_of(one, "more", "").p);
    assert_int_equal(fclose(f), 0);
    struct settings *s = settings_read(files, str_of(path), 1893456000, &problems);
    for (size_t i = 0; i < problems.n; i++)
        print_error("%u: %s\n", problems.list[i].line, problems.list[i].text);
    assert_non_null(s);
    files_free(files);
    problems_fini(&problems);
    unlink(path);
    return s;
}

/* [ "Name: value", ... ] */
static const struct call_header *headers_of(const json_t *given, struct arena *arena)
{
    const json_t *lines = json_object_get(given, "headers");
    struct call_header *list = arena_array(arena, json_array_size(lines) + 1, sizeof(*list));
    for (size_t i = 0; i < json_array_size(lines); i++) {
        struct str value = str_of(json_string_value(json_array_get(lines, i)));
        list[i].name = str_cut(&value, ':');
        list[i].value = value;
    }
    return list;
}

/* "odd_lines": [ "X-Risk high", ... ] */
static const struct header_line *odd_lines_of(const json_t *given, struct arena *arena)
{
    const json_t *lines = json_object_get(given, "odd_lines");
    struct header_line *list = arena_array(arena, json_array_size(lines) + 1, sizeof(*list));
    for (size_t i = 0; i < json_array_size(lines); i++)
        list[i].raw = str_of(json_string_value(json_array_get(lines, i)));
    return list;
}

/* "verified": "failed": what its Identity was found to be worth; NULL: nobody judged it. */
static const struct verified *verified_of_case(const json_t *given, struct arena *arena)
{
    const struct str wanted = text_of(given, "verified", "");
    struct verified *v = wanted.n > 0 ? arena_alloc(arena, sizeof(*v)) : NULL;
    if (!v)
        return NULL;
    *v = (struct verified){.class = VERIFICATION_CLASSES, .check = VERIFY_CHECKS};
    for (int i = 0; i < VERIFICATION_CLASSES; i++)
        if (str_eq(verification_class_name((enum verification_class)i), wanted))
            v->class = (enum verification_class)i;
    assert_true(v->class < VERIFICATION_CLASSES);
    v->reason = v->class == VERIFICATION_PASSED ? REASON_VERIFIED : REASON_SIGNATURE_INVALID;
    return v;
}

static struct call call_of(const json_t *one, const struct settings *s, struct arena *arena,
                           long long now)
{
    const json_t *given = json_object_get(one, "call");
    struct call call = {
        .arena = arena,
        .traced = true,
        .now_s = number_of(one, "now", now),
        .from_uri = text_of(given, "from", "sip:+12155550100@acme.example"),
        .to_uri = text_of(given, "to", "sip:+13035550100@example.net"),
        .request_uri = text_of(given, "request_uri", "sip:+13035550100@192.0.2.1"),
        .date = text_of(given, "date", ""),
        .n_date = (unsigned)number_of(given, "n_date", json_object_get(given, "date") ? 1 : 0),
        .n_identity_shaken = (unsigned)number_of(given, "shaken", 0),
        .n_identity_other = (unsigned)number_of(given, "other", 0),
        .n_identity_unreadable = (unsigned)number_of(given, "unreadable", 0),
        .n_identity_empty = (unsigned)number_of(given, "empty", 0),
        .trunk = &s->trunks[0],
        .upstream = s->trunks[0].front == FRONT_REDIRECT ? NULL : &s->upstreams[0],
    };
    qtype_add(&call.qtype, call.from_uri, call.from_uri);
    call.verified = verified_of_case(given, arena);
    privacy_add(&call.privacy, text_of(given, "privacy", ""));
    const json_t *asserted = json_object_get(given, "asserted");
    for (size_t i = 0; i < json_array_size(asserted); i++)
        call.asserted.uri[call.asserted.n++] = str_of(
            json_string_value(json_array_get(asserted, i)));
    call.asserted.n = (unsigned)number_of(given, "n_asserted", call.asserted.n);
    call.asserted.unreadable = json_is_true(json_object_get(given, "asserted_unreadable"));
    struct str odd = text_of(given, "asserted_line", "");
    if (odd.n > 0)
        asserted_add(&call.asserted, odd);
    struct str from_line = text_of(given, "from_line", "");
    if (from_line.n > 0)
        asserted_add_odd(&call.from_others, from_line);
    call.headers = headers_of(given, arena);
    call.odd_lines = odd_lines_of(given, arena);
    for (size_t i = 0; i < sizeof(call.random); i++)
        call.random[i] = (uint8_t)(0xff - i);
    return call;
}

static bool check(const char *what, struct str got, struct str wanted)
{
    if (str_eq(got, wanted))
        return true;
    print_error("  %s: got %.*s, wanted %.*s\n", what, STR_ARG(got), STR_ARG(wanted));
    return false;
}

static bool check_text(const json_t *expect, const char *key, struct str got)
{
    const json_t *wanted = json_object_get(expect, key);
    return !wanted || check(key, got, str_of(json_string_value(wanted)));
}

static struct str certificate_of(const struct settings *s, const struct outcome *o)
{
    uint32_t i = outcome_certificate(o);
    return i < s->n_certificates ? s->certificates[i].id : STR("none");
}

static bool check_bool(const json_t *expect, const char *key, bool got)
{
    const json_t *wanted = json_object_get(expect, key);
    return !wanted || check(key, got ? STR("true") : STR("false"),
                            json_is_true(wanted) ? STR("true") : STR("false"));
}

static bool check_number(const json_t *expect, const char *key, long long got)
{
    const json_t *wanted = json_object_get(expect, key);
    if (!wanted || json_integer_value(wanted) == got)
        return true;
    print_error("  %s: got %lld, wanted %lld\n", key, got, (long long)json_integer_value(wanted));
    return false;
}

static bool is_said(struct str sentence, const struct outcome *o)
{
    for (unsigned i = 0; i < o->n_trace; i++)
        if (str_eq(o->trace[i], sentence))
            return true;
    return false;
}

/* "says": sentences that explain has to have. */
static bool check_says(const json_t *says, const struct outcome *o)
{
    bool good = true;
    for (size_t i = 0; i < json_array_size(says); i++) {
        const char *sentence = json_string_value(json_array_get(says, i));
        if (is_said(str_of(sentence), o))
            continue;
        print_error("  it does not say: %s\n", sentence);
        good = false;
    }
    return good;
}

static bool check_outcome(const json_t *expect, const struct outcome *o, const struct settings *s)
{
    static const char *const dates[] = {
        [DATE_KEEP] = "keep", [DATE_ADD] = "add", [DATE_REPLACE] = "replace"};
    static const char *const withheld[] = {
        [WITHHELD_NOT] = "not", [WITHHELD_SHADOW] = "shadow", [WITHHELD_SHARE] = "share"};
    bool sign = o->verdict == VERDICT_SIGN;
    bool good = check_text(expect, "verdict", verdict_name(o->verdict));
    good &= check_text(expect, "reason", reason_name(o->reason));
    good &= check("level", (struct str){&o->claims.attest, sign ? 1 : 0},
                  text_of(expect, "level", ""));
    good &= check_number(expect, "status", o->sip_status);
    good &= o->sip_status == 0 || o->verdict == VERDICT_REJECT;
    good &= check_text(expect, "rule", o->rule);
    good &= check_text(expect, "text", o->refusal_text);
    good &= check_text(expect, "orig", tn_str(&o->claims.orig));
    good &= check_text(expect, "dest", tn_str(&o->claims.dest));
    good &= check_text(expect, "date", str_of(dates[o->date]));
    good &= check_number(expect, "iat", o->claims.iat_s);
    good &= check_bool(expect, "wrong", o->date_was_wrong);
    good &= check_bool(expect, "strip", o->strip_identity);
    good &= check_text(expect, "withheld", str_of(withheld[o->withheld]));
    good &= check_bool(expect, "level_unreadable", o->level_unreadable);
    good &= check_bool(expect, "emergency", o->emergency);
    if (json_object_get(expect, "certificate"))
        good &= check_text(expect, "certificate", certificate_of(s, o));
    if (sign)
        good &= check("origid", (struct str){o->claims.origid, ORIGID_TEXT_LENGTH},
                      text_of(expect, "origid", "fffefdfc-fbfa-49f8-b7f6-f5f4f3f2f1f0"));
    good &= check_says(json_object_get(expect, "says"), o);
    /* The trace ends with what the reason says, and says something before it. */
    good &= o->n_trace >= 3 && o->n_trace < 2 * (TRACE_MAX + s->n_rules);
    return good & (o->reason != REASON_INTERNAL);
}

static void add_lines(struct buf *csv, const json_t *lines)
{
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line)
    {
        buf_add_text(csv, json_string_value(line));
        buf_add_char(csv, '\n');
    }
}

/* Of the file's tables, or of the case's own. */
static struct numbers *table_of(const json_t *all, const json_t *one, struct buf *image)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf numbers = BUF_INIT, customers = BUF_INIT;
    const json_t *own = json_object_get(one, "numbers");
    const char *why = NULL;
    add_lines(&numbers, own ? own : json_object_get(all, "numbers"));
    add_lines(&customers, json_object_get(all, "customers"));
    const struct numbers_source sources[] = {
        {.name = STR("customers.csv"), .text = buf_str(&customers), .kind = NUMBERS_CUSTOMERS},
        {.name = STR("numbers.csv"), .text = buf_str(&numbers), .kind = NUMBERS_TABLE},
    };
    bool good = numbers_compile(sources, 2, image, NULL, &problems);
    for (size_t i = 0; i < problems.n; i++)
        print_error("%u: %s\n", problems.list[i].line, problems.list[i].text);
    assert_true(good);
    struct numbers *table = numbers_open(image->p, image->n, &why);
    assert_non_null(table);
    problems_fini(&problems);
    buf_fini(&numbers);
    buf_fini(&customers);
    return table;
}

/*
 * The same call with a To tag that nobody can vouch for: what refuses it still refuses it, and what
 * would go on goes on unsigned.
 */
static bool claimed_dialog_is_decided_alike(struct settings *s, struct numbers *table,
                                            struct call *call, const struct outcome *without)
{
    struct outcome with;
    call->claims_dialog = true;
    policy_decide(s, table, call, &with);
    call->claims_dialog = false;
    /* A signature that fails may refuse a call; here none is asked for. */
    bool fault = without->reason >= REASON_SIGNER_TIMEOUT;
    bool refused = without->verdict == VERDICT_REJECT && !fault;
    enum reason wanted = refused ? without->reason : REASON_UNKNOWN_DIALOG;
    return check("with a To tag", verdict_name(with.verdict),
                 verdict_name(refused ? VERDICT_REJECT : VERDICT_PASS)) &&
           check("with a To tag", reason_name(with.reason), reason_name(wanted)) &&
           with.sip_status == (refused ? without->sip_status : 0) &&
           with.emergency == without->emergency && with.number.state == without->number.state &&
           with.strip_identity == without->strip_identity;
}

/* ---- rates ---- */

static bool look_held(void *user, const struct rule *rule, struct str customer, struct str number,
                      struct rate_counts *counts)
{
    (void)user, (void)rule, (void)customer, (void)number;
    *counts = (struct rate_counts){.held = true};
    return true;
}

/* From the best to the worst. */
static int rank_of(const struct outcome *o)
{
    if (o->verdict == VERDICT_SIGN)
        return o->claims.attest - 'A';
    return o->verdict == VERDICT_PASS ? TREATMENT_UNSIGNED : TREATMENT_REFUSE;
}

/* A rule that is above its rate lowers what would be signed to what it says, and changes nothing
   else: wherever it stands, and whatever the other rules say. */
static bool a_rate_only_lowers(struct settings *s, struct numbers *table, struct call *call,
                               const struct outcome *without)
{
    static const enum rule_verdict verdicts[] = {RULE_ALARM, RULE_B, RULE_C, RULE_UNSIGNED};
    const struct rate_reader reader = {.look = look_held};
    const struct rule *const rules = s->rules;
    const unsigned n_rules = s->n_rules;
    bool good = true;
    for (unsigned i = 0; i < 2 * sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        const enum rule_verdict verdict = verdicts[i / 2];
        const uint32_t at = i % 2 ? n_rules : 0;
        struct rule *list = arena_array(call->arena, n_rules + 1, sizeof(*list));
        struct outcome with;
        assert_non_null(list);
        for (unsigned k = 0; k < n_rules; k++)
            list[k + (at == 0)] = rules[k];
        list[at] = (struct rule){.name = STR("rate"),
                                 .verdict = verdict,
                                 .days = 0x7f,
                                 .calls_per_minute = 1,
                                 .window_ms = 60000};
        s->rules = list;
        s->n_rules = n_rules + 1;
        s->rate_rules = &at;
        s->n_rate_rules = 1;
        call->rates = &reader;
        policy_decide(s, table, call, &with);
        const int lowest = verdict == RULE_ALARM ? TREATMENT_A : (int)verdict;
        const bool is_signed = without->verdict == VERDICT_SIGN;
        const int wanted = is_signed && lowest > rank_of(without) ? lowest : rank_of(without);
        const bool is_fault = without->reason >= REASON_SIGNER_TIMEOUT;
        const bool unsigned_by_rule = with.reason == REASON_UNSIGNED_BY_RULE;
        /* For another level there may be no certificate; for none, no fault. */
        good = good &&
               (rank_of(&with) == wanted || (is_signed && with.reason == REASON_NO_CERTIFICATE) ||
                (is_fault && verdict == RULE_UNSIGNED && unsigned_by_rule));
    }
    s->rules = rules;
    s->n_rules = n_rules;
    s->n_rate_rules = 0;
    call->rates = NULL;
    if (!good)
        print_error("  a rate does more than lower it\n");
    return good;
}

static bool run_case(const json_t *all, const json_t *one, long long now)
{
    struct buf image = BUF_INIT;
    struct numbers *table = table_of(all, one, &image);
    struct settings *s = settings_of(one);
    struct arena *arena = arena_new(2048);
    struct call call = call_of(one, s, arena, now);
    struct outcome outcome;
    struct service_choice choice;
    call.customer = numbers_customer(table, call.trunk->customer);
    struct trunk judges = s->trunks[0];
    judges.service = SERVICE_VERIFY_SIGN;
    if (json_is_true(json_object_get(one, "unjudged"))) /* for want of memory */
        call.trunk = &judges;
    if (json_is_true(json_object_get(one, "auto"))) {
        service_choose(&choice, s, table, &call);
        call.choice = &choice;
        assert_true(!choice.is_judged == !call.verified); /* nobody judges what is to be signed */
    }
    policy_decide(s, table, &call, &outcome);
    bool good = check_outcome(json_object_get(one, "expect"), &outcome, s);
    good = claimed_dialog_is_decided_alike(s, table, &call, &outcome) && good;
    good = a_rate_only_lowers(s, table, &call, &outcome) && good;
    if (!good) {
        print_error("in: %s\n", json_string_value(json_object_get(one, "name")));
        for (unsigned i = 0; i < outcome.n_trace; i++)
            print_error("    %.*s\n", STR_ARG(outcome.trace[i]));
    }
    arena_free(arena);
    settings_free(s);
    numbers_close(table);
    buf_fini(&image);
    return good;
}

static void cases(void **state)
{
    (void)state;
    json_error_t error;
    json_t *all = json_load_file(TESTS_DIR "/vectors/policy/cases.json", 0, &error);
    assert_non_null(all);
    size_t i, failed = 0;
    json_t *one;
    json_array_foreach(json_object_get(all, "cases"), i, one)
        failed += !run_case(all, one, number_of(all, "now", 0));
    assert_true(i >= 150);
    assert_int_equal(failed, 0);
    json_decref(all);
}

/* ---- faults that come after the decision ---- */

static void signing_failed(void **state)
{
    (void)state;
    struct settings s = {.failure_mode = FAIL_OPEN, .emergency_by_to = true};
    struct call call = {.to_uri = STR("sip:+13035550100@b")};
    struct outcome o = {.verdict = VERDICT_SIGN, .claims = {.attest = 'A'}, .date = DATE_ADD};
    policy_signing_failed(&s, &call, REASON_SIGNER_TIMEOUT, &o);
    assert_int_equal(o.verdict, VERDICT_PASS);
    assert_int_equal(o.reason, REASON_SIGNER_TIMEOUT);
    assert_int_equal(o.sip_status, 0);
    assert_int_equal(o.date, DATE_KEEP);
    assert_int_equal(o.claims.attest, 0);
    s.failure_mode = FAIL_CLOSED;
    o = (struct outcome){.verdict = VERDICT_SIGN, .strip_identity = true};
    policy_signing_failed(&s, &call, REASON_SIGNER_UNAVAILABLE, &o);
    assert_int_equal(o.verdict, VERDICT_REJECT);
    assert_int_equal(o.sip_status, 503);
    assert_true(o.strip_identity);
    call.to_uri = STR("sip:911@b");
    policy_signing_failed(&s, &call, REASON_SIGNER_UNAVAILABLE, &o);
    assert_int_equal(o.verdict, VERDICT_PASS);
}

static void without_a_table_or_certificate(void **state)
{
    (void)state;
    struct trunk trunk = {.name = STR("t"),
                          .customer = STR("acme"),
                          .certificate = NO_CERTIFICATE,
                          .by_state = {[NUMBER_UNKNOWN] = TREATMENT_B}};
    struct settings s = {.failure_mode = FAIL_OPEN};
    struct arena *arena = arena_new(2048);
    struct call call = {.arena = arena,
                        .traced = true,
                        .now_s = 1893456000,
                        .from_uri = STR("tel:+12155550100"),
                        .to_uri = STR("tel:+13035550100"),
                        .trunk = &trunk,
                        .customer = NUMBERS_NO_CUSTOMER};
    struct outcome o;
    policy_decide(&s, NULL, &call, &o);
    assert_int_equal(o.verdict, VERDICT_PASS);
    assert_int_equal(o.reason, REASON_NO_CERTIFICATE);
    assert_int_equal(o.number.state, NUMBER_UNKNOWN);
    arena_free(arena);
}

/* ---- trunks that the call named too ---- */

static const struct trunk rich = {.name = STR("rich"),
                                  .customer = STR("acme"),
                                  .customer_entry = NO_CUSTOMER_ENTRY,
                                  .certificate = NO_CERTIFICATE,
                                  .by_state = {[NUMBER_UNKNOWN] = TREATMENT_B}};
static const struct trunk foreign = {.name = STR("foreign"),
                                     .customer = STR("acme"),
                                     .customer_entry = NO_CUSTOMER_ENTRY,
                                     .certificate = NO_CERTIFICATE,
                                     .gateway = true,
                                     .gateway_treatment = TREATMENT_C};
static const struct trunk silent = {.name = STR("silent"),
                                    .customer = STR("acme"),
                                    .customer_entry = NO_CUSTOMER_ENTRY,
                                    .certificate = NO_CERTIFICATE,
                                    .by_state = {[NUMBER_UNKNOWN] = TREATMENT_UNSIGNED}};
static const struct trunk closed = {.name = STR("closed"),
                                    .customer = STR("acme"),
                                    .customer_entry = NO_CUSTOMER_ENTRY,
                                    .certificate = NO_CERTIFICATE,
                                    .by_state = {[NUMBER_UNKNOWN] = TREATMENT_REFUSE}};

static const struct {
    const struct trunk *trunk, *passed_over[3];
    unsigned more; /* than are kept */
    bool emergency;
    enum verdict verdict;
    enum reason reason;
    char attest;
} doubts[] = {
    {&rich, {NULL}, 0, false, VERDICT_SIGN, REASON_SIGNED_UNKNOWN, 'B'},
    {&rich, {&foreign}, 0, false, VERDICT_SIGN, REASON_SIGNED_UNKNOWN, 'C'},
    {&foreign, {&rich}, 0, false, VERDICT_SIGN, REASON_SIGNED_GATEWAY, 'C'},
    {&rich, {&foreign, &silent}, 0, false, VERDICT_PASS, REASON_UNSIGNED_TRUNK_IN_DOUBT, 0},
    {&rich, {&silent, &closed}, 0, false, VERDICT_REJECT, REASON_TRUNK_IN_DOUBT, 0},
    {&closed, {&rich}, 0, false, VERDICT_REJECT, REASON_REFUSED_BY_POLICY, 0},
    {&silent, {&rich}, 0, false, VERDICT_PASS, REASON_UNSIGNED_BY_POLICY, 0},
    {&rich, {NULL}, 1, false, VERDICT_REJECT, REASON_TRUNK_IN_DOUBT, 0},
    {&rich, {&foreign}, 0, true, VERDICT_SIGN, REASON_SIGNED_UNKNOWN, 'C'},
    {&rich, {&closed}, 0, true, VERDICT_PASS, REASON_UNSIGNED_TRUNK_IN_DOUBT, 0},
    {&rich, {NULL}, 1, true, VERDICT_PASS, REASON_EMERGENCY_UNSIGNED, 0},
};

static void no_better_than_by_trunks_passed_over(void **state)
{
    struct certificate certificate = {.id = STR("818H"), .not_after_s = INT64_MAX};
    certificate.scope = (struct sti_scope){.tn_auth_list = {STR("\x30\x08\xa0\x06\x16\x04"
                                                                "818H")},
                                           .n_lists = 1};
    struct settings s = {
        .certificates = &certificate, .n_certificates = 1, .emergency_by_to = true};
    (void)state;
    for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
        struct outcome o;
        struct call call = {.arena = arena_new(2048),
                            .traced = true,
                            .now_s = 1893456000,
                            .from_uri = STR("tel:+12155550100"),
                            .to_uri = doubts[i].emergency ? STR("tel:911")
                                                          : STR("tel:+13035550100"),
                            .trunk = doubts[i].trunk,
                            .customer = NUMBERS_NO_CUSTOMER};
        for (unsigned t = 0; doubts[i].passed_over[t]; t++)
            call.passed_over[call.n_passed_over++] = doubts[i].passed_over[t];
        for (unsigned t = 0; doubts[i].more > 0 && t < CALL_PASSED_OVER_MAX; t++)
            call.passed_over[call.n_passed_over++] = &rich;
        call.n_passed_over += doubts[i].more;
        policy_decide(&s, NULL, &call, &o);
        if (o.reason != doubts[i].reason || o.claims.attest != doubts[i].attest)
            print_error("%zu: %.*s, %d\n", i, STR_ARG(reason_name(o.reason)), o.claims.attest);
        assert_int_equal(o.verdict, doubts[i].verdict);
        assert_int_equal(o.reason, doubts[i].reason);
        assert_int_equal(o.claims.attest, doubts[i].attest);
        assert_int_equal(o.sip_status, o.verdict == VERDICT_REJECT ? 403 : 0);
        assert_true(o.verdict == VERDICT_SIGN || o.date == DATE_KEEP);
        arena_free(call.arena);
    }
}

/* A certificate that permits LEVEL alone; both lists are the same shape (RFC 8226 section 8). */
#define ONLY_OF(level)                                                                             \
    STR("\x30\x13\xa1\x11\x30\x0f\x30\x0d\x16\x06"                                                 \
        "attest"                                                                                   \
        "\x30\x03\x0c\x01" level)

/* The level that a certificate is asked for is the one that the token has. */
static void the_certificate_is_for_the_lowered_level(void **state)
{
    const struct str ours = STR("\x30\x08\xa0\x06\x16\x04"
                                "818H");
    const struct sti_scope only_b = {{ours}, 1, {ONLY_OF("B")}, 1};
    const struct sti_scope only_c = {{ours}, 1, {ONLY_OF("C")}, 1};
    (void)state;
    for (unsigned with_c = 0; with_c < 2; with_c++) {
        struct certificate units[] = {
            {.id = STR("first"), .not_after_s = INT64_MAX, .scope = only_b},
            {.id = STR("second"), .not_after_s = INT64_MAX, .scope = only_c},
        };
        struct settings s = {.certificates = units, .n_certificates = 1 + with_c};
        for (unsigned doubtful = 0; doubtful < 2; doubtful++) {
            struct outcome o;
            struct call call = {.arena = arena_new(2048),
                                .now_s = 1893456000,
                                .from_uri = STR("tel:+12155550100"),
                                .to_uri = STR("tel:+13035550100"),
                                .trunk = &rich,
                                .passed_over = {&foreign},
                                .n_passed_over = doubtful,
                                .customer = NUMBERS_NO_CUSTOMER};
            policy_decide(&s, NULL, &call, &o);
            bool signs = !doubtful || with_c;
            assert_int_equal(o.verdict, signs ? VERDICT_SIGN : VERDICT_PASS);
            if (signs)
                assert_int_equal(o.claims.attest, doubtful ? 'C' : 'B');
            if (signs)
                assert_int_equal(outcome_certificate(&o), doubtful);
            arena_free(call.arena);
        }
    }
}

/* What is decided by time is decided for the arrival; a token is of when it is asked for. */
static void a_call_that_has_waited(void **state)
{
    static const struct {
        const char *date; /* the arrival is at 00:00:00 */
        int64_t waited_s;
        enum date_action action;
        bool wrong;
        int64_t iat_s; /* from the arrival on */
    } cases[] = {
        {"Tue, 01 Jan 2030 00:00:00 GMT", 0, DATE_KEEP, false, 0},
        {"Tue, 01 Jan 2030 00:00:02 GMT", 7, DATE_KEEP, false, 2},
        {"Tue, 01 Jan 2030 00:00:00 GMT", 5, DATE_KEEP, false, 0},
        {"Tue, 01 Jan 2030 00:00:00 GMT", 6, DATE_REPLACE, false, 6},
        {"Mon, 31 Dec 2029 23:59:55 GMT", 1, DATE_REPLACE, false, 1},
        {"Tue, 01 Jan 2030 00:00:05 GMT", -1, DATE_REPLACE, false, -1},
        {"Tue, 01 Jan 2030 00:00:00 GMT", 3600, DATE_REPLACE, false, 3600},
        {"Tue, 01 Jan 2030 00:00:10 GMT", 10, DATE_REPLACE, true, 10}, /* it was wrong */
        {NULL, 10, DATE_ADD, false, 10},
    };
    const struct str ours = STR("\x30\x08\xa0\x06\x16\x04"
                                "818H");
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        /* Valid at the arrival and a minute longer. */
        struct certificate unit = {
            .id = STR("a"), .not_after_s = 1893456060, .scope = {{ours}, 1, {{NULL, 0}}, 0}};
        struct settings s = {.certificates = &unit, .n_certificates = 1};
        struct outcome o;
        struct call call = {.arena = arena_new(2048),
                            .now_s = 1893456000,
                            .waited_s = cases[i].waited_s,
                            .from_uri = STR("tel:+12155550100"),
                            .to_uri = STR("tel:+13035550100"),
                            .date = cases[i].date ? str_of(cases[i].date) : STR(""),
                            .n_date = cases[i].date != NULL,
                            .trunk = &rich,
                            .customer = NUMBERS_NO_CUSTOMER};
        policy_decide(&s, NULL, &call, &o);
        if (cases[i].waited_s < 60)
            assert_int_equal(o.date, cases[i].action);
        assert_int_equal(o.date_was_wrong, cases[i].wrong);
        assert_int_equal(o.claims.iat_s, 1893456000 + cases[i].iat_s);
        assert_true(policy_is_time_of_token(o.claims.iat_s, call.now_s + call.waited_s));
        assert_int_equal(o.verdict == VERDICT_SIGN, cases[i].waited_s < 60);
        arena_free(call.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases),
        cmocka_unit_test(signing_failed),
        cmocka_unit_test(without_a_table_or_certificate),
        cmocka_unit_test(no_better_than_by_trunks_passed_over),
        cmocka_unit_test(the_certificate_is_for_the_lowered_level),
        cmocka_unit_test(a_call_that_has_waited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
