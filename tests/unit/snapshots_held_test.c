/* Snapshots that a process holds: as long as calls do, each with a signer that is read. */
#include "daemon/snapshots_held.h"

#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <stird/io/control.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1, 2, 3};
static struct event_base *base;
static struct snapshots_held held;

static int begin(void **state)
{
    (void)state;
    base = event_base_new();
    snapshots_held_init(&held, base);
    return base ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    snapshots_held_fini(&held);
    event_base_free(base);
    return 0;
}

static int compile(void)
{
    const struct numbers_source source = {
        .name = STR("numbers.csv"), .text = STR("number,customer,state\n"), .kind = NUMBERS_TABLE};
    struct problems problems = PROBLEMS_INIT;
    struct buf image = BUF_INIT;
    int fd = memfd_create("numbers", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_true(numbers_compile(&source, 1, &image, NULL, &problems));
    assert_int_equal(write(fd, image.p, image.n), image.n);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
    buf_fini(&image);
    problems_fini(&problems);
    return fd;
}

/* Of GENERATION; *OTHER_END is its signer's. */
static struct snapshot *make(uint64_t generation, int *other_end)
{
    const char *why = NULL;
    int fds[2], numbers_fd = compile();
    struct arena *arena = arena_new(4096);
    struct settings *settings = arena_alloc(arena, sizeof(*settings));
    *settings = (struct settings){.arena = arena};
    assert_int_equal(control_pair(fds), 0);
    *other_end = fds[1];
    struct snapshot *s = snapshot_new(settings, numbers_fd, signer_client_new(fds[0]), secret,
                                      generation, generation, &why);
    assert_non_null(s);
    close(numbers_fd);
    return s;
}

static bool is_closed(int other_end)
{
    char byte;
    return recv(other_end, &byte, 1, MSG_DONTWAIT) == 0;
}

static void test_none_is_held_at_first(void **state)
{
    (void)state;
    assert_null(snapshots_held_current(&held));
    assert_null(snapshots_held_of(&held, 0));
    assert_true(snapshots_held_oldest(&held) == UINT64_MAX);
    snapshots_held_drop_unused(&held);
    assert_false(snapshots_held_take(&held, NULL));
    assert_null(snapshots_held_current(&held));
}

static void test_the_last_one_is_the_current_one(void **state)
{
    int ends[3];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(snapshots_held_take(&held, make(i + 1, &ends[i])));
        assert_int_equal(snapshots_held_current(&held)->generation, i + 1);
    }
    assert_int_equal(snapshots_held_oldest(&held), 1);
    assert_int_equal(snapshots_held_of(&held, 2)->generation, 2);
    assert_null(snapshots_held_of(&held, 4));
    for (unsigned i = 0; i < 3; i++)
        close(ends[i]);
}

/* The current one is nobody's, and stays; of the others those that a call holds. */
static void test_what_nobody_holds_goes(void **state)
{
    int ends[3];
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_true(snapshots_held_take(&held, make(i + 1, &ends[i])));
    struct snapshot *call = snapshot_ref(snapshots_held_of(&held, 1));
    snapshots_held_drop_unused(&held);
    assert_non_null(snapshots_held_of(&held, 1));
    assert_null(snapshots_held_of(&held, 2));
    assert_false(is_closed(ends[0]));
    assert_true(is_closed(ends[1]));
    assert_false(is_closed(ends[2]));
    snapshot_unref(call);
    snapshots_held_drop_unused(&held);
    assert_int_equal(snapshots_held_oldest(&held), 3);
    assert_true(is_closed(ends[0]));
    snapshots_held_fini(&held);
    assert_true(is_closed(ends[2]));
    for (unsigned i = 0; i < 3; i++)
        close(ends[i]);
}

/* Of a snapshot that only a call holds as well: its signer's end is found, not waited for. */
static void test_a_signer_that_is_gone_is_noticed(void **state)
{
    int old, current;
    (void)state;
    assert_true(snapshots_held_take(&held, make(1, &old)));
    struct snapshot *call = snapshot_ref(snapshots_held_current(&held));
    assert_true(snapshots_held_take(&held, make(2, &current)));
    close(old);
    assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    assert_false(signer_client_is_there(call->signer));
    assert_true(signer_client_is_there(snapshots_held_current(&held)->signer));
    snapshot_unref(call);
    close(current);
}

static void test_another_signer_takes_the_place(void **state)
{
    int end_of_first, fds[2], others[2];
    (void)state;
    assert_true(snapshots_held_take(&held, make(1, &end_of_first)));
    assert_int_equal(control_pair(fds), 0);
    assert_true(snapshots_held_connect(&held, 1, fds[0]));
    assert_true(is_closed(end_of_first));
    assert_int_equal(signer_client_fd(snapshots_held_current(&held)->signer), fds[0]);
    close(fds[1]); /* it is watched as the first one was */
    assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    assert_false(signer_client_is_there(snapshots_held_current(&held)->signer));
    assert_int_equal(control_pair(others), 0);
    assert_false(snapshots_held_connect(&held, 7, others[0]));
    assert_true(is_closed(others[1]));
    close(others[1]);
    close(end_of_first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_none_is_held_at_first),          TEST(test_the_last_one_is_the_current_one),
        TEST(test_what_nobody_holds_goes),         TEST(test_a_signer_that_is_gone_is_noticed),
        TEST(test_another_signer_takes_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
