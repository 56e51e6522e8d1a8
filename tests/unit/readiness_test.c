/*
 * What stird says that it lacks of what calls need: of certificates and of next hops only those
 * count that a trunk uses.
 */
#include "daemon/supervisor/questions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stird/base/clock.h>
#include <stird/core/certificate_choice.h>
#include <stird/core/service_word.h>
#include <string.h>

#include <cmocka.h>

#define DAY 86400

extern const struct part part_hops, part_certificates;

static const struct child_role table[] = {{.id = ROLE_WORKER, .places = 2, .name = "stird-worker"}};
static const struct part *const parts[] = {&part_hops, &part_certificates, NULL};

static const uint32_t first_only[] = {0}, second_only[] = {1};
static const struct upstream upstreams[] = {
    {.name = STR("used"), .address = {ADDRESS_IPV4, 5060, {192, 0, 2, 1}}},
    {.name = STR("unused"), .address = {ADDRESS_IPV4, 5060, {192, 0, 2, 2}}},
};
static const struct provider providers[] = {{.name = STR("one")}, {.name = STR("two")}};

static struct certificate certificates[3];
static struct trunk trunks[2];
static struct settings settings;
static struct supervisor *s;

static struct certificate certificate_of(struct str id, uint32_t provider, bool foreign)
{
    const int64_t now_s = clock_real_s();
    return (struct certificate){.id = id,
                                .provider = provider,
                                .foreign = foreign,
                                .not_before_s = now_s - DAY,
                                .not_after_s = now_s + DAY};
}

static int begin(void **state)
{
    (void)state;
    certificates[0] = certificate_of(STR("own"), 0, false);
    certificates[1] = certificate_of(STR("theirs"), 0, true);
    certificates[2] = certificate_of(STR("other"), 1, false);
    trunks[0] = (struct trunk){.name = STR("first"),
                               .service = SERVICE_SIGN,
                               .certificate = NO_CERTIFICATE,
                               .upstreams = first_only,
                               .n_upstreams = 1};
    trunks[1] = (struct trunk){.name = STR("second"),
                               .service = SERVICE_VERIFY,
                               .certificate = NO_CERTIFICATE,
                               .provider = 1,
                               .upstreams = first_only,
                               .n_upstreams = 1};
    settings = (struct settings){.workers = 2,
                                 .trunks = trunks,
                                 .n_trunks = 2,
                                 .upstreams = upstreams,
                                 .n_upstreams = 2,
                                 .certificates = certificates,
                                 .n_certificates = 3,
                                 .providers = providers,
                                 .n_providers = 2};
    s = supervisor_make(table, 1, parts);
    if (!s)
        return -1;
    s->started_with = s->current.settings = &settings;
    return 0;
}

static int end(void **state)
{
    (void)state;
    supervisor_unmake(s);
    return 0;
}

static struct lacks_asked lacks(void)
{
    struct lacks_asked asked = {.provider = {NULL, 0}};
    supervisor_ask_lacks(s, &asked);
    return asked;
}

/* A worker says so of the first or second upstream, and since when. */
static void say_out_since(unsigned worker, unsigned upstream, int64_t since_ms,
                          bool answers_options)
{
    const struct control_message m = {.type = CONTROL_HOP,
                                      .hop = {.address = upstreams[upstream].address,
                                              .out = 1,
                                              .answers_options = answers_options,
                                              .since_ms = since_ms}};
    part_hops.hears[0].take(
        s, &(struct heard){.child = supervisor_places(s, ROLE_WORKER) + worker, .message = &m});
}

static void say_out(unsigned worker, unsigned upstream)
{
    say_out_since(worker, upstream, clock_monotonic_ms(), false);
}

/* Nobody sends a call to a stird that is not ready: it would never hear that it is back. */
static void test_a_next_hop_that_only_a_call_can_try(void **state)
{
    const int64_t before_ms = clock_monotonic_ms() - HOP_STATE_OUT_MS;
    (void)state;
    say_out_since(0, 0, before_ms, false);
    say_out_since(1, 0, before_ms + 1, false);
    assert_false(lacks().lacks[WEB_LACKS_NEXT_HOP]);
    say_out_since(1, 0, before_ms, true); /* it is asked, and would have said so */
    assert_true(lacks().lacks[WEB_LACKS_NEXT_HOP]);
}

static void test_only_next_hops_of_trunks_count(void **state)
{
    (void)state;
    assert_false(lacks().lacks[WEB_LACKS_NEXT_HOP]);
    say_out(0, 0);
    assert_false(lacks().lacks[WEB_LACKS_NEXT_HOP]); /* the other worker uses it */
    say_out(1, 0);
    assert_true(lacks().lacks[WEB_LACKS_NEXT_HOP]);
    trunks[1].upstreams = second_only;
    assert_false(lacks().lacks[WEB_LACKS_NEXT_HOP]);
    settings.n_trunks = 0;
    assert_false(lacks().lacks[WEB_LACKS_NEXT_HOP]);
}

static void test_only_certificates_that_sign_count(void **state)
{
    (void)state;
    assert_false(lacks().lacks[WEB_LACKS_CERTIFICATE]);
    /* One that no trunk signs by. */
    certificates[2].not_after_s = clock_real_s() - DAY;
    assert_false(lacks().lacks[WEB_LACKS_CERTIFICATE]);
    /* The one that signs, though another of the same provider is good. */
    certificates[0].not_after_s = clock_real_s() - DAY;
    assert_true(lacks().lacks[WEB_LACKS_CERTIFICATE]);
    assert_true(str_eq(lacks().provider, STR("one")));
    trunks[0].certificate = 1;
    assert_false(lacks().lacks[WEB_LACKS_CERTIFICATE]);
    /* Each trunk that signs. */
    trunks[1].service = SERVICE_SIGN;
    assert_true(lacks().lacks[WEB_LACKS_CERTIFICATE]);
    assert_true(str_eq(lacks().provider, STR("two")));
}

/* Names of directories that are no text are told apart all the same. */
static void test_units_are_told_apart(void **state)
{
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    (void)state;
    certificates[0].unit = STR("\xff.unit");
    certificates[1].unit = STR("\xfe.unit");
    certificates[2].unit = STR("\\xff.unit");
    json_begin_object(&j);
    part_certificates.put_status(s, &j, clock_monotonic_ms());
    json_end_object(&j);
    buf_add(&out, "", 1);
    assert_non_null(strstr(out.p, "\"unit\":\"\\\\xff.unit\""));
    assert_non_null(strstr(out.p, "\"unit\":\"\\\\xfe.unit\""));
    assert_non_null(strstr(out.p, "\"unit\":\"\\\\x5cxff.unit\""));
    buf_fini(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_only_next_hops_of_trunks_count),
        TEST(test_a_next_hop_that_only_a_call_can_try),
        TEST(test_only_certificates_that_sign_count),
        TEST(test_units_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
