/*
 * command - what the commands of stirctl share: one file cmd_NAME.c each, one line in the table of
 * main.c. A command says things for people on standard output, or one JSON text with --json;
 * complaints go to standard error. Its exit status: 0 done, 1 refused or not found, 2 wrong usage.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

#define EXIT_USAGE            2
#define CONFIGURATION_DEFAULT "/etc/stird/stird.conf"

struct cli {
    bool json;
    const char *configuration; /* -c FILE; never NULL */
    const char *socket;        /* -s FILE; NULL: that of the configuration's runtime_directory */
};

struct command {
    const char *name;    /* one or two words: "reload", "numbers lint" */
    const char *usage;   /* what follows the name */
    const char *summary; /* one line for the help */
    /* argv[0] is the last word of the name; options by getopt_long(), optind is 1. */
    int (*run)(const struct cli *cli, int argc, char **argv);
    const char
        *options; /* a line each: "--wait     until ..."; NULL: it has none, "": told nowhere */
};

/* Says how it is used on standard error; returns EXIT_USAGE. */
int command_usage(const struct command *command);

extern const struct command command_cert_check;
extern const struct command command_cert_import;
extern const struct command command_cert_list;
extern const struct command command_cert_renew;
extern const struct command command_cert_request;
extern const struct command command_decode;
extern const struct command command_explain;
extern const struct command command_help;
extern const struct command command_init;
extern const struct command command_lab_ca;
extern const struct command command_numbers_block;
extern const struct command command_numbers_compile;
extern const struct command command_numbers_diff;
extern const struct command command_numbers_lint;
extern const struct command command_numbers_list;
extern const struct command command_numbers_set;
extern const struct command command_numbers_show;
extern const struct command command_numbers_unset;
extern const struct command command_records_find;
extern const struct command command_records_verify;
extern const struct command command_reload;
extern const struct command command_secret_export;
extern const struct command command_secret_import;
extern const struct command command_secret_show_fingerprint;
extern const struct command command_sources;
extern const struct command command_stats;
extern const struct command command_status;
extern const struct command command_verify;
extern const struct command command_version;

#endif
