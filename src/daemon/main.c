/* The program stird: its options, then a check or the supervisor. */
#include "descriptor_store.h"
#include "dry_run.h"
#include "detach.h"
#include "options.h"
#include "privileges.h"
#include "retry.h"
#include "service_user.h"
#include "daemon/supervisor/supervisor.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/core/library_memory.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A descriptor 0, 1 or 2 that is closed would be taken by a socket, and get the log's lines. */
static void open_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

static void warn_of_root(void)
{
    if (geteuid() == 0 && !service_user_is_waiting())
        log_warning("stird runs as root, and so do its processes: give them an account "
                    "(security.user, systemd/stird.service)");
}

/* In the background the working directory is a different one, and a reload reads the file again. */
static char *absolute_path(const char *path)
{
    char *absolute = NULL;
    char *directory = path[0] == '/' ? strdup("") : getcwd(NULL, 0);
    if (!directory || asprintf(&absolute, path[0] == '/' ? "%s%s" : "%s/%s", directory, path) < 0)
        absolute = NULL;
    free(directory);
    return absolute;
}

/* Connections are bounded by limits.connections; the soft limit is for programs with select(). */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* A person watches, on a terminal that knows colours. */
static bool is_watched(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDERR_FILENO) && (!no || !*no) && term && strcmp(term, "dumb") != 0;
}

static int serve(const struct options *options)
{
    int ready_fd = -1;
    int status = EXIT_FAILURE;
    bool journal = detach_stderr_is_journal();
    retry_start();
    descriptor_store_open();
    log_dress(options->foreground && !journal, is_watched());
    log_open("supervisor", STDERR_FILENO, journal);
    raise_descriptor_limit();
    char *path = absolute_path(options->configuration);
    struct supervisor *s = path ? supervisor_new(str_of(path), &status) : NULL;
    if (!s)
        goto out;
    if (!options->foreground && !detach(&ready_fd, &journal))
        goto out;
    log_count_together();
    if (journal)
        log_to_journal(detach_open_journal());
    log_open("supervisor", STDERR_FILENO, journal);
    warn_of_root();
    if (privileges_drop() == 0)
        status = supervisor_run(s, journal, options->foreground ? NULL : detach_ready, &ready_fd);
out:
    supervisor_free(s);
    free(path);
    if (status == EXIT_FAILURE)
        retry_pause();
    return status;
}

static int check(const struct options *options)
{
    return dry_run_check(str_of(options->configuration));
}

static int print(const struct options *options)
{
    return dry_run_print_configuration(str_of(options->configuration));
}

static int budget(const struct options *options)
{
    return dry_run_print_memory(str_of(options->configuration));
}

static int say(const char *text)
{
    return fputs(text, stdout) < 0 || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int version(const struct options *options)
{
    (void)options;
    return say("stird " STIRD_VERSION "\n");
}

static int help(const struct options *options)
{
    (void)options;
    return say(options_usage);
}

static int (*const modes[])(const struct options *options) = {
    [MODE_RUN] = serve,     [MODE_CHECK] = check,     [MODE_PRINT] = print,
    [MODE_BUDGET] = budget, [MODE_VERSION] = version, [MODE_HELP] = help,
};

/* The output that was asked for may be lost, on a full disk or to a CLOSED file. */
static int check_output(int status, bool closed)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout) || (closed && status == EXIT_SUCCESS);
    if (failed)
        fprintf(stderr, "stird: standard output: %s\n",
                closed ? "is closed" : "not all could be written");
    return failed && status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}

int main(int argc, char **argv)
{
    struct options options;
    bool closed = fcntl(STDOUT_FILENO, F_GETFD) < 0;
    library_memory_watch();
    umask(077);
    open_standard_descriptors();
    if (!options_parse(&options, argc, argv))
        return 2;
    int status = modes[options.mode](&options);
    return options.mode == MODE_RUN ? status : check_output(status, closed);
}
