/*
 * emergency - between emergency.c and policy.c, and hops.c, which reads what that one signed.
 */
#ifndef STIRD_CORE_EMERGENCY_H
#define STIRD_CORE_EMERGENCY_H

#include <stird/core/settings.h>
#include <stird/core/tn.h>

/*
 * URI is of an emergency number, as a trunk of this country may write it. NUMBER: its digits, as
 * they go into dest, for a verifier reads the same in To; none when other keys are among them.
 */
bool emergency_number(const struct settings *settings, const struct trunk *trunk, struct str uri,
                      struct tn *number);

/*
 * What is dialled by a URI that holds no telephone number, as a verifier that knows nobody's
 * settings reads it: the keys as they stand, without plus and separators (RFC 8224 section 8.3),
 * for emergency numbers and short codes. It is what find_dest() of policy.c writes of them.
 */
bool dialled_number(const struct country *country, struct str uri, struct tn *number);

#endif
