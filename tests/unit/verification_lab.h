/* Calls with several tokens, all signed by good keys unless a case says otherwise. */
#ifndef STIRD_TESTS_VERIFICATION_LAB_H
#define STIRD_TESTS_VERIFICATION_LAB_H

#include "verify_lab.h"

#include <stird/core/verification.h>

#define TOKENS_MAX 12

/* A token, as a case has it. */
struct spec {
    const char *ppt;
    const char *payload;
    enum { GOOD, FLIPPED, PENDING, LIMITED, CUT_OFF, GONE, GARBAGE, WRITTEN } how;
};

struct call {
    const char *name;
    struct spec tokens[TOKENS_MAX];
    const char *to, *requested; /* NULL: "12155550131"; "": no number */
    const char *priority;       /* Resource-Priority */
    bool psap, emergency, withheld, guessed;
    struct verification_rules rules; /* zeros: the usual */
    const char *served;              /* "delegate", "none"; NULL: of a provider */
    enum verification_class class;
    enum reason reason;
    int status;
    const char *check; /* NULL: none */
    enum verstat priority_told;
};

#define ORIG                "\"orig\":{\"tn\":\"12155550121\"}"
#define AT                  "\"iat\":1443208345,"
#define DEST(n)             "\"dest\":{\"tn\":[\"" n "\"]},"
#define ORIGID              ",\"origid\":\"123e4567-e89b-12d3-a456-426655440000\""
#define SHAKEN_AT(level, n) "{\"attest\":\"" level "\"," DEST(n) AT ORIG ORIGID "}"
#define SHAKEN(n)           SHAKEN_AT("A", n)
#define DIV(from, n)        "{" DEST(n) "\"div\":{\"tn\":\"" from "\"}," AT ORIG "}"
#define RCD(rcd)            "{" DEST("12155550131") AT ORIG "," rcd "}"
#define NAM                 "\"rcd\":{\"nam\":\"Bank\"}"
#define RPH(auth)           "{" DEST("12155550131") AT ORIG ",\"rph\":{\"auth\":[" auth "]}}"

#define S(n)                                                                                       \
    {                                                                                              \
        "shaken", SHAKEN(n), GOOD                                                                  \
    }
#define D(from, n)                                                                                 \
    {                                                                                              \
        "div", DIV(from, n), GOOD                                                                  \
    }
#define B "12155550131"
#define C "12155550141"
#define E "12155550151"
#define F "12155550161"

/* ---- how a call is judged ---- */

static struct buf chains[2]; /* of a provider; of a delegate, for some numbers */
static struct sti_certificate prepared[3];
static struct arena *kept;

static inline void sign_with(struct buf *out, const struct spec *spec)
{
    unsigned char raw[JWS_SIGNATURE_MAX];
    char header[256];
    snprintf(header, sizeof(header),
             "{\"alg\":\"ES256\",\"ppt\":\"%s\",\"typ\":\"passport\",\"x5u\":\"https://"
             "cert.example.org/c\"}",
             spec->ppt);
    base64url_add(out, header, strlen(header));
    buf_add_char(out, '.');
    base64url_add(out, spec->payload, strlen(spec->payload));
    void *ready = jws_es256.ready_new(key);
    assert_true(jws_es256.sign(ready, buf_str(out), raw));
    jws_es256.ready_free(ready);
    if (spec->how == FLIPPED)
        raw[9] ^= 1;
    buf_add_char(out, '.');
    base64url_add(out, raw, sizeof(raw));
    buf_addf(out, ";info=<https://cert.example.org/c>;alg=ES256;ppt=%s", spec->ppt);
}

static inline struct buf value_of(const struct spec *spec)
{
    struct buf value = BUF_INIT;
    if (spec->how == WRITTEN)
        buf_add_text(&value, spec->payload);
    else
        sign_with(&value, spec);
    return value;
}

static inline struct verification_served served_of(const struct call *call, const struct spec *spec)
{
    static const enum verification_certificate states[] = {
        [PENDING] = CERTIFICATE_PENDING,    [LIMITED] = CERTIFICATE_LIMIT,
        [CUT_OFF] = CERTIFICATE_CUT_OFF,    [GONE] = CERTIFICATE_UNAVAILABLE,
        [GARBAGE] = CERTIFICATE_UNREADABLE,
    };
    struct verification_served s = {.state = CERTIFICATE_PREPARED, .prepared = &prepared[0]};
    if (call->served)
        s.prepared = &prepared[str_eq(str_of(call->served), STR("none")) ? 2 : 1];
    if (spec->how >= PENDING && spec->how <= GARBAGE)
        s = (struct verification_served){.state = states[spec->how]};
    return s;
}

static const struct tn *number(struct tn *tn, const char *text, const char *otherwise)
{
    return tn_from_digits(tn, str_of(text ? text : otherwise)) ? tn : NULL;
}

static inline unsigned count(const struct call *call)
{
    unsigned n = 0;
    while (n < TOKENS_MAX && call->tokens[n].payload)
        n++;
    return n;
}

