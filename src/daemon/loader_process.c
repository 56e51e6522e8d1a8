#include "loader_process.h"

#include "roles.h"
#include "tables_process.h"

#include <errno.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/base/memory_file.h>
#include <stird/io/control.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOADER_NICE 10

/* The lines in TEXT as a file; -1: there are none, or no memory. */
static int file_of(const char *name, const struct buf *text)
{
    int fd = text->n > 0 && !buf_failed(text) ? memory_file_new(name) : -1;
    if (fd >= 0 && (write(fd, text->p, text->n) != (ssize_t)text->n || memory_file_seal(fd))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int send_problems(int control_fd, struct problems *problems)
{
    struct control_message mistakes = {.type = CONTROL_MISTAKES};
    struct buf text = BUF_INIT;
    problems_print(problems, &text);
    int fd = file_of("problems", &text);
    int r = fd >= 0 ? control_send(control_fd, &mistakes, &fd, 1) : -ENOMEM;
    if (fd >= 0)
        close(fd);
    buf_fini(&text);
    return r;
}

/* The warnings go along, for whoever asked for the reload. */
static int send_configuration(int control_fd, const struct configuration *c)
{
    struct control_message message = {.type = CONTROL_LOADED,
                                      .loaded = {.urgent_faults = c->urgent_faults,
                                                 .urgent_unknown = c->urgent_unknown,
                                                 .forced = c->is_forced}};
    struct buf text = BUF_INIT;
    configuration_print_warnings(c, &text);
    const int fds[] = {c->files_fd, c->numbers_fd, file_of("warnings", &text)};
    int r = control_send(control_fd, &message, fds, fds[2] >= 0 ? 3 : 2);
    if (fds[2] >= 0)
        close(fds[2]);
    buf_fini(&text);
    return r;
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
    if (configuration_load(&next, options->path, options->present, tables_give_up_other_files,
                           &problems) &&
        configuration_may_follow(&next, options->present, options->started_with, options->force,
                                 options->path, &problems)) {
        configuration_log_warnings(&next);
        r = send_configuration(control_fd, &next);
    } else {
        r = send_problems(control_fd, &problems);
    }
    configuration_fini(&next);
    problems_fini(&problems);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
