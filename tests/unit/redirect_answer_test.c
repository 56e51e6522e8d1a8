/*
 * R-D-001, R-D-002, R-D-003, R-D-004, R-D-005, R-D-010, R-D-013, R-D-014, R-D-015, R-D-016,
 * R-D-019, R-D-021, R-X-056: what an SBC that asks by redirect is answered: of each dialect and
 * each case octet for octet as in tests/vectors/redirect/, and what a configuration changes of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stird/core/headers.h>
#include <stird/core/redirect_answer.h>
#include <stird/core/uri.h>
#include <stird/core/verified.h>

#define INVITE                                                                                     \
    "INVITE sip:+12155550131@192.0.2.10:5060;user=phone SIP/2.0\r\n"                               \
    "Via: SIP/2.0/UDP 192.0.2.40:5070;branch=z9hG4bK1\r\n"                                         \
    "From: \"Acme Bank\" <sip:2155550121@192.0.2.40;otg=000200;qtype=sti-as>;tag=1\r\n"            \
    "To: <sip:+12155550131@192.0.2.10>\r\n"                                                        \
    "Call-ID: 1@192.0.2.40\r\nCSeq: 1 INVITE\r\n"                                                  \
    "Contact: <sip:sbc@192.0.2.40:5070>\r\nIdentity: \r\nContent-Length: 0\r\n\r\n"
#define TOKEN(signature)                                                                           \
    "eyJhbGciOiJFUzI1NiJ9.eyJhdHRlc3QiOiJBIn0." signature                                          \
    ";info=<https://cr.example/a%2Fb.pem>;alg=ES256;ppt=shaken"

static const struct verified passed = {.class = VERIFICATION_PASSED,
                                       .level = 'A',
                                       .attest = 'A',
                                       .check = VERIFY_CHECKS,
                                       .spc = STR("709J"),
                                       .orig = {.n = 11, .digits = "12155550121"},
                                       .origid = STR("1fd2d6b8-6b1a-4f0c-9d53-f5a8a8a5d6aa"),
                                       .verstat = VERSTAT_PASSED};

/* A call and all that is known of it; a trial changes what it is about. */
struct scene {
    struct settings settings;
    struct listener listener;
    struct verification_setting profile;
    struct str attestation_header;
    struct dialect dialect;
    struct trunk trunk;
    struct call call;
    struct outcome outcome;
    struct verified verified;
    struct str identities[2];
    struct redirect_question question;
};

static void set(struct scene *s, const struct dialect *dialect)
{
    *s = (struct scene){
        .profile = {.verstat_place = VERSTAT_PLACE_PAI,
                    .result_header = STR("X-Result"),
                    .n_attestation_headers = 1},
        .attestation_header = STR("P-Attestation-Indicator"),
        .dialect = *dialect,
        .trunk = {.name = STR("sbc"),
                  .trusted = true,
                  .country = {.code = STR("1"),
                              .international_prefix = STR("011"),
                              .national_length = 10},
                  .front = FRONT_REDIRECT,
                  .verification = 0},
        .call = {.arena = arena_new(4096),
                 .random = "0123456789abcdef",
                 .request_uri = STR("sip:+12155550131@192.0.2.10:5060;user=phone"),
                 .from_uri = STR("sip:2155550121@192.0.2.40;otg=000200;qtype=sti-as")},
        .outcome = {.verdict = VERDICT_SIGN,
                    .reason = REASON_SIGNED_OWNED,
                    .date = DATE_ADD,
                    .claims = {.iat_s = 1443208345, .attest = 'A'}},
        .verified = passed,
        .identities = {STR(TOKEN("c2lnbmF0dXJl")), STR(TOKEN("c2Vjb25k"))},
        .question = {.request = STR(INVITE), .n_identities = 1},
    };
    assert_non_null(s->call.arena);
    assert_true(address_parse(STR("192.0.2.40"), &s->call.source));
    assert_true(address_parse(STR("192.0.2.10"), &s->listener.address));
    s->listener.address.port = 5060;
    s->profile.attestation_headers = &s->attestation_header;
    s->settings.listeners = &s->listener;
    s->settings.n_listeners = 1;
    s->settings.verifications = &s->profile;
    s->settings.n_verifications = 1;
    s->trunk.in_dialect = &s->dialect;
    s->call.trunk = &s->trunk;
    s->question.settings = &s->settings;
    s->question.call = &s->call;
    s->question.outcome = &s->outcome;
    s->question.identities = s->identities;
}

