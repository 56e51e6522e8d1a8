/*
 * control_places - how many may be connected to the control socket at once. Those who may only
 * look, those of a group that may change, and root each have a part that the others cannot take,
 * and in the part of many, one user no more than half: so nobody keeps root from changing, and of
 * two who look neither keeps out the other.
 */
#ifndef STIRD_DAEMON_CONTROL_PLACES_H
#define STIRD_DAEMON_CONTROL_PLACES_H

#include "control_groups.h"

#define CONTROL_PLACES 24 /* of all parts */

/* The next one may connect beside SEATED, who are connected. */
bool control_places_have_one(const struct control_peer *seated, unsigned n,
                             const struct control_peer *next);

#endif
