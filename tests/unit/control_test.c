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

/* The first test: what a process has given up stays given up. */
static void who_gave_up_nothing_does_not_serve(void **state)
{
    const struct control_message ready = {.type = CONTROL_READY};
    struct control_message got;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds;
    (void)state;
    assert_int_equal(control_send(pair[0], &ready, NULL, 0), -EPERM);
    assert_int_equal(control_receive(pair[1], &got, fds, &n_fds), -EAGAIN);
    control_gave_up_rights();
    assert_int_equal(control_send(pair[0], &ready, NULL, 0), 0);
    assert_int_equal(control_receive(pair[1], &got, fds, &n_fds), 1);
    assert_int_equal(got.type, CONTROL_READY);
}

static void a_message_comes_as_it_went(void **state)
{
    struct control_message sent = {.type = CONTROL_ALARM}, got;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds = 99;
    (void)state;
    strcpy(sent.alarm.text, "something");
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
    assert_int_equal(control_send(pair[0], &m, sent, 2), -EINVAL);
    m.type = CONTROL_TYPES;
    assert_int_equal(control_send(pair[0], &m, NULL, 0), -EINVAL);
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

/* OCTETS with so many descriptors, none of which must stay open. */
static void send_octets(struct str octets, unsigned n_fds)
{
    char space[CMSG_SPACE(sizeof(int) * RIGHTS_MAX)] __attribute__((aligned(8))) = {0};
    struct iovec part = {(void *)(uintptr_t)octets.p, octets.n};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (n_fds > 0) {
        m.msg_control = space;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        for (unsigned i = 0; i < n_fds; i++)
            memcpy(CMSG_DATA(c) + sizeof(int) * i, &pair[0], sizeof(int));
    }
    assert_int_equal(sendmsg(pair[0], &m, 0), (ssize_t)octets.n);
}

static const struct row {
    enum control_type type;
    size_t payload;
    unsigned least, most;
} rows[] = {
#define CONTROL(word, member, payload, least, most, ...)                                           \
    {CONTROL_##word, sizeof(payload), least, most},
#define CONTROL_BARE(word, least, most) {CONTROL_##word, 0, least, most},
#include <stird/io/control.def>
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define HEAD offsetof(struct control_message, snapshot)

/* Octets of TYPE, N behind the head. */
static struct str octets_of(uint32_t type, size_t n)
{
    static char octets[sizeof(struct control_message) + 8];
    memset(octets, 'x', sizeof(octets));
    memcpy(octets, &type, sizeof(type));
    return (struct str){octets, HEAD + n};
}

static void assert_received(struct str octets, unsigned n_sent, int expected)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds, before = open_descriptors();
    send_octets(octets, n_sent);
    assert_int_equal(control_receive(pair[1], &m, fds, &n_fds), expected);
    assert_int_equal(n_fds, expected == 1 ? n_sent : 0);
    while (n_fds > 0)
        close(fds[--n_fds]);
    assert_int_equal(open_descriptors(), before);
}

/* Of every word: its form, and nothing beside it. */
static void each_word_has_one_size_and_its_descriptors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        for (unsigned n = 0; n <= CONTROL_FDS_MAX; n++)
            assert_received(octets_of(row->type, row->payload), n,
                            n >= row->least && n <= row->most ? 1 : -EBADMSG);
        assert_received(octets_of(row->type, row->payload + 1), row->least, -EBADMSG);
        assert_received(octets_of(row->type, row->payload - 1), row->least, -EBADMSG);
    }
    assert_int_equal(ROWS, CONTROL_TYPES - 1);
}

static void every_word_comes_as_it_went(void **state)
{
    control_gave_up_rights(); /* which READY needs */
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct control_message sent, got, again;
        int fds[CONTROL_FDS_MAX];
        unsigned n_fds;
        assert_non_null(control_name(rows[i].type));
        assert_true(control_decode(&sent, octets_of(rows[i].type, rows[i].payload), rows[i].most));
        const int to_send[CONTROL_FDS_MAX] = {pair[0], pair[0], pair[0], pair[0]};
        assert_int_equal(control_send(pair[0], &sent, to_send, rows[i].most), 0);
        assert_int_equal(control_receive(pair[1], &got, fds, &n_fds), 1);
        assert_int_equal(n_fds, rows[i].most);
        while (n_fds > 0)
            close(fds[--n_fds]);
        assert_memory_equal(&sent, &got, sizeof(sent));
        assert_true(control_decode(&again, control_encode(&got, rows[i].least), rows[i].least));
        assert_memory_equal(&again, &got, sizeof(got));
    }
}

static void what_is_no_word_is_none(void **state)
{
    static const uint32_t numbers[] = {CONTROL_NO_WORD, CONTROL_TYPES, CONTROL_TYPES + 1, 9999,
                                       UINT32_MAX};
    struct control_message m;
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_received(octets_of(numbers[i], 0), 0, -EBADMSG);
        assert_received(octets_of(numbers[i], sizeof(m) - HEAD), 0, -EBADMSG);
        m.type = numbers[i];
        assert_int_equal(control_encode(&m, 0).n, 0);
    }
    assert_null(control_name(CONTROL_NO_WORD));
    assert_null(control_name(CONTROL_TYPES));
    for (size_t n = 1; n < HEAD; n++)
        assert_received(str_slice(octets_of(CONTROL_PONG, 0), 0, n), 0, -EBADMSG);
    assert_false(control_decode(&m, octets_of(CONTROL_PONG, 1), 0));
    assert_int_equal(m.type, CONTROL_NO_WORD);
}

static void more_descriptors_than_any_has_are_closed(void **state)
{
    static const unsigned numbers[] = {CONTROL_FDS_MAX + 1, CONTROL_FDS_MAX + 2, RIGHTS_MAX};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < ROWS; k++)
            assert_received(octets_of(rows[k].type, rows[k].payload), numbers[i], -EBADMSG);
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
    struct control_message m;
    unsigned tried = 0;
    (void)state;
#define TEXT(member, text) strlen(m.member.text) == sizeof(m.member.text) - 1
#define CONTROL(word, member, payload, least, most, ...)                                           \
    {                                                                                              \
        assert_true(control_decode(&m, octets_of(CONTROL_##word, sizeof(payload)), least));        \
        const bool good[] = {true, ##__VA_ARGS__};                                                 \
        for (size_t i = 0; i < sizeof(good); i++)                                                  \
            assert_true(good[i]);                                                                  \
        tried += sizeof(good) - 1;                                                                 \
    }
#define CONTROL_BARE(word, least, most)
#include <stird/io/control.def>
    assert_int_equal(tried, 36);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_gave_up_nothing_does_not_serve),
        TEST(a_message_comes_as_it_went),
        TEST(descriptors_come_along),
        TEST(the_end_is_seen),
        TEST(each_word_has_one_size_and_its_descriptors),
        TEST(every_word_comes_as_it_went),
        TEST(what_is_no_word_is_none),
        TEST(more_descriptors_than_any_has_are_closed),
        TEST(what_has_no_room_is_lost_and_the_next_is_read),
        TEST(texts_are_terminated_whatever_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