static void judged(struct scene *s, enum verification_class class, enum verstat verstat)
{
    s->outcome.verdict = VERDICT_PASS;
    s->outcome.reason = REASON_VERIFIED;
    s->question.n_identities = 0;
    s->verified.class = class;
    s->verified.verstat = verstat;
    s->verified.level = class == VERIFICATION_PASSED ? 'A' : '\0';
    s->outcome.verified = &s->verified;
}

static void passes(struct scene *s, enum reason reason)
{
    s->outcome.verdict = VERDICT_PASS;
    s->outcome.reason = reason;
    s->question.n_identities = 0;
}

static void refuses(struct scene *s, enum reason reason, int status)
{
    s->outcome.verdict = VERDICT_REJECT;
    s->outcome.reason = reason;
    s->outcome.sip_status = status;
    s->question.n_identities = 0;
}

static unsigned count(struct str text, const char *what)
{
    unsigned n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += str_starts(str_slice(text, i, text.n), str_of(what));
    return n;
}

/* The answer as it would go out, but for what sip writes: its lines end in LF, and each had a CR.
 */
static void answer(struct scene *s, struct redirect_answer *a, struct buf *out)
{
    s->question.reason = s->question.reason ? s->question.reason : s->outcome.reason;
    assert_true(redirect_answer(a, &s->question));
    buf_addf(out, "%d%s%.*s\n", a->status, a->phrase.n > 0 ? " " : "", STR_ARG(a->phrase));
    for (size_t i = 0; i < a->lines.n; i++) {
        if (a->lines.p[i] == '\r')
            assert_true(i + 1 < a->lines.n && a->lines.p[i + 1] == '\n');
        else if (a->lines.p[i] == '\n')
            assert_true(i > 0 && a->lines.p[i - 1] == '\r');
        if (a->lines.p[i] != '\r')
            buf_add_char(out, a->lines.p[i]);
    }
    /* R-D-003: what is sent on is told where to */
    if (a->is_said && a->status < 400 && s->dialect.contact != DIALECT_CONTACT_NONE)
        assert_int_equal(count(a->lines, "Contact: <"), 1);
    assert_true(count(a->lines, "Reason: SIP") <= 1);
}

static void clear(struct scene *s)
{
    arena_free(s->call.arena);
}

/* ---- golden files ---- */

static void set_case(struct scene *s, enum dialect_case which)
{
    switch (which) {
    case DIALECT_SIGNED:
        break;
    case DIALECT_UNSIGNED:
        passes(s, REASON_CALLING_NOT_A_NUMBER);
        break;
    case DIALECT_BLOCKED:
        refuses(s, REASON_NUMBER_BLOCKED, 603);
        break;
    case DIALECT_BAD_NUMBER:
        passes(s, REASON_CALLED_CANNOT_EXIST);
        break;
    case DIALECT_FAULT:
        refuses(s, REASON_SIGNER_TIMEOUT, 503);
        break;
    case DIALECT_BUSY:
        refuses(s, REASON_OVERLOADED, 503);
        break;
    case DIALECT_PASSED:
        judged(s, VERIFICATION_PASSED, VERSTAT_PASSED);
        break;
    case DIALECT_FAILED:
        judged(s, VERIFICATION_FAILED, VERSTAT_FAILED);
        s->outcome.reason = REASON_SIGNATURE_INVALID;
        s->verified.check = VERIFY_SIGNATURE;
        break;
    case DIALECT_NO_TOKEN:
        judged(s, VERIFICATION_NOTHING, VERSTAT_NONE);
        s->outcome.reason = REASON_UNSIGNED_CALL;
        break;
    case DIALECT_OPEN:
        judged(s, VERIFICATION_OPEN, VERSTAT_NONE);
        s->outcome.reason = REASON_CERTIFICATE_PENDING;
        break;
    case DIALECT_REFUSED:
        judged(s, VERIFICATION_FAILED, VERSTAT_FAILED);
        refuses(s, REASON_SIGNATURE_INVALID, 438);
        s->outcome.sip_phrase = STR("Invalid Identity Header");
        break;
    case DIALECT_CASES:
        fail();
    }
}

static void add_case(const struct dialect *d, enum dialect_case which, struct buf *out)
{
    struct scene s;
    struct redirect_answer a;
    set(&s, d);
    set_case(&s, which);
    buf_addf(out, "# %.*s: %.*s\n", STR_ARG(dialect_case_name(which)),
             STR_ARG(dialect_case_text(which)));
    answer(&s, &a, out);
    assert_true(a.is_said);
    assert_int_equal(a.which, which);
    assert_true(a.status >= 300 && a.status <= 699);
    buf_add_char(out, '\n');
    clear(&s);
}

