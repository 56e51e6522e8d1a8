#include "token.h"

#include <string.h>

#include "origid.h"

#include <stird/core/policy.h>
#include <stird/core/sip_date.h>
#include <stird/core/told.h>
#include <stird/core/trunk.h>

bool policy_is_time_of_token(int64_t time_s, int64_t now_s)
{
    return time_s >= now_s - DATE_TOLERANCE_S && time_s <= now_s + DATE_TOLERANCE_S;
}

/* Decided 9. Whether a Date is wrong is judged by the time at which the call came; the token gets
   the time at which it is asked for, which may be much later. */
static void decide_date(struct decision *d)
{
    struct outcome *o = d->outcome;
    int64_t came = d->call->now_s, now = came + d->call->waited_s, date;
    o->claims.iat_s = now;
    if (d->call->n_date == 0) {
        o->date = DATE_ADD;
        decision_trace(d, STR("no Date: one is added if the token leaves"));
        return;
    }
    if (d->call->n_date == 1 && sip_date_parse(d->call->date, &date) &&
        policy_is_time_of_token(date, came)) {
        bool kept = policy_is_time_of_token(date, now);
        o->date = kept ? DATE_KEEP : DATE_REPLACE;
        if (kept)
            o->claims.iat_s = date;
        decision_trace(d, kept
                              ? STR("iat is the Date's")
                              : STR("the call has waited, and Date is too old now: replaced if the "
                                    "token leaves"));
        return;
    }
    o->date = DATE_REPLACE;
    o->date_was_wrong = true;
    decision_trace(d,
                   STR("Date is stale, in the future, unreadable or there are several: replaced if "
                       "the token leaves"));
}

/* Several values that differ count as none. */
static bool told_origid(struct decision *d, char origid[ORIGID_TEXT_LENGTH])
{
    char found[ORIGID_TEXT_LENGTH];
    unsigned n = 0;
    for (const struct call_header *h = d->call->headers; h && h->name.p; h++) {
        if (told_by(h->name) != TOLD_ORIGID || !origid_parse(told_word(h->value), found))
            continue;
        if (n > 0 && memcmp(origid, found, sizeof(found)) != 0) {
            decision_trace(d, STR("Origination-Id is there with two values: neither is taken"));
            return false;
        }
        memcpy(origid, found, sizeof(found));
        n++;
    }
    if (n > 0)
        decision_trace(d, STR("origid is that of Origination-Id"));
    return n > 0;
}

static void decide_origid(struct decision *d)
{
    const struct trunk *t = d->trunk;
    char *origid = d->outcome->claims.origid;
    if (call_is_trusted(d->call) && t->attestation_headers && told_origid(d, origid))
        return;
    origid_write(d->call, origid);
    if (t->origid != ORIGID_OF_CALL)
        TRACE(d, "origid is that of the %s%s", t->origid == ORIGID_OF_TRUNK ? "trunk" : "customer",
              d->call->origid_key ? "" : ", which only the running stird knows");
}

/* Before a certificate is chosen, for its constraints may be about any of them. */
bool step_claims(struct decision *d)
{
    decide_date(d);
    decide_origid(d);
    d->outcome->claims.attest = treatment_name(d->treatment).p[0];
    return true;
}
