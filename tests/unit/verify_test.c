/* The published vectors, tokens of others and of any content. */
#include "verify_lab.h"

/* ---- vectors ---- */

/* R-V-009 R-V-010 R-V-011 R-V-012. */
static void the_vectors_get_their_verdicts(void **state)
{
    (void)state;
    size_t i, seen = 0;
    json_t *vector;
    struct buf chain = good_chain();
    const struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    json_array_foreach(json_object_get(vectors, "vectors"), i, vector)
    {
        struct arena *arena = arena_new(4096);
        const char *name = json_string_value(json_object_get(vector, "name"));
        const char *want = json_string_value(json_object_get(vector, "verdict"));
        int status = (int)json_integer_value(json_object_get(vector, "sip_status"));
        struct verify_report r = ask(arena, (struct whole_question){
                                                .value = lab_member(vector, "identity_value"),
                                                .now_s = NOW,
                                                .has_message = true,
                                                .orig = &orig,
                                                .dest = &dest,
                                                .date_s = NOW,
                                                .chain = buf_str(&chain),
                                                .trust = trust,
                                            });
        enum token_verdict verdict = strncmp(want, "pass", 4) == 0  ? TOKEN_VALID
                                     : strcmp(want, "ignored") == 0 ? TOKEN_IGNORED
                                                                    : TOKEN_INVALID;
        expect(&r, verdict, status, r.decided, name);
        bool warned = r.finding[VERIFY_CLAIMS].result == VERIFY_WARNED;
        assert_int_equal(warned, strstr(want, "warning") != NULL);
        seen++;
        arena_free(arena);
    }
    assert_true(seen >= 20);
    buf_fini(&chain);
}

/* In a message that shows the numbers of RFC 8588's example. */
static struct verify_report ask_in_message(struct arena *arena, struct str value, int64_t now_s,
                                           const struct buf *chain)
{
    const struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    return ask(arena, (struct whole_question){.value = value,
                                              .now_s = now_s,
                                              .has_message = true,
                                              .orig = &orig,
                                              .dest = &dest,
                                              .chain = buf_str(chain),
                                              .trust = trust});
}

/* The example of RFC 8588, with each level, as its erratum 6656 corrects it. */
static void the_examples_of_rfc_8588_are_valid(void **state)
{
    (void)state;
    size_t i, seen = 0;
    json_t *vector, *rfc = lab_vectors("rfc8588_shaken.json");
    struct buf chain = good_chain();
    json_array_foreach(json_object_get(rfc, "vectors"), i, vector)
    {
        struct arena *arena = arena_new(4096);
        if (!str_eq(lab_member(vector, "key"), STR("k1")))
            continue;
        struct verify_report r = ask_in_message(arena, lab_member(vector, "identity_value"), NOW,
                                                &chain);
        expect(&r, TOKEN_VALID, 0, 0, "rfc8588");
        assert_str(r.attest, lab_member(vector, "attest"));
        seen++;
        arena_free(arena);
    }
    assert_true(seen >= 3);
    buf_fini(&chain);
    json_decref(rfc);
}

/* RFC 8224 section 4, in every spelling that a header may have, and some that it may not. */
static void the_headers_of_rfc_8224(void **state)
{
    (void)state;
    size_t i;
    json_t *vector, *rfc = lab_vectors("rfc8224_identity_header.json");
    struct buf chain = good_chain();
    struct arena *arena = arena_new(4096);
    json_array_foreach(json_object_get(rfc, "accept"), i, vector)
    {
        struct str value = lab_member(vector, "value");
        struct verify_report r = ask_in_message(arena, value, NOW, &chain);
        bool same_url = memmem(value.p, value.n, "/passport.cer>", 14) != NULL;
        if (json_is_true(json_object_get(vector, "compact")))
            expect(&r, TOKEN_IGNORED, 428, VERIFY_PPT, "compact"); /* it says no type */
        else if (same_url)
            expect(&r, TOKEN_VALID, 0, 0, value.p);
        else if (memchr(value.p, '?', value.n)) /* read, but no URL for x5u (ATIS-1000074) */
            expect(&r, TOKEN_INVALID, 436, VERIFY_URL, value.p);
        else
            expect(&r, TOKEN_INVALID, 438, VERIFY_X5U, value.p);
    }
    json_array_foreach(json_object_get(rfc, "reject"), i, vector)
    {
        struct verify_report r = ask_in_message(arena, lab_member(vector, "value"), NOW, &chain);
        assert_true(r.verdict == TOKEN_INVALID);
        assert_int_equal(r.sip_status, 438);
    }
    arena_free(arena);
    buf_fini(&chain);
    json_decref(rfc);
}