static void as_in_the_files(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (unsigned i = 0; i < dialect_count; i++) {
        char path[512], text[16384];
        struct buf said = BUF_INIT;
        snprintf(path, sizeof(path), TESTS_DIR "/vectors/redirect/%.*s.txt",
                 STR_ARG(dialects[i].name));
        FILE *f = fopen(path, "r");
        const size_t n = f ? fread(text, 1, sizeof(text), f) : 0;
        if (f)
            fclose(f);
        for (unsigned k = 0; k < DIALECT_CASES; k++)
            add_case(&dialects[i], (enum dialect_case)k, &said);
        if (!str_eq(buf_str(&said), (struct str){text, n})) {
            print_error("%s is not:\n%.*s", path, STR_ARG(buf_str(&said)));
            wrong++;
        }
        buf_fini(&said);
    }
    assert_int_equal(wrong, 0);
}

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

/* ---- what a configuration changes ---- */

static void two_tokens(struct scene *s)
{
    s->question.n_identities = 2;
}
static void as_x(struct scene *s)
{
    s->dialect.identity = DIALECT_IDENTITY_X;
}
static void as_both(struct scene *s)
{
    s->dialect.identity = DIALECT_IDENTITY_HEADER | DIALECT_IDENTITY_CONTACT;
}
static void two_in_contact(struct scene *s)
{
    s->dialect.identity = DIALECT_IDENTITY_CONTACT;
    s->question.n_identities = 2;
}
static void contact_too_long(struct scene *s)
{
    s->dialect.identity = DIALECT_IDENTITY_CONTACT;
    s->dialect.contact_max = 200;
}
static void date_kept(struct scene *s)
{
    s->outcome.date = DATE_KEEP;
}
static void date_always(struct scene *s)
{
    s->outcome.date = DATE_KEEP;
    s->dialect.date = DIALECT_DATE_ALWAYS;
}
static void date_never(struct scene *s)
{
    s->dialect.date = DIALECT_DATE_NEVER;
}
static void contact_host(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_HOST;
    s->dialect.contact_host = STR("sbc.example:5080");
}
static void contact_requested(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_REQUEST;
    s->call.request_uri = STR("sip:+12155550131;npdi;rn=+12155550000@far.example:5090;a=b?c=d");
}
static void contact_ourselves(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_REQUEST; /* 192.0.2.10 is our listener */
}
static void contact_echo(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_ECHO;
}
static void contact_none(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_NONE;
    s->dialect.identity = DIALECT_IDENTITY_CONTACT;
}
static void called_tel(struct scene *s)
{
    s->call.request_uri = STR("tel:5550131;phone-context=+1215");
}
static void called_odd(struct scene *s)
{
    s->call.request_uri = STR("sip:+1215555\"0131@192.0.2.10");
}
static void called_with_password(struct scene *s)
{
    s->call.request_uri = STR("sip:+12155550131:secret@192.0.2.10");
}
static void called_with_prefix(struct scene *s)
{
    s->call.request_uri = STR("sip:1234#+12155550131@192.0.2.10");
}
static void called_by_keys(struct scene *s)
{
    s->call.request_uri = STR("sip:911#@192.0.2.10");
}
static void called_with_marks(struct scene *s)
{
    s->call.request_uri = STR("sip:1/2?3%4:a:b%41@192.0.2.10");
}
static void called_nobody(struct scene *s)
{
    s->call.request_uri = STR("sip:192.0.2.10;user=phone");
}
static void called_service(struct scene *s)
{
    s->dialect.identity = DIALECT_IDENTITY_CONTACT; /* which cannot stand in it */
    s->call.request_uri = STR("urn:service:sos.fire");
}
static void called_by_no_scheme(struct scene *s)
{
    s->call.request_uri = STR("s%p:+12155550131@192.0.2.10");
}
static void contact_with_parameters(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_REQUEST;
    s->call.request_uri = STR("sip:+12155550131@far.example;transport=tls;lr;user=phone;x=y;"
                              "maddr=192.0.2.99;method=BYE?Subject=a");
}
static void contact_by_maddr(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_REQUEST;
    s->call.request_uri = STR("sip:+12155550131@far.example;maddr=192.0.2.10.");
}
static void contact_with_dot(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_REQUEST;
    s->call.request_uri = STR("sip:+12155550131@192.0.2.10.");
}
static void by_tcp(struct scene *s)
{
    s->question.transport = TRANSPORT_TCP;
}
static void by_tls(struct scene *s)
{
    s->question.transport = TRANSPORT_TLS;
    s->question.request = STR("INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.40:5061\r\n\r\n");
}
static void by_sips(struct scene *s)
{
    s->question.transport = TRANSPORT_TLS;
    s->call.request_uri = STR("sips:+12155550131@192.0.2.10");
}
static void echo_ourselves(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_ECHO;
    s->question.request = STR("INVITE sip:a@b SIP/2.0\r\nContact: <sip:x@192.0.2.10.>\r\n\r\n");
}
static void echo_by_maddr(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_ECHO;
    s->question.request = STR(
        "INVITE sip:a@b SIP/2.0\r\nm: <sip:x@far.example;maddr=192.0.2.10>\r\n\r\n");
}
static void host_is_ours(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_HOST;
    s->dialect.contact_host = STR("192.0.2.10");
}
static void source_is_ours(struct scene *s)
{
    assert_true(address_parse(STR("192.0.2.10"), &s->call.source));
    s->question.request = STR("INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10\r\n\r\n");
}
static void called_twice(struct scene *s)
{
    s->call.request_uri_unclear = true;
}
static void from_ipv6(struct scene *s)
{
    assert_true(address_parse(STR("2001:db8::40"), &s->call.source));
    s->question.request = STR("INVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/TCP [2001:db8::40]\r\n\r\n");
}
static void own_lines(struct scene *s)
{
    static const struct str lines[] = {STR("X-Foo: bar"), STR("X-Two: 2")};
    s->dialect.headers = lines;
    s->dialect.n_headers = 2;
    s->dialect.answers[DIALECT_SIGNED] = (struct dialect_answer){
        .status = 399, .phrase = STR("Go on"), .reason = STR("why not")};
}
static void token_with_ends(struct scene *s)
{
    s->identities[0] = STR("a.b.c;info=<x>\r\nX-Evil: 1");
}

