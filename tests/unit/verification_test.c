/* Calls with several tokens, all signed by good keys unless a case says otherwise: chains of
   diversions, rich call data, priorities, and each row of the table of outcomes. */
#include "verify_lab.h"

#include "no_memory.h"

#include <stird/core/verification.h>

#define TOKENS_MAX 12

/* A token, as a case has it. */
struct spec {
    const char *ppt;
    const char *payload;
    enum { GOOD, FLIPPED, PENDING, LIMITED, GONE, GARBAGE, WRITTEN } how;
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

static void sign_with(struct buf *out, const struct spec *spec)
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

static struct buf value_of(const struct spec *spec)
{
    struct buf value = BUF_INIT;
    if (spec->how == WRITTEN)
        buf_add_text(&value, spec->payload);
    else
        sign_with(&value, spec);
    return value;
}

static struct verification_served served_of(const struct call *call, const struct spec *spec)
{
    static const enum verification_certificate states[] = {
        [PENDING] = CERTIFICATE_PENDING,
        [LIMITED] = CERTIFICATE_LIMIT,
        [GONE] = CERTIFICATE_UNAVAILABLE,
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

static unsigned count(const struct call *call)
{
    unsigned n = 0;
    while (n < TOKENS_MAX && call->tokens[n].payload)
        n++;
    return n;
}

/* V is good until ARENA ends; SET has to be ended by whoever asks. False: no memory. */
static bool judge_values(const struct call *call, const struct buf *values, unsigned n,
                         struct arena *arena, struct identity_set *set, struct verification *v)
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

static struct verification judge(const struct call *call, struct arena *arena)
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

static void expect_call(const struct call *call)
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

static void expect_calls(const struct call *calls, size_t n)
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

/* ---- diversions ---- */

/* R-X-030. */
static void chains_of_div(void **state)
{
    static const struct call calls[] = {
        {"once", {S(B), D(B, C)}, .to = C, GOOD_CALL},
        {"once, To as it was", {S(B), D(B, C)}, .requested = C, GOOD_CALL},
        {"div first", {D(B, C), S(B)}, .to = C, GOOD_CALL},
        {"three times, in disorder", {D(C, E), D(E, F), S(B), D(B, C)}, .to = F, GOOD_CALL},
        {"without the first", {S(B), D(C, E)}, .to = E, BROKEN_CHAIN},
        {"without the last", {S(B), D(B, C)}, .to = E, BROKEN_CHAIN},
        {"one too many", {S(B), D(B, C), D(E, F)}, .to = C, BROKEN_CHAIN},
        {"one that nobody needs", {S(B), D(B, C)}, .to = B, BROKEN_CHAIN},
        {"in a circle", {S(B), D(B, C), D(C, B)}, .to = B, BROKEN_CHAIN},
        {"through a number twice", {S(B), D(B, C), D(C, B), D(B, E)}, .to = E, BROKEN_CHAIN},
        {"two from one number", {S(B), D(B, C), D(B, E)}, .to = C, BROKEN_CHAIN},
        {"the same twice", {S(B), D(B, C), D(B, C)}, .to = C, BROKEN_CHAIN},
        {"to itself", {S(B), D(B, B)}, .to = B, BROKEN_CHAIN},
        {"called at no number", {S(B), D(B, C)}, .to = C, .requested = "", BROKEN_CHAIN},
        {"of another caller",
         {S(B),
          {"div", "{" DEST(C) "\"div\":{\"tn\":\"" B "\"}," AT "\"orig\":{\"tn\":\"12155550129\"}}",
           GOOD}},
         .to = C,
         BROKEN_CHAIN},
        {"of a caller without a number",
         {S(B),
          {"div",
           "{" DEST(C) "\"div\":{\"tn\":\"" B "\"}," AT "\"orig\":{\"uri\":\"sip:a@b.example\"}}",
           GOOD}},
         .to = C,
         BROKEN_CHAIN},
        {"from a URI",
         {S(B), {"div", "{" DEST(C) "\"div\":{\"uri\":\"sip:a@b.example\"}," AT ORIG "}", GOOD}},
         .to = C,
         BROKEN_CHAIN},
        {"to one of two",
         {S(B),
          {"div",
           "{\"dest\":{\"tn\":[\"" E "\",\"" C "\"]},\"div\":{\"tn\":\"" B "\"}," AT ORIG "}",
           GOOD}},
         .to = C,
         GOOD_CALL},
        {"with an index",
         {S(B),
          {"div", "{" DEST(C) "\"div\":{\"hi\":\"1.2\",\"tn\":\"" B "\"}," AT ORIG "}", GOOD}},
         .to = C,
         GOOD_CALL},
        {"with an index that is none",
         {S(B),
          {"div", "{" DEST(C) "\"div\":{\"hi\":\"1.x\",\"tn\":\"" B "\"}," AT ORIG "}", GOOD}},
         .to = C,
         FAIL(DIVERSION_BROKEN, 438, "claims")},
        {"without div",
         {S(B), {"div", "{" DEST(C) AT ORIG "}", GOOD}},
         .to = C,
         FAIL(DIVERSION_BROKEN, 438, "claims")},
        {"one is forged",
         {S(B), D(B, C), {"div", DIV(C, E), FLIPPED}},
         .to = E,
         FAIL(SIGNATURE_INVALID, 438, "signature")},
        {"one is old",
         {S(B),
          {"div", "{" DEST(C) "\"div\":{\"tn\":\"" B "\"},\"iat\":1443208000," ORIG "}", GOOD}},
         .to = C,
         FAIL(TOKEN_STALE, 403, "fresh")},
        {"one is no JSON",
         {S(B), {"div", "{", GOOD}},
         .to = C,
         FAIL(DIVERSION_BROKEN, 438, "payload")},
        {"one is not there yet",
         {S(B), {"div", DIV(B, C), PENDING}},
         .to = C,
         OPEN(CERTIFICATE_PENDING)},
        {"one is not served",
         {S(B), {"div", DIV(B, C), GONE}},
         .to = C,
         NOTHING(CERTIFICATE_UNAVAILABLE, 436, "fetch")},
        {"the first is not there yet",
         {{"shaken", SHAKEN(B), PENDING}, D(B, C)},
         .to = C,
         OPEN(CERTIFICATE_PENDING)},
        {"the first is not there yet, and one is forged",
         {{"shaken", SHAKEN(B), PENDING}, {"div", DIV(B, C), FLIPPED}},
         .to = C,
         FAIL(SIGNATURE_INVALID, 438, "signature")},
        {"the first is not there yet, and leads nowhere",
         {{"shaken", SHAKEN(B), PENDING}, D(B, C)},
         .to = E,
         BROKEN_CHAIN},
        {"two begin, one of them leads on",
         {S(E), S(B), D(B, C)},
         .to = C,
         PASS(VERIFIED, 438, "div")},
        {"two begin, the one that leads on is forged",
         {S(E), {"shaken", SHAKEN(B), FLIPPED}, D(B, C)},
         .to = C,
         FAIL(DIVERSION_BROKEN, 438, "div")},
        /* R-X-031 */
        {"alone", {D(B, C)}, .to = C, NOTHING(UNSIGNED_CALL, 0, NULL)},
        {"div-o is for others",
         {S(B), {"div-o", DIV(B, C), GOOD}},
         .to = C,
         FAIL(TOKEN_OF_ANOTHER_CALL, 438, "dest")},
    };
    (void)state;
    EXPECT_CALLS(calls);
}

/* Who diverts answers for his own number: the delegate may sign for B and not for C. */
static void a_delegate_diverts(void **state)
{
    static const struct call calls[] = {
        {"its own",
         {{"shaken", "{\"attest\":\"A\"," DEST(C) AT "\"orig\":{\"tn\":\"12155550121\"}" ORIGID "}",
           GOOD}},
         .to = C,
         .served = "delegate",
         FAIL(CERTIFICATE_SCOPE, 437, "scope")},
        {"of its number",
         {D(B, C)},
         .to = C,
         .served = "delegate",
         NOTHING(UNSIGNED_CALL, 0, NULL)},
    };
    struct arena *arena = arena_new(4096);
    struct verification v;
    (void)state;
    EXPECT_CALLS(calls);
    v = judge(&calls[1], arena);
    assert_int_equal(v.headers[0].report.finding[VERIFY_SCOPE].result, VERIFY_PASSED);
    const struct call other = {"of another", {D(C, E)}, .to = E, .served = "delegate"};
    v = judge(&other, arena);
    assert_int_equal(v.headers[0].report.finding[VERIFY_SCOPE].result, VERIFY_FAILED);
    arena_free(arena);
}

/* Whatever is left out of a good chain, put twice or in another order: only the whole one passes.
 */
static void only_the_whole_chain_passes(void **state)
{
    static const struct spec whole[] = {S(B), D(B, C), D(C, E), D(E, F)};
    (void)state;
    for (unsigned mask = 0; mask < 256; mask++) {
        struct call call = {"some of a chain", .to = F};
        unsigned n = 0;
        for (unsigned i = 0; i < 4; i++) /* two bits each: none, once, twice */
            for (unsigned k = 0; k < (mask >> 2 * i & 3) && k < 2; k++)
                call.tokens[n++] = whole[(i + mask) % 4];
        struct arena *arena = arena_new(4096);
        struct verification v = judge(&call, arena);
        bool once = true;
        for (unsigned i = 0; i < 4; i++) {
            unsigned times = (mask >> 2 * i & 3) > 2 ? 2 : mask >> 2 * i & 3;
            once = once && (times == 1 || ((i + mask) % 4 == 0 && times == 2));
        }
        if ((v.class == VERIFICATION_PASSED) != once)
            fail_msg("%x: %.*s", mask, STR_ARG(verification_class_name(v.class)));
        arena_free(arena);
    }
}

/* ---- rich call data, priorities ---- */

#define SHA "sha256-AkwLJPvxD4OgyNRF2HZayAL2Ox3mqmsCH18p9z5ItLQ="

/* R-X-037. */
static void rich_call_data(void **state)
{
    static const struct {
        const char *claims;
        bool good;
    } cases[] = {
        {NAM, true},
        {"\"rcd\":{\"nam\":\"\"}", true},
        {"\"crn\":\"Travel\"," NAM, true},
        {"\"rcd\":{\"icn\":\"https://a.example/i.png\",\"nam\":\"x\"},\"rcdi\":{\"/icn\":\"" SHA
         "\"}",
         true},
        {"\"rcd\":{\"jcl\":\"https://a.example/\",\"nam\":\"x\"}", true},
        {"\"rcd\":{\"jcd\":[\"vcard\",[]],\"nam\":\"x\"}", true},
        {"\"rcd\":{}", false},
        {"\"rcd\":{\"nam\":1}", false},
        {"\"rcd\":{\"apn\":1,\"nam\":\"x\"}", false},
        {"\"rcd\":{\"jcd\":[],\"jcl\":\"https://a.example/\",\"nam\":\"x\"}", false},
        {"\"rcd\":{\"jcd\":\"x\",\"nam\":\"x\"}", false},
        {NAM ",\"rcdi\":{}", false},
        {NAM ",\"rcdi\":[]", false},
        {NAM ",\"rcdi\":{\"icn\":\"" SHA "\"}", false},
        {NAM ",\"rcdi\":{\"/icn\":\"sha256-AAAA\"}", false},
        {NAM ",\"rcdi\":{\"/icn\":\"md5-AkwLJPvxD4OgyNRF2HZayAL2Ox3mqmsCH18p9z5ItLQ=\"}", false},
        {NAM ",\"crn\":5", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char own[512], inside[512];
        snprintf(own, sizeof(own), "{" DEST(B) AT ORIG ",%s}", cases[i].claims);
        snprintf(inside, sizeof(inside), "{\"attest\":\"A\"," DEST(B) AT ORIG ORIGID ",%s}",
                 cases[i].claims);
        struct call beside = {own, {S(B), {"rcd", own, GOOD}}, GOOD_CALL};
        struct call within = {inside, {{"shaken", inside, GOOD}}, GOOD_CALL};
        if (!cases[i].good) {
            beside.reason = REASON_RCD_MISMATCH;
            beside.status = within.status = 438;
            beside.check = within.check = "rcd";
            within.class = VERIFICATION_NOTHING;
            within.reason = REASON_TOKEN_MALFORMED;
        }
        expect_call(&beside);
        expect_call(&within);
    }
    static const struct call calls[] = {
        {"no rcd in it", {S(B), {"rcd", RCD("\"x\":1"), GOOD}}, PASS(RCD_MISMATCH, 438, "claims")},
        {"it is forged", {S(B), {"rcd", RCD(NAM), FLIPPED}}, PASS(RCD_MISMATCH, 438, "signature")},
        {"it is not there yet", {S(B), {"rcd", RCD(NAM), PENDING}}, GOOD_CALL},
        {"of another call",
         {S(C), {"rcd", RCD(NAM), GOOD}},
         .to = C,
         PASS(RCD_MISMATCH, 438, "dest")},
        {"alone", {{"rcd", RCD(NAM), GOOD}}, NOTHING(UNSIGNED_CALL, 0, NULL)},
        {"alone and forged", {{"rcd", RCD(NAM), FLIPPED}}, NOTHING(UNSIGNED_CALL, 0, NULL)},
    };
    EXPECT_CALLS(calls);
}

#define TOLD(v) .priority_told = VERSTAT_##v

/* R-X-041. */
static void priorities(void **state)
{
    static const struct call calls[] = {
        {"asked for",
         {S(B), {"rph", RPH("\"ets.0\""), GOOD}},
         .priority = "ets.0",
         GOOD_CALL,
         TOLD(PASSED)},
        {"in any case and order",
         {S(B), {"rph", RPH("\"ets.0\",\"WPS.1\""), GOOD}},
         .priority = " wps.1 ,,ETS.0",
         GOOD_CALL,
         TOLD(PASSED)},
        {"of others beside it",
         {S(B), {"rph", RPH("\"ets.0\""), GOOD}},
         .priority = "ets.0,q735.1",
         GOOD_CALL,
         TOLD(PASSED)},
        {"not asked for",
         {S(B), {"rph", RPH("\"ets.0\""), GOOD}},
         PASS(RPH_MISMATCH, 438, "rph"),
         TOLD(FAILED)},
        {"another one is asked for",
         {S(B), {"rph", RPH("\"ets.1\""), GOOD}},
         .priority = "ets.0",
         PASS(RPH_MISMATCH, 438, "rph"),
         TOLD(FAILED)},
        {"more is asked for",
         {S(B), {"rph", RPH("\"ets.0\""), GOOD}},
         .priority = "ets.0, wps.0",
         PASS(RPH_MISMATCH, 438, "rph"),
         TOLD(FAILED)},
        {"nothing is allowed",
         {S(B), {"rph", RPH(""), GOOD}},
         .priority = "ets.0",
         PASS(RPH_MISMATCH, 438, "claims"),
         TOLD(FAILED)},
        {"no text",
         {S(B), {"rph", RPH("5"), GOOD}},
         .priority = "ets.0",
         PASS(RPH_MISMATCH, 438, "claims"),
         TOLD(FAILED)},
        {"forged",
         {S(B), {"rph", RPH("\"ets.0\""), FLIPPED}},
         .priority = "ets.0",
         PASS(RPH_MISMATCH, 438, "signature"),
         TOLD(FAILED)},
        {"not there yet",
         {S(B), {"rph", RPH("\"ets.0\""), PENDING}},
         .priority = "ets.0",
         GOOD_CALL,
         TOLD(NONE)},
        {"asked for without a token", {S(B)}, .priority = "ets.0", GOOD_CALL, TOLD(NONE)},
        {"alone",
         {{"rph", RPH("\"ets.0\""), GOOD}},
         .priority = "ets.0",
         NOTHING(UNSIGNED_CALL, 0, NULL),
         TOLD(PASSED)},
        {"before rich call data",
         {S(B), {"rcd", RCD(NAM), FLIPPED}, {"rph", RPH("\"ets.0\""), GOOD}},
         PASS(RPH_MISMATCH, 438, "rph"),
         TOLD(FAILED)},
        {"called back",
         {S(B),
          {"rph",
           "{" DEST(B) AT ORIG ",\"rph\":{\"auth\":[\"esnet.0\"]},\"sph\":\"psap-callback\"}",
           GOOD}},
         .priority = "esnet.0",
         .psap = true,
         GOOD_CALL,
         TOLD(PASSED)},
        /* no status: such calls go on */
        {"not called back",
         {S(B),
          {"rph",
           "{" DEST(B) AT ORIG ",\"rph\":{\"auth\":[\"esnet.0\"]},\"sph\":\"psap-callback\"}",
           GOOD}},
         .priority = "esnet.0",
         PASS(RPH_MISMATCH, 0, "rph"),
         TOLD(FAILED)},
        {"for help, forged",
         {{"shaken", SHAKEN(B), FLIPPED}},
         .priority = "esnet.1",
         FAIL(SIGNATURE_INVALID, 0, "signature")},
        {"from help, forged",
         {{"shaken", SHAKEN(B), FLIPPED}},
         .psap = true,
         FAIL(SIGNATURE_INVALID, 0, "signature")},
    };
    (void)state;
    EXPECT_CALLS(calls);
}

/* ---- the table of outcomes ---- */

/* R-V-048. */
static void each_outcome(void **state)
{
    static const struct call calls[] = {
        {"good", {S(B)}, GOOD_CALL},
        {"too low",
         {{"shaken", SHAKEN_AT("B", B), GOOD}},
         .rules = {.min_level = 'A'},
         PASS(VERIFIED_TOO_LOW, 403, NULL)},
        {"low enough",
         {{"shaken", SHAKEN_AT("B", B), GOOD}},
         .rules = {.min_level = 'B'},
         GOOD_CALL},
        {"no token", {{NULL}}, NOTHING(UNSIGNED_CALL, 0, NULL)},
        {"no token, required",
         {{NULL}},
         .rules = {.require = true},
         NOTHING(UNSIGNED_CALL, 428, NULL)},
        {"of others alone, required",
         {{"msgi", SHAKEN(B), GOOD}},
         .rules = {.require = true},
         NOTHING(UNSIGNED_CALL, 428, NULL)},
        {"an empty one, required",
         {{"", " ", WRITTEN}},
         .rules = {.require = true},
         NOTHING(UNSIGNED_CALL, 428, NULL)},
        {"pending", {{"shaken", SHAKEN(B), PENDING}}, OPEN(CERTIFICATE_PENDING)},
        {"pending, for help",
         {{"shaken", SHAKEN(B), PENDING}},
         .emergency = true,
         OPEN(CERTIFICATE_PENDING)},
        {"limited", {{"shaken", SHAKEN(B), LIMITED}}, OPEN(FETCH_LIMIT)},
        {"no anchors", {S(B)}, .served = "none", OPEN(TRUST_UNAVAILABLE)},
        {"no clock", {S(B)}, .guessed = true, OPEN(CLOCK_UNSURE)},
        {"garbage", {{"", "garbage", WRITTEN}}, NOTHING(TOKEN_MALFORMED, 438, "syntax")},
        {"no claims", {{"shaken", "{}", GOOD}}, NOTHING(TOKEN_MALFORMED, 438, "claims")},
        {"level D", {{"shaken", SHAKEN_AT("D", B), GOOD}}, NOTHING(TOKEN_MALFORMED, 438, "claims")},
        {"another algorithm",
         {{"", "eyJhbGciOiJub25lIn0.e30.;info=<https://a.example/c>;ppt=shaken", WRITTEN}},
         NOTHING(TOKEN_ALGORITHM, 437, "alg")},
        {"stale",
         {{"shaken", "{\"attest\":\"A\"," DEST(B) "\"iat\":1443200000," ORIG ORIGID "}", GOOD}},
         FAIL(TOKEN_STALE, 403, "fresh")},
        {"ahead",
         {{"shaken", "{\"attest\":\"A\"," DEST(B) "\"iat\":1443208406," ORIG ORIGID "}", GOOD}},
         FAIL(TOKEN_STALE, 403, "fresh")},
        {"another caller",
         {{"shaken", "{\"attest\":\"A\"," DEST(B) AT "\"orig\":{\"tn\":\"12155550122\"}" ORIGID "}",
           GOOD}},
         FAIL(TOKEN_OF_ANOTHER_CALL, 438, "orig")},
        {"another callee", {S(C)}, FAIL(TOKEN_OF_ANOTHER_CALL, 438, "dest")},
        {"by the Request-URI",
         {S(C)},
         .requested = C,
         .rules = {.dest = VERIFICATION_REQUEST_URI},
         GOOD_CALL},
        {"not by the Request-URI",
         {S(B)},
         .requested = C,
         .rules = {.dest = VERIFICATION_REQUEST_URI},
         FAIL(TOKEN_OF_ANOTHER_CALL, 438, "dest")},
        {"by either", {S(C)}, .requested = C, .rules = {.dest = VERIFICATION_EITHER}, GOOD_CALL},
        {"by either, To",
         {S(B)},
         .requested = C,
         .rules = {.dest = VERIFICATION_EITHER},
         GOOD_CALL},
        {"by neither",
         {S(E)},
         .requested = C,
         .rules = {.dest = VERIFICATION_EITHER},
         FAIL(TOKEN_OF_ANOTHER_CALL, 438, "dest")},
        {"gone", {{"shaken", SHAKEN(B), GONE}}, NOTHING(CERTIFICATE_UNAVAILABLE, 436, "fetch")},
        {"something else is served",
         {{"shaken", SHAKEN(B), GARBAGE}},
         NOTHING(CERTIFICATE_UNSUITABLE, 437, "certificate")},
        {"forged", {{"shaken", SHAKEN(B), FLIPPED}}, FAIL(SIGNATURE_INVALID, 438, "signature")},
        {"forged, for help",
         {{"shaken", SHAKEN(B), FLIPPED}},
         .emergency = true,
         FAIL(SIGNATURE_INVALID, 0, "signature")},
        {"withheld", {S(B)}, .withheld = true, NOTHING(CALLER_WITHHELD, 433, "orig")},
        {"withheld and forged",
         {{"shaken", SHAKEN(C), FLIPPED}},
         .withheld = true,
         NOTHING(CALLER_WITHHELD, 433, "orig")},
        {"withheld, unsigned", {{NULL}}, .withheld = true, NOTHING(UNSIGNED_CALL, 0, NULL)},
        {"withheld, unsigned, refused",
         {{NULL}},
         .withheld = true,
         .rules = {.refuse_withheld = true},
         NOTHING(CALLER_WITHHELD, 433, NULL)},
        {"one of two is good",
         {{"shaken", SHAKEN(B), FLIPPED}, S(B)},
         PASS(VERIFIED, 438, "signature")},
        {"one of two is pending",
         {{"shaken", SHAKEN(B), PENDING}, {"shaken", SHAKEN(B), FLIPPED}},
         OPEN(CERTIFICATE_PENDING)},
        {"of two bad ones the forged one",
         {{"shaken", "{}", GOOD}, {"shaken", SHAKEN(B), FLIPPED}},
         FAIL(SIGNATURE_INVALID, 438, "signature")},
        {"garbage beside a good one",
         {{"", "garbage", WRITTEN}, S(B)},
         PASS(VERIFIED, 438, "syntax")},
    };
    (void)state;
    EXPECT_CALLS(calls);
}

static void of_several_the_lowest_level(void **state)
{
    static const struct call calls[] = {
        {"A, C, B",
         {S(B), {"shaken", SHAKEN_AT("C", B), GOOD}, {"shaken", SHAKEN_AT("B", B), GOOD}},
         .to = B},
        {"C, A", {{"shaken", SHAKEN_AT("C", B), GOOD}, S(B)}, .to = B},
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct arena *arena = arena_new(4096);
        struct verification v = judge(&calls[i], arena);
        assert_int_equal(v.level, 'C');
        assert_int_equal(v.class, VERIFICATION_PASSED);
        assert_int_equal(v.decisive, i == 0 ? 1 : 0);
        arena_free(arena);
    }
}

/* R-V-049. */
static void verstat_by_three_maps(void **state)
{
    static const struct {
        struct call call;
        enum verstat by[3]; /* evidence, status, signature */
    } cases[] = {
        {{"good", {S(B)}, .to = B}, {VERSTAT_PASSED, VERSTAT_PASSED, VERSTAT_PASSED}},
        {{"forged", {{"shaken", SHAKEN(B), FLIPPED}}, .to = B},
         {VERSTAT_FAILED, VERSTAT_FAILED, VERSTAT_FAILED}},
        {{"malformed", {{"shaken", "{}", GOOD}}, .to = B},
         {VERSTAT_NONE, VERSTAT_FAILED, VERSTAT_NONE}},
        {{"another call", {S(C)}, .to = B}, {VERSTAT_FAILED, VERSTAT_FAILED, VERSTAT_NONE}},
        {{"another call, for help", {S(C)}, .emergency = true},
         {VERSTAT_FAILED, VERSTAT_FAILED, VERSTAT_NONE}},
        {{"none", {{NULL}}, .rules = {.require = true}},
         {VERSTAT_NONE, VERSTAT_NONE, VERSTAT_NONE}},
        {{"pending", {{"shaken", SHAKEN(B), PENDING}}, .to = B},
         {VERSTAT_NONE, VERSTAT_NONE, VERSTAT_NONE}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned map = 0; map < 3; map++) {
            struct arena *arena = arena_new(4096);
            struct call call = cases[i].call;
            call.rules.map = (enum verstat_map)map;
            struct verification v = judge(&call, arena);
            if (v.verstat != cases[i].by[map])
                fail_msg("%s by map %u: %.*s", call.name, map, STR_ARG(verstat_text(v.verstat)));
            arena_free(arena);
        }
}

/* What a profile of the configuration says. */
static void rules_of_a_profile(void **state)
{
    const struct verification_setting setting = {.max_age_ms = 90000,
                                                 .dest = VERIFICATION_EITHER,
                                                 .min_level = VERIFICATION_B,
                                                 .verstat_map = VERSTAT_ALL};
    const struct verification_rules rules = verification_rules_of(&setting);
    (void)state;
    assert_int_equal(rules.max_age_s, 90);
    assert_int_equal(rules.dest, VERIFICATION_EITHER);
    assert_int_equal(rules.min_level, 'B');
    assert_int_equal(rules.map, VERSTAT_ALL);
    assert_false(rules.require || rules.refuse_withheld);
}

/* ---- bounds ---- */

static void more_than_is_looked_at(void **state)
{
    struct call call = {"twelve", .to = B};
    struct arena *arena = arena_new(4096);
    struct identity_set set;
    struct buf large = BUF_INIT, good = value_of(&(struct spec)S(B));
    (void)state;
    for (unsigned i = 0; i < TOKENS_MAX; i++)
        call.tokens[i] = i == TOKENS_MAX - 1 ? (struct spec)S(B)
                                             : (struct spec){"msgi", "{}", GOOD};
    struct verification v = judge(&call, arena);
    assert_int_equal(v.n, IDENTITY_SET_USUAL);
    assert_int_equal(v.n_beyond, TOKENS_MAX - IDENTITY_SET_USUAL);
    assert_int_equal(v.class, VERIFICATION_NOTHING);
    call.tokens[5] = (struct spec)S(B);
    assert_int_equal(judge(&call, arena).class, VERIFICATION_PASSED);
    while (large.n <= IDENTITY_SET_BYTES_MAX)
        buf_add_text(&large, "aaaaaaaaaaaaaaaa");
    const struct str values[] = {buf_str(&large), STR(" \t"), buf_str(&good), buf_str(&good)};
    assert_true(identity_set_read(&set, values, 4, 1, arena));
    assert_int_equal(set.n, 1);
    assert_int_equal(set.n_empty, 1);
    assert_int_equal(set.n_beyond, 2);
    assert_int_equal(set.entries[0].header, 2);
    assert_str(identity_set_url(&set, 0), STR("https://cert.example.org/c"));
    identity_set_fini(&set);
    buf_fini(&large);
    buf_fini(&good);
    arena_free(arena);
}

/* Nothing is fetched for what fails anyway, or is for others. */
static void what_is_not_fetched(void **state)
{
    static const struct spec specs[] = {{"msgi", SHAKEN(B), GOOD},
                                        {"shaken", "{}", GOOD},
                                        {"", "garbage", WRITTEN},
                                        {"rcd", RCD("\"rcd\":{}"), GOOD},
                                        {"div", SHAKEN(B), GOOD}};
    (void)state;
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        struct arena *arena = arena_new(4096);
        struct identity_set set;
        struct buf value = value_of(&specs[i]);
        const struct str text = buf_str(&value);
        assert_true(identity_set_read(&set, &text, 1, 8, arena));
        assert_int_equal(identity_set_url(&set, 0).n, 0);
        identity_set_fini(&set);
        buf_fini(&value);
        arena_free(arena);
    }
}

/* Want of memory is no judgement. */
static void without_memory(void **state)
{
    const struct call call = {
        "whole", {S(B), D(B, C), {"rcd", "{" DEST(C) AT ORIG "," NAM "}", GOOD}}, .to = C};
    struct buf values[3];
    (void)state;
    skip_without_failing_allocations();
    for (unsigned i = 0; i < 3; i++)
        values[i] = value_of(&call.tokens[i]);
    long n = 0;
    for (bool more = true; more; n++) {
        struct identity_set set;
        struct verification v = {.class = VERIFICATION_OPEN};
        struct arena *arena = arena_new(4096);
        allocations_left = n;
        bool asked = judge_values(&call, values, 3, arena, &set, &v);
        more = allocations_left < 0;
        allocations_left = -1;
        assert_true(asked || more);
        if (more && asked)
            assert_true((v.class == VERIFICATION_OPEN && v.reason == REASON_OUT_OF_MEMORY) ||
                        v.class == VERIFICATION_PASSED);
        else if (asked)
            assert_int_equal(v.class, VERIFICATION_PASSED);
        identity_set_fini(&set);
        arena_free(arena);
    }
    assert_true(n > 10);
    for (unsigned i = 0; i < 3; i++)
        buf_fini(&values[i]);
}

/* What a fetch that ends so says of a call: nothing of it is a refusal but what its URL owes. */
static void outcomes_of_fetches(void **state)
{
    (void)state;
    for (int i = 0; i < FETCH_OUTCOMES; i++) {
        enum verification_certificate state_of = verification_certificate_of((enum fetch_outcome)i);
        assert_int_equal(state_of == CERTIFICATE_PREPARED, i == FETCH_OK);
    }
    assert_int_equal(verification_certificate_of(FETCH_LIMIT), CERTIFICATE_LIMIT);
    assert_int_equal(verification_certificate_of(FETCH_BREAKER), CERTIFICATE_LIMIT);
    assert_int_equal(verification_certificate_of(FETCH_PENDING), CERTIFICATE_PENDING);
    assert_int_equal(verification_certificate_of(FETCH_UNAVAILABLE), CERTIFICATE_PENDING);
    assert_int_equal(verification_certificate_of(FETCH_GONE), CERTIFICATE_UNAVAILABLE);
    assert_int_equal(verification_certificate_of(FETCH_TLS), CERTIFICATE_UNAVAILABLE);
    assert_int_equal(verification_certificate_of(FETCH_TOO_MUCH), CERTIFICATE_UNREADABLE);
}

static int set_up_served(void **state)
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

static int tear_down_served(void **state)
{
    for (unsigned i = 0; i < 3; i++)
        sti_certificate_fini(&prepared[i]);
    buf_fini(&chains[0]);
    buf_fini(&chains[1]);
    arena_free(kept);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_of_div),
        cmocka_unit_test(a_delegate_diverts),
        cmocka_unit_test(only_the_whole_chain_passes),
        cmocka_unit_test(rich_call_data),
        cmocka_unit_test(priorities),
        cmocka_unit_test(each_outcome),
        cmocka_unit_test(of_several_the_lowest_level),
        cmocka_unit_test(verstat_by_three_maps),
        cmocka_unit_test(rules_of_a_profile),
        cmocka_unit_test(more_than_is_looked_at),
        cmocka_unit_test(what_is_not_fetched),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(outcomes_of_fetches),
    };
    return cmocka_run_group_tests(tests, set_up_served, tear_down_served);
}
