#include <stird/io/numbers_texts.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/settings.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)1 << 20)

/* One file while it is read. */
struct text_file {
    struct numbers_texts *texts;
    char *name;
    int fd; /* -1: not open yet */
    struct stat before;
    uint64_t read;
    struct buf piece; /* of what was read, the part that is in use */
};

static void fault(struct numbers_texts *t, const char *name, const char *text)
{
    problems_add(t->problems, str_of(name), 0, "%s", text);
    t->good = false;
}

static void fault_errno(struct numbers_texts *t, const char *name, const char *what, int error)
{
    if (error == ELOOP)
        fault(t, name, "is a symbolic link: name the file itself");
    else
        problems_add(t->problems, str_of(name), 0, "%s: %s", what, strerror(error));
    problems_may_pass(t->problems, error);
    t->good = false;
}

/* Whoever can write here could give away an A. */
static bool check_mode(struct numbers_texts *t, const char *name, const struct stat *st)
{
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return true;
    fault(t, name, "is writable by its group or by everybody: run chmod go-w on it");
    return false;
}

/* O_NONBLOCK: a FIFO must not hold up the start. -1 after a problem. */
static int open_path(struct numbers_texts *t, const char *name, struct stat *st)
{
    int fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && fstat(fd, st) == 0)
        return fd;
    fault_errno(t, name, "cannot be opened", errno);
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool check_file(struct numbers_texts *t, const char *name, const struct stat *st)
{
    if (S_ISREG(st->st_mode))
        return check_mode(t, name, st);
    fault(t, name, "is neither a file nor a directory of files");
    return false;
}

/* ---- reading one ---- */

static bool open_file(struct text_file *f)
{
    f->fd = open_path(f->texts, f->name, &f->before);
    if (f->fd >= 0 && check_file(f->texts, f->name, &f->before))
        return true;
    return false;
}

static bool is_unchanged(const struct text_file *f)
{
    struct stat after;
    return fstat(f->fd, &after) == 0 && f->before.st_size == after.st_size &&
           f->before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
           f->before.st_mtim.tv_nsec == after.st_mtim.tv_nsec && f->read == (uint64_t)after.st_size;
}

static int end_file(struct text_file *f)
{
    bool whole = is_unchanged(f);
    close(f->fd);
    f->fd = -1;
    buf_fini(&f->piece);
    if (whole)
        return 0;
    fault(f->texts, f->name, "changed while it was read: write the file beside, then rename it");
    return -1;
}

static ssize_t read_some(int fd, char *room, size_t n)
{
    ssize_t got;
    do
        got = read(fd, room, n);
    while (got < 0 && errno == EINTR);
    return got;
}

/* numbers_source.more: moves what is not used yet to the front, and reads more behind it. */
static int read_more(void *user, struct str *rest)
{
    struct text_file *f = user;
    if (f->fd < 0 && !open_file(f))
        return -1;
    if (rest->n > 0)
        memmove(f->piece.p, rest->p, rest->n);
    f->piece.n = rest->n;
    char *room = buf_room(&f->piece, PIECE_BYTES);
    ssize_t n = room ? read_some(f->fd, room, PIECE_BYTES) : -1;
    if (n < 0) {
        fault_errno(f->texts, f->name, "cannot be read", room ? errno : ENOMEM);
        return -1;
    }
    *rest = buf_str(&f->piece);
    if (n == 0) {
        /* The last line has no LF: it is still in use. */
        if (rest->n > 0 && is_unchanged(f))
            return 0;
        return end_file(f);
    }
    buf_grew(&f->piece, (size_t)n);
    f->read += (uint64_t)n;
    *rest = buf_str(&f->piece);
    return 1;
}

/* ---- finding them ---- */

static struct numbers_source *source_at(const struct numbers_texts *t, size_t i)
{
    return (struct numbers_source *)(void *)t->list.p + i;
}

static void free_file(struct text_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    buf_fini(&f->piece);
    free(f->name);
    free(f);
}

void numbers_texts_fini(struct numbers_texts *t)
{
    size_t n;
    numbers_texts_sources(t, &n);
    for (size_t i = 0; i < n; i++)
        free_file(source_at(t, i)->user);
    buf_fini(&t->list);
}

const struct numbers_source *numbers_texts_sources(const struct numbers_texts *t, size_t *n)
{
    *n = t->list.n / sizeof(struct numbers_source);
    return (const struct numbers_source *)(const void *)t->list.p;
}

