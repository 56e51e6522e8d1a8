#include "redirect_case.h"

#include <stird/core/service_word.h>
#include <stird/core/verified.h>

/* A refusal by its reason. What is not here no dialect has a word for: what is wrong with the
   message itself, and what any proxy says. */
#define SAID(NAME) ((uint8_t)(DIALECT_##NAME + 1))
static const uint8_t case_of_refusal[] = {
    [REASON_INTERNAL] = SAID(BUSY), /* a mistake of ours is no reason to end a call */

    [REASON_NUMBER_BLOCKED] = SAID(BLOCKED),
    [REASON_REFUSED_BY_POLICY] = SAID(BLOCKED),
    [REASON_CALLER_REQUIRED] = SAID(BLOCKED),
    [REASON_REFUSED_BY_RULE] = SAID(BLOCKED),
    [REASON_REFUSED_BY_CAP] = SAID(BLOCKED),
    [REASON_CALLER_CANNOT_EXIST] = SAID(BLOCKED),
    [REASON_TRUNK_IN_DOUBT] = SAID(BLOCKED),

    [REASON_SIGNER_TIMEOUT] = SAID(FAULT),
    [REASON_SIGNER_UNAVAILABLE] = SAID(FAULT),
    [REASON_SIGNER_REFUSED] = SAID(FAULT),
    [REASON_SIGNER_FAILED] = SAID(FAULT),
    [REASON_SIGNER_SELF_TEST_FAILED] = SAID(FAULT),
    [REASON_SIGNER_OVERLOADED] = SAID(FAULT),
    [REASON_NO_CERTIFICATE] = SAID(FAULT),
    [REASON_CERTIFICATE_EXPIRED] = SAID(FAULT),
    [REASON_CERTIFICATE_NOT_YET_VALID] = SAID(FAULT),
    [REASON_OUT_OF_MEMORY] = SAID(BUSY),
    [REASON_CLOCK_DISAGREES] = SAID(FAULT),
    [REASON_CERTIFICATE_NOT_SERVED] = SAID(FAULT),
    [REASON_CERTIFICATE_NOT_FOR_NUMBER] = SAID(FAULT),
    [REASON_CERTIFICATE_NOT_FOR_CLAIMS] = SAID(FAULT),

    [REASON_NO_UPSTREAM] = SAID(BUSY),
    [REASON_OVERLOADED] = SAID(BUSY),
    [REASON_DRAINING] = SAID(BUSY),
    [REASON_DRAINED] = SAID(BUSY),
    [REASON_TRUNK_FULL] = SAID(BUSY),
    [REASON_UPSTREAM_FULL] = SAID(BUSY),
    [REASON_TRUNK_UNACKNOWLEDGED] = SAID(BUSY),
    [REASON_SOURCE_UNACKNOWLEDGED] = SAID(BUSY),
    [REASON_TRUNK_MEMORY] = SAID(BUSY),
    [REASON_SOURCE_MEMORY] = SAID(BUSY),
    [REASON_EMERGENCY_FULL] = SAID(BUSY),
    [REASON_EMERGENCY_TRUNK] = SAID(BUSY),
    [REASON_EMERGENCY_SOURCE] = SAID(BUSY),
    [REASON_SOURCE_FULL] = SAID(BUSY),
    [REASON_CALL_MEMORY] = SAID(BUSY),
    [REASON_TRUNK_DISABLED] = SAID(BUSY),
    [REASON_UPSTREAMS_DISABLED] = SAID(BUSY),

    [REASON_VERIFIED] = SAID(REFUSED),
    [REASON_VERIFIED_TOO_LOW] = SAID(REFUSED),
    [REASON_UNSIGNED_CALL] = SAID(REFUSED),
    [REASON_TOKEN_MALFORMED] = SAID(REFUSED),
    [REASON_TOKEN_ALGORITHM] = SAID(REFUSED),
    [REASON_TOKEN_STALE] = SAID(REFUSED),
    [REASON_TOKEN_OF_ANOTHER_CALL] = SAID(REFUSED),
    [REASON_CERTIFICATE_UNAVAILABLE] = SAID(REFUSED),
    [REASON_CERTIFICATE_UNSUITABLE] = SAID(REFUSED),
    [REASON_CERTIFICATE_OUT_OF_DATE] = SAID(REFUSED),
    [REASON_CERTIFICATE_UNTRUSTED] = SAID(REFUSED),
    [REASON_CERTIFICATE_REVOKED] = SAID(REFUSED),
    [REASON_CERTIFICATE_SCOPE] = SAID(REFUSED),
    [REASON_SIGNATURE_INVALID] = SAID(REFUSED),
    [REASON_DIVERSION_BROKEN] = SAID(REFUSED),
    [REASON_RCD_MISMATCH] = SAID(REFUSED),
    [REASON_RPH_MISMATCH] = SAID(REFUSED),
    [REASON_SIGNER_DENIED] = SAID(REFUSED),
    [REASON_CALLER_WITHHELD] = SAID(REFUSED),
};

