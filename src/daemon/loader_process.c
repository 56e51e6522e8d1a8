#include "loader_process.h"

#include "landlock.h"
#include "roles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/control.h>
#include <stird/log.h>
#include <stird/numbers_texts.h>
#include <stird/overlay.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOADER_NICE 10

static int send_problems(int control_fd, struct problems *problems)
{
    struct control_message alarm = {.type = CONTROL_ALARM};
    struct buf text = BUF_INIT;
    int r = -ENOMEM;
    int fd = memfd_create("problems", MFD_CLOEXEC);
    problems_print(problems, &text);
    if (fd >= 0 && !buf_failed(&text) && write(fd, text.p, text.n) == (ssize_t)text.n)
        r = control_send(control_fd, &alarm, &fd, 1);
    if (fd >= 0)
        close(fd);
    buf_fini(&text);
    return r;
}

static int send_configuration(int control_fd, const struct configuration *c)
{
    struct control_message message = {
        .type = CONTROL_SNAPSHOT, .read_at_s = c->read_at_s, .urgent_faults = c->urgent_faults};
    const int fds[] = {c->files_fd, c->numbers_fd};
    return control_send(control_fd, &message, fds, 2);
}

/*
 * Configuration, certificates and tables come from others: before any of it is read there is no way
 * left to write, to connect or to run a program.
 */
static bool give_up_rights(const struct settings *present)
{
    static const char *const readable[] = {"/", NULL};
    const struct role_keeps keeps = {.readable = readable,
                                     .landlock_required = present->landlock_required};
    return roles_narrow(ROLE_LOADER, &keeps) == 0;
}

static bool add_paths(char **list, size_t *n, const struct str *paths, unsigned n_paths)
{
    for (unsigned i = 0; i < n_paths; i++)
        if (paths[i].n > 0 && !(list[(*n)++] = strndup(paths[i].p, paths[i].n)))
            return false;
    return true;
}

/* The tables, and what was changed since: what is read from here on. NULL: no memory. */
static char **list_tables(const struct settings *s)
{
    const struct numbers_paths paths = numbers_paths_of(s);
    size_t n = 0;
    char **list = calloc((size_t)paths.n_tables + paths.n_customers + 3, sizeof(*list));
    bool good = list && add_paths(list, &n, &paths.compiled, 1) &&
                add_paths(list, &n, paths.tables, paths.n_tables) &&
                add_paths(list, &n, paths.customers, paths.n_customers) &&
                asprintf(&list[n], "%.*s/" OVERLAY_FILE, STR_ARG(s->state_directory)) >= 0;
    return good ? list : NULL; /* the process ends without */
}

/* Keys and all other files go too, before the longest texts, and those of most others, are read.
   Where the kernel has no Landlock it was said or refused at the beginning. */
static bool give_up_other_files(const struct settings *s)
{
    char **list = list_tables(s);
    int r = list ? landlock_give_up_files((const char *const *)list) : -ENOMEM;
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
    if (r && r != -EOPNOTSUPP)
        log_error("the loader cannot give up files", LOG_CSTR("error", strerror(-r)));
    return r == 0 || r == -EOPNOTSUPP;
}

int loader_main(const struct loader_options *options, int control_fd)
{
    struct configuration next = CONFIGURATION_INIT;
    struct problems problems = PROBLEMS_INIT;
    int r;
    /* Compiling a large table takes seconds: calls go before it, where the sandbox lets us say so.
     */
    if (setpriority(PRIO_PROCESS, 0, LOADER_NICE))
        log_debug("the loader runs beside the calls", LOG_CSTR("error", strerror(errno)));
    if (!give_up_rights(options->present->settings))
        return EXIT_FAILURE;
    if (configuration_load(&next, options->path, options->present, give_up_other_files, &problems) &&
        configuration_may_follow(&next, options->present, options->started_with, options->path,
                                 &problems)) {
        configuration_log_warnings(&next);
        r = send_configuration(control_fd, &next);
    } else {
        r = send_problems(control_fd, &problems);
    }
    configuration_fini(&next);
    problems_fini(&problems);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
