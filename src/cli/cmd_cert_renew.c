/*
 * Gets new units for certificates that have little of their life left: by a program of the
 * operator's, which is told which one and puts key.pem, chain.pem and x5u into a directory.
 */
#include "json_text.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/regular_file.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct renewal {
    const struct cli *cli;
    const char *hook;
    bool all;        /* whatever their life */
    double fraction; /* the part of it that must be left */
    unsigned due, failed;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* ---- one certificate ---- */

static bool set_environment(const json_t *c, const char *directory)
{
    char days[32];
    snprintf(days, sizeof(days), "%" JSON_INTEGER_FORMAT,
             json_integer_value(json_object_get(c, "days_left")));
    const struct {
        const char *name, *value;
    } variables[] = {{"STIRD_CERTIFICATE", text_of(c, "id")},
                     {"STIRD_SPC", text_of(c, "spc")},
                     {"STIRD_SUBJECT", text_of(c, "subject")},
                     {"STIRD_X5U", text_of(c, "x5u")},
                     {"STIRD_DAYS_LEFT", days},
                     {"STIRD_OUT", directory}};
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        if (setenv(variables[i].name, variables[i].value, 1))
            return false;
    return true;
}

static bool run_program(char *const argv[], const json_t *c, const char *directory)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (!c || set_environment(c, directory))
            execvp(argv[0], argv);
        warn_said("stirctl: %s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
    if (status != 0)
        warn_said("stirctl: %s ended with %d\n", argv[0],
                  WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    return status == 0;
}

static bool read_line(const char *path, char *line, size_t bytes)
{
    int fd = regular_file_open(AT_FDCWD, path, O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, line, bytes - 1) : -1;
    if (fd >= 0)
        close(fd);
    line[n > 0 ? n : 0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    if (n <= 0)
        warn_said("stirctl: %s: the program has not written it\n", path);
    return n > 0;
}

/* Imported by this program's own command, which checks everything. */
static bool import(const struct renewal *r, const char *id, const char *directory)
{
    char key[4200], chain[4200], x5u_path[4200], x5u[512];
    snprintf(key, sizeof(key), "%s/key.pem", directory);
    snprintf(chain, sizeof(chain), "%s/chain.pem", directory);
    snprintf(x5u_path, sizeof(x5u_path), "%s/x5u", directory);
    if (!read_line(x5u_path, x5u, sizeof(x5u)))
        return false;
    const char *const words[] = {"--key", key, "--chain", chain, "--x5u", x5u, "--", id};
    return command_call(&command_cert_import, r->cli, 8, words) == 0;
}

static void remove_all(const char *directory)
{
    static const char *const names[] = {"key.pem", "chain.pem", "x5u"};
    char path[4200];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        unlink(path);
    }
    if (rmdir(directory))
        warn_said("stirctl: %s: %s\n", directory, strerror(errno));
}

/* Asked before anything else, so that no certificate is ordered that cannot be installed: a user
   who may look at the running stird may still have no right to read its files. */
static bool may_import(const struct renewal *r)
{
    struct settings *s = session_paths(r->cli);
    bool may = s != NULL;
    settings_free(s);
    return may;
}

static bool renew(const struct renewal *r, const json_t *c)
{
    char directory[] = "/tmp/stird-renew-XXXXXX";
    char *argv[] = {(char *)r->hook, NULL};
    if (!may_import(r))
        return false;
    if (!mkdtemp(directory)) {
        warn_said("stirctl: %s: %s\n", directory, strerror(errno));
        return false;
    }
    bool good = run_program(argv, c, directory) && import(r, text_of(c, "id"), directory);
    remove_all(directory);
    return good;
}

/* ---- all of them ---- */

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Found as execvp() would find it. Looked for at once, because a missing hook should not be noticed
   only on the day it is needed. */
static bool hook_is_there(const char *hook)
{
    const char *folders = getenv("PATH");
    struct str rest = str_of(folders ? folders : "/bin:/usr/bin");
    char path[4200];
    bool found = strchr(hook, '/') && is_program(hook);
    while (!strchr(hook, '/') && !found && rest.n > 0) {
        struct str folder = str_cut(&rest, ':');
        snprintf(path, sizeof(path), "%.*s/%s", STR_ARG(folder.n > 0 ? folder : STR(".")), hook);
        found = is_program(path);
    }
    if (!found)
        fprintf(stderr, "stirctl: --hook %s: there is no such program that may be run\n", hook);
    return found;
}

static bool is_due(const struct renewal *r, const json_t *c)
{
    double from = (double)json_integer_value(json_object_get(c, "not_before"));
    double to = (double)json_integer_value(json_object_get(c, "not_after"));
    double left = (double)json_integer_value(json_object_get(c, "days_left")) * 86400;
    return r->all || left < (to - from) * r->fraction;
}

/* The newest unit of each certificate comes first. */
static void renew_due(struct renewal *r, const json_t *certificates)
{
    const char *before = "";
    size_t i;
    json_t *c;
    json_array_foreach(certificates, i, c)
    {
        bool newest = strcmp(text_of(c, "id"), before) != 0;
        before = text_of(c, "id");
        if (!newest || !is_due(r, c))
            continue;
        r->due++;
        if (!renew(r, c))
            r->failed++;
    }
}

static const struct cli_option options[] = {
    {"hook", 'h', "PROGRAM", "makes key.pem, chain.pem and x5u in the directory STIRD_OUT",
     OPTION_NEEDED},
    {"left", 'l', "FRACTION", "of its life that makes one due; else a third", 0},
    {"all", 'a', NULL, "all of them, due or not", 0},
    {0}};

/* False: there is no such fraction. */
static bool read_options(struct renewal *r, const struct words *words)
{
    char none = '\0', *end = &none;
    const char *left = words_value(words, 'l');
    r->hook = words_value(words, 'h');
    r->all = words_have(words, 'a');
    if (left)
        r->fraction = strtod(left, &end);
    return (!left || *left) && !*end && r->fraction > 0 && r->fraction <= 1;
}

static int run(const struct cli *cli, const struct words *words)
{
    struct renewal r = {.cli = cli, .fraction = 1.0 / 3};
    if (!read_options(&r, words))
        return command_fault(&command_cert_renew,
                             "--left is a part of a life: more than 0, at most 1");
    if (!hook_is_there(r.hook))
        return EXIT_FAILURE;
    json_t *status = session_json(cli, ADMIN_STATUS, false, STR(""), SESSION_TIMEOUT_MS);
    const json_t *certificates = json_object_get(status, "certificates");
    renew_due(&r, certificates);
    if (certificates && cli->json)
        json_print(json_pack("{s:i,s:i}", "due", (int)r.due, "failed", (int)r.failed));
    else if (certificates)
        printf("%u due, %u failed\n", r.due, r.failed);
    int result = certificates && r.failed == 0 && !fflush(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
    json_decref(status);
    return result;
}

const struct command command_cert_renew = {
    "cert renew",
    "--hook PROGRAM [--left FRACTION] [--all]",
    "get new units by a program of yours for certificates that need one",
    run,
    options,
    NULL};
