/* A record comes out of its packet as it went in, and nothing else is taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stird/core/settings.h>
#include <stird/io/record_audit.h>

static struct record example(void)
{
    return (struct record){
        .ts_us = 1795736423123456,
        .node = STR("edge-1"),
        .call_id = STR("id@x"),
        .trunk = STR("pbx"),
        .source = STR("192.0.2.1:5060"),
        .orig_tn = STR("12155550100"),
        .dest_tn = STR("13125550123"),
        .origid = STR("fffefdfc-fbfa-49f8-b7f6-f5f4f3f2f1f0"),
        .rule = STR("attestation.owned"),
        .number_row = STR("/n.csv:2"),
        .customer = STR("acme"),
        .certificate = STR("818H"),
        .x5u = STR("https://cert.example.org/x.pem"),
        .upstream = STR("carrier"),
        .identity_fault = STR("info is missing"),
        .identity_unreadable = 2,
        .attest = 'A',
        .withheld = 'B',
        .withheld_reason = REASON_SIGNED_UNKNOWN,
        .verdict = VERDICT_SIGN,
        .reason = REASON_SIGNED_OWNED,
        .number_state = NUMBER_OWNED,
        .iat_s = 1795736423,
        .sip_status = 200,
        .sign_us = 30,
        .total_us = 400,
        .config_generation = 3,
        .numbers_generation = 4,
        .emergency = true,
        .detail = STR("CSeq: is missing, at octet 0"),
        .count = 12,
        .cause = CAUSE_NEXT_HOP_503,
        .tried = {{.upstream = STR("first"), .fate = FATE_UNREACHABLE, .transport = TRANSPORT_TLS},
                  {.upstream = STR("carrier"),
                   .address = {.family = ADDRESS_IPV4, .port = 5060, .bytes = {192, 0, 2, 9}},
                   .fate = FATE_STATUS,
                   .status = 503,
                   .again = true}},
        .n_tried = 2,
        .tokens = {STR("a.b.c;info=<https://x>"), STR("d.e.f")},
        .n_tokens = 2,
        .is_verified = true,
        .verified = {.class = VERIFICATION_FAILED,
                     .check = VERIFY_SIGNATURE,
                     .header = 1,
                     .headers = 2,
                     .beyond = 1,
                     .attest = 'B',
                     .elsewhere = {11, "12155550141"},
                     .x5u = STR("https://cert.example.net/y.pem"),
                     .spc = STR("709J"),
                     .subject = STR("CN=SHAKEN 709J"),
                     .origid = STR("123e4567-e89b-12d3-a456-426655440000"),
                     .iat_s = 1795736420,
                     .age_s = 3,
                     .verstat = VERSTAT_FAILED,
                     .told = VERSTAT_TOLD_PASSED,
                     .cache = VERIFIED_HIT,
                     .fetched = FETCH_GONE,
                     .verify_us = 70,
                     .trust_generation = 5},
    };
}

static void add_json(struct buf *out, const struct record *r)
{
    struct json j = json_writer(out, false);
    json_begin_object(&j);
    record_put(&j, r);
    json_end_object(&j);
}

static void comes_out_as_it_went_in(void **state)
{
    (void)state;
    struct record r = example(), back;
    struct buf packet = BUF_INIT, before = BUF_INIT, after = BUF_INIT;
    record_pack(&packet, &r);
    assert_true(record_unpack(&back, buf_str(&packet)));
    add_json(&before, &r);
    add_json(&after, &back);
    assert_true(str_eq(buf_str(&before), buf_str(&after)));
    buf_fini(&packet);
    buf_fini(&before);
    buf_fini(&after);
}

static void cut_or_longer_is_refused(void **state)
{
    (void)state;
    struct record r = example(), back;
    struct buf packet = BUF_INIT;
    record_pack(&packet, &r);
    for (size_t n = 0; n < packet.n; n++)
        assert_false(record_unpack(&back, (struct str){packet.p, n}));
    buf_add_char(&packet, 'x');
    assert_false(record_unpack(&back, buf_str(&packet)));
    buf_fini(&packet);
}

/* Each octet of the head in each value: never a read beyond, never a line that is no JSON. */
static void any_head_is_refused_or_harmless(void **state)
{
    (void)state;
    struct record r = example(), back;
    struct buf packet = BUF_INIT, out = BUF_INIT;
    record_pack(&packet, &r);
    char *copy = malloc(packet.n);
    for (size_t at = 0; at < packet.n; at++) {
        for (int value = 0; value < 256; value++) {
            memcpy(copy, packet.p, packet.n);
            copy[at] = (char)value;
            buf_reset(&out);
            if (record_unpack(&back, (struct str){copy, packet.n}))
                add_json(&out, &back);
            assert_false(buf_failed(&out));
        }
    }
    free(copy);
    buf_fini(&packet);
    buf_fini(&out);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    struct record r = example(), back;
    struct buf packet = BUF_INIT;
    char *text = malloc(70000);
    memset(text, 1, 70000);
    r.call_id = r.rule = (struct str){text, 70000};
    record_pack(&packet, &r);
    assert_true(record_unpack(&back, buf_str(&packet)));
    assert_int_equal(back.call_id.n, RECORD_TEXT_MAX);
    assert_true(str_eq(back.call_id, record_text(r.call_id)));
    buf_fini(&packet);
    free(text);
}

static void times_of_any_clock_are_written(void **state)
{
    (void)state;
    const int64_t times[] = {INT64_MIN, -1, 0, INT64_MAX};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct record r = example();
        struct buf out = BUF_INIT;
        r.ts_us = times[i];
        add_json(&out, &r);
        assert_true(str_starts(buf_str(&out), STR("{\"ts\":\"1970-01-01T00:00:00.")));
        buf_fini(&out);
    }
}

static void a_place_is_only_at_the_end(void **state)
{
    (void)state;
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    static const struct {
        struct str line;
        bool good;
    } cases[] = {
        {STR("{\"a\":1,\"seq\":12,\"prev\":\"" HASH "\"}"), true},
        {STR("{\"a\":1,\"seq\":-1,\"prev\":\"" HASH "\"}"), false},
        {STR("{\"a\":1,\"seq\":,\"prev\":\"" HASH "\"}"), false},
        {STR("{\"a\":1,\"seq\":99999999999999999999,\"prev\":\"" HASH "\"}"), false},
        {STR("{\"a\":1,\"seq\":12,\"prev\":\"" HASH "\"} "), false},
        {STR("{\"a\":1,\"seq\":12,\"prev\":\"x" HASH "\"}"), false},
        {STR("{\"a\":1,\"prev\":\"" HASH "\"}"), false},
        {STR("seq\":12,\"prev\":\"" HASH "\"}"), false},
        {STR(""), false},
        {STR("}"), false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chain_place place;
        assert_int_equal(chain_place_of(&place, cases[i].line), cases[i].good);
        if (cases[i].good)
            assert_int_equal(place.seq, 12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_out_as_it_went_in),
        cmocka_unit_test(cut_or_longer_is_refused),
        cmocka_unit_test(any_head_is_refused_or_harmless),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(times_of_any_clock_are_written),
        cmocka_unit_test(a_place_is_only_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
