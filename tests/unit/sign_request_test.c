#include "lab.h"

#include <stird/core/sign_request.h>

#define NOW 1443208345

/* A request as octets, to be changed. */
union octets {
    struct sign_request head;
    _Alignas(8) char bytes[SIGN_REQUEST_MAX];
};

static struct sign_order order(void)
{
    return (struct sign_order){&passport_type_shaken, 3, lab_claims('A', NOW)};
}

static union octets request(void)
{
    union octets r;
    struct sign_order o = order();
    memset(&r, 0, sizeof(r));
    assert_int_not_equal(sign_request_write(&r, 77, &o, 1), 0);
    return r;
}

static struct sign_record *record_of(union octets *r)
{
    return (struct sign_record *)(r->bytes + sizeof(r->head));
}

static char *field_of(union octets *r, enum sign_field field)
{
    char *at = (char *)(record_of(r) + 1);
    for (unsigned i = 0; i < field; i++)
        at += record_of(r)->length[i];
    return at;
}

/* Of the only token, or of all of it. */
static enum reason read_it(const union octets *r, int64_t now_s)
{
    struct sign_asked asked;
    enum reason reason = sign_request_read(&r->head, now_s, &asked);
    return reason == REASON_OK ? asked.reason[0] : reason;
}

static void what_is_written_is_read(void **state)
{
    union octets r = request();
    struct sign_asked asked;
    struct passport_claims claims = lab_claims('A', NOW), *read = &asked.order[0].claims;
    struct str packet = {r.bytes, r.head.size};
    (void)state;
    assert_ptr_equal(sign_request_next(&packet), &r);
    assert_int_equal(packet.n, 0);
    assert_int_equal(r.head.ticket, 77);
    assert_int_equal(sign_request_tokens(&r.head), 1);
    assert_int_equal(sign_request_read(&r.head, NOW, &asked), REASON_OK);
    assert_int_equal(asked.n, 1);
    assert_int_equal(asked.reason[0], REASON_OK);
    assert_int_equal(asked.order[0].certificate, 3);
    assert_ptr_equal(asked.order[0].type, &passport_type_shaken);
    assert_int_equal(read->attest, 'A');
    assert_int_equal(read->iat_s, NOW);
    assert_memory_equal(&read->orig, &claims.orig, sizeof(read->orig));
    assert_memory_equal(&read->dest, &claims.dest, sizeof(read->dest));
    assert_memory_equal(read->origid, claims.origid, ORIGID_TEXT_LENGTH);
    assert_int_equal(read->orig_uri.n + read->dest_uri.n + read->hi.n, 0);
}

static void no_stray_memory_leaves_with_a_request(void **state)
{
    union octets a, b;
    struct sign_order o = order();
    (void)state;
    o.claims.orig.n = 10; /* so that something rounds it up */
    memset(&a, 0x55, sizeof(a));
    memset(&b, 0xaa, sizeof(b));
    size_t n = sign_request_write(&a, 1, &o, 1);
    assert_int_equal(sign_request_write(&b, 1, &o, 1), n);
    assert_memory_equal(&a, &b, n);
}

