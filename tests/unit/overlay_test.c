/* Urgent changes: what is in force, what a restart finds, what a crash may leave behind. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/io/overlay.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[64];
static char journal[96];

static int setup(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/stird-overlay-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(journal, sizeof(journal), "%s/%s", directory, OVERLAY_FILE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(journal);
    return rmdir(directory);
}

static struct overlay *read_good(void)
{
    struct problems problems = PROBLEMS_INIT;
    struct overlay *o = overlay_read(str_of(directory), &problems);
    assert_int_equal(problems.n, 0);
    assert_non_null(o);
    return o;
}

/* The problems' text, for which no overlay may be there. */
static void assert_bad(const char *wanted)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    assert_null(overlay_read(str_of(directory), &problems));
    problems_print(&problems, &text);
    buf_add_char(&text, '\0');
    if (!strstr(text.p, wanted))
        fail_msg("\"%s\" not in: %s", wanted, text.p);
    buf_fini(&text);
    problems_fini(&problems);
}

static const char *set(struct overlay *o, const char *number, const char *customer,
                       const char *state)
{
    struct str field[OVERLAY_FIELDS] = {[OVERLAY_NUMBER] = str_of(number),
                                        [OVERLAY_CUSTOMER] = str_of(customer),
                                        [OVERLAY_STATE] = str_of(state),
                                        [OVERLAY_NOTE] = STR("said \"now\", by phone")};
    return overlay_set(o, field, 1795736423, 1000);
}

static void assert_table(const struct overlay *o, const char *wanted)
{
    struct buf csv = BUF_INIT;
    overlay_table(o, &csv);
    buf_add_char(&csv, '\0');
    assert_string_equal(csv.p, wanted);
    buf_fini(&csv);
}

#define HEAD "number,customer,state,not_before,not_after,cert,note\n"
#define NOTE ",\"\",\"\",\"\",\"said \"\"now\"\", by phone\"\n"

static void test_a_change_survives_and_keeps_its_line(void **state)
{
    (void)state;
    struct overlay *o = read_good();
    assert_null(set(o, "+12155550100", "acme", "owned"));
    assert_int_equal(overlay_write(o), 0);
    assert_null(set(o, "+12155550101", "acme", "owned"));
    assert_non_null(set(o, "12155550101", "acme", "owned"));
    assert_null(set(o, "+12155550101", "globex", "delegated"));
    assert_null(set(o, "+12155550100", "acme", "blocked"));
    assert_int_equal(overlay_write(o), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(overlay_count(o), 3);
        assert_table(o, HEAD "\n\"+12155550101\",\"acme\",\"owned\"" NOTE
                             "\"+12155550101\",\"globex\",\"delegated\"" NOTE
                             "\"+12155550100\",\"acme\",\"blocked\"" NOTE);
        overlay_free(o);
        o = read_good();
    }
    assert_null(overlay_unset(o, STR("+12155550101"), STR("acme"), 1, 0));
    assert_null(overlay_unset(o, STR("+12155550101"), STR(""), 1, 0));
    assert_int_equal(overlay_write(o), 0);
    overlay_free(o);
    o = read_good();
    assert_int_equal(overlay_count(o), 1);
    assert_non_null(overlay_unset(o, STR("+12155550101"), STR(""), 1, 0));
    overlay_free(o);
}

static void test_what_is_refused_changes_nothing(void **state)
{
    (void)state;
    char longer[300];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    struct overlay *o = read_good();
    const char *const numbers[] = {"", "+1215555010x", "+1215*", "+12155550100-+12155550101",
                                   "+1215555010012345678"};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        assert_non_null(set(o, numbers[i], "acme", "owned"));
    assert_non_null(set(o, "+12155550100", "ac\tme", "owned"));
    assert_non_null(set(o, "+12155550100", "ac\nme", "owned"));
    assert_non_null(set(o, "+12155550100", longer, "owned"));
    assert_int_equal(overlay_count(o), 0);
    assert_int_equal(overlay_lines(o), 1);
    overlay_free(o);
}

