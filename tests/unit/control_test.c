#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stird/io/control.h>
#include <sys/resource.h>
#include <sys/socket.h>

static int pair[2];

static int open_pair(void **state)
{
    (void)state;
    return control_pair(pair);
}

static int close_pair(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
    return 0;
}

static void a_message_comes_as_it_went(void **state)
{
    struct control_message sent = {.type = CONTROL_ALARM, .worker = 7, .generation = 9}, got;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds = 99;
    (void)state;
    strcpy(sent.text, "something");
    assert_int_equal(control_receive(pair[1], &got, fds, &n_fds), -EAGAIN);
    assert_int_equal(control_send(pair[0], &sent, NULL, 0), 0);
    assert_int_equal(control_receive(pair[1], &got, fds, &n_fds), 1);
    assert_int_equal(n_fds, 0);
    assert_memory_equal(&sent, &got, sizeof(sent));
}

static void descriptors_come_along(void **state)
{
    struct control_message m = {.type = CONTROL_SNAPSHOT};
    int fds[CONTROL_FDS_MAX], ends[2], other[2];
    unsigned n_fds;
    char c = 0;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(other), 0);
    const int sent[CONTROL_FDS_MAX + 1] = {ends[1], other[0], other[1], ends[0], ends[0]};
    assert_int_equal(control_send(pair[0], &m, sent, CONTROL_FDS_MAX), 0);
    assert_int_equal(control_receive(pair[1], &m, fds, &n_fds), 1);
    assert_int_equal(n_fds, CONTROL_FDS_MAX);
    assert_int_equal(write(fds[0], "x", 1), 1);
    assert_int_equal(read(ends[0], &c, 1), 1);
    assert_int_equal(c, 'x');
    for (unsigned i = 0; i < CONTROL_FDS_MAX; i++) {
        assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
        close(fds[i]);
    }
    close(ends[0]), close(ends[1]), close(other[0]), close(other[1]);
    assert_int_equal(control_send(pair[0], &m, sent, CONTROL_FDS_MAX + 1), -EINVAL);
}

static void the_end_is_seen(void **state)
{
    struct control_message m = {.type = CONTROL_PING};
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds;
    (void)state;
    close(pair[0]);
    pair[0] = -1;
    assert_int_equal(control_receive(pair[1], &m, fds, &n_fds), 0);
    assert_int_equal(control_send(pair[1], &m, NULL, 0), -EPIPE);
}

static unsigned open_descriptors(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

#define RIGHTS_MAX 253 /* the kernel's */

/* N octets with as many descriptors, none of which must stay open. */
static void send_bytes(size_t n, unsigned n_fds)
{
    char bytes[sizeof(struct control_message) + 1] = {0};
    char space[CMSG_SPACE(sizeof(int) * RIGHTS_MAX)] __attribute__((aligned(8))) = {0};
    struct iovec part = {bytes, n};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = space,
                       .msg_controllen = CMSG_SPACE(sizeof(int) * n_fds)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
    for (unsigned i = 0; i < n_fds; i++)
        memcpy(CMSG_DATA(c) + sizeof(int) * i, &pair[0], sizeof(int));
    assert_int_equal(sendmsg(pair[0], &m, 0), (ssize_t)n);
}

static void another_size_is_another_binary(void **state)
{
    static const size_t sizes[] = {1, sizeof(struct control_message) - 1,
                                   sizeof(struct control_message) + 1};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct control_message m;
        int fds[CONTROL_FDS_MAX];
        unsigned n_fds, before = open_descriptors();
        send_bytes(sizes[i], 1);
        assert_int_equal(control_receive(pair[1], &m, fds, &n_fds), -EBADMSG);
        assert_int_equal(n_fds, 0);
        assert_int_equal(open_descriptors(), before);
    }
}

static void more_descriptors_than_any_has_are_closed(void **state)
{
    static const unsigned numbers[] = {CONTROL_FDS_MAX + 1, CONTROL_FDS_MAX + 2, RIGHTS_MAX};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct control_message m;
        int fds[CONTROL_FDS_MAX];
        unsigned n_fds, before = open_descriptors();
        send_bytes(sizeof(m), numbers[i]);
        assert_int_equal(control_receive(pair[1], &m, fds, &n_fds), -EBADMSG);
        assert_int_equal(n_fds, 0);
        assert_int_equal(open_descriptors(), before);
    }
}

static void what_has_no_room_is_lost_and_the_next_is_read(void **state)
{
    struct control_message m = {.type = CONTROL_CHANNEL};
    struct rlimit before, none;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds, open = open_descriptors();
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    assert_int_equal(control_send(pair[0], &m, &pair[0], 1), 0);
    m.type = CONTROL_PING;
    assert_int_equal(control_send(pair[0], &m, NULL, 0), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(control_receive(pair[1], &m, fds, &n_fds), -EMFILE);
    assert_int_equal(n_fds, 0);
    assert_int_equal(control_receive(pair[1], &m, fds, &n_fds), 1);
    assert_int_equal(m.type, CONTROL_PING);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(open_descriptors(), open);
}

static void texts_are_terminated_whatever_comes(void **state)
{
    struct control_message m, got;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds;
    (void)state;
    memset(&m, 'x', sizeof(m));
    assert_int_equal(control_send(pair[0], &m, NULL, 0), 0);
    assert_int_equal(control_receive(pair[1], &got, fds, &n_fds), 1);
    assert_int_equal(strlen(got.text), sizeof(got.text) - 1);
    assert_int_equal(strlen(got.path), sizeof(got.path) - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_comes_as_it_went),
        TEST(descriptors_come_along),
        TEST(the_end_is_seen),
        TEST(another_size_is_another_binary),
        TEST(more_descriptors_than_any_has_are_closed),
        TEST(what_has_no_room_is_lost_and_the_next_is_read),
        TEST(texts_are_terminated_whatever_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