/* ---- tokens of others ---- */

static struct buf chain_of_public_key(struct str pem)
{
    EVP_PKEY *theirs = lab_public_key(pem);
    struct buf text = serve(make("theirs", 9, theirs, false, false, spcs, NULL), true);
    EVP_PKEY_free(theirs);
    return text;
}

/* Printed in public specifications: their certificates are not at hand, but for one key. */
static void tokens_of_others_are_read(void **state)
{
    (void)state;
    json_t *all = lab_shared_vectors("third_party_tokens.json");
    if (!all)
        skip();
    size_t i, verified = 0;
    json_t *vector;
    struct buf chain = chain_of_public_key(lab_member(all, "libstirshaken_public_pem"));
    json_array_foreach(json_object_get(all, "tokens"), i, vector)
    {
        struct arena *arena = arena_new(4096);
        struct buf value = BUF_INIT, none = BUF_INIT;
        struct str ppt = lab_member(vector, "ppt"), text = lab_member(vector, "header");
        json_t *header = json_loadb(text.p, text.n, 0, NULL);
        json_t *payload = json_loads(json_string_value(json_object_get(vector, "payload")), 0,
                                     NULL);
        bool theirs = json_is_true(json_object_get(vector, "verifies_with_sp_pub"));
        buf_add_str(&value, lab_member(vector, "token"));
        buf_addf(&value, ";info=<%s>", json_string_value(json_object_get(header, "x5u")));
        if (ppt.n > 0)
            buf_addf(&value, ";ppt=%.*s", STR_ARG(ppt));
        struct verify_report r = ask_in_message(arena, buf_str(&value),
                                                json_integer_value(json_object_get(payload, "iat")),
                                                theirs ? &chain : &none);
        assert_true(r.verdict != TOKEN_VALID);
        if (!passport_type_find(ppt))
            expect(&r, TOKEN_IGNORED, 428, VERIFY_PPT, "another type");
        else
            assert_int_equal(r.finding[VERIFY_PAYLOAD].result, VERIFY_PASSED);
        if (theirs)
            verified += r.finding[VERIFY_SIGNATURE].result == VERIFY_PASSED;
        buf_fini(&value);
        json_decref(header);
        json_decref(payload);
        arena_free(arena);
    }
    assert_int_equal(verified, 1);
    buf_fini(&chain);
    json_decref(all);
}

