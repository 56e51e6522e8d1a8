/*
 * The way of a decision, a function a step, most of them in files of their own (decision.h); the
 * first step that settles the call ends it.
 *
 *   parties       calling and called number, what the table says of the calling one
 *   choice        of service auto: whether it is judged or signed
 *   ruled         tells what rules that ask for the verdict have found (by_verdict.h)
 *   rollout       whether its token, if it gets one, stays here (rollout.h)
 *   blocked       a number that never originates calls is refused, signed or not
 *   rule          the first rule of the configuration whose conditions are met
 *   existing      a call that is only judged, or asks for a verdict (qtype.h); a shaken Identity
 *                 that stays, or goes and leaves the call unsigned
 *   caller        no calling number
 *   called        no called number
 *   level         what the rule or the settings give, as lowered by caps.c and guard_level()
 *   shown         where the next hop does not see the number that this was about: blocked, rule
 *                 and level again for the number that it sees
 *   rate          what rules that ask for a rate leave of it
 *   dialog        an INVITE that claims to be inside a dialog leaves unsigned
 *   claims        Date, iat, origid
 *
 * The same for each trunk that the call passed over by naming two: the lowest counts. Then, for
 * what is to be signed:
 *
 *   switched      an operator has switched signing off: it leaves unsigned
 *   withheld      says that its token stays here, where rollout found so
 *   certificate   the unit that signs such a token
 *   sign          the verdict
 */
#include <stird/core/policy.h>

#include <assert.h>

#include "block.h"
#include "by_rule.h"
#include "call_certificate.h"
#include "decision.h"
#include "existing.h"
#include "level.h"
#include "parties.h"
#include "rollout.h"
#include "shown.h"
#include "token.h"

#include <stird/core/by_verdict.h>
#include <stird/core/emergency.h>
#include <stird/core/service_choice.h>
#include <stird/core/switches.h>

static bool step_choice(struct decision *d)
{
    const struct service_choice *choice = d->call->choice;
    if (choice)
        TRACE(d, "service auto: %s, for %s", choice->is_judged ? "judged" : "signed", choice->why);
    return true;
}

static bool step_ruled(struct decision *d)
{
    const struct by_verdict *ruled = d->call->ruled;
    for (unsigned i = 0; ruled && i < ruled->n_trace; i++)
        decision_trace(d, ruled->trace[i]);
    return true;
}

/* What has been made of the verdict, before what gave the level. */
static void name_ruling(struct decision *d)
{
    const struct by_verdict *ruled = d->call->ruled;
    struct str *rule = &d->outcome->rule;
    if (!ruled || ruled->by.n == 0 || str_eq(ruled->by, *rule))
        return;
    *rule = rule->n > 0
                ? arena_printf(d->call->arena, "%.*s; %.*s", STR_ARG(ruled->by), STR_ARG(*rule))
                : ruled->by;
}

/* Inside a dialog nobody signs a token. All that refuses a call has run before. */
static bool step_dialog(struct decision *d)
{
    if (!d->call->claims_dialog)
        return true;
    decision_settle(d, VERDICT_PASS, REASON_UNKNOWN_DIALOG);
    return false;
}

/* Takes back what was found along with the level: no Date of ours is needed any more. */
static void take_back(struct outcome *o)
{
    o->claims.attest = '\0';
    o->date = DATE_KEEP;
    o->date_was_wrong = false;
    o->n_tokens = 0;
}

static void take_back_told(struct decision *d)
{
    if (d->outcome->date != DATE_KEEP)
        decision_trace(d, STR("no token leaves, so Date is as it came"));
    take_back(d->outcome);
}

static bool step_switched(struct decision *d)
{
    const struct switched *off = switches_any(d->call->switches)
                                     ? switches_for(d->call->switches, SWITCH_SIGNING,
                                                    d->trunk->name)
                                     : NULL;
    if (!off)
        return true;
    take_back_told(d);
    TRACE(d, "an operator has switched signing off%s%s", off->note[0] ? ": " : "", off->note);
    decision_settle(d, VERDICT_PASS, REASON_SIGNING_OFF);
    return false;
}

static bool step_sign(struct decision *d)
{
    struct passport_claims *claims = &d->outcome->claims;
    enum reason reason = level_reason(d);
    assert(d->treatment <= TREATMENT_C && reason != REASON_INTERNAL);
    TRACE(d, "level %c", claims->attest);
    decision_settle(d, VERDICT_SIGN, reason);
    return false;
}

/* Each step returns whether the next one is to be asked. */
static void find_level(struct decision *d)
{
    static decision_step *const steps[] = {
        step_parties, step_choice,   step_ruled,  step_rollout, step_blocked,
        step_rule,    step_existing, step_caller, step_called,  step_level,
        step_shown,   step_rate,     step_dialog, step_claims,
    };
    decision_begin(d);
    decision_run(d, steps, sizeof(steps) / sizeof(steps[0]));
    /* An emergency call may go on without the step that asks for that. */
    if (d->outcome->emergency)
        existing_take_off(d);
}

/* What is not settled by its level is signed with it: nothing lowers it behind here. */
static void sign_at_level(struct decision *d)
{
    static decision_step *const steps[] = {step_switched, step_withheld, step_certificate,
                                           step_sign};
    if (!d->is_settled)
        decision_run(d, steps, sizeof(steps) / sizeof(steps[0]));
}

