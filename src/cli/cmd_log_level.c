/* stirctl log level: how much processes say in the log, without a reload. */
#include "switching.h"

#include <string.h>

static const struct cli_option options[] = {SWITCHING_OPTIONS(SWITCHING_IN_LOG), {0}};

static int run(const struct cli *cli, const struct words *words)
{
    const char *process = words->n == 2 ? words->word[0] : NULL;
    const char *level = words->word[words->n - 1];
    if (strcmp(level, "default") == 0)
        return switching_back(cli, &command_log_level, words, SWITCH_LOG, process);
    return switching_on(cli, &command_log_level, words, SWITCH_LOG, process, level);
}

const struct command command_log_level = {
    "log level",
    "[PROCESS] error|warning|info|debug|default " SWITCHING_USAGE,
    "how much the log says, of all processes or of one; default: as log.level",
    run,
    options,
    "PROCESS [LEVEL]"};
