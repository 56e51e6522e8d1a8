/*
 * signer_sandbox - what a process that holds keys gives up: being looked at, swapped out, dumped;
 * then files, sockets and exec.
 */
#ifndef STIRD_DAEMON_SIGNER_SANDBOX_H
#define STIRD_DAEMON_SIGNER_SANDBOX_H

#include <stdbool.h>

/*
 * Before the first key is read: no core, no ptrace by the same user, a heap for keys that is
 * guarded, locked where that is permitted, and not dumped. 0 or -errno.
 */
int signer_protect_memory(void);
/* Locks what else there is and comes; where that is not permitted it warns. Never fails. */
void signer_lock_memory(void);
/*
 * After the last key: gives up everything but talking over the sockets there are. 0 or -errno.
 * WITH_TOKEN: a token's library has files, sockets and threads of its own, so only starting
 * programs and looking into other processes is given up.
 */
int signer_sandbox_enter(bool with_token);

#endif
