/*
 * input - a file that somebody names to a command. Nothing that would be waited for without end is
 * opened (regular_file.h), but for what was handed over: standard input, pipes of the shell.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdio.h>

/* PATH, or standard input for "-". NULL after a complaint. To be ended with input_close(). */
FILE *input_open(const char *path);
/* Standard input stays open. F: may be NULL. */
void input_close(FILE *f);

#endif
