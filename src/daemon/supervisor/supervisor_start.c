/* The steps before the first child, in this order; each says what is wrong in problems. */
#include "supervisor.h"

#include "daemon/key_memory.h"
#include "daemon/privileges.h"
#include "daemon/roles.h"
#include "daemon/state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/core/budget.h>
#include <stird/io/admin.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

static bool load_configuration(struct supervisor *s, struct problems *problems)
{
    if (!configuration_load(&s->current, s->path, NULL, NULL, problems))
        return false;
    s->current.generation = s->last_generation = 1;
    s->started_with = s->current.settings;
    s->n_workers = s->started_with->workers;
    configuration_log_warnings(&s->current);
    return true;
}

/* With fewer, children would be started that nobody can tell what they need. */
static bool has_descriptors(struct supervisor *s, struct problems *problems)
{
    struct rlimit limit;
    const struct settings *settings = s->current.settings;
    uint64_t least = budget_least_descriptors(settings);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= least)
        return true;
    problems_add(
        problems, s->path, 0,
        "workers: %u of them and %u listeners need %llu descriptors, and a process may have "
        "%llu: raise LimitNOFILE of the unit (ulimit -n)",
        settings->workers, settings->n_listeners, (unsigned long long)least,
        (unsigned long long)limit.rlim_cur);
    return false;
}

/* R: 0 or -errno. */
static bool is_done(int r, const char *what, struct str path, struct problems *problems)
{
    if (r == 0)
        return true;
    problems_add(problems, path, 0, "%s: %s", what, strerror(-r));
    problems_may_pass(problems, -r);
    return false;
}

/* It was for the program that chooses among workers; no child is to have it. */
static bool give_up_bpf(struct supervisor *s, struct problems *problems)
{
    return is_done(privileges_drop_capability(CAP_BPF), "cannot give up CAP_BPF", s->path,
                   problems);
}

static bool read_secret(struct supervisor *s, struct problems *problems)
{
    s->secret = key_memory_page();
    if (!s->secret)
        problems->out_of_memory = true;
    return s->secret && state_secret(s->current.settings->state_directory, s->secret, problems);
}

static bool open_records(struct supervisor *s, struct problems *problems)
{
    struct str path = s->current.settings->records_file;
    if (path.n == 0)
        return true;
    s->records_file = supervisor_open_records(path);
    if (s->records_file < 0) {
        problems_add(problems, path, 0, "the record file cannot be opened: %s",
                     supervisor_records_fault(-s->records_file));
        problems_may_pass(problems, -s->records_file);
        s->records_file = -1;
        return false;
    }
    return is_done(supervisor_open_record_ways(s), "no record channel", s->path, problems);
}

