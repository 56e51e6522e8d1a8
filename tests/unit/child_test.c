/* When a child is started again, when it is pinged, and when it counts as hanging. */
#include "daemon/child.h"
#include "daemon/roles.h"
#include "daemon/supervisor/loop.h"
#include "daemon/trust_process.h"

#include "daemon/privileges.h"
#include "daemon/rights.h"
#include "in_child.h"

#include <fcntl.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const struct child_role pinged = {
    .name = "pinged", .start_limit_ms = 1000, .ping_every_ms = 200, .silence_ms = 600, .may = 1};
static const struct child_role beating = {
    .name = "beating", .start_limit_ms = 1000, .silence_ms = 3000, .may = 1};
static const struct child_role quiet = {.name = "quiet", .early = ~UINT64_C(0), .may = 1};
static const struct child_role patient = {.name = "patient",
                                          .start_limit_ms = 1000,
                                          .ping_every_ms = 1000,
                                          .silence_ms = 5000,
                                          .patience_ms = 60000,
                                          .may = 1};

static struct child serving(const struct child_role *role, int64_t now_ms)
{
    struct child c;
    child_init(&c, role, 0);
    c.kept = true;
    c.started_ms = now_ms;
    child_serves(&c, now_ms);
    return c;
}

static void test_a_first_death_is_answered_at_once(void **state)
{
    (void)state;
    struct child c = serving(&beating, 1000);
    child_died(&c, 2000);
    assert_int_equal(c.restart_at_ms, 2000);
    assert_int_equal(c.state, CHILD_NONE);
    assert_int_equal(child_deadline_ms(&c), 2000);
}

/* What is counted since the start of stird outlasts who has a place; one that was let go is no
   death, has its time, and is not missed. */
static void test_counts_outlast_who_has_the_place(void **state)
{
    (void)state;
    struct child c = serving(&pinged, 1000);
    c.pinged_ms = 1000;
    assert_non_null(child_overdue(&c, 1600));
    child_was_overdue(&c, 1600);
    child_died(&c, 1700);
    assert_true(child_is_missing(&c));
    child_renew(&c);
    assert_int_equal(c.deaths, 1);
    assert_int_equal(c.hangs_ever, 1);
    c.kept = true;
    c.state = CHILD_STARTING;
    assert_false(child_is_missing(&c)); /* the first in its place */
    c.pid = 1;
    child_serves(&c, 2000);
    c.pinged_ms = 2000;
    child_let_go(&c, 9000);
    assert_null(child_overdue(&c, 8000));
    assert_false(child_stays(&c, 8999));
    assert_true(child_stays(&c, 9000));
    child_died(&c, 9100);
    assert_int_equal(c.deaths, 1);
}

static void test_deaths_at_the_start_are_answered_ever_later(void **state)
{
    (void)state;
    static const int64_t delays[] = {0, 50, 200, 500, 1000, 1000, 1000};
    struct child c;
    child_init(&c, &beating, 0);
    c.kept = true;
    for (unsigned i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        c.state = CHILD_STARTING;
        child_died(&c, 5000);
        assert_int_equal(c.restart_at_ms, 5000 + delays[i]);
    }
    assert_int_equal(c.deaths, 7);
    child_serves(&c, 6000);
    child_died(&c, 6500);
    assert_int_equal(c.restart_at_ms, 6500); /* it served for half a second: a new series */
    c.state = CHILD_STARTING;
    child_died(&c, 7000);
    assert_int_equal(c.restart_at_ms, 7000);
}

static void test_a_start_has_a_limit(void **state)
{
    (void)state;
    struct child c;
    child_init(&c, &pinged, 0);
    c.state = CHILD_STARTING;
    c.started_ms = 5000;
    assert_null(child_overdue(&c, 5999));
    assert_non_null(child_overdue(&c, 6000));
    assert_int_equal(child_deadline_ms(&c), 6000);
    c.role = &quiet;
    assert_null(child_overdue(&c, INT64_MAX - 1));
}

