/*
 * What was read is remembered with its outcome, so that a child which parses again meets the same
 * bytes and the same errors. As a memfd: a header, then for each text {kind, path, error, bytes}.
 */
#include "reader.h"

#include <stird/conf/settings_file.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <stird/base/memory_file.h>
#include <stird/base/regular_file.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAGIC     UINT64_C(0x73656c6966726473)
#define FILES_VERSION   1
#define FILES_MAX       4096
#define FILES_BYTES_MAX (64 * 1024 * 1024)

enum remembered_kind {
    REMEMBERED_FILE = 1,
    REMEMBERED_LIST = 2,
    REMEMBERED_SECRET = 3,
    REMEMBERED_LOOK = 4,  /* at a secret of others: that it is there, without its text */
    REMEMBERED_PUBLIC = 5 /* a file that links may lead to */
};

struct remembered {
    uint32_t kind;
    int32_t error; /* 0 or -errno */
    char *path;
    size_t path_length;
    char *text;
    size_t text_length;
};

struct files {
    struct remembered *list;
    size_t n, capacity;
    bool replay; /* never open anything */
};

const char *files_fault(int error)
{
    switch (error) {
    case -ELOOP:
        return "is a symbolic link: name the file itself";
    case -EILSEQ:
        return "holds NUL bytes: it is no text file";
    default:
        return regular_file_public_fault(error);
    }
}

const char *files_secret_fault(int error)
{
    if (error == -EPERM)
        return "others can read or write it: chmod 600";
    if (error == -EKEYREJECTED)
        return "belongs to a user who could replace it: chown it to the user that stird runs as";
    return files_fault(error);
}

struct files *files_new(void)
{
    return calloc(1, sizeof(struct files));
}

void files_free(struct files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < files->n; i++) {
        struct remembered *r = &files->list[i];
        if (r->kind == REMEMBERED_SECRET && r->text)
            OPENSSL_cleanse(r->text, r->text_length);
        free(r->path);
        free(r->text);
    }
    free(files->list);
    free(files);
}

/* ---- remembering ---- */

static struct remembered *find(const struct files *files, uint32_t kind, struct str path)
{
    for (size_t i = 0; i < files->n; i++) {
        struct remembered *r = &files->list[i];
        if (r->kind == kind && str_eq(path, (struct str){r->path, r->path_length}))
            return r;
    }
    return NULL;
}

/* TEXT is taken, also on failure; NULL when there is no memory. */
static struct remembered *remember_take(struct files *files, uint32_t kind, struct str path,
                                        int error, char *text, size_t text_length)
{
    char *copy = strndup(path.n > 0 ? path.p : "", path.n);
    if (copy && files->n == files->capacity) {
        size_t capacity = files->capacity ? files->capacity * 2 : 16;
        struct remembered *list = reallocarray(files->list, capacity, sizeof(*list));
        if (list) {
            files->list = list;
            files->capacity = capacity;
        }
    }
    if (!copy || files->n == files->capacity || files->n == FILES_MAX) {
        free(copy);
        if (text)
            OPENSSL_cleanse(text, text_length);
        free(text);
        return NULL;
    }
    struct remembered *r = &files->list[files->n++];
    *r = (struct remembered){kind, error, copy, path.n, text, text_length};
    return r;
}

static int answer(const struct remembered *r, struct str *text)
{
    if (!r)
        return -ENOMEM;
    if (r->error == 0)
        *text = (struct str){r->text, r->text_length};
    return r->error;
}

/* ---- the disk ---- */

