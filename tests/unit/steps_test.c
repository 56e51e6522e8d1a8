/* The way of a request, as far as it can be tried without sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "sip/signing.h"
#include "sip/timers.h"

/* Every value that signing.timeout may have (5 ms to 1 s) leaves time to sign, and is kept. */
static void each_timeout_leaves_time_and_is_kept(void **state)
{
    const int64_t now_ms = 123456789;
    (void)state;
    for (uint32_t timeout_ms = 5; timeout_ms <= 1000; timeout_ms++) {
        int64_t waits_ms = signing_deadline_ms(now_ms, timeout_ms) - now_ms;
        assert_true(waits_ms >= timeout_ms / 2);
        assert_true(waits_ms <= timeout_ms);
        if (timeout_ms >= 4 * TIMER_TICK_MS)
            assert_true(waits_ms + TIMER_TICK_MS < timeout_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_timeout_leaves_time_and_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
