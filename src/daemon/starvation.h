/*
 * starvation - how long a process waited for a processor while others had them.
 *
 * A child that is silent because the machine gives it no processor does not hang: another one in
 * its place would wait just as long, and what the first one has read would be lost.
 */
#ifndef STIRD_DAEMON_STARVATION_H
#define STIRD_DAEMON_STARVATION_H

#include <stdint.h>
#include <sys/types.h>

/* Of PID since it began, in milliseconds; 0 where /proc does not tell. */
int64_t starvation_ms(pid_t pid);

#endif
