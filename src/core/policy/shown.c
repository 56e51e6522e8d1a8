#include "shown.h"

#include "block.h"
#include "by_rule.h"
#include "level.h"
#include "parties.h"

static void settle_withheld(struct decision *d)
{
    d->outcome->rule = STR("Privacy");
    decision_settle(d, VERDICT_PASS, REASON_CALLING_WITHHELD);
}

/*
 * RFC 3325 section 7: P-Asserted-Identity does not leave the trust domain, and neither may a token
 * that tells its number; outside, nobody could verify it anyway (RFC 8224 section 6.2). What From
 * shows may be signed, but never better than what we know of the caller.
 */
bool step_shown(struct decision *d)
{
    static decision_step *const again[] = {step_blocked, step_rule, step_level};
    struct tn *orig = &d->outcome->claims.orig, shown = {0};
    if (!d->orig_is_asserted || decision_view(d) == PRIVACY_WHOLE)
        return true;
    decision_trace(d, STR("Privacy takes P-Asserted-Identity off for this next hop"));
    if (parties_from(d, &shown) != TN_OK) {
        if (decision_run(d, again, 2)) /* what From may mean can be refused */
            settle_withheld(d);
        return false;
    }
    decision_set_ceiling(d, d->treatment, STR("the P-Asserted-Identity that Privacy withholds"));
    if (!tn_equal(orig, &shown)) {
        *orig = shown;
        d->asserted_differ = true;
        parties_look_up(d);
    }
    /* Where it is the same number, From may say more than that, which nobody has asked yet. */
    return decision_run(d, again, sizeof(again) / sizeof(again[0]));
}

/* What From shows where the next hop does not see what is asserted. */
bool step_shown_blocked(struct decision *d)
{
    struct tn *orig = &d->outcome->claims.orig, shown = {0};
    if (!d->orig_is_asserted || decision_view(d) == PRIVACY_WHOLE)
        return true;
    if (parties_from(d, &shown) == TN_OK && !tn_equal(orig, &shown)) {
        *orig = shown;
        parties_look_up(d);
    }
    return step_blocked(d);
}
