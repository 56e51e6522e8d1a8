/*
 * What one process says to another: each octet of it is tried with every value. What is accepted
 * names nothing that is not there.
 */
#include "lab.h"

#include <stird/core/known_name.h>
#include <stird/core/refused_source.h>
#include <stird/core/settings.h>
#include <stird/core/sign_request.h>
#include <stird/io/record.h>
#include <stird/net/handover.h>

#define LISTENERS 2

/* Of a thing that lies: false is a fault. It says itself whether it is sound. */
typedef bool judge(const void *bytes, size_t n);

static bool is_address(const struct address *a)
{
    struct address again;
    struct buf text = BUF_INIT;
    address_add_host(&text, a);
    bool same = address_parse(buf_str(&text), &again) && address_same_host(a, &again);
    buf_fini(&text);
    return same;
}

static bool judge_handover(const void *bytes, size_t n)
{
    struct handover h;
    assert_int_equal(n, sizeof(h));
    memcpy(&h, bytes, n);
    const struct str texts[] = {STR("INVITE sip:a SIP/2.0\r\n\r\n"), STR("SIP/2.0 200 OK\r\n\r\n")};
    for (unsigned i = 0; i < 2; i++) {
        if (!handover_is_sound(&h, texts[i], LISTENERS) || h.kind == HANDOVER_UNDELIVERED)
            continue;
        if (h.kind != HANDOVER_MESSAGE || h.listener >= LISTENERS ||
            h.transport >= (i == 0 ? 1 : TRANSPORTS) || !is_address(&h.remote))
            return false;
    }
    return true;
}

static bool judge_name(const void *bytes, size_t n)
{
    struct known_name k;
    assert_int_equal(n, sizeof(k));
    memcpy(&k, bytes, n);
    if (!known_name_is_sound(&k))
        return true;
    unsigned all = (unsigned)k.n + k.former;
    bool good = (k.n > 0 || k.in_part) && all <= NAME_ADDRESSES_MAX && k.n <= NAME_HOPS_MAX &&
                k.n_parts <= NAME_PARTS_MAX && strnlen(k.host, sizeof(k.host)) < sizeof(k.host);
    for (unsigned i = 0; good && i < all; i++)
        good = is_address(&k.addresses[i].address);
    return good;
}

static bool judge_refused(const void *bytes, size_t n)
{
    struct refused_source r;
    assert_int_equal(n, sizeof(r));
    memcpy(&r, bytes, n);
    return !refused_source_is_sound(&r) ||
           (r.transport < TRANSPORTS && r.refusal < UNHEARD_KINDS && is_address(&r.source) &&
            unheard_name((enum unheard)r.refusal).n > 0 &&
            transport_name((enum transport)r.transport).n > 0);
}

static bool judge_record(const void *bytes, size_t n)
{
    struct record r;
    struct buf line = BUF_INIT;
    bool good = true;
    if (!record_unpack(&r, (struct str){bytes, n}))
        return true;
    struct json json = json_writer(&line, false);
    json_begin_object(&json);
    record_put(&json, &r);
    json_end_object(&json);
    for (unsigned i = 0; i < r.n_tried; i++)
        good = good && r.tried[i].transport < TRANSPORTS &&
               (r.tried[i].address.family == ADDRESS_NONE || is_address(&r.tried[i].address));
    good = good && line.n > 0 && str_find(buf_str(&line), '\n', 0) == line.n;
    buf_fini(&line);
    return good;
}

static bool judge_request(const void *bytes, size_t n)
{
    _Alignas(8) static char copy[SIGN_REQUEST_MAX];
    static struct sign_asked asked;
    memcpy(copy, bytes, n);
    struct str packet = {copy, n};
    const struct sign_request *request = sign_request_next(&packet);
    if (!request || sign_request_read(request, 1443208345, &asked) != REASON_OK)
        return true;
    bool good = packet.n == 0 && asked.n >= 1 && asked.n <= 2;
    for (unsigned i = 0; good && i < asked.n; i++) {
        const struct passport_claims *claims = &asked.order[i].claims;
        good = asked.reason[i] != REASON_OK ||
               (asked.order[i].type && claims->attest >= 'A' && claims->attest <= 'C' &&
                claims->orig.n <= TN_MAX_DIGITS && claims->dest.n <= TN_MAX_DIGITS &&
                claims->orig_uri.n + claims->dest_uri.n + claims->hi.n == 0);
    }
    return good;
}

static bool judge_response(const void *bytes, size_t n)
{
    _Alignas(8) static char copy[4096];
    struct sign_answer answers[PASSPORTS_MAX];
    memcpy(copy, bytes, n);
    struct str packet = {copy, n};
    const struct sign_response *response = sign_response_next(&packet, answers);
    for (unsigned i = 0; response && i < response->n_tokens; i++)
        if ((answers[i].reason == REASON_OK) != (answers[i].token.n > 0) ||
            (answers[i].token.n > 0 &&
             (answers[i].token.p < copy || answers[i].token.p + answers[i].token.n > copy + n)))
            return false;
    return !response || (packet.n == 0 && response->n_tokens <= 2);
}

