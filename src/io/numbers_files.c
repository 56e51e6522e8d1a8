#include <stird/io/numbers_files.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/memory_file.h>
#include <stird/base/write_all.h>
#include <stird/io/folder.h>
#include <stird/io/overlay.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

struct image_memory {
    int fd;
    struct problems *problems;
};

static bool fault(struct image_memory *m, int error)
{
    problems_add(m->problems, STR(""), 0, "the compiled number table cannot be kept: %s",
                 strerror(error));
    problems_may_pass(m->problems, error);
    return false;
}

static bool write_image(void *user, const void *bytes, size_t n)
{
    struct image_memory *m = user;
    int r = write_all(m->fd, (struct str){bytes, n});
    return r == 0 || fault(m, -r);
}

static void close_table(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool holds_something(int fd)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0;
}

/* What *FD holds can never change again. With mistakes it is -1, or has the rows that are good. */
static bool compile(const struct numbers_source *sources, size_t n,
                    const struct numbers_paths *paths, int *fd, struct numbers_summary *summary,
                    struct problems *problems)
{
    struct image_memory m = {memory_file_new("stird-numbers"), problems};
    const struct numbers_output out = {write_image, &m, true};
    *fd = m.fd;
    bool good = m.fd >= 0 || fault(&m, -m.fd);
    /* Where there is no memory to write to, the mistakes in the tables are told all the same. */
    good = numbers_compile_into(sources, n, paths->two_owners, paths->judge, &out, summary,
                                problems) &&
           good;
    int r = holds_something(m.fd) ? memory_file_seal(m.fd) : 0;
    if (r)
        good = fault(&m, -r);
    if (r || !holds_something(m.fd))
        close_table(fd);
    return good;
}

bool numbers_overlay_compile(const struct overlay *o, int *fd, struct problems *problems)
{
    struct buf csv = BUF_INIT;
    *fd = -1;
    if (overlay_count(o) == 0)
        return true;
    overlay_table(o, &csv);
    const struct numbers_source source = {
        .name = overlay_path(o), .text = buf_str(&csv), .kind = NUMBERS_TABLE};
    const struct numbers_paths by_default = {.two_owners = NUMBERS_TWO_OWNERS_WARN};
    bool whole = !buf_failed(&csv);
    if (!whole)
        problems->out_of_memory = true;
    bool good = whole && compile(&source, 1, &by_default, fd, NULL, problems);
    if (!good)
        close_table(fd);
    buf_fini(&csv);
    return good;
}

bool numbers_overlay_read(struct str directory, int *fd, struct problems *problems)
{
    struct overlay *o = overlay_read(directory, problems);
    *fd = -1;
    bool good = o && numbers_overlay_compile(o, fd, problems);
    overlay_free(o);
    return good;
}

static bool compile_texts(const struct numbers_paths *paths, int *fd,
                          struct numbers_summary *summary, struct problems *problems)
{
    struct numbers_texts texts;
    size_t n;
    numbers_texts_init(&texts, paths, problems);
    const struct numbers_source *sources = numbers_texts_sources(&texts, &n);
    /* Mistakes in the tables that could be read are told too. */
    bool good = compile(sources, n, paths, fd, summary, problems) && texts.good;
    summary->columns_open |= !texts.good;
    numbers_texts_fini(&texts);
    return good;
}

/* ---- images as files ---- */

/* 0 or -errno. A file that somebody shortens meanwhile is found by the image's own length. */
static int copy_all(int to, int from, uint64_t bytes)
{
    struct stat st;
    while (bytes > 0) {
        size_t piece = bytes < (1u << 30) ? (size_t)bytes : 1u << 30;
        ssize_t n = copy_file_range(from, NULL, to, NULL, piece, 0);
        if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
            n = sendfile(to, from, NULL, piece);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            break;
        if (n > 0)
            bytes -= (uint64_t)n;
    }
    return fstat(to, &st) ? -errno : 0;
}

/* Looked at before all of it is copied, because it may be long and may be anything. */
static const char *head_fault(int fd, uint64_t bytes)
{
    union {
        uint64_t aligned;
        char bytes[NUMBERS_HEAD_BYTES];
    } head = {0};
    ssize_t n = pread(fd, head.bytes, sizeof(head.bytes), 0);
    return numbers_head_fault(&head, n < (ssize_t)sizeof(head) ? (size_t)(n < 0 ? 0 : n) : bytes);
}

