/*
 * pages_check - what servers of pages (web, repository) need, and calls do without: an address and
 * a port, a certificate and its key. Whatever of it is missing or wrong is a warning that says what
 * will happen, and keeps nobody from starting or reloading.
 */
#ifndef STIRD_DAEMON_PAGES_CHECK_H
#define STIRD_DAEMON_PAGES_CHECK_H

#include <stird/conf/settings_file.h>

/* Warnings of SETTINGS where a certificate and its key, which FILES has, do not fit together or
   cannot be served; FILES forgets such a key. */
void pages_check_files(struct files *files, struct settings *settings, struct problems *problems);
/* For `stird -t`: a warning where this machine does not have the address. */
void pages_check_addresses(struct settings *settings);
/* Whether only a server of pages reads PATH. */
bool pages_check_is_theirs(const struct settings *settings, struct str path);
/* A warning for what the service's user cannot read of it. */
void pages_check_warn_of_file(struct settings *settings, const struct problem *problem);

#endif
