/* The steps before the first child, in this order; each says what is wrong in problems. */
#include "loop.h"

#include "supervisor_admin.h"
#include "supervisor_counters.h"
#include "supervisor_overlay.h"
#include "supervisor_records.h"
#include "supervisor_sockets.h"
#include "supervisor_workers.h"

#include "daemon/key_memory.h"
#include "daemon/privileges.h"
#include "daemon/records_place.h"
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

static bool load_configuration(struct supervisor *s, struct problems *problems)
{
    if (!configuration_load(&s->current, s->path, NULL, NULL, problems))
        return false;
    s->current.generation = 1;
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

static bool open_records(struct supervisor *s, struct problems *problems)
{
    struct str path = s->current.settings->records_file;
    if (path.n == 0)
        return true;
    supervisor_records(s)->file = records_place_open(path);
    if (supervisor_records(s)->file < 0) {
        problems_add(problems, path, 0, "the record file cannot be opened: %s",
                     records_place_fault(-supervisor_records(s)->file));
        problems_may_pass(problems, -supervisor_records(s)->file);
        supervisor_records(s)->file = -1;
        return false;
    }
    return is_done(supervisor_open_record_ways(s), "no record channel", s->path, problems);
}

static bool take_signals(struct supervisor *s, struct problems *problems)
{
    return is_done(supervisor_take_signals(s), "no signals", s->path, problems);
}

static bool (*const steps[])(struct supervisor *s, struct problems *problems) = {
    load_configuration,
    supervisor_open_counters,
    has_descriptors,
    supervisor_open_overlay,
    supervisor_open_sockets,
    give_up_bpf,
    supervisor_open_inboxes,
    supervisor_read_secret,
    supervisor_open_admin,
    open_records,
    take_signals,
};

void supervisor_free(struct supervisor *s)
{
    if (!s)
        return;
    if (s->current.settings != s->started_with)
        settings_free(s->started_with);
    supervisor_unmake(s);
}

struct supervisor *supervisor_new(struct str configuration_path, int *status)
{
    struct problems problems = PROBLEMS_INIT;
    struct supervisor *s = supervisor_make(roles, ROLES, supervisor_parts);
    bool good = s != NULL;
    if (s)
        s->path = configuration_path;
    else
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