static bool read_image(struct str path, int *fd, struct numbers_summary *summary,
                       struct problems *problems)
{
    const char *why = NULL;
    uint64_t bytes;
    struct mapped_numbers mapped;
    int file = numbers_file_open(path, &bytes, problems);
    why = file < 0 ? NULL : head_fault(file, bytes);
    int memory = file < 0 || why ? -1 : memory_file_new("stird-numbers");
    int r = file < 0 || why ? 0 : memory < 0 ? memory : copy_all(memory, file, bytes);
    if (file >= 0)
        close(file);
    if (r == 0 && memory >= 0)
        r = memory_file_seal(memory);
    if (r) {
        problems_add(problems, path, 0, "cannot be read: %s", strerror(-r));
        problems_may_pass(problems, -r);
    }
    if (r == 0 && memory >= 0 && numbers_map_checked(&mapped, memory, &why)) {
        size_t before = problems->n;
        *summary = *numbers_get_summary(mapped.table);
        numbers_columns_check(mapped.table, path, problems);
        numbers_unmap(&mapped);
        *fd = memory;
        return problems->n == before;
    }
    if (why)
        problems_add(problems, path, 0, "%s", why);
    if (memory >= 0)
        close(memory);
    return false;
}

static int write_aside(int to, int from)
{
    struct stat st;
    int r = fstat(from, &st) || lseek(from, 0, SEEK_SET) ? -errno : 0;
    return r == 0 ? copy_all(to, from, (uint64_t)st.st_size) : r;
}

int numbers_image_write(const char *path, int fd)
{
    struct folder d;
    const char *name;
    char *aside = NULL;
    int r = folder_open_parent(&d, path, &name);
    if (r)
        return r;
    if (asprintf(&aside, ".%s.new", name) < 0) {
        folder_close(&d);
        return -ENOMEM;
    }
    /*
     * A file that is there already is left over from a run that was cut short, or is not ours at
     * all.
     */
    unlinkat(d.fd, aside, 0);
    int to = folder_create(&d, aside);
    r = to < 0 ? to : write_aside(to, fd);
    if (r == 0)
        r = folder_give(&d, to, 0644);
    if (r == 0)
        r = folder_rename(&d, aside, name, to);
    if (r && to >= 0)
        unlinkat(d.fd, aside, 0);
    if (to >= 0)
        close(to);
    free(aside);
    folder_close(&d);
    return r;
}

bool numbers_files_look(const struct numbers_paths *paths, int *fd, struct numbers_summary *summary,
                        struct problems *problems)
{
    *fd = -1;
    *summary = (struct numbers_summary){.columns_open = true};
    if (paths->compiled.n > 0)
        return read_image(paths->compiled, fd, summary, problems);
    return compile_texts(paths, fd, summary, problems);
}

bool numbers_files_compile(const struct numbers_paths *paths, int *fd,
                           struct numbers_summary *summary, struct problems *problems)
{
    struct numbers_summary found;
    bool good = numbers_files_look(paths, fd, &found, problems);
    if (!good)
        close_table(fd);
    else if (summary)
        *summary = found;
    return good;
}

/* ---- tables in memory ---- */

static bool map(struct mapped_numbers *mapped, int fd, bool validated, const char **why)
{
    struct stat st;
    struct mapped_numbers m = {.image = MAP_FAILED};
    /* When somebody truncates a mapped file, the process that serves calls gets a SIGBUS; and
       memory for a hole has to be found by whoever reads it first. */
    *why = !memory_file_is_sealed(fd)  ? "the number table's descriptor is not sealed"
           : !memory_file_is_whole(fd) ? "the number table's memory has holes"
                                       : NULL;
    if (*why)
        return false;
    if (fstat(fd, &st) == 0 && st.st_size > 0) {
        m.bytes = (size_t)st.st_size;
        /* Linux before 6.7 refuses MAP_SHARED of what is sealed; the pages are shared all the same.
         */
        m.image = mmap(NULL, m.bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (m.image == MAP_FAILED) {
        *why = "the number table cannot be mapped";
        return false;
    }
    m.table = validated ? numbers_open_validated(m.image, m.bytes, why)
                        : numbers_open(m.image, m.bytes, why);
    if (!m.table) {
        munmap(m.image, m.bytes);
        return false;
    }
    *mapped = m;
    return true;
}

bool numbers_map(struct mapped_numbers *mapped, int fd, const char **why)
{
    return map(mapped, fd, true, why);
}

bool numbers_map_checked(struct mapped_numbers *mapped, int fd, const char **why)
{
    return map(mapped, fd, false, why);
}

void numbers_unmap(struct mapped_numbers *mapped)
{
    numbers_close(mapped->table);
    if (mapped->image)
        munmap(mapped->image, mapped->bytes);
    *mapped = (struct mapped_numbers){0};
}
