/*
 * help - what stirctl says of itself: all commands, a group of them ("numbers"), or one with its
 * options.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "command.h"

#include <stddef.h>

/* All commands: main.c. */
struct commands {
    const struct command *const *list;
    size_t n;
};

void help_of_command(const struct command *command);
/* False: there is no group of that name, the first word of two. */
bool help_of_group(const struct commands *all, const char *name);
void help_of_all(const struct commands *all);
/* For the completion of a shell: a line for each command, with its options behind it. */
void help_as_list(const struct commands *all);
/* Whether one of the words asks for it. */
bool help_is_wanted(int argc, char **argv);

#endif
