#include "command.h"
#include "help.h"
#include "tee.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_init,
    &command_status,
    &command_stats,
    &command_sources,
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
    &command_secret_show_fingerprint,
    &command_secret_export,
    &command_secret_import,
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

const struct command command_version = {"version", "", "print the version", say_version, NULL};

static const struct commands all = {commands, N_COMMANDS};

/* ARGV[0] is "help", as of any command. */
static int say_help(const struct cli *cli, int argc, char **argv);

const struct command command_help = {"help", "[COMMAND]", "print this, or what a command takes",
                                     say_help, ""};

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

static const struct command *find_command(int argc, char **argv, int *words)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if ((*words = words_of(commands[i], argc, argv)) > 0)
            return commands[i];
    return NULL;
}

static int complain_of(int argc, char **argv)
{
    fprintf(stderr, "stirctl: there is no command \"%s%s%s\" (stirctl help lists them)\n", argv[0],
            argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
    return EXIT_USAGE;
}

static int say_help(const struct cli *cli, int argc, char **argv)
{
    int words;
    (void)cli;
    const struct command *c = argc > 1 ? find_command(argc - 1, argv + 1, &words) : NULL;
    if (argc == 1)
        help_of_all(&all);
    else if (strcmp(argv[1], "--list") == 0)
        help_as_list(&all);
    else if (c)
        help_of_command(c);
    else if (!help_of_group(&all, argv[1]))
        return complain_of(argc - 1, argv + 1);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --json may also stand behind the command, where people write it: it is taken out. */
static int take_json(struct cli *cli, int argc, char **argv, int words)
{
    int kept = words;
    bool options = true; /* until "--" */
    for (int a = words; a < argc; a++) {
        options = options && strcmp(argv[a], "--") != 0;
        if (options && (strcmp(argv[a], "--json") == 0 || strcmp(argv[a], "-j") == 0))
            cli->json = true;
        else
            argv[kept++] = argv[a];
    }
    argv[kept] = NULL;
    return kept;
}

/* Of a command that has no options, what looks like one is nobody's file and nobody's number. */
static const char *foreign_option(const struct command *c, int argc, char **argv)
{
    for (int i = 0; !c->options && i < argc && strcmp(argv[i], "--") != 0; i++)
        if (argv[i][0] == '-' && argv[i][1] != '\0')
            return argv[i];
    return NULL;
}

static int run_command(struct cli *cli, int argc, char **argv)
{
    int words = 0, rest = argc;
    const struct command *c = find_command(argc, argv, &words);
    rest = take_json(cli, argc, argv, c ? words : 1);
    if (cli->json)
        tee_begin();
    if (c && help_is_wanted(rest - words, argv + words)) {
        help_of_command(c);
        return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    if (!c && (rest == 1 || help_is_wanted(rest - 1, argv + 1)) && help_of_group(&all, argv[0]))
        return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
    if (!c)
        return complain_of(rest, argv);
    const char *foreign = foreign_option(c, rest - words, argv + words);
    if (foreign) {
        fprintf(stderr, "stirctl: %s takes no option %s (a file of that name: ./%s)\n", c->name,
                foreign, foreign);
        return command_usage(c);
    }
    optind = 0; /* glibc begins anew, and takes options between words again */
    return c->run(cli, rest - words + 1, argv + words - 1);
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
            help_of_all(&all);
            return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
        case 'V':
            return say_version(&cli, 1, argv);
        default:
            return EXIT_USAGE;
        }
    }
    if (optind == argc) {
        help_of_all(&all);
        return EXIT_USAGE;
    }
    return tee_end(run_command(&cli, argc - optind, argv + optind));
}
