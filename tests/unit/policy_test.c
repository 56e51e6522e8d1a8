/*
 * tests/vectors/policy/cases.json holds the decisions; one property is tried on random calls: an A
 * is never given without its grounds, whatever settings and table say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <stird/policy.h>
#include <stird/settings_file.h>

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
    fprintf(f,
            "listen = ( { name = \"core\"; address = \"192.0.2.1\"; } );\n"
            "upstreams = ( { name = \"up\"; uri = \"sip:198.51.100.1\"; } );\n"
            "certificates = ( { id = \"818H\"; directory = \"%s/conf/certs/818H\"; },\n"
            "                 { id = \"second\"; directory = \"%s/conf/certs/818H\"; } );\n"
            "trunks = ( { name = \"t\"; sources = [ \"192.0.2.7\" ]; customer = \"acme\";\n"
            "  upstreams = [ \"up\" ]; identity = \"%s\"; %s } );\n%s\n",
            TESTS_DIR, TESTS_DIR,
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
    };
    const json_t *asserted = json_object_get(given, "asserted");
    for (size_t i = 0; i < json_array_size(asserted); i++)
        call.asserted[call.n_asserted++] = str_of(json_string_value(json_array_get(asserted, i)));
    call.n_asserted = (unsigned)number_of(given, "n_asserted", call.n_asserted);
    call.headers = headers_of(given, arena);
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

static bool check_outcome(const json_t *expect, const struct outcome *o, const struct settings *s)
{
    static const char *const dates[] = {
        [DATE_KEEP] = "keep", [DATE_ADD] = "add", [DATE_REPLACE] = "replace"};
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
    good &= check_bool(expect, "emergency", o->emergency);
    if (json_object_get(expect, "certificate"))
        good &= check_text(expect, "certificate", s->certificates[o->certificate].id);
    if (sign)
        good &= check("origid", (struct str){o->claims.origid, ORIGID_TEXT_LENGTH},
                      text_of(expect, "origid", "fffefdfc-fbfa-49f8-b7f6-f5f4f3f2f1f0"));
    /* The trace ends with what the reason says, and says something before it. */
    good &= o->n_trace >= 3 && o->n_trace < TRACE_MAX + s->n_rules;
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

