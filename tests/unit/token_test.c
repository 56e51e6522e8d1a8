/* A token is read once: what is wrong with it alone, and which URL it wants. verify_test.c has what
 * the checks find. */
#include "whole_question.h"

#include <openssl/ec.h>
#include <stird/core/x5u.h>
#include <stird/lab/lab_ca.h>

#define NOW INT64_C(1443208345)
#define DAY 86400

static json_t *vectors;

static int set_up(void **state)
{
    (void)state;
    vectors = lab_vectors("verification_tokens.json");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

/* Of a token that was not read without fault nothing is found that takes a certificate. */
static void the_vectors_without_certificates(void **state)
{
    (void)state;
    size_t i, seen = 0;
    json_t *vector;
    static const enum verify_check of_others[] = {
        VERIFY_FRESH, VERIFY_ORIG,  VERIFY_DEST,    VERIFY_FETCH, VERIFY_CERTIFICATE,
        VERIFY_DATES, VERIFY_CHAIN, VERIFY_REVOKED, VERIFY_SCOPE, VERIFY_MESSAGE};
    json_array_foreach(json_object_get(vectors, "vectors"), i, vector)
    {
        struct arena *arena = arena_new(4096);
        struct token t;
        bool passes = strncmp(lab_member(vector, "verdict").p, "pass", 4) == 0, failed = false;
        assert_true(token_read(&t, lab_member(vector, "identity_value"), arena));
        for (size_t j = 0; j < sizeof(of_others) / sizeof(of_others[0]); j++)
            assert_int_equal(t.finding[of_others[j]].result, VERIFY_NOT_DONE);
        assert_true(t.finding[VERIFY_SIGNATURE].result != VERIFY_PASSED);
        for (int j = 0; j < VERIFY_CHECKS; j++)
            failed = failed || t.finding[j].result == VERIFY_FAILED;
        assert_false(passes && failed);
        assert_false(passes && (!t.has_signature || !t.type || t.orig.n == 0));
        seen++;
        token_fini(&t);
        arena_free(arena);
    }
    assert_true(seen >= 20);
}

static struct str good_token(void)
{
    return lab_member(json_array_get(json_object_get(vectors, "vectors"), 0), "token");
}

/* What is followed is what x5u.h lets pass, and nothing of a header that cannot be read. */
static void which_url_it_wants(void **state)
{
    (void)state;
    static const struct {
        const char *parameters, *url;
    } cases[] = {
        {";info=<https://a.example/c>;ppt=shaken", "https://a.example/c"},
        {" ; ppt=shaken ;\r\n\tinfo=<https://a.example:8443/c>", "https://a.example:8443/c"},
        {";info=<https://a.example/c?v=1>;ppt=shaken", ""},
        {";info=<https://a.example/c?>;ppt=shaken", ""},
        {";info=<https://a.example?c>;ppt=shaken", ""},
        {";info=<https://a.example/c;v=1>;ppt=shaken", ""},
        {";info=<https://a.example/c#v>;ppt=shaken", ""},
        {";info=<https://u:p@a.example/c>;ppt=shaken", ""},
        {";info=<https://a.example:80/c>;ppt=shaken", ""},
        {";info=<http://a.example/c>;ppt=shaken", ""},
        {";info=<file:///etc/passwd>;ppt=shaken", ""},
        {";info=<https:///c>;ppt=shaken", ""},
        {";info=https://a.example/c;ppt=shaken", ""},
        {";ppt=shaken", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(4096);
        struct buf value = BUF_INIT;
        struct token t;
        buf_add_str(&value, good_token());
        buf_add_text(&value, cases[i].parameters);
        assert_true(token_read(&t, buf_str(&value), arena));
        assert_str(token_url(&t), str_of(cases[i].url));
        assert_int_equal(token_url(&t).n > 0, t.finding[VERIFY_URL].result == VERIFY_PASSED);
        token_fini(&t);
        buf_fini(&value);
        arena_free(arena);
    }
}

/* R-V-008: As received: whoever writes them again would verify another token. */
static void the_octets_that_were_signed(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct token t;
    struct buf value = BUF_INIT;
    struct str token = good_token();
    buf_add_text(&value, " \r\n ");
    buf_add_str(&value, token);
    buf_add_text(&value, ";info=<https://a.example/c>;ppt=shaken");
    assert_true(token_read(&t, buf_str(&value), arena));
    size_t dot = token.n;
    while (token.p[dot - 1] != '.')
        dot--;
    assert_str(t.signed_octets, str_slice(token, 0, dot - 1));
    assert_ptr_equal(t.signed_octets.p, value.p + 4);
    token_fini(&t);
    buf_fini(&value);
    arena_free(arena);
}

/* Each half of the signature from 1 to the order less one (CVE-2022-21449). */
static void the_range_of_a_signature(void **state)
{
    (void)state;
    unsigned char n[32], one[32] = {[31] = 1}, zero[32] = {0}, below[32], above[32], all[32];
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BN_bn2binpad(EC_GROUP_get0_order(group), n, 32);
    EC_GROUP_free(group);
    memcpy(below, n, 32);
    memcpy(above, n, 32);
    memset(all, 0xff, 32);
    below[31]--;
    above[31]++;
    const struct {
        const unsigned char *half;
        bool good;
    } halves[] = {{one, true}, {below, true},  {zero, false},
                  {n, false},  {above, false}, {all, false}};
    struct str token = good_token();
    size_t dot = token.n;
    while (token.p[dot - 1] != '.')
        dot--;
    for (size_t i = 0; i < 36; i++) {
        struct arena *arena = arena_new(4096);
        struct buf value = BUF_INIT;
        struct token t;
        unsigned char raw[64];
        memcpy(raw, halves[i / 6].half, 32);
        memcpy(raw + 32, halves[i % 6].half, 32);
        buf_add_str(&value, str_slice(token, 0, dot));
        base64url_add(&value, raw, 64);
        buf_add_text(&value, ";info=<https://a.example/c>;ppt=shaken");
        assert_true(token_read(&t, buf_str(&value), arena));
        assert_int_equal(t.has_signature, halves[i / 6].good && halves[i % 6].good);
        token_fini(&t);
        buf_fini(&value);
        arena_free(arena);
    }
}

/* R-V-002: A token of a type that is not in the table is for others, by whatever it is signed: VVP
   has EdDSA. One that is called shaken anywhere has shaken's algorithm, or is refused. */
static void types_of_others_are_left_to_them(void **state)
{
    static const struct {
        const char *header, *parameters;
        enum verify_result ppt, alg;
    } cases[] = {
        {"{\"alg\":\"EdDSA\",\"kid\":\"k\",\"ppt\":\"vvp\",\"typ\":\"JWT\"}", ";alg=EdDSA;ppt=vvp",
         VERIFY_FAILED, VERIFY_NOT_DONE},
        {"{\"alg\":\"RS256\",\"ppt\":\"x\"}", ";alg=RS256;ppt=x", VERIFY_FAILED, VERIFY_NOT_DONE},
        {"{\"alg\":\"none\",\"ppt\":\"vvp\"}", ";alg=none;ppt=vvp", VERIFY_FAILED, VERIFY_NOT_DONE},
        {"{\"alg\":\"ES256\",\"ppt\":\"div-o\"}", ";ppt=div-o", VERIFY_FAILED, VERIFY_NOT_DONE},
        {"{\"alg\":\"EdDSA\"}", "", VERIFY_FAILED, VERIFY_NOT_DONE},
        {"{\"alg\":\"EdDSA\",\"ppt\":\"shaken\"}", ";alg=EdDSA;ppt=shaken", VERIFY_PASSED,
         VERIFY_FAILED},
        {"{\"alg\":\"none\",\"ppt\":\"shaken\"}", ";ppt=vvp", VERIFY_PASSED, VERIFY_FAILED},
        {"{\"alg\":\"es256\",\"ppt\":\"vvp\"}", ";ppt=shaken", VERIFY_PASSED, VERIFY_FAILED},
        {"{\"alg\":\"EdDSA\",\"ppt\":\"vvp\"}", ";ppt=msgi", VERIFY_NOT_DONE, VERIFY_NOT_DONE},
        {"{\"alg\":\"ES256\",\"ppt\":\"div\"}", ";ppt=div", VERIFY_PASSED, VERIFY_PASSED},
        {"{\"alg\":\"EdDSA\",\"ppt\":\"rcd\"}", ";alg=EdDSA;ppt=rcd", VERIFY_PASSED, VERIFY_FAILED},
        {"{\"alg\":\"none\",\"ppt\":\"shaken\"}", ";ppt=rph", VERIFY_PASSED, VERIFY_FAILED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(4096);
        struct buf value = BUF_INIT;
        struct token t;
        struct verify_report r;
        base64url_add(&value, cases[i].header, strlen(cases[i].header));
        buf_add_text(&value, ".e30.AAAA;info=<https://a.example/c>");
        buf_add_text(&value, cases[i].parameters);
        assert_true(token_read(&t, buf_str(&value), arena));
        assert_int_equal(t.finding[VERIFY_PPT].result, cases[i].ppt);
        assert_int_equal(t.finding[VERIFY_ALG].result, cases[i].alg);
        assert_true(verify(&(struct verify_question){.token = &t, .now_s = NOW}, arena, &r));
        assert_int_equal(r.verdict, cases[i].ppt == VERIFY_FAILED ? TOKEN_IGNORED : TOKEN_INVALID);
        assert_int_equal(r.sip_status, cases[i].ppt == VERIFY_FAILED   ? 428
                                       : cases[i].alg == VERIFY_FAILED ? 437
                                                                       : 438);
        token_fini(&t);
        buf_fini(&value);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_without_certificates),
        cmocka_unit_test(which_url_it_wants),
        cmocka_unit_test(the_octets_that_were_signed),
        cmocka_unit_test(the_range_of_a_signature),
        cmocka_unit_test(types_of_others_are_left_to_them),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
