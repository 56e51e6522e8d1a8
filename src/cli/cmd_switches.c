/* What an operator has switched of the running stird, all of it. */
#include "switching.h"

static int run(const struct cli *cli, const struct words *words)
{
    (void)words;
    return switching_show(cli);
}

const struct command command_switches = {.name = "switches",
                                         .usage = "",
                                         .summary = "all that is switched by hand, by whom, until "
                                                    "when",
                                         .run = run};