static bool run_case(const json_t *all, const json_t *one, long long now)
{
    struct buf image = BUF_INIT;
    struct numbers *table = table_of(all, one, &image);
    struct settings *s = settings_of(one);
    struct arena *arena = arena_new(2048);
    struct call call = call_of(one, s, arena, now);
    struct outcome outcome;
    call.customer = numbers_customer(table, call.trunk->customer);
    policy_decide(s, table, &call, &outcome);
    bool good = check_outcome(json_object_get(one, "expect"), &outcome, s);
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

static struct numbers *compile(struct str csv, struct buf *image)
{
    struct problems problems = PROBLEMS_INIT;
    struct numbers_source source = {.name = STR("numbers.csv"), .text = csv, .kind = NUMBERS_TABLE};
    const char *why = NULL;
    assert_true(numbers_compile(&source, 1, image, NULL, &problems));
    struct numbers *table = numbers_open(image->p, image->n, &why);
    assert_non_null(table);
    problems_fini(&problems);
    return table;
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
    struct settings s = {.failure_mode = FAIL_OPEN};
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

/* ---- the property ---- */

#define TABLES        100
#define CALLS_A_TABLE 2000
#define ROWS_MAX      60
#define NUMBERS       200 /* +12155550000 and on */
#define CUSTOMERS     4
#define TODAY         21915 /* 2030-01-01 */

struct row {
    unsigned from, to;
    unsigned customer;
    unsigned state; /* owned, delegated, unverified, blocked */
    bool prefix, in_force;
};

static uint64_t seed = 0x9e3779b97f4a7c15; /* fixed: a failure comes back */

static unsigned pick(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static struct row random_row(void)
{
    struct row r = {.customer = pick(CUSTOMERS), .state = pick(4), .in_force = pick(4) > 0};
    unsigned shape = pick(4);
    r.from = pick(NUMBERS);
    if (shape == 0)
        r.from -= r.from % 10;
    r.to = shape == 0 ? r.from + 9 : r.from;
    if (shape == 1) {
        r.prefix = true;
        r.from -= r.from % 10;
        r.to = r.from + 9;
    }
    return r;
}

/* Two rows of one customer for the same numbers would be refused as a contradiction. */
static bool clashes(const struct row *rows, unsigned n, const struct row *r)
{
    for (unsigned i = 0; i < n; i++)
        if (rows[i].from == r->from && rows[i].to == r->to)
            return true;
    return false;
}

static unsigned random_table(struct row rows[ROWS_MAX], struct buf *csv)
{
    static const char *const states[] = {"owned", "delegated", "unverified", "blocked"};
    unsigned n = 0;
    buf_add_text(csv, "number,customer,state,not_before,not_after\n");
    for (unsigned i = 0; i < ROWS_MAX; i++) {
        struct row r = random_row();
        if (clashes(rows, n, &r))
            continue;
        rows[n++] = r;
        if (r.prefix)
            buf_addf(csv, "+1215555%03u*", r.from / 10);
        else if (r.from == r.to)
            buf_addf(csv, "+1215555%04u", r.from);
        else
            buf_addf(csv, "+1215555%04u-+1215555%04u", r.from, r.to);
        buf_addf(csv, ",c%u,%s,,%s\n", r.customer, states[r.state], r.in_force ? "" : "2029-12-31");
    }
    return n;
}

struct random_call {
    struct trunk trunk;
    unsigned customer, from, asserted[3], n_asserted;
    char from_uri[64], asserted_uri[3][64], customer_name[8];
};

static void write_uri(char *uri, unsigned number, bool tel)
{
    snprintf(uri, 64, tel ? "tel:+1215555%04u" : "sip:+1215555%04u@x", number);
}

static void random_call(struct random_call *r)
{
    *r = (struct random_call){.customer = pick(CUSTOMERS), .from = pick(NUMBERS)};
    snprintf(r->customer_name, sizeof(r->customer_name), "c%u", r->customer);
    write_uri(r->from_uri, r->from, pick(2));
    r->n_asserted = pick(4);
    for (unsigned i = 0; i < r->n_asserted; i++) {
        r->asserted[i] = i > 0 && pick(2) ? r->asserted[0] : pick(NUMBERS);
        write_uri(r->asserted_uri[i], r->asserted[i], true);
    }
    r->trunk = (struct trunk){.name = STR("t"),
                              .customer = str_of(r->customer_name),
                              .gateway = pick(4) == 0,
                              .trusted = pick(2),
                              .certificate = NO_CERTIFICATE,
                              .existing_identity = (enum existing_identity)pick(4)};
    /* Also what no configuration can say. */
    for (unsigned i = 0; i < NUMBER_STATES; i++)
        r->trunk.by_state[i] = pick(3) ? TREATMENT_A : (enum treatment)pick(5);
    r->trunk.gateway_treatment = (enum treatment)pick(5);
    r->trunk.no_calling_number = (enum treatment)pick(5);
}

/* The grounds of an A, found the long way round. */
static bool a_is_justified(const struct random_call *r, const struct row *rows, unsigned n)
{
    bool asserted = r->trunk.trusted && r->n_asserted > 0;
    unsigned orig = asserted ? r->asserted[0] : r->from;
    if (r->trunk.gateway)
        return false;
    for (unsigned i = 1; asserted && i < r->n_asserted; i++)
        if (r->asserted[i] != orig)
            return false;
    for (unsigned i = 0; i < n; i++)
        if (rows[i].from <= orig && orig <= rows[i].to && rows[i].customer == r->customer &&
            rows[i].state <= 1 && !rows[i].prefix && rows[i].in_force)
            return true;
    return false;
}

static unsigned decide_randomly(const struct settings *s, const struct numbers *table,
                                const struct row *rows, unsigned n_rows)
{
    struct random_call r;
    struct outcome o;
    random_call(&r);
    struct call call = {.arena = arena_new(4096),
                        .traced = true,
                        .now_s = (int64_t)TODAY * 86400 + pick(86400),
                        .from_uri = str_of(r.from_uri),
                        .to_uri = pick(20) ? STR("tel:+13035550100") : STR("tel:911"),
                        .request_uri = STR("sip:+13035550100@b"),
                        .n_identity_shaken = pick(8) == 0,
                        .n_asserted = r.n_asserted,
                        .trunk = &r.trunk,
                        .customer = numbers_customer(table, r.trunk.customer)};
    for (unsigned i = 0; i < r.n_asserted; i++)
        call.asserted[i] = str_of(r.asserted_uri[i]);
    policy_decide(s, table, &call, &o);
    arena_free(call.arena);
    assert_int_not_equal(o.reason, REASON_INTERNAL);
    assert_true(!o.emergency || o.verdict != VERDICT_REJECT);
    if (o.verdict != VERDICT_SIGN)
        return 0;
    assert_true(o.claims.attest == 'A' || o.claims.attest == 'B' || o.claims.attest == 'C');
    assert_true(!r.trunk.gateway || o.claims.attest == 'C');
    assert_true(o.claims.attest != 'A' || a_is_justified(&r, rows, n_rows));
    return o.claims.attest == 'A';
}

static void no_a_without_grounds(void **state)
{
    (void)state;
    struct certificate certificate = {.id = STR("818H"), .not_after_s = INT64_MAX};
    struct settings s = {.certificates = &certificate, .n_certificates = 1};
    unsigned n_a = 0;
    for (unsigned t = 0; t < TABLES; t++) {
        struct row rows[ROWS_MAX];
        struct buf csv = BUF_INIT, image = BUF_INIT;
        unsigned n = random_table(rows, &csv);
        struct numbers *table = compile(buf_str(&csv), &image);
        for (unsigned i = 0; i < CALLS_A_TABLE; i++)
            n_a += decide_randomly(&s, table, rows, n);
        numbers_close(table);
        buf_fini(&csv);
        buf_fini(&image);
    }
    /* Else the property was tried on nothing. */
    assert_true(n_a > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases),
        cmocka_unit_test(signing_failed),
        cmocka_unit_test(without_a_table_or_certificate),
        cmocka_unit_test(no_a_without_grounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
