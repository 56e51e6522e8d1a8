/*
 * trunk_why - in words, by what a trunk was recognised. Pure; for explain, not for the call path.
 */
#ifndef CORE_TRUNK_WHY_H
#define CORE_TRUNK_WHY_H

#include <stird/call.h>

/* A sentence in the call's arena; {NULL, 0} without memory. CALL->trunk is set. */
struct str trunk_why(const struct call *call);

#endif
