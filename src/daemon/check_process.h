/*
 * check_process - looks at secrets in a process of its own, so that the one that asks never has
 * them parsed in its memory.
 */
#ifndef STIRD_DAEMON_CHECK_PROCESS_H
#define STIRD_DAEMON_CHECK_PROCESS_H

#include <stird/base/problems.h>

/*
 * Calls CHECK in a child and adds what it finds to PROBLEMS; WHAT ("the keys") names it in case the
 * child fails. False when there were problems.
 */
bool check_in_process(const char *what, void (*check)(void *user, struct problems *problems),
                      void *user, struct problems *problems);

#endif
