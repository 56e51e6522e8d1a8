#include <stird/net/mend.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen_socket.h"
#include "sockaddr.h"

/* Linux 5.14: whether the sizes of buffers were set, which those of streams are not. */
#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif

/* Linux 6.16: whether descriptors come along. */
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

static enum mended worse(enum mended a, enum mended b)
{
    return a > b ? a : b;
}

/* ---- flags and options ---- */

/* More options than a worker may set (rights.c); those that a socket of this kind does not have are
   passed over. */
static const struct {
    int level, name;
    bool is_buffer; /* the kernel tells twice what it was given */
} options[] = {
    {SOL_SOCKET, SO_REUSEADDR, false},
    {SOL_SOCKET, SO_KEEPALIVE, false},
    {SOL_SOCKET, SO_LINGER, false},
    {SOL_SOCKET, SO_RCVBUF, true},
    {SOL_SOCKET, SO_SNDBUF, true},
    {SOL_SOCKET, SO_BUF_LOCK, false},
    {SOL_SOCKET, SO_RCVLOWAT, false},
    {SOL_SOCKET, SO_RCVTIMEO, false},
    {SOL_SOCKET, SO_SNDTIMEO, false},
    {SOL_SOCKET, SO_BROADCAST, false},
    {SOL_SOCKET, SO_PRIORITY, false},
    {SOL_SOCKET, SO_PASSCRED, false},
    {SOL_SOCKET, SO_PASSRIGHTS, false},
    {IPPROTO_IP, IP_TOS, false},
    {IPPROTO_IP, IP_TTL, false},
    {IPPROTO_IP, IP_RECVERR, false},
    {IPPROTO_IP, IP_MTU_DISCOVER, false},
    {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, false},
    {IPPROTO_IP, IP_MINTTL, false},
    {IPPROTO_IPV6, IPV6_TCLASS, false},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, false},
    {IPPROTO_IPV6, IPV6_RECVERR, false},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, false},
    {IPPROTO_UDP, UDP_SEGMENT, false},
    {IPPROTO_UDP, UDP_GRO, false},
    {IPPROTO_TCP, TCP_NODELAY, false},
    {IPPROTO_TCP, TCP_KEEPIDLE, false},
    {IPPROTO_TCP, TCP_KEEPINTVL, false},
    {IPPROTO_TCP, TCP_KEEPCNT, false},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT, false},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, false},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, false},
};

#define VALUE_BYTES 16 /* the longest is a struct timeval */

/* -1: it has none of the kind. */
static int option_of(int fd, unsigned i, char value[VALUE_BYTES])
{
    socklen_t n = VALUE_BYTES;
    return getsockopt(fd, options[i].level, options[i].name, value, &n) == 0 ? (int)n : -1;
}

static bool set_option_back(int fd, int like, unsigned i)
{
    char value[VALUE_BYTES] = {0}, present[VALUE_BYTES] = {0};
    int n = option_of(like, i, value);
    if (n < 0 || option_of(fd, i, present) != n || memcmp(value, present, (size_t)n) == 0)
        return false;
    if (options[i].is_buffer) {
        int half;
        memcpy(&half, value, sizeof(half));
        half /= 2;
        memcpy(value, &half, sizeof(half));
    }
    setsockopt(fd, options[i].level, options[i].name, value, (socklen_t)n);
    return true;
}

/* LIKE is a socket as FD was when it was new. */
static enum mended set_back(int fd, int like)
{
    int flags = fcntl(fd, F_GETFL), wanted = fcntl(like, F_GETFL);
    bool changed = flags != wanted;
    if (changed)
        fcntl(fd, F_SETFL, wanted);
    for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        changed |= set_option_back(fd, like, i);
    return changed ? MEND_SET_BACK : MEND_NOTHING;
}

/* Which ways: 0, none of them. */
static int ways_shut(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};
    return poll(&p, 1, 0) == 1 ? p.revents & (POLLRDHUP | POLLHUP | POLLNVAL) : 0;
}

static bool drop_peer(int fd)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    struct sockaddr_storage name;
    socklen_t n = sizeof(name);
    bool had = getpeername(fd, (struct sockaddr *)&name, &n) == 0;
    (void)connect(fd, &nobody, sizeof(nobody));
    return had;
}

/* ---- datagrams ---- */