static void test_an_unanswered_ping_has_a_limit(void **state)
{
    (void)state;
    struct child c = serving(&pinged, 1000);
    assert_int_equal(child_deadline_ms(&c), 1200);
    assert_null(child_overdue(&c, 100000)); /* nobody has asked it */
    c.pinged_ms = 1200;
    assert_null(child_overdue(&c, 1799));
    assert_non_null(child_overdue(&c, 1800));
    child_heard(&c, 1700);
    assert_null(child_overdue(&c, 1800));
}

static void test_a_heartbeat_that_stays_away_has_a_limit(void **state)
{
    (void)state;
    struct child c = serving(&beating, 1000);
    assert_null(child_overdue(&c, 3999));
    assert_non_null(child_overdue(&c, 4000));
    child_heard(&c, 3500);
    assert_null(child_overdue(&c, 6499));
    assert_int_equal(child_deadline_ms(&c), 6500);
}

/* One that waits for a slow disk is ended ever more rarely; the next that serves well starts anew.
 */
static void test_hangs_in_a_row_may_last_longer(void **state)
{
    (void)state;
    static const int64_t limits[] = {5000, 10000, 20000, 40000, 60000, 60000, 60000};
    struct child c = serving(&patient, 0);
    int64_t now = 1000;
    for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        c.pinged_ms = now;
        assert_null(child_overdue(&c, now + limits[i] - 1));
        assert_non_null(child_overdue(&c, now += limits[i]));
        child_was_overdue(&c, now);
        assert_null(child_overdue(&c, now)); /* its death may take as long again */
        child_died(&c, now);
        c.state = CHILD_STARTING;
        child_serves(&c, now);
        child_heard(&c, now + 1000);
        now += 2000;
    }
    assert_int_equal(c.hangs_ever, 7);
    child_heard(&c, now + 60000);
    c.pinged_ms = now;
    assert_non_null(child_overdue(&c, now + 5000));
    struct child other = serving(&pinged, 0);
    child_was_overdue(&other, 1000);
    other.pinged_ms = 2000;
    assert_non_null(child_overdue(&other, 2600));
}

/* Of whatever limit; the next sign of life ends it. */
static void test_a_pause_of_the_supervisor_is_no_silence(void **state)
{
    (void)state;
    struct child starting = {.role = &pinged, .state = CHILD_STARTING, .started_ms = 5000};
    struct child asked = serving(&pinged, 1000), beats = serving(&beating, 1000);
    asked.pinged_ms = 1200;
    child_forgive_pause(&starting, 700);
    child_forgive_pause(&asked, 700);
    child_forgive_pause(&beats, 700);
    child_forgive_pause(&beats, 700);
    assert_null(child_overdue(&starting, 6699));
    assert_non_null(child_overdue(&starting, 6700));
    assert_null(child_overdue(&asked, 2499));
    assert_int_equal(child_deadline_ms(&asked), 1200);
    assert_non_null(child_overdue(&asked, 2500));
    assert_null(child_overdue(&beats, 5399));
    assert_non_null(child_overdue(&beats, 5400));
    child_heard(&beats, 6000);
    assert_non_null(child_overdue(&beats, 9000));
}

/* Whatever its role, and whether it was ready or not. */
static void test_one_that_was_let_go_has_a_limit(void **state)
{
    (void)state;
    struct child c = serving(&quiet, 1000);
    c.pid = getpid();
    c.control_fd = 0;
    assert_false(child_stays(&c, 500000)); /* nobody let it go */
    c.control_fd = -1;
    assert_false(child_stays(&c, 500000));
    assert_int_equal(child_deadline_ms(&c), 501000);
    assert_false(child_stays(&c, 500999));
    assert_true(child_stays(&c, 501000));
    assert_false(child_stays(&c, 501001)); /* its death may take as long again */
    assert_true(child_stays(&c, 502000));
    child_died(&c, 502000);
    assert_false(child_stays(&c, 600000));
    assert_int_equal(c.goodbye_ms, 0);
}

