#include "lab.h"

#include <stird/core/sign_request.h>

#define NOW 1443208345

static struct sign_request request(void)
{
    struct sign_request r;
    struct passport_claims claims = lab_claims('A', NOW);
    sign_request_write(&r, 77, 3, &passport_type_shaken, &claims);
    return r;
}

static enum reason read_it(const struct sign_request *r, int64_t now_s)
{
    const struct passport_type *type = NULL;
    struct passport_claims claims;
    return sign_request_read(r, now_s, &type, &claims);
}

static void what_is_written_is_read(void **state)
{
    struct sign_request r = request();
    const struct passport_type *type = NULL;
    struct passport_claims read, claims = lab_claims('A', NOW);
    (void)state;
    assert_int_equal(r.ticket, 77);
    assert_int_equal(r.certificate, 3);
    assert_int_equal(sign_request_read(&r, NOW, &type, &read), REASON_OK);
    assert_ptr_equal(type, &passport_type_shaken);
    assert_int_equal(read.attest, 'A');
    assert_int_equal(read.iat_s, NOW);
    assert_memory_equal(&read.orig, &claims.orig, sizeof(read.orig));
    assert_memory_equal(&read.dest, &claims.dest, sizeof(read.dest));
    assert_memory_equal(read.origid, claims.origid, ORIGID_TEXT_LENGTH);
}

static void no_stray_memory_leaves_with_a_request(void **state)
{
    struct sign_request a, b;
    struct passport_claims claims = lab_claims('A', NOW);
    (void)state;
    memset(&a, 0x55, sizeof(a));
    memset(&b, 0xaa, sizeof(b));
    sign_request_write(&a, 1, 2, &passport_type_shaken, &claims);
    sign_request_write(&b, 1, 2, &passport_type_shaken, &claims);
    assert_memory_equal(&a, &b, sizeof(a));
}

static void every_field_is_checked(void **state)
{
    (void)state;
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        struct sign_request r = request();                                                         \
        change;                                                                                    \
        assert_int_equal(read_it(&r, NOW), REASON_SIGNER_REFUSED);                                 \
    } while (0)
    REFUSED(r.version++);
    REFUSED(r.type = 0);
    REFUSED(r.type = 200);
    REFUSED(r.attest = 'D');
    REFUSED(r.orig_length = 0);
    REFUSED(r.dest_length = 0);
    REFUSED(r.orig_length = TN_MAX_DIGITS);
    REFUSED(r.dest_length = TN_MAX_DIGITS + 1);
    REFUSED(r.orig_length = 255);
    REFUSED(r.orig[3] = '"');
    REFUSED(r.dest[10] = '\0');
    REFUSED(r.origid[0] = '"');
    REFUSED(r.origid[35] = '\0');
    REFUSED(r.iat_s = 0);
    REFUSED(r.iat_s = INT64_MIN);
#undef REFUSED
}

static void the_clocks_may_differ_by_five_seconds(void **state)
{
    struct sign_request r = request();
    (void)state;
    assert_int_equal(read_it(&r, NOW + 6), REASON_OK);
    assert_int_equal(read_it(&r, NOW - 6), REASON_OK);
    assert_int_equal(read_it(&r, NOW + 7), REASON_CLOCK_DISAGREES);
    assert_int_equal(read_it(&r, NOW - 7), REASON_CLOCK_DISAGREES);
    r.iat_s = INT64_MAX;
    assert_int_equal(read_it(&r, NOW), REASON_CLOCK_DISAGREES);
}

static void a_response_ends_with_its_token(void **state)
{
    struct sign_response r = {.token_length = 0};
    (void)state;
    assert_int_equal(sign_response_size(&r), 24);
    r.token_length = 1;
    assert_int_equal(sign_response_size(&r), 32);
    r.token_length = 8;
    assert_int_equal(sign_response_size(&r), 32);
    r.token_length = SIGN_TOKEN_MAX;
    assert_int_equal(sign_response_size(&r), sizeof(r));
}

static void the_longest_token_fits(void **state)
{
    struct buf json = BUF_INIT, token = BUF_INIT;
    char x5u[400];
    struct passport_claims claims = lab_claims('A', INT64_MAX);
    (void)state;
    memset(x5u, 'x', sizeof(x5u));
    claims.orig = claims.dest = lab_tn("123456789012345");
    passport_write_header(&json, &passport_type_shaken, (struct str){x5u, sizeof(x5u)});
    base64url_add(&token, json.p, json.n);
    buf_reset(&json);
    passport_write_payload(&json, &passport_type_shaken, &claims);
    base64url_add(&token, json.p, json.n);
    assert_in_range(token.n + 2 + 86, 1, SIGN_TOKEN_MAX);
    buf_fini(&json);
    buf_fini(&token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(no_stray_memory_leaves_with_a_request),
        cmocka_unit_test(every_field_is_checked),
        cmocka_unit_test(the_clocks_may_differ_by_five_seconds),
        cmocka_unit_test(a_response_ends_with_its_token),
        cmocka_unit_test(the_longest_token_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
