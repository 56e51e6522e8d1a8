/*
 * retry - when a start fails for a reason that may pass, whoever started stird tries again. This
 * slows that down, so that it does not happen several times a second for ever: systemd's
 * RestartSec= is meant for a crash, when calls wait.
 */
#ifndef STIRD_DAEMON_RETRY_H
#define STIRD_DAEMON_RETRY_H

#include <stdbool.h>

#define RETRY_PAUSE_MS 5000 /* docs/reliability.md */

/* When the start began. */
void retry_start(void);
/*
 * Sleeps for a moment, for another try within this start. False: nobody would start stird again (no
 * NOTIFY_SOCKET), so the failure is told at once; or the start began RETRY_PAUSE_MS ago.
 */
bool retry_waits(void);
/* Sleeps for what is left of that time before the process ends; SIGTERM or SIGINT ends the
   sleep. */
void retry_pause(void);

#endif
