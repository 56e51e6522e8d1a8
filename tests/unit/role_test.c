/*
 * The smallest child process, and the smallest part of the supervisor that it is for: the example
 * of src/README.md. What is tried is that its row and its duty are all that it takes to be started,
 * pinged, heard, found out, buried, started again and shown.
 */
#include "daemon/supervisor/loop.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/rights.h"

#define PATIENCE_MS 60000 /* only a hang exceeds it */

/* ---- the child's side: daemon/NOUN_process.c ---- */

/* Gives up what it does not need, says that it serves, answers until the supervisor is gone. */
static int dummy_main(const struct child_role *role, int control_fd)
{
    const struct control_message ready = {.type = CONTROL_READY}, pong = {.type = CONTROL_PONG};
    const struct control_message lie = {.type = CONTROL_HEARTBEAT};
    const struct control_message word = {.type = CONTROL_OVER_CEILING, .over_ceiling = {7, 0}};
    struct control_message m;
    int fds[CONTROL_FDS_MAX], r = 1;
    unsigned n_fds;
    if (roles_narrow_to(role, &(struct role_keeps){0}) ||
        control_send(control_fd, &ready, NULL, 0) || control_send(control_fd, &word, NULL, 0))
        return EXIT_FAILURE;
    while (r == 1 || r == -EAGAIN) {
        struct pollfd p = {.fd = control_fd, .events = POLLIN};
        poll(&p, 1, -1);
        r = control_receive(control_fd, &m, fds, &n_fds);
        if (r == 1 && m.type == CONTROL_PING)
            control_send(control_fd, &pong, NULL, 0);
        if (r == 1 && m.type == CONTROL_DRAIN) /* for the test: what is not for it to say */
            control_send(control_fd, &lie, NULL, 0);
    }
    return EXIT_SUCCESS;
}

/* For the test: somebody did not think of its rights, nor of what control_send() returns. What its
   row has as early it may say all the same. */
static int forgetful_main(int control_fd)
{
    const struct control_message ready = {.type = CONTROL_READY}, alarm = {.type = CONTROL_ALARM};
    const struct control_message word = {.type = CONTROL_OVER_CEILING, .over_ceiling = {7, 0}};
    struct pollfd p = {.fd = control_fd}; /* for its end alone */
    control_send(control_fd, &ready, NULL, 0);
    control_send(control_fd, &alarm, NULL, 0);
    control_send(control_fd, &word, NULL, 0);
    while (poll(&p, 1, -1) <= 0)
        ;
    return EXIT_SUCCESS;
}

static bool forgets;

/* ---- the supervisor's side: daemon/supervisor/supervisor_NOUN.c ---- */

extern const struct part part_dummy;
extern const struct duty duty_dummy;

struct dummy {
    unsigned served, gone, alarms;
    uint64_t heard;
};

static struct dummy *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_dummy);
}

static unsigned kept(const struct supervisor *s)
{
    (void)s;
    return 1;
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    (void)s;
    return forgets ? forgetful_main(control_fd) : dummy_main(c->role, control_fd);
}

static void take_word(struct supervisor *s, const struct heard *h)
{
    own(s)->heard += h->message->over_ceiling.requests;
}

static void take_alarm(struct supervisor *s, const struct heard *h)
{
    (void)h;
    own(s)->alarms++;
}

static const struct word hears[] = {
    {0, CONTROL_OVER_CEILING, take_word}, {0, CONTROL_ALARM, take_alarm}, {.take = NULL}};

const struct duty duty_dummy = {.kept = kept, .enter = enter};

static void on_serves(struct supervisor *s, const struct news *news)
{
    own(s)->served += news->child->role->duty == &duty_dummy;
}

static void on_gone(struct supervisor *s, const struct news *news)
{
    own(s)->gone += news->child->role->duty == &duty_dummy;
}

const struct part part_dummy = {
    .name = "dummy",
    .bytes = sizeof(struct dummy),
    .hears = hears,
    .on = {[EVENT_CHILD_SERVES] = on_serves, [EVENT_CHILD_GONE] = on_gone},
};

/* ---- the rows: src/daemon/roles.def, src/daemon/supervisor/parts.def ---- */

static const struct child_role table[] = {{.id = 0,
                                           .places = 2,
                                           .duty = &duty_dummy,
                                           .name = "stird-dummy",
                                           .shown = "dummy",
                                           .without = "NO DUMMY",
                                           .missed = true,
                                           .start_limit_ms = PATIENCE_MS,
                                           .ping_every_ms = 20,
                                           .silence_ms = PATIENCE_MS,
                                           .early = CONTROL_WORD(OVER_CEILING),
                                           .may = MAY_TALK}};

static const struct part *const parts[] = {&part_dummy, &part_messages, &part_roster, NULL};

/* ---- the test ---- */

static struct settings settings;
static struct supervisor *s;
static struct child *dummy;

static int begin(void **state)
{
    (void)state;
    s = supervisor_make(table, 1, parts);
    if (!s || supervisor_take_signals(s))
        return -1;
    s->started_with = &settings;
    s->turned_ms = clock_monotonic_ms();
    dummy = supervisor_places(s, 0);
    supervisor_start_children(s, s->turned_ms);
    return 0;
}

static int end(void **state)
{
    sigset_t all;
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    (void)state;
    supervisor_end(s, clock_monotonic_ms());
    while (dummy->pid > 0 && clock_monotonic_ms() < until_ms)
        supervisor_turn(s);
    bool ended = dummy->pid == 0;
    supervisor_unmake(s);
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    return ended ? 0 : -1;
}

