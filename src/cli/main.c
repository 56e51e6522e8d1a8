#include "command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_init,
    &command_status,
    &command_stats,
    &command_reload,
    &command_explain,
    &command_numbers_set,
    &command_numbers_block,
    &command_numbers_unset,
    &command_numbers_list,
    &command_numbers_show,
    &command_numbers_lint,
    &command_numbers_diff,
    &command_numbers_compile,
    &command_cert_list,
    &command_cert_check,
    &command_cert_import,
    &command_cert_renew,
    &command_cert_request,
    &command_decode,
    &command_lab_ca,
    &command_verify,
    &command_records_find,
    &command_records_verify,
    &command_help,
    &command_version,
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

int command_usage(const struct command *command)
{
    fprintf(stderr, "usage: stirctl %s%s%s\n", command->name, command->usage[0] ? " " : "",
            command->usage);
    return EXIT_USAGE;
}

static int say_version(const struct cli *cli, int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return command_usage(&command_version);
    return printf(cli->json ? "{\"version\":\"%s\"}\n" : "stirctl %s\n", STIRD_VERSION) < 0;
}

const struct command command_version = {"version", "", "print the version", say_version};

static int say_help(const struct cli *cli, int argc, char **argv)
{
    (void)cli, (void)argc, (void)argv;
    printf("usage: stirctl [-j] [-c FILE] [-s SOCKET] COMMAND ...\n\n"
           "  -j, --json           one JSON text instead of text for people\n"
           "  -c, --config FILE    configuration (/etc/stird/stird.conf)\n"
           "  -s, --socket FILE    control socket; else the one of the configuration\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        printf("  %-20s %s\n", commands[i]->name, commands[i]->summary);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_help = {"help", "", "print this", say_help};

/* How many of ARGV's words are the command's name; 0: it is another command. */
static int words_of(const struct command *command, int argc, char **argv)
{
    const char *name = command->name;
    for (int used = 0; used < argc; used++) {
        size_t n = strlen(argv[used]);
        if (strncmp(name, argv[used], n) != 0 || (name[n] != ' ' && name[n] != '\0'))
            return 0;
        if (name[n] == '\0')
            return used + 1;
        name += n + 1;
    }
    return 0;
}

static int run_command(struct cli *cli, int argc, char **argv)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        int words = words_of(commands[i], argc, argv);
        if (words == 0)
            continue;
        /* --json may also stand behind the command, where people write it. */
        int kept = words;
        for (int a = words; a < argc; a++) {
            if (strcmp(argv[a], "--json") == 0)
                cli->json = true;
            else
                argv[kept++] = argv[a];
        }
        argv[kept] = NULL;
        optind = 0; /* glibc begins anew, and takes options between words again */
        return commands[i]->run(cli, kept - words + 1, argv + words - 1);
    }
    fprintf(stderr, "stirctl: there is no command \"%s%s%s\" (stirctl help lists them)\n", argv[0],
            argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},         {"config", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},      {0},
    };
    struct cli cli = {.configuration = CONFIGURATION_DEFAULT};
    int letter;
    /* +: what follows the command's name is the command's. */
    while ((letter = getopt_long(argc, argv, "+jc:s:hV", options, NULL)) != -1) {
        switch (letter) {
        case 'j':
            cli.json = true;
            break;
        case 'c':
            cli.configuration = optarg;
            break;
        case 's':
            cli.socket = optarg;
            break;
        case 'h':
            return say_help(&cli, 1, argv);
        case 'V':
            return say_version(&cli, 1, argv);
        default:
            return EXIT_USAGE;
        }
    }
    if (optind == argc) {
        say_help(&cli, 1, argv);
        return EXIT_USAGE;
    }
    return run_command(&cli, argc - optind, argv + optind);
}
