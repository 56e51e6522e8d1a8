/* What a verifier of STIR makes of a certificate: rules, numbers, constraints. */
#include "lab.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>

#include "core/verify/claim_constraints.h"
#include "core/verify/tn_auth_list.h"

#include <stird/core/certificate_text.h>
#include <stird/core/sti_certificate.h>
#include <stird/lab/lab_ca.h>

#define NOW INT64_C(1800000000)
#define DAY 86400

static EVP_PKEY *root_key, *key;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    root_key = lab_key_new();
    key = lab_key_new();
    arena = arena_new(4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(key);
    arena_free(arena);
    return 0;
}

/* ---- certificates ---- */

static X509 *issue(struct lab_certificate c, X509 *issuer)
{
    c.serial = 7;
    c.key = issuer ? key : root_key;
    c.issuer = issuer;
    c.issuer_key = root_key;
    c.not_before_s = NOW - DAY;
    c.not_after_s = NOW + DAY;
    X509 *made = lab_certificate_new(&c);
    X509 *x = made ? X509_dup(made) : NULL; /* as it is read, nothing of its making cached */
    X509_free(made);
    assert_non_null(x);
    return x;
}

/* The leaf LEAF below an authority with ABOVE's numbers and constraints, read. */
static struct sti_certificate judge(struct lab_certificate leaf, struct lab_certificate above)
{
    struct sti_certificate read;
    STACK_OF(X509) *chain = sk_X509_new_null();
    above.name = "authority";
    above.authority = true;
    leaf.name = "SHAKEN";
    X509 *root = issue(above, NULL);
    sk_X509_push(chain, issue(leaf, root));
    sk_X509_push(chain, root);
    assert_true(sti_certificate_judge(&read, chain, NULL, NOW, arena));
    sk_X509_pop_free(chain, X509_free);
    sti_certificate_fini(&read);
    return read;
}

static const char *const our_code[] = {"709J", NULL}, *const low_code[] = {"bogus", NULL};
static const char *const one[] = {"12155550100", NULL}, *const range[] = {"12155551000+100", NULL};
static const char *const wide[] = {"12155550100", "12155551000+10", NULL};

static void rules_are_told(void **state)
{
    (void)state;
    const struct {
        struct lab_certificate leaf;
        enum sti_rule rule; /* STI_RULES: none */
    } cases[] = {
        {{.spcs = our_code}, STI_RULES},
        {{.numbers = one}, STI_RULES},
        {{.spcs = our_code, .usage = "critical,digitalSignature,nonRepudiation"}, STI_RULES},
        {{.spcs = NULL}, STI_LIST},
        {{.spcs = low_code}, STI_PROVIDER},
        {{.spcs = our_code, .usage = "nonRepudiation"}, STI_USAGE},
        {{.spcs = our_code, .authority = true}, STI_USAGE},
        {{.spcs = our_code, .constraints = STR("\x30\x00")}, STI_CONSTRAINTS},
        {{.spcs = our_code, .constraints = STR("\x05\x00")}, STI_CONSTRAINTS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sti_certificate c = judge(cases[i].leaf, (struct lab_certificate){0});
        for (unsigned rule = 0; rule < STI_RULES; rule++)
            if (!c.fault[rule] == (rule == cases[i].rule) && rule != STI_AUTHORITY)
                fail_msg("case %zu, rule %u: %s", i, rule, c.fault[rule] ? c.fault[rule] : "kept");
        assert_int_equal(sti_certificate_fault(&c) != NULL, cases[i].rule != STI_RULES);
    }
}

/* Of another kind or curve, and of P-256 whose parameters the certificate spells out, as
   it could those of a curve of its own (CVE-2020-0601). */
static void keys_that_are_not_of_the_named_curve(void **state)
{
    (void)state;
    EVP_PKEY *named = key;
    EVP_PKEY *theirs[] = {EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024),
                          EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_EC_gen("P-384"),
                          EVP_EC_gen("secp256k1"), EVP_EC_gen("P-256")};
    const size_t n = sizeof(theirs) / sizeof(theirs[0]);
    assert_true(EVP_PKEY_set_utf8_string_param(theirs[n - 1], OSSL_PKEY_PARAM_EC_ENCODING,
                                               OSSL_PKEY_EC_ENCODING_EXPLICIT));
    for (size_t i = 0; i < n; i++) {
        assert_non_null(key = theirs[i]);
        struct sti_certificate c = judge((struct lab_certificate){.spcs = our_code},
                                         (struct lab_certificate){0});
        if (!c.fault[STI_KEY] || sti_certificate_fault(&c) != c.fault[STI_KEY])
            fail_msg("case %zu", i);
        EVP_PKEY_free(key);
    }
    key = named;
}

