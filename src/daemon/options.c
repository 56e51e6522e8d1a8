#include "options.h"

#include <getopt.h>
#include <stdio.h>

const char options_usage[] =
    "usage: stird [-f] [-c FILE]    serve: in the foreground with -f, else in the background\n"
    "       stird -t [-c FILE]      check the configuration, its keys and its numbers\n"
    "       stird -T [-c FILE]      print the effective configuration\n"
    "       stird -b [-c FILE]      print what may hold memory by it, and the sum\n"
    "       stird -V | -h           print the version, or this help\n"
    "\n"
    "  -f, --foreground            stay attached, log to standard error\n"
    "  -c, --config FILE           configuration (/etc/stird/stird.conf)\n"
    "  -t, --test                  report all mistakes as file:line: message; exit status 1\n"
    "  -T, --print                 nothing in it is secret\n"
    "  -b, --budget                as docs/sizing.md has it for the defaults\n"
    "  -V, --version\n"
    "  -h, --help\n";

static const struct option long_options[] = {
    {"foreground", no_argument, NULL, 'f'}, {"config", required_argument, NULL, 'c'},
    {"test", no_argument, NULL, 't'},       {"print", no_argument, NULL, 'T'},
    {"budget", no_argument, NULL, 'b'},     {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},       {0},
};

static const struct {
    int letter;
    enum mode mode;
} modes[] = {
    {'t', MODE_CHECK}, {'T', MODE_PRINT}, {'b', MODE_BUDGET}, {'V', MODE_VERSION}, {'h', MODE_HELP},
};

static bool take_mode(struct options *options, int letter)
{
    for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (modes[i].letter == letter) {
            options->mode = modes[i].mode;
            return true;
        }
    }
    return false;
}

bool options_parse(struct options *options, int argc, char **argv)
{
    *options = (struct options){.mode = MODE_RUN, .configuration = "/etc/stird/stird.conf"};
    int letter;
    while ((letter = getopt_long(argc, argv, "fc:tTbVh", long_options, NULL)) != -1) {
        if (letter == 'f')
            options->foreground = true;
        else if (letter == 'c')
            options->configuration = optarg;
        else if (!take_mode(options, letter))
            return false; /* getopt_long has said why */
    }
    if (optind < argc) {
        fprintf(stderr, "stird: unexpected argument: %s (-h for help)\n", argv[optind]);
        return false;
    }
    return true;
}
