/*
 * control_places - how many may be connected to the control socket at once. Those who may only
 * look, those of a group that may change, and root each have a part that the others cannot take,
 * and one user other than root has at most half of a part. So nobody keeps root from changing, and
 * of two users who look neither keeps the other out.
 */
#ifndef STIRD_DAEMON_CONTROL_PLACES_H
#define STIRD_DAEMON_CONTROL_PLACES_H

#include "control_groups.h"

#define CONTROL_PLACES 24 /* of all parts */

/* Whether the next one may connect beside SEATED, who are connected. */
bool control_places_have_one(const struct control_peer *seated, unsigned n,
                             const struct control_peer *next);

#endif
