/*
 * clock - the only source of time. The core never calls it: time comes there as an argument.
 *
 * Monotonic time drives timers; real time is only for what others read: iat, Date, records, logs.
 */
#ifndef STIRD_CLOCK_H
#define STIRD_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_us(void);
int64_t clock_monotonic_ms(void);
/* The processor's time that this process has had, of all its threads. */
int64_t clock_used_us(void);
/* Since 1970-01-01 UTC. */
int64_t clock_real_us(void);
int64_t clock_real_s(void);

#endif
