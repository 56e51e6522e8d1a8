/*
 * dry_run - what `stird -t`, `stird -T` and `stird -b` do.
 */
#ifndef STIRD_DRY_RUN_H
#define STIRD_DRY_RUN_H

#include <stird/base/str.h>

/* Prints all problems to stderr and returns 1, or prints a line to stdout and returns 0: an exit
   status. */
int dry_run_check(struct str path);
int dry_run_print_configuration(struct str path);
int dry_run_print_memory(struct str path); /* budget.h */

#endif
