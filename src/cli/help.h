/*
 * help - what stirctl says of itself: all commands, a group of them ("numbers"), or one with its
 * options.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "command.h"

#include <stddef.h>
#include <stdio.h>

/* All commands: main.c. */
struct commands {
    const struct command *const *list;
    size_t n;
};

/* "usage: stirctl NAME ...", as lines of at most 80 columns. */
void help_usage(FILE *to, const struct command *command);
/* AS_JSON: as objects with name, usage, summary and options; of several in an array. */
void help_of_command(const struct command *command, bool as_json);
/* Whether NAME is the first word of commands of two. */
bool help_is_group(const struct commands *all, const char *name);
/* False: there is no such group. */
bool help_of_group(const struct commands *all, const char *name, bool as_json);
void help_of_all(const struct commands *all, bool as_json);
/*
 * For the completion of a shell: a line for each command, and behind a tab each of its options;
 * behind that with = what follows it. The line without a command has what stands in front of one.
 */
void help_as_list(const struct commands *all);

#endif
