#include "existing.h"

#include "rule.h"

#include <stird/core/trunk.h>

/* Decides what becomes of Identity headers that others signed; where Privacy takes them off, none
   stays. */
static enum existing_identity existing_mode(const struct decision *d)
{
    enum existing_identity mode = d->rule && d->rule->has_existing ? d->rule->existing_identity
                                                                   : d->trunk->existing_identity;
    if (decision_view(d) != PRIVACY_STRIPPED)
        return mode;
    return mode == IDENTITY_KEEP ? IDENTITY_STRIP : mode == IDENTITY_ADD ? IDENTITY_REPLACE : mode;
}

static void tell_faults(struct decision *d)
{
    const struct call *call = d->call;
    if (call->identity_fault)
        TRACE(d, "an Identity that the call carries is not as RFC 8224 has it: %s",
              call->identity_fault);
}

/* One that is to give way to ours stays, where ours stays here (rollout.h). */
static bool comes_off(const struct decision *d)
{
    const enum existing_identity mode = existing_mode(d);
    if (mode == IDENTITY_REPLACE && d->outcome->withheld != WITHHELD_NOT)
        return decision_view(d) == PRIVACY_STRIPPED;
    return mode == IDENTITY_STRIP || mode == IDENTITY_REPLACE;
}

static bool carries_identity(const struct call *call)
{
    return call_carries_shaken(call) || call->n_identity_other > 0 ||
           call->n_identity_unreadable > 0;
}

void existing_take_off(struct decision *d)
{
    if (d->outcome->strip_identity || !carries_identity(d->call) || !comes_off(d))
        return;
    d->outcome->strip_identity = true;
    decision_trace(d, STR("the Identity that the call carries is taken off"));
}

/* Decided 4. Only a shaken Identity keeps a call from being signed. */
bool step_existing(struct decision *d)
{
    const struct call *call = d->call;
    enum existing_identity mode = existing_mode(d);
    tell_faults(d);
    existing_take_off(d);
    if (!call_carries_shaken(call) || mode == IDENTITY_REPLACE || mode == IDENTITY_ADD)
        return true;
    d->outcome->rule = STR("existing_identity");
    if (decision_view(d) == PRIVACY_STRIPPED)
        d->outcome->rule = STR("privacy_identity");
    else if (d->rule && d->rule->has_existing)
        d->outcome->rule = rule_text(d->rule, call->arena);
    decision_settle(d, VERDICT_PASS,
                    mode == IDENTITY_STRIP ? REASON_IDENTITY_STRIPPED : REASON_ALREADY_SIGNED);
    return false;
}
