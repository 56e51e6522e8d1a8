/*
 * lost_emergency - counts emergency calls that stird itself refused, for whatever reason, and tells
 * them in the log, a line a minute. None of them is an everyday matter (Decided 5).
 */
#ifndef STIRD_SIP_LOST_EMERGENCY_H
#define STIRD_SIP_LOST_EMERGENCY_H

#include "undecided.h"

/* CALL is one: an INVITE that was read or not, and that went nowhere. */
void lost_emergency_note(struct proxy *p, const struct undecided *call);

#endif
