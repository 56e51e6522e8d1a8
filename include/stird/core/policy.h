/*
 * policy - from a call to its outcome: the one place where a level is decided.
 *
 * Pure: settings, table and call in, outcome out. An A comes only from an owned or delegated row of
 * an exact number or a range, in force, for this number and this trunk's customer, on an
 * authenticated trunk (ATIS-1000074 section 5.2.3; Decided 6).
 */
#ifndef STIRD_POLICY_H
#define STIRD_POLICY_H

#include <stird/core/call.h>
#include <stird/core/outcome.h>
#include <stird/core/settings.h>

/* CALL->trunk and CALL->customer are set. TABLE may be NULL: no number is known then. */
void policy_decide(const struct settings *settings, const struct numbers *table,
                   const struct call *call, struct outcome *outcome);

/*
 * Only the block of numbers, which holds inside a call too. True when CALL's number is blocked by
 * its trunk's settings; OUTCOME then says what becomes of the call: it is refused, or, if it is an
 * emergency call, passed.
 */
bool policy_blocks(const struct settings *settings, const struct numbers *table,
                   const struct call *call, struct outcome *outcome);

/*
 * Whether an operator has switched signing off since CALL was decided (call->switches): then
 * OUTCOME passes it unsigned.
 */
bool policy_signing_is_off(const struct call *call, struct outcome *outcome);

/*
 * What a fault does to a call that should have been signed (Decided 5): fail_open passes it
 * unsigned, fail_closed answers 503; an emergency call always goes on, and so does one that would
 * have left without its tokens. REASON is kept.
 */
void policy_signing_failed(const struct settings *settings, const struct call *call,
                           enum reason reason, struct outcome *outcome);

#define DATE_TOLERANCE_S 5 /* by so much a Date may be off (Decided 9) */

/* Whether TIME_S may be the iat of a token that is asked for at NOW_S. */
bool policy_is_time_of_token(int64_t time_s, int64_t now_s);

#endif
