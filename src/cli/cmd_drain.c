/* stirctl drain on, off: no new calls, while those that run go on and stird does not stop. */
#include "switching.h"

static const struct cli_option on_options[] = {
    {"answer", 'a', "WORD", "what new calls and OPTIONS get: 503 or silence; else as proxy.drain",
     0},
    SWITCHING_OPTIONS(SWITCHING_OF_CALLS),
    {0}};

static int run_on(const struct cli *cli, const struct words *words)
{
    return switching_on(cli, &command_drain_on, words, SWITCH_DRAIN, NULL, words_value(words, 'a'));
}

static int run_off(const struct cli *cli, const struct words *words)
{
    return switching_back(cli, &command_drain_off, words, SWITCH_DRAIN, NULL);
}

const struct command command_drain_on = {"drain on",
                                         "[--answer 503|silence] " SWITCHING_USAGE,
                                         "take no new calls but emergency calls, and tell SBCs",
                                         run_on,
                                         on_options,
                                         NULL};
const struct command command_drain_off = {
    .name = "drain off", .usage = "", .summary = "take new calls again", .run = run_off};