static void every_field_is_checked(void **state)
{
    (void)state;
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        union octets r = request();                                                                \
        change;                                                                                    \
        assert_int_equal(read_it(&r, NOW), REASON_SIGNER_REFUSED);                                 \
    } while (0)
    REFUSED(r.head.version++);
    REFUSED(r.head.n_tokens = 0);
    REFUSED(r.head.n_tokens = 2);
    REFUSED(r.head.n_tokens = 17);
    REFUSED(r.head.n_tokens = UINT16_MAX);
    REFUSED(r.head.size -= 8);
    REFUSED(r.head.size += 8);
    REFUSED(r.head.size = sizeof(r.head));
    REFUSED(r.head.iat_s = 0);
    REFUSED(r.head.iat_s = INT64_MIN);
    REFUSED(record_of(&r)->size = 0);
    REFUSED(record_of(&r)->size -= 8);
    REFUSED(record_of(&r)->size += 8);
    REFUSED(record_of(&r)->size += 1);
    REFUSED(record_of(&r)->size = UINT16_MAX);
    REFUSED(record_of(&r)->type = 0);
    REFUSED(record_of(&r)->type = 200);
    REFUSED(record_of(&r)->attest = 'D');
    for (int i = 0; i < SIGN_FIELDS; i++) {
        REFUSED(record_of(&r)->length[i] = 255);
        REFUSED(record_of(&r)->length[i] = record_of(&r)->length[i] > 0 ? 0 : 1);
        REFUSED(record_of(&r)->length[i]++);
    }
    REFUSED(field_of(&r, SIGN_ORIG)[3] = '"');
    REFUSED(field_of(&r, SIGN_DEST)[10] = '\0');
    REFUSED(field_of(&r, SIGN_ORIGID)[0] = '"');
    REFUSED(field_of(&r, SIGN_ORIGID)[35] = '\0');
#undef REFUSED
}

/* What has no size is told from what is refused: the channel ends with it. */
static void a_size_that_no_request_has_is_none(void **state)
{
    static const uint32_t sizes[] = {0, 1, 8, 23, 28, SIGN_REQUEST_MAX + 8, UINT32_MAX};
    union octets r = request();
    struct str packet = {r.bytes, sizeof(r.bytes)};
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        r.head.size = sizes[i];
        assert_null(sign_request_next(&packet));
    }
    r = request();
    for (size_t n = 0; n < r.head.size; n++) {
        packet = (struct str){r.bytes, n};
        assert_null(sign_request_next(&packet));
        assert_int_equal(packet.n, n);
    }
}

static void a_type_is_signed_as_often_as_a_call_has_it(void **state)
{
    const struct sign_order orders[PASSPORTS_MAX + 1] = {
        order(), order(), order(), order(), order(), order(), order(), order(), order()};
    union octets r;
    struct sign_asked asked;
    (void)state;
    assert_int_equal(sign_request_write(&r, 1, orders, 0), 0);
    assert_int_equal(sign_request_write(&r, 1, orders, PASSPORTS_MAX + 1), 0);
    for (unsigned n = 1; n <= PASSPORTS_MAX; n++) {
        assert_int_not_equal(sign_request_write(&r, 1, orders, n), 0);
        assert_int_equal(sign_request_read(&r.head, NOW, &asked), REASON_OK);
        assert_int_equal(asked.n, n);
        assert_int_equal(sign_request_tokens(&r.head), n);
        assert_int_equal(asked.reason[0], REASON_OK);
        for (unsigned i = 1; i < n; i++)
            assert_int_equal(asked.reason[i], REASON_SIGNER_REFUSED);
    }
    r.head.n_tokens = UINT16_MAX;
    assert_int_equal(sign_request_tokens(&r.head), PASSPORTS_MAX); /* nobody counts further */
    r.head.n_tokens = 0;
    assert_int_equal(sign_request_tokens(&r.head), 1);
}

/* One that is refused takes nothing from the others. */
static void a_token_is_refused_alone(void **state)
{
    struct sign_order orders[2] = {order(), order()};
    union octets r;
    struct sign_asked asked;
    (void)state;
    orders[0].claims.attest = 'x';
    orders[1].certificate = 9999;
    assert_int_not_equal(sign_request_write(&r, 1, orders, 2), 0);
    record_of(&r)->type = 77;
    assert_int_equal(sign_request_read(&r.head, NOW, &asked), REASON_OK);
    assert_int_equal(asked.reason[0], REASON_SIGNER_REFUSED);
    assert_int_equal(asked.reason[1], REASON_OK); /* whether there is such a certificate is known
                                                     to who has them */
    assert_int_equal(asked.order[1].certificate, 9999);
}

