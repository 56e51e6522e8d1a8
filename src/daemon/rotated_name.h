/*
 * rotated_name - the name of a record file that was moved aside: FILE.20261126T235959Z, with -1, -2
 * ... when there was one with that name already. Only files of these names are ever removed.
 */
#ifndef STIRD_ROTATED_NAME_H
#define STIRD_ROTATED_NAME_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

#define ROTATED_STAMP_TEXT sizeof("20261126T235959Z")

/* False when the year of the time does not have four digits. */
bool rotated_stamp(char stamp[ROTATED_STAMP_TEXT], int64_t real_s);
/* The caller's to free; AGAIN: how many have this stamp already. NULL: no memory. */
char *rotated_name(struct str file, const char *stamp, unsigned again);
/* Whether NAME is one that rotated_name() makes from FILE; both are without directory. */
bool rotated_name_is_ours(const char *name, struct str file);
/* FILE.anything, as this and as logrotate name them, but for compressed ones: nobody reads those.
 */
bool rotated_name_may_be(const char *name, struct str file);
/* Of two names of ours of one file: negative when A moved aside before B. */
int rotated_name_compare(const char *a, const char *b);

#endif
