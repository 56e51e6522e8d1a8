/*
 * notify - what stird tells the service manager (sd_notify(3)). Does nothing without one.
 *
 * Never waits, unlike sd_notify(): a manager that does not read must not stop the supervisor.
 */
#ifndef STIRD_NOTIFY_H
#define STIRD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

void notify_ready(void);
/* To be followed by notify_ready(), whether the reload went well or not. */
void notify_reloading(void);
/* Asks the manager to wait LIMIT_MS before it kills. */
void notify_stopping(int64_t limit_ms);
/* These two are lost when the manager does not read; they are repeated anyway. */
void notify_status(const char *text);
void notify_watchdog(void);
/* How often notify_watchdog() must be called, or 0. */
int64_t notify_watchdog_interval_ms(void);

/* Says TEXT, with a duplicate of descriptor ALONG (-1: without). True when nothing is left to do:
   the manager took it, or there is no manager. */
bool notify_say(const char *text, int along);

/* Says the newest state again that could not be said before. Call now and then. */
void notify_flush(void);

#endif