#define CONTACT "Contact: <sip:+12155550131@192.0.2.40:5070>\n"
#define DATE    "Date: Fri, 25 Sep 2015 19:12:25 GMT\n"
#define FIRST   "Identity: " TOKEN("c2lnbmF0dXJl") "\n"
#define SECOND  "Identity: " TOKEN("c2Vjb25k") "\n"
#define ESCAPED(signature)                                                                         \
    "Identity=eyJhbGciOiJFUzI1NiJ9.eyJhdHRlc3QiOiJBIn0." signature                                 \
    "%3Binfo%3D%3Chttps://cr.example/a%252Fb.pem%3E%3Balg%3DES256%3Bppt%3Dshaken"
#define ESCAPED_DATE "Date=Fri%2C%2025%20Sep%202015%2019:12:25%20GMT"

static const struct {
    void (*change)(struct scene *s);
    const char *lines;
} changes[] = {
    {two_tokens, CONTACT FIRST SECOND DATE},
    {as_x, CONTACT "X-" FIRST DATE},
    {as_both, "Contact: <sip:+12155550131@192.0.2.40:5070?" ESCAPED(
                  "c2lnbmF0dXJl") "&" ESCAPED_DATE ">\n" FIRST DATE},
    {two_in_contact, "Contact: <sip:+12155550131@192.0.2.40:5070?" ESCAPED(
                         "c2lnbmF0dXJl") "&" ESCAPED("c2Vjb25k") "&" ESCAPED_DATE ">\n"},
    {contact_too_long, CONTACT FIRST DATE},
    {date_kept, CONTACT FIRST},
    {date_always, CONTACT FIRST DATE},
    {date_never, CONTACT FIRST},
    {contact_host, "Contact: <sip:+12155550131@sbc.example:5080>\n" FIRST DATE},
    {contact_requested,
     "Contact: <sip:+12155550131;npdi;rn=+12155550000@far.example:5090>\n" FIRST DATE},
    {contact_ourselves, CONTACT FIRST DATE},
    {contact_echo, "Contact: <sip:sbc@192.0.2.40:5070>\n" FIRST DATE},
    {contact_none, FIRST DATE},
    {called_tel,
     "Contact: <sip:5550131;phone-context=+1215@192.0.2.40:5070;user=phone>\n" FIRST DATE},
    {called_odd, "Contact: <sip:+1215555%220131@192.0.2.40:5070>\n" FIRST DATE},
    {called_with_password, "Contact: <sip:+12155550131:secret@192.0.2.40:5070>\n" FIRST DATE},
    {called_with_prefix, "Contact: <sip:1234%23+12155550131@192.0.2.40:5070>\n" FIRST DATE},
    {called_by_keys, "Contact: <sip:911%23@192.0.2.40:5070>\n" FIRST DATE},
    {called_with_marks, "Contact: <sip:1%2F2%3F3%254:a%3Ab%41@192.0.2.40:5070>\n" FIRST DATE},
    {called_nobody, "Contact: <sip:192.0.2.40:5070>\n" FIRST DATE},
    {called_service, "Contact: <urn:service:sos.fire>\n" FIRST DATE},
    {called_twice, ""},
    {called_by_no_scheme, ""},
    {source_is_ours, ""},
    {contact_with_parameters, "Contact: <sip:+12155550131@far.example;transport=tls;user=phone;"
                              "maddr=192.0.2.99>\n" FIRST DATE},
    {contact_by_maddr, CONTACT FIRST DATE},
    {contact_with_dot, CONTACT FIRST DATE},
    {by_tcp, "Contact: <sip:+12155550131@192.0.2.40:5070;transport=tcp>\n" FIRST DATE},
    {by_tls, "Contact: <sip:+12155550131@192.0.2.40:5061;transport=tls>\n" FIRST DATE},
    {by_sips, "Contact: <sips:+12155550131@192.0.2.40:5070>\n" FIRST DATE},
    {echo_ourselves, "Contact: <sip:+12155550131@192.0.2.40>\n" FIRST DATE},
    {echo_by_maddr, "Contact: <sip:+12155550131@192.0.2.40>\n" FIRST DATE},
    {host_is_ours, CONTACT FIRST DATE},
    {from_ipv6, "Contact: <sip:+12155550131@[2001:db8::40]>\n" FIRST DATE},
    {own_lines,
     CONTACT FIRST DATE "Reason: SIP;cause=399;text=\"why not\"\nX-Foo: bar\nX-Two: 2\n"},
    {token_with_ends, CONTACT "Identity: a.b.c;info=<x>  X-Evil: 1\n" DATE},
};