/* The header field itself, as other signers write it. */
static void other_forms_of_the_header(void **state)
{
    (void)state;
    struct buf chain = good_chain(), value = BUF_INIT;
    json_t *good = json_array_get(json_object_get(vectors, "vectors"), 0);
    static const struct {
        const char *parameters;
        enum token_verdict verdict;
        int status;
    } cases[] = {
        {";info=<https://cert.example.org/passport.cer>;alg=ES256;ppt=shaken", TOKEN_VALID, 0},
        {";ppt=\"shaken\";alg=\"ES256\";info=<https://cert.example.org/passport.cer>", TOKEN_VALID,
         0},
        {" ;\r\n info=<https://cert.example.org/passport.cer> ; ppt=shaken", TOKEN_VALID, 0},
        {";info=<https://cert.example.org/other.cer>;alg=ES256;ppt=shaken", TOKEN_INVALID, 438},
        {";info=<https://cert.example.org/passport.cer>;alg=ES384;ppt=shaken", TOKEN_INVALID, 437},
        {";info=<https://cert.example.org:444/passport.cer>;ppt=shaken", TOKEN_INVALID, 436},
        {";info=<https://u@cert.example.org/passport.cer>;ppt=shaken", TOKEN_INVALID, 436},
        {";alg=ES256;ppt=shaken", TOKEN_INVALID, 438},
        {"", TOKEN_INVALID, 438},
        {";info=<https://cert.example.org/passport.cer>;alg=ES256", TOKEN_INVALID, 438},
        {";info=<https://cert.example.org/passport.cer>;ppt=\"\"", TOKEN_INVALID, 438},
        {";info=<https://cert.example.org/passport.cer>;ppt=div", TOKEN_INVALID, 438},
        {";info=<https://cert.example.org/passport.cer>;ppt=SHAKEN", TOKEN_INVALID, 438},
        {";info=https://cert.example.org/passport.cer;ppt=shaken", TOKEN_INVALID, 438},
        {";info=\"https://cert.example.org/passport.cer\";ppt=shaken", TOKEN_INVALID, 438},
        {";info=<https://cert.example.org/passport.cer>;ppt=shaken;", TOKEN_INVALID, 438},
        {"=;info=<https://cert.example.org/passport.cer>;ppt=shaken", TOKEN_INVALID, 438},
        {"AAAA;info=<https://cert.example.org/passport.cer>;ppt=shaken", TOKEN_INVALID, 438},
        {"A;info=<https://cert.example.org/passport.cer>;ppt=shaken", TOKEN_INVALID, 438},
        {".AA;info=<https://cert.example.org/passport.cer>;ppt=shaken", TOKEN_INVALID, 438},
        {" x;info=<https://cert.example.org/passport.cer>;ppt=shaken", TOKEN_INVALID, 438},
        {";info=<https://cert.example.org/passport.cer>;alg=es256;ppt=shaken", TOKEN_INVALID, 437},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(4096);
        buf_reset(&value);
        buf_add_str(&value, lab_member(good, "token"));
        buf_add_text(&value, cases[i].parameters);
        struct verify_report r = ask_in_message(arena, buf_str(&value), NOW, &chain);
        expect(&r, cases[i].verdict, cases[i].status, r.decided, cases[i].parameters);
        arena_free(arena);
    }
    struct arena *arena = arena_new(4096);
    struct verify_report r = ask(arena, (struct whole_question){.value = STR(""), .now_s = NOW});
    expect(&r, TOKEN_INVALID, 438, VERIFY_SYNTAX, "empty");
    arena_free(arena);
    buf_fini(&value);
    buf_fini(&chain);
}

/* ---- tokens of any content ---- */

#define GOOD_HEADER                                                                                \
    "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"https://cert.example.org/c\"}"
#define CLAIMS(orig, dest, iat)                                                                    \
    "{\"attest\":\"A\",\"dest\":" dest ",\"iat\":" iat ",\"orig\":" orig                           \
    ",\"origid\":\"123e4567-e89b-12d3-a456-426655440000\"}"
#define ORIG "{\"tn\":\"12155550121\"}"
#define DEST "{\"tn\":[\"12155550131\"]}"
#define IAT  "1443208345"

/* Signed by the key of the good chain, whatever it says. */
static void sign_text(struct buf *out, struct str header, struct str payload)
{
    unsigned char der[128], raw[64] = {0};
    size_t n = sizeof(der);
    base64url_add(out, header.p, header.n);
    buf_add_char(out, '.');
    base64url_add(out, payload.p, payload.n);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, der, &n, (const unsigned char *)out->p, out->n), 1);
    EVP_MD_CTX_free(context);
    const unsigned char *at = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)n);
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32);
    ECDSA_SIG_free(signature);
    buf_add_char(out, '.');
    base64url_add(out, raw, sizeof(raw));
}

static void expect_of(const char *header, const char *payload, const char *parameters,
                      enum token_verdict verdict, int status, enum verify_check decided)
{
    struct arena *arena = arena_new(4096);
    struct buf value = BUF_INIT, chain = good_chain();
    sign_text(&value, str_of(header), str_of(payload));
    buf_add_text(&value, parameters);
    struct verify_report r = ask_in_message(arena, buf_str(&value), NOW, &chain);
    expect(&r, verdict, status, decided, payload);
    buf_fini(&value);
    buf_fini(&chain);
    arena_free(arena);
}

#define PARAMETERS ";info=<https://cert.example.org/c>;alg=ES256;ppt=shaken"