/* ---- numbers ---- */

/* R-C-011, R-X-043. */
static void numbers_are_those_of_the_list(void **state)
{
    (void)state;
    const struct {
        const char *const *codes, *const *numbers, *const *above;
        const char *orig;
        bool good;
    } cases[] = {
        {our_code, NULL, NULL, "12155550100", true},
        {our_code, one, NULL, "13035550100", true}, /* a code speaks for all */
        {NULL, one, NULL, "12155550100", true},
        {NULL, one, NULL, "12155550101", false},
        {NULL, one, NULL, "2155550100", false},
        {NULL, one, NULL, "121555501000", false},
        {NULL, range, NULL, "12155551000", true},
        {NULL, range, NULL, "12155551099", true},
        {NULL, range, NULL, "12155551100", false},
        {NULL, range, NULL, "12155550999", false},
        {NULL, wide, NULL, "12155551009", true},
        {NULL, wide, NULL, "12155551010", false},
        /* RFC 9060: what is above limits, where it has numbers. */
        {NULL, range, wide, "12155551009", true},
        {NULL, range, wide, "12155551010", false},
        {our_code, NULL, one, "12155550100", true},
        {our_code, NULL, one, "12155550101", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sti_certificate c = judge(
            (struct lab_certificate){.spcs = cases[i].codes, .numbers = cases[i].numbers},
            (struct lab_certificate){.numbers = cases[i].above});
        struct tn orig = lab_tn(cases[i].orig);
        struct passport_claims claims = lab_claims('A', NOW);
        claims.orig = orig;
        if (sti_scope_covers(&c.scope, &orig) != cases[i].good)
            fail_msg("case %zu", i);
        assert_int_equal(sti_scope_judge(&c.scope, &passport_type_shaken, &claims),
                         cases[i].good ? REASON_OK : REASON_CERTIFICATE_NOT_FOR_NUMBER);
        assert_int_equal(sti_scope_is_limited(&c.scope), !cases[i].codes || cases[i].above);
    }
}

/* R-X-043: a star is a character of a number, and no wild card. */
static void a_star_is_a_character(void **state)
{
    const struct sti_scope scope = {.n_lists = 1,
                                    .tn_auth_list = {STR("\x30\x0f\xa2\x0d\x16\x0b"
                                                         "1215555010*")}};
    const struct tn others[] = {lab_tn("12155550100"), lab_tn("1215555010")};
    struct tn itself = lab_tn("12155550100");
    struct buf codes = BUF_INIT;
    (void)state;
    assert_null(tn_auth_list_read(scope.tn_auth_list[0], &codes));
    assert_false(sti_scope_covers(&scope, &others[0]) || sti_scope_covers(&scope, &others[1]));
    itself.digits[10] = '*';
    assert_true(sti_scope_covers(&scope, &itself));
    buf_fini(&codes);
}

/* ---- constraints ---- */

static struct str bytes_of(const json_t *object, const char *name)
{
    unsigned char out[512];
    struct str text = lab_member((json_t *)object, name);
    int n = EVP_DecodeBlock(out, (const unsigned char *)text.p, (int)text.n);
    while (n > 0 && text.n > 0 && text.p[text.n - 1] == '=')
        text.n--, n--;
    assert_true(n > 0);
    return arena_copy(arena, (struct str){(const char *)out, (size_t)n});
}

static void expect_payload(struct str der, const char *text, const char *claim)
{
    struct str name;
    json_t *payload = json_loads(text, 0, NULL);
    const char *why = claim_constraints_refuse(der, payload, &name);
    if (!why != !claim || (why && !str_eq(name, str_of(claim))))
        fail_msg("%s: %s %.*s", text, why ? why : "permitted", STR_ARG(name));
    json_decref(payload);
}

static void expect_why(struct str der, const char *text, const char *words)
{
    struct str name;
    json_t *payload = json_loads(text, 0, NULL);
    const char *why = claim_constraints_refuse(der, payload, &name);
    if (!why || strcmp(why, words) != 0)
        fail_msg("%s: %s instead of %s", text, why ? why : "permitted", words);
    json_decref(payload);
}

/* R-X-044, with the certificate that RFC 9118 has as an example. */
static void the_public_vectors_are_read(void **state)
{
    (void)state;
    json_t *v = lab_vectors("x509_constraints.json");
    struct buf codes = BUF_INIT;
    struct text_fault fault;
    assert_null(
        tn_auth_list_read(bytes_of(json_object_get(v, "tn_auth_list"), "der_base64"), &codes));
    assert_str(buf_str(&codes), STR("bogus"));
    buf_fini(&codes);

    struct str der = bytes_of(json_object_get(v, "jwt_claim_constraints"), "der_base64");
    assert_null(claim_constraints_read(der, false));
    expect_payload(der, "{\"foo\":\"foo2\"}", NULL);
    expect_payload(der, "{\"foo\":\"foo3\",\"bar\":\"bar1\",\"x\":1}", NULL);
    expect_payload(der, "{\"bar\":\"bar1\"}", "foo");
    expect_payload(der, "{\"foo\":\"foo4\"}", "foo");
    expect_payload(der, "{\"foo\":\"foo1\",\"bar\":\"foo1\"}", "bar");
    expect_payload(der, "{\"foo\":[\"foo1\"]}", "foo");

    json_t *enhanced = json_object_get(v, "enhanced");
    STACK_OF(X509) *chain = certificates_read(lab_member(enhanced, "certificate"), &fault);
    struct sti_certificate c;
    assert_true(chain && sti_certificate_judge(&c, chain, NULL, NOW, arena));
    assert_null(sti_certificate_fault(&c));
    assert_str(c.spc, STR("1234"));
    assert_int_equal(c.scope.n_constraints, 1);
    der = c.scope.constraints[0];
    assert_null(claim_constraints_read(der, true));
    assert_non_null(claim_constraints_read(der, false)); /* mustExclude is the other form's */
    expect_payload(der, "{\"confidence\":\"high\"}", NULL);
    expect_payload(der, "{\"confidence\":\"low\"}", "confidence");
    expect_payload(der, "{}", "confidence");
    expect_payload(der, "{\"confidence\":\"medium\",\"priority\":null}", "priority");
    expect_why(der, "{}", "must be there and is not");
    expect_why(der, "{\"confidence\":\"medium\",\"priority\":1}", "must not be there and is");
    struct passport_claims claims = lab_claims('A', NOW);
    assert_int_equal(sti_scope_judge(&c.scope, &passport_type_shaken, &claims),
                     REASON_CERTIFICATE_NOT_FOR_CLAIMS);
    sti_certificate_fini(&c);
    sk_X509_pop_free(chain, X509_free);
    json_decref(v);
}

/* R-X-008. */
static void levels_are_those_that_are_permitted(void **state)
{
    (void)state;
    const struct str only_a = STR("\x30\x13\xa1\x11\x30\x0f\x30\x0d\x16\x06"
                                  "attest"
                                  "\x30\x03\x0c\x01"
                                  "A");
    assert_null(claim_constraints_read(only_a, false));
    for (unsigned above = 0; above < 2; above++) {
        struct lab_certificate leaf = {.spcs = our_code}, authority = {.spcs = NULL};
        *(above ? &authority.constraints : &leaf.enhanced) = only_a;
        struct sti_certificate c = judge(leaf, authority);
        assert_null(sti_certificate_fault(&c));
        for (char level = 'A'; level <= 'C'; level++) {
            struct passport_claims claims = lab_claims(level, NOW);
            assert_int_equal(sti_scope_judge(&c.scope, &passport_type_shaken, &claims),
                             level == 'A' ? REASON_OK : REASON_CERTIFICATE_NOT_FOR_CLAIMS);
        }
    }
}

static void values_of_other_kinds_are_json(void **state)
{
    (void)state;
    const struct str iat = STR("\x30\x12\xa1\x10\x30\x0e\x30\x0c\x16\x03"
                               "iat"
                               "\x30\x05\x0c\x03"
                               "123");
    assert_null(claim_constraints_read(iat, false));
    expect_payload(iat, "{\"iat\":123}", NULL);
    expect_payload(iat, "{\"iat\":\"123\"}", NULL);
    expect_payload(iat, "{\"iat\":124}", "iat");
    expect_payload(iat, "{\"iat\":123.0}", "iat");
}

/* Why no call at all can be signed under CONSTRAINTS; NULL: some can. */
static void expect_use(struct str constraints, const char *claim)
{
    struct str refused;
    assert_null(claim_constraints_read(constraints, true));
    const struct lab_certificate leaf = {.spcs = our_code, .enhanced = constraints};
    struct sti_certificate c = judge(leaf, (struct lab_certificate){.spcs = NULL});
    const char *why = sti_scope_signs_nothing(&c.scope, &passport_type_shaken, &refused);
    if ((why != NULL) != (claim != NULL))
        fail_msg("%s: %s", claim ? claim : "some can sign", why ? why : "it can sign");
    assert_true(!claim || str_eq(refused, str_of(claim)));
    sti_certificate_fini(&c);
}

static void constraints_that_no_call_meets(void **state)
{
    (void)state;
    const struct lab_certificate plain = {.spcs = our_code};
    struct str claim;
    struct sti_certificate c = judge(plain, (struct lab_certificate){.spcs = NULL});
    assert_null(sti_scope_signs_nothing(&c.scope, &passport_type_shaken, &claim));
    sti_certificate_fini(&c);
    /* mustInclude, permittedValues, mustExclude */
    expect_use(STR("\x30\x09\xa0\x07\x30\x05\x16\x03rcd"), "rcd");
    expect_use(STR("\x30\x0a\xa0\x08\x30\x06\x16\x04orig"), NULL);
    expect_use(STR("\x30\x0a\xa2\x08\x30\x06\x16\x04"
                   "dest"),
               NULL); /* of the call, by what it looks at */
    expect_use(STR("\x30\x0c\xa2\x0a\x30\x08\x16\x06"
                   "attest"),
               "attest");
    expect_use(STR("\x30\x09\xa2\x07\x30\x05\x16\x03iat"), "iat");
    expect_use(STR("\x30\x09\xa2\x07\x30\x05\x16\x03rcd"), NULL);
    expect_use(STR("\x30\x13\xa1\x11\x30\x0f\x30\x0d\x16\x06"
                   "attest"
                   "\x30\x03\x0c\x01"
                   "C"),
               NULL);
    expect_use(STR("\x30\x13\xa1\x11\x30\x0f\x30\x0d\x16\x06"
                   "attest"
                   "\x30\x03\x0c\x01"
                   "D"),
               "attest");
    /* what is of the call hides nothing behind it */
    expect_use(STR("\x30\x1c\xa1\x0f\x30\x0d\x30\x0b\x16\x04"
                   "orig"
                   "\x30\x03\x0c\x01"
                   "x\xa2\x09\x30\x07\x16\x05"
                   "xxxxx"),
               NULL);
    expect_use(STR("\x30\x1a\xa1\x0f\x30\x0d\x30\x0b\x16\x04"
                   "orig"
                   "\x30\x03\x0c\x01"
                   "x\xa2\x07\x30\x05\x16\x03"
                   "iat"),
               "iat");
}

static void broken_constraints_are_told(void **state)
{
    (void)state;
    static const struct str broken[] = {
        STR(""),
        STR("\x30\x00"),
        STR("\x30\x80\x00\x00"),
        STR("\x30\x02\xa0\x00"),
        STR("\x30\x04\xa0\x02\x30\x00"),
        STR("\x30\x06\xa0\x04\x30\x02\x16\x00"),
        STR("\x30\x07\xa0\x05\x30\x03\x0c\x01"
            "x"),
        STR("\x30\x07\xa2\x05\x30\x03\x16\x01"
            "x"),
        STR("\x30\x0e\xa0\x05\x30\x03\x16\x01"
            "x\xa0\x05\x30\x03\x16\x01"
            "y"),
        STR("\x30\x0b\xa1\x09\x30\x07\x30\x05\x16\x01"
            "x\x30\x00"),
        STR("\x30\x08\xa0\x05\x30\x03\x16\x01"
            "x\x00"),
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        if (!claim_constraints_read(broken[i], false))
            fail_msg("%zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_told),
        cmocka_unit_test(keys_that_are_not_of_the_named_curve),
        cmocka_unit_test(numbers_are_those_of_the_list),
        cmocka_unit_test(a_star_is_a_character),
        cmocka_unit_test(the_public_vectors_are_read),
        cmocka_unit_test(levels_are_those_that_are_permitted),
        cmocka_unit_test(values_of_other_kinds_are_json),
        cmocka_unit_test(constraints_that_no_call_meets),
        cmocka_unit_test(broken_constraints_are_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
