/* What an operator has switched, in a worker: taken from the supervisor, and ended when its time is
   over, whoever is there to say so. */
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/core/switches.h>

#include "proxy_parts.h"

void proxy_set_switches_take(struct proxy *p, struct switches *switches)
{
    struct switches **place = proxy_switches_place(p);
    free(*place);
    *place = switches_any(switches) ? switches : NULL;
    if (!*place)
        free(switches);
}

bool proxy_expire_switches(struct proxy *p)
{
    struct switches *on = *proxy_switches_place(p);
    bool any = on && switches_expire(on, clock_real_s(), proxy_now_ms());
    if (any && on->n == 0)
        proxy_set_switches_take(p, NULL);
    return any;
}
