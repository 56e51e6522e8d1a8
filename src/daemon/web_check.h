/*
 * web_check - whether those who fetch by https could tell web servers: a service that cannot goes
 * on, with verdicts that are open, so this is a matter of warnings.
 */
#ifndef STIRD_DAEMON_WEB_CHECK_H
#define STIRD_DAEMON_WEB_CHECK_H

#include <stird/core/settings.h>

/* Warnings for a file that the settings name and that cannot be used. */
void web_check_named(struct settings *settings);
/* For `stird -t`: a warning where the system's authorities are wanted and are not there. Looks in a
   process of its own, for that takes libcurl. */
void web_check_system(struct settings *settings);

#endif
