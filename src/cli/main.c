/* The program stirctl: which command is meant, and its run. */
#include "command.h"
#include "help.h"
#include "json_text.h"
#include "tee.h"
#include "values.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/library_memory.h>
#include <string.h>

static const struct command command_help, command_version;

/* clang-format off */
static const struct command *const commands[] = {
    &command_init,
    &command_status,
    &command_stats,
    &command_sources,
    &command_reload,
    &command_restart,
    &command_explain,
    &command_numbers_set,
    &command_numbers_block,
    &command_numbers_unset,
    &command_numbers_list,
    &command_numbers_show,
    &command_numbers_lint,
    &command_numbers_diff,
    &command_numbers_compile,
    &command_switches,
    &command_trunk_list,
    &command_trunk_disable,
    &command_trunk_enable,
    &command_upstream_list,
    &command_upstream_disable,
    &command_upstream_enable,
    &command_drain_on,
    &command_drain_off,
    &command_signing_off,
    &command_signing_on,
    &command_verification_off,
    &command_verification_on,
    &command_log_level,
    &command_cert_list,
    &command_cert_check,
    &command_cert_import,
    &command_cert_renew,
    &command_cert_request,
    &command_cert_use,
    &command_certificates_cache,
    &command_certificates_show,
    &command_certificates_drop,
    &command_trust_list,
    &command_trust_refresh,
    &command_decode,
    &command_test_call,
    &command_monitors,
    &command_trace_add,
    &command_trace_list,
    &command_trace_save,
    &command_trace_remove,
    &command_lab_ca,
    &command_verify,
    &command_records_find,
    &command_records_verify,
    &command_signers,
    &command_report,
    &command_traceback,
    &command_secret_show_fingerprint,
    &command_secret_export,
    &command_secret_import,
    &command_shadow,
    &command_help,
    &command_version,
};
/* clang-format on */
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

int command_usage(const struct command *command)
{
    help_usage(stderr, command);
    return EXIT_USAGE;
}

int command_fault(const struct command *command, const char *fault)
{
    warn_said("stirctl: %s: %s\n", command->name, fault);
    return command_usage(command);
}

static int say_version(const struct cli *cli, const struct words *words)
{
    (void)words;
    if (cli->json)
        json_print(json_pack("{s:s}", "version", STIRD_VERSION));
    else
        puts("stirctl " STIRD_VERSION);
    return EXIT_SUCCESS;
}

static const struct command command_version = {
    .name = "version", .usage = "", .summary = "print the version", .run = say_version};

static const struct commands all = {commands, N_COMMANDS};

static int say_help(const struct cli *cli, const struct words *words);

static const struct cli_option help_options[] = {
    {"list", 'l', NULL, NULL, 0}, {"values", 'v', "NAME", NULL, 0}, {0}};

static const struct command command_help = {
    "help",   "[COMMAND]",  "print this, or what a command takes",
    say_help, help_options, "[COMMAND ...]"};

/* ---- which command ---- */

/* How many of the words in ARGV are the command's name; 0 when it is another command. */
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
    struct buf name = BUF_INIT;
    for (int i = 0; i < argc && i < 2; i++) {
        buf_add_text(&name, i > 0 ? " " : "");
        buf_add_shown(&name, str_of(argv[i]));
    }
    warn_said("stirctl: there is no command \"%.*s\" (stirctl help lists them)\n",
              STR_ARG(buf_str(&name)));
    buf_fini(&name);
    return EXIT_USAGE;
}

/* ---- help ---- */

