#include "lab.h"

#include <stird/core/credential.h>

#include <stird/core/key_backend.h>

static char *lab;
static struct arena *arena;
static struct certificate certificate;

static int make_unit(void **state)
{
    (void)state;
    lab = lab_directory();
    arena = arena_new(4096);
    lab_unit(lab, "none");
    lab_certificate(&certificate, arena, lab, "none");
    return 0;
}

static int remove_unit(void **state)
{
    (void)state;
    certificate_fini(&certificate);
    arena_free(arena);
    lab_remove(lab);
    return 0;
}

static char *unit_key(const char *kind)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", lab, kind);
    return lab_read(path, "key.pem");
}

static struct credential *credential_of(const struct certificate *c, struct str pem)
{
    struct problems problems = PROBLEMS_INIT;
    struct credential *made = credential_new(c, STR("key.pem"), pem, &problems);
    if (!made)
        fail_msg("%s", problems.list[0].text);
    assert_int_equal(problems.n, 0);
    return made;
}

static struct credential *good_credential(void)
{
    char *pem = unit_key("none");
    struct credential *c = credential_of(&certificate, str_of(pem));
    free(pem);
    return c;
}

/* The example of RFC 8588 with its key: everything but the signature is prescribed. */
static void tokens_equal_rfc8588_but_for_the_signature(void **state)
{
    size_t i;
    json_t *vector, *shaken = lab_vectors("rfc8588_shaken.json");
    json_t *k1 = json_object_get(json_object_get(shaken, "keys"), "k1");
    struct certificate c = {.x5u = STR("https://cert.example.org/passport.cer")};
    (void)state;
    c.public_key = lab_public_key(lab_member(k1, "public_pem"));
    struct credential *credential = credential_of(&c, lab_member(k1, "private_pem"));
    assert_ptr_equal(credential_certificate(credential), &c);
    json_array_foreach(json_object_get(shaken, "vectors"), i, vector)
    {
        struct buf token = BUF_INIT;
        struct str input = lab_member(vector, "signing_input");
        struct passport_claims claims = lab_claims(lab_member(vector, "attest").p[0], 1443208345);
        assert_int_equal(credential_sign(credential, &passport_type_shaken, &claims, &token),
                         REASON_OK);
        assert_int_equal(token.n, lab_member(vector, "token").n);
        assert_str(str_slice(buf_str(&token), 0, input.n), input);
        assert_true(credential_verify(credential, buf_str(&token)));
        assert_true(credential_verify(credential, lab_member(vector, "token")));
        buf_fini(&token);
    }
    assert_int_equal(i, 3);
    credential_free(credential);
    certificate_fini(&c);
    json_decref(shaken);
}

static bool verify(struct str public_pem, struct str message, struct str signature)
{
    struct buf raw = BUF_INIT;
    EVP_PKEY *key = lab_public_key(public_pem);
    assert_true(base64url_decode(&raw, signature));
    assert_int_equal(raw.n, ES256_SIGNATURE_BYTES);
    bool good = es256_verify(key, message, (const unsigned char *)raw.p);
    raw.p[40] ^= 1;
    assert_false(es256_verify(key, message, (const unsigned char *)raw.p));
    buf_fini(&raw);
    EVP_PKEY_free(key);
    return good;
}

static void the_vectors_of_rfc7515_and_rfc6979_verify(void **state)
{
    size_t i;
    json_t *vector, *a3 = lab_vectors("rfc7515_a3_es256.json");
    json_t *rfc6979 = lab_vectors("rfc6979_p256_sha256.json");
    (void)state;
    assert_true(verify(lab_member(a3, "public_pem"), lab_member(a3, "signing_input"),
                       lab_member(a3, "signature_b64u")));
    json_array_foreach(json_object_get(rfc6979, "vectors"), i, vector)
        assert_true(verify(lab_member(rfc6979, "public_pem"), lab_member(vector, "message"),
                           lab_member(vector, "jws_signature")));
    assert_int_equal(i, 2);
    json_decref(a3);
    json_decref(rfc6979);
}

