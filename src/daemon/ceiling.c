#include "ceiling.h"

#define SECOND_NS 1000000000ll

bool ceiling_admits(struct ceiling *c, int64_t now_us)
{
    const int64_t now_ns = now_us * 1000;
    if (c->per_second == 0)
        return true;
    const int64_t step_ns = SECOND_NS / c->per_second;
    if (c->spent_to_ns < now_ns - SECOND_NS)
        c->spent_to_ns = now_ns - SECOND_NS;
    if (c->spent_to_ns + step_ns > now_ns)
        return false;
    c->spent_to_ns += step_ns;
    return true;
}
