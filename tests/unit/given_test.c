/* A descriptor that others have too is read and written, and never changed. */
#include "daemon/given.h"

#include "in_child.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static bool refused(long result)
{
    return result < 0 && errno == EPERM;
}

static const char *is_changed(int fd)
{
    const struct sockaddr_in name = {.sin_family = AF_INET};
    int one = 1;
    if (!refused(connect(fd, (const struct sockaddr *)&name, sizeof(name))))
        return "connect";
    if (!refused(bind(fd, (const struct sockaddr *)&name, sizeof(name))))
        return "bind";
    if (!refused(listen(fd, 1)) || !refused(shutdown(fd, SHUT_RDWR)))
        return "listen or shutdown";
    if (!refused(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &one, sizeof(one))))
        return "setsockopt";
    if (!refused(ioctl(fd, FIONBIO, &one)) || !refused(fcntl(fd, F_SETFL, 0)))
        return "to wait";
    if (!refused(dup(fd)) || !refused(dup2(fd, 90)) || !refused(fcntl(fd, F_DUPFD, 0)) ||
        !refused(fcntl(fd, F_DUPFD_CLOEXEC, 0)))
        return "a duplicate";
    return NULL;
}

static const char *is_free(int fd)
{
    int one = 4096;
    if (fcntl(fd, F_SETFL, O_NONBLOCK) || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &one, sizeof(one)))
        return "one that was not given is not free";
    return NULL;
}

/* Two runs of numbers and single ones, in no order. */
static const char *check(void *user)
{
    static const int given[] = {40, -1, 21, 20, 2, 22, 30, 31};
    static const int others[] = {19, 23, 29, 32, 39, 41};
    int pair[2];
    char got;
    const char *wrong = NULL;
    (void)user;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
        return "no pair";
    for (int fd = 19; fd < 42; fd++)
        if (dup2(pair[0], fd) != fd)
            return "no descriptors";
    dup2(pair[0], STDERR_FILENO);
    int r = given_keep(given, sizeof(given) / sizeof(given[0]));
    if (r)
        return "no seccomp";
    for (unsigned i = 0; i < sizeof(given) / sizeof(given[0]) && !wrong; i++)
        wrong = given[i] >= 0 ? is_changed(given[i]) : NULL;
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]) && !wrong; i++)
        wrong = is_free(others[i]);
    if (!wrong && (send(pair[1], "x", 1, 0) != 1 || read(40, &got, 1) != 1 ||
                   write(40, "y", 1) != 1 || fcntl(40, F_GETFL) < 0 || close(40)))
        wrong = "what was given cannot be used";
    return wrong;
}

static void given_ones_are_used_and_not_changed(void **state)
{
    (void)state;
    in_child(check, NULL);
}

static void too_many_are_refused(void **state)
{
    int many[GIVEN_MAX + 1] = {0};
    (void)state;
    assert_int_equal(given_keep(many, GIVEN_MAX + 1), -E2BIG);
}

/* All single: the longest program. */
static const char *check_most(void *user)
{
    int many[GIVEN_MAX];
    (void)user;
    for (int i = 0; i < GIVEN_MAX; i++)
        many[i] = 2 * i + 1000;
    if (given_keep(many, GIVEN_MAX))
        return "the kernel does not take it";
    return fcntl(1000 + 2 * (GIVEN_MAX - 1), F_SETFL, 0) < 0 && errno == EPERM ? NULL
                                                                               : "the last is free";
}

static void as_many_as_may_be_are_taken(void **state)
{
    (void)state;
    in_child(check_most, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_ones_are_used_and_not_changed),
        cmocka_unit_test(too_many_are_refused),
        cmocka_unit_test(as_many_as_may_be_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
