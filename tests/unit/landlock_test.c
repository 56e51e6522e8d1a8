/* A process that gave up files can open none, not even the key. What is open stays open. */
#include "daemon/landlock.h"

#include "in_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>

struct place {
    char directory[64], key[96], other[96];
    int open_fd;
    pid_t parent;
};

static void make_place(struct place *p)
{
    snprintf(p->directory, sizeof(p->directory), "/tmp/stird-landlock-XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    snprintf(p->key, sizeof(p->key), "%s/key.pem", p->directory);
    snprintf(p->other, sizeof(p->other), "%s/other", p->directory);
    p->open_fd = open(p->key, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(p->open_fd, "secret", 6), 6);
    p->parent = getpid();
}

static void remove_place(const struct place *p)
{
    close(p->open_fd);
    unlink(p->key);
    unlink(p->other);
    rmdir(p->directory);
}

static bool refused(int result)
{
    return result < 0 && (errno == EACCES || errno == EPERM);
}

static const char *nothing_opens(void *user)
{
    const struct place *p = user;
    char got[6];
    if (open(p->key, O_RDONLY) < 0)
        return "the key cannot be opened even before";
    if (landlock_give_up_files(NULL, NULL))
        return "no Landlock";
    if (!refused(open(p->key, O_RDONLY)))
        return "the key can be opened";
    if (!refused(open(p->key, O_WRONLY)))
        return "the key can be written";
    if (!refused(open(p->other, O_WRONLY | O_CREAT, 0600)))
        return "a file can be made";
    if (!refused(open(p->directory, O_RDONLY | O_DIRECTORY)))
        return "a directory can be listed";
    if (!refused(open("/proc/self/mem", O_RDONLY)))
        return "/proc can be read";
    if (!refused(unlink(p->key)))
        return "the key can be removed";
    if (!refused(mkdir(p->other, 0700)))
        return "a directory can be made";
    if (!refused(rename(p->key, p->other)))
        return "the key can be renamed";
    if (pread(p->open_fd, got, 6, 0) != 6 || memcmp(got, "secret", 6) != 0)
        return "an open descriptor cannot be read any more";
    return NULL;
}

static const char *nor_in_its_children(void *user)
{
    const struct place *p = user;
    if (landlock_give_up_files(NULL, NULL))
        return "no Landlock";
    pid_t child = fork();
    if (child == 0)
        _exit(refused(open(p->key, O_RDONLY)) ? 0 : 1);
    int status = -1;
    waitpid(child, &status, 0);
    return status == 0 ? NULL : "a child can open the key";
}

static const char *what_is_allowed_opens(void *user)
{
    const struct place *p = user;
    const char *const readable[] = {p->directory, NULL};
    if (landlock_give_up_files(readable, NULL))
        return "no Landlock";
    if (open(p->key, O_RDONLY) < 0)
        return "an allowed directory cannot be read";
    if (!refused(open(p->key, O_WRONLY)))
        return "an allowed directory can be written";
    return refused(open("/etc/passwd", O_RDONLY)) ? NULL : "another directory can be read";
}

static const char *an_allowed_file_opens_and_no_other(void *user)
{
    const struct place *p = user;
    const char *const readable[] = {p->other, "/nowhere/at/all", p->key, NULL};
    if (landlock_give_up_files(readable, NULL))
        return "no Landlock, or a path that is not there was needed";
    if (open(p->key, O_RDONLY) < 0)
        return "an allowed file cannot be read";
    if (!refused(open(p->key, O_WRONLY)))
        return "an allowed file can be written";
    return refused(open(p->directory, O_RDONLY | O_DIRECTORY)) ? NULL : "its directory is allowed";
}

static const char *a_wrong_allowance_gives_nothing_up(void *user)
{
    const struct place *p = user;
    char beneath_a_file[128];
    const char *const readable[] = {beneath_a_file, NULL};
    snprintf(beneath_a_file, sizeof(beneath_a_file), "%s/x", p->key);
    if (landlock_give_up_files(readable, NULL) != -ENOTDIR)
        return "a file was taken for a directory";
    return open(p->key, O_RDONLY) < 0 ? "half of it was done" : NULL;
}

/* The signer is such a process: same user, outside. */
static const char *nobody_outside_is_traced(void *user)
{
    const struct place *p = user;
    if (landlock_give_up_files(NULL, NULL))
        return "no Landlock";
    return refused((int)ptrace(PTRACE_ATTACH, p->parent, NULL, NULL)) ? NULL
                                                                      : "the parent can be traced";
}

static void run(const char *(*what)(void *user))
{
    struct place p;
    make_place(&p);
    in_child(what, &p);
    remove_place(&p);
}

static void test_nothing_opens(void **state)
{
    (void)state;
    run(nothing_opens);
}

static void test_nor_in_its_children(void **state)
{
    (void)state;
    run(nor_in_its_children);
}

static void test_what_is_allowed_opens(void **state)
{
    (void)state;
    run(what_is_allowed_opens);
}

static void test_an_allowed_file_opens_and_no_other(void **state)
{
    (void)state;
    run(an_allowed_file_opens_and_no_other);
}

static void test_a_wrong_allowance_gives_nothing_up(void **state)
{
    (void)state;
    run(a_wrong_allowance_gives_nothing_up);
}

static void test_nobody_outside_is_traced(void **state)
{
    (void)state;
    run(nobody_outside_is_traced);
}

static const char *try_it(void *user)
{
    (void)user;
    return landlock_give_up_files(NULL, NULL) == 0 ? NULL : "no Landlock";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_opens),
        cmocka_unit_test(test_nor_in_its_children),
        cmocka_unit_test(test_what_is_allowed_opens),
        cmocka_unit_test(test_an_allowed_file_opens_and_no_other),
        cmocka_unit_test(test_a_wrong_allowance_gives_nothing_up),
        cmocka_unit_test(test_nobody_outside_is_traced),
    };
    if (!succeeds_in_child(try_it, NULL)) {
        puts("SKIPPED: this kernel has no Landlock");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
