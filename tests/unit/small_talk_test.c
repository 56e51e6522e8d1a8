/* What a connection may send besides messages: so many at once, a few a second, and one for each
   message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/small_talk.h"

#define A_YEAR_MS (365 * 86400000LL)

static unsigned admitted(struct small_talk *t, int64_t now_ms, unsigned most)
{
    unsigned n = 0;
    while (n < most && small_talk_admits(t, now_ms))
        n++;
    return n;
}

static void so_many_at_once(void **state)
{
    (void)state;
    struct small_talk t = {0};
    assert_int_equal(admitted(&t, A_YEAR_MS, 1000), SMALL_TALK_AT_ONCE);
    assert_true(t.over);
    small_talk_message(&t);
    assert_false(small_talk_admits(&t, 2 * A_YEAR_MS)); /* it is over */
}

static void a_few_a_second(void **state)
{
    (void)state;
    struct small_talk t = {0};
    assert_int_equal(admitted(&t, A_YEAR_MS, SMALL_TALK_AT_ONCE), SMALL_TALK_AT_ONCE);
    for (int64_t s = 1; s <= 100; s++)
        assert_int_equal(admitted(&t, A_YEAR_MS + s * 1000, SMALL_TALK_A_SECOND),
                         SMALL_TALK_A_SECOND);
    assert_false(small_talk_admits(&t, A_YEAR_MS + 100 * 1000));
}

static void pauses_save_no_more_than_all(void **state)
{
    (void)state;
    struct small_talk t = {0};
    assert_true(small_talk_admits(&t, 0));
    assert_int_equal(admitted(&t, A_YEAR_MS, 1000), SMALL_TALK_AT_ONCE);
}

static void a_message_gives_one_back(void **state)
{
    (void)state;
    struct small_talk t = {0};
    for (unsigned i = 0; i < 100000; i++) {
        small_talk_message(&t);
        assert_true(small_talk_admits(&t, 1));
    }
    for (unsigned i = 0; i < 1000; i++)
        small_talk_message(&t); /* none is saved */
    assert_int_equal(admitted(&t, 1, 1000), SMALL_TALK_AT_ONCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_at_once), cmocka_unit_test(a_few_a_second),
        cmocka_unit_test(pauses_save_no_more_than_all), cmocka_unit_test(a_message_gives_one_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
