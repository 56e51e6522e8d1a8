#include "records_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

const char *records_place_fault(int error)
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

/* The directory's owner could link any file of root's into it, so that it is written to and then
   given away to that owner. */
bool records_place_is_good(const struct folder *d, const struct stat *st)
{
    return geteuid() != 0 || d->uid == 0 || st->st_uid == d->uid ||
           (st->st_uid == 0 && st->st_nlink == 1);
}

/* Opens a file that is there, and follows no link; where root opens it, it must have this name
   alone. */
static int open_present(const struct folder *d, const char *name, int append)
{
    struct stat st;
    int fd = openat(d->fd, name, O_RDWR | append | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = fstat(fd, &st)                   ? -errno
            : !S_ISREG(st.st_mode)           ? -EINVAL
            : !records_place_is_good(d, &st) ? -EPERM
                                             : 0;
    if (r == 0)
        return fd;
    close(fd);
    return r;
}

/* A file that root made is given to the directory's owner, whose it would be under the unit. */
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

/* Opened for reading as well: the recorder looks for the end of the chain. */
int records_place_open(struct str path)
{
    return open_or_make(path, O_APPEND);
}

int records_place_open_in_place(struct str path)
{
    return open_or_make(path, 0);
}
