/* Which chain our own repository serves where units share a URL: the one that signs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stird/core/published_unit.h>

#define NOW 1000000
#define DAY 86400

#define ONE   "https://cert.example.com:8443/818H/1.pem"
#define OTHER "https://cert.example.com/818H/2.pem"

/* Newest first: one that has not begun, one of today, an old one; another at a URL of its own. */
static struct certificate units[] = {
    {.id = STR("a"), .x5u = STR(ONE), .not_before_s = NOW + DAY, .not_after_s = NOW + 60 * DAY},
    {.id = STR("a"), .x5u = STR(ONE), .not_before_s = NOW - DAY, .not_after_s = NOW + 29 * DAY},
    {.id = STR("a"), .x5u = STR(ONE), .not_before_s = NOW - 20 * DAY, .not_after_s = NOW + 2 * DAY},
    {.id = STR("b"), .x5u = STR(OTHER), .not_before_s = NOW - DAY, .not_after_s = NOW + DAY},
};
static struct settings settings = {
    .certificates = units, .n_certificates = 4, .repository_port = 8443};

enum {
    U = CERTIFICATE_UNCHECKED,
    S = CERTIFICATE_SERVED,
    N = CERTIFICATE_UNREACHABLE,
    W = CERTIFICATE_WRONG
};

static const struct {
    const char *what;
    int64_t now;
    uint8_t states[4];
    uint32_t served;
} cases[] = {
    {"not the newest, but the one that signs", NOW, {U, U, U, U}, 1},
    {"the one that signs, since it is the one that is there", NOW, {U, U, S, U}, 2},
    {"the old one is over: the newest signs", NOW + 3 * DAY, {U, U, S, U}, 0},
    {"the newest is too young", NOW + DAY + 1, {U, U, S, U}, 2},
    {"the newest has settled, and another is there", NOW + DAY + 300, {U, S, U, U}, 1},
    {"none signs: the first that is in force", NOW, {W, W, W, U}, 1},
    {"none is in force: the first", NOW - 40 * DAY, {U, U, U, U}, 0},
};

static void each_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct certificate_question q = {
            .settings = &settings, .states = cases[i].states, .now_s = cases[i].now};
        const uint32_t served = published_unit(&q, STR("/818H/1.pem"));
        if (served != cases[i].served)
            fail_msg("%s: unit %u", cases[i].what, served);
        assert_int_equal(published_unit(&q, STR("/818H/2.pem")), 3);
        assert_int_equal(published_unit(&q, STR("/818H/3.pem")), NO_CERTIFICATE);
    }
}

/* Served is what signs, whatever is known and whenever. */
static void what_signs_is_served(void **state)
{
    (void)state;
    for (int64_t now = NOW - 30 * DAY; now < NOW + 70 * DAY; now += DAY / 4)
        for (unsigned known = 0; known < 64; known++) {
            const uint8_t states[] = {known % 4, known / 4 % 4, known / 16 % 4, U};
            const struct certificate_question q = {
                .settings = &settings, .states = states, .now_s = now};
            enum reason reason;
            const uint32_t signs = certificate_choose(&q, 0, &reason);
            if (signs != NO_CERTIFICATE)
                assert_int_equal(published_unit(&q, STR("/818H/1.pem")), signs);
        }
}

static void whose_urls_it_has(void **state)
{
    struct str path;
    (void)state;
    assert_true(published_unit_path(&settings, STR(ONE), &path));
    assert_true(str_eq(path, STR("/818H/1.pem")));
    assert_false(published_unit_path(&settings, STR("http://cert.example.com/1.pem"), &path));
    assert_false(published_unit_path(&settings, STR(""), &path));
    settings.repository_host = STR("CERT.example.com");
    assert_true(published_unit_path(&settings, STR(ONE), &path));
    settings.repository_host = STR("other.example.com");
    assert_false(published_unit_path(&settings, STR(ONE), &path));
    settings.repository_host = STR("cert.example.com.");
    assert_true(published_unit_path(&settings, STR(ONE), &path));
    static const struct {
        struct str host, x5u;
    } same[] = {
        {STR("cert.example.com"), STR("https://cert.example.com./818H/1.pem")},
        {STR("[2001:db8::1]"), STR("https://[2001:db8::1]/818H/1.pem")},
        {STR("2001:DB8:0::1"), STR("https://[2001:db8::1]/818H/1.pem")},
        {STR("192.0.2.1"), STR("https://192.0.2.1/818H/1.pem")},
    };
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        settings.repository_host = same[i].host;
        assert_true(published_unit_path(&settings, same[i].x5u, &path));
        assert_true(str_eq(path, STR("/818H/1.pem")));
    }
    assert_false(published_unit_path(&settings, STR("https://192.0.2.2/818H/1.pem"), &path));
    settings.repository_host = (struct str){NULL, 0};
    settings.repository_port = 0;
    assert_false(published_unit_path(&settings, STR(ONE), &path));
    settings.repository_port = 8443;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case),
        cmocka_unit_test(what_signs_is_served),
        cmocka_unit_test(whose_urls_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
