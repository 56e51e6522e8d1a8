/* Records on their way to a recorder that takes none for a while, or never again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stird/base/log.h>
#include <stird/io/control.h>
#include <stird/io/record.h>
#include <stird/io/record_batch.h>
#include <stird/io/record_queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip/recording.h"

struct scene {
    struct event_base *base;
    int ends[2], queue_fd; /* [0] is the recorder's */
    struct recording *r;
    unsigned sent, heard, lost; /* what the recorder hears, in order */
    unsigned batches;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    s->base = event_base_new();
    s->queue_fd = record_queue_memory(1 << 20);
    if (control_pair(s->ends))
        return -1;
    s->r = recording_new(s->base, s->ends[1], s->queue_fd);
    log_open("test", open("/dev/null", O_WRONLY), false);
    *state = s;
    return s->r ? 0 : -1;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    recording_free(s->r);
    event_base_free(s->base);
    close(s->ends[0]);
    close(s->ends[1]);
    close(s->queue_fd);
    free(s);
    return 0;
}

static void send_records(struct scene *s, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct buf packet = BUF_INIT;
        char id[400];
        snprintf(id, sizeof(id), "%0399u", s->sent++);
        record_pack(
            &packet,
            &(struct record){.call_id = str_of(id), .number_state = NUMBER_STATES, .iat_s = -1});
        recording_send(s->r, buf_str(&packet));
        buf_fini(&packet);
    }
}

/* The next record, or what stands for those that are missing. */
static void hear_packet(struct scene *s, struct str packet)
{
    struct record record;
    uint64_t number;
    uint32_t lost;
    if (record_unpack_lost(&lost, packet)) {
        assert_true(lost > 0);
        s->lost += lost;
        return;
    }
    assert_true(record_unpack(&record, packet));
    struct str digits = str_slice(record.call_id, record.call_id.n - 9, record.call_id.n);
    assert_true(str_to_u64(digits, UINT64_MAX, &number));
    assert_int_equal(number, s->heard + s->lost);
    s->heard++;
}

/* A batch. False: none is there. */
static bool hear_one(struct scene *s)
{
    static char octets[RECORD_BATCH_MAX];
    struct record_batch batch;
    struct str packet;
    unsigned packets = 0;
    ssize_t n = recv(s->ends[0], octets, sizeof(octets), MSG_DONTWAIT);
    if (n <= 0)
        return false;
    assert_true(record_batch_read(&batch, (struct str){octets, (size_t)n}));
    for (; record_batch_next(&batch, &packet); packets++)
        hear_packet(s, packet);
    assert_int_equal(batch.packets.n, 0);
    assert_int_equal(batch.n, packets);
    s->batches++;
    return true;
}

/* The loop and the recorder in turn, until all has been heard. */
static void hear_all(struct scene *s)
{
    for (;;) {
        event_base_loop(s->base, EVLOOP_NONBLOCK);
        while (hear_one(s))
            event_base_loop(s->base, EVLOOP_NONBLOCK);
        if (s->heard + s->lost == s->sent)
            break;
        event_base_loop(s->base, EVLOOP_ONCE);
    }
    assert_int_equal(recording_waiting(s->r), 0);
}

static void open_again(struct scene *s)
{
    recording_free(s->r);
    s->r = recording_new(s->base, s->ends[1], s->queue_fd);
    assert_non_null(s->r);
}

/* One that comes alone is not kept; those that come soon after it come together. */
static void records_gather(void **state)
{
    struct scene *s = *state;
    event_base_loop(s->base, EVLOOP_NONBLOCK);
    send_records(s, 1);
    assert_true(hear_one(s));
    send_records(s, 10);
    assert_int_equal(recording_waiting(s->r), 0); /* for nobody but each other */
    hear_all(s);
    assert_in_range(s->batches, 2, 3); /* 3: this process stood still in between */
    send_records(s, 70);               /* half a buffer is enough */
    assert_true(hear_one(s));
    hear_all(s);
    assert_int_equal(s->lost, 0);
}

/* A worker is killed while records gather: nothing of it is done at its end. */
static void what_gathers_outlives_the_worker(void **state)
{
    struct scene *s = *state;
    struct recording *killed = s->r;
    event_base_loop(s->base, EVLOOP_NONBLOCK);
    send_records(s, 1);
    hear_all(s);
    send_records(s, 10);
    s->r = recording_new(s->base, s->ends[1], s->queue_fd);
    assert_non_null(s->r);
    hear_all(s);
    assert_int_equal(s->heard, 11);
    recording_free(killed);
    assert_false(hear_one(s));
}

