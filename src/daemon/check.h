/*
 * check - what `stird -t`, `stird -T` and `stird -b` do.
 */
#ifndef STIRD_CHECK_H
#define STIRD_CHECK_H

#include <stird/base/str.h>

/* Prints all problems to stderr and returns 1, or prints a line to stdout and returns 0: an exit
   status. */
int check_configuration(struct str path);
int check_print_configuration(struct str path);
int check_print_memory(struct str path); /* budget.h */

#endif
