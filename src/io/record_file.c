#include <stird/io/record_file.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/regular_file.h>
#include <stird/io/record_chain.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES 65536

struct record_file {
    FILE *source;
    struct buf line;
    uint64_t number;
    bool too_long, open_line; /* of what is in `line` so far: it goes on */
};

struct record_file *record_file_open(const char *path)
{
    struct record_file *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    int fd = regular_file_open_handed(path);
    int error = -fd;
    f->source = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (f->source) {
        setvbuf(f->source, NULL, _IOFBF, CHUNK_BYTES);
        return f;
    }
    if (fd >= 0)
        close(fd);
    free(f);
    errno = fd >= 0 ? ENOMEM : error;
    return NULL;
}

void record_file_close(struct record_file *f)
{
    if (!f)
        return;
    fclose(f->source);
    buf_fini(&f->line);
    free(f);
}

static void begin_line(struct record_file *f)
{
    buf_reset(&f->line);
    f->too_long = false;
    f->number++;
}

/* Of gzip, xz, zstd, bzip2: no record begins so. */
static bool begins_compressed(struct str text)
{
    static const struct str magic[] = {STR("\x1f\x8b"),
                                       STR("\xfd"
                                           "7zXZ"),
                                       STR("\x28\xb5\x2f\xfd"), STR("BZh")};
    for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++)
        if (str_starts(text, magic[i]))
            return true;
    return false;
}

const char *record_file_fault(int error)
{
    return error == RECORD_FILE_COMPRESSED ? "is compressed: unpack it first (gunzip, unxz ...)"
                                           : regular_file_fault(error);
}

/* Up to the end of the line that was begun, or of the file. */
static int read_on(struct record_file *f, struct record_line *line)
{
    int c;
    while ((c = getc_unlocked(f->source)) != EOF && c != '\n') {
        if (f->line.n < RECORD_LINE_MAX)
            buf_add_char(&f->line, (char)c);
        else
            f->too_long = true;
    }
    *line = (struct record_line){.number = f->number, .too_long = f->too_long};
    if (ferror(f->source))
        return -EIO;
    if (buf_failed(&f->line))
        return -ENOMEM;
    if (c == EOF && f->line.n == 0)
        return 0;
    line->ended = c == '\n';
    line->text = buf_str(&f->line);
    if (f->number == 1 && begins_compressed(line->text))
        return RECORD_FILE_COMPRESSED;
    return 1;
}

int record_file_next(struct record_file *f, struct record_line *line)
{
    begin_line(f);
    return read_on(f, line);
}

int record_file_follow(struct record_file *f, struct record_line *line)
{
    if (!f->open_line)
        begin_line(f);
    clearerr(f->source); /* what is the end now may not stay the end */
    int got = read_on(f, line);
    f->open_line = got == 0 || (got > 0 && !line->ended);
    return got > 0 && f->open_line ? 0 : got;
}

bool record_file_is_gone(const struct record_file *f, const char *path)
{
    struct stat mine, now;
    if (fstat(fileno(f->source), &mine) || stat(path, &now))
        return false;
    return mine.st_dev != now.st_dev || mine.st_ino != now.st_ino ||
           now.st_size < ftello(f->source);
}

/* ---- which files ---- */

struct ranked {
    char *path;
    uint64_t seq; /* of its first line that has one; 0: none, or a chain begins there */
};

static uint64_t first_seq(const char *path)
{
    struct record_file *f = record_file_open(path);
    struct record_line line;
    struct chain_place place = {0};
    bool found = false;
    for (int tries = 0; f && !found && tries < 100 && record_file_next(f, &line) > 0; tries++)
        found = chain_place_of(&place, line.text);
    record_file_close(f);
    return found ? place.seq : 0;
}

static int by_seq(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return strcmp(x->path, y->path);
}

static bool is_compressed(const char *path)
{
    static const char *const ends[] = {".gz", ".xz", ".zst", ".bz2"};
    size_t n = strlen(path);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (n > strlen(ends[i]) && strcmp(path + n - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

/* Characters that glob(3) would take for more than themselves. */
static void add_quoted(struct buf *pattern, const char *path)
{
    for (; *path; path++) {
        if (strchr("*?[\\", *path))
            buf_add_char(pattern, '\\');
        buf_add_char(pattern, *path);
    }
}

static bool add_passed_over(struct buf *names, const char *path)
{
    char *name = strdup(path);
    if (name)
        buf_add(names, &name, sizeof(name));
    return name && !buf_failed(names);
}

static bool add_ranked(struct buf *list, const char *path)
{
    struct ranked one = {strdup(path), first_seq(path)};
    if (one.path)
        buf_add(list, &one, sizeof(one));
    return one.path && !buf_failed(list);
}

static bool collect(struct buf *list, struct buf *passed_over, const char *path)
{
    struct buf pattern = BUF_INIT;
    glob_t found = {0};
    add_quoted(&pattern, path);
    buf_add(&pattern, ".*", 3);
    bool good = !buf_failed(&pattern);
    int r = good ? glob(pattern.p, 0, NULL, &found) : 0;
    good = good && (r == 0 || r == GLOB_NOMATCH);
    for (size_t i = 0; good && r == 0 && i < found.gl_pathc; i++)
        good = is_compressed(found.gl_pathv[i]) ? add_passed_over(passed_over, found.gl_pathv[i])
                                                : add_ranked(list, found.gl_pathv[i]);
    if (good)
        globfree(&found);
    buf_fini(&pattern);
    return good && add_ranked(list, path);
}

bool record_files_list(struct record_file_names *names, const char *path)
{
    struct buf list = BUF_INIT, passed_over = BUF_INIT;
    bool good = collect(&list, &passed_over, path);
    struct ranked *ranked = (struct ranked *)(void *)list.p;
    size_t n = list.n / sizeof(*ranked);
    *names = (struct record_file_names){.path = calloc(n + 1, sizeof(char *)),
                                        .passed_over = (char **)(void *)passed_over.p,
                                        .n_passed_over = passed_over.n / sizeof(char *)};
    good = good && names->path;
    if (good && n > 1) /* the file itself is the last of those without a number */
        qsort(ranked, n, sizeof(*ranked), by_seq);
    for (size_t i = 0; i < n; i++) {
        if (good && strcmp(ranked[i].path, path) == 0)
            names->live = names->n;
        if (good)
            names->path[names->n++] = ranked[i].path;
        else
            free(ranked[i].path);
    }
    buf_fini(&list);
    return good;
}

void record_files_free(struct record_file_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->path[i]);
    free(names->path);
    for (size_t i = 0; i < names->n_passed_over; i++)
        free(names->passed_over[i]);
    free(names->passed_over);
    *names = (struct record_file_names){0};
}