static void the_end_sends_what_gathers(void **state)
{
    struct scene *s = *state;
    event_base_loop(s->base, EVLOOP_NONBLOCK);
    send_records(s, 11);
    open_again(s);
    while (s->heard < 11)
        assert_true(hear_one(s));
}

static void what_waits_comes_in_its_order(void **state)
{
    struct scene *s = *state;
    send_records(s, 3);
    hear_all(s);
    send_records(s, 1500);
    assert_true(recording_waiting(s->r) > 0);
    for (int i = 0; i < 700; i++) {
        event_base_loop(s->base, EVLOOP_NONBLOCK);
        hear_one(s);
        send_records(s, 1);
    }
    assert_int_equal(recording_dropped(s->r), 0);
    hear_all(s);
    assert_int_equal(s->lost, 0);
    send_records(s, 1); /* again without a detour */
    assert_int_equal(recording_waiting(s->r), 0);
    hear_all(s);
}

static void what_finds_no_room_is_told_at_its_place(void **state)
{
    struct scene *s = *state;
    send_records(s, 5000);
    uint64_t dropped = recording_dropped(s->r);
    assert_true(dropped > 1000 && dropped < 4000);
    for (int i = 0; i < 900; i++) { /* gaps within what waits */
        event_base_loop(s->base, EVLOOP_NONBLOCK);
        hear_one(s);
        send_records(s, i % 5 == 0 ? 9 : 0);
    }
    hear_all(s);
    assert_int_equal(s->lost, recording_dropped(s->r));
    send_records(s, 10);
    hear_all(s);
    assert_int_equal(s->lost, recording_dropped(s->r));
}

/* A worker that died, and the next one. */
static void the_next_worker_sends_what_waits(void **state)
{
    struct scene *s = *state;
    send_records(s, 5000);
    unsigned dropped = (unsigned)recording_dropped(s->r);
    open_again(s);
    assert_true(recording_waiting(s->r) > 1000);
    send_records(s, 1);
    hear_all(s);
    assert_true(s->lost >= dropped);
}

static void packets_that_cannot_go_stop_nothing(void **state)
{
    struct scene *s = *state;
    static char large[1 << 20];
    recording_send(s->r, (struct str){large, sizeof(large)});
    s->sent++;
    assert_int_equal(recording_dropped(s->r), 1);
    send_records(s, 1500);
    recording_send(s->r, (struct str){large, sizeof(large)});
    s->sent++;
    recording_drop(s->r);
    s->sent++;
    send_records(s, 1);
    hear_all(s);
    assert_int_equal(s->lost, 3);
}

/* No further call: it is told all the same, in one piece, when a second of losses is known. */
static void losses_are_told_without_another_call(void **state)
{
    struct scene *s = *state;
    hear_all(s);
    for (; s->sent < 3; s->sent++)
        recording_drop(s->r);
    event_base_loop(s->base, EVLOOP_NONBLOCK);
    assert_false(hear_one(s)); /* not yet: there may be more */
    while (s->lost == 0) {
        event_base_loop(s->base, EVLOOP_ONCE);
        hear_one(s);
    }
    assert_int_equal(s->lost, 3);
    recording_drop(s->r);
    open_again(s); /* the worker dies: at its end, or by the next one */
    s->sent++;
    hear_all(s);
    assert_int_equal(s->lost, 4);
}

static void without_records_nothing_happens(void **state)
{
    (void)state;
    recording_send(NULL, STR("x"));
    recording_drop(NULL);
    recording_free(NULL);
    assert_int_equal(recording_dropped(NULL) + recording_waiting(NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(records_gather),
        TEST(what_gathers_outlives_the_worker),
        TEST(the_end_sends_what_gathers),
        TEST(what_waits_comes_in_its_order),
        TEST(what_finds_no_room_is_told_at_its_place),
        TEST(the_next_worker_sends_what_waits),
        TEST(packets_that_cannot_go_stop_nothing),
        TEST(losses_are_told_without_another_call),
        cmocka_unit_test(without_records_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
