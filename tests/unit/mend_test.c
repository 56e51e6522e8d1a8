/* What a dead worker did to sockets that others share is undone, and a socket that is as it was
   stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stird/base/packet.h>
#include <stird/io/control.h>
#include <stird/net/mend.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_FIRST 27060 /* below the range of ports that the kernel gives */

static struct listener listener = {
    .address = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}},
    .transports = {[TRANSPORT_UDP] = true, [TRANSPORT_TCP] = true},
};
static struct listener_sockets sockets[1];
static int peer;
static struct sockaddr_in peer_name, elsewhere = {.sin_family = AF_INET, .sin_port = 9};

static struct sockaddr_in own_name(void)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(listener.address.port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static int open_all(void **state)
{
    enum transport failed;
    socklen_t n = sizeof(peer_name);
    int r = -EADDRINUSE;
    (void)state;
    elsewhere.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (uint16_t port = PORT_FIRST; r == -EADDRINUSE; port++) {
        listener.address.port = port;
        r = listener_open(sockets, 1, -1, &listener, &failed);
    }
    peer = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    peer_name = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return r || bind(peer, (struct sockaddr *)&peer_name, n) ||
           getsockname(peer, (struct sockaddr *)&peer_name, &n);
}

static int close_all(void **state)
{
    (void)state;
    listener_close(sockets, 1);
    return close(peer);
}

static int udp(void)
{
    return sockets[0].fd[TRANSPORT_UDP];
}

static int tcp(void)
{
    return sockets[0].fd[TRANSPORT_TCP];
}

static int mend(void)
{
    enum transport failed;
    return mend_listener(sockets, 1, 0, -1, &listener, &failed);
}

/* ---- spoils ---- */

static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
static struct sock_filter nothing_passes[] = {{BPF_RET | BPF_K, 0, 0, 0}};
static const struct sock_fprog no_datagrams = {1, nothing_passes};

static void set(int fd, int level, int name, int value)
{
    setsockopt(fd, level, name, &value, sizeof(value));
}

static void get_a_peer(int fd)
{
    connect(fd, (struct sockaddr *)&elsewhere, sizeof(elsewhere));
}

static void get_a_peer_without_port(int fd)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000909)}};
    connect(fd, (struct sockaddr *)&name, sizeof(name));
}

static void shut_reading(int fd)
{
    shutdown(fd, SHUT_RD);
}

static void shut_writing(int fd)
{
    shutdown(fd, SHUT_WR);
}

static void shut_all(int fd)
{
    shutdown(fd, SHUT_RDWR);
}

static void shut_and_get_a_peer(int fd)
{
    shutdown(fd, SHUT_RDWR);
    get_a_peer(fd);
}

static void shut_and_change(int fd)
{
    set(fd, SOL_SOCKET, SO_REUSEADDR, 0);
    connect(fd, &nobody, sizeof(nobody));
}

static void make_waiting(int fd)
{
    fcntl(fd, F_SETFL, 0);
}

static void make_waiting_otherwise(int fd)
{
    int no = 0;
    ioctl(fd, FIONBIO, &no);
}

static void begin_a_datagram(int fd)
{
    sendto(fd, "theirs", 6, MSG_MORE, (struct sockaddr *)&elsewhere, sizeof(elsewhere));
}

static void change_options(int fd)
{
    set(fd, SOL_SOCKET, SO_RCVBUF, 1);
    set(fd, SOL_SOCKET, SO_SNDBUF, 1);
    set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set(fd, IPPROTO_IP, IP_TTL, 1);
    set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1);
    set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 1);
}

static void let_nothing_in(int fd)
{
    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &no_datagrams, sizeof(no_datagrams));
}

static void let_nothing_in_for_good(int fd)
{
    let_nothing_in(fd);
    set(fd, SOL_SOCKET, SO_LOCK_FILTER, 1);
}

/* ---- datagrams ---- */

static void arrives(const char *text)
{
    const struct sockaddr_in to = own_name();
    assert_int_equal(sendto(peer, text, strlen(text), 0, (const struct sockaddr *)&to, sizeof(to)),
                     strlen(text));
}

