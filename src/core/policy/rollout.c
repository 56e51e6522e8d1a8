#include "rollout.h"

#include "rule.h"

#include <xxhash.h>

#define PLACES_A_PERCENT 100u

static unsigned place_of(const struct tn *number)
{
    return (unsigned)(XXH64(number->digits, number->n, 0) % (100 * PLACES_A_PERCENT));
}

/* What cannot be read signs nothing: a table is to be mended, not guessed at. */
static unsigned percent_of_customer(struct decision *d)
{
    uint64_t percent = 100;
    struct str text = rule_customer_attribute(d->settings, d->table, d->call, STR("sign_percent"));
    if (text.n > 0 && !str_to_u64(text, 100, &percent)) {
        decision_trace(d,
                       STR("sign_percent of the customer is no number up to 100: it counts as 0"));
        percent = 0;
    }
    return (unsigned)percent;
}

static enum withheld withheld_of(struct decision *d)
{
    if (d->trunk->shadow)
        return WITHHELD_SHADOW;
    const unsigned of_customer = percent_of_customer(d);
    const unsigned percent = of_customer < d->trunk->sign_percent ? of_customer
                                                                  : d->trunk->sign_percent;
    const bool in_share = percent >= 100 ||
                          place_of(&d->outcome->claims.orig) < percent * PLACES_A_PERCENT;
    if (percent < 100)
        TRACE(d, "%u percent of the numbers of this %s are signed, and this one is%s", percent,
              of_customer < d->trunk->sign_percent ? "customer" : "trunk", in_share ? "" : " not");
    return in_share ? WITHHELD_NOT : WITHHELD_SHARE;
}

bool step_rollout(struct decision *d)
{
    d->outcome->withheld = withheld_of(d);
    return true;
}

bool step_withheld(struct decision *d)
{
    if (d->outcome->withheld == WITHHELD_SHADOW)
        decision_trace(d, STR("the trunk is in shadow mode: the token is made and stays here, and "
                              "Date is as it came"));
    else if (d->outcome->withheld != WITHHELD_NOT)
        decision_trace(d, STR("its token is made and stays here, and Date is as it came"));
    return true;
}
