/* When a worker waits a moment for the signer, and when it goes back to its loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stird/io/look.h>

#define NOW_MS 5000

static void only_for_the_only_one(void **state)
{
    const struct look l = {0};
    (void)state;
    assert_true(look_pays(&l, 1, 1, NOW_MS));
    assert_false(look_pays(&l, 0, 1, NOW_MS)); /* nobody has asked */
    assert_false(look_pays(&l, 2, 1, NOW_MS)); /* others wait too */
    assert_false(look_pays(&l, 1, 2, NOW_MS)); /* much comes */
    assert_false(look_pays(&l, 1, 0, NOW_MS));
}

static void twice_slow_is_left_alone_for_a_while(void **state)
{
    struct look l = {0};
    (void)state;
    look_ended(&l, false, NOW_MS);
    assert_true(look_pays(&l, 1, 1, NOW_MS));
    look_ended(&l, false, NOW_MS);
    assert_false(look_pays(&l, 1, 1, NOW_MS));
    assert_false(look_pays(&l, 1, 1, NOW_MS + LOOK_AGAIN_MS - 1));
    assert_true(look_pays(&l, 1, 1, NOW_MS + LOOK_AGAIN_MS));
}

/* One that stands still costs two looks, and then one a while. */
static void still_slow_is_left_alone_at_once(void **state)
{
    struct look l = {0};
    unsigned looks = 0;
    (void)state;
    for (int64_t now_ms = NOW_MS; now_ms < NOW_MS + 10 * LOOK_AGAIN_MS; now_ms++) {
        if (look_pays(&l, 1, 1, now_ms)) {
            look_ended(&l, false, now_ms);
            looks++;
        }
    }
    assert_in_range(looks, 2, 12);
}

static void in_time_again_is_looked_at_as_before(void **state)
{
    struct look l = {0};
    (void)state;
    look_ended(&l, false, NOW_MS);
    look_ended(&l, true, NOW_MS);
    look_ended(&l, false, NOW_MS);
    assert_true(look_pays(&l, 1, 1, NOW_MS)); /* not in a row */
    look_ended(&l, false, NOW_MS);
    assert_false(look_pays(&l, 1, 1, NOW_MS));
    look_ended(&l, true, NOW_MS + LOOK_AGAIN_MS);
    look_ended(&l, false, NOW_MS + LOOK_AGAIN_MS);
    assert_true(look_pays(&l, 1, 1, NOW_MS + LOOK_AGAIN_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_for_the_only_one),
        cmocka_unit_test(twice_slow_is_left_alone_for_a_while),
        cmocka_unit_test(still_slow_is_left_alone_at_once),
        cmocka_unit_test(in_time_again_is_looked_at_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