#define TURN_UNTIL(condition)                                                                      \
    do {                                                                                           \
        int64_t until_ms_ = clock_monotonic_ms() + PATIENCE_MS;                                    \
        while (!(condition)) {                                                                     \
            assert_true(clock_monotonic_ms() < until_ms_);                                         \
            supervisor_turn(s);                                                                    \
        }                                                                                          \
    } while (0)

static void test_it_starts_and_is_heard(void **state)
{
    (void)state;
    TURN_UNTIL(dummy->state == CHILD_SERVING);
    assert_int_equal(own(s)->served, 1);
    TURN_UNTIL(own(s)->heard == 7);
    assert_true(s->ready);
    assert_int_equal(s->false_children, 0);
}

static void test_it_answers_a_ping(void **state)
{
    (void)state;
    TURN_UNTIL(dummy->pinged_ms > 0);
    int64_t asked_ms = dummy->pinged_ms;
    TURN_UNTIL(dummy->pinged_ms != asked_ms); /* of one that is not answered it stays */
    assert_int_equal(dummy->state, CHILD_SERVING);
    assert_int_equal(dummy->deaths, 0);
}

static void test_it_dies_and_another_serves(void **state)
{
    (void)state;
    TURN_UNTIL(dummy->state == CHILD_SERVING);
    pid_t first = dummy->pid;
    kill(first, SIGKILL);
    TURN_UNTIL(dummy->deaths == 1 && dummy->state == CHILD_SERVING);
    assert_true(dummy->pid > 0 && dummy->pid != first);
    assert_int_equal(own(s)->gone, 1);
    assert_int_equal(own(s)->served, 2);
    assert_int_equal(supervisor_count_deaths(s), 1);
}

static void test_what_is_not_for_it_to_say_ends_it(void **state)
{
    (void)state;
    TURN_UNTIL(dummy->state == CHILD_SERVING);
    assert_int_equal(child_send(dummy, &(struct control_message){.type = CONTROL_DRAIN}, NULL, 0),
                     0);
    TURN_UNTIL(dummy->deaths == 1 && dummy->state == CHILD_SERVING);
    assert_int_equal(s->false_children, 1);
}

static void test_it_is_shown(void **state)
{
    uint64_t values[ALARMS] = {0};
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    (void)state;
    TURN_UNTIL(dummy->state == CHILD_SERVING);
    json_begin_object(&j);
    part_roster.put_status(s, &j, clock_monotonic_ms());
    json_end_object(&j);
    buf_add(&out, "", 1);
    assert_non_null(strstr(out.p, "\"dummy\":{\"state\":\"serving\",\"pid\":"));
    buf_fini(&out);
    part_roster.count(s, values);
    assert_int_equal(values[ALARM_child_missing], 0);
    dummy->state = CHILD_NONE;
    part_roster.count(s, values);
    assert_int_equal(values[ALARM_child_missing], 1);
    dummy->state = CHILD_SERVING;
}

/* Of several that are kept one is enough; one that is not kept does not count. */
static void test_stird_is_without_it_when_none_serves(void **state)
{
    struct child *second = dummy + 1;
    (void)state;
    assert_string_equal(supervisor_state_text(s), "starting");
    TURN_UNTIL(dummy->state == CHILD_SERVING && s->ready);
    assert_string_equal(supervisor_state_text(s), "serving");
    dummy->state = CHILD_STARTING;
    assert_string_equal(supervisor_state_text(s), "NO DUMMY");
    second->state = CHILD_SERVING;
    assert_string_equal(supervisor_state_text(s), "NO DUMMY");
    second->kept = true;
    assert_string_equal(supervisor_state_text(s), "serving");
    second->state = CHILD_NONE;
    assert_string_equal(supervisor_state_text(s), "NO DUMMY");
    second->kept = false;
    dummy->state = CHILD_SERVING;
}

static bool is_said(int log_fd, const char *line)
{
    char text[4096] = "";
    ssize_t n = pread(log_fd, text, sizeof(text) - 1, 0);
    return n > 0 && strstr(text, line);
}

static void test_who_gave_up_nothing_never_serves(void **state)
{
    int log_fd = memfd_create("log", MFD_CLOEXEC), stderr_fd = dup(STDERR_FILENO);
    assert_true(log_fd >= 0 && stderr_fd >= 0);
    dup2(log_fd, STDERR_FILENO);
    forgets = true;
    int r = begin(state);
    forgets = false;
    dup2(stderr_fd, STDERR_FILENO);
    assert_int_equal(r, 0);
    TURN_UNTIL(own(s)->heard == 7); /* which it said after READY, and after the alarm */
    assert_int_equal(own(s)->alarms, 0);
    assert_int_equal(dummy->state, CHILD_STARTING);
    assert_int_equal(own(s)->served, 0);
    assert_true(is_said(log_fd, "a process that has given up no rights does not serve"));
    close(log_fd);
    close(stderr_fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_it_starts_and_is_heard),
        TEST(test_it_answers_a_ping),
        TEST(test_it_dies_and_another_serves),
        TEST(test_what_is_not_for_it_to_say_ends_it),
        TEST(test_it_is_shown),
        TEST(test_stird_is_without_it_when_none_serves),
        cmocka_unit_test_teardown(test_who_gave_up_nothing_never_serves, end),
    };
    log_open("role_test", STDERR_FILENO, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
