/* A token octet for octet: what is written, in which form, and what is not (Decided 3). */
#include "lab.h"

#include <stird/core/outcome.h>

/* R-P-120 R-P-121 R-P-122 R-P-126. */
static void headers_and_payloads_equal_rfc8588(void **state)
{
    size_t i;
    json_t *vector, *shaken = lab_vectors("rfc8588_shaken.json");
    (void)state;
    json_array_foreach(json_object_get(shaken, "vectors"), i, vector)
    {
        struct buf b = BUF_INIT, input = BUF_INIT;
        struct passport_claims claims = lab_claims(lab_member(vector, "attest").p[0], 1443208345);
        assert_int_equal(passport_check(&passport_type_shaken, &claims), REASON_OK);
        passport_write_header(&b, &passport_type_shaken,
                              STR("https://cert.example.org/passport.cer"));
        assert_str(buf_str(&b), lab_member(vector, "header"));
        base64url_add(&input, b.p, b.n);
        buf_add_char(&input, '.');
        buf_reset(&b);
        passport_write_payload(&b, &passport_type_shaken, &claims);
        assert_str(buf_str(&b), lab_member(vector, "payload"));
        base64url_add(&input, b.p, b.n);
        assert_str(buf_str(&input), lab_member(vector, "signing_input"));
        buf_fini(&b);
        buf_fini(&input);
    }
    assert_int_equal(i, 3);
    json_decref(shaken);
}

static struct str expected_of(json_t *file, const char *name)
{
    size_t i;
    json_t *pair;
    json_array_foreach(json_object_get(file, "pairs"), i, pair)
    {
        if (str_eq(lab_member(pair, "name"), str_of(name)))
            return lab_member(pair, "expected");
    }
    fail_msg("no pair \"%s\"", name);
    return STR("");
}

static void the_form_is_the_deterministic_one(void **state)
{
    struct buf b = BUF_INIT;
    struct passport_claims claims = lab_claims('A', 1443208345);
    json_t *file = lab_vectors("deterministic_json.json");
    (void)state;
    passport_write_header(&b, &passport_type_shaken, STR("https://cert.example.org/passport.cer"));
    assert_str(buf_str(&b), expected_of(file, "shaken header order"));
    buf_reset(&b);
    passport_write_payload(&b, &passport_type_shaken, &claims);
    assert_str(buf_str(&b), expected_of(file, "rfc8588 claims"));
    buf_fini(&b);
    json_decref(file);
}

static void iat_does_not_end_in_2038(void **state)
{
    struct buf b = BUF_INIT;
    struct passport_claims claims = lab_claims('B', 4102444800);
    (void)state;
    passport_write_payload(&b, &passport_type_shaken, &claims);
    buf_add_char(&b, '\0');
    assert_non_null(strstr(b.p, "\"iat\":4102444800,"));
    buf_fini(&b);
}

static enum reason with_attest(char attest)
{
    struct passport_claims c = lab_claims(attest, 1443208345);
    return passport_check(&passport_type_shaken, &c);
}

static enum reason with_numbers(const char *orig, const char *dest)
{
    struct passport_claims c = lab_claims('A', 1443208345);
    c.orig = lab_tn(orig);
    c.dest = lab_tn(dest);
    return passport_check(&passport_type_shaken, &c);
}

/* R-P-132. */
static enum reason with_origid(const char *origid)
{
    struct passport_claims c = lab_claims('A', 1443208345);
    memcpy(c.origid, origid, ORIGID_TEXT_LENGTH);
    return passport_check(&passport_type_shaken, &c);
}

static enum reason with_iat(int64_t iat_s)
{
    struct passport_claims c = lab_claims('A', iat_s);
    return passport_check(&passport_type_shaken, &c);
}

static void claims_out_of_form_are_refused(void **state)
{
    (void)state;
    assert_int_equal(with_attest('C'), REASON_OK);
    assert_int_equal(with_attest('D'), REASON_SIGNER_REFUSED);
    assert_int_equal(with_attest('a'), REASON_SIGNER_REFUSED);
    assert_int_equal(with_attest('\0'), REASON_SIGNER_REFUSED);
    assert_int_equal(with_numbers("1", "911"), REASON_OK);
    assert_int_equal(with_numbers("123456789012345", "*67"), REASON_OK);
    assert_int_equal(with_numbers("*67", "12155550131"), REASON_SIGNER_REFUSED);
    assert_int_equal(with_numbers("", "12155550131"), REASON_SIGNER_REFUSED);
    assert_int_equal(with_numbers("12155550121", ""), REASON_SIGNER_REFUSED);
    assert_int_equal(with_numbers("+12155550121", "12155550131"), REASON_SIGNER_REFUSED);
    assert_int_equal(with_numbers("1\",\"x\":1", "12155550131"), REASON_SIGNER_REFUSED);
    struct passport_claims others[] = {lab_claims('A', 1443208345), lab_claims('A', 1443208345),
                                       lab_claims('A', 1443208345), lab_claims('A', 1443208345)};
    others[0].hi = STR("1"); /* which it has not */
    others[1].orig_uri = STR("tel:1");
    others[2].dest_uri = STR("tel:1");
    others[3].origid[0] = '\0';
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(passport_check(&passport_type_shaken, &others[i]), REASON_SIGNER_REFUSED);
    assert_int_equal(with_iat(0), REASON_SIGNER_REFUSED);
    assert_int_equal(with_iat(-1), REASON_SIGNER_REFUSED);
    assert_int_equal(with_origid("123e4567-e89b-12d3-a456-42665544000f"), REASON_OK);
    assert_int_equal(with_origid("123E4567-e89b-12d3-a456-426655440000"), REASON_SIGNER_REFUSED);
    assert_int_equal(with_origid("123e4567e89b-12d3-a456-4266554400000"), REASON_SIGNER_REFUSED);
    assert_int_equal(with_origid("123e4567-e89b-12d3-a456-42665544000\""), REASON_SIGNER_REFUSED);
}

