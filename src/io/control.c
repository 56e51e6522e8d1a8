#include <stird/io/control.h>

#include <errno.h>
#include <stdbool.h>
#include <stird/base/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union fd_space {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int) * CONTROL_FDS_MAX)];
};

/* Without the alignment behind them: the kernel would put another descriptor there. */
#define FDS_BYTES_MAX CMSG_LEN(sizeof(int) * CONTROL_FDS_MAX)

int control_send(int fd, const struct control_message *message, const int *fds, unsigned n_fds)
{
    union fd_space space = {.bytes = {0}};
    struct iovec part = {(void *)message, sizeof(*message)};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;
    if (n_fds > CONTROL_FDS_MAX)
        return -EINVAL;
    if (n_fds > 0) {
        m.msg_control = space.bytes;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
    }
    do
        sent = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return -errno;
    return sent == (ssize_t)sizeof(*message) ? 0 : -EMSGSIZE;
}

static unsigned take_fds(struct msghdr *m, int fds[CONTROL_FDS_MAX])
{
    unsigned n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count && n < CONTROL_FDS_MAX; i++)
            memcpy(&fds[n++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
    }
    return n;
}

int control_receive(int fd, struct control_message *message, int fds[CONTROL_FDS_MAX],
                    unsigned *n_fds)
{
    union fd_space space;
    struct control_message read;
    struct iovec part = {&read, sizeof(read)};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = space.bytes,
                       .msg_controllen = FDS_BYTES_MAX};
    ssize_t got;
    *n_fds = 0;
    do
        got = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == ECONNRESET ? 0 : -errno;
    if (got == 0)
        return packet_is_end(fd) ? 0 : -ENOMSG;
    unsigned n = take_fds(&m, fds);
    const bool cut = m.msg_flags & MSG_CTRUNC, no_room = cut && n < CONTROL_FDS_MAX;
    if (got != (ssize_t)sizeof(read) || (m.msg_flags & MSG_TRUNC) || cut) {
        while (n > 0)
            close(fds[--n]);
        return no_room ? -EMFILE : -EBADMSG;
    }
    read.path[sizeof(read.path) - 1] = '\0';
    read.text[sizeof(read.text) - 1] = '\0';
    *message = read;
    *n_fds = n;
    return 1;
}

int control_pair(int fds[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0 ? 0
                                                                                           : -errno;
}
