/* How much of a processor a process takes, in times that are handed in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/pace.h"

#define SECOND_US 1000000
#define PART      4

/* What turns that cost TURN_US each take of the time FOR_US, when there is always another to do. */
static int64_t used_by(int64_t turn_us, int64_t for_us)
{
    struct pace p;
    int64_t now_us = 7, used_us = 3;
    pace_begin(&p, PART, now_us, used_us);
    while (now_us < for_us) {
        pace_note(&p, now_us, used_us);
        if (pace_due_ms(&p) > now_us / 1000) {
            now_us = pace_due_ms(&p) * 1000;
            continue;
        }
        now_us += turn_us;
        used_us += turn_us;
    }
    return used_us;
}

/* Whether a flood is of many small things or of few large ones. */
static void test_a_share_and_no_more(void **state)
{
    (void)state;
    const int64_t turns[] = {1, 7, 20, 1000, 50000};
    for (unsigned i = 0; i < sizeof(turns) / sizeof(turns[0]); i++)
        assert_in_range(used_by(turns[i], 20 * SECOND_US), 20 * SECOND_US / PART,
                        20 * SECOND_US / PART + 150000);
}

/* Who asks now and then does not wait, whenever that is. */
static void test_what_was_saved(void **state)
{
    (void)state;
    struct pace p;
    int64_t now_us = 123457, used_us = 55;
    pace_begin(&p, PART, now_us, used_us);
    for (unsigned i = 0; i < 1000; i++) {
        now_us += 4001;
        used_us += 1000;
        pace_note(&p, now_us, used_us);
        assert_int_equal(pace_due_ms(&p), 0);
    }
    now_us = 60 * SECOND_US; /* no more than a tenth of a second is saved */
    pace_note(&p, now_us, used_us);
    pace_note(&p, now_us, used_us + 100000);
    assert_int_equal(pace_due_ms(&p), 0);
    pace_note(&p, now_us, used_us + 110000);
    assert_int_equal(pace_due_ms(&p), 60000 + PART * 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_share_and_no_more),
        cmocka_unit_test(test_what_was_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
