#include "state.h"

#include "service_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/folder.h>
#include <stird/log.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char file_name[] = SNAPSHOT_SECRET_FILE;

/* -EBADMSG: not a secret, but nothing of value either. */
static int check_file(int fd, struct stat *st)
{
    if (fstat(fd, st))
        return -errno;
    if (!S_ISREG(st->st_mode))
        return -EINVAL;
    if ((st->st_mode & 077) != 0 ||
        (st->st_uid != geteuid() && st->st_uid != 0 && !service_user_is(st->st_uid)))
        return -EPERM;
    return st->st_size == SNAPSHOT_SECRET_BYTES ? 0 : -EBADMSG;
}

static int read_secret(int directory, uint8_t secret[SNAPSHOT_SECRET_BYTES])
{
    struct stat st;
    int fd = openat(directory, file_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = check_file(fd, &st);
    if (r == 0 && read(fd, secret, SNAPSHOT_SECRET_BYTES) != SNAPSHOT_SECRET_BYTES)
        r = -EIO;
    close(fd);
    return r;
}

static int write_file(const struct folder *d, const char *name, const uint8_t *bytes, size_t n)
{
    int fd = folder_create(d, name);
    if (fd < 0)
        return fd;
    ssize_t written = write(fd, bytes, n);
    int r = written == (ssize_t)n ? folder_give(d, fd, 0600) : written < 0 ? -errno : -ENOSPC;
    if (r == 0)
        r = folder_rename(d, name, file_name, fd);
    close(fd);
    return r;
}

/* Written aside and renamed, so that a reader or a power cut never sees half of it. */
static int make_secret(const struct folder *d, uint8_t secret[SNAPSHOT_SECRET_BYTES])
{
    char aside[64];
    snprintf(aside, sizeof(aside), "%s.%ld", file_name, (long)getpid());
    if (getrandom(secret, SNAPSHOT_SECRET_BYTES, 0) != SNAPSHOT_SECRET_BYTES)
        return -EIO;
    int r = write_file(d, aside, secret, SNAPSHOT_SECRET_BYTES);
    if (r != 0)
        unlinkat(d->fd, aside, 0);
    return r;
}

static int read_or_make(const char *path, uint8_t secret[SNAPSHOT_SECRET_BYTES])
{
    if (mkdir(path, 0700) && errno != EEXIST)
        return -errno;
    struct folder d;
    int r = folder_open(&d, path);
    if (r)
        return r;
    r = read_secret(d.fd, secret);
    if (r == -EBADMSG)
        log_warning("the secret in the state directory is damaged and made anew: calls that are "
                    "up now may not be recognised",
                    LOG_CSTR("directory", path));
    if (r == -EBADMSG || r == -ENOENT)
        r = make_secret(&d, secret);
    folder_close(&d);
    return r;
}

static const char *what_to_do(int r)
{
    switch (r) {
    case -EPERM:
        return "must be stird's own and 0600: chown it to the user that stird runs as, chmod 600";
    case -ELOOP:
    case -EINVAL:
        return "must be a regular file: remove it, stird makes a new one";
    default:
        return strerror(-r);
    }
}

bool state_secret(struct str directory, uint8_t secret[SNAPSHOT_SECRET_BYTES],
                  struct problems *problems)
{
    char *path = strndup(directory.p, directory.n);
    int r = path ? read_or_make(path, secret) : -ENOMEM;
    if (r != 0)
        problems_add(problems, directory, 0, "%s: %s", file_name, what_to_do(r));
    free(path);
    return r == 0;
}
