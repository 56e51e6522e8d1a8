/* A bucket gives so many tokens a second, and so many at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fetch/token_bucket.h"

static unsigned taken(struct token_bucket *b, const struct token_rate *rate, int64_t now_ms)
{
    unsigned n = 0;
    while (n < 1000 && token_bucket_take(b, rate, now_ms))
        n++;
    return n;
}

static void so_many_a_second_and_so_many_at_once(void **state)
{
    const struct token_rate rate = {.per_s = 10, .burst = 20}, never = {.per_s = 0, .burst = 2};
    struct token_bucket b = token_bucket_full(&rate, 5000);
    (void)state;
    assert_int_equal(taken(&b, &rate, 5000), 20);
    assert_int_equal(taken(&b, &rate, 5099), 0);
    assert_int_equal(taken(&b, &rate, 5100), 1);
    for (int64_t ms = 5101; ms < 6100; ms++) /* nothing is lost between two looks */
        assert_int_equal(taken(&b, &rate, ms), ms % 100 == 0 ? 1 : 0);
    assert_int_equal(taken(&b, &rate, 7099), 10);
    assert_int_equal(taken(&b, &rate, 3000), 0); /* a clock that goes back adds nothing */
    assert_int_equal(taken(&b, &rate, INT64_MAX), 20);
    b = token_bucket_full(&never, 0);
    assert_int_equal(taken(&b, &never, 0), 2);
    assert_int_equal(taken(&b, &never, INT64_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(so_many_a_second_and_so_many_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
