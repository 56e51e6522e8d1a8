/* Rich call data and priorities, beside shaken, in it and alone. */
#include "verification_lab.h"

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

#define EIGHT(text)      text text text text text text text text
#define SIXTY_FOUR(text) EIGHT(EIGHT(text))

/* Each of the one is compared with each of the other, before anybody vouched for them. */
static void many_priorities(void **state)
{
    static const struct call calls[] = {
        {"more than are compared are allowed",
         {S(B),
          {"rph", RPH(EIGHT("\"ets.0\",\"ets.0\",\"ets.0\",") EIGHT("\"ets.0\",") "\"ets.0\""),
           GOOD}},
         .priority = "ets.0",
         PASS(RPH_MISMATCH, 438, "claims"),
         TOLD(FAILED)},
        {"as many as are compared",
         {S(B), {"rph", RPH("\"ets.0\""), GOOD}},
         .priority = SIXTY_FOUR("ets.0,"),
         GOOD_CALL,
         TOLD(PASSED)},
        {"more than are compared are asked for",
         {S(B), {"rph", RPH("\"ets.0\""), GOOD}},
         .priority = SIXTY_FOUR("ets.0,") "ets.0",
         PASS(RPH_MISMATCH, 438, "rph"),
         TOLD(FAILED)},
    };
    (void)state;
    EXPECT_CALLS(calls);
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rich_call_data),
        cmocka_unit_test(priorities),
        cmocka_unit_test(many_priorities),
    };
    return cmocka_run_group_tests(tests, set_up_served, tear_down_served);
}
