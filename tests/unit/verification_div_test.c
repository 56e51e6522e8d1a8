/* Chains of diversions: only a whole one leads anywhere. */
#include "verification_lab.h"

/* A good div token that leads to either of two numbers. */
#define TO_TWO(from, one, other)                                                                   \
    {                                                                                              \
        "div",                                                                                     \
            "{\"dest\":{\"tn\":[\"" one "\",\"" other "\"]},\"div\":{\"tn\":\"" from               \
            "\"}," AT ORIG "}",                                                                    \
            GOOD                                                                                   \
    }

/* One that leads to any of five others, and to another number. */
#define N(digits) "121555501" digits
#define TO_MANY(from, other)                                                                       \
    {                                                                                              \
        "div",                                                                                     \
            "{\"dest\":{\"tn\":[\"" N("71") "\",\"" N("72") "\",\"" N("73") "\",\"" N(             \
                "74") "\",\"" N("75") "\",\"" other "\"]},\"div\":{\"tn\":\"" from "\"}," AT ORIG  \
                                      "}",                                                         \
            GOOD                                                                                   \
    }

/* R-X-030. */
static const struct call diversions[] = {
    {"once", {S(B), D(B, C)}, .to = C, GOOD_CALL},
    {"once, To as it was", {S(B), D(B, C)}, .requested = C, GOOD_CALL},
    {"div first", {D(B, C), S(B)}, .to = C, GOOD_CALL},
    {"three times, in disorder", {D(C, E), D(E, F), S(B), D(B, C)}, .to = F, GOOD_CALL},
    {"without the first", {S(B), D(C, E)}, .to = E, BROKEN_CHAIN},
    {"without the last", {S(B), D(B, C)}, .to = E, BROKEN_CHAIN},
    {"one too many", {S(B), D(B, C), D(E, F)}, .to = C, BROKEN_CHAIN},
    {"one that nobody needs", {S(B), D(B, C)}, .to = B, BROKEN_CHAIN},
    {"by the one way of two that leads through all",
     {S(B), TO_TWO(B, C, E), D(C, E), D(E, F)},
     .to = F,
     GOOD_CALL},
    {"by the same way, in another order",
     {S(B), TO_TWO(B, C, E), D(E, F), D(C, E)},
     .to = F,
     GOOD_CALL},
    {"by one of hundreds of ways",
     {S(B), TO_MANY(N("71"), C), TO_MANY(N("72"), C), TO_MANY(N("73"), C), TO_MANY(N("74"), C),
      TO_MANY(N("75"), C), TO_MANY(E, F), TO_MANY(B, E)},
     .to = C,
     GOOD_CALL},
    {"by two ways of which none leads through all",
     {S(B), TO_TWO(B, C, E), D(E, F), D(C, F)},
     .to = F,
     BROKEN_CHAIN},
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
    {"to one of two", {S(B), TO_TWO(B, E, C)}, .to = C, GOOD_CALL},
    {"with an index",
     {S(B), {"div", "{" DEST(C) "\"div\":{\"hi\":\"1.2\",\"tn\":\"" B "\"}," AT ORIG "}", GOOD}},
     .to = C,
     GOOD_CALL},
    {"with an index that is none",
     {S(B), {"div", "{" DEST(C) "\"div\":{\"hi\":\"1.x\",\"tn\":\"" B "\"}," AT ORIG "}", GOOD}},
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
     {S(B), {"div", "{" DEST(C) "\"div\":{\"tn\":\"" B "\"},\"iat\":1443208000," ORIG "}", GOOD}},
     .to = C,
     FAIL(TOKEN_STALE, 403, "fresh")},
    {"one is no JSON", {S(B), {"div", "{", GOOD}}, .to = C, FAIL(DIVERSION_BROKEN, 438, "payload")},
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
    {"two begin, one of them leads on", {S(E), S(B), D(B, C)}, .to = C, PASS(VERIFIED, 438, "div")},
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

static void chains_of_div(void **state)
{
    (void)state;
    EXPECT_CALLS(diversions);
}

#define MALFORMED_LINK(text) {{"", text, WRITTEN}, S(B)}, BROKEN_CHAIN
#define HEADER_DIV           "eyJhbGciOiJFUzI1NiIsInBwdCI6ImRpdiJ9" /* {"alg":"ES256","ppt":"div"} */
#define INFO                 ";info=<https://a.example/c>"
#define SIXTEEN              INFO ";a;b;c;d;e;f;g;h;i;j;k;l;m;n;o" /* parameters: so many are read */

/* R-X-030: a link that cannot be read is not worth more than one that is wrong. */
static void broken_links(void **state)
{
    static const struct call calls[] = {
        {"no token", MALFORMED_LINK("junk" INFO ";ppt=div")},
        {"no info", MALFORMED_LINK("a.b.c;ppt=div")},
        {"quoted", MALFORMED_LINK("junk;ppt=\"div\"")},
        {"quoted, without an end", MALFORMED_LINK("junk;ppt=\"div")},
        {"upper case", MALFORMED_LINK("junk;PPT=DIV")},
        {"white space", MALFORMED_LINK("junk ; ppt = div ")},
        {"two ppt, div first", MALFORMED_LINK("junk;ppt=div;ppt=rcd")},
        {"two ppt, div last", MALFORMED_LINK("junk;ppt=rcd;ppt=div")},
        {"text behind div", MALFORMED_LINK("junk;ppt=div x")},
        {"in the token alone", MALFORMED_LINK(HEADER_DIV ".e30.c" INFO ";ppt=rcd")},
        {"in the token alone, without ppt",
         {{"", HEADER_DIV ".e30.c" INFO, WRITTEN}, S(B)},
         FAIL(DIVERSION_BROKEN, 438, "type")},
        {"the token is cut", MALFORMED_LINK(HEADER_DIV)},
        {"something before the token", MALFORMED_LINK("<" HEADER_DIV ".e30.c" INFO)},
        {"in a list", /* {"ppt":["div"]} */
         MALFORMED_LINK("eyJwcHQiOlsiZGl2Il19.e30.c" INFO)},
        {"of type DIV in both", /* {"alg":"ES256","ppt":"DIV","typ":"passport"} */
         MALFORMED_LINK("eyJhbGciOiJFUzI1NiIsInBwdCI6IkRJViIsInR5cCI6InBhc3Nwb3J0In0.e30.c" INFO
                        ";ppt=DIV")},
        {"twice in a token that begins with a space", /* { "ppt":"div","ppt":"div"} */
         MALFORMED_LINK("eyAicHB0IjoiZGl2IiwicHB0IjoiZGl2In0.e30.c" INFO ";ppt=x")},
        {"in escapes, twice", /* {"ppt":"\\u0064iv","ppt":"\\u0064iv"} */
         MALFORMED_LINK("eyJwcHQiOiJcdTAwNjRpdiIsInBwdCI6Ilx1MDA2NGl2In0.e30.c" INFO ";ppt=x")},
        {"behind the parameters that are read", MALFORMED_LINK("..c" SIXTEEN ";ppt=div")},
        {"perhaps, behind the parameters that are read", MALFORMED_LINK("..c" SIXTEEN ";p")},
        {"shaken in the token, div beside", /* {"alg":"ES256","ppt":"shaken"} */
         MALFORMED_LINK("eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiJ9.e30.c" INFO ";ppt=div")},
        {"div in the token, shaken beside", MALFORMED_LINK(HEADER_DIV ".e30.c" INFO ";ppt=shaken")},
        {"of a whole chain one",
         {S(B), D(B, C), {"", "junk" INFO ";ppt=div", WRITTEN}},
         .to = C,
         BROKEN_CHAIN},
        {"alone", {{"", "junk" INFO ";ppt=div", WRITTEN}}, NOTHING(TOKEN_MALFORMED, 438, "syntax")},
        {"div-o that cannot be read",
         {S(B), {"", "junk" INFO ";ppt=div-o", WRITTEN}},
         PASS(VERIFIED, 438, "syntax")},
    };
    (void)state;
    EXPECT_CALLS(calls);
}

/* A valid token is not enough where a link is among what is not looked at. */
static void links_beyond(void **state)
{
    static const struct spec other = {"msgi", "{}", GOOD};
    static const struct {
        struct spec last;
        enum verification_class class;
    } cases[] = {
        {{"msgi", "{}", GOOD}, VERIFICATION_PASSED},
        {{"div-o", DIV(B, C), GOOD}, VERIFICATION_PASSED},
        {D(B, C), VERIFICATION_NOTHING},
        {{"", "junk;ppt=div", WRITTEN}, VERIFICATION_NOTHING},
        {{"", "junk;PPT=\"Div\"", WRITTEN}, VERIFICATION_NOTHING},
        {{"", HEADER_DIV ".e30.c;ppt=rcd", WRITTEN}, VERIFICATION_NOTHING},
        {{"", "..c" SIXTEEN, WRITTEN}, VERIFICATION_PASSED},
        {{"", "..c" SIXTEEN ";ppt=div", WRITTEN}, VERIFICATION_NOTHING},
        {{"", "..c" SIXTEEN ";p", WRITTEN}, VERIFICATION_NOTHING},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct call call = {"nine", {S(B)}, .to = B};
        struct arena *arena = arena_new(4096);
        for (unsigned k = 1; k < IDENTITY_SET_USUAL; k++)
            call.tokens[k] = other;
        call.tokens[IDENTITY_SET_USUAL] = cases[i].last;
        struct verification v = judge(&call, arena);
        assert_int_equal(v.n_beyond, 1);
        assert_int_equal(v.class, cases[i].class);
        if (v.class == VERIFICATION_NOTHING)
            assert_int_equal(v.reason, REASON_TOKEN_MALFORMED);
        arena_free(arena);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_of_div),
        cmocka_unit_test(broken_links),
        cmocka_unit_test(links_beyond),
        cmocka_unit_test(a_delegate_diverts),
        cmocka_unit_test(only_the_whole_chain_passes),
    };
    return cmocka_run_group_tests(tests, set_up_served, tear_down_served);
}
