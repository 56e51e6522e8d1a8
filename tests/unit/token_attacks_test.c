/*
 * What attackers write into tokens: algorithms, keys of their own, JSON that readers take
 * differently, and header fields of shapes that have ended other verifiers. All that can be signed
 * here is signed by the key of the good certificate, so that nothing but what a row is about is
 * wrong.
 */
#include "verify_lab.h"

#include <openssl/hmac.h>
#include <stird/core/identity_set.h>

#define X5U   "\"x5u\":\"https://cert.example.org/c\""
#define TYPES "\"ppt\":\"shaken\",\"typ\":\"passport\","
#define GOOD  "{\"alg\":\"ES256\"," TYPES X5U "}"
#define CLAIMS                                                                                     \
    "\"attest\":\"A\",\"dest\":{\"tn\":[\"12155550131\"]},\"iat\":1443208345,"                     \
    "\"orig\":{\"tn\":\"12155550121\"},\"origid\":\"123e4567-e89b-12d3-a456-426655440000\""
#define PAYLOAD "{" CLAIMS "}"
#define BEHIND  ";info=<https://cert.example.org/c>;alg=ES256;ppt=shaken"

static struct buf chain;

/* Their octets may hold a NUL. */
static void add_signed(struct buf *out, struct str header, struct str payload, EVP_PKEY *with)
{
    unsigned char raw[JWS_SIGNATURE_MAX];
    void *ready = jws_es256.ready_new(with);
    base64url_add(out, header.p, header.n);
    buf_add_char(out, '.');
    base64url_add(out, payload.p, payload.n);
    assert_true(jws_es256.sign(ready, buf_str(out), raw));
    jws_es256.ready_free(ready);
    buf_add_char(out, '.');
    base64url_add(out, raw, jws_es256.signature_bytes);
}

static struct verify_report judge(struct str value, struct arena *arena)
{
    static struct tn orig, dest;
    orig = lab_tn("12155550121");
    dest = lab_tn("12155550131");
    return whole_verify(&(struct whole_question){.value = value,
                                                 .now_s = NOW,
                                                 .has_message = true,
                                                 .orig = &orig,
                                                 .dest = &dest,
                                                 .chain = buf_str(&chain),
                                                 .trust = trust},
                        arena);
}

static void expect_text(const char *name, struct str value, int status, enum verify_check check)
{
    struct arena *arena = arena_new(4096);
    const struct verify_report r = judge(value, arena);
    if (r.sip_status != status || (status == 0) != (r.verdict == TOKEN_VALID) ||
        (status > 0 && r.decided != check))
        fail_msg("%s: %.*s, %d by %.*s", name, STR_ARG(token_verdict_name(r.verdict)), r.sip_status,
                 STR_ARG(verify_check_name(r.decided)));
    arena_free(arena);
}

static void expect_signed(const char *name, struct str header, struct str payload, int status,
                          enum verify_check check)
{
    struct buf value = BUF_INIT;
    add_signed(&value, header, payload, key);
    buf_add_text(&value, BEHIND);
    expect_text(name, buf_str(&value), status, check);
    buf_fini(&value);
}

/* ---- algorithms and keys ---- */

static void one_algorithm(void **state)
{
    static const char *const algorithms[] = {"none",  "None",  "NONE",  "",       "HS256",
                                             "HS384", "RS256", "PS256", "ES384",  "ES512",
                                             "EdDSA", "es256", "Es256", "ES256 ", "ES256K"};
    (void)state;
    expect_signed("good", STR(GOOD), STR(PAYLOAD), 0, VERIFY_CHECKS);
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        struct buf header = BUF_INIT, value = BUF_INIT;
        buf_addf(&header, "{\"alg\":\"%s\"," TYPES X5U "}", algorithms[i]);
        expect_signed(algorithms[i], buf_str(&header), STR(PAYLOAD), 437, VERIFY_ALG);
        /* ... and where the parameter says the same. */
        add_signed(&value, buf_str(&header), STR(PAYLOAD), key);
        buf_addf(&value, ";info=<https://cert.example.org/c>;alg=\"%s\";ppt=shaken",
                 algorithms[i][0] ? algorithms[i] : "none");
        struct arena *arena = arena_new(4096);
        const struct verify_report r = judge(buf_str(&value), arena);
        assert_true(r.verdict == TOKEN_INVALID);
        arena_free(arena);
        buf_fini(&header);
        buf_fini(&value);
    }
    expect_signed("no alg", STR("{" TYPES X5U "}"), STR(PAYLOAD), 437, VERIFY_ALG);
    expect_signed("a list", STR("{\"alg\":[\"ES256\"]," TYPES X5U "}"), STR(PAYLOAD), 437,
                  VERIFY_ALG);
    expect_signed("twice", STR("{\"alg\":\"none\",\"alg\":\"ES256\"," TYPES X5U "}"), STR(PAYLOAD),
                  438, VERIFY_HEADER);
}

