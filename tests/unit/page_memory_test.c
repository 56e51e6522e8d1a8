/* What a process that serves pages can take of memory, whatever it runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/page_memory.h"

#define MIB ((size_t)1 << 20)

#ifndef STIRD_SANITIZE
static bool can_have(size_t octets)
{
    void *p = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p != MAP_FAILED)
        munmap(p, octets);
    return p != MAP_FAILED;
}
#endif

static int first_to_go(void)
{
    int score = -1;
    FILE *f = fopen("/proc/self/oom_score_adj", "re");
    if (!f || fscanf(f, "%d", &score) != 1)
        score = -1;
    if (f)
        fclose(f);
    return score;
}

/* What is wrong in a process of its own; 0: nothing. */
static int look(void)
{
    page_memory_bound(100 * MIB);
    if (first_to_go() < 800)
        return 1;
#ifndef STIRD_SANITIZE
    if (!can_have(200 * MIB))
        return 2;
    if (can_have(300 * MIB))
        return 3;
    page_memory_bound(1000 * MIB); /* it never gets more */
    if (can_have(300 * MIB))
        return 4;
#endif
    return 0;
}

static void a_ceiling_of_its_own(void **state)
{
    int status;
    (void)state;
    const pid_t pid = fork();
    if (pid == 0)
        _exit(look());
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ceiling_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