static void test_taken_back(void **state)
{
    (void)state;
    struct overlay *o = read_good();
    assert_null(set(o, "+12155550100", "acme", "owned"));
    assert_int_equal(overlay_write(o), 0);
    assert_null(set(o, "+12155550100", "acme", "blocked"));
    assert_null(overlay_unset(o, STR("+12155550100"), STR(""), 1, 0));
    assert_int_equal(overlay_count(o), 0);
    overlay_revert(o);
    assert_table(o, HEAD "\"+12155550100\",\"acme\",\"owned\"" NOTE);
    overlay_free(o);
}

static off_t size_of_journal(void)
{
    struct stat st;
    return stat(journal, &st) == 0 ? st.st_size : -1;
}

/* Cut at each octet: what was whole before is there, and nothing else; the next change mends it. */
static void test_cut_off_anywhere(void **state)
{
    (void)state;
    struct overlay *o = read_good();
    assert_null(set(o, "+12155550100", "acme", "owned"));
    assert_int_equal(overlay_write(o), 0);
    off_t one = size_of_journal();
    assert_null(set(o, "+12155550101", "acme", "owned"));
    assert_int_equal(overlay_write(o), 0);
    overlay_free(o);
    for (off_t at = size_of_journal() - 1; at >= 0; at--) {
        assert_int_equal(truncate(journal, at), 0);
        o = read_good();
        assert_int_equal(overlay_count(o), at >= one);
        overlay_free(o);
        if (at % 40 != 0)
            continue;
        o = read_good();
        assert_null(set(o, "+12155550199", "acme", "owned"));
        assert_int_equal(overlay_write(o), 0);
        overlay_free(o);
        o = read_good();
        assert_int_equal(overlay_count(o), 1 + (at >= one));
        overlay_free(o);
    }
}

/* Each flipped octet in a whole line is found. */
static void test_damage_is_told_with_its_line(void **state)
{
    (void)state;
    struct overlay *o = read_good();
    assert_null(set(o, "+12155550100", "acme", "owned"));
    assert_null(set(o, "+12155550101", "acme", "owned"));
    assert_int_equal(overlay_write(o), 0);
    overlay_free(o);
    int fd = open(journal, O_RDWR | O_CLOEXEC);
    off_t end = size_of_journal();
    assert_true(fd >= 0);
    for (off_t at = 0; at < end - 1; at++) {
        char was, is;
        assert_int_equal(pread(fd, &was, 1, at), 1);
        is = was ^ 1;
        assert_int_equal(pwrite(fd, &is, 1, at), 1);
        assert_bad(journal);
        assert_int_equal(pwrite(fd, &was, 1, at), 1);
    }
    close(fd);
    o = read_good();
    assert_int_equal(overlay_count(o), 2);
    overlay_free(o);
}

static void test_a_file_of_others(void **state)
{
    (void)state;
    struct overlay *o = read_good();
    assert_null(set(o, "+12155550100", "acme", "owned"));
    assert_int_equal(overlay_write(o), 0);
    overlay_free(o);
    chmod(journal, 0620);
    assert_bad("writable by others");
    unlink(journal);
    assert_int_equal(symlink("/etc/passwd", journal), 0);
    assert_bad(OVERLAY_FILE);
}

