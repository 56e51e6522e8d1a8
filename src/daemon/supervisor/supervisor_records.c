/*
 * The record files as names: opened, rotated and thrown away here, written by the recorder, which
 * can open nothing. A file that is full or old moves aside under a name of ours (rotated_name.h).
 */
#include "supervisor.h"

#include "daemon/rotated_name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/base/memory_file.h>
#include <stird/base/packet.h>
#include <stird/io/folder.h>
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

const char *supervisor_records_fault(int error)
{
    switch (error) {
    case EINVAL:
        return "it is no regular file";
    case ENOENT:
        return "its directory does not exist";
    case EPERM:
        return "it is neither root's nor its directory's owner's, or has another name as well: "
               "move it away";
    case ELOOP:
        return "there is a symbolic link of somebody else's on the way, or a step up from a "
               "directory of somebody else's";
    default:
        return strerror(error);
    }
}

/* Who owns the directory can give a file of root's, of anywhere, a name in it: to be written there,
   and then to be his. */
bool supervisor_may_record_in(const struct folder *d, const struct stat *st)
{
    return geteuid() != 0 || d->uid == 0 || st->st_uid == d->uid ||
           (st->st_uid == 0 && st->st_nlink == 1);
}

/* One that is there: as what it is, and under this name alone where root opens it. */
static int open_present(const struct folder *d, const char *name, int append)
{
    struct stat st;
    int fd = openat(d->fd, name, O_RDWR | append | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = fstat(fd, &st)                      ? -errno
            : !S_ISREG(st.st_mode)              ? -EINVAL
            : !supervisor_may_record_in(d, &st) ? -EPERM
                                                : 0;
    if (r == 0)
        return fd;
    close(fd);
    return r;
}

/* The directory's owner gets a file that root has made, as it would be under the unit. */
static int make_file(const struct folder *d, const char *name, int append)
{
    int fd = openat(d->fd, name,
                    O_RDWR | append | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0640);
    int r = fd < 0 ? -errno : 0;
    if (r == 0 && geteuid() == 0 && d->uid != 0)
        r = folder_give(d, fd, 0640);
    if (r == 0)
        return fd;
    close_if_open(fd);
    return r;
}

/* APPEND: O_APPEND or 0. */
static int open_or_make(struct str path, int append)
{
    struct folder d = FOLDER_INIT;
    const char *last;
    char *name = strndup(path.p, path.n);
    int r = name ? folder_open_parent(&d, name, &last) : -ENOMEM;
    if (r == 0)
        r = open_present(&d, last, append);
    if (r == -ENOENT && d.fd >= 0)
        r = make_file(&d, last, append);
    folder_close(&d);
    free(name);
    return r;
}

/* Read as well: the recorder looks for the end of the chain. */
int supervisor_open_records(struct str path)
{
    return open_or_make(path, O_APPEND);
}

int supervisor_open_in_place(struct str path)
{
    return open_or_make(path, 0);
}

/* ---- from the workers to the recorder ---- */

/* No other child has the mapping: each gets descriptors of its own. */
static int open_tally(struct supervisor *s)
{
    const size_t n = sizeof(*s->record_tally);
    s->record_tally_fd = memory_file_of("stird-tally", n);
    if (s->record_tally_fd < 0)
        return s->record_tally_fd;
    void *mapped = mmap(NULL, n, PROT_READ, MAP_SHARED, s->record_tally_fd, 0);
    if (mapped == MAP_FAILED)
        return -errno;
    s->record_tally = mapped;
    struct record_tally begin;
    supervisor_open_untold(s, &begin);
    if (pwrite(s->record_tally_fd, &begin, n, 0) != (ssize_t)n)
        return -EIO;
    return madvise(mapped, n, MADV_DONTFORK) ? -errno : 0;
}

int supervisor_open_record_ways(struct supervisor *s)
{
    int r = open_tally(s);
    for (unsigned w = 0; r == 0 && w < s->n_workers; w++) {
        r = packet_pair(s->record_channels[w]);
        if (r == 0)
            r = s->record_backlogs[w] = record_queue_memory(s->current.settings->records_backlog);
        r = r < 0 ? r : 0;
    }
    return r;
}

void supervisor_close_record_ways(struct supervisor *s)
{
    for (unsigned w = 0; w < WORKERS_MAX; w++) {
        close_if_open(s->record_channels[w][0]);
        close_if_open(s->record_channels[w][1]);
        close_if_open(s->record_backlogs[w]);
    }
    close_if_open(s->record_tally_fd);
    close_if_open(s->untold_fd);
    if (s->record_tally)
        munmap((void *)(uintptr_t)s->record_tally, sizeof(*s->record_tally));
}

/* ---- files that moved aside ---- */

struct rotated {
    char *name; /* in the directory */
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

/* Of the files beside PATH those whose name IS says so. */
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

/* So that an empty file goes on with its chain; -1: there is none. */
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
 * records.keep: more than those are removed, the oldest first; 0: none is. Only what bears a name
 * that move_aside() gives: whatever else lies there is somebody else's.
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

/* ---- the present file ---- */

int supervisor_send_record_file(struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    struct control_message message = {.type = CONTROL_RECORDS,
                                      .records = {.max_bytes = settings->records_max_bytes,
                                                  .max_age_ms = settings->records_max_age_ms,
                                                  .log_level = settings->log_level}};
    if (s->records_file < 0 || s->recorder->pid == 0 || !s->ready)
        return 0;
    snprintf(message.records.node, CONTROL_TEXT, "%.*s", STR_ARG(settings->node));
    int fds[] = {s->records_file, open_predecessor(settings->records_file)};
    int r = child_send(s->recorder, &message, fds, fds[1] >= 0 ? 2 : 1);
    s->rotation.may_cross = true;
    close_if_open(fds[1]);
    return r;
}

void supervisor_record_forced(struct supervisor *s, uint64_t rows_before)
{
    const struct control_message message = {.type = CONTROL_FORCED,
                                            .forced = {{rows_before, s->current.numbers.rows}}};
    log_warning("a number table with many rows less is taken: the reload was forced",
                LOG_NUMBER("rows_before", (int64_t)message.forced.rows[0]),
                LOG_NUMBER("rows", (int64_t)message.forced.rows[1]),
                LOG_NUMBER("max_shrink_percent", s->current.settings->numbers_max_shrink_percent));
    if (s->recorder->pid > 0)
        child_send(s->recorder, &message, NULL, 0);
}

/* False: the present one stays. */
bool supervisor_use_record_file(struct supervisor *s, struct str path)
{
    int fd = supervisor_open_records(path);
    s->record_file_fault = fd < 0;
    if (fd < 0) {
        log_error("the record file cannot be opened and the present one is kept",
                  LOG_TEXT("file", path), LOG_CSTR("error", strerror(-fd)));
        return false;
    }
    close(s->records_file);
    s->records_file = fd;
    supervisor_send_record_file(s);
    return true;
}

/* logrotate moves the file and sends SIGHUP; that works whatever the configuration looks like. */
void supervisor_reopen_records(struct supervisor *s)
{
    struct str path = s->current.settings->records_file;
    if (path.n > 0 && s->records_file >= 0)
        supervisor_use_record_file(s, path);
}

/*
 * A name whose file was thrown away within its second is not given again, so that names sort as
 * the chain goes.
 */
static int move_aside(struct supervisor *s, struct str path)
{
    char stamp[ROTATED_STAMP_TEXT], *from = strndup(path.p, path.n);
    int r = from && rotated_stamp(stamp, clock_real_s()) ? -EEXIST : -ENOMEM;
    unsigned i = r == -EEXIST && strcmp(stamp, s->records_stamp) == 0 ? s->records_stamp_uses : 0;
    for (unsigned last = i + 100; r == -EEXIST && i < last; i++) {
        char *to = rotated_name(path, stamp, i);
        /* link() refuses a name that is taken, rename() would lose that file. */
        r = !to ? -ENOMEM : link(from, to) ? -errno : unlink(from) ? -errno : 0;
        free(to);
    }
    if (r == 0) {
        memcpy(s->records_stamp, stamp, sizeof(stamp));
        s->records_stamp_uses = i;
    }
    free(from);
    return r;
}

bool supervisor_rotate_records(struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    int r = move_aside(s, settings->records_file);
    if (r) {
        s->record_file_fault = true;
        log_error("the record file cannot be rotated and goes on",
                  LOG_TEXT("file", settings->records_file), LOG_CSTR("error", strerror(-r)));
        return false;
    }
    supervisor_use_record_file(s, settings->records_file);
    throw_away(settings);
    return true;
}
