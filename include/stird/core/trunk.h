/*
 * trunk - which trunk or upstream a call comes from, and what may be believed of it for that. Pure.
 */
#ifndef STIRD_TRUNK_H
#define STIRD_TRUNK_H

#include <stird/core/call.h>

/*
 * The trunk that CALL came through, most specific first: longest source prefix, then number of
 * discriminators that match, then the longest request_user_prefix, then the order of
 * discriminator.h. NULL when none matches; *SOURCE_KNOWN tells whether at least a source did
 * (NO_TRUNK) or not (UNKNOWN_SOURCE). Also fills CALL's passed_over: trunks of the same prefix that
 * the call names too, in full or by a discriminator that disagrees with itself, unless the trunk
 * that takes it asks for all that they ask for. Passing over a trunk must never help the call.
 */
const struct trunk *trunk_match(const struct settings *settings, struct call *call,
                                bool *source_known);
/*
 * Whether TRUNK's calls leave by its upstreams: its service sends there (service_word.h), and there
 * are some. Upstreams that are listed for a service that sends nothing do not count.
 */
bool trunk_sends(const struct trunk *trunk);
/*
 * Where trunk_match() found none, for an emergency call, which is not to be lost for that (Decided
 * 5): one of its source's trunks, of those that send to upstreams the first that it names in part,
 * else the first; where none does, by what a service does without. All others are passed over.
 * NULL: it is no emergency call of any of them; CALL is as it was.
 */
const struct trunk *trunk_for_emergency(const struct settings *settings, struct call *call);
/*
 * The trunk of CALL's source whose group From names, while the place that the trunk's tgrp_in says
 * names none: probably the setting is wrong. NULL: there is none.
 */
const struct trunk *trunk_of_from_alone(const struct settings *settings, const struct call *call);
/* Whether the headers count that only a trusted trunk may write: CALL->trunk is trusted, and so are
   all that it passed over. */
bool call_is_trusted(const struct call *call);
/* Whether the call brings a shaken Identity, or a line that reads like one, which would leave with
   it. */
bool call_carries_shaken(const struct call *call);
bool source_is_trunk(const struct settings *settings, const struct address *source);
/* The upstream that SOURCE belongs to, or NULL. */
const struct upstream *source_upstream(const struct settings *settings,
                                       const struct address *source);

#endif
