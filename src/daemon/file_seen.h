/* file_seen - whether files were exchanged, changed, came or went since somebody looked. */
#ifndef STIRD_DAEMON_FILE_SEEN_H
#define STIRD_DAEMON_FILE_SEEN_H

#include <stdint.h>
#include <stird/base/str.h>

/* Adds how PATH looks now to *SEEN, which begins with 0: another number for other files. An empty
   path looks like a file that is not there. */
void file_seen_add(uint64_t *seen, struct str path);

#endif
