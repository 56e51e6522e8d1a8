/*
 * outside - whether the system lets the service do what its settings ask for: write its files, bind
 * its ports, load its program. Nothing is written, bound or loaded.
 */
#ifndef STIRD_DAEMON_OUTSIDE_H
#define STIRD_DAEMON_OUTSIDE_H

#include "control_groups.h"

#include <stird/base/problems.h>
#include <stird/conf/settings_file.h>
#include <stird/core/settings.h>

/*
 * Problems, with the setting's place, for what this process could not open or make: records.file
 * and the directories. A warning where the service goes on without: what PRESENT (NULL: none) has
 * in force, a state directory that is there, and what the unit would make and nobody has made yet.
 */
void outside_check_files(struct settings *settings, const struct settings *present,
                         struct problems *problems);
/*
 * For `stird -t`: what the service's user could not write, and, where the unit of this machine
 * starts the configuration at PATH, what that hides from it or forbids it. GROUPS: of SETTINGS.
 */
void outside_check_service(struct settings *settings, const struct files *files,
                           const struct control_groups *groups, struct str path,
                           struct problems *problems);
/*
 * For `stird -t`: warnings for what this process, or the unit when that is to become another user
 * than the one who asks, has no right to.
 */
void outside_warn(struct settings *settings);

#endif
