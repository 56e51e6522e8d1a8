#include <stird/net/handover.h>

#include <errno.h>
#include <stird/base/packet.h>
#include <stird/core/settings.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define SEND_BUFFER_BYTES (1024 * 1024)

bool handover_is_sound(const struct handover *h, struct str bytes, unsigned n_listeners)
{
    if (h->kind == HANDOVER_UNDELIVERED)
        return true;
    unsigned transports = str_starts(bytes, STR("SIP/")) ? TRANSPORTS : TRANSPORT_UDP + 1;
    return h->kind == HANDOVER_MESSAGE && h->listener < n_listeners && h->transport < transports &&
           address_is_sound(&h->remote);
}

int handover_pair(int fds[2])
{
    const int bytes = SEND_BUFFER_BYTES;
    int r = packet_pair(fds);
    if (r)
        return r;
    /* The kernel's limit may allow less, which is no reason not to start. */
    setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    return 0;
}

int handover_send(int fd, const struct handover *h, struct str bytes)
{
    struct iovec parts[] = {{(void *)h, sizeof(*h)}, {(void *)bytes.p, bytes.n}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ? 0 : -errno;
}

ssize_t handover_receive(int fd, struct handover *h, char *room, size_t size)
{
    struct iovec parts[] = {{h, sizeof(*h)}, {room, size - 1}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);
    if (n < 0)
        return -errno;
    if (n < (ssize_t)sizeof(*h) || (m.msg_flags & MSG_TRUNC))
        return n == 0 && packet_is_end(fd) ? -EPIPE : -EMSGSIZE;
    n -= (ssize_t)sizeof(*h);
    room[n] = '\0';
    return n;
}
