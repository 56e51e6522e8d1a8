/*
 * stirctl restart: looks first whether stird would start again, by the program that is installed
 * now, and only then lets the service manager restart it.
 */
#include "progress.h"
#include "session.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Its standard output goes to OUTPUT. */
static bool run_program_to(int output, const char *const argv[])
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(output, STDOUT_FILENO);
        execvp(argv[0], (char *const *)argv);
        warn_said("stirctl: %s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* What it says is for people, as our standard output is not with --json. */
static bool run_program(const char *const argv[])
{
    return run_program_to(STDERR_FILENO, argv);
}

/* A property of the unit, without its end of line; false: the service manager does not answer. It
   says so in less than a pipe holds. */
static bool property(const char *unit, const char *name, char *value, size_t room)
{
    const char *const words[] = {"systemctl", "show", "-P", name, "--", unit, NULL};
    int ends[2];
    if (pipe(ends))
        return false;
    const bool good = run_program_to(ends[1], words);
    close(ends[1]);
    const ssize_t n = good ? read(ends[0], value, room - 1) : -1;
    close(ends[0]);
    value[n > 0 ? n : 0] = '\0';
    value[strcspn(value, "\n")] = '\0';
    return n >= 0;
}

static bool is_there(const char *unit)
{
    char state[32];
    if (!property(unit, "LoadState", state, sizeof(state))) {
        warn_said("stirctl: the service manager does not answer (systemctl show): nothing is "
                  "restarted\n");
        return false;
    }
    if (strcmp(state, "not-found") != 0)
        return true;
    warn_said("stirctl: there is no unit %s: nothing is restarted\n", unit);
    return false;
}

/* Whether the service manager has any socket of the unit for its next start. */
static bool keeps_sockets(const char *unit)
{
    char number[24];
    uint64_t kept = 0;
    return property(unit, "NFileDescriptorStore", number, sizeof(number)) &&
           str_to_u64(str_of(number), UINT64_MAX, &kept) && kept > 0;
}

/* The configuration that the unit starts with, by its `-c FILE`, which a drop-in may have changed;
   NULL: it is not said, or not in plain words. */
static const char *named_by_unit(const char *unit, char *words, size_t room)
{
    static const char option[] = " -c ";
    if (!*unit || !property(unit, "ExecStart", words, room))
        return NULL;
    char *path = strstr(words, option);
    if (!path)
        return NULL;
    path += sizeof(option) - 1;
    path[strcspn(path, " ")] = '\0';
    return *path == '/' && !strpbrk(path, "\"'\\") ? path : NULL;
}

static bool would_start(const struct cli *cli, const char *program, const char *configuration)
{
    const char *const check[] = {program, "-t", "-c", configuration, NULL};
    if (strcmp(configuration, cli->configuration) != 0)
        warn_said("stirctl: stird starts with %s, so that is checked\n", configuration);
    if (run_program(check))
        return true;
    warn_said("stirctl: %s would not start: the running stird goes on. Mend what is said above\n",
              program);
    return false;
}

static bool restart(const struct cli *cli, const char *unit)
{
    const char *const words[] = {"systemctl", "restart", "--", unit, NULL};
    progress_begin(cli, "stirctl: restarting");
    const bool good = run_program(words);
    progress_end();
    if (good)
        return true;
    warn_said("stirctl: systemctl restart %s failed: see systemctl status %s\n", unit, unit);
    return false;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* The stop that follows is one half of a restart: calls are left to the other half. */
static bool announce(const struct cli *cli)
{
    json_t *reply = session_json(cli, ADMIN_RESTART, false, STR("now"), SESSION_TIMEOUT_MS);
    bool good = reply != NULL;
    json_decref(reply);
    return good;
}

static int carry_out(const struct cli *cli, const char *unit)
{
    const bool kept = keeps_sockets(unit);
    if (!kept)
        fprintf(stderr, "stirctl: the service manager keeps no sockets of this stird "
                        "(FileDescriptorStoreMax): it drains first, and then starts\n");
    if ((kept && !announce(cli)) || !restart(cli, unit))
        return EXIT_FAILURE;
    if (cli->json)
        printf("{\"restarted\": true}\n");
    else
        printf("restarted\n");
    return EXIT_SUCCESS;
}

/* The unit's comes first, as that is what starts; without a word of it, what the running stird
   has. */
static int look_and_restart(const struct cli *cli, const json_t *about, const char *unit)
{
    char words[PATH_MAX * 2];
    const char *running = text_of(about, "configuration");
    const char *of_unit = named_by_unit(unit, words, sizeof(words));
    const char *starts = of_unit ? of_unit : *running ? running : cli->configuration;
    if (!would_start(cli, text_of(about, "program"), starts))
        return EXIT_FAILURE;
    if (*unit)
        return carry_out(cli, unit);
    fprintf(stderr, "stirctl: this stird is no service of systemd: restart it by what has "
                    "started it, or name its unit with --unit\n");
    return EXIT_FAILURE;
}

static int run(const struct cli *cli, const struct words *words)
{
    json_t *about = session_json(cli, ADMIN_RESTART, false, STR(""), SESSION_TIMEOUT_MS);
    if (!about)
        return EXIT_FAILURE;
    const char *named = words_value(words, 'u'), *unit = named ? named : text_of(about, "unit");
    int status = EXIT_FAILURE;
    if (!*unit || is_there(unit))
        status = look_and_restart(cli, about, unit);
    json_decref(about);
    return status;
}

static const struct cli_option options[] = {
    {"unit", 'u', "UNIT", "its unit of systemd, where stird does not know it", 0}, {0}};

const struct command command_restart = {
    "restart", "[--unit UNIT]", "restart stird and lose no call, if it would start again",
    run,       options,         NULL};
