/* trunk_why - says in words by what a trunk was recognised, or why no trunk took a call. Pure. */
#ifndef STIRD_TRUNK_WHY_H
#define STIRD_TRUNK_WHY_H

#include <stird/core/call.h>
#include <stird/core/settings.h>

/* For explain, not for the call path: a sentence in the call's arena; {NULL, 0} without memory.
 * CALL->trunk is set. */
struct str trunk_why(const struct call *call);

/*
 * What the first trunks of CALL's source ask for and CALL does not say: "acme: tgrp of Contact is
 * not "acme"; globex: no header X-Customer". Nothing of it was written by the caller.
 */
struct str trunk_none_why(const struct settings *settings, const struct call *call);

#endif
