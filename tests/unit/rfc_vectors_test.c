/*
 * Tokens of all types that RFCs have, as vectors: a shaken one is judged; any other is read, its
 * signature is that of its octets, and it is for others to verify.
 */
#include "verify_lab.h"

static struct buf chain;

static int set_up_chain(void **state)
{
    set_up(state);
    chain = good_chain();
    return 0;
}

static int tear_down_chain(void **state)
{
    buf_fini(&chain);
    return tear_down(state);
}

static struct tn number_of(const json_t *text)
{
    return lab_tn(json_is_string(text) ? json_string_value(text) : "");
}

/* As its own message, at its own second, would be judged. */
static struct verify_report judge(struct arena *arena, struct str value, json_t *payload)
{
    const struct tn orig = number_of(json_object_get(json_object_get(payload, "orig"), "tn")),
                    dest = number_of(
                        json_array_get(json_object_get(json_object_get(payload, "dest"), "tn"), 0));
    static const struct str asked[] = {{"ets.0, wps.0", 12}};
    static const struct call_priority priority = {.resources = asked, .n_resources = 1};
    return ask(arena, (struct whole_question){
                          .value = value,
                          .priority = json_object_get(payload, "rph") ? &priority : NULL,
                          .now_s = NOW,
                          .has_message = true,
                          .orig = &orig,
                          .dest = &dest,
                          .chain = buf_str(&chain),
                          .trust = trust});
}

static bool is_signed(struct str value, EVP_PKEY *by)
{
    struct arena *arena = arena_new(4096);
    struct token t;
    assert_true(token_read(&t, value, arena));
    bool good = t.has_signature && es256_verify(by, t.signed_octets, t.signature);
    token_fini(&t);
    arena_free(arena);
    return good;
}

/* What a diversion is worth its other tokens tell; div-o is for others. */
static void expect_by_type(const struct verify_report *r, struct str ppt, const char *name)
{
    bool diverts = str_eq(ppt, STR("div")), known = passport_type_find(ppt) != NULL;
    expect(r,
           !known    ? TOKEN_IGNORED
           : diverts ? TOKEN_OPEN
                     : TOKEN_VALID,
           known ? 0 : 428, VERIFY_PPT, name);
    assert_true(!diverts || r->needed[VERIFY_DIV]);
}

static unsigned judge_one(const char *name, json_t *one)
{
    struct arena *arena = arena_new(4096);
    struct str value = lab_member(one, "identity_value");
    json_t *header = json_loads(json_string_value(json_object_get(one, "header")), 0, NULL),
           *payload = json_loads(json_string_value(json_object_get(one, "payload")), 0, NULL);
    struct verify_report r = judge(arena, value, payload);
    expect_by_type(&r, lab_member(header, "ppt"), name);
    if (!is_signed(value, key))
        fail_msg("%s: the signature", name);
    assert_int_equal(r.finding[VERIFY_HEADER].result, VERIFY_PASSED);
    assert_int_equal(r.finding[VERIFY_PAYLOAD].result, VERIFY_PASSED);
    assert_int_equal(r.finding[VERIFY_URL].result, VERIFY_PASSED);
    json_decref(header);
    json_decref(payload);
    arena_free(arena);
    return 1;
}

/* Whatever has an Identity value in the file. */
static unsigned judge_all(json_t *file)
{
    const char *name;
    json_t *one;
    unsigned n = 0;
    json_object_foreach(file, name, one) if (json_object_get(one, "identity_value"))
        n += judge_one(name, one);
    return n;
}

static void types_of_rfcs(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned tokens;
    } files[] = {{"rfc8443_rph.json", 1}, {"rfc8946_div.json", 4}, {"rfc9795_rcd.json", 4}};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        json_t *file = lab_vectors(files[i].name);
        assert_int_equal(judge_all(file), files[i].tokens);
        json_decref(file);
    }
}

/* Without a type: RFC 8225's own examples, of which section 7's is in both forms. */
static void without_a_type(void **state)
{
    (void)state;
    static const struct tn nobody = {0};
    static const char *const forms[] = {"identity_header_full", "identity_header_compact"};
    json_t *section7 = lab_vectors("rfc8225_section7_compact.json");
    EVP_PKEY *printed = lab_public_key(lab_member(section7, "public_pem"));
    for (unsigned i = 0; i < 2; i++) {
        struct arena *arena = arena_new(4096);
        struct verify_report r = ask(
            arena, (struct whole_question){.value = lab_member(section7, forms[i]),
                                           .now_s = NOW,
                                           .has_message = true,
                                           .orig = &nobody,
                                           .dest = &nobody,
                                           .chain = buf_str(&chain),
                                           .trust = trust});
        expect(&r, TOKEN_IGNORED, 428, VERIFY_PPT, forms[i]);
        arena_free(arena);
    }
    assert_true(is_signed(lab_member(section7, forms[0]), printed));
    EVP_PKEY_free(printed);
    json_decref(section7);
}

/* Signing input, signature and the rest of a header's value, put together. */
static struct buf value_of(json_t *one, struct str input, const char *rest)
{
    struct buf value = BUF_INIT;
    buf_add_str(&value, input);
    buf_add_char(&value, '.');
    buf_add_str(&value, lab_member(one, "signature_b64u"));
    buf_add_text(&value, rest);
    return value;
}

/* RFC 8225 appendix A: the octets are printed, the signature was made anew. */
static void the_octets_of_appendix_a(void **state)
{
    (void)state;
    json_t *a = lab_vectors("rfc8225_appendix_a.json"), *made = json_object_get(a, "regenerated");
    struct buf value = value_of(made, lab_member(a, "signing_input"),
                                ";info=<https://cert.example.org/passport.cer>;alg=ES256");
    struct arena *arena = arena_new(4096);
    struct token t;
    EVP_PKEY *of = lab_public_key(lab_member(made, "public_pem"));
    assert_true(token_read(&t, buf_str(&value), arena));
    assert_str(t.header, lab_member(a, "header"));
    assert_str(t.payload, lab_member(a, "payload"));
    assert_str(token_url(&t), STR("https://cert.example.org/passport.cer"));
    assert_true(is_signed(buf_str(&value), of));
    EVP_PKEY_free(of);
    token_fini(&t);
    arena_free(arena);
    buf_fini(&value);
    json_decref(a);
}

/* RFC 8037: the algorithm is none that shaken has, whatever its signature is. */
static void of_another_algorithm(void **state)
{
    (void)state;
    json_t *a4 = lab_vectors("rfc8037_a4_eddsa.json");
    struct buf value = value_of(
        a4, lab_member(a4, "signing_input"),
        ";info=<https://cert.example.org/passport.cer>;alg=EdDSA;ppt=shaken");
    struct arena *arena = arena_new(4096);
    struct verify_report r = judge(arena, buf_str(&value), NULL);
    expect(&r, TOKEN_INVALID, 437, VERIFY_ALG, "EdDSA");
    arena_free(arena);
    buf_fini(&value);
    json_decref(a4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_rfcs),
        cmocka_unit_test(without_a_type),
        cmocka_unit_test(the_octets_of_appendix_a),
        cmocka_unit_test(of_another_algorithm),
    };
    return cmocka_run_group_tests(tests, set_up_chain, tear_down_chain);
}
