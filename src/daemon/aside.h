/*
 * aside - looks at what is secret, or somebody else's, in a process of its own, so that the one
 * that asks never has it parsed in its memory.
 */
#ifndef STIRD_DAEMON_ASIDE_H
#define STIRD_DAEMON_ASIDE_H

#include <stird/base/problems.h>

/*
 * Calls CHECK in a child and adds what it finds to PROBLEMS; WHAT ("the keys") names it in case the
 * child fails. False when there were problems. CHECK can say no word to others
 * (control.h) before it has given up rights.
 */
bool aside_check(const char *what, void (*check)(void *user, struct problems *problems), void *user,
                 struct problems *problems);

#endif
