/*
 * command - what the commands of stirctl share: one file cmd_NAME.c each, one line in the table of
 * main.c. A command says things for people on standard output, or one JSON text with --json;
 * complaints go to standard error. What stands behind its name is read before it runs, by its table
 * of options (words.h); it says itself only what a table cannot (command_fault()). Its exit status:
 * 0 done, 1 refused or not found, 2 wrong usage.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "shown.h"
#include "words.h"

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
    /* WORDS are as many as `words` says, with the options that are needed. */
    int (*run)(const struct cli *cli, const struct words *words);
    const struct cli_option *options; /* NULL: none of its own */
    /* The words that are not options: "NUMBER [CUSTOMER]", "[FILE ...]"; NULL: none. */
    const char *words;
};

/* Says how it is used on standard error; returns EXIT_USAGE. */
int command_usage(const struct command *command);
/* The same, preceded by what is wrong; FAULT is our own text. */
int command_fault(const struct command *command, const char *fault);
/* As if N WORDS stood behind COMMAND's name. */
int command_call(const struct command *command, const struct cli *cli, int n,
                 const char *const *words);

/* For `verify --online`: what the trunk's service makes of the INVITE in FILE, its certificates
   fetched as `explain --online` does. TRUNK: NULL is the only one that verifies; AT: NULL is now.
   Returns the status of verify: 0 passed, 1 not, 3 open, 2 for any trouble. */
int command_explain_verdict(const struct cli *cli, const char *trunk, const char *at,
                            const char *file);

extern const struct command command_test_call;
extern const struct command command_cert_check;
extern const struct command command_cert_import;
extern const struct command command_cert_list;
extern const struct command command_cert_renew;
extern const struct command command_cert_request;
extern const struct command command_cert_use;
extern const struct command command_certificates_cache;
extern const struct command command_certificates_drop;
extern const struct command command_certificates_show;
extern const struct command command_decode;
extern const struct command command_drain_off;
extern const struct command command_drain_on;
extern const struct command command_explain;
extern const struct command command_init;
extern const struct command command_lab_ca;
extern const struct command command_log_level;
extern const struct command command_monitors;
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
extern const struct command command_report;
extern const struct command command_restart;
extern const struct command command_secret_export;
extern const struct command command_secret_import;
extern const struct command command_secret_show_fingerprint;
extern const struct command command_shadow;
extern const struct command command_signers;
extern const struct command command_signing_off;
extern const struct command command_signing_on;
extern const struct command command_sources;
extern const struct command command_stats;
extern const struct command command_status;
extern const struct command command_switches;
extern const struct command command_trace_add;
extern const struct command command_trace_list;
extern const struct command command_trace_remove;
extern const struct command command_trace_save;
extern const struct command command_traceback;
extern const struct command command_trunk_disable;
extern const struct command command_trunk_enable;
extern const struct command command_trunk_list;
extern const struct command command_trust_list;
extern const struct command command_trust_refresh;
extern const struct command command_upstream_disable;
extern const struct command command_upstream_enable;
extern const struct command command_upstream_list;
extern const struct command command_verification_off;
extern const struct command command_verification_on;
extern const struct command command_verify;

#endif