/* What everybody can fetch is no secret: HS256 by the text of the certificate, or its key. */
static void no_shared_secret(void **state)
{
    static const struct str header = STR("{\"alg\":\"HS256\"," TYPES X5U "}");
    unsigned char *der = NULL, mac[32], both[64] = {0};
    const int n = i2d_PUBKEY(key, &der);
    const struct str secrets[] = {buf_str(&chain), {(const char *)der, (size_t)n}, STR("")};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t octets = 32; octets <= 64; octets += 32) {
            struct buf value = BUF_INIT;
            unsigned length = sizeof(mac);
            base64url_add(&value, header.p, header.n);
            buf_add_char(&value, '.');
            base64url_add(&value, PAYLOAD, strlen(PAYLOAD));
            assert_non_null(HMAC(EVP_sha256(), secrets[i].p, (int)secrets[i].n,
                                 (const unsigned char *)value.p, value.n, mac, &length));
            memcpy(both, mac, sizeof(mac));
            buf_add_char(&value, '.');
            base64url_add(&value, both, octets);
            buf_add_text(&value, BEHIND);
            expect_text("HS256", buf_str(&value), 437, VERIFY_ALG);
            buf_fini(&value);
        }
    OPENSSL_free(der);
}

/* A key comes by x5u and info alone: others in the header are neither used nor fetched, and take
   nothing from a token that is good. */
static void keys_that_tokens_bring_along(void **state)
{
    static const char *const members[] = {
        "\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}",
        "\"jku\":\"https://evil.example/keys\"", "\"x5c\":[\"MIIB\"]", "\"kid\":\"evil\"",
        "\"x5t\":\"AA\",\"x5t#S256\":\"AA\""};
    EVP_PKEY *theirs = lab_key_new();
    (void)state;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct buf header = BUF_INIT, value = BUF_INIT;
        buf_addf(&header, "{\"alg\":\"ES256\",%s," TYPES X5U "}", members[i]);
        expect_signed(members[i], buf_str(&header), STR(PAYLOAD), 0, VERIFY_CHECKS);
        add_signed(&value, buf_str(&header), STR(PAYLOAD), theirs);
        buf_add_text(&value, BEHIND);
        expect_text(members[i], buf_str(&value), 438, VERIFY_SIGNATURE);
        buf_fini(&header);
        buf_fini(&value);
    }
    EVP_PKEY_free(theirs);
}

/* ---- signatures ---- */

static void forms_of_a_signature(void **state)
{
    struct buf value = BUF_INIT;
    (void)state;
    add_signed(&value, STR(GOOD), STR(PAYLOAD), key);
    const size_t dot = value.n - 86; /* so many octets of base64url have 64 */
    unsigned char long_one[96] = {[0] = 1, [63] = 1};
    for (size_t n = 0; n <= sizeof(long_one); n++) {
        struct buf other = BUF_INIT;
        buf_add_str(&other, str_slice(buf_str(&value), 0, dot));
        base64url_add(&other, long_one, n);
        buf_add_text(&other, BEHIND);
        expect_text("of another length", buf_str(&other), 438,
                    n == 0 ? VERIFY_SYNTAX : VERIFY_SIGNATURE);
        buf_fini(&other);
    }
    static const char *const ends[] = {"=", "==", "A", ".", ".AAAA", "\n", "%3D"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct buf other = BUF_INIT;
        buf_add_str(&other, buf_str(&value));
        buf_add_text(&other, ends[i]);
        buf_add_text(&other, BEHIND);
        struct arena *arena = arena_new(4096);
        /* White space may stand before the semicolon. */
        assert_true((judge(buf_str(&other), arena).verdict == TOKEN_VALID) == (ends[i][0] == '\n'));
        arena_free(arena);
        buf_fini(&other);
    }
    buf_fini(&value);
}

