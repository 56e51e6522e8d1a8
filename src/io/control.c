#include <stird/io/control.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stird/base/log.h>
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

/* ---- words ---- */

#define TEXTS_MAX 11

/* What a word looks like. */
static const struct form {
    const char *name;
    size_t bytes;
    unsigned least_fds, most_fds;
    size_t texts_end[TEXTS_MAX]; /* where in the message each of its texts ends; 0: there is none */
} forms[CONTROL_TYPES] = {
#define HEAD offsetof(struct control_message, snapshot)
#define TEXT(member, text)                                                                         \
    offsetof(struct control_message, member.text) +                                                \
        sizeof(((struct control_message *)0)->member.text)
#define CONTROL(word, member, payload, least, most, ...)                                           \
    [CONTROL_##word] = {#word, HEAD + sizeof(payload), least, most, {__VA_ARGS__}},
#define CONTROL_BARE(word, least, most) [CONTROL_##word] = {#word, HEAD, least, most, {0}},
#include <stird/io/control.def>
};

/* NULL: there is no such word, or it does not go with N_FDS descriptors. */
static const struct form *form_of(uint32_t type, unsigned n_fds)
{
    const struct form *f = type > CONTROL_NO_WORD && type < CONTROL_TYPES ? &forms[type] : NULL;
    return f && n_fds >= f->least_fds && n_fds <= f->most_fds ? f : NULL;
}

const char *control_name(uint32_t type)
{
    return type < CONTROL_TYPES ? forms[type].name : NULL;
}

struct str control_encode(const struct control_message *m, unsigned n_fds)
{
    const struct form *f = form_of(m->type, n_fds);
    return (struct str){(const char *)m, f ? f->bytes : 0};
}

bool control_decode(struct control_message *m, struct str octets, unsigned n_fds)
{
    uint32_t type = CONTROL_NO_WORD;
    if (octets.n >= HEAD)
        memcpy(&type, octets.p, sizeof(type));
    const struct form *f = form_of(type, n_fds);
    memset(m, 0, sizeof(*m));
    if (!f || octets.n != f->bytes)
        return false;
    memcpy(m, octets.p, octets.n);
    m->zero = 0;
    for (unsigned i = 0; i < TEXTS_MAX; i++)
        if (f->texts_end[i] > 0)
            ((char *)m)[f->texts_end[i] - 1] = '\0';
    return true;
}

/* ---- the socket ---- */

/* Of this process. */
static bool has_given_up;                           /* control_gave_up_rights() */
static uint64_t early_words = ~CONTROL_WORD(READY); /* control_say_only() */
_Static_assert(CONTROL_TYPES <= 64, "a bit for each word");

void control_say_only(uint64_t words)
{
    early_words = words & ~CONTROL_WORD(READY);
}

void control_gave_up_rights(void)
{
    has_given_up = true;
}

static bool may_send(const struct control_message *message)
{
    if (has_given_up || early_words >> message->type & 1)
        return true;
    log_error("a process that has given up no rights does not serve",
              LOG_CSTR("word", control_name(message->type)));
    return false;
}

int control_send(int fd, const struct control_message *message, const int *fds, unsigned n_fds)
{
    union fd_space space = {.bytes = {0}};
    const struct str octets = control_encode(message, n_fds);
    struct iovec part = {(void *)(uintptr_t)octets.p, octets.n};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;
    if (octets.n == 0)
        return -EINVAL;
    if (!may_send(message))
        return -EPERM;
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
    return sent == (ssize_t)octets.n ? 0 : -EMSGSIZE;
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
    char read[sizeof(*message)];
    struct iovec part = {read, sizeof(read)};
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
    bool good = !cut && !(m.msg_flags & MSG_TRUNC) &&
                control_decode(message, (struct str){read, (size_t)got}, n);
    explicit_bzero(read, (size_t)got); /* it may be a secret's */
    if (!good) {
        while (n > 0)
            close(fds[--n]);
        return no_room ? -EMFILE : -EBADMSG;
    }
    *n_fds = n;
    return 1;
}

bool control_hear(int fd,
                  void (*hear)(void *user, const struct control_message *m, const int *fds,
                               unsigned n_fds),
                  void *user)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX], r;
    unsigned n_fds = 0;
    while ((r = control_receive(fd, &m, fds, &n_fds)) > 0) {
        hear(user, &m, fds, n_fds);
        n_fds = 0;
    }
    if (r == -EMFILE)
        log_warning(
            "what the supervisor said is lost: there is no descriptor left for what comes with it",
            LOG_CSTR("error", strerror(-r)));
    return r == -EAGAIN || r == -ENOMSG || r == -EMFILE;
}

int control_pair(int fds[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0 ? 0
                                                                                           : -errno;
}
