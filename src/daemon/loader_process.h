/*
 * loader_process - reads and checks a configuration for a reload, in a process of its own.
 *
 * A million numbers take a second to compile; the supervisor has children to look after meanwhile.
 */
#ifndef STIRD_LOADER_PROCESS_H
#define STIRD_LOADER_PROCESS_H

#include "configuration.h"

struct loader_options {
    struct str path;
    const struct configuration *present; /* to be followed */
    const struct settings *started_with;
    bool force; /* configuration_may_follow() */
};

/*
 * Sends CONTROL_LOADED when all is well, else CONTROL_MISTAKES (the problems as problems_print()
 * writes them), and ends.
 */
int loader_main(const struct loader_options *options, int control_fd);

#endif
