/* The published vectors, and tokens of our own signer that one thing is wrong with. */
#include "lab.h"

#include <stird/core/identity.h>
#include <stird/core/sign_request.h>
#include <stird/core/verify.h>
#include <stird/lab/lab_ca.h>

#include <stird/core/key_backend.h>

#define NOW INT64_C(1443208345)
#define DAY 86400

static json_t *vectors;
static EVP_PKEY *root_key, *issuer_key, *key;
static X509 *root, *issuer;
static struct trust *trust;

static X509 *make(const char *name, uint64_t serial, EVP_PKEY *of, bool authority, bool below_root,
                  const char *const *spcs, const char *const *numbers)
{
    const struct lab_certificate c = {
        .name = name,
        .serial = serial,
        .key = of,
        .issuer = below_root ? root : issuer,
        .issuer_key = below_root ? root_key : issuer_key,
        .not_before_s = NOW - 30 * DAY,
        .not_after_s = NOW + 30 * DAY,
        .authority = authority,
        .spcs = spcs,
        .numbers = numbers,
    };
    X509 *x = lab_certificate_new(&c);
    assert_non_null(x);
    return x;
}

static EVP_PKEY *private_key(struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *k = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(k);
    return k;
}

static int set_up(void **state)
{
    (void)state;
    struct buf anchors = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    vectors = lab_vectors("verification_tokens.json");
    key = private_key(
        lab_member(json_object_get(json_object_get(vectors, "keys"), "k1"), "private_pem"));
    root_key = lab_key_new();
    issuer_key = lab_key_new();
    root = make("lab root", 1, root_key, true, true, NULL, NULL);
    issuer = make("lab issuer", 2, issuer_key, true, true, NULL, NULL);
    trust = trust_new();
    assert_true(lab_add_certificate(&anchors, root));
    assert_true(trust_add_anchors(trust, STR("root"), buf_str(&anchors), &problems));
    buf_fini(&anchors);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trust_free(trust);
    X509_free(root);
    X509_free(issuer);
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(issuer_key);
    EVP_PKEY_free(key);
    json_decref(vectors);
    return 0;
}

static const char *const spcs[] = {"709J", NULL};

/* What a URL serves: the end-entity's certificate and that of its issuer. Frees LEAF. */
static struct buf serve(X509 *leaf, bool with_issuer)
{
    struct buf text = BUF_INIT;
    assert_true(lab_add_certificate(&text, leaf));
    if (with_issuer)
        assert_true(lab_add_certificate(&text, issuer));
    X509_free(leaf);
    return text;
}

static struct buf good_chain(void)
{
    return serve(make("SHAKEN 709J", 3, key, false, false, spcs, NULL), true);
}

static struct verify_report ask(struct arena *arena, struct verify_question q)
{
    struct verify_report report;
    /* An exact copy, so that a read behind the end is seen by the sanitizer. */
    char *copy = malloc(q.value.n + 1);
    memcpy(copy, q.value.p ? q.value.p : "", q.value.n);
    q.value.p = copy;
    q.max_age_s = VERIFY_MAX_AGE_S;
    assert_true(verify(&q, arena, &report));
    report.identity = (struct identity){0}; /* its texts end with the copy */
    free(copy);
    return report;
}

static void expect(const struct verify_report *r, enum token_verdict verdict, int status,
                   enum verify_check decided, const char *name)
{
    if (r->verdict == verdict && r->sip_status == status && (status == 0 || r->decided == decided))
        return;
    struct str text = r->finding[r->decided].text;
    fail_msg("%s: %.*s %d by %.*s (%.*s)", name, STR_ARG(token_verdict_name(r->verdict)),
             r->sip_status, STR_ARG(verify_check_name(r->decided)), STR_ARG(text));
}

