/*
 * check - what `stird -t` and `stird -T` do.
 */
#ifndef STIRD_CHECK_H
#define STIRD_CHECK_H

#include <stird/str.h>

/* All problems to stderr and 1, or a line to stdout and 0: an exit status. */
int check_configuration(struct str path);
int print_configuration(struct str path);

#endif
