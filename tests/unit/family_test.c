/* Who is at the other end of the control socket: a stranger, or one of our own. */
#include "daemon/family.h"

#include "in_child.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static int listener_new(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    /* The kernel chooses an abstract name. */
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    socklen_t n = sizeof(address);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

/* Connects, says it on TOLD, and stays until it is killed. */
_Noreturn static void come(int told)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 6); /* NUL, five digits */
    char done = connect(fd, (const struct sockaddr *)&address, n) == 0 ? 'y' : 'n';
    if (write(told, &done, 1) != 1)
        _exit(1);
    for (unsigned i = 0; i < 60; i++)
        sleep(1);
    _exit(0);
}

/* A process at the end of GENERATIONS forks; those between are gone. Answers with its pid. */
static pid_t relative_new(unsigned generations, int told)
{
    int ends[2];
    pid_t pid = -1;
    assert_int_equal(pipe(ends), 0);
    pid_t first = fork();
    if (first == 0) {
        for (; generations > 1; generations--)
            if (fork() > 0)
                _exit(0);
        pid = getpid();
        if (write(ends[1], &pid, sizeof(pid)) != sizeof(pid))
            _exit(1);
        come(told);
    }
    assert_int_equal(read(ends[0], &pid, sizeof(pid)), sizeof(pid));
    if (generations > 1)
        waitpid(first, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

/* DEAD: the one that connects has the number of a child that was buried. */
static enum family family_of(unsigned generations, bool gone, bool dead)
{
    int told[2], pid = -1;
    char done = 'n';
    int listener = listener_new();
    assert_int_equal(pipe(told), 0);
    pid_t other = relative_new(generations, told[1]);
    assert_int_equal(read(told[0], &done, 1), 1);
    assert_int_equal(done, 'y');
    int fd = accept(listener, NULL, NULL);
    assert_true(fd >= 0);
    if (gone) {
        kill(other, SIGKILL);
        waitpid(other, NULL, 0);
    }
    const struct relatives relatives = {.dead = &other, .n_dead = dead};
    enum family found = family_connected(fd, &relatives, &pid);
    assert_int_equal(pid, other);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    close(fd);
    close(listener);
    close(told[0]);
    close(told[1]);
    return found;
}

static void a_child_is(void **state)
{
    (void)state;
    assert_int_equal(family_of(1, false, false), FAMILY_OURS);
}

static void so_is_an_orphaned_grandchild(void **state)
{
    (void)state;
    family_keep_orphans();
    assert_int_equal(family_of(3, false, false), FAMILY_OURS);
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

/* stirctl that was interrupted: no reason for alarm, and none to do what it asked. */
static void one_that_is_gone_is_not_trusted(void **state)
{
    (void)state;
    assert_int_equal(family_of(1, true, false), FAMILY_GONE);
}

/* It has asked and died, and was buried. */
static void a_child_that_is_gone_is(void **state)
{
    (void)state;
    assert_int_equal(family_of(1, true, true), FAMILY_OURS);
}

/* Somebody else has the descriptor now; who connected counts. */
static void it_is_who_connected(void **state)
{
    int told[2], pid;
    char done;
    int listener = listener_new();
    (void)state;
    assert_int_equal(pipe(told), 0);
    pid_t first = fork();
    if (first == 0) {
        int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
        socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 6);
        done = connect(fd, (const struct sockaddr *)&address, n) == 0 ? 'y' : 'n';
        if (fork() == 0) { /* keeps it open as long as the test wants */
            close(told[1]);
            _exit(read(told[0], &done, 1) > 0);
        }
        _exit(done == 'y' ? 0 : 1);
    }
    int status, fd = accept(listener, NULL, NULL);
    assert_int_equal(waitpid(first, &status, 0), first);
    assert_int_equal(status, 0);
    struct relatives relatives = {.children = &first, .n_children = 1};
    assert_int_equal(family_connected(fd, &relatives, &pid), FAMILY_OURS);
    relatives = (struct relatives){.dead = &first, .n_dead = 1};
    assert_int_equal(family_connected(fd, &relatives, &pid), FAMILY_OURS);
    relatives.n_dead = 0;
    assert_int_equal(family_connected(fd, &relatives, &pid), FAMILY_GONE);
    assert_int_equal(pid, first);
    close(told[0]);
    close(told[1]);
    close(fd);
    close(listener);
}

/* Reparented, without us as its guardian: nobody's child that we know. */
static void a_stranger_is_not(void **state)
{
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    assert_int_equal(family_of(3, false, false), FAMILY_STRANGER);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), pid = -1;
    socklen_t n = sizeof(pid);
    bool told_apart = getsockopt(fd, SOL_SOCKET, 77 /* SO_PEERPIDFD */, &pid, &n) == 0 ||
                      errno != ENOPROTOOPT;
    close(fd);
    if (told_apart) /* though it has a dead child's number */
        assert_int_equal(family_of(3, false, true), FAMILY_STRANGER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_is_not),
        cmocka_unit_test(a_child_is),
        cmocka_unit_test(so_is_an_orphaned_grandchild),
        cmocka_unit_test(one_that_is_gone_is_not_trusted),
        cmocka_unit_test(a_child_that_is_gone_is),
        cmocka_unit_test(it_is_who_connected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
