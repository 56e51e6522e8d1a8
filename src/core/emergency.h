/*
 * emergency - between emergency.c and policy.c only.
 */
#ifndef STIRD_CORE_EMERGENCY_H
#define STIRD_CORE_EMERGENCY_H

#include <stird/settings.h>
#include <stird/tn.h>

/* URI is a sip: or tel: URI of an emergency number: its digits, as they go into dest. */
bool emergency_number(const struct settings *settings, struct str uri, struct tn *number);

#endif
