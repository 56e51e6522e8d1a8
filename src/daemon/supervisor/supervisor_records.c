/*
 * The record files as names: opened, rotated and thrown away here, written by the recorder, which
 * can open nothing. A file that is full or old moves aside under a name of ours (rotated_name.h).
 */
#include "supervisor_records.h"

#include "questions.h"
#include "worker_places.h"

#include "daemon/records_place.h"
#include "daemon/rotated_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/count.h>
#include <stird/base/log.h>
#include <stird/base/memory_file.h>
#include <stird/base/packet.h>
#include <stird/net/mend.h>
#include <stird/io/record_queue.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

static struct child *recorder(const struct supervisor *s)
{
    return supervisor_places(s, ROLE_RECORDER);
}

/* ---- files that moved aside ---- */

struct rotated {
    char *name; /* its name in the directory */
    struct timespec changed;
};

struct rotated_list {
    struct rotated *list;
    size_t n;
    int directory;
};

static void rotated_fini(struct rotated_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->list[i].name);
    free(l->list);
    close_if_open(l->directory);
}

static int changed_last_first(const void *a, const void *b)
{
    const struct rotated *x = a, *y = b;
    if (x->changed.tv_sec != y->changed.tv_sec)
        return x->changed.tv_sec < y->changed.tv_sec ? 1 : -1;
    if (x->changed.tv_nsec != y->changed.tv_nsec)
        return x->changed.tv_nsec < y->changed.tv_nsec ? 1 : -1;
    return -strcmp(x->name, y->name);
}

