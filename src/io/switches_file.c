#include <stird/io/switches_file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/memory_file.h>
#include <stird/base/regular_file.h>
#include <stird/base/write_all.h>
#include <stird/io/folder.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASIDE      SWITCHES_FILE ".new"
#define FILE_BYTES (SWITCHES_MAX * 4 * SWITCH_TEXT_BYTES)

static int open_directory(struct folder *d, struct str directory)
{
    char *path = strndup(directory.p, directory.n);
    int r = path ? folder_open(d, path) : -ENOMEM;
    free(path);
    return r;
}

/* ---- on disk ---- */

/* 0; -ENOENT: nothing was ever switched; or -errno. */
static int read_text(struct str directory, struct buf *text)
{
    struct folder d;
    struct stat st;
    int r = open_directory(&d, directory);
    if (r)
        return r;
    int fd = regular_file_open(d.fd, SWITCHES_FILE, O_NOFOLLOW);
    r = fd < 0 ? fd : fstat(fd, &st) ? -errno : 0;
    if (r == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        r = -EPERM;
    if (r == 0)
        r = regular_file_read_descriptor(fd, FILE_BYTES, text);
    if (fd >= 0)
        close(fd);
    folder_close(&d);
    return r;
}

#define WHAT_TO_DO                                                                                 \
    "what an operator has switched off is not known. Mend the file; or move it away, and nothing " \
    "is switched off"

static const char *read_fault(int r)
{
    switch (r) {
    case -EPERM:
        return "is writable by others: chmod go-w";
    case -ELOOP:
    case -EINVAL:
        return "is no regular file: " WHAT_TO_DO;
    default:
        return strerror(-r);
    }
}

bool switches_file_read(struct switches *s, struct str directory, struct problems *problems)
{
    struct buf text = BUF_INIT;
    unsigned line = 0;
    memset(s, 0, sizeof(*s));
    int r = read_text(directory, &text);
    const char *why = NULL;
    if (r == -ENOENT) {
        r = 0;
    } else if (r) {
        problems_add(problems, directory, 0, SWITCHES_FILE ": %s", read_fault(r));
        problems_may_pass(problems, -r);
    } else if ((why = switches_read(s, buf_str(&text), &line))) { /* an empty one was cut */
        problems_add(problems, directory, 0, SWITCHES_FILE ": line %u %s: " WHAT_TO_DO, line, why);
    }
    buf_fini(&text);
    return r == 0 && !why;
}

static int write_aside(const struct folder *d, struct str text)
{
    unlinkat(d->fd, ASIDE, 0); /* of one that was cut short */
    int fd = folder_create(d, ASIDE);
    int r = fd < 0 ? fd : write_all(fd, text);
    if (r == 0)
        r = folder_give(d, fd, 0600);
    if (r == 0)
        r = folder_rename(d, ASIDE, SWITCHES_FILE, fd);
    if (r && fd >= 0)
        unlinkat(d->fd, ASIDE, 0);
    if (fd >= 0)
        close(fd);
    return r;
}

int switches_file_write(const struct switches *s, struct str directory)
{
    struct folder d;
    struct buf text = BUF_INIT;
    switches_write(s, &text);
    int r = buf_failed(&text) ? -ENOMEM : open_directory(&d, directory);
    if (r == 0) {
        r = write_aside(&d, buf_str(&text));
        folder_close(&d);
    }
    buf_fini(&text);
    return r;
}

/* ---- to other processes ---- */

int switches_file_hand_out(const struct switches *s)
{
    int fd = memory_file_new("stird-switches");
    if (fd < 0)
        return fd;
    return memory_file_done(fd, write_all(fd, (struct str){(const char *)s, sizeof(*s)}));
}

/* By mmap(), as a worker has given up reading files. */
static bool copy(struct switches *s, int fd)
{
    struct stat st;
    if (!memory_file_is_sealed(fd) || !memory_file_is_whole(fd) || fstat(fd, &st) ||
        st.st_size != (off_t)sizeof(*s))
        return false;
    void *bytes = mmap(NULL, sizeof(*s), PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    memcpy(s, bytes, sizeof(*s));
    munmap(bytes, sizeof(*s));
    return switches_are_sound(s);
}

struct switches *switches_file_take(int fd)
{
    struct switches *s = malloc(sizeof(*s));
    if (s && copy(s, fd))
        return s;
    free(s);
    return NULL;
}