/* Only trying shows it: an empty datagram is sent to a socket that nobody reads. */
static bool cannot_send(int fd, const struct address *own)
{
    struct sockaddr_storage name;
    struct address any_port = *own;
    any_port.port = 0;
    socklen_t n = sockaddr_from_address(&name, &any_port), room = sizeof(name);
    int ear = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool broken = ear >= 0 && bind(ear, (struct sockaddr *)&name, n) == 0 &&
                  getsockname(ear, (struct sockaddr *)&name, &room) == 0 &&
                  sendto(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&name, n) < 0 &&
                  errno == EPIPE;
    if (ear >= 0)
        close(ear);
    return broken;
}

/* 0: there was none, 1: it is off, -errno: it cannot be taken off. */
static int take_filter_off(int fd)
{
    int nothing = 0;
    if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &nothing, sizeof(nothing)) == 0)
        return 1;
    return errno == ENOENT ? 0 : -errno;
}

/*
 * The new one is bound before the old one is closed: it joins the group last, and the kernel gives
 * it the place of the one that leaves (listen.c).
 */
static int renew_datagrams(int *fd, const struct address *address, unsigned workers)
{
    int r = listen_socket_set(*fd, SOL_SOCKET, SO_REUSEPORT, 1);
    int renewed = r == 0 ? listen_socket_open(address, TRANSPORT_UDP, true) : r;
    if (renewed < 0)
        return renewed;
    close(*fd);
    *fd = renewed;
    if (workers == 1)
        listen_socket_set(*fd, SOL_SOCKET, SO_REUSEPORT, 0);
    return MEND_RENEWED;
}

static int mend_datagrams(int *fd, unsigned workers, int program, const struct address *address)
{
    int like = listen_socket_unbound(address, TRANSPORT_UDP), ignored = 0;
    socklen_t n = sizeof(ignored);
    if (like < 0)
        return like;
    enum mended r = set_back(*fd, like);
    close(like);
    listen_socket_set(*fd, IPPROTO_UDP, UDP_CORK, 0); /* the beginning of a datagram leaves */
    if (drop_peer(*fd))
        r = MEND_SET_BACK;
    int filter = take_filter_off(*fd);
    getsockopt(*fd, SOL_SOCKET, SO_ERROR, &ignored, &n);
    int renewed = 0;
    if (filter < 0 || ways_shut(*fd) || cannot_send(*fd, address))
        renewed = renew_datagrams(fd, address, workers);
    if (renewed >= 0 && workers > 1)
        listen_socket_set(*fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, program);
    if (renewed != 0)
        return renewed;
    return (int)worse(r, filter > 0 ? MEND_SET_BACK : MEND_NOTHING);
}

/* ---- streams ---- */

static bool is_listening(int fd)
{
    int listening = 0;
    socklen_t n = sizeof(listening);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening;
}

/* All workers have this socket, so it cannot be exchanged for another one. */
static int mend_stream(int fd, enum transport transport, const struct address *address)
{
    int like = listen_socket_unbound(address, transport);
    if (like < 0)
        return like;
    enum mended r = set_back(fd, like);
    close(like);
    if (take_filter_off(fd) != 0)
        r = MEND_SET_BACK;
    if (!is_listening(fd)) {
        drop_peer(fd);
        r = MEND_SET_BACK;
    }
    return listen(fd, LISTEN_BACKLOG) == 0 ? (int)r : -errno;
}

int mend_socket(struct listener_sockets *own, unsigned workers, int program,
                const struct listener *listener, enum transport t)
{
    return t == TRANSPORT_UDP ? mend_datagrams(&own->fd[t], workers, program, &listener->address)
                              : mend_stream(own->fd[t], t, &listener->address);
}

int mend_listener(struct listener_sockets *sockets, unsigned workers, unsigned worker, int program,
                  const struct listener *listener, enum transport *failed)
{
    enum mended all = MEND_NOTHING;
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        if (sockets[worker].fd[t] < 0)
            continue;
        int r = mend_socket(&sockets[worker], workers, program, listener, (enum transport)t);
        *failed = (enum transport)t;
        if (r < 0)
            return r;
        all = worse(all, (enum mended)r);
    }
    return (int)all;
}

/* ---- pairs ---- */

int mend_pair(int fds[2], int (*make)(int fds[2]))
{
    int like[2];
    int r = make(like);
    if (r)
        return r;
    bool shut = ways_shut(fds[0]) != ways_shut(like[0]) || ways_shut(fds[1]) != ways_shut(like[1]);
    enum mended mended = MEND_NOTHING;
    for (unsigned i = 0; i < 2; i++) {
        if (!shut)
            mended = worse(mended, set_back(fds[i], like[i]));
        close(shut ? fds[i] : like[i]);
        fds[i] = shut ? like[i] : fds[i];
    }
    return shut ? MEND_RENEWED : (int)mended;
}