static void add_rotated(struct rotated_list *l, const char *name)
{
    struct stat st;
    if (fstatat(l->directory, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
        return;
    struct rotated *list = reallocarray(l->list, l->n + 1, sizeof(*list));
    char *copy = strdup(name);
    if (list)
        l->list = list;
    if (list && copy)
        l->list[l->n++] = (struct rotated){copy, st.st_mtim};
    else
        free(copy);
}

/* The files beside PATH whose names IS accepts. */
static struct rotated_list list_rotated(struct str path, bool (*is)(const char *name, struct str))
{
    struct rotated_list l = {.directory = -1};
    size_t slash = path.n;
    while (slash > 0 && path.p[slash - 1] != '/')
        slash--;
    struct str file = str_slice(path, slash, path.n);
    char *directory = slash > 0 ? strndup(path.p, slash) : strdup(".");
    DIR *d = directory ? opendir(directory) : NULL;
    free(directory);
    if (!d)
        return l;
    l.directory = fcntl(dirfd(d), F_DUPFD_CLOEXEC, 0);
    for (const struct dirent *e; l.directory >= 0 && (e = readdir(d));)
        if (is(e->d_name, file))
            add_rotated(&l, e->d_name);
    closedir(d);
    return l;
}

static void sort(struct rotated_list *l, int (*order)(const void *, const void *))
{
    if (l->n > 0)
        qsort(l->list, l->n, sizeof(*l->list), order);
}

/* Opens the last file that moved aside, so that an empty file goes on with its chain; -1: there is
   none. */
static int open_predecessor(struct str path)
{
    struct rotated_list l = list_rotated(path, rotated_name_may_be);
    sort(&l, changed_last_first);
    int fd = l.n == 0 ? -1
                      : openat(l.directory, l.list[0].name,
                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    rotated_fini(&l);
    return fd;
}

static int named_last_first(const void *a, const void *b)
{
    const struct rotated *x = a, *y = b;
    return rotated_name_compare(y->name, x->name);
}

/*
 * Removes files beyond records.keep, the oldest first; 0 keeps all. Only those with a name that
 * move_aside() gives: whatever else lies there is somebody else's.
 */
static void throw_away(const struct settings *settings)
{
    struct rotated_list l = list_rotated(settings->records_file, rotated_name_is_ours);
    sort(&l, named_last_first);
    for (size_t i = settings->records_keep; settings->records_keep > 0 && i < l.n; i++) {
        if (unlinkat(l.directory, l.list[i].name, 0))
            log_warning("an old record file cannot be removed", LOG_CSTR("file", l.list[i].name),
                        LOG_CSTR("error", strerror(errno)));
        else
            log_info("an old record file was removed", LOG_CSTR("file", l.list[i].name));
    }
    rotated_fini(&l);
}

/* ---- what the recorder is told ---- */

static int tell_file(struct supervisor *s, struct child *c)
{
    struct records *records = supervisor_records(s);
    const struct settings *settings = s->current.settings;
    struct control_message message = {.type = CONTROL_RECORDS,
                                      .records = {.max_bytes = settings->records_max_bytes,
                                                  .max_age_ms = settings->records_max_age_ms,
                                                  .log_level = settings->log_level}};
    if (records->file < 0 || !s->ready)
        return 0;
    snprintf(message.records.node, CONTROL_TEXT, "%.*s", STR_ARG(settings->node));
    int fds[] = {records->file, open_predecessor(settings->records_file)};
    int r = child_send(c, &message, fds, fds[1] >= 0 ? 2 : 1);
    records->rotation.may_cross = true;
    close_if_open(fds[1]);
    return r;
}

static int tell_channels(struct supervisor *s, struct child *c)
{
    const struct control_message message = {.type = CONTROL_RECORD_SOURCE};
    struct records *records = supervisor_records(s);
    for (unsigned w = 0; w < worker_count(s); w++) {
        const uint64_t bit = UINT64_C(1) << w;
        int r = records->owes_channels & bit ? child_send(c, &message, &records->channels[w][0], 1)
                                             : 0;
        if (r)
            return r;
        records->owes_channels &= ~bit;
    }
    return 0;
}

/* Tells, at this place of the records, that a reload was forced. */
static int tell_forced(struct supervisor *s, struct child *c)
{
    const struct control_message message = {
        .type = CONTROL_FORCED,
        .forced = {{supervisor_records(s)->rows_before, s->current.numbers.rows}}};
    return child_send(c, &message, NULL, 0);
}

/* Tells all that the recorder has not heard: the file first, then what is written into it. */
static int tell_recorder(struct supervisor *s, struct child *c)
{
    struct records *records = supervisor_records(s);
    int r = records->owes_file ? tell_file(s, c) : 0;
    records->owes_file &= r != 0;
    if (r == 0)
        r = tell_channels(s, c);
    if (r == 0 && records->owes_forced)
        r = tell_forced(s, c);
    records->owes_forced &= r != 0;
    return r;
}

static const struct due due = {tell_recorder};

int supervisor_begin_recorder(struct supervisor *s, struct child *c)
{
    struct records *records = supervisor_records(s);
    records->owes_file = true;
    records->owes_channels = ~UINT64_C(0);
    return tell_recorder(s, c);
}

static void owe_file(struct supervisor *s)
{
    supervisor_records(s)->owes_file = true;
    supervisor_owe(s, recorder(s), &due);
}

static void owe_forced(struct supervisor *s, uint64_t rows_before)
{
    log_warning("a number table with many rows less is taken: the reload was forced",
                LOG_NUMBER("rows_before", (int64_t)rows_before),
                LOG_NUMBER("rows", (int64_t)s->current.numbers.rows),
                LOG_NUMBER("max_shrink_percent", s->current.settings->numbers_max_shrink_percent));
    supervisor_records(s)->owes_forced = s->current.settings->records_file.n > 0;
    supervisor_records(s)->rows_before = rows_before;
    supervisor_owe(s, recorder(s), &due);
}

/* ---- from the workers to the recorder ---- */

/* No other child has the mapping: each gets descriptors of its own. */
static int open_tally(struct supervisor *s)
{
    const size_t n = sizeof(*supervisor_records(s)->tally);
    supervisor_records(s)->tally_fd = memory_file_of("stird-tally", n);
    if (supervisor_records(s)->tally_fd < 0)
        return supervisor_records(s)->tally_fd;
    void *mapped = mmap(NULL, n, PROT_READ, MAP_SHARED, supervisor_records(s)->tally_fd, 0);
    if (mapped == MAP_FAILED)
        return -errno;
    supervisor_records(s)->tally = mapped;
    struct record_losses begin;
    supervisor_open_untold(s, &begin);
    if (pwrite(supervisor_records(s)->tally_fd, &begin, n, 0) != (ssize_t)n)
        return -EIO;
    return madvise(mapped, n, MADV_DONTFORK) ? -errno : 0;
}

int supervisor_open_record_ways(struct supervisor *s)
{
    int r = open_tally(s);
    for (unsigned w = 0; r == 0 && w < worker_count(s); w++) {
        r = packet_pair(supervisor_records(s)->channels[w]);
        if (r == 0)
            r = supervisor_records(s)->backlogs[w] = record_queue_memory(
                s->current.settings->records_backlog);
        r = r < 0 ? r : 0;
    }
    return r;
}

static void close_record_ways(struct supervisor *s)
{
    for (unsigned w = 0; w < WORKERS_MAX; w++) {
        close_if_open(supervisor_records(s)->channels[w][0]);
        close_if_open(supervisor_records(s)->channels[w][1]);
        close_if_open(supervisor_records(s)->backlogs[w]);
    }
    close_if_open(supervisor_records(s)->tally_fd);
    close_if_open(supervisor_records(s)->untold_fd);
    if (supervisor_records(s)->tally)
        munmap((void *)(uintptr_t)supervisor_records(s)->tally,
               sizeof(*supervisor_records(s)->tally));
}

/* Replaces a channel that a dead worker has spoiled: the recorder reads the old one to its end,
   then closes it. */
static void mend(struct supervisor *s, const struct news *news)
{
    const struct mending *m = news->mending;
    int *fds = supervisor_records(s)->channels[m->worker];
    if (fds[0] < 0)
        return;
    int r = mend_pair(fds, packet_pair);
    if (r == MEND_RENEWED) {
        supervisor_records(s)->owes_channels |= UINT64_C(1) << m->worker;
        supervisor_owe(s, recorder(s), &due);
    }
    m->say(s, m->worker, "records", STR(""), r);
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    const struct records *r = supervisor_records(s);
    if (c->role->id == ROLE_RECORDER)
        kit_keep(kit, r->tally_fd);
    if (c->role->id != ROLE_WORKER)
        return 0;
    kit_keep(kit, kit->worker->records_fd = r->channels[c->index][1]);
    kit_keep(kit, kit->worker->backlog_fd = r->backlogs[c->index]);
    return 0;
}

/* Adds what the recorder lost of the records that workers had sent. */
static void answer_calls(const struct supervisor *s, struct proxy_counters *c)
{
    const struct record_losses *tally = supervisor_records(s)->tally;
    if (tally)
        c->records_dropped = counters_sum(c->records_dropped, count_now(&tally->lost));
}

/* ---- the present file ---- */

/* False: the present one stays. */
static bool use_file(struct supervisor *s, struct str path)
{
    int fd = records_place_open(path);
    supervisor_records(s)->file_fault = fd < 0;
    if (fd < 0) {
        log_error("the record file cannot be opened and the present one is kept",
                  LOG_TEXT("file", path), LOG_CSTR("error", strerror(-fd)));
        return false;
    }
    close(supervisor_records(s)->file);
    supervisor_records(s)->file = fd;
    owe_file(s);
    return true;
}

/* logrotate moves the file and sends SIGHUP; that works whatever the configuration looks like. */
static void reopen(struct supervisor *s, const struct news *news)
{
    (void)news;
    struct str path = s->current.settings->records_file;
    if (path.n > 0 && supervisor_records(s)->file >= 0)
        use_file(s, path);
}

/*
 * A name is not given again when its file was thrown away within the same second, so that names
 * sort in the chain's order.
 */
static int move_aside(struct supervisor *s, struct str path)
{
    char stamp[ROTATED_STAMP_TEXT], *from = strndup(path.p, path.n);
    int r = from && rotated_stamp(stamp, clock_real_s()) ? -EEXIST : -ENOMEM;
    unsigned i = r == -EEXIST && strcmp(stamp, supervisor_records(s)->stamp) == 0
                     ? supervisor_records(s)->stamp_uses
                     : 0;
    for (unsigned last = i + 100; r == -EEXIST && i < last; i++) {
        char *to = rotated_name(path, stamp, i);
        /* link() refuses a name that is taken, rename() would lose that file. */
        r = !to ? -ENOMEM : link(from, to) ? -errno : unlink(from) ? -errno : 0;
        free(to);
    }
    if (r == 0) {
        memcpy(supervisor_records(s)->stamp, stamp, sizeof(stamp));
        supervisor_records(s)->stamp_uses = i;
    }
    free(from);
    return r;
}

bool supervisor_rotate_records(struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    int r = move_aside(s, settings->records_file);
    if (r) {
        supervisor_records(s)->file_fault = true;
        log_error("the record file cannot be rotated and goes on",
                  LOG_TEXT("file", settings->records_file), LOG_CSTR("error", strerror(-r)));
        return false;
    }
    use_file(s, settings->records_file);
    throw_away(settings);
    return true;
}

/* ---- the part ---- */

static bool open_records(struct supervisor *s, struct problems *problems)
{
    struct records *records = supervisor_records(s);
    struct str path = s->current.settings->records_file;
    if (path.n == 0)
        return true;
    const int fd = records_place_open(path);
    if (fd < 0) {
        problems_add(problems, path, 0, "the record file cannot be opened: %s",
                     records_place_fault(-fd));
        problems_may_pass(problems, -fd);
        return false;
    }
    records->file = fd;
    const int r = supervisor_open_record_ways(s);
    if (r == 0)
        return true;
    problems_add(problems, s->path, 0, "no record channel: %s", strerror(-r));
    problems_may_pass(problems, -r);
    return false;
}

/* Hands the file over only now: a start that fails leaves no line in it. */
static void begin(struct supervisor *s, const struct news *news)
{
    (void)news;
    owe_file(s);
}

static void follow(struct supervisor *s, const struct news *news)
{
    const struct configuration *before = news->before;
    const struct settings *now = s->current.settings;
    if (!str_eq(now->records_file, before->settings->records_file))
        use_file(s, now->records_file);
    else
        owe_file(s); /* its limits may be others */
    if (s->current.is_forced)
        owe_forced(s, before->numbers.rows);
}

static void keep_last(struct supervisor *s, const struct news *news)
{
    (void)news;
    supervisor_keep_last(s);
}

static void init(struct supervisor *s)
{
    struct records *r = supervisor_records(s);
    r->file = r->tally_fd = r->untold_fd = -1;
    memset(r->channels, -1, sizeof(r->channels));
    memset(r->backlogs, -1, sizeof(r->backlogs));
}

static void fini(struct supervisor *s)
{
    close_record_ways(s);
    close_if_open(supervisor_records(s)->file);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_record_file] = supervisor_records(s)->file_fault;
}

const struct part part_records = {.name = "records",
                                  .bytes = sizeof(struct records),
                                  .init = init,
                                  .open = open_records,
                                  .fini = fini,
                                  .equip = equip,
                                  .hears = supervisor_rotation_hears,
                                  .tick = supervisor_keep_untold,
                                  .on = {[EVENT_MEND] = mend,
                                         [EVENT_READY] = begin,
                                         [EVENT_RELOAD_BEGINS] = reopen,
                                         [EVENT_IN_FORCE] = follow,
                                         [EVENT_ENDED] = keep_last},
                                  .count = count,
                                  .answers_calls = answer_calls};
