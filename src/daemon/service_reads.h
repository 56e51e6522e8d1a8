/*
 * service_reads - whether the user that stird serves as can read what the configuration names, for
 * a check by root, who can read all of it.
 */
#ifndef STIRD_DAEMON_SERVICE_READS_H
#define STIRD_DAEMON_SERVICE_READS_H

#include <stird/conf/settings_file.h>

/*
 * Tries, in a process of its own that becomes that user: each file that FILES holds, the keys, the
 * tables, the anchors, what is in the state directory. A problem for each that it may not read
 * and that PROBLEMS does not name yet; false then. What only servers of pages read is a warning of
 * SETTINGS instead. True where service_user_is_waiting() does not hold.
 */
bool service_reads_all(const struct files *files, struct settings *settings,
                       struct problems *problems);

/* Calls VISIT with the path of each of them, whether it is there or not. */
void service_reads_each(const struct files *files, const struct settings *settings,
                        void (*visit)(void *user, struct str path), void *user);

#endif
