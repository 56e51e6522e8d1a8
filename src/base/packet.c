#include <stird/base/packet.h>

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Linux 6.16: whether what is received brings descriptors along. */
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

void packet_refuse_rights(int fd)
{
    const int off = 0;
    setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off));
}

int packet_pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds))
        return -errno;
    packet_refuse_rights(fds[0]);
    packet_refuse_rights(fds[1]);
    if (shutdown(fds[0], SHUT_WR) == 0)
        return 0;
    int error = errno;
    close(fds[0]);
    close(fds[1]);
    return -error;
}

bool packet_is_end(int fd)
{
    char first;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, 0) < 1 || !(p.revents & (POLLHUP | POLLERR | POLLNVAL)))
        return false;
    /* The other end may be gone while packets that it sent are still to be read. */
    return recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}
