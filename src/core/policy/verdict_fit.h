/*
 * verdict_fit - whether a call fits what a rule asks of the verdict on it, and of the customer whom
 * it calls. A call that nobody judged fits no question for the verdict. Private to core/policy.
 */
#ifndef STIRD_CORE_VERDICT_FIT_H
#define STIRD_CORE_VERDICT_FIT_H

#include "rule.h"

typedef enum fit verdict_fit(const struct rule *rule, const struct rule_facts *facts);

verdict_fit verdict_fit_class, verdict_fit_levels, verdict_fit_below, verdict_fit_signers,
    verdict_fit_trust, verdict_fit_own, verdict_fit_replayed, verdict_fit_called,
    verdict_fit_called_is;

/* Whether calls of TRUNK are judged by a profile that observes. */
bool verdict_fit_is_observed(const struct settings *settings, const struct trunk *trunk);

#endif