static void add_source(struct numbers_texts *t, const char *name, uint64_t bytes,
                       enum numbers_source_kind kind)
{
    struct text_file *f = calloc(1, sizeof(*f));
    struct numbers_source source = {.kind = kind, .user = f, .bytes = bytes, .more = read_more};
    if (f)
        *f = (struct text_file){.texts = t, .name = strdup(name), .fd = -1};
    if (f && f->name) {
        source.name = str_of(f->name);
        buf_add(&t->list, &source, sizeof(source));
    }
    if (!f || !f->name || buf_failed(&t->list)) {
        fault_errno(t, name, "cannot be read", ENOMEM);
        if (f)
            free_file(f);
    }
}

static int is_table_name(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return entry->d_name[0] != '.' && n > 4 && strcmp(entry->d_name + n - 4, ".csv") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_entry(struct numbers_texts *t, int directory, const char *path, const char *entry,
                      enum numbers_source_kind kind)
{
    struct stat st;
    char *name = NULL;
    if (asprintf(&name, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", entry) < 0) {
        fault_errno(t, path, "cannot be read", ENOMEM);
        return;
    }
    if (fstatat(directory, entry, &st, AT_SYMLINK_NOFOLLOW))
        fault_errno(t, name, "cannot be opened", errno);
    else if (S_ISLNK(st.st_mode))
        fault_errno(t, name, "cannot be opened", ELOOP);
    else if (S_ISDIR(st.st_mode))
        fault(t, name, "is a directory inside a directory of tables: name it on its own");
    else if (check_file(t, name, &st))
        add_source(t, name, (uint64_t)st.st_size, kind);
    free(name);
}

static void add_directory(struct numbers_texts *t, const char *path, int fd, const struct stat *st,
                          enum numbers_source_kind kind)
{
    struct dirent **entries = NULL;
    if (!check_mode(t, path, st))
        return;
    int n = scandirat(fd, ".", &entries, is_table_name, by_bytes);
    if (n < 0)
        fault_errno(t, path, "cannot be listed", errno);
    else if (n == 0)
        fault(t, path, "has no table in it: a table's name ends with .csv");
    for (int i = 0; i < n; i++) {
        add_entry(t, fd, path, entries[i]->d_name, kind);
        free(entries[i]);
    }
    free(entries);
}

static void add_path(struct numbers_texts *t, struct str path, enum numbers_source_kind kind)
{
    struct stat st;
    char *z = strndup(path.n > 0 ? path.p : "", path.n);
    int fd = -1;
    if (!z)
        fault_errno(t, "", "a table cannot be read", ENOMEM);
    else
        fd = open_path(t, z, &st);
    if (fd >= 0 && S_ISDIR(st.st_mode))
        add_directory(t, z, fd, &st, kind);
    else if (fd >= 0 && check_file(t, z, &st))
        add_source(t, z, (uint64_t)st.st_size, kind);
    if (fd >= 0)
        close(fd);
    free(z);
}

void numbers_texts_init(struct numbers_texts *t, const struct numbers_paths *paths,
                        struct problems *problems)
{
    *t = (struct numbers_texts){.problems = problems, .good = true};
    for (unsigned i = 0; i < paths->n_customers; i++)
        add_path(t, paths->customers[i], NUMBERS_CUSTOMERS);
    for (unsigned i = 0; i < paths->n_tables; i++)
        add_path(t, paths->tables[i], NUMBERS_TABLE);
}

int numbers_file_open(struct str path, uint64_t *bytes, struct problems *problems)
{
    struct numbers_texts t = {.problems = problems, .good = true};
    struct stat st;
    char *z = strndup(path.p, path.n);
    int fd = -1;
    if (!z)
        fault_errno(&t, "", "a table cannot be read", ENOMEM);
    else
        fd = open_path(&t, z, &st);
    if (fd >= 0 && !check_file(&t, z, &st)) {
        close(fd);
        fd = -1;
    }
    if (fd >= 0)
        *bytes = (uint64_t)st.st_size;
    free(z);
    return fd;
}

struct numbers_paths numbers_paths_of(const struct settings *s)
{
    struct numbers_paths paths = {.compiled = s->numbers_compiled,
                                  .two_owners = s->numbers_two_owners};
    if (paths.compiled.n > 0)
        return paths;
    return (struct numbers_paths){.tables = s->numbers_files,
                                  .n_tables = s->n_numbers_files,
                                  .customers = s->customers_files,
                                  .n_customers = s->n_customers_files,
                                  .two_owners = s->numbers_two_owners};
}
