/* What waits for the recorder outlives the worker, whatever that one left in the memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stird/io/record_queue.h>

#define BYTES 65536

struct scene {
    int fd;
    struct record_queue *q;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    s->fd = record_queue_memory(BYTES);
    s->q = record_queue_open(s->fd);
    *state = s;
    return s->q ? 0 : -1;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    record_queue_close(s->q);
    close(s->fd);
    free(s);
    return 0;
}

/* As the next worker does. */
static void open_again(struct scene *s)
{
    record_queue_close(s->q);
    s->q = record_queue_open(s->fd);
    assert_non_null(s->q);
}

/* Packet I has a length and octets of its own. */
static size_t make(char *packet, unsigned i)
{
    size_t n = 1 + i * 37 % 900;
    memset(packet, (int)('a' + i % 26), n);
    return n;
}

static bool put(struct scene *s, unsigned i)
{
    char packet[1000];
    size_t n = make(packet, i);
    return record_queue_put(s->q, (struct str){packet, n});
}

/* The next MOST of them, or as many as fit into LIMIT octets. */
static unsigned expect_some(struct scene *s, unsigned i, size_t limit, unsigned most)
{
    char packet[1000];
    struct buf got = BUF_INIT;
    const uint64_t taken = record_queue_taken(s->q);
    const unsigned n = record_queue_oldest(s->q, &got, limit, most);
    size_t at = 0;
    for (unsigned end = i + n; i < end; i++) {
        uint32_t length;
        assert_true(at + sizeof(length) <= got.n);
        memcpy(&length, got.p + at, sizeof(length));
        assert_int_equal(length, make(packet, i));
        at += sizeof(length);
        assert_true(at + length <= got.n);
        assert_memory_equal(got.p + at, packet, length);
        at += length;
    }
    assert_int_equal(at, got.n);
    assert_true(n <= 1 || at <= limit);
    record_queue_take(s->q, n);
    assert_int_equal(record_queue_taken(s->q), taken + n);
    buf_fini(&got);
    return n;
}

static void expect(struct scene *s, unsigned i)
{
    assert_int_equal(expect_some(s, i, 0, 10), 1);
}

static void expect_none(struct scene *s)
{
    struct buf got = BUF_INIT;
    assert_int_equal(record_queue_waiting(s->q), 0);
    assert_int_equal(record_queue_filled(s->q), 0);
    assert_int_equal(record_queue_oldest(s->q, &got, BYTES, 10), 0);
    record_queue_take(s->q, 1); /* nothing happens */
    assert_int_equal(record_queue_waiting(s->q), 0);
}

static void what_is_put_comes_out_in_its_order(void **state)
{
    struct scene *s = *state;
    unsigned in = 0, out = 0;
    for (unsigned round = 0; round < 2000; round++) {
        for (unsigned i = 0; i < round % 7; i++)
            assert_true(put(s, in++));
        for (unsigned i = 0; i < (round + 3) % 7 && out < in; i++)
            expect(s, out++);
        if (round % 50 == 0)
            open_again(s);
        assert_int_equal(record_queue_waiting(s->q), in - out);
    }
    while (out < in)
        expect(s, out++);
    expect_none(s);
}

static void several_come_out_together(void **state)
{
    struct scene *s = *state;
    unsigned in = 0, out = 0;
    for (unsigned round = 0; round < 2000; round++) {
        for (unsigned i = 0; i < round % 23; i++)
            assert_true(put(s, in++));
        const size_t filled = record_queue_filled(s->q);
        out += expect_some(s, out, round * 7 % 9000, 1 + round % 19);
        assert_true(record_queue_filled(s->q) <= filled);
        if (round % 50 == 0)
            open_again(s);
        assert_int_equal(record_queue_waiting(s->q), in - out);
        while (in - out > 60)
            expect(s, out++);
    }
    while (out < in)
        out += expect_some(s, out, BYTES, 1000);
    expect_none(s);
}