/* ---- vectors ---- */

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
        struct verify_report r = ask(arena, (struct verify_question){
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
    return ask(arena, (struct verify_question){.value = value,
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
        if (!str_eq(ppt, STR("shaken")))
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
    struct verify_report r = ask(arena, (struct verify_question){.value = STR(""), .now_s = NOW});
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

/* What may be wrong with orig, dest and iat; all of it was signed by a good key. */
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

static void token_and_parameter_say_the_same_type(void **state)
{
    (void)state;
    const char *good = CLAIMS(ORIG, DEST, IAT);
    static const char div[] = "{\"alg\":\"ES256\",\"ppt\":\"div\",\"typ\":\"passport\","
                              "\"x5u\":\"https://cert.example.org/c\"}",
                      none[] = "{\"alg\":\"ES256\",\"typ\":\"passport\","
                               "\"x5u\":\"https://cert.example.org/c\"}",
                      number[] = "{\"alg\":\"ES256\",\"ppt\":5,\"typ\":\"passport\","
                                 "\"x5u\":\"https://cert.example.org/c\"}";
    static const char info[] = ";info=<https://cert.example.org/c>",
                      says_div[] = ";info=<https://cert.example.org/c>;ppt=div",
                      says_rcd[] = ";info=<https://cert.example.org/c>;ppt=rcd";
    expect_of(GOOD_HEADER, good, PARAMETERS, TOKEN_VALID, 0, 0);
    expect_of(GOOD_HEADER, good, info, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(GOOD_HEADER, good, says_div, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(div, good, PARAMETERS, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(none, good, PARAMETERS, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(number, good, PARAMETERS, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(number, good, info, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(div, good, says_rcd, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(div, good, info, TOKEN_INVALID, 438, VERIFY_TYPE);
    expect_of(div, good, says_div, TOKEN_IGNORED, 428, VERIFY_PPT);
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
        struct verify_report r = ask(arena, (struct verify_question){.value = buf_str(&value),
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
        bool passes = i == VERIFY_CLAIMS || i == VERIFY_FRESH; /* whatever it warns of */
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
        assert_int_equal(r.needed[i], i != VERIFY_REVOKED);
        assert_true(!r.needed[i] || r.finding[i].result == VERIFY_PASSED);
    }
    const struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    struct verify_question q = {.value = buf_str(&value),
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

/* ---- our own tokens ---- */

static void sign(struct buf *out, EVP_PKEY *with, int64_t iat)
{
    struct arena *arena = arena_new(4096);
    struct problems problems = PROBLEMS_INIT;
    struct buf chain = good_chain(), pem = BUF_INIT;
    struct certificate c;
    const struct passport_claims claims = lab_claims('A', iat);
    assert_true(certificate_read(&c, arena, STR("u"), STR("u"), STR("chain"), buf_str(&chain),
                                 STR("x5u"), STR("https://cert.example.org/passport.cer"), NOW,
                                 &problems));
    assert_true(lab_add_key(&pem, with));
    EVP_PKEY_free(c.public_key);
    c.public_key = with;
    EVP_PKEY_up_ref(with);
    struct credential *credential = credential_new(&c, STR("key"), buf_str(&pem), &problems);
    assert_non_null(credential);
    struct buf token = BUF_INIT;
    assert_int_equal(credential_sign(credential, &passport_type_shaken, &claims, &token),
                     REASON_OK);
    identity_add(out, buf_str(&token), c.x5u, STR("ES256"), STR("shaken"));
    credential_free(credential);
    certificate_fini(&c);
    buf_fini(&token);
    buf_fini(&pem);
    buf_fini(&chain);
    arena_free(arena);
}

struct change {
    const char *name;
    enum token_verdict verdict;
    int status;
    enum verify_check decided;
    struct buf (*chain)(void);
    void (*ask)(struct verify_question *q);
};

static struct buf no_chain(void)
{
    return (struct buf)BUF_INIT;
}

static struct buf without_issuer(void)
{
    return serve(make("SHAKEN 709J", 3, key, false, false, spcs, NULL), false);
}

static struct buf of_another_key(void)
{
    EVP_PKEY *other = lab_key_new();
    struct buf text = serve(make("SHAKEN 709J", 3, other, false, false, spcs, NULL), true);
    EVP_PKEY_free(other);
    return text;
}

static struct buf without_list(void)
{
    return serve(make("SHAKEN", 3, key, false, false, NULL, NULL), true);
}

static struct buf of_an_authority(void)
{
    return serve(make("SHAKEN 709J", 3, key, true, false, spcs, NULL), true);
}

static struct buf of_p384(void)
{
    EVP_PKEY *other = EVP_EC_gen("P-384");
    struct buf text = serve(make("SHAKEN 709J", 3, other, false, false, spcs, NULL), true);
    EVP_PKEY_free(other);
    return text;
}

static struct buf of_numbers(const char *one)
{
    const char *const numbers[] = {"13125550000", one, NULL};
    return serve(make("delegate", 4, key, false, false, NULL, numbers), true);
}

static struct buf of_its_number(void)
{
    return of_numbers("12155550121");
}

static struct buf of_its_range(void)
{
    return of_numbers("12155550100+22");
}

static struct buf of_a_range_below(void)
{
    return of_numbers("12155550100+21");
}

static struct buf of_a_shorter_range(void)
{
    return of_numbers("1215555010+50000");
}

static struct buf issuer_only(void)
{
    struct buf text = BUF_INIT;
    assert_true(lab_add_certificate(&text, issuer));
    return text;
}

static struct buf no_certificate(void)
{
    struct buf text = BUF_INIT;
    buf_add_text(&text, "<html>404</html>");
    return text;
}

static struct buf in_der(void)
{
    struct buf text = BUF_INIT;
    unsigned char *der = NULL;
    X509 *leaf = make("SHAKEN 709J", 3, key, false, true, spcs, NULL);
    int n = i2d_X509(leaf, &der);
    assert_true(n > 0);
    buf_add(&text, der, (size_t)n);
    OPENSSL_free(der);
    X509_free(leaf);
    return text;
}

static void in_61_s(struct verify_question *q)
{
    q->now_s = NOW + 61;
}

static void a_minute_ago(struct verify_question *q)
{
    q->now_s = NOW - 61;
}

static void in_60_s(struct verify_question *q)
{
    q->now_s = NOW + 60;
}

static void in_a_year(struct verify_question *q)
{
    q->now_s = NOW + 365 * DAY;
}

static void other_caller(struct verify_question *q)
{
    static struct tn tn;
    tn = lab_tn("12155550122");
    q->orig = &tn;
}

static void no_caller(struct verify_question *q)
{
    q->orig = NULL;
}

static void other_called(struct verify_question *q)
{
    static struct tn tn;
    tn = lab_tn("12155550132");
    q->dest = &tn;
}

static void no_message(struct verify_question *q)
{
    q->has_message = false;
}

static void not_fetched(struct verify_question *q)
{
    q->chain_fault = "it answers 404";
}

static void no_anchors(struct verify_question *q)
{
    q->trust = NULL;
}

static void cut(struct verify_question *q)
{
    q->value.n -= 60;
}

static const struct change changes[] = {
    {"good", TOKEN_VALID, 0, 0, good_chain, NULL},
    {"without a message", TOKEN_OPEN, 0, 0, good_chain, no_message},
    {"60 s old", TOKEN_VALID, 0, 0, good_chain, in_60_s},
    {"61 s old", TOKEN_INVALID, 403, VERIFY_FRESH, good_chain, in_61_s},
    {"61 s ahead", TOKEN_INVALID, 403, VERIFY_FRESH, good_chain, a_minute_ago},
    {"changed From", TOKEN_INVALID, 438, VERIFY_ORIG, good_chain, other_caller},
    {"anonymous From", TOKEN_INVALID, 438, VERIFY_ORIG, good_chain, no_caller},
    {"changed To", TOKEN_INVALID, 438, VERIFY_DEST, good_chain, other_called},
    {"cut header", TOKEN_INVALID, 438, VERIFY_SYNTAX, good_chain, cut},
    {"certificate not asked for", TOKEN_OPEN, 0, 0, no_chain, NULL},
    {"certificate not to be had", TOKEN_INVALID, 436, VERIFY_FETCH, no_chain, not_fetched},
    {"no anchors", TOKEN_OPEN, 0, 0, good_chain, no_anchors},
    {"a web page", TOKEN_INVALID, 437, VERIFY_CERTIFICATE, no_certificate, NULL},
    {"issuer missing", TOKEN_INVALID, 437, VERIFY_CHAIN, without_issuer, NULL},
    {"another key", TOKEN_INVALID, 438, VERIFY_SIGNATURE, of_another_key, NULL},
    {"no TNAuthList", TOKEN_INVALID, 437, VERIFY_CERTIFICATE, without_list, NULL},
    {"an authority's", TOKEN_INVALID, 437, VERIFY_CERTIFICATE, of_an_authority, NULL},
    {"issuer first", TOKEN_INVALID, 437, VERIFY_CERTIFICATE, issuer_only, NULL},
    {"P-384", TOKEN_INVALID, 437, VERIFY_CERTIFICATE, of_p384, NULL},
    {"in DER", TOKEN_VALID, 0, 0, in_der, NULL},
    {"expired", TOKEN_INVALID, 403, VERIFY_FRESH, good_chain, in_a_year},
    {"its number", TOKEN_VALID, 0, 0, of_its_number, NULL},
    {"its range", TOKEN_VALID, 0, 0, of_its_range, NULL},
    {"a range below", TOKEN_INVALID, 437, VERIFY_SCOPE, of_a_range_below, NULL},
    {"a range of shorter numbers", TOKEN_INVALID, 437, VERIFY_SCOPE, of_a_shorter_range, NULL},
};

static void one_thing_is_wrong(void **state)
{
    (void)state;
    struct buf value = BUF_INIT;
    const struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    sign(&value, key, NOW);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        const struct change *c = &changes[i];
        struct arena *arena = arena_new(4096);
        struct buf chain = c->chain();
        struct verify_question q = {.value = buf_str(&value),
                                    .now_s = NOW,
                                    .has_message = true,
                                    .orig = &orig,
                                    .dest = &dest,
                                    .chain = buf_str(&chain),
                                    .trust = trust};
        if (c->ask)
            c->ask(&q);
        struct verify_report r = ask(arena, q);
        expect(&r, c->verdict, c->status, c->decided, c->name);
        arena_free(arena);
        buf_fini(&chain);
    }
    buf_fini(&value);
}

/* Everything that is wrong is told, not only what decides. */
static void all_findings_are_told(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf value = BUF_INIT, chain = of_another_key();
    const struct tn other = lab_tn("13125550000");
    sign(&value, key, NOW - 100);
    struct verify_report r = ask(arena, (struct verify_question){.value = buf_str(&value),
                                                                 .now_s = NOW + 365 * DAY,
                                                                 .has_message = true,
                                                                 .orig = &other,
                                                                 .dest = &other,
                                                                 .chain = buf_str(&chain),
                                                                 .trust = trust});
    static const enum verify_check failed[] = {VERIFY_FRESH, VERIFY_ORIG, VERIFY_DEST,
                                               VERIFY_SIGNATURE, VERIFY_DATES};
    for (size_t i = 0; i < sizeof(failed) / sizeof(failed[0]); i++)
        assert_int_equal(r.finding[failed[i]].result, VERIFY_FAILED);
    assert_int_equal(r.finding[VERIFY_CHAIN].result, VERIFY_PASSED);
    assert_str(r.attest, STR("A"));
    assert_str(r.spc, STR("709J"));
    assert_str(r.orig, STR("12155550121"));
    assert_int_equal(r.iat_s, NOW - 100);
    buf_fini(&value);
    buf_fini(&chain);
    arena_free(arena);
}

/* ---- revocation ---- */

/* A revocation list: who signed it, in whose name, in force when, and whom it revokes. */
struct list {
    X509 *issuer;
    EVP_PKEY *by;
    int from_days, to_days;
    unsigned revoked; /* a serial; 0: nobody */
};

static void add_list(struct trust *t, const struct list *l)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    const uint64_t serials[] = {7, l->revoked};
    X509_CRL *crl = lab_crl_new(l->issuer, l->by, NOW + l->from_days * DAY, NOW + l->to_days * DAY,
                                serials, l->revoked ? 2 : 1);
    assert_true(lab_add_crl(&text, crl));
    assert_true(trust_add_crls(t, STR("crl"), buf_str(&text), &problems));
    X509_CRL_free(crl);
    buf_fini(&text);
}

static struct verify_report ask_with_lists(struct arena *arena, const struct buf *value,
                                           const struct list *lists, unsigned n)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf anchors = BUF_INIT, chain = good_chain();
    struct trust *t = trust_new();
    assert_true(lab_add_certificate(&anchors, root));
    assert_true(trust_add_anchors(t, STR("root"), buf_str(&anchors), &problems));
    for (unsigned i = 0; i < n; i++)
        add_list(t, &lists[i]);
    const struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    struct verify_report r = ask(arena, (struct verify_question){.value = buf_str(value),
                                                                 .now_s = NOW,
                                                                 .has_message = true,
                                                                 .orig = &orig,
                                                                 .dest = &dest,
                                                                 .chain = buf_str(&chain),
                                                                 .trust = t});
    trust_free(t);
    buf_fini(&anchors);
    buf_fini(&chain);
    return r;
}

static void revoked_certificates_are_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf value = BUF_INIT;
    const struct list above = {root, root_key, -1, 1, 0};
    const struct list leaf_is[] = {above, {issuer, issuer_key, -1, 1, 3}};
    const struct list issuer_is[] = {{root, root_key, -1, 1, 2}};
    const struct list none_is[] = {above, {issuer, issuer_key, -1, 1, 0}};
    sign(&value, key, NOW);
    struct verify_report r = ask_with_lists(arena, &value, leaf_is, 2);
    expect(&r, TOKEN_INVALID, 437, VERIFY_REVOKED, "revoked");
    r = ask_with_lists(arena, &value, leaf_is + 1, 1);
    expect(&r, TOKEN_INVALID, 437, VERIFY_REVOKED, "revoked, of the issuer nothing is known");
    r = ask_with_lists(arena, &value, issuer_is, 1);
    expect(&r, TOKEN_INVALID, 437, VERIFY_REVOKED, "the issuer is revoked");
    r = ask_with_lists(arena, &value, none_is, 2);
    expect(&r, TOKEN_VALID, 0, 0, "another one is revoked");
    assert_int_equal(r.finding[VERIFY_REVOKED].result, VERIFY_PASSED);
    buf_fini(&value);
    arena_free(arena);
}

/* Lists that do not tell are no lists that say "not revoked": the check was not done. */
static void lists_that_do_not_tell_leave_it_open(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf value = BUF_INIT;
    EVP_PKEY *other_key = lab_key_new();
    X509 *other = make("other root", 1, other_key, true, true, NULL, NULL);
    const struct list above = {root, root_key, -1, 1, 0};
    const struct {
        const char *name;
        struct list lists[2];
        unsigned n;
    } cases[] = {
        {"another authority's", {{other, other_key, -1, 1, 3}}, 1},
        {"another authority's besides", {above, {other, other_key, -1, 1, 3}}, 2},
        {"the root's alone", {above}, 1},
        {"the issuer's alone", {{issuer, issuer_key, -1, 1, 0}}, 1},
        {"expired", {above, {issuer, issuer_key, -2, -1, 0}}, 2},
        {"not yet in force", {above, {issuer, issuer_key, 1, 2, 0}}, 2},
        {"expired above", {{root, root_key, -2, -1, 0}, {issuer, issuer_key, -1, 1, 0}}, 2},
        {"forged", {above, {issuer, other_key, -1, 1, 0}}, 2},
        {"forged above", {{root, other_key, -1, 1, 0}, {issuer, issuer_key, -1, 1, 0}}, 2},
        {"forged, and revoking", {above, {issuer, other_key, -1, 1, 3}}, 2},
    };
    sign(&value, key, NOW);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct verify_report r = ask_with_lists(arena, &value, cases[i].lists, cases[i].n);
        expect(&r, TOKEN_OPEN, 0, 0, cases[i].name);
        assert_int_equal(r.finding[VERIFY_REVOKED].result, VERIFY_NOT_DONE);
        assert_true(r.finding[VERIFY_REVOKED].text.n > 0);
    }
    X509_free(other);
    EVP_PKEY_free(other_key);
    buf_fini(&value);
    arena_free(arena);
}

static void anchors_and_lists_that_are_none_are_problems(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    struct trust *t = trust_new();
    struct buf chain = good_chain();
    assert_false(trust_add_anchors(t, STR("a"), STR("nothing"), &problems));
    assert_false(trust_add_anchors(t, STR("a"), STR(""), &problems));
    assert_false(
        trust_add_anchors(t, STR("a"), str_slice(buf_str(&chain), 0, chain.n - 40), &problems));
    assert_false(trust_add_crls(t, STR("c"), STR("nothing"), &problems));
    assert_false(trust_add_crls(t, STR("c"), buf_str(&chain), &problems));
    assert_int_equal(problems.n, 5);
    assert_false(trust_has_crls(t));
    problems_fini(&problems);
    buf_fini(&chain);
    trust_free(t);
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
        cmocka_unit_test(token_and_parameter_say_the_same_type),
        cmocka_unit_test(numbers_that_cannot_exist_are_warned_of),
        cmocka_unit_test(valid_is_every_needed_check_done_and_passed),
        cmocka_unit_test(every_check_is_needed),
        cmocka_unit_test(one_thing_is_wrong),
        cmocka_unit_test(all_findings_are_told),
        cmocka_unit_test(revoked_certificates_are_refused),
        cmocka_unit_test(lists_that_do_not_tell_leave_it_open),
        cmocka_unit_test(anchors_and_lists_that_are_none_are_problems),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
