/*
 * unit_user - the user as whom systemd's unit starts the service, drop-ins included. So the check
 * of a configuration, and not only a start, finds a user or group that does not exist, or root
 * without the rights to become another user.
 */
#ifndef STIRD_DAEMON_UNIT_USER_H
#define STIRD_DAEMON_UNIT_USER_H

#include <pwd.h>
#include <stdbool.h>
#include <stird/base/problems.h>
#include <stird/base/str.h>

/* The user of the unit UNIT (unit.h); NULL: it names none, or one that is not there. Borrowed from
   the C library. */
const struct passwd *unit_user(struct str unit);
/* Adds a problem for each of its users and groups for which it would not start. */
void unit_user_check(struct str unit, struct problems *problems);

#endif
