/*
 * key_memory - protects the memory of a process that holds keys from being looked at, swapped out
 * or dumped. What else such a process gives up is in rights.h.
 */
#ifndef STIRD_DAEMON_KEY_MEMORY_H
#define STIRD_DAEMON_KEY_MEMORY_H

/*
 * Before the first key is read: no core, no ptrace by the same user, a heap for keys that is
 * guarded, locked where that is permitted, and not dumped. 0 or -errno.
 */
int key_memory_protect(void);
/*
 * A page for a secret of this process alone, zero at first: not in a core, not swapped out where
 * that is permitted, and zero again in each child. NULL when there is no memory.
 */
void *key_memory_page(void);
void key_memory_page_free(void *page);
/* Locks all other memory that there is or will be; warns where that is not permitted. Never
   fails. */
void key_memory_lock(void);

#endif