static void test_a_quiet_child_is_never_overdue(void **state)
{
    (void)state;
    struct child c = serving(&quiet, 1000);
    assert_null(child_overdue(&c, INT64_MAX - 1));
    assert_int_equal(child_deadline_ms(&c), INT64_MAX);
}

/* ---- real processes ---- */

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

struct kept {
    int kept, not_kept;
};

static int look_around(void *user, int control_fd)
{
    const struct kept *k = user;
    char name[17] = "";
    prctl(PR_GET_NAME, name, 0, 0, 0);
    struct sigaction term, interrupt;
    sigset_t blocked;
    sigaction(SIGTERM, NULL, &term);
    sigaction(SIGINT, NULL, &interrupt);
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    bool as_promised = is_open(k->kept) && is_open(control_fd) && !is_open(k->not_kept) &&
                       strcmp(name, "beating") == 0 && term.sa_handler == SIG_DFL &&
                       interrupt.sa_handler == SIG_IGN && !sigismember(&blocked, SIGCHLD);
    return as_promised ? 42 : 1;
}

static void test_a_child_keeps_only_what_it_needs(void **state)
{
    (void)state;
    struct kept k = {open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY)};
    struct child c;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    child_init(&c, &beating, 0);
    assert_int_equal(child_start(&c, look_around, &k, (const int[]){k.kept, -1}, 2, 1), 0);
    assert_int_equal(c.state, CHILD_STARTING);
    int status = -1;
    assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    child_died(&c, 2);
    assert_int_equal(c.control_fd, -1);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    close(k.kept);
    close(k.not_kept);
}

static int sleep_for_good(void *user, int control_fd)
{
    (void)user;
    (void)control_fd;
    for (unsigned i = 0; i < 60; i++)
        sleep(1);
    return 0;
}

static void test_a_child_that_does_not_read_is_killed(void **state)
{
    (void)state;
    const struct control_message m = {.type = CONTROL_PING};
    struct child c;
    int r = 0, status = -1;
    child_init(&c, &quiet, 0);
    assert_int_equal(child_start(&c, sleep_for_good, NULL, NULL, 0, 1), 0);
    for (unsigned i = 0; i < 100000 && r == 0; i++)
        r = child_send(&c, &m, NULL, 0);
    assert_int_equal(r, -EAGAIN);
    assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    child_died(&c, 2);
    assert_int_equal(child_send(&c, &m, NULL, 0), -EPIPE);
}

/* By the time that it is signalled its number may be another process's. */
static void test_a_number_that_was_given_anew(void **state)
{
    (void)state;
    struct child c, other;
    int status = -1;
    child_init(&c, &quiet, 0);
    child_init(&other, &quiet, 1);
    assert_int_equal(child_start(&c, sleep_for_good, NULL, NULL, 0, 1), 0);
    assert_int_equal(child_start(&other, sleep_for_good, NULL, NULL, 0, 1), 0);
    assert_true(c.pidfd >= 0);
    pid_t its_own = c.pid;
    c.pid = other.pid;
    child_kill(&c, SIGKILL);
    assert_int_equal(waitpid(its_own, &status, 0), its_own);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(waitpid(other.pid, &status, WNOHANG), 0);
    child_kill(&other, SIGKILL);
    assert_int_equal(waitpid(other.pid, &status, 0), other.pid);
    child_died(&c, 2);
    child_died(&other, 2);
}

