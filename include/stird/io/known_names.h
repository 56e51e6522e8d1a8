/*
 * known_names - all of them in a memory file, from the supervisor to the next worker.
 */
#ifndef STIRD_KNOWN_NAMES_H
#define STIRD_KNOWN_NAMES_H

#include <stird/core/known_name.h>

/* A sealed memory file with all of them; -errno. */
int known_names_to_fd(const struct known_name *list, unsigned n);
/* The sound ones of such a file, the caller's to free; NULL and *N 0: there are none, or no memory.
 */
struct known_name *known_names_from_fd(int fd, unsigned *n);

#endif
