/*
 * options - the command line of stird.
 */
#ifndef STIRD_OPTIONS_H
#define STIRD_OPTIONS_H

#include <stdbool.h>

enum mode { MODE_RUN, MODE_CHECK, MODE_PRINT, MODE_BUDGET, MODE_VERSION, MODE_HELP };

struct options {
    enum mode mode;
    bool foreground;
    const char *configuration; /* absolute or relative to where stird was started */
};

/* False, after a line on stderr, when the command line makes no sense. */
bool options_parse(struct options *options, int argc, char **argv);
/* What -h prints. */
extern const char options_usage[];

#endif
