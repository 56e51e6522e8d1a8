/* The secret of an installation: made once, whole, for its owner alone. */
#include "daemon/state.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char directory[64], state[80], file[128];
};

static int make_place(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->directory, sizeof(p->directory), "/tmp/stird-state-XXXXXX");
    if (!mkdtemp(p->directory))
        return -1;
    snprintf(p->state, sizeof(p->state), "%s/state", p->directory);
    snprintf(p->file, sizeof(p->file), "%s/hmac-secret", p->state);
    *state = p;
    return 0;
}

/* A directory that cannot be removed holds something that was left over. */
static int remove_place(void **state)
{
    struct place *p = *state;
    if (unlink(p->file))
        rmdir(p->file);
    if (rmdir(p->state))
        unlink(p->state);
    int left_over = rmdir(p->directory);
    free(p);
    return left_over;
}

static void write_file(const struct place *p, size_t n, mode_t mode)
{
    char bytes[64] = {0};
    int fd = open(p->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, bytes, n), n);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static bool get(const struct place *p, uint8_t secret[SNAPSHOT_SECRET_BYTES])
{
    struct problems problems = PROBLEMS_INIT;
    bool good = state_secret(str_of(p->state), secret, &problems);
    assert_int_equal(good, !problems_any(&problems));
    problems_fini(&problems);
    return good;
}

static void expect_refusal(const struct place *p, const char *text)
{
    uint8_t secret[SNAPSHOT_SECRET_BYTES] = {0};
    static const uint8_t untouched[SNAPSHOT_SECRET_BYTES] = {0};
    struct problems problems = PROBLEMS_INIT;
    assert_false(state_secret(str_of(p->state), secret, &problems));
    assert_int_equal(problems.n, 1);
    assert_string_equal(problems.list[0].file, p->state);
    assert_non_null(strstr(problems.list[0].text, text));
    assert_memory_equal(secret, untouched, sizeof(secret));
    problems_fini(&problems);
}

static void test_the_first_start_makes_it_the_next_reads_it(void **state)
{
    uint8_t first[SNAPSHOT_SECRET_BYTES] = {0}, second[SNAPSHOT_SECRET_BYTES] = {0};
    static const uint8_t nothing[SNAPSHOT_SECRET_BYTES] = {0};
    struct place *p = *state;
    struct stat st;
    assert_true(get(p, first));
    assert_memory_not_equal(first, nothing, sizeof(first));
    assert_int_equal(stat(p->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, SNAPSHOT_SECRET_BYTES);
    assert_int_equal(stat(p->state, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_true(get(p, second));
    assert_memory_equal(first, second, sizeof(first));
}

static void test_two_installations_differ(void **state)
{
    uint8_t first[SNAPSHOT_SECRET_BYTES], second[SNAPSHOT_SECRET_BYTES];
    struct place *p = *state;
    assert_true(get(p, first));
    unlink(p->file);
    assert_true(get(p, second));
    assert_memory_not_equal(first, second, sizeof(first));
}

static void test_a_damaged_one_is_replaced(void **state)
{
    uint8_t secret[SNAPSHOT_SECRET_BYTES], again[SNAPSHOT_SECRET_BYTES];
    struct place *p = *state;
    mkdir(p->state, 0700);
    static const size_t sizes[] = {0, 31, 33};
    for (unsigned i = 0; i < 3; i++) {
        write_file(p, sizes[i], 0600);
        assert_true(get(p, secret));
        assert_true(get(p, again));
        assert_memory_equal(secret, again, sizeof(secret));
    }
}

static void test_one_that_others_may_read_is_refused(void **state)
{
    struct place *p = *state;
    mkdir(p->state, 0700);
    static const mode_t modes[] = {0640, 0604, 0620, 0777};
    for (unsigned i = 0; i < 4; i++) {
        write_file(p, SNAPSHOT_SECRET_BYTES, modes[i]);
        expect_refusal(p, "chmod 600");
    }
}

static void test_a_link_is_not_followed(void **state)
{
    struct place *p = *state;
    mkdir(p->state, 0700);
    assert_int_equal(symlink("/etc/hostname", p->file), 0);
    expect_refusal(p, "regular file");
}

static void test_a_directory_is_refused(void **state)
{
    struct place *p = *state;
    mkdir(p->state, 0700);
    mkdir(p->file, 0700);
    expect_refusal(p, "regular file");
}

static void test_a_fifo_does_not_hang(void **state)
{
    struct place *p = *state;
    mkdir(p->state, 0700);
    assert_int_equal(mkfifo(p->file, 0600), 0);
    expect_refusal(p, "regular file");
}

static void test_a_state_directory_that_is_none_is_said(void **state)
{
    struct place *p = *state;
    close(open(p->state, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    expect_refusal(p, "Not a directory");
}

static void test_only_the_last_step_is_made(void **state)
{
    struct place *p = *state;
    snprintf(p->state, sizeof(p->state), "%s/a/b", p->directory);
    expect_refusal(p, "No such file or directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_start_makes_it_the_next_reads_it),
        TEST(test_two_installations_differ),
        TEST(test_a_damaged_one_is_replaced),
        TEST(test_one_that_others_may_read_is_refused),
        TEST(test_a_link_is_not_followed),
        TEST(test_a_directory_is_refused),
        TEST(test_a_fifo_does_not_hang),
        TEST(test_a_state_directory_that_is_none_is_said),
        TEST(test_only_the_last_step_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
