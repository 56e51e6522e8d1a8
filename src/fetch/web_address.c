#include "web_address.h"

#include <netinet/in.h>
#include <stird/core/public_address.h>
#include <string.h>
#include <unistd.h>

static const void *bytes_of(const struct sockaddr *a, int *family)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    *family = a->sa_family;
    if (a->sa_family == AF_INET)
        return &((const struct sockaddr_in *)(const void *)a)->sin_addr;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
    if (a->sa_family == AF_INET6 && memcmp(six, mapped, sizeof(mapped)) == 0) {
        *family = AF_INET;
        return (const char *)six + sizeof(mapped);
    }
    return six;
}

/* Whether it is this machine, by any of its addresses: only to these a socket can be bound. */
static bool is_own(const struct sockaddr *to)
{
    union {
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
    } a = {.ip4 = {.sin_family = to->sa_family}};
    socklen_t n = to->sa_family == AF_INET ? sizeof(a.ip4) : sizeof(a.ip6);
    int fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true; /* it cannot be told: not open */
    if (to->sa_family == AF_INET)
        a.ip4.sin_addr = ((const struct sockaddr_in *)(const void *)to)->sin_addr;
    else
        a.ip6.sin6_addr = ((const struct sockaddr_in6 *)(const void *)to)->sin6_addr;
    bool own = bind(fd, (const struct sockaddr *)&a, n) == 0;
    close(fd);
    return own;
}

static bool is_public(int family, const void *bytes)
{
    return public_address(family == AF_INET ? ADDRESS_IPV4 : ADDRESS_IPV6, bytes);
}

bool web_address_has_family(int family)
{
    return family == AF_INET || family == AF_INET6;
}

bool web_address_is_open(const struct sockaddr *to)
{
    int family;
    if (!web_address_has_family(to->sa_family))
        return false;
    const void *bytes = bytes_of(to, &family);
    return is_public(family, bytes) && !is_own(to);
}
