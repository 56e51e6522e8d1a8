/* clock_kept - whether something keeps this machine's clock right. */
#ifndef STIRD_CLI_CLOCK_KEPT_H
#define STIRD_CLI_CLOCK_KEPT_H

#include <stdbool.h>

/* The kernel says: a program that follows NTP or PTP has told it so, and not long ago. */
bool clock_is_kept(void);

#endif