static void settings_of_a_dialect(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT;
        set(&s, &dialects[0]);
        changes[i].change(&s);
        answer(&s, &a, &out);
        const struct str said = buf_str(&out);
        const struct str lines = str_slice(said, str_find(said, '\n', 0) + 1, said.n);
        if (!str_eq(lines, str_of(changes[i].lines)))
            fail_msg("%zu:\n%.*s\nand not\n%s", i, STR_ARG(lines), changes[i].lines);
        buf_fini(&out);
        clear(&s);
    }
}

/* Some readers take these for an address, and others for another one, or for no place. */
static void hosts_that_are_none(void **state)
{
    static const char *const hosts[] = {"127.088.78.1",
                                        "127.88.78.01",
                                        "0x7f.88.78.1",
                                        "2136493569",
                                        "127.1",
                                        "localhost",
                                        "LocalHost",
                                        "0.0.0.0",
                                        "[::]",
                                        "-",
                                        "carrier.1x",
                                        "carrier.example:",
                                        "carrier.example:0",
                                        "1",
                                        "carrier.",
                                        "carrier.example:99999"};
    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT;
        char uri[64];
        set(&s, &dialects[0]);
        snprintf(uri, sizeof(uri), "sip:+12155550131@%s", hosts[i]);
        s.dialect.contact = DIALECT_CONTACT_REQUEST;
        s.call.request_uri = str_of(uri);
        answer(&s, &a, &out);
        const struct str said = buf_str(&out),
                         rest = str_slice(said, str_find(said, '\n', 0) + 1, said.n);
        if (str_eq(str_of(hosts[i]), STR("carrier.")))
            assert_true(str_starts(rest, STR("Contact: <sip:+12155550131@carrier.>\n")));
        else if (!str_starts(rest, STR(CONTACT)))
            fail_msg("%s:\n%.*s", hosts[i], STR_ARG(rest));
        buf_fini(&out);
        clear(&s);
    }
}

/* ---- why it was refused ---- */

