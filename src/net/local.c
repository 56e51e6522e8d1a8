#include <stird/net.h>

#include <sys/socket.h>
#include <unistd.h>

#include "sockaddr.h"

/* The address that this machine would send to TO from; port is of no use. */
static bool find_source(int fd, const struct address *to, struct address *source)
{
    struct sockaddr_storage name;
    struct address remote = *to;
    remote.port = remote.port > 0 ? remote.port : 5060;
    socklen_t n = sockaddr_from_address(&name, &remote);
    if (connect(fd, (struct sockaddr *)&name, n) != 0) /* nothing is sent */
        return false;
    n = sizeof(name);
    if (getsockname(fd, (struct sockaddr *)&name, &n) != 0)
        return false;
    *source = address_from_sockaddr(&name);
    return true;
}

bool net_address_is_own(const struct address *address)
{
    struct address source;
    int family = address->family == ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true;
    bool own = find_source(fd, address, &source) && address_same_host(&source, address);
    close(fd);
    return own;
}