static void a_full_one_takes_no_more_and_keeps_what_it_has(void **state)
{
    struct scene *s = *state;
    unsigned in = 0;
    while (put(s, in))
        in++;
    assert_true(in > 100);
    assert_false(put(s, in));
    assert_true(record_queue_room(s->q) < 1000);
    open_again(s);
    assert_int_equal(record_queue_waiting(s->q), in);
    expect(s, 0);
    expect(s, 1);
    expect(s, 2);
    for (unsigned i = 3; i < in; i++)
        expect(s, i);
    expect_none(s);
}

static void losses_outlive_the_worker(void **state)
{
    struct scene *s = *state;
    record_queue_lose(s->q, 7);
    open_again(s);
    assert_int_equal(record_queue_lost(s->q), 7);
    record_queue_told(s->q, 3);
    assert_int_equal(record_queue_lost(s->q), 4);
    record_queue_told(s->q, 100);
    assert_int_equal(record_queue_lost(s->q), 0);
}

static void odd_packets_are_refused(void **state)
{
    struct scene *s = *state;
    static char large[BYTES + 1];
    assert_false(record_queue_put(s->q, (struct str){large, 0}));
    assert_false(record_queue_put(s->q, (struct str){large, BYTES}));
    assert_false(record_queue_put(s->q, (struct str){large, BYTES + 1}));
    assert_true(record_queue_put(s->q, (struct str){large, BYTES - 4}));
    assert_false(record_queue_put(s->q, (struct str){large, 1}));
}

/* Whatever octets stand there, the next worker starts, sends what it can read, and takes more. */
static void a_broken_worker_breaks_no_other(void **state)
{
    struct scene *s = *state;
    unsigned seed = 1;
    unsigned char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
    assert_true(memory != MAP_FAILED);
    for (unsigned round = 0; round < 3000; round++) {
        struct buf got = BUF_INIT;
        for (unsigned i = 0; i < 5; i++)
            put(s, i);
        for (unsigned i = 0; i <= round % 40; i++) {
            seed = seed * 1103515245 + 12345;
            size_t at = (seed >> 16) % (round % 3 ? 32 : 8192); /* the head, or what waits */
            memory[at] = round % 5 ? (unsigned char)(seed >> 24) : 0xff;
        }
        open_again(s);
        for (unsigned i = 0, n; i < 100000; i++) {
            if ((n = record_queue_oldest(s->q, &got, round * 10, 1 + round % 3)) == 0)
                break;
            record_queue_take(s->q, n);
            buf_reset(&got);
        }
        expect_none(s);
        assert_true(put(s, round));
        expect(s, round);
        record_queue_told(s->q, UINT64_MAX);
        buf_fini(&got);
    }
    munmap(memory, BYTES);
}

static void its_memory_keeps_its_size(void **state)
{
    struct scene *s = *state;
    struct stat st;
    assert_int_not_equal(ftruncate(s->fd, 0), 0);
    assert_int_not_equal(ftruncate(s->fd, 1 << 20), 0);
    assert_int_equal(fstat(s->fd, &st), 0);
    int none = memfd_create("none", 0);
    assert_null(record_queue_open(none));
    assert_null(record_queue_open(-1));
    close(none);
}

static void what_was_used_is_given_back(void **state)
{
    (void)state;
    struct scene s = {.fd = record_queue_memory(4 << 20)};
    static char large[60000];
    struct stat st;
    s.q = record_queue_open(s.fd);
    for (int i = 0; i < 50; i++)
        assert_true(record_queue_put(s.q, (struct str){large, sizeof(large)}));
    fstat(s.fd, &st);
    assert_true(st.st_blocks > 2000);
    for (int i = 0; i < 50; i++)
        record_queue_take(s.q, 1);
    fstat(s.fd, &st);
    assert_true(st.st_blocks < 100);
    record_queue_close(s.q);
    close(s.fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_comes_out_in_its_order),
        TEST(several_come_out_together),
        TEST(a_full_one_takes_no_more_and_keeps_what_it_has),
        TEST(losses_outlive_the_worker),
        TEST(odd_packets_are_refused),
        TEST(a_broken_worker_breaks_no_other),
        TEST(its_memory_keeps_its_size),
        cmocka_unit_test(what_was_used_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
