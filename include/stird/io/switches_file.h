/*
 * switches_file - the switches that are on (switches.h): kept in the state directory over a
 * restart, and handed to other processes in sealed memory.
 */
#ifndef STIRD_SWITCHES_FILE_H
#define STIRD_SWITCHES_FILE_H

#include <stird/base/problems.h>
#include <stird/base/str.h>
#include <stird/core/switches.h>

#define SWITCHES_FILE "switches"

/* Reads what is kept in DIRECTORY; where there is nothing, none is on. False with problems, and
   none is on. */
bool switches_file_read(struct switches *s, struct str directory, struct problems *problems);
/* Replaces what is kept there; once it has returned 0, it outlives a power cut. 0; or -errno, and
   what was there before stays. */
int switches_file_write(const struct switches *s, struct str directory);

/* A descriptor of sealed memory that holds it; or -errno. */
int switches_file_hand_out(const struct switches *s);
/* From such a descriptor, which stays the caller's. To be freed. NULL: no memory, or FD holds no
   such table. */
struct switches *switches_file_take(int fd);

#endif