static bool take_signals(struct supervisor *s, struct problems *problems)
{
    sigset_t set;
    sigemptyset(&set);
    static const int taken[] = {SIGCHLD, SIGHUP, SIGINT, SIGTERM};
    for (unsigned i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        sigaddset(&set, taken[i]);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
        s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return is_done(s->signal_fd < 0 ? -errno : 0, "no signals", s->path, problems);
}

static char *join_path(struct str directory, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%.*s/%s", STR_ARG(directory), name) < 0 ? NULL : path;
}

/* systemd makes the directory; without it this does. The socket says who may use it. */
static bool open_admin(struct supervisor *s, struct problems *problems)
{
    struct str directory = s->current.settings->runtime_directory;
    char *name = strndup(directory.p, directory.n);
    int r = 0;
    s->admin_path = join_path(directory, ADMIN_SOCKET_NAME);
    if (!name || !s->admin_path)
        r = -ENOMEM;
    else if (mkdir(name, 0755) == 0 ? chmod(name, 0755) : errno != EEXIST) /* the umask is 077 */
        r = -errno;
    free(name);
    if (r == 0)
        r = s->admin_fd = admin_listen(str_of(s->admin_path));
    if (r >= 0)
        r = supervisor_let_in(s);
    if (r >= 0)
        return true;
    s->admin_fd = -1;
    problems_add(problems, directory, 0, "the control socket \"%s\" cannot be opened: %s",
                 ADMIN_SOCKET_NAME,
                 r == -EADDRINUSE ? "another stird answers there: stop it, or give this one a "
                                    "directories.runtime of its own"
                                  : strerror(-r));
    problems_may_pass(problems, -r);
    return false;
}

static bool (*const steps[])(struct supervisor *s, struct problems *problems) = {
    load_configuration,
    supervisor_open_counters,
    has_descriptors,
    supervisor_open_overlay,
    supervisor_open_sockets,
    give_up_bpf,
    supervisor_open_inboxes,
    read_secret,
    open_admin,
    open_records,
    take_signals,
};

static struct supervisor *new_empty(struct str path)
{
    struct supervisor *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->path = path;
    s->current = s->next = CONFIGURATION_INIT;
    s->records_file = s->signal_fd = s->admin_fd = s->overlay_fd = s->watch_fd =
        s->record_tally_fd = s->untold_fd = s->dispatch_program = -1;
    for (unsigned i = 0; i < ADMIN_CLIENTS_MAX; i++)
        s->clients[i].fd = -1;
    for (unsigned w = 0; w < WORKERS_MAX; w++) {
        s->record_channels[w][0] = s->record_channels[w][1] = s->record_backlogs[w] = -1;
        s->inboxes[w][0] = s->inboxes[w][1] = -1;
        child_init(&s->workers[w], &roles[ROLE_WORKER], w);
    }
    child_init(&s->signer, &roles[ROLE_SIGNER], 0);
    child_init(&s->next_signer, &roles[ROLE_SIGNER], 0);
    for (unsigned i = 0; i < RETIRED_MAX; i++)
        child_init(&s->retired[i], &roles[ROLE_SIGNER], 0);
    child_init(&s->recorder, &roles[ROLE_RECORDER], 0);
    child_init(&s->loader, &roles[ROLE_LOADER], 0);
    child_init(&s->checker, &roles[ROLE_CHECKER], 0);
    return s;
}

void supervisor_free(struct supervisor *s)
{
    if (!s)
        return;
    supervisor_close_sockets(s);
    supervisor_close_record_ways(s);
    supervisor_close_admin(s);
    free(s->admin_path);
    free(s->names);
    overlay_free(s->overlay);
    close_if_open(s->overlay_fd);
    buf_fini(&s->reload_problems);
    buf_fini(&s->reload_warnings);
    buf_fini(&s->findings);
    problems_fini(&s->unreadable);
    buf_fini(&s->hops);
    counter_book_free(s->book);
    close_if_open(s->watch_fd);
    close_if_open(s->records_file);
    close_if_open(s->signal_fd);
    if (s->current.settings != s->started_with)
        settings_free(s->started_with);
    configuration_fini(&s->current);
    configuration_fini(&s->next);
    key_memory_page_free(s->secret);
    free(s);
}

struct supervisor *supervisor_new(struct str configuration_path, int *status)
{
    struct problems problems = PROBLEMS_INIT;
    struct supervisor *s = new_empty(configuration_path);
    bool good = s != NULL;
    if (!s)
        problems.out_of_memory = true;
    for (unsigned i = 0; good && i < sizeof(steps) / sizeof(steps[0]); i++)
        good = steps[i](s, &problems);
    if (!good) {
        *status = problems_stay(&problems) ? SUPERVISOR_MISCONFIGURED : EXIT_FAILURE;
        struct buf text = BUF_INIT;
        problems_print(&problems, &text);
        log_may_wait(STDERR_FILENO);
        fwrite(text.p, 1, text.n, stderr);
        buf_fini(&text);
        supervisor_free(s);
        s = NULL;
    }
    problems_fini(&problems);
    return s;
}
