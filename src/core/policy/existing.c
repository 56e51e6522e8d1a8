#include "existing.h"

#include "rule.h"

#include <stird/core/qtype.h>
#include <stird/core/service_choice.h>
#include <stird/core/trunk.h>
#include <stird/core/verified.h>

static bool is_only_judged(const struct call *call)
{
    return call->choice && call->choice->is_judged;
}

static bool has_passed(const struct call *call)
{
    return call->verified && call->verified->class == VERIFICATION_PASSED;
}

/*
 * What the verdict makes of the setting. A call that passed keeps its token, whatever is said of
 * others. One that nobody could judge is not known to be bad, and stays where the setting keeps
 * tokens: none of ours comes beside it. What was found to be worth nothing, of whichever type, does
 * not stay beside a token of ours.
 */
static enum existing_identity mode_by_verdict(const struct call *call, enum existing_identity mode)
{
    if (is_only_judged(call) || has_passed(call))
        return IDENTITY_KEEP;
    if (!call->verified || mode != IDENTITY_KEEP)
        return mode;
    if (call->verified->class == VERIFICATION_OPEN && call_carries_shaken(call))
        return IDENTITY_KEEP;
    return call->verified->class == VERIFICATION_FAILED || call->verified->some_invalid ||
                   call_carries_shaken(call)
               ? IDENTITY_REPLACE
               : IDENTITY_KEEP;
}

/* Decides what becomes of Identity headers that others signed; where Privacy takes them off, none
   stays. */
static enum existing_identity existing_mode(const struct decision *d)
{
    const enum existing_identity said = d->rule && d->rule->has_existing
                                            ? d->rule->existing_identity
                                            : d->trunk->existing_identity;
    const enum existing_identity mode = mode_by_verdict(d->call, said);
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

static void tell_verdict(struct decision *d)
{
    const struct verified *v = d->call->verified;
    if (v)
        TRACE(d, "its Identity was judged: %.*s (%.*s)", STR_ARG(verification_class_name(v->class)),
              STR_ARG(reason_text(v->reason)));
}

/* By service auto. */
static bool settle_judged(struct decision *d)
{
    const struct call *call = d->call;
    d->outcome->rule = STR("service auto");
    decision_settle(d, VERDICT_PASS,
                    call->verified ? call->verified->reason : REASON_OUT_OF_MEMORY);
    return false;
}

/* Whoever asks for a verdict has the call from outside, where anybody may write the number of a
   customer. */
static bool settle_asked(struct decision *d)
{
    d->outcome->rule = STR("qtype");
    decision_settle(d, VERDICT_PASS, REASON_VERDICT_ASKED);
    return false;
}

/* Decided 4. Only a shaken Identity keeps a call from being signed. */
bool step_existing(struct decision *d)
{
    const struct call *call = d->call;
    enum existing_identity mode = existing_mode(d);
    tell_faults(d);
    tell_verdict(d);
    existing_take_off(d);
    if (is_only_judged(call))
        return settle_judged(d);
    if (qtype_forbids(call))
        return settle_asked(d);
    const bool has_one = call_carries_shaken(call) || has_passed(call);
    if (!has_one || mode == IDENTITY_REPLACE || mode == IDENTITY_ADD)
        return true;
    d->outcome->rule = has_passed(call) ? STR("verification") : STR("existing_identity");
    if (decision_view(d) == PRIVACY_STRIPPED)
        d->outcome->rule = STR("privacy_identity");
    else if (d->rule && d->rule->has_existing && !has_passed(call))
        d->outcome->rule = rule_text(d->rule, call->arena);
    decision_settle(d, VERDICT_PASS,
                    mode == IDENTITY_STRIP ? REASON_IDENTITY_STRIPPED
                    : has_passed(call)     ? REASON_VERIFIED_KEPT
                                           : REASON_ALREADY_SIGNED);
    return false;
}