/* Without descriptors to tell it anything nobody is started. */
static void test_no_descriptors_no_child(void **state)
{
    (void)state;
    struct rlimit before, none;
    struct child c;
    child_init(&c, &quiet, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 4;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int r = child_start(&c, sleep_for_good, NULL, NULL, 0, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(r, -EMFILE);
    assert_int_equal(c.pid, 0);
}

/* ---- descriptors under way ---- */

#define LIMIT 1024

/* Descriptors into pairs of its own that nobody reads, until the kernel refuses more. */
static int leave_descriptors_under_way(void *user, int control_fd)
{
    const struct control_message m = {.type = CONTROL_SNAPSHOT};
    const int fds[CONTROL_FDS_MAX] = {2, 2, 2, 2};
    const struct control_message pong = {.type = CONTROL_PONG};
    int ends[2], r = -EAGAIN;
    (void)user;
    while (r == 0 || r == -EAGAIN) {
        if (r == -EAGAIN && control_pair(ends))
            return 1;
        r = control_send(ends[1], &m, fds, CONTROL_FDS_MAX);
    }
    if (r == -ETOOMANYREFS && control_send(control_fd, &pong, NULL, 0) == 0)
        sleep_for_good(NULL, control_fd);
    return 1;
}

/* What the supervisor can still send then, to a child of ROLE. */
static int sent_beside(const struct child_role *role)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX], r = -EAGAIN;
    const int to_send = 2;
    unsigned n;
    struct child c;
    child_init(&c, role, 0);
    if (child_start(&c, leave_descriptors_under_way, NULL, NULL, 0, 1))
        return -ECHILD;
    while (r == -EAGAIN)
        r = control_receive(c.control_fd, &m, fds, &n);
    m = (struct control_message){.type = CONTROL_CHANNEL};
    r = r == 1 ? child_send(&c, &m, &to_send, 1) : -EPROTO;
    child_kill(&c, SIGKILL);
    waitpid(c.pid, NULL, 0);
    child_died(&c, 2);
    return r;
}

/* Without root's rights the kernel's count holds. */
static const char *what_is_under_way_stops_nobody_else(void *user)
{
    const struct rlimit limit = {LIMIT, LIMIT};
    static const struct child_role loader = {
        .name = "loader", .early = ~UINT64_C(0), .may = MAY_TALK | MAY_LOAD};
    (void)user;
    if ((geteuid() == 0 && setresuid(34567, 34567, 34567)) || setrlimit(RLIMIT_NOFILE, &limit))
        return "cannot be tried";
    if (sent_beside(&loader) != -ETOOMANYREFS)
        return "one with the same limit does not fill it: the test is none";
    return sent_beside(&quiet) == 0 ? NULL : "the supervisor cannot send to its children";
}

static void test_what_a_child_leaves_under_way(void **state)
{
    (void)state;
    for (uint64_t all = 1024; all < 1000000; all += 997) {
        assert_true(all - child_descriptors(all) > 253); /* the kernel's SCM_MAX_FD: one more */
        assert_true(child_descriptors(all) >= all / 2);
    }
    assert_int_equal(child_descriptors(64), 64);
    in_child(what_is_under_way_stops_nobody_else, NULL);
}

/* Nobody is starved by one that floods its socket, and such a one is found out. */
static void test_a_flood_is_read_a_little_at_a_time_and_ends(void **state)
{
    (void)state;
    const struct control_message m = {.type = CONTROL_PONG};
    struct supervisor *s = supervisor_make(roles, ROLES, supervisor_parts);
    struct control_message left;
    int ends[2], fds[CONTROL_FDS_MAX];
    unsigned n_fds, sent = 0, unread = 0;
    assert_int_equal(control_pair(ends), 0);
    while (control_send(ends[1], &m, NULL, 0) == 0)
        sent++;
    assert_in_range(sent, 20, 100000);
    struct child *c = supervisor_places(s, ROLE_SIGNER);
    c->control_fd = ends[0];
    supervisor_child_messages(s, c, 1000);
    assert_int_equal(c->heard_ms, 1000);
    while (control_receive(ends[0], &left, fds, &n_fds) > 0)
        unread++;
    assert_int_equal(unread, sent - 16);
    for (unsigned i = 0; i < 1000 && c->control_fd >= 0; i++) {
        control_send(ends[1], &m, NULL, 0);
        supervisor_child_messages(s, c, 1000 + (int64_t)i / 10);
    }
    assert_int_equal(c->control_fd, -1);
    close(ends[1]);
    supervisor_unmake(s);
}

