#include <stird/io/admin.h>

#include <errno.h>
#include <poll.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdio.h>
#include <stird/base/clock.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

union fd_space {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int) * ADMIN_FDS_MAX)];
};

static int address_of(struct sockaddr_un *address, struct str path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path.n >= sizeof(address->sun_path))
        return -ENAMETOOLONG;
    memcpy(address->sun_path, path.p, path.n);
    return 0;
}

static int new_socket(int flags)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
    return fd >= 0 ? fd : -errno;
}

int admin_connect(struct str path)
{
    struct sockaddr_un address;
    int r = address_of(&address, path);
    int fd = r ? r : new_socket(0);
    if (fd < 0)
        return fd;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    r = -errno;
    close(fd);
    return r;
}

/* Removes the socket of a stird that has ended; one that answers keeps its own. */
static int clear_the_way(const struct sockaddr_un *address)
{
    struct stat st;
    if (lstat(address->sun_path, &st))
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    int other = admin_connect(str_of(address->sun_path));
    if (other >= 0) {
        close(other);
        return -EADDRINUSE;
    }
    return unlink(address->sun_path) && errno != ENOENT ? -errno : 0;
}

int admin_listen(struct str path)
{
    struct sockaddr_un address;
    int r = address_of(&address, path);
    if (r == 0)
        r = clear_the_way(&address);
    int fd = r ? r : new_socket(SOCK_NONBLOCK);
    if (fd < 0)
        return fd;
    /* Under the umask of the process nobody else can connect before chmod says who may. */
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) ||
        chmod(address.sun_path, 0660) || listen(fd, BACKLOG)) {
        r = -errno;
        close(fd);
        return r;
    }
    return fd;
}

int admin_let_in(struct str path, gid_t group, bool everybody)
{
    char z[sizeof(((struct sockaddr_un *)0)->sun_path)];
    if (path.n >= sizeof(z))
        return -ENAMETOOLONG;
    memcpy(z, path.p, path.n);
    z[path.n] = '\0';
    if ((geteuid() == 0 && lchown(z, (uid_t)-1, group)) || chmod(z, everybody ? 0666 : 0660))
        return -errno;
    return 0;
}

int admin_take(int fd, struct admin_request_head *head, char *text)
{
    struct iovec parts[] = {{head, sizeof(*head)}, {text, ADMIN_TEXT_MAX}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t got;
    do
        got = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return got == 0 || errno == ECONNRESET ? 0 : -errno;
    if ((size_t)got < sizeof(*head) || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
        head->version != ADMIN_VERSION || head->text_bytes != (size_t)got - sizeof(*head))
        return -EBADMSG;
    text[head->text_bytes] = '\0';
    return 1;
}

static void attach(struct msghdr *m, union fd_space *space, const int *fds, unsigned n_fds)
{
    m->msg_control = space->bytes;
    m->msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
    memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
}

int admin_reply(int fd, uint32_t status, struct str text, const int *fds, unsigned n_fds)
{
    union fd_space space = {.bytes = {0}};
    if (text.n > ADMIN_REPLY_MAX || n_fds > ADMIN_FDS_MAX)
        return -EMSGSIZE;
    struct admin_reply_head head = {ADMIN_VERSION, status != 0, status, (uint32_t)text.n};
    struct iovec parts[] = {{&head, sizeof(head)}, {(void *)text.p, text.n}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    if (n_fds > 0)
        attach(&m, &space, fds, n_fds);
    ssize_t sent;
    do
        sent = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

bool admin_is_read(int fd)
{
    int waiting = 0;
    return ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting == 0;
}

static unsigned take_fds(struct msghdr *m, int fds[ADMIN_FDS_MAX])
{
    unsigned n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count && n < ADMIN_FDS_MAX; i++)
            memcpy(&fds[n++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
    }
    return n;
}

static int receive_reply(int fd, struct buf *reply, int *status, int fds[ADMIN_FDS_MAX],
                         unsigned *n_fds)
{
    union fd_space space;
    struct admin_reply_head head;
    char *room = buf_room(reply, ADMIN_REPLY_MAX);
    if (!room)
        return -ENOMEM;
    struct iovec parts[] = {{&head, sizeof(head)}, {room, ADMIN_REPLY_MAX}};
    struct msghdr m = {.msg_iov = parts,
                       .msg_iovlen = 2,
                       .msg_control = space.bytes,
                       .msg_controllen = CMSG_LEN(sizeof(fds[0]) * ADMIN_FDS_MAX)};
    ssize_t got = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
    /* The supervisor may refuse before it has read the request: then its reply is there although
       sending failed. */
    if (got < 0 && errno == ECONNRESET)
        got = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
    if (got < 0)
        return -errno;
    if (got == 0)
        return -ECONNRESET;
    *n_fds = take_fds(&m, fds);
    if ((size_t)got < sizeof(head) || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
        head.version != ADMIN_VERSION || head.text_bytes != (size_t)got - sizeof(head))
        return -EBADMSG;
    buf_grew(reply, head.text_bytes);
    *status = head.refused ? (int)head.status : 0;
    return 0;
}

/* Signals do not end it: whoever waits may want to be told how long it takes. */
static int wait_for(int fd, int timeout_ms)
{
    const int64_t until_ms = clock_monotonic_ms() + timeout_ms;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ready;
    do {
        const int64_t left_ms = until_ms - clock_monotonic_ms();
        ready = poll(&p, 1, left_ms > 0 ? (int)left_ms : 0);
    } while (ready < 0 && errno == EINTR);
    return ready;
}

int admin_ask(int fd, enum admin_type type, bool wait, struct str text, int timeout_ms,
              struct buf *reply, int *status, int fds[ADMIN_FDS_MAX], unsigned *n_fds)
{
    struct admin_request_head head = {ADMIN_VERSION, type, wait, (uint32_t)text.n};
    struct iovec parts[] = {{&head, sizeof(head)}, {(void *)text.p, text.n}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    *n_fds = 0;
    if (text.n > ADMIN_TEXT_MAX)
        return -EMSGSIZE;
    if (sendmsg(fd, &m, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
        return -errno;
    int ready = wait_for(fd, timeout_ms);
    if (ready <= 0)
        return ready == 0 ? -ETIMEDOUT : -errno;
    int r = receive_reply(fd, reply, status, fds, n_fds);
    for (unsigned i = 0; r && i < *n_fds; i++)
        close(fds[i]);
    if (r)
        *n_fds = 0;
    return r;
}