static void is_read(const char *text)
{
    char got[64] = "";
    struct pollfd p = {.fd = udp(), .events = POLLIN};
    assert_int_equal(poll(&p, 1, 60000), 1);
    assert_int_equal(p.revents & ~POLLERR, POLLIN); /* errors of what was sent are the worker's */
    ssize_t n = recv(udp(), got, sizeof(got), MSG_DONTWAIT);
    if (n < 0 && errno == ECONNREFUSED)
        n = recv(udp(), got, sizeof(got), MSG_DONTWAIT);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static void leaves(const char *text)
{
    char got[64] = "";
    struct pollfd p = {.fd = peer, .events = POLLIN};
    assert_int_equal(sendto(udp(), text, strlen(text), MSG_DONTWAIT, (struct sockaddr *)&peer_name,
                            sizeof(peer_name)),
                     strlen(text));
    assert_int_equal(poll(&p, 1, 60000), 1);
    assert_int_equal(recv(peer, got, sizeof(got), MSG_DONTWAIT), strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static int value_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t n = sizeof(value);
    assert_int_equal(getsockopt(fd, level, name, &value, &n), 0);
    return value;
}

static void is_as_new(int fd, int buffer)
{
    assert_int_equal(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
    assert_int_equal(value_of(fd, SOL_SOCKET, SO_RCVBUF), buffer);
    assert_int_equal(value_of(fd, IPPROTO_IP, IP_TTL), 64);
}

static const struct {
    const char *what;
    void (*spoil)(int fd);
    int mended;
} of_datagrams[] = {
    {"nothing", NULL, MEND_NOTHING},
    {"a peer", get_a_peer, MEND_SET_BACK},
    {"a peer without port", get_a_peer_without_port, MEND_NOTHING}, /* which no call tells */
    {"shut, reading", shut_reading, MEND_RENEWED},
    {"shut, writing", shut_writing, MEND_RENEWED},
    {"shut", shut_all, MEND_RENEWED},
    {"shut, a peer", shut_and_get_a_peer, MEND_RENEWED},
    {"waiting", make_waiting, MEND_SET_BACK},
    {"waiting by ioctl", make_waiting_otherwise, MEND_SET_BACK},
    {"begun", begin_a_datagram, MEND_NOTHING}, /* no call tells */
    {"options", change_options, MEND_SET_BACK},
    {"a filter", let_nothing_in, MEND_SET_BACK},
    {"a filter for good", let_nothing_in_for_good, MEND_RENEWED},
};

static void datagrams_go_on(void **state)
{
    for (unsigned i = 0; i < sizeof(of_datagrams) / sizeof(of_datagrams[0]); i++) {
        assert_int_equal(open_all(state), 0);
        const int buffer = value_of(udp(), SOL_SOCKET, SO_RCVBUF);
        arrives("before");
        if (of_datagrams[i].spoil)
            of_datagrams[i].spoil(udp());
        int r = mend();
        if (r != of_datagrams[i].mended)
            fail_msg("%s: %d", of_datagrams[i].what, r);
        if (r != MEND_RENEWED)
            is_read("before");
        arrives("after");
        is_read("after");
        leaves("ours");
        is_as_new(udp(), buffer);
        assert_int_equal(value_of(udp(), SOL_SOCKET, SO_REUSEADDR), 0);
        assert_int_equal(value_of(udp(), SOL_SOCKET, SO_REUSEPORT), 0);
        assert_int_equal(mend(), MEND_NOTHING);
        close_all(state);
    }
}

/* ---- streams ---- */

static const struct {
    const char *what;
    void (*spoil)(int fd);
    int mended;
} of_streams[] = {
    {"nothing", NULL, MEND_NOTHING},
    {"shut, writing", shut_writing, MEND_NOTHING}, /* which nobody does with it */
    {"shut", shut_all, MEND_SET_BACK},
    {"shut, a peer", shut_and_get_a_peer, MEND_SET_BACK},
    {"shut, not to be used again", shut_and_change, MEND_SET_BACK},
    {"waiting", make_waiting, MEND_SET_BACK},
    {"options", change_options, MEND_SET_BACK},
};

static int come_in(void)
{
    const struct sockaddr_in to = own_name();
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static int taken_in(void)
{
    struct pollfd p = {.fd = tcp(), .events = POLLIN};
    assert_int_equal(poll(&p, 1, 60000), 1);
    int fd = accept4(tcp(), NULL, NULL, SOCK_NONBLOCK);
    assert_true(fd >= 0);
    return fd;
}

/* A connection of before is there all the while, and one waits to be taken in. */
static void streams_go_on(void **state)
{
    for (unsigned i = 0; i < sizeof(of_streams) / sizeof(of_streams[0]); i++) {
        assert_int_equal(open_all(state), 0);
        const int number = tcp(), buffer = value_of(tcp(), SOL_SOCKET, SO_RCVBUF);
        int old = come_in(), old_end = taken_in(), waits = come_in();
        if (of_streams[i].spoil)
            of_streams[i].spoil(tcp());
        int r = mend();
        if (r != of_streams[i].mended)
            fail_msg("%s: %d", of_streams[i].what, r);
        assert_int_equal(tcp(), number);
        int ends[4] = {old, old_end, waits, -1};
        if (r == MEND_NOTHING)
            close(taken_in());
        ends[3] = come_in();
        int fd = taken_in();
        assert_int_equal(value_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
        assert_int_not_equal(value_of(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 1);
        is_as_new(tcp(), buffer);
        assert_int_equal(value_of(tcp(), SOL_SOCKET, SO_REUSEADDR), 1);
        r = mend();
        if (r != MEND_NOTHING)
            fail_msg("after %s: %d", of_streams[i].what, r);
        close(fd);
        for (unsigned k = 0; k < 4; k++)
            close(ends[k]);
        close_all(state);
    }
}

static void so_it_is_by_ipv6(void **state)
{
    const struct listener by_ipv4 = listener;
    (void)state;
    listener.address = (struct address){.family = ADDRESS_IPV6, .bytes = {[15] = 1}};
    enum transport failed;
    int r = -EADDRINUSE;
    for (uint16_t port = PORT_FIRST; r == -EADDRINUSE; port++) {
        listener.address.port = port;
        r = listener_open(sockets, 1, -1, &listener, &failed);
    }
    if (r == 0) { /* a machine may have none */
        assert_int_equal(mend(), MEND_NOTHING);
        make_waiting(udp());
        shut_all(tcp());
        assert_int_equal(mend(), MEND_SET_BACK);
        shut_writing(udp());
        assert_int_equal(mend(), MEND_RENEWED);
        assert_int_equal(mend(), MEND_NOTHING);
        listener_close(sockets, 1);
    }
    listener = by_ipv4;
}

/* ---- pairs ---- */

static const struct {
    void (*spoil)(int fd);
    int mended;
} of_pairs[] = {
    {NULL, MEND_NOTHING},     {shut_reading, MEND_RENEWED},  {shut_writing, MEND_RENEWED},
    {shut_all, MEND_RENEWED}, {make_waiting, MEND_SET_BACK}, {change_options, MEND_SET_BACK},
};

static void pairs_go_on(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * sizeof(of_pairs) / sizeof(of_pairs[0]); i++) {
        int fds[2];
        char got[16];
        assert_int_equal(control_pair(fds), 0);
        assert_int_equal(send(fds[1], "before", 6, MSG_NOSIGNAL), 6);
        if (of_pairs[i / 2].spoil)
            of_pairs[i / 2].spoil(fds[i % 2]);
        assert_int_equal(mend_pair(fds, control_pair), of_pairs[i / 2].mended);
        if (of_pairs[i / 2].mended != MEND_RENEWED)
            assert_int_equal(recv(fds[0], got, sizeof(got), 0), 6);
        assert_int_equal(send(fds[1], "after", 5, MSG_NOSIGNAL), 5);
        assert_int_equal(recv(fds[0], got, sizeof(got), 0), 5);
        assert_int_equal(recv(fds[0], got, sizeof(got), 0), -1);
        assert_int_equal(errno, EAGAIN);
        assert_int_equal(mend_pair(fds, control_pair), MEND_NOTHING);
        close(fds[0]);
        close(fds[1]);
    }
}

/* The way that nobody reads is shut from the start: to shut it again changes nothing. */
static void one_way_pairs_go_on(void **state)
{
    static const struct {
        void (*spoil)(int fd);
        unsigned end;
        int mended;
    } cases[] = {{NULL, 0, MEND_NOTHING},           {shut_reading, 0, MEND_RENEWED},
                 {shut_writing, 0, MEND_NOTHING},   {shut_all, 0, MEND_RENEWED},
                 {shut_reading, 1, MEND_NOTHING},   {shut_writing, 1, MEND_RENEWED},
                 {shut_all, 1, MEND_RENEWED},       {make_waiting, 0, MEND_SET_BACK},
                 {change_options, 1, MEND_SET_BACK}};
    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int fds[2];
        char got[16];
        assert_int_equal(packet_pair(fds), 0);
        assert_int_equal(send(fds[1], "before", 6, MSG_NOSIGNAL), 6);
        if (cases[i].spoil)
            cases[i].spoil(fds[cases[i].end]);
        assert_int_equal(mend_pair(fds, packet_pair), cases[i].mended);
        if (cases[i].mended != MEND_RENEWED)
            assert_int_equal(recv(fds[0], got, sizeof(got), 0), 6);
        assert_int_equal(send(fds[1], "after", 5, MSG_NOSIGNAL), 5);
        assert_int_equal(recv(fds[0], got, sizeof(got), 0), 5);
        assert_int_equal(send(fds[0], "back", 4, MSG_NOSIGNAL), -1);
        assert_int_equal(errno, EPIPE);
        assert_int_equal(mend_pair(fds, packet_pair), MEND_NOTHING);
        close(fds[0]);
        close(fds[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_go_on),     cmocka_unit_test(streams_go_on),
        cmocka_unit_test(so_it_is_by_ipv6),    cmocka_unit_test(pairs_go_on),
        cmocka_unit_test(one_way_pairs_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
