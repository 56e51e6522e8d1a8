#include "new_file.h"

#include "shown.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stird/base/write_all.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool complain(const char *path, int error)
{
    if (error == EEXIST)
        warn_said("stirctl: %s: it is there already, and is not written over: name another file\n",
                  path);
    else
        warn_said("stirctl: %s: %s\n", path, strerror(error));
    return false;
}

static bool is_standard_output(const char *path)
{
    return strcmp(path, "-") == 0;
}

bool new_file_write(const char *path, struct str bytes)
{
    if (is_standard_output(path))
        return fwrite(bytes.p, 1, bytes.n, stdout) == bytes.n;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return complain(path, errno);
    int error = -write_all(fd, bytes);
    if (error == 0 && fsync(fd))
        error = errno;
    error = close(fd) && error == 0 ? errno : error;
    if (error == 0)
        return true;
    unlink(path);
    return complain(path, error);
}

bool new_file_may_be(const char *path)
{
    struct stat st;
    if (is_standard_output(path))
        return true;
    if (lstat(path, &st) == 0)
        return complain(path, EEXIST);
    if (errno != ENOENT)
        return complain(path, errno);
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    bool good = folder && access(folder, W_OK | X_OK) == 0;
    int error = folder ? errno : ENOMEM;
    free(folder);
    return good || complain(path, error);
}