static void test_what_a_child_says_in_its_time_is_no_flood(void **state)
{
    (void)state;
    struct child c = serving(&pinged, 0);
    for (int64_t ms = 0; ms < 60000; ms += 5)
        assert_true(child_heard(&c, ms));
}

/* As many domains and lists as there may be are made in no time. */
static void test_the_most_domains_with_the_most_lists_are_no_flood(void **state)
{
    (void)state;
    struct child c = serving(&roles[ROLE_TRUST], 0);
    for (unsigned domain = 0; domain < TRUST_DOMAINS_MAX; domain++)
        for (unsigned word = 0; word < 1 + 1 + TRUST_CRLS_MAX; word++) /* it, its list, and those */
            assert_true(child_heard(&c, 1));
    assert_true(child_heard(&c, 1)); /* that all are made */
    assert_false(child_heard(&c, 1));
    assert_true(CERTIFICATE_UNITS_MAX + 10 < CHILD_WORDS); /* the checker: of each unit, and some */
}

static void test_a_role_that_may_nothing_cannot_start(void **state)
{
    (void)state;
    static const struct child_role forgotten = {.name = "forgotten"};
    struct child c;
    child_init(&c, &forgotten, 0);
    assert_int_equal(child_start(&c, sleep_for_good, NULL, NULL, 0, 1), -EINVAL);
    for (unsigned role = 0; role < ROLES; role++) {
        assert_non_null(roles[role].name);
        assert_true(roles[role].may != 0 && roles[role].start_limit_ms > 0);
    }
}

static const char *only_these_stay(void *user)
{
    (void)user;
    int fds[6];
    for (unsigned i = 0; i < 6; i++)
        fds[i] = open("/dev/null", O_RDONLY);
    int keep[] = {fds[4], -1, fds[1], fds[1], STDERR_FILENO};
    if (privileges_close_others(keep, 5))
        return "it failed";
    for (unsigned i = 0; i < 6; i++) {
        if (is_open(fds[i]) != (i == 1 || i == 4))
            return "another one stays or one is gone";
    }
    return is_open(STDIN_FILENO) || is_open(STDERR_FILENO) ? NULL : "the standard ones are gone";
}

/* In a child that tells by its exit status: the pipe would be closed too. */
static void test_all_others_are_closed(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(only_these_stay(NULL) ? 1 : 0);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_first_death_is_answered_at_once),
        cmocka_unit_test(test_counts_outlast_who_has_the_place),
        cmocka_unit_test(test_deaths_at_the_start_are_answered_ever_later),
        cmocka_unit_test(test_a_start_has_a_limit),
        cmocka_unit_test(test_an_unanswered_ping_has_a_limit),
        cmocka_unit_test(test_a_heartbeat_that_stays_away_has_a_limit),
        cmocka_unit_test(test_hangs_in_a_row_may_last_longer),
        cmocka_unit_test(test_a_pause_of_the_supervisor_is_no_silence),
        cmocka_unit_test(test_one_that_was_let_go_has_a_limit),
        cmocka_unit_test(test_a_quiet_child_is_never_overdue),
        cmocka_unit_test(test_a_child_keeps_only_what_it_needs),
        cmocka_unit_test(test_a_child_that_does_not_read_is_killed),
        cmocka_unit_test(test_a_number_that_was_given_anew),
        cmocka_unit_test(test_no_descriptors_no_child),
        cmocka_unit_test(test_what_a_child_leaves_under_way),
        cmocka_unit_test(test_a_flood_is_read_a_little_at_a_time_and_ends),
        cmocka_unit_test(test_what_a_child_says_in_its_time_is_no_flood),
        cmocka_unit_test(test_the_most_domains_with_the_most_lists_are_no_flood),
        cmocka_unit_test(test_a_role_that_may_nothing_cannot_start),
        cmocka_unit_test(test_all_others_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