static int open_disk(const char *path)
{
    /* O_NONBLOCK: a FIFO must not hold up the start before fstat() refuses it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

static int read_disk(const char *path, size_t max_bytes, struct buf *out)
{
    int fd = open_disk(path);
    if (fd < 0)
        return fd;
    int r = regular_file_read_descriptor(fd, max_bytes, out);
    close(fd);
    return r;
}

static int judge_secret(int fd, uid_t owner)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    if (status.st_uid != 0 && status.st_uid != owner && status.st_uid != geteuid())
        return -EKEYREJECTED;
    return status.st_mode & (S_IRWXO | S_IWGRP) ? -EPERM : 0;
}

/* Into memory of a fixed size: a buffer that grows would leave copies behind. */
static int read_secret(const char *path, uid_t owner, char *room, size_t bytes, size_t *n)
{
    ssize_t got = 0;
    int fd = open_disk(path);
    int r = fd < 0 ? fd : judge_secret(fd, owner);
    *n = 0;
    while (r == 0 && *n < bytes && (got = read(fd, room + *n, bytes - *n)) > 0)
        *n += (size_t)got;
    if (r == 0 && got < 0)
        r = -errno;
    if (r == 0 && *n == bytes)
        r = -EFBIG;
    if (r == 0 && *n > 0 && memchr(room, '\0', *n))
        r = -EILSEQ;
    if (fd >= 0)
        close(fd);
    return r;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int list_disk(const char *path, struct str suffix, struct buf *out)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, compare_names);
    if (n < 0)
        return -errno;
    for (int i = 0; i < n; i++) {
        struct str name = str_of(entries[i]->d_name);
        bool fits = name.n > suffix.n && name.p[0] != '.' &&
                    str_eq(str_slice(name, name.n - suffix.n, name.n), suffix);
        if (fits && out->n > 0)
            buf_add_char(out, '\0');
        if (fits)
            buf_add_str(out, name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

/* Takes what BYTES holds when R is 0. */
static int remember_result(struct files *files, uint32_t kind, struct str path, int r,
                           struct buf *bytes, struct str *text)
{
    size_t n = 0;
    char *taken = NULL;
    if (r == 0 && bytes->n > 0 && !(taken = buf_take(bytes, &n)))
        r = -ENOMEM;
    buf_fini(bytes);
    if (r == -ENOMEM)
        return r;
    return answer(remember_take(files, kind, path, r, taken, n), text);
}

static int read_kind(struct files *files, uint32_t kind, struct str path, size_t max_bytes,
                     int (*read_it)(const char *path, size_t max_bytes, struct buf *out),
                     struct str *text)
{
    struct remembered *known = find(files, kind, path);
    if (known)
        return known->error == 0 && known->text_length > max_bytes ? -EFBIG : answer(known, text);
    if (files->replay)
        return -ENOENT;
    struct buf bytes = BUF_INIT;
    char *z = strndup(path.n > 0 ? path.p : "", path.n);
    int r = z ? read_it(z, max_bytes, &bytes) : -ENOMEM;
    free(z);
    return remember_result(files, kind, path, r, &bytes, text);
}

int files_read_bytes(struct files *files, struct str path, size_t max_bytes, struct str *text)
{
    return read_kind(files, REMEMBERED_FILE, path, max_bytes, read_disk, text);
}

int files_read_public(struct files *files, struct str path, size_t max_bytes, struct str *text)
{
    return read_kind(files, REMEMBERED_PUBLIC, path, max_bytes, regular_file_read_public, text);
}

int files_read(struct files *files, struct str path, size_t max_bytes, struct str *text)
{
    struct str bytes = {NULL, 0};
    int r = files_read_bytes(files, path, max_bytes, &bytes);
    if (r == 0 && str_find(bytes, '\0', 0) < bytes.n)
        r = -EILSEQ;
    if (r == 0)
        *text = bytes;
    return r;
}

static void drop_secret(char **room, size_t *n)
{
    if (*room)
        OPENSSL_cleanse(*room, *n);
    free(*room);
    *room = NULL;
    *n = 0;
}

/* *ROOM is NULL when it cannot be read. */
static int take_secret(struct str path, uid_t owner, size_t max_bytes, char **room, size_t *n)
{
    char *z = strndup(path.n > 0 ? path.p : "", path.n);
    *n = 0;
    *room = malloc(max_bytes + 1);
    int r = z && *room ? read_secret(z, owner, *room, max_bytes + 1, n) : -ENOMEM;
    free(z);
    if (r != 0)
        drop_secret(room, n);
    return r;
}

int files_read_secret(struct files *files, struct str path, uid_t owner, size_t max_bytes,
                      struct str *text)
{
    struct remembered *known = find(files, REMEMBERED_SECRET, path);
    if (known)
        return known->error == 0 && known->text_length > max_bytes ? -EFBIG : answer(known, text);
    if (files->replay)
        return -ENOENT;
    size_t n;
    char *room;
    int r = take_secret(path, owner, max_bytes, &room, &n);
    return r == -ENOMEM ? r
                        : answer(remember_take(files, REMEMBERED_SECRET, path, r, room, n), text);
}

void files_forget_secret(struct files *files, struct str path)
{
    struct remembered *known = find(files, REMEMBERED_SECRET, path);
    if (!known)
        return;
    drop_secret(&known->text, &known->text_length);
    if (known->error == 0)
        known->error = -ENOKEY;
}

int files_look_at_secret(struct files *files, struct str path, uid_t owner, size_t max_bytes,
                         bool (*is_whole)(struct str text))
{
    const struct remembered *known = find(files, REMEMBERED_LOOK, path);
    if (known)
        return known->error;
    if (files->replay)
        return -ENOENT;
    size_t n;
    char *room;
    int r = take_secret(path, owner, max_bytes, &room, &n);
    if (r == 0 && !is_whole((struct str){room, n}))
        r = -EBADMSG;
    drop_secret(&room, &n);
    if (r == -ENOMEM || !remember_take(files, REMEMBERED_LOOK, path, r, NULL, 0))
        return -ENOMEM;
    return r;
}

int files_list(struct files *files, struct str directory, struct str suffix, struct str *names)
{
    struct buf key = BUF_INIT, bytes = BUF_INIT;
    buf_add_str(&key, directory);
    buf_add_text(&key, "/*");
    buf_add_str(&key, suffix);
    int r = buf_failed(&key) ? -ENOMEM : 0;
    struct remembered *known = r == 0 ? find(files, REMEMBERED_LIST, buf_str(&key)) : NULL;
    if (known || r < 0 || files->replay) {
        r = known ? answer(known, names) : r < 0 ? r : -ENOENT;
        goto out;
    }
    char *z = strndup(directory.n > 0 ? directory.p : "", directory.n);
    r = z ? list_disk(z, suffix, &bytes) : -ENOMEM;
    free(z);
    r = remember_result(files, REMEMBERED_LIST, buf_str(&key), r, &bytes, names);
out:
    buf_fini(&key);
    return r;
}

static bool agree(const struct remembered *a, const struct remembered *b)
{
    if (!a || !b)
        return a == b;
    return a->error == b->error && a->text_length == b->text_length &&
           (a->text_length == 0 || memcmp(a->text, b->text, a->text_length) == 0);
}

bool files_agree(const struct files *a, const struct files *b, struct str path)
{
    return agree(find(a, REMEMBERED_FILE, path), find(b, REMEMBERED_FILE, path)) &&
           agree(find(a, REMEMBERED_PUBLIC, path), find(b, REMEMBERED_PUBLIC, path)) &&
           agree(find(a, REMEMBERED_SECRET, path), find(b, REMEMBERED_SECRET, path));
}

/* What is remembered of a list is called DIRECTORY/ and a star and the suffix. */
static struct str path_of(const struct remembered *one)
{
    size_t n = one->path_length;
    while (one->kind == REMEMBERED_LIST && n > 0 && one->path[--n] != '/')
        ;
    return (struct str){one->path, n};
}

void files_each(const struct files *files, void (*visit)(void *user, struct str path), void *user)
{
    for (size_t i = 0; i < files->n; i++)
        if (files->list[i].error == 0)
            visit(user, path_of(&files->list[i]));
}

/* ---- to a child and back ---- */

struct wire_header {
    uint64_t magic;
    uint32_t version, n;
};

struct wire_entry {
    uint32_t kind;
    int32_t error;
    uint64_t path_length, text_length;
};

static int write_all(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t written = write(fd, at, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        at += written;
        n -= (size_t)written;
    }
    return 0;
}

static bool is_wanted(const struct remembered *one, bool secrets)
{
    return secrets || (one->kind != REMEMBERED_SECRET && one->kind != REMEMBERED_LOOK);
}

/* Straight into the descriptor: no copy of a secret on the way. */
static int write_wire(const struct files *files, int fd, bool secrets)
{
    struct wire_header header = {FILES_MAGIC, FILES_VERSION, 0};
    for (size_t i = 0; i < files->n; i++)
        header.n += is_wanted(&files->list[i], secrets);
    int r = write_all(fd, &header, sizeof(header));
    for (size_t i = 0; i < files->n && r == 0; i++) {
        const struct remembered *one = &files->list[i];
        if (!is_wanted(one, secrets))
            continue;
        struct wire_entry entry = {one->kind, one->error, one->path_length, one->text_length};
        r = write_all(fd, &entry, sizeof(entry));
        if (r == 0)
            r = write_all(fd, one->path, one->path_length);
        if (r == 0)
            r = write_all(fd, one->text, one->text_length);
    }
    return r;
}

static int to_sealed_fd(const struct files *files, bool secrets)
{
    int fd = memory_file_new("stird-settings");
    int r = fd < 0 ? fd : write_wire(files, fd, secrets);
    if (r == 0)
        r = memory_file_seal(fd);
    if (r < 0 && fd >= 0)
        close(fd);
    return r < 0 ? r : fd;
}

int files_to_fd(const struct files *files)
{
    return to_sealed_fd(files, true);
}

int files_to_public_fd(const struct files *files)
{
    return to_sealed_fd(files, false);
}

static bool take_bytes(struct str *rest, void *to, size_t n)
{
    if (rest->n < n)
        return false;
    memcpy(to, rest->p, n);
    *rest = str_slice(*rest, n, rest->n);
    return true;
}

static bool read_entry(struct files *files, struct str *rest)
{
    struct wire_entry e;
    if (!take_bytes(rest, &e, sizeof(e)) || e.path_length > rest->n ||
        e.text_length > rest->n - e.path_length)
        return false;
    struct str path = str_slice(*rest, 0, e.path_length);
    *rest = str_slice(*rest, e.path_length, rest->n);
    char *text = e.text_length > 0 ? malloc(e.text_length + 1) : NULL;
    if (e.text_length > 0 && !text)
        return false;
    if (text) {
        memcpy(text, rest->p, e.text_length);
        text[e.text_length] = '\0';
    }
    *rest = str_slice(*rest, e.text_length, rest->n);
    return remember_take(files, e.kind, path, e.error, text, e.text_length) != NULL;
}

static bool read_wire(struct files *files, struct str bytes)
{
    struct wire_header header;
    if (!take_bytes(&bytes, &header, sizeof(header)) || header.magic != FILES_MAGIC ||
        header.version != FILES_VERSION)
        return false;
    for (uint32_t i = 0; i < header.n; i++)
        if (!read_entry(files, &bytes))
            return false;
    return bytes.n == 0;
}

bool files_are_handed_over(const struct files *files)
{
    return files->replay;
}

struct files *files_from_fd(int fd)
{
    struct stat status;
    /* The process that made it may be taken over: what is read here cannot be changed any more. */
    if (!memory_file_is_sealed(fd) || fstat(fd, &status) < 0 || status.st_size <= 0 ||
        status.st_size > FILES_BYTES_MAX)
        return NULL;
    size_t n = (size_t)status.st_size;
    void *bytes = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    struct files *files = files_new();
    if (files) {
        files->replay = true;
        if (!read_wire(files, (struct str){bytes, n})) {
            files_free(files);
            files = NULL;
        }
    }
    munmap(bytes, n);
    return files;
}
