/* What becomes of a call: each row of the table of outcomes, and bounds. */
#include "verification_lab.h"

#include "no_memory.h"

#include <stird/core/verified.h>

/* ---- the table of outcomes ---- */

/* R-V-048. */
static const struct call outcomes[] = {
    {"good", {S(B)}, GOOD_CALL},
    {"too low",
     {{"shaken", SHAKEN_AT("B", B), GOOD}},
     .rules = {.min_level = 'A'},
     PASS(VERIFIED_TOO_LOW, 403, NULL)},
    {"low enough", {{"shaken", SHAKEN_AT("B", B), GOOD}}, .rules = {.min_level = 'B'}, GOOD_CALL},
    {"no token", {{NULL}}, NOTHING(UNSIGNED_CALL, 0, NULL)},
    {"no token, required", {{NULL}}, .rules = {.require = true}, NOTHING(UNSIGNED_CALL, 428, NULL)},
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
    {"cut off", {{"shaken", SHAKEN(B), CUT_OFF}}, OPEN(FETCH_CUT_OFF)},
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
    {"by either, To", {S(B)}, .requested = C, .rules = {.dest = VERIFICATION_EITHER}, GOOD_CALL},
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
    {"garbage beside a good one", {{"", "garbage", WRITTEN}, S(B)}, PASS(VERIFIED, 438, "syntax")},
};

static void each_outcome(void **state)
{
    (void)state;
    EXPECT_CALLS(outcomes);
}

