#include <stird/base/write_all.h>

#include <errno.h>
#include <unistd.h>

int write_all(int fd, struct str s)
{
    while (s.n > 0) {
        const ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            s = str_slice(s, (size_t)n, s.n);
    }
    return 0;
}
