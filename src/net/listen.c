#include <stird/net/listen.h>

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "listen_socket.h"
#include "sockaddr.h"
#include "stream_room.h"

#define UDP_BUFFER_BYTES (4 * 1024 * 1024) /* half a second of bursts at 5000 messages/s */

int listen_socket_set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0 ? 0 : -errno;
}

/*
 * A signed INVITE is larger than an Ethernet frame: let the kernel fragment (no DF bit), and have
 * ICMP errors queued with the datagram that caused them.
 */
static int set_udp_options(int fd, bool ipv6)
{
    int level = ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int error = ipv6 ? listen_socket_set(fd, level, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT)
                     : listen_socket_set(fd, level, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    if (error == 0)
        error = listen_socket_set(fd, level, ipv6 ? IPV6_RECVERR : IP_RECVERR, 1);
    /* The kernel's limits (net.core.?mem_max) may allow less, which is no reason not to start. */
    listen_socket_set(fd, SOL_SOCKET, SO_RCVBUF, UDP_BUFFER_BYTES);
    listen_socket_set(fd, SOL_SOCKET, SO_SNDBUF, UDP_BUFFER_BYTES);
    return error;
}

static int set_options(int fd, enum transport transport, bool ipv6)
{
    int error = ipv6 ? listen_socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) : 0;
    if (error == 0 && transport == TRANSPORT_UDP)
        error = set_udp_options(fd, ipv6);
    if (error == 0 && transport != TRANSPORT_UDP) {
        error = listen_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        stream_room_bound(fd);
    }
    return error;
}

int listen_socket_unbound(const struct address *address, enum transport transport)
{
    bool ipv6 = address->family == ADDRESS_IPV6;
    int type = transport == TRANSPORT_UDP ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(ipv6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int error = set_options(fd, transport, ipv6);
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

int listen_socket_open(const struct address *address, enum transport transport, bool reuse)
{
    struct sockaddr_storage name;
    socklen_t n = sockaddr_from_address(&name, address);
    int fd = listen_socket_unbound(address, transport);
    if (fd < 0)
        return fd;
    int error = 0;
    if (reuse)
        error = listen_socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (error == 0 && bind(fd, (struct sockaddr *)&name, n) != 0)
        error = -errno;
    if (error == 0 && transport != TRANSPORT_UDP && listen(fd, LISTEN_BACKLOG) != 0)
        error = -errno;
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

/*
 * The first one is bound alone, so that a port that anybody else has, in a group or not, is in use;
 * then it becomes the first of a group. Others can join a group only as the same user, and the
 * program never chooses them. Sockets of a group are numbered in the order they were bound.
 */
static int open_group(struct listener_sockets *sockets, unsigned workers, int program,
                      const struct address *address)
{
    int error = 0;
    for (unsigned w = 0; w < workers && error == 0; w++) {
        int fd = listen_socket_open(address, TRANSPORT_UDP, w > 0);
        if (fd < 0)
            return fd;
        sockets[w].fd[TRANSPORT_UDP] = fd;
        if (w == 0 && workers > 1)
            error = listen_socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
        if (w == 1)
            error = listen_socket_set(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, program);
    }
    return error;
}

static int open_shared(struct listener_sockets *sockets, unsigned workers, enum transport transport,
                       const struct address *address)
{
    int fd = listen_socket_open(address, transport, false);
    for (unsigned w = 0; fd >= 0 && w < workers; w++)
        sockets[w].fd[transport] = fd;
    return fd < 0 ? fd : 0;
}

int listener_open(struct listener_sockets *sockets, unsigned workers, int program,
                  const struct listener *listener, enum transport *failed)
{
    listener_none(sockets, workers);
    return listener_open_rest(sockets, workers, program, listener, failed);
}

void listener_none(struct listener_sockets *sockets, unsigned workers)
{
    for (unsigned w = 0; w < workers; w++)
        for (unsigned t = 0; t < TRANSPORTS; t++)
            sockets[w].fd[t] = -1;
}

int listener_open_rest(struct listener_sockets *sockets, unsigned workers, int program,
                       const struct listener *listener, enum transport *failed)
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        if (!listener->transports[t] || sockets[0].fd[t] >= 0)
            continue;
        int error = t == TRANSPORT_UDP
                        ? open_group(sockets, workers, program, &listener->address)
                        : open_shared(sockets, workers, (enum transport)t, &listener->address);
        if (error) {
            *failed = (enum transport)t;
            listener_close(sockets, workers);
            return error;
        }
    }
    return 0;
}

bool listener_address_is_here(const struct listener *listener)
{
    struct address any_port = listener->address;
    any_port.port = 0;
    int fd = listen_socket_open(&any_port, TRANSPORT_UDP, false);
    if (fd >= 0)
        close(fd);
    return fd != -EADDRNOTAVAIL;
}

void listener_close(struct listener_sockets *sockets, unsigned workers)
{
    for (unsigned w = 0; w < workers; w++) {
        for (unsigned t = 0; t < TRANSPORTS; t++) {
            bool own = t == TRANSPORT_UDP || w == 0; /* the others are shared */
            if (own && sockets[w].fd[t] >= 0)
                close(sockets[w].fd[t]);
            sockets[w].fd[t] = -1;
        }
    }
}
