#include <stird/base/chance.h>

#include <errno.h>
#include <string.h>
#include <sys/random.h>

bool chance_fill(void *to, size_t n)
{
    char *at = to;
    for (size_t done = 0; done < n;) {
        ssize_t got = getrandom(at + done, n - done, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            memset(to, 0, n);
            return false;
        }
        done += (size_t)got;
    }
    return true;
}
