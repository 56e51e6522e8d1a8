#include "retry.h"

#include <signal.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <time.h>

#define TRY_EVERY_MS 100

/* A fact of the process. */
static int64_t began_ms;

void retry_start(void)
{
    began_ms = clock_monotonic_ms();
}

static int64_t left_ms(void)
{
    int64_t left = began_ms + RETRY_PAUSE_MS - clock_monotonic_ms();
    return getenv("NOTIFY_SOCKET") && left > 0 ? left : 0;
}

static struct timespec timespec_of(int64_t ms)
{
    return (struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
}

bool retry_waits(void)
{
    int64_t left = left_ms();
    const struct timespec moment = timespec_of(left < TRY_EVERY_MS ? left : TRY_EVERY_MS);
    if (left == 0)
        return false;
    nanosleep(&moment, NULL);
    return true;
}

void retry_pause(void)
{
    sigset_t ends;
    const int64_t left = left_ms();
    const struct timespec time = timespec_of(left);
    if (left == 0)
        return;
    log_info("this start failed: the next one is to come in a while", LOG_NUMBER("ms", left));
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    sigtimedwait(&ends, NULL, &time);
}