/* To is copied with a token, the Request-URI is not: what goes elsewhere without div is told. */
static void called_elsewhere(void **state)
{
    static const struct {
        struct call call;
        enum verify_result dest;
        bool told;
    } cases[] = {
        {{"elsewhere", {S(B)}, .to = B, .requested = C}, VERIFY_WARNED, true},
        {{"where To says", {S(B)}, .to = B, .requested = B}, VERIFY_PASSED, false},
        {{"no number", {S(B)}, .to = B, .requested = ""}, VERIFY_PASSED, false},
        {{"one of dest's",
          {{"shaken",
            "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" B "\",\"" C "\"]}," AT ORIG ORIGID "}", GOOD}},
          .to = B,
          .requested = C},
         VERIFY_PASSED,
         false},
        {{"div leads there", {S(B), D(B, C)}, .to = B, .requested = C}, VERIFY_NOT_DONE, false},
        {{"either", {S(B)}, .to = B, .requested = C, .rules = {.dest = VERIFICATION_EITHER}},
         VERIFY_WARNED,
         true},
        {{"forged", {{"shaken", SHAKEN(B), FLIPPED}}, .to = B, .requested = C},
         VERIFY_WARNED,
         true},
        {{"of another call", {S(E)}, .to = B, .requested = C}, VERIFY_FAILED, false},
        {{"unsigned", {{NULL}}, .to = B, .requested = C}, VERIFY_NOT_DONE, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(4096);
        struct buf values[TOKENS_MAX];
        struct identity_set set;
        struct verification v;
        struct verified record;
        struct tn requested;
        const unsigned n = count(&cases[i].call);
        for (unsigned k = 0; k < n; k++)
            values[k] = value_of(&cases[i].call.tokens[k]);
        assert_true(judge_values(&cases[i].call, values, n, arena, &set, &v));
        const struct verification_question q = {
            .set = &set,
            .now_s = NOW,
            .requested = number(&requested, cases[i].call.requested, NULL)};
        assert_true(verified_of(&record, &q, &v, arena));
        if ((n > 0 && v.headers[0].report.finding[VERIFY_DEST].result != cases[i].dest) ||
            !str_eq(tn_str(&record.elsewhere), str_of(cases[i].told ? C : "")))
            fail_msg("%s: elsewhere %.*s", cases[i].call.name, STR_ARG(tn_str(&record.elsewhere)));
        identity_set_fini(&set);
        for (unsigned k = 0; k < n; k++)
            buf_fini(&values[k]);
        arena_free(arena);
    }
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
                                                 .require = true,
                                                 .verstat_map = VERSTAT_ALL};
    const struct verification_rules rules = verification_rules_of(&setting);
    (void)state;
    assert_int_equal(rules.max_age_s, 90);
    assert_int_equal(rules.dest, VERIFICATION_EITHER);
    assert_int_equal(rules.min_level, 'B');
    assert_int_equal(rules.map, VERSTAT_ALL);
    assert_true(rules.require);
    assert_false(rules.refuse_withheld);
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
    assert_int_equal(v.reason, REASON_TOKEN_MALFORMED);
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

/* What was read of a value before counts for the same octets alone, not for others in its place. */
static void what_is_known_of_another_value(void **state)
{
    struct arena *arena = arena_new(4096);
    struct identity_set set;
    struct buf good = value_of(&(struct spec)S(B)), other = value_of(&(struct spec)D(B, C));
    struct identity_value first, second;
    const struct identity_value *const known[] = {&first, &second};
    const struct str values[] = {buf_str(&good), buf_str(&other), buf_str(&good)};
    (void)state;
    identity_value_read(&first, values[0]);
    identity_value_read(&second, values[1]);
    assert_true(identity_set_read_known(&set, values, 3, known, 2, 8, arena));
    assert_int_equal(set.n, 3);
    assert_int_equal(set.entries[0].role, IDENTITY_ROLE_SHAKEN);
    assert_int_equal(set.entries[1].header, 2);
    assert_int_equal(set.entries[2].role, IDENTITY_ROLE_DIV);
    identity_set_fini(&set);
    const struct str crossed[] = {values[1], values[0]};
    assert_true(identity_set_read_known(&set, crossed, 2, known, 2, 8, arena));
    assert_int_equal(set.n, 2);
    assert_int_equal(set.entries[0].role, IDENTITY_ROLE_SHAKEN);
    assert_int_equal(set.entries[0].header, 1);
    identity_set_fini(&set);
    buf_fini(&good);
    buf_fini(&other);
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
    assert_int_equal(verification_certificate_of(FETCH_CUT_OFF), CERTIFICATE_CUT_OFF);
    assert_int_equal(verification_certificate_of(FETCH_PENDING), CERTIFICATE_PENDING);
    assert_int_equal(verification_certificate_of(FETCH_UNAVAILABLE), CERTIFICATE_PENDING);
    assert_int_equal(verification_certificate_of(FETCH_GONE), CERTIFICATE_UNAVAILABLE);
    assert_int_equal(verification_certificate_of(FETCH_TLS), CERTIFICATE_UNAVAILABLE);
    assert_int_equal(verification_certificate_of(FETCH_TOO_MUCH), CERTIFICATE_UNREADABLE);
}

/* What its signer may have mended under the same URL, and what others wrote. */
static void what_blames_the_certificate(void **state)
{
    static const enum verify_check its[] = {VERIFY_CERTIFICATE, VERIFY_DATES, VERIFY_CHAIN,
                                            VERIFY_REVOKED, VERIFY_SCOPE};
    static const enum verify_result signatures[] = {VERIFY_PASSED, VERIFY_FAILED, VERIFY_NOT_DONE};
    (void)state;
    for (int check = 0; check < VERIFY_CHECKS; check++) {
        struct verification_header h = {.header = 0};
        bool is_its = false;
        for (size_t i = 0; i < sizeof(its) / sizeof(its[0]); i++)
            is_its |= its[i] == (enum verify_check)check;
        for (size_t i = 0; i < 3 && check != VERIFY_SIGNATURE; i++) {
            h.report.finding[VERIFY_SIGNATURE].result = signatures[i];
            h.report.finding[check].result = VERIFY_FAILED;
            /* Of a key that is none no signature can be looked at; a number is the token's own. */
            assert_int_equal(verification_blames_certificate(&h),
                             is_its && signatures[i] != VERIFY_FAILED &&
                                 (check != VERIFY_SCOPE || signatures[i] == VERIFY_PASSED));
            h.report.is_foreign = true;
            assert_true(check != VERIFY_SCOPE || !verification_blames_certificate(&h));
            h.report.is_foreign = false;
            h.report.finding[check].result = VERIFY_NOT_DONE;
            assert_false(verification_blames_certificate(&h));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(called_elsewhere),
        cmocka_unit_test(each_outcome),
        cmocka_unit_test(of_several_the_lowest_level),
        cmocka_unit_test(verstat_by_three_maps),
        cmocka_unit_test(rules_of_a_profile),
        cmocka_unit_test(more_than_is_looked_at),
        cmocka_unit_test(what_is_not_fetched),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(what_is_known_of_another_value),
        cmocka_unit_test(outcomes_of_fetches),
        cmocka_unit_test(what_blames_the_certificate),
    };
    return cmocka_run_group_tests(tests, set_up_served, tear_down_served);
}
