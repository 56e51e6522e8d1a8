/*
 * facts - what the text of an INVITE says of the call, for tools that have no network: the same
 * reading as the proxy's (sip/facts.c). One thread.
 */
#ifndef STIRD_FACTS_H
#define STIRD_FACTS_H

#include <stird/core/call.h>
#include <stird/core/reason.h>

/*
 * Fills what is text in CALL (its arena is set) from a whole INVITE, which must stay. REASON_OK, or
 * why the proxy would refuse or drop it.
 */
enum reason facts_of_message(struct call *call, const struct settings *settings,
                             struct str message);
/*
 * What of a CALL cannot be read in one way, so that its Identity is not believed: "From: cannot be
 * read as one address"; empty: nothing. ASSERTED: what P-Asserted-Identity says counts.
 */
struct str facts_fault(const struct call *call, bool asserted);

#endif
