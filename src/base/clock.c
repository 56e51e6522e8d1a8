#include <stird/base/clock.h>

#include <time.h>

static int64_t now_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

int64_t clock_used_us(void)
{
    return now_us(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t clock_real_us(void)
{
    return now_us(CLOCK_REALTIME);
}

int64_t clock_real_s(void)
{
    return clock_real_us() / 1000000;
}