/* ---- JSON ---- */

static void json_that_readers_take_differently(void **state)
{
    static const struct {
        const char *name;
        struct str text;
    } payloads[] = {
        {"a member twice", STR("{\"attest\":\"C\"," CLAIMS "}")},
        {"twice, by an escape", STR("{\"\\u0061ttest\":\"C\"," CLAIMS "}")},
        {"twice, deep inside", STR("{\"x\":{\"y\":1,\"y\":2}," CLAIMS "}")},
        {"NUL in a name", STR("{\"x\\u0000\":1," CLAIMS "}")},
        {"NUL in a text", STR("{\"x\":\"a\\u0000b\"," CLAIMS "}")},
        {"a NUL itself", STR("{\"x\":\"a\0b\"," CLAIMS "}")},
        {"behind a NUL", STR("{" CLAIMS "}\0{\"attest\":\"C\"}")},
        {"half a surrogate", STR("{\"x\":\"\\ud800\"," CLAIMS "}")},
        {"the other half", STR("{\"x\":\"\\udc00\"," CLAIMS "}")},
        {"halves in the wrong order", STR("{\"x\":\"\\udc00\\ud800\"," CLAIMS "}")},
        {"a surrogate in UTF-8", STR("{\"x\":\"\xed\xa0\x80\"," CLAIMS "}")},
        {"UTF-8 that is too long", STR("{\"x\":\"\xc0\xa2\"," CLAIMS "}")},
        {"no UTF-8", STR("{\"x\":\"\xff\"," CLAIMS "}")},
        {"a mark of the order of octets", STR("\xef\xbb\xbf{" CLAIMS "}")},
        {"UTF-16", STR("{\0\"\0a\0\"\0:\0"
                       "1\0}\0")},
        {"a number beyond all", STR("{\"x\":1e999," CLAIMS "}")},
        {"a number below all", STR("{\"x\":-1e999," CLAIMS "}")},
        {"an integer beyond all", STR("{\"x\":99999999999999999999," CLAIMS "}")},
        {"no number", STR("{\"x\":NaN," CLAIMS "}")},
        {"a comma too many", STR("{" CLAIMS ",}")},
        {"a comment", STR("{/**/" CLAIMS "}")},
        {"names without quotes", STR("{x:1," CLAIMS "}")},
        {"two objects", STR("{" CLAIMS "}{}")},
        {"in a list", STR("[{" CLAIMS "}]")},
        {"cut", STR("{" CLAIMS)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
        expect_signed(payloads[i].name, STR(GOOD), payloads[i].text, 438, VERIFY_PAYLOAD);
    expect_signed("white space", STR(GOOD), STR(" {\n" CLAIMS "\t}\r\n"), 0, VERIFY_CHECKS);
    expect_signed("whole surrogates", STR(GOOD), STR("{\"x\":\"\\ud83d\\ude00\"," CLAIMS "}"), 0,
                  VERIFY_CHECKS);
    expect_signed("a small number", STR(GOOD), STR("{\"x\":1e-999," CLAIMS "}"), 0, VERIFY_CHECKS);
}

/* Deeper than any reader follows; in a list, an object, header and payload. */
static void depth_has_an_end(void **state)
{
    static const struct {
        const char *opens;
        bool in_header;
    } rows[] = {{"[", false}, {"{\"a\":", false}, {"[", true}, {"{\"a\":", true}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int is_closed = 0; is_closed < 2; is_closed++) {
            struct buf text = BUF_INIT;
            buf_add_text(&text, rows[i].in_header ? "{\"alg\":\"ES256\"," TYPES X5U ",\"x\":"
                                                  : "{" CLAIMS ",\"x\":");
            for (unsigned k = 0; k < 20000; k++)
                buf_add_text(&text, rows[i].opens);
            buf_add_char(&text, '1');
            for (unsigned k = 0; k < 20000 && is_closed; k++)
                buf_add_char(&text, rows[i].opens[0] == '[' ? ']' : '}');
            buf_add_char(&text, '}');
            if (rows[i].in_header)
                expect_signed("deep header", buf_str(&text), STR(PAYLOAD), 438, VERIFY_HEADER);
            else
                expect_signed("deep payload", STR(GOOD), buf_str(&text), 438, VERIFY_PAYLOAD);
            buf_fini(&text);
        }
}

/* ---- the header field ---- */

/* Shapes that have ended other verifiers: parts or parameters that are not there. */
static void shapes_that_ended_others(void **state)
{
    static const struct str values[] = {
        STR("a"),
        STR("a.b"),
        STR("a.b.c"),
        STR("."),
        STR(".."),
        STR("..."),
        STR(";"),
        STR(";;;;"),
        STR("="),
        STR("\""),
        STR("<"),
        STR("a.b.c;"),
        STR("a.b.c;info"),
        STR("a.b.c;info="),
        STR("a.b.c;info=<"),
        STR("a.b.c;info=<>"),
        STR("a.b.c;info=<https://>"),
        STR("a.b.c;ppt"),
        STR("a.b.c;ppt="),
        STR("a.b.c;ppt=\""),
        STR("a.b.c;alg=;ppt=;info="),
        STR("..c;info=<https://cert.example.org/c>"),
        STR("a.b.c\0;info=<x:y>"),
        STR(";info=<https://cert.example.org/c>;alg=ES256;ppt=shaken"),
        STR("\xff\xfe"),
        STR("%n%s%s%s"),
        STR("eyJ"),
        STR("eyJ."),
        STR("eyJ..;ppt=shaken"),
        STR("e30.e30.e30;info=<https://cert.example.org/c>"),
        STR("bnVsbA.bnVsbA.bnVsbA" BEHIND),
        STR("W10.W10.W10" BEHIND),
        STR("Ig.Ig.Ig" BEHIND)};
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        for (size_t n = 0; n <= values[i].n; n++) { /* and each of its beginnings */
            struct arena *arena = arena_new(4096);
            char *copy = malloc(n + 1); /* an exact one: a sanitizer sees what reads beyond */
            memcpy(copy, values[i].p, n);
            assert_true(judge((struct str){copy, n}, arena).verdict != TOKEN_VALID);
            free(copy);
            arena_free(arena);
        }
}

/* However many there are, and however long: so many are read, and the others are not forgotten. */
static void thousands_of_values(void **state)
{
    enum { MANY = 5000 };
    struct str *values = calloc(MANY, sizeof(*values));
    struct buf good = BUF_INIT, large = BUF_INIT;
    (void)state;
    add_signed(&good, STR(GOOD), STR(PAYLOAD), key);
    buf_add_text(&good, BEHIND);
    buf_add_str(&large, str_slice(buf_str(&good), 0, good.n - strlen(BEHIND)));
    while (large.n < 60000)
        buf_add_char(&large, 'A');
    buf_add_text(&large, BEHIND);
    for (unsigned with_large = 0; with_large < 2; with_large++) {
        struct identity_set set;
        struct arena *arena = arena_new(4096);
        for (unsigned i = 0; i < MANY; i++)
            values[i] = with_large && i % 2 ? buf_str(&large) : buf_str(&good);
        values[MANY - 1] = STR("..c;ppt=div");
        assert_true(identity_set_read(&set, values, MANY, IDENTITY_SET_MAX, arena));
        assert_true(set.n > 0 && set.n <= IDENTITY_SET_MAX);
        assert_int_equal(set.n + set.n_beyond, MANY);
        assert_true(set.diverts_beyond);
        size_t octets = 0;
        for (unsigned i = 0; i < set.n; i++)
            octets += values[set.entries[i].header].n;
        assert_true(octets <= IDENTITY_SET_BYTES_MAX);
        assert_true(arena_bytes(arena) < 1024 * 1024);
        identity_set_fini(&set);
        arena_free(arena);
    }
    buf_fini(&good);
    buf_fini(&large);
    free(values);
}

static int set_up_chain(void **state)
{
    int failed = set_up(state);
    chain = good_chain();
    return failed;
}

static int tear_down_chain(void **state)
{
    buf_fini(&chain);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_algorithm),
        cmocka_unit_test(no_shared_secret),
        cmocka_unit_test(keys_that_tokens_bring_along),
        cmocka_unit_test(forms_of_a_signature),
        cmocka_unit_test(json_that_readers_take_differently),
        cmocka_unit_test(depth_has_an_end),
        cmocka_unit_test(shapes_that_ended_others),
        cmocka_unit_test(thousands_of_values),
    };
    return cmocka_run_group_tests(tests, set_up_chain, tear_down_chain);
}