/* One Reason of SIP, whoever has one: the rule, the place to complain, the dialect. */
static void why_it_was_refused(void **state)
{
    static const struct {
        const char *dialect;
        enum reason reason;
        int status;
        const char *text;
        const char *said; /* with its status line */
    } refusals[] = {
        {"clearip", REASON_REFUSED_BY_RULE, 403, "",
         "603 Network Blocked\nReason: SIP;cause=603;text=\"v=analytics1;url=https://a.example\";"
         "location=TN\n"},
        {"clearip", REASON_REFUSED_BY_RULE, 403, "call us",
         "603\nReason: SIP;cause=603;text=\"call us\"\n"},
        {"clearip", REASON_REFUSED_BY_CAP, 403, "",
         "603\nReason: SIP;cause=603;text=\"sti-blocked\"\n"},
        {"generic", REASON_NUMBER_BLOCKED, 603, "",
         "603 Network Blocked\nReason: SIP;cause=603;text=\"v=analytics1;url=https://a.example\";"
         "location=TN\n"},
        {"provenant", REASON_NUMBER_BLOCKED, 603, "",
         "603 blocked 0x00000028\nReason: SIP;cause=603;text=\"v=analytics1;"
         "url=https://a.example\";location=TN\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT;
        set(&s, dialect_find(str_of(refusals[i].dialect)));
        s.dialect.request_id = STR("");
        s.settings.blocked_url = STR("https://a.example");
        s.settings.blocked_location = LOCATION_TRANSIT;
        refuses(&s, refusals[i].reason, refusals[i].status);
        s.outcome.refusal_text = str_of(refusals[i].text);
        answer(&s, &a, &out);
        if (!str_eq(buf_str(&out), str_of(refusals[i].said)))
            fail_msg("%zu:\n%.*s\nand not\n%s", i, STR_ARG(buf_str(&out)), refusals[i].said);
        out.n = 0; /* by something else, the rule's words are not its */
        s.question.reason = REASON_DRAINING;
        answer(&s, &a, &out);
        assert_int_equal(count(buf_str(&out), "Reason: SIP"), 0);
        buf_fini(&out);
        clear(&s);
    }
}

/* Where no Contact can be made: an answer that needs none, and lets the call go on. */
static void nowhere_to_send_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < dialect_count; i++)
        for (unsigned k = 0; k < DIALECT_CASES; k++) {
            struct scene s;
            struct redirect_answer a;
            struct buf out = BUF_INIT;
            set(&s, &dialects[i]);
            s.dialect.contact = DIALECT_CONTACT_SOURCE;
            set_case(&s, (enum dialect_case)k);
            s.call.request_uri_unclear = true;
            answer(&s, &a, &out);
            assert_true(a.status >= 400);
            assert_int_equal(count(buf_str(&out), "Identity: ") + count(buf_str(&out), "verstat"),
                             0);
            assert_true(a.why ? dialects[i].answers[k].status < 400 && a.status < 600
                              : dialects[i].answers[k].status >= 400 ||
                                    dialects[i].answers[k].status == 0);
            buf_fini(&out);
            clear(&s);
        }
}

/* ---- P-Asserted-Identity ---- */

#define PAI(uri) "P-Asserted-Identity: " uri "\n"

