/* How long a process had no processor, and that this is not held against it. */
#include "daemon/child.h"
#include "daemon/starvation.h"

#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define CROWD 4

static const struct child_role beating = {.name = "beating", .silence_ms = 50};

/* One that computes on the first processor that we may have; or one that is stopped. */
static pid_t process(bool computes)
{
    pid_t pid = fork();
    if (pid > 0 && !computes)
        waitpid(pid, NULL, WUNTRACED);
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    cpu_set_t all, one;
    int cpu = 0;
    sched_getaffinity(0, sizeof(all), &all);
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof(one), &one);
    if (!computes)
        raise(SIGSTOP);
    for (volatile unsigned n = 0;; n++)
        ;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static void test_who_has_to_wait_and_who_stands(void **state)
{
    (void)state;
    pid_t crowd[CROWD], standing = process(false);
    for (unsigned i = 0; i < CROWD; i++)
        crowd[i] = process(true);
    while (starvation_ms(crowd[0]) < 200)
        nap();
    int64_t before = starvation_ms(standing);
    while (starvation_ms(crowd[0]) < 400)
        nap();
    assert_int_equal(starvation_ms(standing), before);
    for (unsigned i = 0; i < CROWD; i++)
        end(crowd[i]);
    end(standing);
    assert_int_equal(starvation_ms(standing), 0); /* there is no such process */
    assert_int_equal(starvation_ms(0), 0);
}

static void test_it_is_forgiven_within_reason(void **state)
{
    (void)state;
    struct child c;
    pid_t crowd[CROWD];
    for (unsigned i = 0; i < CROWD; i++)
        crowd[i] = process(true);
    child_init(&c, &beating, 0);
    c.pid = crowd[0];
    child_serves(&c, 1000);
    while (starvation_ms(c.pid) < c.starved_before_ms + 20)
        nap();
    assert_non_null(child_overdue(&c, 1050));
    child_forgive_starvation(&c);
    assert_null(child_overdue(&c, 1050 + 19));
    assert_true(child_deadline_ms(&c) >= 1050 + 20);
    while (starvation_ms(c.pid) < c.starved_before_ms + 1000)
        nap();
    child_forgive_starvation(&c);
    assert_null(child_overdue(&c, 1050 + 499));
    assert_non_null(child_overdue(&c, 1050 + 500));
    child_heard(&c, 2000);
    assert_non_null(child_overdue(&c, 2050)); /* from the beginning */
    for (unsigned i = 0; i < CROWD; i++)
        end(crowd[i]);
}

static void test_one_that_is_stopped_is_not(void **state)
{
    (void)state;
    struct child c;
    child_init(&c, &beating, 0);
    c.pid = process(false);
    child_serves(&c, 1000);
    nap();
    child_forgive_starvation(&c);
    assert_non_null(child_overdue(&c, 1050));
    end(c.pid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_has_to_wait_and_who_stands),
        cmocka_unit_test(test_it_is_forgiven_within_reason),
        cmocka_unit_test(test_one_that_is_stopped_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
