/*
 * switching - what the commands have in common by which an operator switches something of the stird
 * that runs (switches.h): how long, why, and what is on afterwards.
 */
#ifndef CLI_SWITCHING_H
#define CLI_SWITCHING_H

#include "command.h"

#include <jansson.h>
#include <stird/core/switches.h>

/* Where a note is seen. */
#define SWITCHING_OF_CALLS "why; shown while it is on, in the log, and in records of its calls"
#define SWITCHING_IN_LOG   "why; shown while it is on, and in the log"
/* For tables of options; HELP: one of those. */
#define SWITCHING_OPTIONS(HELP)                                                                    \
    {"for", 'F', "TIME", "how long: 30s, 10m, 2h, 7d", 0},                                         \
        {"until", 'U', "TIME", "until when: 2026-11-29T18:00:00Z", 0},                             \
    {                                                                                              \
        "note", 'n', "TEXT", HELP, 0                                                               \
    }
#define SWITCHING_USAGE "[--for TIME | --until TIME] [--note TEXT]"

/* Switches KIND of NAME (NULL: of all) to VALUE (NULL: none), by the options among WORDS. The exit
   status. */
int switching_on(const struct cli *cli, const struct command *command, const struct words *words,
                 enum switch_kind kind, const char *name, const char *value);
/* Takes it back, which has no end and no note: COMMAND may have options for these. */
int switching_back(const struct cli *cli, const struct command *command, const struct words *words,
                   enum switch_kind kind, const char *name);
/* All that is on, as stird answers. */
int switching_show(const struct cli *cli);
/* What the status of stird has of KEY ("trunks"), by PRINT, which gets the whole status; as JSON
   that list alone, with how many there are and how many found no room. The exit status. */
int switching_list(const struct cli *cli, const char *key, void (*print)(const json_t *status));
/* Prints the array ALL, each behind LABEL, or alone (NULL). */
void switching_print(const json_t *all, const char *label);

#endif
