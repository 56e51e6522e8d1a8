/* An empty packet closes no channel of ours; a closed end does. */
#include <stird/base/packet.h>
#include <stird/io/control.h>
#include <stird/net/handover.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void send_empty(int fd)
{
    assert_int_equal(send(fd, "", 0, MSG_NOSIGNAL), 0);
}

static void test_end_and_empty_are_told_apart(void **state)
{
    int fds[2];
    char room[8];
    (void)state;
    assert_int_equal(control_pair(fds), 0);
    send_empty(fds[1]);
    assert_int_equal(recv(fds[0], room, sizeof(room), 0), 0);
    assert_false(packet_is_end(fds[0]));
    send_empty(fds[1]);
    assert_int_equal(send(fds[1], "last", 4, 0), 4);
    close(fds[1]);
    assert_int_equal(recv(fds[0], room, sizeof(room), 0), 0);
    assert_false(packet_is_end(fds[0]));
    assert_int_equal(recv(fds[0], room, sizeof(room), 0), 4);
    assert_int_equal(recv(fds[0], room, sizeof(room), 0), 0);
    assert_true(packet_is_end(fds[0]));
    close(fds[0]);
}

static void test_control(void **state)
{
    static struct control_message sent = {.type = CONTROL_PONG}, got;
    int fds[2], passed[CONTROL_FDS_MAX];
    unsigned n;
    (void)state;
    assert_int_equal(control_pair(fds), 0);
    send_empty(fds[1]);
    assert_int_equal(control_send(fds[1], &sent, NULL, 0), 0);
    assert_int_equal(control_receive(fds[0], &got, passed, &n), -ENOMSG);
    assert_int_equal(control_receive(fds[0], &got, passed, &n), 1);
    close(fds[1]);
    assert_int_equal(control_receive(fds[0], &got, passed, &n), 0);
    close(fds[0]);
}

static void test_handover(void **state)
{
    struct handover sent = {.kind = HANDOVER_MESSAGE}, got;
    char room[16];
    int fds[2];
    (void)state;
    assert_int_equal(handover_pair(fds), 0);
    send_empty(fds[1]);
    assert_int_equal(handover_send(fds[1], &sent, STR("x")), 0);
    assert_int_equal(handover_receive(fds[0], &got, room, sizeof(room)), -EMSGSIZE);
    assert_int_equal(handover_receive(fds[0], &got, room, sizeof(room)), 1);
    close(fds[1]);
    assert_int_equal(handover_receive(fds[0], &got, room, sizeof(room)), -EPIPE);
    close(fds[0]);
}

/* With TO_SEND along, as if it were a worker that was taken over. */
static int send_along(int fd, int to_send)
{
    static struct control_message message = {.type = CONTROL_CHANNEL};
    return control_send(fd, &message, &to_send, 1);
}

static bool kernel_can_refuse(int fd)
{
    int value;
    socklen_t n = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, 83 /* SO_PASSRIGHTS */, &value, &n) == 0;
}

static void test_pairs_are_one_way(void **state)
{
    int (*const make[])(int fds[2]) = {packet_pair, handover_pair};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        int fds[2];
        char room[8];
        assert_int_equal(make[i](fds), 0);
        assert_int_equal(send_along(fds[0], 2), -EPIPE);
        assert_int_equal(send(fds[0], "x", 1, MSG_NOSIGNAL), -1);
        assert_int_equal(recv(fds[0], room, sizeof(room), MSG_DONTWAIT), -1);
        assert_int_equal(errno, EAGAIN);
        assert_int_equal(send(fds[1], "x", 1, MSG_NOSIGNAL), 1);
        assert_int_equal(recv(fds[0], room, sizeof(room), 0), 1);
        assert_int_equal(send_along(fds[1], 2), kernel_can_refuse(fds[0]) ? -EPERM : 0);
        close(fds[0]);
        close(fds[1]);
    }
}

static void test_refused_rights(void **state)
{
    static struct control_message got;
    int fds[2], passed[CONTROL_FDS_MAX];
    unsigned n;
    (void)state;
    assert_int_equal(control_pair(fds), 0);
    packet_refuse_rights(fds[0]);
    assert_int_equal(send_along(fds[1], 2), kernel_can_refuse(fds[0]) ? -EPERM : 0);
    assert_int_equal(send_along(fds[0], 2), 0); /* the other way they come */
    assert_int_equal(control_receive(fds[1], &got, passed, &n), 1);
    assert_int_equal(n, 1);
    close(passed[0]);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_end_and_empty_are_told_apart), cmocka_unit_test(test_control),
        cmocka_unit_test(test_handover), cmocka_unit_test(test_pairs_are_one_way),
        cmocka_unit_test(test_refused_rights)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
