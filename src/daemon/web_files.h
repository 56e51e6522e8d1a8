/*
 * web_files - the files that an https client reads to look up names and to judge servers'
 * certificates. Keys may lie under /etc too, so files are named one by one.
 */
#ifndef STIRD_DAEMON_WEB_FILES_H
#define STIRD_DAEMON_WEB_FILES_H

#include "privileges.h"

/* Fills READABLE (landlock.h), with CA_FILE beside the system's; NULL: there is none. Borrowed. */
void web_files(const char *ca_file, const char *readable[PRIVILEGES_READABLE_MAX + 1]);

#endif
