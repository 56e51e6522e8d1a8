/* The cache of certificates, told with a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stird/fetch/fetch_cache.h>

#define A STR("https://a.example/c.pem")
#define B STR("https://b.example/c.pem")
#define C STR("https://c.example/c.pem")

static struct str body;

static enum fetch_cache_answer ask(struct fetch_cache *c, struct str url, int64_t now_ms)
{
    return fetch_cache_ask(c, url, now_ms, &body);
}

/* R-V-015. */
static void one_fetch_serves_all_who_ask(void **state)
{
    (void)state;
    struct fetch_cache *c = fetch_cache_new(4);
    assert_int_equal(ask(c, A, 0), FETCH_CACHE_FETCH);
    assert_int_equal(ask(c, A, 1), FETCH_CACHE_WAIT);
    assert_int_equal(ask(c, A, 2), FETCH_CACHE_WAIT);
    assert_int_equal(ask(c, B, 2), FETCH_CACHE_FETCH);
    fetch_cache_put(c, A, true, (struct str){"0\0\1", 3}, 60, 10);
    assert_int_equal(ask(c, A, 20), FETCH_CACHE_BODY);
    assert_true(str_eq(body, (struct str){"0\0\1", 3}));
    assert_int_equal(ask(c, B, 20), FETCH_CACHE_WAIT);
    fetch_cache_free(c);
}

/* R-V-014. */
static void it_is_kept_as_long_as_the_server_says(void **state)
{
    (void)state;
    static const struct {
        int64_t max_age_s, kept_ms;
    } cases[] = {
        {60, 60000}, {-1, FETCH_CACHE_DEFAULT_MS}, {0, 1000}, {365 * 86400, FETCH_CACHE_MOST_MS}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fetch_cache *c = fetch_cache_new(1);
        assert_int_equal(ask(c, A, 0), FETCH_CACHE_FETCH);
        fetch_cache_put(c, A, true, STR("x"), cases[i].max_age_s, 0);
        assert_int_equal(ask(c, A, cases[i].kept_ms - 1), FETCH_CACHE_BODY);
        assert_int_equal(ask(c, A, cases[i].kept_ms), FETCH_CACHE_FETCH);
        assert_int_equal(ask(c, A, cases[i].kept_ms), FETCH_CACHE_WAIT);
        fetch_cache_free(c);
    }
}

static void a_failure_is_believed_for_a_short_while(void **state)
{
    (void)state;
    struct fetch_cache *c = fetch_cache_new(1);
    assert_int_equal(ask(c, A, 0), FETCH_CACHE_FETCH);
    fetch_cache_put(c, A, false, STR("it answers 404"), 3600, 0);
    assert_int_equal(ask(c, A, FETCH_CACHE_FAILURE_MS - 1), FETCH_CACHE_FAILED);
    assert_true(str_eq(body, STR("it answers 404")));
    assert_int_equal(ask(c, A, FETCH_CACHE_FAILURE_MS), FETCH_CACHE_FETCH);
    fetch_cache_free(c);
}

static void the_one_that_nobody_asks_for_goes(void **state)
{
    (void)state;
    struct fetch_cache *c = fetch_cache_new(2);
    ask(c, A, 0);
    fetch_cache_put(c, A, true, STR("a"), 60, 0);
    ask(c, B, 0);
    fetch_cache_put(c, B, true, STR("b"), 60, 0);
    assert_int_equal(ask(c, A, 1), FETCH_CACHE_BODY);
    assert_int_equal(ask(c, C, 1), FETCH_CACHE_FETCH); /* in B's place */
    fetch_cache_put(c, C, true, STR("c"), 60, 1);
    assert_int_equal(ask(c, A, 2), FETCH_CACHE_BODY);
    assert_int_equal(ask(c, B, 2), FETCH_CACHE_FETCH);
    assert_int_equal(ask(c, A, 3), FETCH_CACHE_BODY);
    fetch_cache_free(c);
}

/* A flood of URLs pushes nothing out that is being fetched. */
static void what_is_under_way_stays(void **state)
{
    (void)state;
    struct fetch_cache *c = fetch_cache_new(2);
    assert_int_equal(ask(c, A, 0), FETCH_CACHE_FETCH);
    assert_int_equal(ask(c, B, 0), FETCH_CACHE_FETCH);
    for (unsigned i = 0; i < 100; i++) {
        char url[64];
        snprintf(url, sizeof(url), "https://x.example/%u", i);
        assert_int_equal(ask(c, str_of(url), i), FETCH_CACHE_FULL);
    }
    fetch_cache_put(c, C, true, STR("nobody asked"), 60, 1);
    fetch_cache_put(c, A, true, STR("a"), 60, 1);
    assert_int_equal(ask(c, C, 2), FETCH_CACHE_FETCH);
    assert_int_equal(ask(c, B, 2), FETCH_CACHE_WAIT);
    fetch_cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_fetch_serves_all_who_ask),
        cmocka_unit_test(it_is_kept_as_long_as_the_server_says),
        cmocka_unit_test(a_failure_is_believed_for_a_short_while),
        cmocka_unit_test(the_one_that_nobody_asks_for_goes),
        cmocka_unit_test(what_is_under_way_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
