/* A command that fails removes what it has made, and nothing that somebody has put in its place. */
#include "cli/made.h"

#include "in_child.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static char top[64], path[256];

static const char *in(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", top, name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(top, sizeof(top), "/tmp/stird-made-XXXXXX");
    return !mkdtemp(top) || chmod(top, 0755) || mkdir(in("victim"), 0700) ? -1 : 0;
}

static int tear_down(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", top);
    return system(command);
}

static void put(const char *name)
{
    int fd = open(in(name), O_WRONLY | O_CREAT, 0644);
    assert_true(fd >= 0);
    close(fd);
}

static bool is_there(const char *name)
{
    return faccessat(AT_FDCWD, in(name), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void in_their_order(void **state)
{
    struct made made = {0};
    (void)state;
    assert_int_equal(mkdir(in("a"), 0755), 0);
    made_note(&made, in("a/")); /* as people write directories */
    assert_int_equal(mkdir(in("a/b"), 0755), 0);
    made_note(&made, in("a/b"));
    put("a/b/file");
    made_note(&made, in("a/b/file"));
    put("a/another");
    made_take_back(&made);
    assert_false(is_there("a/b"));
    assert_true(is_there("a/another"));
    assert_int_equal(made.n, 0);
    made_note(NULL, in("a"));
    made_note(&made, in("nowhere"));
    assert_int_equal(made.n, 0);
}

static void what_is_kept_stays(void **state)
{
    struct made made = {0};
    (void)state;
    put("kept");
    made_note(&made, in("kept"));
    made_keep(&made);
    made_take_back(&made);
    assert_true(is_there("kept"));
}

/* The owner of the directory around it leads its name elsewhere meanwhile. */
static void no_path_is_followed(void **state)
{
    struct made made = {0};
    char theirs[256];
    (void)state;
    put("victim/file");
    assert_int_equal(mkdir(in("theirs"), 0755), 0);
    put("theirs/file");
    made_note(&made, in("theirs/file"));
    snprintf(theirs, sizeof(theirs), "%s/theirs", top);
    assert_int_equal(rename(theirs, in("moved")), 0);
    assert_int_equal(symlink("victim", theirs), 0);
    made_take_back(&made);
    assert_true(is_there("victim/file"));
    assert_false(is_there("moved/file"));
    assert_int_equal(unlink(theirs), 0);
}

static void what_is_another_s_stays(void **state)
{
    struct made made = {0};
    char file[256];
    (void)state;
    put("exchanged");
    made_note(&made, in("exchanged"));
    snprintf(file, sizeof(file), "%s/exchanged", top);
    assert_int_equal(rename(file, in("aside")), 0);
    put("exchanged");
    made_take_back(&made);
    assert_true(is_there("exchanged"));
    assert_true(is_there("aside"));
}

static void a_whole_directory_but_for_where_links_lead(void **state)
{
    struct made made = {0};
    (void)state;
    put("victim/file");
    assert_int_equal(mkdir(in("whole"), 0755), 0);
    assert_int_equal(mkdir(in("whole/beneath"), 0755), 0);
    put("whole/beneath/file");
    assert_int_equal(symlink("../victim", in("whole/link")), 0);
    made_note_whole(&made, in("whole"));
    made_take_back(&made);
    assert_false(is_there("whole"));
    assert_true(is_there("victim/file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_their_order),
        cmocka_unit_test(what_is_kept_stays),
        cmocka_unit_test(no_path_is_followed),
        cmocka_unit_test(what_is_another_s_stays),
        cmocka_unit_test(a_whole_directory_but_for_where_links_lead),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
