/*
 * values - what may stand behind an option or as a word, where there is a list of that: for a shell
 * that completes it.
 */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include "command.h"

/* One a line, of NAME: an option's ("reason"), or a word's behind its command ("numbers set
   CUSTOMER"). False: there is no list. */
bool values_print(const struct cli *cli, const char *name);

#endif
