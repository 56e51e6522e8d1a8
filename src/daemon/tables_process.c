#include "tables_process.h"

#include "aside.h"
#include "landlock.h"
#include "roles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/core/certificate_rows.h>
#include <stird/io/control.h>
#include <stird/io/numbers_files.h>
#include <stird/io/overlay.h>
#include <string.h>
#include <unistd.h>

static bool add_paths(char **list, size_t *n, const struct str *paths, unsigned n_paths)
{
    for (unsigned i = 0; i < n_paths; i++)
        if (paths[i].n > 0 && !(list[(*n)++] = strndup(paths[i].p, paths[i].n)))
            return false;
    return true;
}

/* The tables and the urgent changes: all that is read from here on. NULL: no memory. */
static char **list_tables(const struct settings *s)
{
    const struct numbers_paths paths = numbers_paths_of(s);
    size_t n = 0;
    char **list = calloc((size_t)paths.n_tables + paths.n_customers + 3, sizeof(*list));
    bool good = list && add_paths(list, &n, &paths.compiled, 1) &&
                add_paths(list, &n, paths.tables, paths.n_tables) &&
                add_paths(list, &n, paths.customers, paths.n_customers) &&
                asprintf(&list[n], "%.*s/" OVERLAY_FILE, STR_ARG(s->state_directory)) >= 0;
    return good ? list : NULL; /* without the list the process ends */
}

/* That a kernel has no Landlock was reported or refused before. */
bool tables_give_up_other_files(const struct settings *s)
{
    char **list = list_tables(s);
    int r = list ? landlock_give_up_files((const char *const *)list, NULL) : -ENOMEM;
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
    if (r && r != -EOPNOTSUPP)
        log_error("cannot give up files but the tables", LOG_CSTR("error", strerror(-r)));
    return r == 0 || r == -EOPNOTSUPP;
}

/* ---- aside ---- */

struct job {
    const struct settings *settings;
    int way; /* of the table */
};

/* Landlock is optional here: a kernel without it was reported or refused earlier. */
static bool give_up_rights(const struct settings *s)
{
    static const char *const readable[] = {"/", NULL};
    const struct role_keeps keeps = {.readable = readable};
    return roles_narrow(ROLE_LOADER, &keeps) == 0 && tables_give_up_other_files(s);
}

static void compile(void *user, struct problems *problems)
{
    const struct job *job = user;
    struct control_message message = {.type = CONTROL_TABLE};
    const struct numbers_judge judge = certificate_rows_judge(job->settings);
    struct numbers_paths paths = numbers_paths_of(job->settings);
    struct numbers_summary summary;
    paths.judge = &judge;
    int fd = -1;
    if (!give_up_rights(job->settings))
        problems_add(problems, STR(""), 0,
                     "the process that reads the number tables could not give up its rights");
    else
        numbers_files_look(&paths, &fd, &summary, problems);
    if (fd < 0)
        return;
    message.table.columns_open = summary.columns_open;
    if (control_send(job->way, &message, &fd, 1))
        problems_add(problems, STR(""), 0, "the number table could not be handed over");
    close(fd);
}

static bool take_table(int way, int *fd, bool *columns_open)
{
    struct control_message message;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds = 0;
    bool came = control_receive(way, &message, fds, &n_fds) == 1 && message.type == CONTROL_TABLE;
    if (came) {
        *fd = fds[0];
        *columns_open = message.table.columns_open != 0;
        return true;
    }
    while (n_fds > 0)
        close(fds[--n_fds]);
    return false;
}

bool tables_look_aside(const struct settings *s, int *fd, bool *columns_open,
                       struct problems *problems)
{
    int ends[2];
    int r = control_pair(ends);
    if (r) {
        problems_add(problems, STR(""), 0, "the number tables: %s", strerror(-r));
        problems_may_pass(problems, -r);
        return false;
    }
    struct job job = {s, ends[1]};
    *columns_open = true;
    bool good = aside_check("the number tables", compile, &job, problems);
    close(ends[1]);
    if (!take_table(ends[0], fd, columns_open) && good) {
        problems_add(problems, STR(""), 0, "the number table was not handed over");
        good = false;
    }
    close(ends[0]);
    return good;
}