/* Each octet alone, with all values, in a copy that ends where it ends. */
static void try_all(judge *fits, const void *good, size_t n)
{
    unsigned char *bytes = malloc(n);
    assert_non_null(bytes);
    for (size_t at = 0; at < n; at++) {
        memcpy(bytes, good, n);
        for (unsigned value = 0; value < 256; value++) {
            bytes[at] = (unsigned char)value;
            if (!fits(bytes, n))
                fail_msg("octet %zu of %zu with the value %u is taken for sound", at, n, value);
        }
    }
    free(bytes);
}

static struct address place(const char *text)
{
    struct address a;
    assert_true(address_parse(str_of(text), &a));
    a.port = 5060;
    return a;
}

static void test_handover(void **state)
{
    (void)state;
    for (uint32_t kind = HANDOVER_MESSAGE; kind <= HANDOVER_UNDELIVERED; kind++) {
        for (uint8_t transport = 0; transport < TRANSPORTS; transport++) {
            struct handover h = {.kind = kind, .listener = 1, .transport = transport};
            h.remote = place("192.0.2.7");
            assert_true(handover_is_sound(&h, STR("SIP/2.0 200 OK\r\n"), LISTENERS));
            try_all(judge_handover, &h, sizeof(h));
            h.remote = place("::1");
            try_all(judge_handover, &h, sizeof(h));
            memset(h.remote.bytes + 10, 0xff, 2);
            try_all(judge_handover, &h, sizeof(h)); /* a mapped one: no IPv6 address of ours */
        }
    }
}

static void test_known_name(void **state)
{
    (void)state;
    struct known_name k = {
        .host = "carrier.example", .port = 5060, .want_ipv4 = 1, .want_ipv6 = 1, .n = 2};
    k.addresses[0].address = place("192.0.2.7");
    k.addresses[1].address = place("2001:db8::1");
    assert_true(known_name_is_sound(&k));
    try_all(judge_name, &k, sizeof(k));
    memset(&k.addresses[1].address.bytes, 0, 16);
    memset(k.addresses[1].address.bytes + 10, 0xff, 6);
    try_all(judge_name, &k, sizeof(k));
}

static void test_refused_source(void **state)
{
    (void)state;
    struct refused_source r = {.source = place("192.0.2.7"), .count = 1, .first_s = 1, .last_s = 2};
    assert_true(refused_source_is_sound(&r));
    try_all(judge_refused, &r, sizeof(r));
    r.source = place("2001:db8::1");
    try_all(judge_refused, &r, sizeof(r));
}

static void test_record(void **state)
{
    (void)state;
    struct record r = {.call_id = STR("a@b"), .attest = 'A', .n_tried = 2, .iat_s = -1};
    struct buf packet = BUF_INIT;
    r.tried[0] = (struct tried){.upstream = STR("carrier"), .address = place("192.0.2.7")};
    r.tried[1] = (struct tried){.upstream = STR("other"), .address = place("2001:db8::1")};
    record_pack(&packet, &r);
    assert_true(record_unpack(&r, buf_str(&packet)));
    try_all(judge_record, packet.p, packet.n);
    buf_fini(&packet);
}

static void test_sign_request(void **state)
{
    _Alignas(8) char bytes[SIGN_REQUEST_MAX];
    struct sign_asked asked;
    const struct sign_order order = {&passport_type_shaken, 0, lab_claims('A', 1443208345)};
    const struct sign_order orders[] = {order, order};
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        size_t size = sign_request_write(bytes, 1, orders, n);
        assert_int_equal(sign_request_read((struct sign_request *)bytes, 1443208345, &asked),
                         REASON_OK);
        try_all(judge_request, bytes, size);
    }
}

static void test_sign_response(void **state)
{
    struct buf out = BUF_INIT;
    size_t begin = sign_response_begin(&out, 1);
    (void)state;
    sign_response_add(&out, begin, REASON_OK, STR("aaa.bbb.ccc"));
    sign_response_add(&out, begin, REASON_NO_CERTIFICATE, STR(""));
    sign_response_end(&out, begin, 1);
    try_all(judge_response, out.p, out.n);
    buf_reset(&out);
    sign_response_refuse(&out, 1, REASON_SIGNER_REFUSED);
    try_all(judge_response, out.p, out.n);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handover),       cmocka_unit_test(test_known_name),
        cmocka_unit_test(test_refused_source), cmocka_unit_test(test_record),
        cmocka_unit_test(test_sign_request),   cmocka_unit_test(test_sign_response)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
