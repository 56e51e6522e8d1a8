/*
 * emergency - between emergency.c and policy.c only.
 */
#ifndef STIRD_CORE_EMERGENCY_H
#define STIRD_CORE_EMERGENCY_H

#include <stird/settings.h>
#include <stird/tn.h>

/*
 * URI is of an emergency number, as a trunk of this country may write it. NUMBER: its digits, as
 * they go into dest, for a verifier reads the same in To; none when other keys are among them.
 */
bool emergency_number(const struct settings *settings, const struct trunk *trunk, struct str uri,
                      struct tn *number);

#endif
