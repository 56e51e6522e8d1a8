#include <stird/packet.h>

#include <poll.h>
#include <sys/socket.h>

bool packet_is_end(int fd)
{
    char first;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, 0) < 1 || !(p.revents & (POLLHUP | POLLERR | POLLNVAL)))
        return false;
    /* It may have gone with packets still on their way here. */
    return recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}
