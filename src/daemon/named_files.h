/*
 * named_files - each file that a start or a reload reads: those that the settings were made from,
 * and what they name, tables in directories too. Keys of units stand apart: key_file.h.
 */
#ifndef STIRD_DAEMON_NAMED_FILES_H
#define STIRD_DAEMON_NAMED_FILES_H

#include <stird/conf/settings_file.h>

/* Calls VISIT for each path; for a directory of tables, also for each file that is in it now. */
void named_files_each(const struct files *files, const struct settings *settings,
                      void (*visit)(void *user, struct str path), void *user);
/* Whether PATH is named by domains of trust alone, or by fetch.tls_ca: a start or a reload goes on
   without it, and what becomes of that is told elsewhere (supervisor_trust_told.h, the alarm
   web_authorities). */
bool named_files_go_without(const struct settings *settings, struct str path);

#endif
