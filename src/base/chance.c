#include <stird/base/chance.h>

#include <assert.h>
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

bool chance_draw(struct chances *chances, void *to, size_t n)
{
    assert(n <= sizeof(chances->octets) && chances->left <= sizeof(chances->octets));
    if (n > chances->left) {
        if (!chance_fill(chances->octets, sizeof(chances->octets))) {
            chances->left = 0;
            memset(to, 0, n);
            return false;
        }
        chances->left = sizeof(chances->octets);
    }
    chances->left -= n;
    memcpy(to, chances->octets + chances->left, n);
    explicit_bzero(chances->octets + chances->left, n);
    return true;
}
