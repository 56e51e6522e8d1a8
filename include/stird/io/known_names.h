/*
 * known_names - all known names in one memory file, which the supervisor hands to the next worker.
 */
#ifndef STIRD_KNOWN_NAMES_H
#define STIRD_KNOWN_NAMES_H

#include <stird/core/known_name.h>

/* Writes all of them into a sealed memory file. Its descriptor, or -errno. */
int known_names_to_fd(const struct known_name *list, unsigned n);
/* Reads the sound ones from such a file; the caller frees them. NULL with *N 0 when there are none,
   or no memory. */
struct known_name *known_names_from_fd(int fd, unsigned *n);

#endif
