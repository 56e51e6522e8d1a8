/* Sockets that an earlier process opened serve a listener only if they are what it would open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stird/net/adopt.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_FIRST 27160 /* below the range of ports that the kernel gives */

static struct listener listener = {
    .address = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}},
    .transports = {[TRANSPORT_UDP] = true, [TRANSPORT_TCP] = true},
};
static struct listener_sockets sockets[1];

static int open_all(void **state)
{
    enum transport failed;
    int r = -EADDRINUSE;
    (void)state;
    for (uint16_t port = PORT_FIRST; r == -EADDRINUSE; port++) {
        listener.address.port = port;
        r = listener_open(sockets, 1, -1, &listener, &failed);
    }
    return r;
}

static int close_all(void **state)
{
    (void)state;
    listener_close(sockets, 1);
    return 0;
}

static int adopted(enum transport t)
{
    return adopt_listener(sockets, 1, -1, &listener, t);
}

static void put(enum transport t, int fd)
{
    assert_true(fd >= 0);
    close(sockets[0].fd[t]);
    sockets[0].fd[t] = fd;
}

static void our_own_are_taken_with_what_waits(void **state)
{
    char got[8];
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(listener.address.port),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int caller = socket(AF_INET, SOCK_STREAM, 0), sender = socket(AF_INET, SOCK_DGRAM, 0);
    (void)state;
    assert_int_equal(sendto(sender, "hello", 5, 0, (const struct sockaddr *)&to, sizeof(to)), 5);
    assert_int_equal(connect(caller, (const struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(adopted(TRANSPORT_UDP), 0);
    assert_int_equal(adopted(TRANSPORT_TCP), 0);
    assert_int_equal(recv(sockets[0].fd[TRANSPORT_UDP], got, sizeof(got), 0), 5);
    int taken = accept(sockets[0].fd[TRANSPORT_TCP], NULL, NULL);
    assert_true(taken >= 0);
    close(taken);
    close(caller);
    close(sender);
}

static void options_are_set_back(void **state)
{
    struct sock_filter nothing = {BPF_RET | BPF_K, 0, 0, 0};
    const struct sock_fprog deaf = {1, &nothing};
    const int fd = sockets[0].fd[TRANSPORT_UDP];
    int value = 1;
    socklen_t n = sizeof(value);
    (void)state;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &deaf, sizeof(deaf)), 0);
    assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_TTL, &value, n), 0);
    assert_int_equal(adopted(TRANSPORT_UDP), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &value, n), -1);
    assert_int_equal(getsockopt(fd, IPPROTO_IP, IP_TTL, &value, &n), 0);
    assert_int_not_equal(value, 1);
}

static void another_place_is_not_taken(void **state)
{
    (void)state;
    listener.address.port++;
    assert_int_equal(adopted(TRANSPORT_UDP), -EADDRNOTAVAIL);
    assert_int_equal(adopted(TRANSPORT_TCP), -EADDRNOTAVAIL);
    listener.address.bytes[3] = 2;
    listener.address.port--;
    assert_int_equal(adopted(TRANSPORT_UDP), -EADDRNOTAVAIL);
    listener.address.bytes[3] = 1;
}

static void another_kind_is_not_taken(void **state)
{
    int value = 1;
    (void)state;
    put(TRANSPORT_TCP, dup(sockets[0].fd[TRANSPORT_UDP]));
    assert_int_equal(adopted(TRANSPORT_TCP), -EADDRNOTAVAIL);
    assert_int_equal(
        setsockopt(sockets[0].fd[TRANSPORT_UDP], SOL_SOCKET, SO_REUSEPORT, &value, sizeof(value)),
        0);
    assert_int_equal(adopted(TRANSPORT_UDP), -EADDRNOTAVAIL); /* others could have joined it */
    put(TRANSPORT_UDP, dup(STDERR_FILENO));
    assert_int_equal(adopted(TRANSPORT_UDP), -EADDRNOTAVAIL);
}

static void one_that_does_not_listen_is_not_taken(void **state)
{
    (void)state;
    shutdown(sockets[0].fd[TRANSPORT_TCP], SHUT_RDWR);
    assert_int_equal(adopted(TRANSPORT_TCP), -EADDRNOTAVAIL);
}

static void one_that_was_shut_down_is_not_taken(void **state)
{
    (void)state;
    shutdown(sockets[0].fd[TRANSPORT_UDP], SHUT_RD);
    assert_true(adopted(TRANSPORT_UDP) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(our_own_are_taken_with_what_waits, open_all, close_all),
        cmocka_unit_test_setup_teardown(options_are_set_back, open_all, close_all),
        cmocka_unit_test_setup_teardown(another_place_is_not_taken, open_all, close_all),
        cmocka_unit_test_setup_teardown(another_kind_is_not_taken, open_all, close_all),
        cmocka_unit_test_setup_teardown(one_that_does_not_listen_is_not_taken, open_all, close_all),
        cmocka_unit_test_setup_teardown(one_that_was_shut_down_is_not_taken, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