/* R-V-011: What may be wrong with orig, dest and iat; all of it was signed by a good key. */
static void claims_are_what_they_must_be(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        int status; /* 0: valid */
    } cases[] = {
        {CLAIMS(ORIG, DEST, IAT), 0},
        {CLAIMS("{\"tn\":\"\"}", DEST, IAT), 438},
        {CLAIMS("{\"tn\":\"+12155550121\"}", DEST, IAT), 438},
        {CLAIMS("{\"tn\":\" 12155550121\"}", DEST, IAT), 438},
        {CLAIMS("{\"tn\":\"1-215-555-0121\"}", DEST, IAT), 438},
        {CLAIMS("{\"tn\":\"1234567890123456\"}", DEST, IAT), 438},
        {CLAIMS("{\"tn\":\"12155550121\",\"uri\":\"sip:a@example.org\"}", DEST, IAT), 438},
        {CLAIMS("{\"tn\":\"12155550121\",\"uri\":null}", DEST, IAT), 438},
        {CLAIMS("{\"uri\":\"sip:12155550121@example.org\"}", DEST, IAT), 438},
        {CLAIMS("{\"tn\":[\"12155550121\"]}", DEST, IAT), 438},
        {CLAIMS("{\"tn\":12155550121}", DEST, IAT), 438},
        {CLAIMS("{\"tn\":null}", DEST, IAT), 438},
        {CLAIMS("[{\"tn\":\"12155550121\"}]", DEST, IAT), 438},
        {CLAIMS("\"12155550121\"", DEST, IAT), 438},
        {CLAIMS("{\"tn\":\"12155550121\",\"tn\":\"12155550121\"}", DEST, IAT), 438},
        {CLAIMS("{}", DEST, IAT), 438},
        {CLAIMS("null", DEST, IAT), 438},
        {CLAIMS("{\"tn\":\"12155550199\"}", DEST, IAT), 438},
        {CLAIMS(ORIG, "{\"tn\":[\"\"]}", IAT), 438},
        {CLAIMS(ORIG, "{\"tn\":[\"12155550131\",\"\"]}", IAT), 438},
        {CLAIMS(ORIG, "{\"tn\":[\"\",\"12155550131\"]}", IAT), 438},
        {CLAIMS(ORIG, "{\"tn\":[\"+12155550131\"]}", IAT), 438},
        {CLAIMS(ORIG, "{\"tn\":[\"12155550131\",\"+12155550132\"]}", IAT), 438},
        {CLAIMS(ORIG, "{\"tn\":[\"12155550131\",5]}", IAT), 438},
        {CLAIMS(ORIG, "{\"tn\":[]}", IAT), 438},
        {CLAIMS(ORIG, "{\"tn\":\"12155550131\"}", IAT), 438},
        {CLAIMS(ORIG, "{\"uri\":[\"sip:12155550131@example.org\"]}", IAT), 438},
        {CLAIMS(ORIG, "\"12155550131\"", IAT), 438},
        {CLAIMS(ORIG, "[\"12155550131\"]", IAT), 438},
        {CLAIMS(ORIG, "{\"tn\":[\"12155550131\"],\"uri\":\"sip:a@example.org\"}", IAT), 438},
        {CLAIMS(ORIG, "{\"tn\":[\"12155550131\"],\"uri\":[\"\"]}", IAT), 438},
        {CLAIMS(ORIG, "{\"tn\":[\"12155550131\"],\"uri\":[\"sip:a@example.org\"]}", IAT), 0},
        {CLAIMS(ORIG, "{\"tn\":[\"13125550100\",\"12155550131\"]}", IAT), 0},
        {CLAIMS(ORIG, DEST, "0"), 403},
        {CLAIMS(ORIG, DEST, "-1"), 403},
        {CLAIMS(ORIG, DEST, "-1443208345"), 403},
        {CLAIMS(ORIG, DEST, "-9223372036854775808"), 403},
        {CLAIMS(ORIG, DEST, "9223372036854775807"), 403},
        {CLAIMS(ORIG, DEST, "9223372036854775808"), 438}, /* no JSON that anybody here reads */
        {CLAIMS(ORIG, DEST, "1e999"), 438},
        {CLAIMS(ORIG, DEST, "1443208345.0"), 438},
        {CLAIMS(ORIG, DEST, "1443208345.5"), 438},
        {CLAIMS(ORIG, DEST, "1443208345e0"), 438},
        {CLAIMS(ORIG, DEST, "1.443208345e9"), 438},
        {CLAIMS(ORIG, DEST, "\"1443208345\""), 438},
        {CLAIMS(ORIG, DEST, "[1443208345]"), 438},
        {CLAIMS(ORIG, DEST, "true"), 438},
        {CLAIMS(ORIG, DEST, "null"), 438},
        {CLAIMS(ORIG, DEST, "1443208345000"), 403},
        {CLAIMS(ORIG, DEST, IAT) "x", 438},
        {"", 438},
        {"[]", 438},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(4096);
        struct buf value = BUF_INIT, chain = good_chain();
        sign_text(&value, STR(GOOD_HEADER), str_of(cases[i].payload));
        buf_add_text(&value, PARAMETERS);
        struct verify_report r = ask_in_message(arena, buf_str(&value), NOW, &chain);
        expect(&r, cases[i].status ? TOKEN_INVALID : TOKEN_VALID, cases[i].status, r.decided,
               cases[i].payload);
        buf_fini(&value);
        buf_fini(&chain);
        arena_free(arena);
    }
}