/* V is good until ARENA ends; SET has to be ended by whoever asks. False: no memory. */
static inline bool judge_values(const struct call *call, const struct buf *values, unsigned n,
                                struct arena *arena, struct identity_set *set,
                                struct verification *v)
{
    struct str texts[TOKENS_MAX], resource = str_of(call->priority);
    struct verification_served served[IDENTITY_SET_MAX] = {{.state = CERTIFICATE_PENDING}};
    const struct call_priority priority = {
        .resources = &resource, .n_resources = 1, .is_psap_callback = call->psap};
    struct tn orig, to, requested;
    for (unsigned i = 0; i < n; i++)
        texts[i] = buf_str(&values[i]);
    if (!identity_set_read(set, texts, n, IDENTITY_SET_USUAL, arena))
        return false;
    for (unsigned i = 0; i < set->n; i++)
        served[i] = served_of(call, &call->tokens[set->entries[i].header]);
    struct verification_question q = {
        .set = set,
        .served = served,
        .rules = call->rules,
        .now_s = NOW,
        .time_is_guessed = call->guessed,
        .orig = call->withheld ? NULL : number(&orig, "12155550121", NULL),
        .to = number(&to, call->to, B),
        .requested = number(&requested, call->requested, call->to ? call->to : B),
        .is_withheld = call->withheld,
        .is_emergency = call->emergency,
        .priority = call->priority || call->psap ? &priority : NULL,
    };
    if (q.rules.max_age_s == 0) {
        q.rules.max_age_s = VERIFY_MAX_AGE_S;
        q.rules.min_level = q.rules.min_level ? q.rules.min_level : 'C';
    }
    verification_judge(&q, arena, v);
    return true;
}

static inline struct verification judge(const struct call *call, struct arena *arena)
{
    struct buf values[TOKENS_MAX];
    struct identity_set set;
    struct verification v;
    unsigned n = count(call);
    for (unsigned i = 0; i < n; i++)
        values[i] = value_of(&call->tokens[i]);
    assert_true(judge_values(call, values, n, arena, &set, &v));
    identity_set_fini(&set);
    for (unsigned i = 0; i < n; i++)
        buf_fini(&values[i]);
    for (unsigned i = 0; i < v.n; i++)
        v.headers[i].token = NULL; /* which ended */
    return v;
}

static inline void expect_call(const struct call *call)
{
    struct arena *arena = arena_new(4096);
    struct verification v = judge(call, arena);
    struct str check = v.check < VERIFY_CHECKS ? verify_check_name(v.check) : STR("");
    if (v.class != call->class || v.reason != call->reason || v.sip_status != call->status ||
        !str_eq(check, str_of(call->check)) || v.priority != call->priority_told)
        fail_msg("%s: %.*s, %.*s, %d by %.*s, %.*s", call->name,
                 STR_ARG(verification_class_name(v.class)), STR_ARG(reason_name(v.reason)),
                 v.sip_status, STR_ARG(check), STR_ARG(verstat_priority_text(v.priority)));
    assert_true((v.class == VERIFICATION_PASSED) == (v.verstat == VERSTAT_PASSED));
    assert_true((v.class == VERIFICATION_PASSED) == (v.level != '\0'));
    assert_true(v.class != VERIFICATION_OPEN || (v.sip_status == 0 && v.verstat == VERSTAT_NONE));
    assert_true(!v.may_be_refused || v.sip_status > 0);
    assert_true((v.sip_phrase.n > 0) == (v.sip_status > 0));
    arena_free(arena);
}

static inline void expect_calls(const struct call *calls, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect_call(&calls[i]);
}
#define EXPECT_CALLS(calls) expect_calls(calls, sizeof(calls) / sizeof((calls)[0]))

#define FAIL(r, s, c) .class = VERIFICATION_FAILED, .reason = REASON_##r, .status = s, .check = c
#define NOTHING(r, s, c)                                                                           \
    .class = VERIFICATION_NOTHING, .reason = REASON_##r, .status = s, .check = c
#define OPEN(r)       .class = VERIFICATION_OPEN, .reason = REASON_##r
#define PASS(r, s, c) .class = VERIFICATION_PASSED, .reason = REASON_##r, .status = s, .check = c
#define GOOD_CALL     PASS(VERIFIED, 0, NULL)
#define BROKEN_CHAIN  FAIL(DIVERSION_BROKEN, 438, "div")

static inline int set_up_served(void **state)
{
    static const char *const numbers[] = {B, NULL};
    int failed = set_up(state);
    kept = arena_new(4096);
    chains[0] = good_chain();
    chains[1] = serve(make("delegate", 4, key, false, false, NULL, numbers), true);
    assert_true(sti_certificate_prepare(&prepared[0], buf_str(&chains[0]), trust, NOW, kept));
    assert_true(sti_certificate_prepare(&prepared[1], buf_str(&chains[1]), trust, NOW, kept));
    assert_true(sti_certificate_prepare(&prepared[2], buf_str(&chains[0]), NULL, NOW, kept));
    return failed;
}

static inline int tear_down_served(void **state)
{
    for (unsigned i = 0; i < 3; i++)
        sti_certificate_fini(&prepared[i]);
    buf_fini(&chains[0]);
    buf_fini(&chains[1]);
    arena_free(kept);
    return tear_down(state);
}

#endif
