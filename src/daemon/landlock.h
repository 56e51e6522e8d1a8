/*
 * landlock - gives up the file system for good, for this process and all it forks.
 *
 * Descriptors that are open stay usable; nothing can be opened, made, removed or renamed any more.
 * Where the kernel knows how, signals to and abstract sockets of processes outside are given up
 * too. Best effort over the kernel's versions: whatever the kernel knows is denied.
 */
#ifndef STIRD_LANDLOCK_H
#define STIRD_LANDLOCK_H

#include <stdbool.h>

/*
 * 0; -EOPNOTSUPP when the kernel has no Landlock, or it is off; or -errno. Sets no_new_privs, which
 * Landlock demands. READABLE: files, and directories with all beneath, that may still be read,
 * ended by NULL; the list may be NULL. KEPT: a directory in which regular files may be read, made,
 * written and removed too; NULL: none.
 */
int landlock_give_up_files(const char *const *readable, const char *kept);

/* Whether the kernel has it. */
bool landlock_is_here(void);

#endif
