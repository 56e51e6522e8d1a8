/*
 * privileges - what a process gives up for good before it serves.
 */
#ifndef STIRD_PRIVILEGES_H
#define STIRD_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

/* No core file, no look into the memory by others of the same user, no new privileges. */
int privileges_drop(void);

/* Gives up CAPABILITY (CAP_...) and what the ambient set would pass on. 0 or -errno. */
int privileges_drop_capability(unsigned capability);

/*
 * privileges_drop() and no files any more (landlock.h). A kernel that cannot is only warned of,
 * unless LANDLOCK_REQUIRED. 0, or -errno after a log line that says what to do.
 */
int privileges_give_up_files(bool landlock_required);

/* Closes every descriptor from 3 on but KEEP[0..N), which is sorted in place; -1 entries are fine.
 */
int privileges_close_others(int *keep, size_t n);

#endif
