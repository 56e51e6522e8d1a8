/*
 * redirect_scene - a call of an SBC that asks by redirect, and all that is known of it, for trials
 * of what it is answered; each changes what it is about.
 */
#ifndef STIRD_REDIRECT_SCENE_H
#define STIRD_REDIRECT_SCENE_H

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

static inline void set(struct scene *s, const struct dialect *dialect)
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

static inline void judged(struct scene *s, enum verification_class class, enum verstat verstat)
{
    s->outcome.verdict = VERDICT_PASS;
    s->outcome.reason = REASON_VERIFIED;
    s->question.n_identities = 0;
    s->verified.class = class;
    s->verified.verstat = verstat;
    s->verified.level = class == VERIFICATION_PASSED ? 'A' : '\0';
    s->outcome.verified = &s->verified;
}

static inline void passes(struct scene *s, enum reason reason)
{
    s->outcome.verdict = VERDICT_PASS;
    s->outcome.reason = reason;
    s->question.n_identities = 0;
}

static inline void refuses(struct scene *s, enum reason reason, int status)
{
    s->outcome.verdict = VERDICT_REJECT;
    s->outcome.reason = reason;
    s->outcome.sip_status = status;
    s->question.n_identities = 0;
}

static inline unsigned count(struct str text, const char *what)
{
    unsigned n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += str_starts(str_slice(text, i, text.n), str_of(what));
    return n;
}

/* The answer as it would go out, but for what sip writes: its lines end in LF, and each had a CR.
 */
static inline void answer(struct scene *s, struct redirect_answer *a, struct buf *out)
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

static inline void clear(struct scene *s)
{
    arena_free(s->call.arena);
}

/* A call of which that is to be said. */
static inline void set_case(struct scene *s, enum dialect_case which)
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

#endif
