/* Which addresses are this machine's own. */
#include <stird/net/net.h>

#include <sys/socket.h>
#include <unistd.h>

#include "sockaddr.h"

/* Addresses that no machine has: reserved (RFC 1112 section 4), discarded (RFC 6666). */
static const struct address nowhere4 = {ADDRESS_IPV4, 0, {240, 0, 0, 254}},
                            nowhere6 = {ADDRESS_IPV6, 0, {1, 0, [15] = 1}};

typedef int (*name_function)(int fd, const struct sockaddr *name, socklen_t n);

enum tried { NOT_ASKED, REFUSED, DONE };

/* bind or connect with a datagram socket; SOURCE is what it is bound to then. */
static enum tried try_name(name_function function, const struct address *address,
                           struct address *source)
{
    struct sockaddr_storage name;
    socklen_t n = sockaddr_from_address(&name, address);
    int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NOT_ASKED;
    int error = function(fd, (struct sockaddr *)&name, n);
    n = sizeof(name);
    if (error == 0)
        error = getsockname(fd, (struct sockaddr *)&name, &n);
    close(fd);
    *source = sockaddr_to_address(&name);
    return error == 0 ? DONE : REFUSED;
}

/* Where addresses of other machines can be bound too (ip_nonlocal_bind, for addresses that move
   between machines), at least the first address of each network is recognised, as the one that we
   would send from. */
bool net_address_is_own(const struct address *address)
{
    struct address host = *address, source;
    host.port = 0;
    enum tried bound = try_name(bind, &host, &source);
    if (bound != DONE)
        return bound == NOT_ASKED;
    if (try_name(bind, host.family == ADDRESS_IPV6 ? &nowhere6 : &nowhere4, &source) != DONE)
        return true;
    host.port = 9; /* nothing is sent there */
    enum tried connected = try_name(connect, &host, &source);
    return connected == NOT_ASKED || (connected == DONE && address_same_host(&source, address));
}
