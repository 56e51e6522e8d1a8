/*
 * web_files - the files that an https client reads to look up names and to judge servers'
 * certificates. Keys may lie under /etc too, so files are named one by one.
 */
#ifndef STIRD_DAEMON_WEB_FILES_H
#define STIRD_DAEMON_WEB_FILES_H

#include "privileges.h"

#include <stdint.h>
#include <stird/base/str.h>

/* What whoever cannot tell web servers answers. */
#define WEB_FILES_BLIND "the authorities of web servers cannot be read (tls_ca, ca-certificates)"

/* Fills READABLE (landlock.h), with CA_FILE beside the system's; NULL: there is none. Borrowed. */
void web_files(const char *ca_file, const char *readable[PRIVILEGES_READABLE_MAX + 1]);
/* Before files are given up: whether servers' certificates can be judged by CA_FILE, or by the
   system's. False: that is an error of the log. KEY: the setting that names the file. */
bool web_files_are_good(const char *ca_file, const char *key);
/* How these look now (file_seen.h); empty: the system's. */
uint64_t web_files_seen(struct str ca_file);

#endif