static const struct {
    const char *lines, *from; /* of the request; NULL: "sip:2155550121@192.0.2.40" */
    bool untrusted;
    enum dialect_pai pai;
    enum verstat_form form;
    enum verstat_place place;
    const char *label;
    const char *said;
} asserted[] = {
    {"", NULL, .said = PAI("<sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"", NULL, .pai = DIALECT_PAI_CANONICAL,
     .said = PAI("<sip:+12155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"", NULL, .form = VERSTAT_FORM_TEL,
     .said = PAI("<tel:+12155550121;verstat=TN-Validation-Passed>")},
    {"", NULL, .form = VERSTAT_FORM_URI,
     .said = PAI("<sip:2155550121@192.0.2.40;verstat=TN-Validation-Passed>")},
    {"", NULL, .place = VERSTAT_PLACE_NONE, .said = ""},
    {"", NULL, .place = VERSTAT_PLACE_FROM, /* From of an answer stays as it came */
     .said = PAI("<sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"", "tel:+1-215-555-0121", .said = PAI("<tel:+1-215-555-0121;verstat=TN-Validation-Passed>")},
    {"", "sip:anonymous@anonymous.invalid",
     .said = PAI("<tel:+12155550121;verstat=TN-Validation-Passed>")},
    {"", NULL, .label = "[V]",
     .said = PAI("\"[V] 2155550121\" <sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"P-Asserted-Identity: \"Acme\" <sip:+12155550121@sbc.example>\r\n", NULL,
     .said = PAI("\"Acme\" <sip:+12155550121;verstat=TN-Validation-Passed@sbc.example>")},
    {"P-Asserted-Identity: \"Acme\" <sip:+12155550121@sbc.example>\r\n", NULL, .label = "[V]",
     .said = PAI("\"[V] Acme\" <sip:+12155550121;verstat=TN-Validation-Passed@sbc.example>")},
    {"P-Asserted-Identity:\r\n <tel:+12155550121;verstat=TN-Validation-Failed>\r\n", NULL,
     .said = PAI("<tel:+12155550121;verstat=TN-Validation-Passed>")},
    /* of another number nothing is known */
    {"P-Asserted-Identity: <tel:+12155550177>\r\n", NULL,
     .said = PAI("<tel:+12155550177;verstat=No-TN-Validation>")},
    {"P-Asserted-Identity: <tel:+12155550177>\r\n", NULL, .untrusted = true,
     .said = PAI("<sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    /* each of a list by itself */
    {"P-Asserted-Identity: <sip:+12155550121@h>, <tel:+12155550121>\r\n", NULL, .label = "[V]",
     .said = PAI("\"[V] +12155550121\" <sip:+12155550121;verstat=TN-Validation-Passed@h>, "
                 "\"[V] +12155550121\" <tel:+12155550121;verstat=TN-Validation-Passed>")},
    {"P-Asserted-Identity: \"A, B\" <sip:+12155550121@h> ,C <tel:+12155550177>\r\n", NULL,
     .label = "[V]",
     .said = PAI("\"[V] A, B\" <sip:+12155550121;verstat=TN-Validation-Passed@h>, "
                 "C <tel:+12155550177;verstat=No-TN-Validation>")},
    /* what no header has is not written, and silences nothing */
    {"P-Asserted-Identity: \"A\x01\" <sip:+12155550121@h>\r\n", NULL,
     .said = PAI("<sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"P-Asserted-Identity: <tel:+12155550121>;x=\x7f\r\n", NULL, .label = "[V]",
     .said = PAI("\"[V] 2155550121\" <sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"P-Asserted-Identity: <sip:sales@sbc.example>\r\n", NULL,
     .said = PAI("<sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
};

static void number_of_a_judged_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(asserted) / sizeof(asserted[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT, request = BUF_INIT;
        set(&s, &dialects[0]);
        judged(&s, VERIFICATION_PASSED, VERSTAT_PASSED);
        buf_addf(&request, "INVITE sip:a@b SIP/2.0\r\n%s\r\n", asserted[i].lines);
        s.question.request = buf_str(&request);
        s.call.from_uri = str_of(asserted[i].from ? asserted[i].from : "sip:2155550121@192.0.2.40");
        s.trunk.trusted = !asserted[i].untrusted;
        s.dialect.pai = asserted[i].pai;
        s.dialect.contact = DIALECT_CONTACT_NONE;
        s.profile.verstat_form = asserted[i].form;
        s.profile.verstat_place = asserted[i].place;
        s.profile.n_attestation_headers = 0;
        s.profile.result_header = STR("");
        s.profile.label_a = str_of(asserted[i].label);
        answer(&s, &a, &out);
        const struct str lines = str_slice(buf_str(&out), str_find(buf_str(&out), '\n', 0) + 1,
                                           out.n);
        if (!str_eq(lines, str_of(asserted[i].said)))
            fail_msg("%zu:\n%.*s\nand not\n%s", i, STR_ARG(lines), asserted[i].said);
        buf_fini(&out);
        buf_fini(&request);
        clear(&s);
    }
}

/* ---- Request_id ---- */

static void request_ids(void **state)
{
    static const struct {
        const char *came;
        bool is_kept;
    } ids[] = {{"Request_id: 7f1c-42\r\n", true}, {"request_ID: 7f1c-42\r\n", true},
               {"Request_id: a b\r\n", false},    {"Request_id: a\r\n b\r\n", false},
               {"Request_id:\r\n", false},        {"", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT, request = BUF_INIT;
        set(&s, dialect_find(STR("provenant")));
        buf_addf(&request, "INVITE sip:a@b SIP/2.0\r\n%s\r\n", ids[i].came);
        s.question.request = buf_str(&request);
        answer(&s, &a, &out);
        assert_true(memmem(out.p, out.n, "\nRequest_id: 7f1c-42\n", 21) ? ids[i].is_kept
                                                                        : !ids[i].is_kept);
        assert_non_null(memmem(out.p, out.n, "\nRequest_id: ", 13));
        /* not the origid, which is made of the same octets */
        assert_null(memmem(out.p, out.n, "30313233-3435", 13));
        buf_fini(&out);
        buf_fini(&request);
        clear(&s);
    }
}

/* R-D-016: echoed as it came, where it is one. */
static void timestamps(void **state)
{
    static const struct {
        const char *came, *goes;
    } stamps[] = {{"Timestamp: 54.3\r\n", "\nTimestamp: 54.3\n"},
                  {"TIMESTAMP:  54\r\n", "\nTimestamp: 54\n"},
                  {"Timestamp: 5\r\n 4\r\n", NULL},
                  {"Timestamp:\r\n", NULL},
                  {"", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT, request = BUF_INIT;
        set(&s, dialect_find(STR("generic")));
        buf_addf(&request, "INVITE sip:a@b SIP/2.0\r\n%s\r\n", stamps[i].came);
        s.question.request = buf_str(&request);
        answer(&s, &a, &out);
        const char *wanted = stamps[i].goes ? stamps[i].goes : "\nTimestamp";
        const bool is_there = memmem(out.p, out.n, wanted, strlen(wanted)) != NULL;
        assert_true(is_there == (stamps[i].goes != NULL));
        buf_fini(&out);
        buf_fini(&request);
        clear(&s);
    }
}

/* ---- Contact's header fields ---- */

/* R-D-014: every octet comes back as any reader of URIs unescapes it, and none is escaped that may
   stand there. */
static void escapes_come_back(void **state)
{
    static const char plain[] = "-_.!~*'()[]/?:+$";
    struct scene s;
    struct redirect_answer a;
    char value[256];
    size_t n = 0;
    (void)state;
    for (int c = 1; c < 256; c++)
        if (c != '\r' && c != '\n')
            value[n++] = (char)c;
    set(&s, dialect_find(STR("oracle")));
    s.dialect.date = DIALECT_DATE_NEVER;
    s.identities[0] = (struct str){value, n};
    s.question.reason = s.outcome.reason;
    assert_true(redirect_answer(&a, &s.question));
    const char *begin = memmem(a.lines.p, a.lines.n, "?Identity=", 10);
    assert_non_null(begin);
    begin += 10;
    const char *end = memchr(begin, '>', (size_t)(a.lines.p + a.lines.n - begin));
    assert_non_null(end);
    const struct str written = str_span(begin, end);
    struct str back;
    assert_true(uri_unescape(s.call.arena, written, &back));
    /* white space at the ends of a value is none of it */
    assert_true(str_eq(back, str_trim(s.identities[0])));
    for (size_t i = 0; i < written.n; i++) {
        const char c = written.p[i];
        if (c == '%') {
            const int high = ascii_hex_value(written.p[i + 1]),
                      low = ascii_hex_value(written.p[i + 2]);
            const char of = (char)(high * 16 + low);
            assert_false(ascii_is_alpha(of) || ascii_is_digit(of) || strchr(plain, of));
            assert_true(written.p[i + 1] < 'a' && written.p[i + 2] < 'a');
            i += 2;
        } else
            assert_true(ascii_is_alpha(c) || ascii_is_digit(c) || strchr(plain, c));
    }
    clear(&s);
}

/* ---- how long ---- */

/* The estimate is above what is written of a usual call, and not far above. */
static void an_answer_is_as_long_as_said(void **state)
{
    (void)state;
    for (unsigned i = 0; i < dialect_count; i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf token = BUF_INIT;
        const struct str url = STR("https://cr.sansay.com/Sansay_997T");
        set(&s, &dialects[i]);
        for (unsigned k = 0; k < 123 + 186 + 88; k++)
            buf_add_char(&token, 'x');
        buf_addf(&token, ";info=<%.*s>;alg=ES256;ppt=shaken", STR_ARG(url));
        s.identities[0] = buf_str(&token);
        s.question.reason = s.outcome.reason;
        assert_true(redirect_answer(&a, &s.question));
        const uint32_t said = redirect_answer_bytes(&dialects[i], 1, (uint32_t)url.n);
        assert_true(said > a.lines.n + 300 && said < a.lines.n + 800);
        assert_int_equal(redirect_answer_bytes(&dialects[i], 2, (uint32_t)url.n) - said,
                         said - redirect_answer_bytes(&dialects[i], 0, (uint32_t)url.n));
        buf_fini(&token);
        clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_in_the_files),
        cmocka_unit_test(each_refusal),
        cmocka_unit_test(what_befell_it_since),
        cmocka_unit_test(tokens_that_stay_here),
        cmocka_unit_test(observed),
        cmocka_unit_test(emergency),
        cmocka_unit_test(emergency_that_passes),
        cmocka_unit_test(lowered),
        cmocka_unit_test(settings_of_a_dialect),
        cmocka_unit_test(hosts_that_are_none),
        cmocka_unit_test(why_it_was_refused),
        cmocka_unit_test(nowhere_to_send_it),
        cmocka_unit_test(number_of_a_judged_call),
        cmocka_unit_test(request_ids),
        cmocka_unit_test(timestamps),
        cmocka_unit_test(escapes_come_back),
        cmocka_unit_test(an_answer_is_as_long_as_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