/* By its verdict, or by what befell the call since. */
static bool is_refused(const struct redirect_question *q)
{
    const struct outcome *o = q->outcome;
    return !o || o->verdict == VERDICT_REJECT ||
           (q->reason != o->reason && reason_sip_status(q->reason) != 0);
}

const struct verification_setting *redirect_case_profile(const struct redirect_question *q)
{
    const struct trunk *trunk = q->call->trunk;
    if (!q->outcome || !q->outcome->verified || trunk->verification == NO_VERIFICATION)
        return NULL;
    const struct verification_setting *profile = &q->settings->verifications[trunk->verification];
    return profile->observe ? NULL : profile;
}

/* Emergency calls, and what asks for what emergency services have, are never blocked (Decided 5).
 */
static bool is_urgent(const struct outcome *o)
{
    return o && (o->emergency || (o->verified && o->verified->is_priority));
}

/* Whether an SBC of dialect D goes on with a call that it is answered so: as with one that may go
   unsigned, or passed. */
static bool goes_on(const struct dialect *d, enum dialect_case which)
{
    const unsigned status = d->answers[which].status;
    const bool is_said_so = status == d->answers[DIALECT_UNSIGNED].status ||
                            status == d->answers[DIALECT_BUSY].status ||
                            status == d->answers[DIALECT_PASSED].status;
    return dialect_status_goes_on(status) && (status < 400 || is_said_so);
}

static enum dialect_case of_verdict(const struct verified *v)
{
    switch (v->class) {
    case VERIFICATION_PASSED:
        return DIALECT_PASSED;
    case VERIFICATION_FAILED:
        return DIALECT_FAILED;
    case VERIFICATION_OPEN:
        return DIALECT_OPEN;
    case VERIFICATION_NOTHING:
    case VERIFICATION_CLASSES:
        break;
    }
    return DIALECT_NO_TOKEN;
}

/* What does not refuse a call. */
static enum dialect_case of_passing(const struct redirect_question *q)
{
    const struct outcome *o = q->outcome;
    if (o->verdict == VERDICT_SIGN && q->n_identities > 0)
        return DIALECT_SIGNED;
    if (redirect_case_profile(q)) {
        const struct verified shown = verified_as_shown(o->verified);
        return of_verdict(&shown);
    }
    return o->reason == REASON_CALLED_CANNOT_EXIST && !q->call->trunk->shadow ? DIALECT_BAD_NUMBER
                                                                              : DIALECT_UNSIGNED;
}

/* The first that lets it go on, when the one that it would get does not. */
static enum dialect_case of_urgent(const struct dialect *d, enum dialect_case which)
{
    if (goes_on(d, which))
        return which;
    return which != DIALECT_BAD_NUMBER && goes_on(d, DIALECT_OPEN) ? DIALECT_OPEN
                                                                   : DIALECT_UNSIGNED;
}

static bool case_of(const struct redirect_question *q, enum dialect_case *which)
{
    const struct dialect *d = q->call->trunk->in_dialect;
    if (!is_refused(q)) {
        *which = of_passing(q);
        if (is_urgent(q->outcome) && *which != DIALECT_SIGNED)
            *which = of_urgent(d, *which);
        return true;
    }
    const size_t i = (size_t)q->reason;
    const uint8_t said = i < sizeof(case_of_refusal) ? case_of_refusal[i] : 0;
    if (said == 0)
        return false;
    *which = is_urgent(q->outcome) ? DIALECT_BUSY : (enum dialect_case)(said - 1);
    return true;
}

/* An SBC that takes its verdict from the status alone, and asks for nothing else, knows no answers
   but those of verdicts: what there is none of is open. */
static bool knows_verdicts_alone(const struct redirect_question *q)
{
    const struct trunk *trunk = q->call->trunk;
    return !service_words[trunk->service].signs &&
           trunk->in_dialect->answers[DIALECT_OPEN].status >= 400;
}

bool redirect_case_of(const struct redirect_question *q, enum dialect_case *which)
{
    if (!case_of(q, which))
        return false;
    if (knows_verdicts_alone(q) && (*which == DIALECT_BUSY || *which == DIALECT_UNSIGNED ||
                                    *which == DIALECT_BAD_NUMBER || *which == DIALECT_FAULT))
        *which = DIALECT_OPEN;
    return true;
}