/* R-V-009. */
static void signatures_are_judged_as_openssl_does(void **state)
{
    size_t i;
    json_t *vector, *file = lab_vectors("verification_tokens.json");
    json_t *k1 = json_object_get(json_object_get(file, "keys"), "k1");
    struct certificate c = {.x5u = STR("https://cert.example.org/passport.cer")};
    (void)state;
    c.public_key = lab_public_key(lab_member(k1, "public_pem"));
    struct credential *credential = credential_of(&c, lab_member(k1, "private_pem"));
    json_array_foreach(json_object_get(file, "vectors"), i, vector)
    {
        bool expected = json_is_true(json_object_get(vector, "signature_itself_valid_for_k1"));
        if (credential_verify(credential, lab_member(vector, "token")) != expected)
            fail_msg("%s", json_string_value(json_object_get(vector, "name")));
    }
    assert_in_range(i, 20, 100);
    assert_false(credential_verify(credential, STR("")));
    assert_false(credential_verify(credential, STR("no dot")));
    credential_free(credential);
    certificate_fini(&c);
    json_decref(file);
}

/* What one signature was found to be does not tell on the next one. */
static void a_verifier_is_asked_again(void **state)
{
    json_t *a3 = lab_vectors("rfc7515_a3_es256.json");
    EVP_PKEY *key = lab_public_key(lab_member(a3, "public_pem"));
    struct str message = lab_member(a3, "signing_input");
    struct buf raw = BUF_INIT;
    void *verifier = jws_es256.verifier_new(key);
    (void)state;
    assert_true(base64url_decode(&raw, lab_member(a3, "signature_b64u")));
    for (unsigned i = 0; i < 64; i++) {
        const unsigned char *signature = (const unsigned char *)raw.p;
        assert_true(jws_es256.verify(verifier, message, signature));
        assert_false(
            jws_es256.verify(verifier, str_slice(message, 0, message.n - i - 1), signature));
        raw.p[i] ^= 1;
        assert_false(jws_es256.verify(verifier, message, signature));
        raw.p[i] ^= 1;
    }
    jws_es256.ready_free(verifier);
    jws_es256.ready_free(NULL);
    EVP_PKEY_free(key);
    buf_fini(&raw);
    json_decref(a3);
}

/* R-P-124: About every 128th signature has an r or s that begins with a zero octet. */
static void short_halves_are_padded(void **state)
{
    struct credential *c = good_credential();
    struct buf token = BUF_INIT;
    unsigned padded = 0;
    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        struct passport_claims claims = lab_claims('B', 1443208345 + i);
        struct buf raw = BUF_INIT;
        buf_reset(&token);
        assert_int_equal(credential_sign(c, &passport_type_shaken, &claims, &token), REASON_OK);
        assert_true(base64url_decode(&raw, str_slice(buf_str(&token), token.n - 86, token.n)));
        assert_int_equal(raw.n, ES256_SIGNATURE_BYTES);
        if (raw.p[0] == 0 || raw.p[32] == 0) {
            padded++;
            assert_true(credential_verify(c, buf_str(&token)));
        }
        buf_fini(&raw);
    }
    assert_true(padded > 0); /* chance of none: 1.6e-7 */
    buf_fini(&token);
    credential_free(c);
}

static void a_refusal_leaves_the_buffer_as_it_was(void **state)
{
    struct credential *c = good_credential();
    struct buf out = BUF_INIT;
    struct passport_claims claims = lab_claims('D', 1443208345);
    (void)state;
    buf_add_text(&out, "before");
    assert_int_equal(credential_sign(c, &passport_type_shaken, &claims, &out),
                     REASON_SIGNER_REFUSED);
    assert_str(buf_str(&out), STR("before"));
    claims.attest = 'A';
    assert_int_equal(credential_sign(c, &passport_type_shaken, &claims, &out), REASON_OK);
    assert_true(str_starts(buf_str(&out), STR("beforeeyJ")));
    assert_true(credential_verify(c, str_slice(buf_str(&out), 6, out.n)));
    buf_fini(&out);
    credential_free(c);
}

static bool failing_sign(void *key, struct str message, unsigned char signature[JWS_SIGNATURE_MAX])
{
    (void)key, (void)message, (void)signature;
    return false;
}

