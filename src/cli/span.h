/*
 * span - how long, as --for takes it.
 */
#ifndef CLI_SPAN_H
#define CLI_SPAN_H

#include <stdint.h>

/* "90s", "10m", "2h", "7d" in seconds; 0: it is none, or longer than LONGEST_S. */
uint64_t span_seconds(const char *text, uint64_t longest_s);

#endif