static void go_unsigned_in_doubt(struct decision *d)
{
    take_back_told(d);
    decision_settle(d, VERDICT_PASS, REASON_UNSIGNED_TRUNK_IN_DOUBT);
}

static void refuse_in_doubt(struct decision *d)
{
    take_back_told(d);
    decision_refuse(d, REASON_TRUNK_IN_DOUBT);
}

/* OTHER is what the call would have got by TRUNK. */
static void lower_to(struct decision *d, const struct trunk *trunk, const struct outcome *other)
{
    struct outcome *o = d->outcome;
    bool sign = !d->is_settled;
    bool same_number = tn_equal(&o->claims.orig, &other->claims.orig);
    o->strip_identity = o->strip_identity || other->strip_identity;
    if (o->withheld == WITHHELD_NOT)
        o->withheld = other->withheld;
    if (other->verdict == VERDICT_REJECT)
        refuse_in_doubt(d);
    else if (sign && (other->verdict == VERDICT_PASS || !same_number))
        go_unsigned_in_doubt(d);
    else if (sign && other->claims.attest > o->claims.attest)
        o->claims.attest = other->claims.attest;
    else
        return;
    o->rule = arena_printf(d->call->arena, "trunk in doubt: %.*s", STR_ARG(trunk->name));
    if (!d->is_settled)
        TRACE(d, "lowered to %c, as by trunk %.*s", o->claims.attest, STR_ARG(trunk->name));
}

/* How TRUNK would sign it: where one of them judges it, nobody has the other sign it for that. */
static void choose_as_of(const struct decision *d, struct call *call, struct service_choice *choice)
{
    if (call->choice || call->trunk->service != SERVICE_AUTO)
        return;
    service_choose(choice, d->settings, d->table, call);
    choice->in_doubt = choice->in_doubt || choice->is_judged;
    choice->is_judged = false;
    call->choice = choice;
}

static void decide_as_of(const struct decision *d, const struct trunk *trunk,
                         struct outcome *outcome)
{
    struct call call = *d->call;
    struct service_choice choice;
    call.trunk = trunk;
    call.traced = false;
    choose_as_of(d, &call, &choice);
    call.customer = d->table ? numbers_customer(d->table, trunk->customer) : NUMBERS_NO_CUSTOMER;
    struct decision other = {.settings = d->settings,
                             .table = d->table,
                             .call = &call,
                             .trunk = trunk,
                             .outcome = outcome,
                             .treatment = TREATMENT_REFUSE};
    find_level(&other);
    sign_at_level(&other);
}

/*
 * A caller who can make the marks of trunks contradict each other, or name two trunks, must not
 * gain by it: the call gets no more than it would get by each of the trunks that it passed over.
 */
static void lower_for_passed_over(struct decision *d)
{
    const struct call *call = d->call;
    struct outcome other;
    if (call->n_passed_over > CALL_PASSED_OVER_MAX) {
        decision_trace(d, STR("it names more trunks than are looked at"));
        refuse_in_doubt(d);
    }
    for (unsigned i = 0; i < call->n_passed_over && i < CALL_PASSED_OVER_MAX; i++) {
        if (d->is_settled && d->outcome->verdict == VERDICT_REJECT)
            return;
        TRACE(d, "it names trunk %.*s too", STR_ARG(call->passed_over[i]->name));
        decide_as_of(d, call->passed_over[i], &other);
        lower_to(d, call->passed_over[i], &other);
    }
}

/* It is unknown whose call this is, so nobody signs it. */
static void lower_for_none(struct decision *d)
{
    if (!d->call->fits_none)
        return;
    d->outcome->rule = STR("trunk in doubt: it fits none");
    decision_trace(d, STR("it fits no trunk of its source, but is an emergency call"));
    if (!d->is_settled)
        go_unsigned_in_doubt(d);
}

void policy_decide(const struct settings *settings, const struct numbers *table,
                   const struct call *call, struct outcome *outcome)
{
    struct decision d = decision_of(settings, table, call, outcome);
    find_level(&d);
    lower_for_passed_over(&d);
    lower_for_none(&d);
    sign_at_level(&d);
    name_ruling(&d);
}

bool policy_blocks(const struct settings *settings, const struct numbers *table,
                   const struct call *call, struct outcome *outcome)
{
    static decision_step *const steps[] = {step_parties, step_blocked, step_shown_blocked};
    struct decision d = decision_of(settings, table, call, outcome);
    decision_begin(&d);
    decision_run(&d, steps, sizeof(steps) / sizeof(steps[0]));
    return d.is_settled;
}

bool policy_signing_is_off(const struct call *call, struct outcome *outcome)
{
    if (!switches_any(call->switches) ||
        !switches_for(call->switches, SWITCH_SIGNING, call->trunk->name))
        return false;
    outcome->verdict = VERDICT_PASS;
    outcome->reason = REASON_SIGNING_OFF;
    outcome->sip_status = 0;
    take_back(outcome);
    return true;
}

void policy_signing_failed(const struct settings *settings, const struct call *call,
                           enum reason reason, struct outcome *outcome)
{
    bool goes_on = settings->failure_mode == FAIL_OPEN || outcome->emergency ||
                   outcome->withheld != WITHHELD_NOT ||
                   emergency_of_call(settings, call) != EMERGENCY_NONE;
    outcome->verdict = goes_on ? VERDICT_PASS : VERDICT_REJECT;
    outcome->reason = reason;
    outcome->sip_status = goes_on ? 0 : reason_sip_status(reason);
    take_back(outcome);
}