/* shaken has numbers alone, whatever a request can hold. */
static void shaken_takes_no_text(void **state)
{
    struct sign_order with_uri = order(), with_hi = order(), too_long = order();
    char text[PASSPORT_URI_MAX + 1];
    union octets r;
    (void)state;
    with_uri.claims.dest.n = 0;
    with_uri.claims.dest_uri = STR("tel:+12155550131");
    assert_int_not_equal(sign_request_write(&r, 1, &with_uri, 1), 0);
    assert_int_equal(read_it(&r, NOW), REASON_SIGNER_REFUSED);
    with_hi.claims.hi = STR("1.1");
    assert_int_not_equal(sign_request_write(&r, 1, &with_hi, 1), 0);
    assert_int_equal(read_it(&r, NOW), REASON_SIGNER_REFUSED);
    memset(text, '1', sizeof(text));
    too_long.claims.dest_uri = (struct str){text, sizeof(text)};
    assert_int_equal(sign_request_write(&r, 1, &too_long, 1), 0);
    too_long.claims.dest_uri = STR("");
    too_long.claims.hi = (struct str){text, PASSPORT_HI_MAX + 1};
    assert_int_equal(sign_request_write(&r, 1, &too_long, 1), 0);
}

/* Whether each of N orders arrives in its place, as far as its type shows. */
static void assert_arrive(const struct sign_order *orders, unsigned n, const bool *arrives)
{
    union octets r;
    struct sign_asked asked;
    size_t size = sign_request_write(&r, 1, orders, n);
    assert_in_range(size, 1, SIGN_REQUEST_MAX);
    assert_int_equal(r.head.size, size);
    assert_int_equal(sign_request_read(&r.head, NOW, &asked), REASON_OK);
    assert_int_equal(asked.n, n);
    for (unsigned i = 0; i < n; i++) {
        assert_ptr_equal(asked.order[i].type, arrives[i] ? &passport_type_shaken : NULL);
        assert_true(arrives[i] || asked.reason[i] == REASON_SIGNER_REFUSED);
        assert_true(!arrives[i] || asked.order[i].certificate == i);
    }
}

/* What does not fit is refused in its place, and those before and behind it arrive. */
static void a_request_ends_at_two_kibibytes(void **state)
{
    struct sign_order orders[PASSPORTS_MAX];
    char text[PASSPORT_URI_MAX];
    (void)state;
    memset(text, '1', sizeof(text));
    for (unsigned i = 0; i < PASSPORTS_MAX; i++) {
        orders[i] = order();
        orders[i].certificate = i;
        orders[i].claims.orig_uri = orders[i].claims.dest_uri = (struct str){text, sizeof(text)};
    }
    assert_arrive(orders, 5, (const bool[]){true, true, true, true, true});
    assert_arrive(orders, 8, (const bool[]){true, true, true, true, true, false, false, false});
    orders[7].claims.orig_uri = orders[7].claims.dest_uri = STR("");
    assert_arrive(orders, 8, (const bool[]){true, true, true, true, true, false, false, true});
}

static void an_order_that_cannot_be_written_is_refused_alone(void **state)
{
    struct passport_type beside = passport_type_shaken;
    char text[PASSPORT_URI_MAX + 1];
    const struct str too_long = {text, sizeof(text)};
    (void)state;
    memset(text, '1', sizeof(text));
    beside.decides = false;
    for (unsigned at = 0; at < 3; at++)
        for (unsigned field = 0; field < 3; field++) {
            struct sign_order orders[] = {order(), order(), order()};
            bool arrives[] = {true, true, true};
            struct passport_claims *claims = &orders[at].claims;
            *(field == 0   ? &claims->orig_uri
              : field == 1 ? &claims->dest_uri
                           : &claims->hi) = too_long;
            for (unsigned i = 0; i < 3; i++) {
                orders[i].certificate = i;
                orders[i].type = i == 1 ? &passport_type_shaken : &beside;
            }
            arrives[at] = false;
            assert_arrive(orders, 3, arrives);
        }
}

