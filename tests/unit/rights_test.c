/* What the filters of system calls allow with the socket to journald: only sending, and only to
   journald. */
#include "in_child.h"

#include <errno.h>
#include <stird/base/log.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/rights.h"

static int receiver(struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "stird-rights-%d", getpid());
    return bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? fd : -1;
}

static bool is_refused(ssize_t result)
{
    return result < 0 && errno == EPERM;
}

/* A datagram of an open socket can be addressed to any other: to the service manager's, for one. */
static const char *journal_socket(void *user)
{
    struct sockaddr_un other;
    int ends[2], other_fd = receiver(&other);
    char octet;
    (void)user;
    if (other_fd < 0 || socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))
        return "no sockets";
    char x = 'x';
    struct iovec part = {&x, 1};
    struct msghdr plain = {.msg_iov = &part, .msg_iovlen = 1},
                  addressed = {.msg_name = &other,
                               .msg_namelen = sizeof(other),
                               .msg_iov = &part,
                               .msg_iovlen = 1};
    const struct sockaddr *address = (const struct sockaddr *)&other;
    log_to_journal(ends[1]);
    if (sendto(ends[1], "x", 1, 0, address, sizeof(other)) != 1 || read(other_fd, &octet, 1) != 1)
        return "nothing to refuse";
    if (rights_keep_only(MAY_TALK))
        return "no filter";
    if (!is_refused(sendto(ends[1], "x", 1, 0, address, sizeof(other))) ||
        !is_refused(sendmsg(ends[1], &addressed, 0)) || !is_refused(sendmsg(ends[1], &plain, 0)))
        return "an addressed datagram leaves";
    if (send(ends[1], "x", 1, 0) != 1 || read(ends[0], &octet, 1) != 1)
        return "journald is not reached";
    return NULL;
}

static void a_socket_to_journald_goes_nowhere_else(void **state)
{
    (void)state;
    in_child(journal_socket, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_to_journald_goes_nowhere_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
