/*
 * own_number - one of our own numbers seen from outside: its call comes by a trunk that verifies,
 * which is not that of the customer who has the number, and none of our codes has signed it.
 * Private to core/policy.
 */
#ifndef STIRD_CORE_OWN_NUMBER_H
#define STIRD_CORE_OWN_NUMBER_H

#include <stird/core/call.h>
#include <stird/core/fit.h>
#include <stird/core/tn_reach.h>

/*
 * ORIG: who is calling; NULL: it shows no number. REACH: who may be meant beside; NULL: nobody. In
 * part where it only may be one of ours, or what it was signed by could not be found out; not at
 * all for a call that nobody judged.
 */
enum fit own_number_fit(const struct settings *settings, const struct numbers *table,
                        const struct call *call, const struct tn *orig,
                        const struct tn_reach *reach);

#endif
