#include "block.h"

#include "level.h"
#include "parties.h"

static bool is_blocked(const struct decision *d)
{
    return d->outcome->number_looked_up && d->outcome->number.state == NUMBER_BLOCKED;
}

/* Whether a number that From or P-Asserted-Identity may mean is blocked. */
static bool may_be_blocked(struct decision *d)
{
    for (unsigned i = 0; i < d->orig_reach.n; i++)
        if (parties_number_is_blocked(d, &d->orig_reach.numbers[i])) {
            TRACE(d, "%.*s, which may be meant, is blocked",
                  NUMBER_TEXT(&d->orig_reach.numbers[i]));
            return true;
        }
    return false;
}

/*
 * Runs before the Identity that the call brought is looked at, because nobody here has verified
 * that. Whoever asserts a blocked number gets no token for another number either.
 */
bool step_blocked(struct decision *d)
{
    bool blocked = is_blocked(d) || may_be_blocked(d);
    if (blocked || d->orig_reach.more)
        decision_set_ceiling(d, TREATMENT_UNSIGNED,
                             level_rule_of_state(d->trunk, NUMBER_BLOCKED, d->call->arena));
    if (!blocked || d->trunk->by_state[NUMBER_BLOCKED] == TREATMENT_UNSIGNED)
        return true;
    d->outcome->rule = level_rule_of_state(d->trunk, NUMBER_BLOCKED, d->call->arena);
    decision_refuse(d, REASON_NUMBER_BLOCKED);
    return false;
}
