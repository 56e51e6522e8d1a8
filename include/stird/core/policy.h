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

/*
 * The trunk that CALL came through, most specific first: longest source prefix, then number of
 * discriminators that match, then the longest request_user_prefix, then the order of
 * discriminator.h. NULL when none matches; *SOURCE_KNOWN tells whether at least a source did
 * (NO_TRUNK) or not (UNKNOWN_SOURCE). Also fills CALL's passed_over: trunks of the same prefix that
 * the call names too, in full or by a discriminator that disagrees with itself, unless the trunk
 * that takes it asks for all that they ask for. What the call so keeps away from may not do it any
 * good.
 */
const struct trunk *trunk_match(const struct settings *settings, struct call *call,
                                bool *source_known);
/*
 * Where trunk_match() found none, for an emergency call, which is not to be lost for that (Decided
 * 5): one of its source's trunks, the first that it names in part, else the first. All others are
 * passed over. NULL: it is no emergency call of any of them; CALL is as it was.
 */
const struct trunk *trunk_for_emergency(const struct settings *settings, struct call *call);
/*
 * The trunk of CALL's source whose group From names, while the place that the trunk's tgrp_in says
 * names none: probably the setting is wrong. NULL: there is none.
 */
const struct trunk *trunk_of_from_alone(const struct settings *settings, const struct call *call);
/* Whether what only a trusted trunk may say counts: CALL->trunk is, and all that it passed over. */
bool call_is_trusted(const struct call *call);
/* Whether what leaves, unless it is taken off, has a shaken Identity, or what reads like one. */
bool call_carries_shaken(const struct call *call);
bool source_is_trunk(const struct settings *settings, const struct address *source);
/* The upstream that SOURCE belongs to, or NULL. */
const struct upstream *source_upstream(const struct settings *settings,
                                       const struct address *source);

/* CALL->trunk and CALL->customer are set. TABLE may be NULL: no number is known then. */
void policy_decide(const struct settings *settings, const struct numbers *table,
                   const struct call *call, struct outcome *outcome);

/*
 * The number block alone, which holds inside a call too. True: CALL's number is blocked by its
 * trunk's settings, and OUTCOME says what becomes of it: refused, or, of an emergency call, passed.
 */
bool policy_blocks(const struct settings *settings, const struct numbers *table,
                   const struct call *call, struct outcome *outcome);

/*
 * What a fault does to a call that should have been signed (Decided 5): fail_open passes it
 * unsigned, fail_closed answers 503, an emergency call always goes on. REASON is kept.
 */
void policy_signing_failed(const struct settings *settings, const struct call *call,
                           enum reason reason, struct outcome *outcome);

/*
 * Whether the Request-URI, else To, is 911, 112, 933, urn:service:sos or below, sip:sos@, or in the
 * settings' list, also as number rules dress it up: with +1, 1 or the country code of the call's
 * trunk (of any trunk while there is none) before it, an outside-line prefix, or # behind it. To
 * is a text of the caller's, so what it says alone is told apart.
 */
enum emergency { EMERGENCY_NONE, EMERGENCY_BY_TO, EMERGENCY_BY_REQUEST_URI };
enum emergency call_emergency(const struct settings *settings, const struct call *call);
/* The same before anything is known of the call: its Request-URI, and the URI in its To. */
bool uris_are_emergency(const struct settings *settings, struct str request_uri, struct str to_uri);

/* RFC 3261 section 20.17, GMT only: seconds since 1970; false when it is no such date. */
bool sip_date_parse(struct str text, int64_t *seconds);
#define SIP_DATE_LENGTH 29
void sip_date_write(char text[SIP_DATE_LENGTH + 1], int64_t seconds);

#endif
