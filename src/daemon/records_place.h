/*
 * records_place - files that records are written into, in a directory that need not be root's: only
 * regular files, never through a link; where root opens one, it must have no second name.
 */
#ifndef STIRD_DAEMON_RECORDS_PLACE_H
#define STIRD_DAEMON_RECORDS_PLACE_H

#include <stdbool.h>
#include <stird/base/str.h>
#include <stird/io/folder.h>

#define UNTOLD_FILE "records-untold" /* in the state directory: supervisor_untold.c */

struct stat;

/* For appending; made if it is not there. A descriptor or -errno. */
int records_place_open(struct str path);
/* The same, for writing over what is in it. */
int records_place_open_in_place(struct str path);
/* What is wrong with it, in words, by its errno. */
const char *records_place_fault(int error);
/* Whether a file ST in D may be written as a record file; -EPERM else. */
bool records_place_is_good(const struct folder *d, const struct stat *st);

#endif