/* Wherever it stands, the one that says what becomes of the call has its room. */
static void what_decides_has_its_room(void **state)
{
    struct passport_type beside = passport_type_shaken;
    struct sign_order orders[PASSPORTS_MAX];
    char text[PASSPORT_URI_MAX];
    (void)state;
    memset(text, '1', sizeof(text));
    beside.decides = false;
    for (unsigned at = 0; at < PASSPORTS_MAX; at++) {
        bool arrives[PASSPORTS_MAX] = {false};
        for (unsigned i = 0; i < PASSPORTS_MAX; i++) {
            orders[i] = order();
            orders[i].certificate = i;
            orders[i].type = i == at ? &passport_type_shaken : &beside;
            orders[i].claims.orig_uri = orders[i].claims.dest_uri = (struct str){text,
                                                                                 sizeof(text)};
            arrives[i] = i == at || i < 4 + (at < 4);
        }
        assert_arrive(orders, PASSPORTS_MAX, arrives);
    }
}

static void the_clocks_may_differ_by_five_seconds(void **state)
{
    union octets r = request();
    (void)state;
    assert_int_equal(read_it(&r, NOW + 6), REASON_OK);
    assert_int_equal(read_it(&r, NOW - 6), REASON_OK);
    assert_int_equal(read_it(&r, NOW + 8), REASON_CLOCK_DISAGREES);
    assert_int_equal(read_it(&r, NOW - 8), REASON_CLOCK_DISAGREES);
    r.head.iat_s = INT64_MAX;
    assert_int_equal(read_it(&r, NOW), REASON_CLOCK_DISAGREES);
}

static void a_response_is_read_as_it_was_written(void **state)
{
    static char longest[SIGN_TOKEN_MAX];
    const struct str tokens[] = {STR("a.b.c"), {longest, sizeof(longest)}};
    struct sign_answer answers[PASSPORTS_MAX];
    struct buf out = BUF_INIT;
    (void)state;
    memset(longest, 'x', sizeof(longest));
    sign_response_refuse(&out, 6, REASON_CLOCK_DISAGREES);
    size_t begin = sign_response_begin(&out, 7);
    sign_response_add(&out, begin, REASON_OK, tokens[0]);
    sign_response_add(&out, begin, REASON_NO_CERTIFICATE, STR(""));
    for (unsigned i = 2; i < PASSPORTS_MAX; i++)
        sign_response_add(&out, begin, REASON_OK, tokens[1]);
    sign_response_end(&out, begin, 33);
    assert_in_range(out.n, 1, SIGN_ANSWERS_MAX); /* as many of the longest fit in a packet */
    struct str packet = buf_str(&out);
    const struct sign_response *r = sign_response_next(&packet, answers);
    assert_true(r && r->ticket == 6 && r->reason == REASON_CLOCK_DISAGREES && r->n_tokens == 0);
    r = sign_response_next(&packet, answers);
    assert_true(r && r->ticket == 7 && r->sign_us == 33 && r->n_tokens == PASSPORTS_MAX);
    assert_str(answers[0].token, tokens[0]);
    assert_int_equal(answers[1].reason, REASON_NO_CERTIFICATE);
    assert_int_equal(answers[1].token.n, 0);
    for (unsigned i = 2; i < PASSPORTS_MAX; i++)
        assert_str(answers[i].token, tokens[1]);
    assert_int_equal(packet.n, 0);
    assert_null(sign_response_next(&packet, answers));
    buf_fini(&out);
}

