/*
 * aside - looks at what is secret, or was written by others, in a process of its own, so that the
 * process that asks never parses it in its own memory.
 */
#ifndef STIRD_DAEMON_ASIDE_H
#define STIRD_DAEMON_ASIDE_H

#include <stird/base/problems.h>

/*
 * Calls CHECK in a child and adds what it finds to PROBLEMS; WHAT ("the keys") names it in case the
 * child fails. False when there were problems. CHECK may say no word to other processes (control.h)
 * before it has given up rights.
 */
bool aside_check(const char *what, void (*check)(void *user, struct problems *problems), void *user,
                 struct problems *problems);

#endif
