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
 * and the directories. Only a warning where the service goes on without: what PRESENT (NULL: none)
 * has in force, a state directory that exists, and what the unit would make and nobody has made
 * yet.
 */
void outside_check_files(struct settings *settings, const struct settings *present,
                         struct problems *problems);
/*
 * For `stird -t`: problems for what the service's user could not write, and, where this machine's
 * unit starts the configuration at PATH, for what the unit hides from it or forbids. GROUPS: of
 * SETTINGS.
 */
void outside_check_service(struct settings *settings, const struct files *files,
                           const struct control_groups *groups, struct str path,
                           struct problems *problems);
/*
 * For `stird -t`: warnings for what this process has no right to; or, when the service is to run as
 * another user, for what its unit gives no right to.
 */
void outside_warn(struct settings *settings);

#endif