/* What a worker may have signed beside numbers, and what not. */
static void of_text_numbers_and_services_are_taken(void **state)
{
    static const char *const good[] = {
        "tel:+12155550131",
        "tel:+442079460000",
        "urn:service:sos",
        "urn:service:sos.fire",
        "urn:service:sos.animal-control",
        "urn:service:sos.ecall.automatic",
    };
    static const char *const bad[] = {
        "",
        "x",
        "tel:",
        "tel:+",
        "tel:+1-2",
        "tel:1;x=y",
        "tel:911",
        "tel:12155550131",
        "tel:++12155550131",
        "tel:+12155550131;ext=1",
        "tel:+1",
        "tel:+0123456789",
        "tel:+11155550131",
        "tel:+210155550131",
        "sip:12155550131@example.com",
        "sip:+12155550131@198.51.100.7:5070",
        "sips:911@[2001:db8::1]:5061",
        "sip:1@please-wire-the-money.example",
        "sip:+12155550131@a..b",
        "tel:1@h",
        "TEL:1",
        "tel:1234567890123456",
        "sip:",
        "sip:1",
        "sip:1@",
        "sip:@h",
        "sip:voicemail@example.com",
        "sip:1@h;transport=tcp",
        "sip:1:secret@h",
        "sip:1@h?Subject=x",
        "sip:1;a=b@h",
        "sip:1@h@g",
        "sip:1@H",
        "sip:1@h/x",
        "sip:1@buy our_things",
        "sip:1@\"h",
        "sip:1@h\n",
        "sip:1@[h",
        "sip:%31@h",
        "http:1@h",
        "https://1@h",
        "urn:service:",
        "urn:service:sos.",
        "urn:service:.sos",
        "urn:service:SOS",
        "URN:service:sos",
        "urn:service:please-wire-the-money-now",
        "urn:service:sos.fire-2",
        "urn:service:sos.call.me",
        "urn:service:sos.fire.now",
        "urn:service:counseling",
        "urn:service:sos fire",
        "urn:other:sos",
        "urn:service:sos\"",
        " tel:1",
        "tel:1 ",
        "data:,1",
        "sip:1@h:",
        "sip:1@h:99999999",
        "sip:1@:5060",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (!passport_is_number_uri(str_of(good[i])))
            fail_msg("\"%s\" is refused", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (passport_is_number_uri(str_of(bad[i])))
            fail_msg("\"%s\" is taken", bad[i]);
    assert_false(passport_is_number_uri(STR("tel:+12155550131\0")));
    assert_false(passport_is_number_uri(STR("urn:service:sos\0")));
}

static void hi_is_digits_and_dots(void **state)
{
    static const char *const bad[] = {"", ".", "1.", ".1", "1..2", "a", "1.a", "1 ", "1,2", "1.-2"};
    char text[PASSPORT_HI_MAX + 1];
    (void)state;
    assert_true(passport_is_hi(STR("1")));
    assert_true(passport_is_hi(STR("1.2.10")));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (passport_is_hi(str_of(bad[i])))
            fail_msg("\"%s\" is taken", bad[i]);
    memset(text, '1', sizeof(text));
    assert_true(passport_is_hi((struct str){text, PASSPORT_HI_MAX}));
    assert_false(passport_is_hi((struct str){text, PASSPORT_HI_MAX + 1}));
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
        cmocka_unit_test(a_size_that_no_request_has_is_none),
        cmocka_unit_test(a_type_is_signed_as_often_as_a_call_has_it),
        cmocka_unit_test(a_token_is_refused_alone),
        cmocka_unit_test(shaken_takes_no_text),
        cmocka_unit_test(a_request_ends_at_two_kibibytes),
        cmocka_unit_test(an_order_that_cannot_be_written_is_refused_alone),
        cmocka_unit_test(what_decides_has_its_room),
        cmocka_unit_test(the_clocks_may_differ_by_five_seconds),
        cmocka_unit_test(a_response_is_read_as_it_was_written),
        cmocka_unit_test(of_text_numbers_and_services_are_taken),
        cmocka_unit_test(hi_is_digits_and_dots),
        cmocka_unit_test(the_longest_token_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