/* The words that say which claim is wrong, and how. */
static void claims_say_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        enum verify_check check;
        const char *words;
    } cases[] = {
        {CLAIMS("{\"tn\":\"12155550121\",\"uri\":\"sip:a@h\"}", DEST, IAT), VERIFY_CLAIMS,
         "orig has both tn and uri"},
        {CLAIMS("{\"uri\":\"sip:a@h\"}", DEST, IAT), VERIFY_CLAIMS, "orig has a uri, no tn"},
        {CLAIMS("{}", DEST, IAT), VERIFY_CLAIMS, "orig has no tn"},
        {CLAIMS("{\"tn\":\"\"}", DEST, IAT), VERIFY_CLAIMS, "orig.tn is no canonical number"},
        {CLAIMS("{\"tn\":\"+12155550121\"}", DEST, IAT), VERIFY_CLAIMS,
         "orig.tn is no canonical number: 1 to 15 digits, no plus"},
        {CLAIMS(ORIG, "{\"tn\":[]}", IAT), VERIFY_CLAIMS, "dest has no list of tn"},
        {CLAIMS(ORIG, "{\"tn\":[\"\"]}", IAT), VERIFY_CLAIMS,
         "dest has a tn that is no canonical number: 1 to 15 digits, no plus"},
        {CLAIMS(ORIG, "{\"tn\":[\"12155550131\"],\"uri\":5}", IAT), VERIFY_CLAIMS,
         "dest.uri is no list"},
        {CLAIMS(ORIG, "{\"tn\":[\"12155550131\"],\"uri\":[\"\"]}", IAT), VERIFY_CLAIMS,
         "dest has a uri that is no text"},
        {CLAIMS(ORIG, DEST, "1443208345.5"), VERIFY_CLAIMS, "iat is no whole number of seconds"},
        {"{\"attest\":\"A\",\"dest\":" DEST ",\"iat\":" IAT ",\"orig\":" ORIG "}", VERIFY_CLAIMS,
         "origid is missing"},
        {CLAIMS(ORIG, DEST, "0"), VERIFY_FRESH, "iat is 0: no signer was there"},
        {CLAIMS(ORIG, DEST, "-5"), VERIFY_FRESH, "iat is -5: no signer was there"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(4096);
        struct buf value = BUF_INIT, chain = good_chain();
        sign_text(&value, STR(GOOD_HEADER), str_of(cases[i].payload));
        buf_add_text(&value, PARAMETERS);
        struct verify_report r = ask_in_message(arena, buf_str(&value), NOW, &chain);
        struct str text = r.finding[cases[i].check].text;
        if (r.decided != cases[i].check || !text.p ||
            !memmem(text.p, text.n, cases[i].words, strlen(cases[i].words)))
            fail_msg("%s: \"%.*s\" instead of \"%s\"", cases[i].payload, STR_ARG(text),
                     cases[i].words);
        buf_fini(&value);
        buf_fini(&chain);
        arena_free(arena);
    }
}

