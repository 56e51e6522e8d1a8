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

bool chance_take(struct chance_stock *stock, void *to, size_t n)
{
    if (n > sizeof(stock->octets))
        return chance_fill(to, n);
    if (stock->left < n) {
        stock->left = 0;
        if (!chance_fill(stock->octets, sizeof(stock->octets))) {
            memset(to, 0, n);
            return false;
        }
        stock->left = sizeof(stock->octets);
    }
    stock->left -= n;
    memcpy(to, stock->octets + stock->left, n);
    explicit_bzero(stock->octets + stock->left, n);
    return true;
}