static void test_a_full_disk_changes_nothing(void **state)
{
    (void)state;
    struct rlimit was, small;
    struct overlay *o = read_good();
    assert_null(set(o, "+12155550100", "acme", "owned"));
    assert_int_equal(overlay_write(o), 0);
    getrlimit(RLIMIT_FSIZE, &was);
    small = (struct rlimit){(rlim_t)size_of_journal() + 20, was.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    assert_null(set(o, "+12155550101", "acme", "owned"));
    int r = overlay_write(o);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_true(r < 0);
    assert_int_equal(overlay_count(o), 1);
    assert_null(set(o, "+12155550102", "acme", "owned"));
    assert_int_equal(overlay_write(o), 0);
    overlay_free(o);
    o = read_good();
    assert_int_equal(overlay_count(o), 2);
    overlay_free(o);
}

/* Somebody took the journal away, or cut it: nothing is appended to what is not what it was. */
static void test_a_journal_that_was_cut(void **state)
{
    (void)state;
    for (int cut = 0; cut < 2; cut++) {
        struct overlay *o = read_good();
        assert_null(set(o, "+12155550100", "acme", "owned"));
        assert_int_equal(overlay_write(o), 0);
        assert_int_equal(cut ? truncate(journal, 10) : unlink(journal), 0);
        assert_null(set(o, "+12155550101", "acme", "owned"));
        assert_int_equal(overlay_write(o), -ESTALE);
        assert_int_equal(overlay_count(o), 1);
        assert_int_equal(overlay_compact(o), 0);
        assert_null(set(o, "+12155550102", "acme", "owned"));
        assert_int_equal(overlay_write(o), 0);
        overlay_free(o);
        o = read_good();
        assert_int_equal(overlay_count(o), 2);
        overlay_free(o);
        unlink(journal);
    }
}

/* No file can be made where something else is. */
static void test_a_journal_that_cannot_be_made(void **state)
{
    (void)state;
    struct overlay *o = read_good();
    assert_int_equal(mkdir(journal, 0700), 0);
    assert_null(set(o, "+12155550100", "acme", "owned"));
    assert_true(overlay_write(o) < 0);
    assert_int_equal(overlay_count(o), 0);
    assert_int_equal(rmdir(journal), 0);
    assert_null(set(o, "+12155550100", "acme", "owned"));
    assert_int_equal(overlay_write(o), 0);
    overlay_free(o);
}

static void test_compaction(void **state)
{
    (void)state;
    struct overlay *o = read_good();
    for (int i = 0; i < 20100; i++)
        assert_null(set(o, i % 2 ? "+12155550100" : "+12155550101", "acme", "owned"));
    assert_int_equal(overlay_write(o), 0);
    off_t before = size_of_journal();
    assert_int_equal(overlay_compact(o), 0);
    assert_true(size_of_journal() < before / 1000);
    for (int i = 0; i < 2; i++) {
        assert_table(o, HEAD "\"+12155550101\",\"acme\",\"owned\"" NOTE
                             "\"+12155550100\",\"acme\",\"owned\"" NOTE);
        assert_null(set(o, "+12155550102", "acme", "owned"));
        overlay_revert(o);
        overlay_free(o);
        o = read_good();
    }
    overlay_free(o);
}

static void test_no_more_than_its_limit(void **state)
{
    (void)state;
    char number[20];
    struct overlay *o = read_good();
    for (int i = 0; i < OVERLAY_ENTRIES_MAX; i++) {
        snprintf(number, sizeof(number), "+1215%07d", i);
        assert_null(set(o, number, "acme", "owned"));
        if (i % 1000 == 999)
            assert_int_equal(overlay_write(o), 0);
    }
    assert_non_null(set(o, "+13125550100", "acme", "owned"));
    /* What lowers has room. */
    assert_null(set(o, "+12150000001", "acme", "unverified"));
    assert_non_null(set(o, "+12150000001", "globex", "unverified"));
    for (int i = 0; i < 200; i++) {
        snprintf(number, sizeof(number), "+1312%07d", i);
        assert_null(set(o, number, "-", "blocked"));
    }
    assert_int_equal(overlay_count(o), OVERLAY_ENTRIES_MAX + 200);
    overlay_free(o);
}

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_change_survives_and_keeps_its_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_refused_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_taken_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_off_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage_is_told_with_its_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_file_of_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_disk_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_journal_that_was_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_journal_that_cannot_be_made, setup, teardown),
        cmocka_unit_test_setup_teardown(test_compaction, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_more_than_its_limit, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
