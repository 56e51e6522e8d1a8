#include <stird/base/regular_file.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stird/base/str.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 16384

int regular_file_open(int at, const char *name, int flags)
{
    struct stat st;
    int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    int r = fd < 0 || fstat(fd, &st) ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;
    if (r == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return r;
}

/* The descriptor that PATH is another name of; -1: of none. */
static int handed(struct str path)
{
    static const struct str folders[] = {STR("/dev/fd/"), STR("/proc/self/fd/")};
    uint64_t number;
    if (str_eq(path, STR("/dev/stdin")))
        return STDIN_FILENO;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (str_starts(path, folders[i]) &&
            str_to_u64(str_slice(path, folders[i].n, path.n), INT_MAX, &number))
            return (int)number;
    return -1;
}

/* It is not opened anew: to open a FIFO is to wait for whoever writes, who may be gone by then. */
int regular_file_open_handed(const char *path)
{
    const int given = handed(str_of(path));
    if (given < 0)
        return regular_file_open(AT_FDCWD, path, 0);
    int fd = fcntl(given, F_DUPFD_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

int regular_file_read_descriptor(int fd, size_t max_bytes, struct buf *out)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    if (status.st_mode & S_IWOTH)
        return -EPERM;
    for (;;) {
        char *room = buf_room(out, READ_STEP);
        if (!room)
            return -ENOMEM;
        ssize_t n = read(fd, room, READ_STEP);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        buf_grew(out, (size_t)n);
        if (out->n > max_bytes)
            return -EFBIG;
    }
}

int regular_file_read_public(const char *path, size_t max_bytes, struct buf *out)
{
    int fd = regular_file_open(AT_FDCWD, path, 0);
    if (fd < 0)
        return fd;
    int r = regular_file_read_descriptor(fd, max_bytes, out);
    close(fd);
    return r;
}

const char *regular_file_public_fault(int error)
{
    switch (error) {
    case -EFBIG:
        return "is too large to be what it should be";
    case -EPERM:
        return "can be written by everybody: chmod o-w";
    default:
        return regular_file_fault(error);
    }
}

const char *regular_file_fault(int error)
{
    return error == -EINVAL ? "is no regular file" : strerror(-error);
}