/* R-V-002. */
static void token_and_parameter_say_the_same_type(void **state)
{
    (void)state;
    const char *good = CLAIMS(ORIG, DEST, IAT);
    static const char div[] = "{\"alg\":\"ES256\",\"ppt\":\"div\",\"typ\":\"passport\","
                              "\"x5u\":\"https://cert.example.org/c\"}",
                      msgi[] = "{\"alg\":\"ES256\",\"ppt\":\"msgi\",\"typ\":\"passport\","
                               "\"x5u\":\"https://cert.example.org/c\"}",
                      none[] = "{\"alg\":\"ES256\",\"typ\":\"passport\","
                               "\"x5u\":\"https://cert.example.org/c\"}",
                      capital[] = "{\"alg\":\"ES256\",\"ppt\":\"SHAKEN\",\"typ\":\"passport\","
                                  "\"x5u\":\"https://cert.example.org/c\"}",
                      number[] = "{\"alg\":\"ES256\",\"ppt\":5,\"typ\":\"passport\","
                                 "\"x5u\":\"https://cert.example.org/c\"}";
    static const char info[] = ";info=<https://cert.example.org/c>",
                      says_div[] = ";info=<https://cert.example.org/c>;ppt=div",
                      says_capital[] = ";info=<https://cert.example.org/c>;ppt=SHAKEN",
                      says_msgi[] = ";info=<https://cert.example.org/c>;ppt=msgi",
                      says_rcd[] = ";info=<https://cert.example.org/c>;ppt=rcd";
    expect_of(GOOD_HEADER, good, PARAMETERS, TOKEN_VALID, 0, 0);
    expect_of(GOOD_HEADER, good, info, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(GOOD_HEADER, good, says_div, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(div, good, PARAMETERS, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(none, good, PARAMETERS, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(capital, good, PARAMETERS, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(capital, good, says_capital, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(capital, good, info, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(GOOD_HEADER, good, says_capital, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(number, good, PARAMETERS, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(number, good, info, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(div, good, says_rcd, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(div, good, info, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(div, good, says_div, TOKEN_INVALID, 438, VERIFY_CLAIMS); /* it has no div */
    expect_of(GOOD_HEADER, good, says_msgi, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(msgi, good, says_msgi, TOKEN_IGNORED, 428, VERIFY_PPT);
    expect_of(none, good, info, TOKEN_IGNORED, 428, VERIFY_PPT);
    expect_of("{", good, PARAMETERS, TOKEN_INVALID, 438, VERIFY_HEADER);
    expect_of("{", good, info, TOKEN_INVALID, 438, VERIFY_HEADER);
}

/* Whatever a signer vouched for: the RFC refuses no number for its length. */
static void numbers_that_cannot_exist_are_warned_of(void **state)
{
    (void)state;
    static const struct {
        const char *orig;
        bool odd;
    } cases[] = {{"12155550121", false}, {"442079460000", false}, {"1215555010", true},
                 {"121555501000", true}, {"10155550121", true},   {"12150550121", true},
                 {"0000000000", true},   {"02079460000", true},   {"911", true},
                 {"*67", true}};
    struct buf chain = good_chain();
    struct tn dest = lab_tn("12155550131");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(4096);
        struct buf value = BUF_INIT, payload = BUF_INIT;
        struct tn orig = {.n = (uint8_t)strlen(cases[i].orig)};
        memcpy(orig.digits, cases[i].orig, orig.n);
        buf_addf(&payload, CLAIMS("{\"tn\":\"%s\"}", DEST, IAT), cases[i].orig);
        sign_text(&value, STR(GOOD_HEADER), buf_str(&payload));
        buf_add_text(&value, PARAMETERS);
        struct verify_report r = ask(arena, (struct whole_question){.value = buf_str(&value),
                                                                    .now_s = NOW,
                                                                    .has_message = true,
                                                                    .orig = &orig,
                                                                    .dest = &dest,
                                                                    .chain = buf_str(&chain),
                                                                    .trust = trust});
        expect(&r, TOKEN_VALID, 0, 0, cases[i].orig);
        assert_int_equal(r.finding[VERIFY_CLAIMS].result,
                         cases[i].odd ? VERIFY_WARNED : VERIFY_PASSED);
        buf_fini(&value);
        buf_fini(&payload);
        arena_free(arena);
    }
    buf_fini(&chain);
}

/* ---- what "valid" takes ---- */

/* Each needed check that is left out, or fails, takes "valid" away; none is forgotten. */
static void valid_is_every_needed_check_done_and_passed(void **state)
{
    (void)state;
    struct verify_report all = {0};
    for (int i = 0; i < VERIFY_CHECKS; i++)
        all.finding[i].result = VERIFY_PASSED, all.needed[i] = true;
    verify_decide(&all);
    assert_true(all.verdict == TOKEN_VALID);
    for (int i = 0; i < VERIFY_CHECKS; i++) {
        struct verify_report r = all;
        r.finding[i].result = VERIFY_NOT_DONE;
        verify_decide(&r);
        assert_true(r.verdict == TOKEN_OPEN);
        r.finding[i].result = VERIFY_FAILED;
        verify_decide(&r);
        assert_true(r.verdict == (i == VERIFY_PPT ? TOKEN_IGNORED : TOKEN_INVALID));
        assert_int_equal(r.sip_status, verify_check_status((enum verify_check)i));
        r.finding[i].result = VERIFY_WARNED;
        verify_decide(&r);
        bool passes = i == VERIFY_CLAIMS || i == VERIFY_FRESH ||
                      i == VERIFY_DEST; /* whatever it warns of */
        assert_true(r.verdict == (passes ? TOKEN_VALID : TOKEN_OPEN));
        r.finding[i].result = VERIFY_NOT_DONE;
        r.needed[i] = false;
        verify_decide(&r);
        assert_true(r.verdict == TOKEN_VALID);
    }
}

/* Which checks are needed, of which questions: all, but for what somebody else answers. */
static void every_check_is_needed(void **state)
{
    (void)state;
    struct buf value = BUF_INIT, chain = good_chain();
    struct arena *arena = arena_new(4096);
    sign_text(&value, STR(GOOD_HEADER), STR(CLAIMS(ORIG, DEST, IAT)));
    buf_add_text(&value, PARAMETERS);
    struct verify_report r = ask_in_message(arena, buf_str(&value), NOW, &chain);
    expect(&r, TOKEN_VALID, 0, 0, "good");
    for (int i = 0; i < VERIFY_CHECKS; i++) {
        assert_int_equal(r.needed[i], i != VERIFY_REVOKED && i != VERIFY_DIV && i != VERIFY_RCD &&
                                          i != VERIFY_RPH);
        assert_true(!r.needed[i] || r.finding[i].result == VERIFY_PASSED);
    }
    const struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    struct whole_question q = {.value = buf_str(&value),
                               .now_s = NOW,
                               .has_message = true,
                               .orig = &orig,
                               .dest = &dest,
                               .chain = buf_str(&chain),
                               .chain_is_given = true,
                               .trust = trust};
    r = ask(arena, q);
    expect(&r, TOKEN_VALID, 0, 0, "its certificate is given");
    assert_int_equal(r.finding[VERIFY_FETCH].result, VERIFY_NOT_DONE);
    assert_false(r.needed[VERIFY_FETCH]);
    q.trust = NULL;
    r = ask(arena, q);
    expect(&r, TOKEN_OPEN, 0, 0, "no anchors");
    arena_free(arena);
    buf_fini(&value);
    buf_fini(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_get_their_verdicts),
        cmocka_unit_test(the_examples_of_rfc_8588_are_valid),
        cmocka_unit_test(the_headers_of_rfc_8224),
        cmocka_unit_test(tokens_of_others_are_read),
        cmocka_unit_test(other_forms_of_the_header),
        cmocka_unit_test(claims_are_what_they_must_be),
        cmocka_unit_test(claims_say_what_is_wrong),
        cmocka_unit_test(token_and_parameter_say_the_same_type),
        cmocka_unit_test(numbers_that_cannot_exist_are_warned_of),
        cmocka_unit_test(valid_is_every_needed_check_done_and_passed),
        cmocka_unit_test(every_check_is_needed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
