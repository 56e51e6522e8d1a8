/*
 * detach - puts stird into the background, and sends its log where it belongs there.
 */
#ifndef STIRD_DETACH_H
#define STIRD_DETACH_H

#include <stdbool.h>

/* Whether standard error is journald's, which then wants each line's priority in front. */
bool detach_stderr_is_journal(void);
/* Connected to journald's own socket, for log_to_journal(); -1: there is none. */
int detach_open_journal(void);

/*
 * Forks twice and returns in the background process, without a terminal, with standard error at
 * journald's or, without journald, at /dev/log; *JOURNAL says which. The process that was started
 * waits until detach_ready() and exits 0, or exits 1 when the background process ends before.
 * False, after a line on stderr, when that is impossible.
 */
bool detach(int *ready_fd, bool *journal);
/* USER: the ready_fd. */
void detach_ready(void *user);

#endif
