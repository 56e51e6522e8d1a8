/*
 * span - how long, as --for takes it; and which second a time is that somebody writes.
 */
#ifndef CLI_SPAN_H
#define CLI_SPAN_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* "90s", "10m", "2h", "7d" in seconds; 0: it is none, or longer than LONGEST_S. */
uint64_t span_seconds(const char *text, uint64_t longest_s);
/* The second of WRITTEN, in UTC or in the zone of who asks. False: there is no such time (the 31st
   of November, an hour that a change of the clock leaves out), or it is before 1970. */
bool span_second_of(struct tm written, bool utc, int64_t *second);

#endif