static void types_are_found_by_name_and_number(void **state)
{
    (void)state;
    assert_ptr_equal(passport_type_find(STR("shaken")), &passport_type_shaken);
    assert_null(passport_type_find(STR("Shaken")));
    assert_null(passport_type_find(STR("")));
    assert_ptr_equal(passport_type_by_wire_id(passport_type_shaken.wire_id), &passport_type_shaken);
    assert_null(passport_type_by_wire_id(0));
    assert_null(passport_type_by_wire_id(255));
}

/* Of the table: what a row is found by is its own, and a token of it can be made. */
static void each_type_can_be_told_from_the_others(void **state)
{
    unsigned deciding = 0;
    (void)state;
    for (unsigned i = 0; i < passport_types_count(); i++) {
        const struct passport_type *type = passport_types[i];
        assert_true(type->ppt.n > 0 && type->wire_id != 0 && type->max_per_call > 0);
        assert_ptr_equal(passport_type_find(type->ppt), type);
        assert_ptr_equal(passport_type_by_wire_id(type->wire_id), type);
        assert_non_null(type->fault[CLAIM_IAT]);
        assert_true(type->fill && type->write_payload && type->reference);
        assert_in_range(type->algorithm->signature_bytes, 1, JWS_SIGNATURE_MAX);
        assert_non_null(type->algorithm->key_fault);
        deciding += type->decides;
    }
    assert_int_equal(deciding, 1);
}

static bool whole_has(int claim)
{
    return claim == CLAIM_ATTEST || claim == CLAIM_ORIG || claim == CLAIM_DEST ||
           claim == CLAIM_ORIGID;
}

/* Read and judged, and never signed: nobody can ask for one, by whatever way. */
static void types_that_are_verified_alone(void **state)
{
    const struct passport_claims whole = lab_claims('A', 1443208345);
    (void)state;
    for (unsigned i = 0; passport_types_judged[i]; i++) {
        const struct passport_type *type = passport_types_judged[i];
        struct outcome outcome = {.verdict = VERDICT_SIGN};
        assert_ptr_equal(passport_type_find(type->ppt), type);
        assert_false(passport_type_is_signed(type));
        assert_false(outcome_want(&outcome, type, 0));
        assert_int_equal(passport_check(type, &whole), REASON_SIGNER_REFUSED);
        for (unsigned id = 0; id <= UINT8_MAX; id++)
            assert_ptr_not_equal(passport_type_by_wire_id((uint8_t)id), type);
        assert_non_null(type->fault[CLAIM_IAT]);
        assert_non_null(type->fault[CLAIM_ORIG]);
        assert_non_null(type->fault[CLAIM_DEST]);
        assert_true(type->algorithm && type->reference && !type->decides);
    }
    assert_true(passport_type_is_signed(&passport_type_shaken));
}

/* Whoever asks for a claim that the type has not means another type. */
static void a_claim_that_the_type_has_not_is_refused(void **state)
{
    const struct passport_claims whole = lab_claims('A', 1443208345);
    (void)state;
    for (int i = 0; i < PASSPORT_CLAIMS; i++) {
        struct passport_type without = passport_type_shaken;
        without.fault[i] = NULL;
        assert_int_equal(passport_check(&without, &whole),
                         whole_has(i) ? REASON_SIGNER_REFUSED : REASON_OK);
    }
    struct passport_type without = passport_type_shaken;
    struct passport_claims uris = whole;
    without.fault[CLAIM_ORIG] = without.fault[CLAIM_DEST] = NULL;
    uris.orig.n = uris.dest.n = 0;
    assert_int_equal(passport_check(&without, &uris), REASON_OK);
    uris.orig_uri = STR("tel:+12155550131");
    assert_int_equal(passport_check(&without, &uris), REASON_SIGNER_REFUSED);
    uris.orig_uri = STR("");
    uris.dest_uri = STR("urn:service:sos");
    assert_int_equal(passport_check(&without, &uris), REASON_SIGNER_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_and_payloads_equal_rfc8588),
        cmocka_unit_test(the_form_is_the_deterministic_one),
        cmocka_unit_test(iat_does_not_end_in_2038),
        cmocka_unit_test(claims_out_of_form_are_refused),
        cmocka_unit_test(types_are_found_by_name_and_number),
        cmocka_unit_test(each_type_can_be_told_from_the_others),
        cmocka_unit_test(types_that_are_verified_alone),
        cmocka_unit_test(a_claim_that_the_type_has_not_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
