#include "switched.h"

#include <stird/core/sip_date.h>
#include <stird/core/switches.h>
#include <stird/core/trunk.h>

#include "context.h"

bool switched_is_silent(const struct proxy *p, const struct settings *s)
{
    const struct switched *drain = switches_find(proxy_switches(p), SWITCH_DRAIN, STR(""));
    if (!drain)
        return false;
    return drain->value[0] ? str_eq(str_of(drain->value), STR("silence")) : s->drain_silently;
}

enum reason switched_drains(const struct proxy *p)
{
    return switches_find(proxy_switches(p), SWITCH_DRAIN, STR("")) ? REASON_DRAINED : REASON_OK;
}

static bool upstreams_are_disabled(const struct switches *on, const struct settings *s,
                                   const struct trunk *trunk)
{
    for (unsigned i = 0; i < trunk->n_upstreams; i++)
        if (!switches_find(on, SWITCH_UPSTREAM, s->upstreams[trunk->upstreams[i]].name))
            return false;
    return trunk_sends(trunk) && trunk->n_upstreams > 0;
}

enum reason switched_refuses(const struct proxy *p, const struct settings *s,
                             const struct trunk *trunk)
{
    const struct switches *on = proxy_switches(p);
    if (!on)
        return REASON_OK;
    if (switched_drains(p) != REASON_OK)
        return REASON_DRAINED;
    if (switches_find(on, SWITCH_TRUNK, trunk->name))
        return REASON_TRUNK_DISABLED;
    return upstreams_are_disabled(on, s, trunk) ? REASON_UPSTREAMS_DISABLED : REASON_OK;
}

bool switched_off_since(const struct context *c, const struct target *target)
{
    const struct switches *on = proxy_switches(c->proxy);
    return switches_any(on) && c->initial && c->says_emergency == EMERGENCY_NONE &&
           target->upstream && switches_find(on, SWITCH_UPSTREAM, target->upstream->name);
}

static const struct switched *switch_of(const struct context *c, enum reason reason)
{
    const struct switches *on = proxy_switches(c->proxy);
    const struct trunk *trunk = c->call->trunk;
    if (reason == REASON_DRAINED)
        return switches_find(on, SWITCH_DRAIN, STR(""));
    if (reason == REASON_TRUNK_DISABLED)
        return switches_find(on, SWITCH_TRUNK, trunk->name);
    if (reason == REASON_SIGNING_OFF)
        return switches_for(on, SWITCH_SIGNING, trunk->name);
    if (reason == REASON_VERIFICATION_OFF)
        return switches_for(on, SWITCH_VERIFICATION, trunk->name);
    return switches_find(on, SWITCH_UPSTREAM,
                         c->snapshot->settings->upstreams[trunk->upstreams[0]].name);
}

void switched_tell(struct context *c, enum reason reason)
{
    const struct switched *one = switch_of(c, reason);
    char until[SIP_DATE_LENGTH + 1] = "it is taken back";
    if (!one || !c->outcome || c->outcome->detail.n > 0)
        return;
    if (one->until_s > 0)
        sip_date_write(until, one->until_s);
    c->outcome->detail = arena_printf(c->arena, "until %s%s%s", until, one->note[0] ? ": " : "",
                                      one->note);
}