static int say_help(const struct cli *cli, const struct words *words)
{
    int used;
    const struct command *c = find_command(words->n, words->word, &used);
    if (words_have(words, 'v'))
        return values_print(cli, words_value(words, 'v')) ? EXIT_SUCCESS : EXIT_FAILURE;
    if (words_have(words, 'l'))
        help_as_list(&all);
    else if (words->n == 0)
        help_of_all(&all, cli->json);
    else if (c && used == words->n)
        help_of_command(c, cli->json);
    else if (words->n > 1 || !help_of_group(&all, words->word[0], cli->json))
        return complain_of(words->n, words->word);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- one command ---- */

/* Takes the options that all commands have, wherever they stood. */
static void take_common(struct cli *cli, const struct words *words)
{
    cli->json = cli->json || words->json;
    if (words->configuration)
        cli->configuration = words->configuration;
    if (words->socket)
        cli->socket = words->socket;
}

static int out_of_memory(void)
{
    fputs("stirctl: out of memory\n", stderr);
    return EXIT_FAILURE;
}

static int run(const struct command *c, const struct cli *cli, struct words *words)
{
    if (words->help) {
        help_of_command(c, cli->json);
        return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    words_check(words, c);
    if (words->fault.n == 0)
        return c->run(cli, words);
    buf_add_char(&words->fault, '\0');
    return buf_failed(&words->fault) ? out_of_memory() : command_fault(c, words->fault.p);
}

int command_call(const struct command *command, const struct cli *cli, int n,
                 const char *const *list)
{
    struct words words = {0};
    int status = EXIT_FAILURE;
    char **copy = calloc((size_t)n + 1, sizeof(*copy));
    for (int i = 0; copy && i < n; i++)
        copy[i] = (char *)(uintptr_t)list[i]; /* read, and never written */
    if (copy && words_read(&words, command->options, n, copy, false) >= 0)
        status = run(command, cli, &words);
    words_fini(&words);
    free(copy);
    return status;
}

/* Answers a line without a command, or with a mistake before it. */
static int say_fault(struct words *words)
{
    warn_said("stirctl: %.*s (stirctl help)\n", STR_ARG(buf_str(&words->fault)));
    return EXIT_USAGE;
}

/* ---- the whole line ---- */

/* Its words, without options between them, and how many of the words of the line they took. */
struct named {
    const struct command *command; /* NULL: there is none */
    char *name[2];
    int n, used;
};

/* False: no memory. */
static bool read_name(struct named *named, struct words *words, int n, char **list)
{
    int used = 0;
    while (!named->command && named->n < 2) {
        int read = words_read(words, NULL, n - named->used, list + named->used, true);
        if (read < 0)
            return false;
        named->used += read;
        if (named->used == n || (named->n > 0 && !help_is_group(&all, named->name[0])))
            break;
        named->name[named->n++] = list[named->used++];
        named->command = find_command(named->n, named->name, &used);
    }
    return true;
}

static int without_command(const struct cli *cli, const struct named *named, struct words *words)
{
    bool group = named->n == 1 && help_is_group(&all, named->name[0]);
    if (words->version)
        return say_version(cli, words);
    if (words->help && named->n == 0) {
        help_of_all(&all, cli->json);
        return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    if (words->fault.n > 0 && (named->n == 0 || group))
        return say_fault(words);
    if (group && help_of_group(&all, named->name[0], cli->json))
        return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
    if (named->n > 0)
        return complain_of(named->n, (char **)named->name);
    if (cli->json)
        fputs("stirctl: which command? (stirctl help lists them)\n", stderr);
    else
        help_of_all(&all, false);
    return EXIT_USAGE;
}

static int run_line(struct cli *cli, struct words *words, int n, char **list)
{
    struct named named = {0};
    bool good = read_name(&named, words, n, list);
    const struct cli_option *options = named.command ? named.command->options : NULL;
    bool early = words->fault.n > 0;
    if (good)
        good = words_read(words, options, n - named.used, list + named.used, false) >= 0;
    take_common(cli, words);
    if (cli->json)
        tee_begin();
    if (!good)
        return out_of_memory();
    if (!named.command || words->version)
        return without_command(cli, &named, words);
    return early && !words->help ? say_fault(words) : run(named.command, cli, words);
}

/* ---- standard output ---- */

/* Where one of the first three descriptors is closed, the next file to be opened would get its
   number, and be written to. */
static void fill_standard(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY}; /* what then fails is told */
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", modes[fd]);
}

/* Whatever the STATUS of a command, its output may be lost, on a full disk or to a closed file. */
static int check_output(int status)
{
    bool before = ferror(stdout);
    errno = 0;
    if (fflush(stdout) == 0 && !before)
        return status;
    fprintf(stderr, "stirctl: standard output: %s\n",
            errno ? strerror(errno) : "not all could be written");
    return status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}

int main(int argc, char **argv)
{
    library_memory_watch();
    fill_standard();
    struct cli cli = {.configuration = CONFIGURATION_DEFAULT};
    struct words words = {0};
    shown_begin();
    int status = run_line(&cli, &words, argc > 0 ? argc - 1 : 0, argv + (argc > 0));
    status = tee_end(check_output(status));
    words_fini(&words);
    return status;
}
