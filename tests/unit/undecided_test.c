/* Many refusals: how few lines and records they leave, and that none is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <stird/io/record.h>
#include <stird/io/record_batch.h>
#include <stird/io/record_queue.h>

#include "sip/context.h"

struct scene {
    struct proxy *proxy;
    struct event_base *base;
    struct recording *recording;
    struct snapshot snapshot;
    struct settings settings;
    int to_recorder, recorder, queue;
};

static struct scene *new_scene(void)
{
    struct scene *s = calloc(1, sizeof(*s));
    int fds[2];
    assert_non_null(s);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    s->snapshot.settings = &s->settings;
    s->to_recorder = fds[0];
    s->recorder = fds[1];
    s->queue = record_queue_memory(65536);
    s->base = event_base_new();
    s->recording = recording_new(s->base, s->to_recorder, s->queue);
    assert_non_null(s->recording);
    const struct proxy_stage stage = {.snapshot = &s->snapshot, .recording = s->recording};
    s->proxy = proxy_new_offstage(&stage);
    assert_non_null(s->proxy);
    return s;
}

static void free_scene(struct scene *s)
{
    proxy_free_offstage(s->proxy);
    recording_free(s->recording);
    event_base_free(s->base);
    close(s->to_recorder);
    close(s->queue);
    close(s->recorder);
    free(s);
}

static void refuse(struct scene *s, const char *source, bool invite)
{
    struct undecided u = {.invite = invite,
                          .reason = REASON_BAD_REQUEST,
                          .sip_status = 400,
                          .call_id = STR("c@h"),
                          .detail = STR("CSeq: is missing, at octet 0")};
    assert_true(address_parse(str_of(source), &u.source));
    u.source.port = 5060;
    undecided_tell(s->proxy, &u);
}

/* Records that were written since the last look, and the INVITEs that they stand for. */
static unsigned taken(const struct scene *s, uint64_t *invites)
{
    static char octets[RECORD_BATCH_MAX];
    struct record_batch batch;
    struct str packet;
    unsigned n = 0;
    ssize_t got;
    *invites = 0;
    event_base_dispatch(s->base); /* until none gathers any more */
    while ((got = recv(s->recorder, octets, sizeof(octets), MSG_DONTWAIT)) > 0) {
        assert_true(record_batch_read(&batch, (struct str){octets, (size_t)got}));
        while (record_batch_next(&batch, &packet)) {
            struct record r;
            assert_true(record_unpack(&r, packet));
            assert_int_equal(r.reason, REASON_BAD_REQUEST);
            assert_true(str_eq(r.call_id, STR("c@h")));
            assert_true(str_starts(r.detail, STR("CSeq")));
            *invites += r.count;
            n++;
        }
    }
    return n;
}

static void assert_taken(const struct scene *s, unsigned records, uint64_t invites)
{
    uint64_t stand_for;
    assert_int_equal(taken(s, &stand_for), records);
    assert_int_equal(stand_for, invites);
}

/* The second of all sources that are counted now ends, SECONDS times. */
static void pass(struct scene *s, int seconds)
{
    for (int64_t until = proxy_now_ms() + seconds * INT64_C(1100);;) {
        int64_t next = timers_next_ms(proxy_timers(s->proxy));
        if (next < 0 || next > until)
            return;
        timers_run(proxy_timers(s->proxy), next);
    }
}

static void ten_one_by_one_then_one_with_a_count(void **state)
{
    (void)state;
    struct scene *s = new_scene();
    for (int i = 0; i < 500; i++)
        refuse(s, "192.0.2.1", true);
    refuse(s, "192.0.2.2", true);
    assert_taken(s, 10 + 1, 10 + 1);
    pass(s, 1);
    assert_taken(s, 1, 490);
    assert_int_equal(proxy_counters(s->proxy)->rejected_calls, 501);
    assert_int_equal(proxy_counters(s->proxy)->by_reason[REASON_BAD_REQUEST], 501);
    free_scene(s);
}

/* A source that goes on has one record a second from then on; one that stops is new again. */
static void a_flood_that_goes_on(void **state)
{
    (void)state;
    struct scene *s = new_scene();
    for (int i = 0; i < 500; i++)
        refuse(s, "192.0.2.1", true);
    timers_run(proxy_timers(s->proxy), timers_next_ms(proxy_timers(s->proxy)));
    assert_taken(s, 11, 500);
    for (int i = 0; i < 300; i++)
        refuse(s, "192.0.2.1", true);
    assert_taken(s, 0, 0);
    timers_run(proxy_timers(s->proxy), timers_next_ms(proxy_timers(s->proxy)));
    assert_taken(s, 1, 300);
    for (int i = 0; i < 3; i++)
        refuse(s, "192.0.2.1", true);
    timers_run(proxy_timers(s->proxy), timers_next_ms(proxy_timers(s->proxy)));
    assert_taken(s, 1, 3);
    assert_int_equal(timers_next_ms(proxy_timers(s->proxy)), -1);
    refuse(s, "192.0.2.1", true);
    assert_taken(s, 1, 1);
    free_scene(s);
}

static void ten_are_no_flood(void **state)
{
    (void)state;
    struct scene *s = new_scene();
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < UNDECIDED_EACH; i++)
            refuse(s, "192.0.2.1", true);
        assert_taken(s, UNDECIDED_EACH, UNDECIDED_EACH);
        timers_run(proxy_timers(s->proxy), timers_next_ms(proxy_timers(s->proxy)));
        assert_taken(s, 0, 0);
        assert_int_equal(timers_next_ms(proxy_timers(s->proxy)), -1);
    }
    free_scene(s);
}

static void what_is_no_invite_leaves_no_record(void **state)
{
    (void)state;
    struct scene *s = new_scene();
    for (int i = 0; i < 100; i++)
        refuse(s, "192.0.2.1", i % 10 == 0);
    assert_taken(s, 1, 1);
    pass(s, 1);
    assert_taken(s, 1, 9);
    free_scene(s);
}

/* Sources that cost nothing, as those of forged datagrams: the table does not grow, and what it
   has no room for is one source. */
static void more_sources_than_the_table_holds(void **state)
{
    (void)state;
    struct scene *s = new_scene();
    char source[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(source, sizeof(source), "198.51.%d.%d", i / 250, i % 250);
        refuse(s, source, true);
    }
    assert_taken(s, UNDECIDED_SOURCES + UNDECIDED_EACH, UNDECIDED_SOURCES + UNDECIDED_EACH);
    pass(s, 1);
    assert_taken(s, 1, 5000 - UNDECIDED_SOURCES - UNDECIDED_EACH);
    free_scene(s);
}

static void one_host_has_a_network_of_ipv6(void **state)
{
    (void)state;
    struct scene *s = new_scene();
    char source[48];
    for (int i = 0; i < 1000; i++) {
        snprintf(source, sizeof(source), "2001:db8:0:1::%x", i + 1);
        refuse(s, source, true);
    }
    refuse(s, "2001:db8:0:2::1", true);
    assert_taken(s, UNDECIDED_EACH + 1, UNDECIDED_EACH + 1);
    undecided_flush(s->proxy);
    assert_taken(s, 1, 1000 - UNDECIDED_EACH);
    undecided_flush(s->proxy);
    assert_taken(s, 0, 0);
    free_scene(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_one_by_one_then_one_with_a_count),
        cmocka_unit_test(a_flood_that_goes_on),
        cmocka_unit_test(ten_are_no_flood),
        cmocka_unit_test(what_is_no_invite_leaves_no_record),
        cmocka_unit_test(more_sources_than_the_table_holds),
        cmocka_unit_test(one_host_has_a_network_of_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