static void a_key_that_fails_gives_no_token(void **state)
{
    struct key_backend failing = key_backend_pem;
    struct problems problems = PROBLEMS_INIT;
    struct buf out = BUF_INIT;
    struct passport_claims claims = lab_claims('A', 1443208345);
    char *pem = unit_key("none");
    (void)state;
    failing.sign = failing_sign;
    struct credential *c = credential_new_with(&failing, &certificate, STR("key.pem"), str_of(pem),
                                               &problems);
    assert_non_null(c);
    assert_int_equal(credential_sign(c, &passport_type_shaken, &claims, &out),
                     REASON_SIGNER_FAILED);
    assert_int_equal(out.n, 0);
    buf_fini(&out);
    credential_free(c);
    free(pem);
}

/* R-C-001. */
static void sec1_and_pkcs8_are_both_taken(void **state)
{
    char command[1200];
    (void)state;
    snprintf(command, sizeof(command),
             "mkdir -p %s/sec1 && { openssl ecparam -name prime256v1 && "
             "openssl ec -in %s/none/key.pem; } > %s/sec1/key.pem 2>/dev/null",
             lab, lab, lab);
    lab_run(command);
    char *sec1 = unit_key("sec1"), *pkcs8 = unit_key("none");
    assert_non_null(strstr(sec1, "BEGIN EC PRIVATE KEY"));
    assert_non_null(strstr(pkcs8, "BEGIN PRIVATE KEY"));
    credential_free(credential_of(&certificate, str_of(sec1)));
    credential_free(credential_of(&certificate, str_of(pkcs8)));
    free(sec1);
    free(pkcs8);
}

static void refused(const char *pem, const char *words)
{
    struct problems problems = PROBLEMS_INIT;
    assert_null(credential_new(&certificate, STR("u/key.pem"), str_of(pem), &problems));
    assert_int_equal(problems.n, 1);
    assert_string_equal(problems.list[0].file, "u/key.pem");
    if (!strstr(problems.list[0].text, words))
        fail_msg("\"%s\" does not say \"%s\"", problems.list[0].text, words);
    problems_fini(&problems);
}

static void refused_kind(const char *kind, const char *words)
{
    lab_unit(lab, kind);
    char *pem = unit_key(kind);
    refused(pem, words);
    free(pem);
}

/* R-C-001. */
static void each_wrong_key_has_its_own_words(void **state)
{
    char path[1024], command[1200];
    (void)state;
    refused_kind("rsa", "a key of type RSA");
    refused_kind("p384", "on the curve secp384r1");
    refused_kind("mismatch", "not the key of the certificate");
    refused_kind("encrypted", "the key is encrypted");
    refused_kind("garbage", "no private key in PEM form");
    refused("", "no private key in PEM form");
    refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "cannot be decoded");
    snprintf(path, sizeof(path), "%s/none", lab);
    char *chain = lab_read(path, "chain.pem");
    refused(chain, "holds a certificate where the private key should be");
    free(chain);
    snprintf(command, sizeof(command),
             "mkdir -p %s/old && openssl ec -in %s/none/key.pem -aes128 -passout pass:lab "
             "-out %s/old/key.pem 2>/dev/null",
             lab, lab, lab);
    lab_run(command);
    char *old = unit_key("old");
    assert_non_null(strstr(old, "Proc-Type: 4,ENCRYPTED"));
    refused(old, "the key is encrypted");
    free(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_equal_rfc8588_but_for_the_signature),
        cmocka_unit_test(the_vectors_of_rfc7515_and_rfc6979_verify),
        cmocka_unit_test(signatures_are_judged_as_openssl_does),
        cmocka_unit_test(a_verifier_is_asked_again),
        cmocka_unit_test(short_halves_are_padded),
        cmocka_unit_test(a_refusal_leaves_the_buffer_as_it_was),
        cmocka_unit_test(a_key_that_fails_gives_no_token),
        cmocka_unit_test(sec1_and_pkcs8_are_both_taken),
        cmocka_unit_test(each_wrong_key_has_its_own_words),
    };
    return cmocka_run_group_tests(tests, make_unit, remove_unit);
}
