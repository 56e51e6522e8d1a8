#include <stird/net/adopt.h>

#include <errno.h>
#include <netinet/in.h>
#include <stird/net/mend.h>
#include <sys/socket.h>

#include "sockaddr.h"

static bool is_set(int fd, int level, int name, int wanted)
{
    int value = 0;
    socklen_t n = sizeof(value);
    return getsockopt(fd, level, name, &value, &n) == 0 && value == wanted;
}

static bool has_address(int fd, const struct address *wanted)
{
    struct sockaddr_storage name = {0};
    socklen_t n = sizeof(name);
    if (getsockname(fd, (struct sockaddr *)&name, &n) != 0)
        return false;
    const struct address own = sockaddr_to_address(&name);
    return address_equal(&own, wanted);
}

static bool fits(int fd, unsigned workers, const struct address *address, enum transport t)
{
    const bool ipv6 = address->family == ADDRESS_IPV6, udp = t == TRANSPORT_UDP;
    return is_set(fd, SOL_SOCKET, SO_DOMAIN, ipv6 ? AF_INET6 : AF_INET) &&
           is_set(fd, SOL_SOCKET, SO_TYPE, udp ? SOCK_DGRAM : SOCK_STREAM) &&
           is_set(fd, SOL_SOCKET, SO_PROTOCOL, udp ? IPPROTO_UDP : IPPROTO_TCP) &&
           (!ipv6 || is_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
           is_set(fd, SOL_SOCKET, SO_REUSEPORT, udp && workers > 1) &&
           (udp || is_set(fd, SOL_SOCKET, SO_ACCEPTCONN, 1)) && has_address(fd, address);
}

/* One that was spoiled is not exchanged here: its place in the group would be another. */
int adopt_listener(struct listener_sockets *sockets, unsigned workers, int program,
                   const struct listener *listener, enum transport t)
{
    for (unsigned w = 0; w < workers; w++)
        if (!fits(sockets[w].fd[t], workers, &listener->address, t))
            return -EADDRNOTAVAIL;
    for (unsigned w = 0; w < workers; w++) {
        const int r = mend_socket(&sockets[w], workers, program, listener, t);
        if (r < 0 || r == MEND_RENEWED)
            return r < 0 ? r : -ESTALE;
    }
    return 0;
}
