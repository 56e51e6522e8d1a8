/*
 * privileges - what a process gives up for good before it serves.
 */
#ifndef STIRD_PRIVILEGES_H
#define STIRD_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No core file, no look into the memory by others of the same user, no new privileges. */
int privileges_drop(void);

/* Whether this process has CAPABILITY (CAP_...) in effect. */
bool privileges_has_capability(unsigned capability);
/* Gives up CAPABILITY (CAP_...) and what the ambient set would pass on. 0 or -errno. */
int privileges_drop_capability(unsigned capability);
/* Gives up all but those of KEPT (1 << CAP_...), in the same way. */
int privileges_keep_capabilities(uint64_t kept);

#define PRIVILEGES_READABLE_MAX 40

/*
 * privileges_drop(), and gives up all files, except to read those of READABLE (landlock.h; at most
 * PRIVILEGES_READABLE_MAX, may be NULL) and to do anything with those in KEPT (may be NULL). A
 * kernel that cannot do this is only warned of, unless LANDLOCK_REQUIRED. 0, or -errno after a log
 * line that says what to do.
 */
int privileges_give_up_files(const char *const *readable, const char *kept, bool landlock_required);

/* Closes every descriptor from 3 on but KEEP[0..N), which is sorted in place; -1 entries are fine.
 */
int privileges_close_others(int *keep, size_t n);

#endif
