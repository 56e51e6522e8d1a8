/*
 * check - what `stird -t`, `stird -T` and `stird -b` do.
 */
#ifndef STIRD_CHECK_H
#define STIRD_CHECK_H

#include <stird/base/str.h>

/* All problems to stderr and 1, or a line to stdout and 0: an exit status. */
int check_configuration(struct str path);
int check_print_configuration(struct str path);
int check_print_memory(struct str path); /* budget.h */

#endif
