#include "stamp.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>

void stamp_wanted(int fd)
{
    int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes));
}

static int64_t age_of(struct msghdr *m)
{
    struct timespec stamp, now;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
            clock_gettime(CLOCK_REALTIME, &now);
            return (int64_t)(now.tv_sec - stamp.tv_sec) * 1000000 +
                   (now.tv_nsec - stamp.tv_nsec) / 1000;
        }
    return 0;
}

ssize_t stamp_receive(int fd, char *bytes, size_t room, int64_t *age_us)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
    struct iovec place = {bytes, room};
    struct msghdr m = {.msg_iov = &place,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof(control)};
    const ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);
    *age_us = n < 0 ? 0 : age_of(&m);
    return n;
}
