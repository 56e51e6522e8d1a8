/* Writing where somebody else rules: what he exchanges gains him nothing. */
#include <stird/io/folder.h>

#include "in_child.h"

#include <errno.h>
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
    snprintf(top, sizeof(top), "/tmp/stird-folder-XXXXXX");
    if (!mkdtemp(top) || chmod(top, 0755) || mkdir(in("theirs"), 0755) || mkdir(in("victim"), 0700))
        return -1;
    return geteuid() == 0 ? chown(in("theirs"), 65534, 65534) : 0;
}

static int tear_down(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", top);
    return system(command);
}

static void a_plain_way_is_walked(void **state)
{
    struct folder d;
    struct stat st;
    (void)state;
    static const char *const ways[] = {"theirs", "theirs/", "./theirs", "victim/../theirs",
                                       "victim/..//theirs/."};
    assert_int_equal(stat(in("theirs"), &st), 0);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct stat there;
        assert_int_equal(folder_open(&d, in(ways[i])), 0);
        assert_int_equal(fstat(d.fd, &there), 0);
        assert_true(there.st_ino == st.st_ino && d.uid == st.st_uid);
        folder_close(&d);
    }
    assert_int_equal(folder_open(&d, in("nowhere")), -ENOENT);
    assert_int_equal(d.fd, -1);
    assert_int_equal(folder_open(&d, "/"), 0);
    folder_close(&d);
}

/* In a directory of root's a link is root's word; in another's it is his. */
static void whose_link_it_is_decides(void **state)
{
    struct folder d;
    char target[128];
    (void)state;
    snprintf(target, sizeof(target), "%s/victim", top);
    assert_int_equal(symlink("theirs", in("ours-short")), 0);
    assert_int_equal(symlink(target, in("ours")), 0);
    assert_int_equal(symlink(target, in("theirs/link")), 0);
    assert_int_equal(symlink("loop", in("loop")), 0);
    assert_int_equal(mkdir(in("victim/beneath"), 0700), 0);
    assert_int_equal(folder_open(&d, in("ours-short")), 0);
    folder_close(&d);
    assert_int_equal(folder_open(&d, in("ours/beneath")), 0);
    folder_close(&d);
    assert_int_equal(folder_open(&d, in("loop")), -ELOOP);
    if (geteuid() == 0) {
        assert_int_equal(folder_open(&d, in("theirs/link")), -ELOOP);
        assert_int_equal(folder_open(&d, in("theirs/link/beneath")), -ELOOP);
        assert_int_equal(folder_open(&d, in("theirs/link/../victim")), -ELOOP);
        assert_int_equal(chmod(top, 0777), 0);
        assert_int_equal(folder_open(&d, in("ours")), -ELOOP);
        assert_int_equal(chmod(top, 0775), 0); /* the group's bit may be that of an ACL */
        assert_int_equal(folder_open(&d, in("ours")), -ELOOP);
        assert_int_equal(chmod(top, 0755), 0);
        /* what is above their directory is theirs to say */
        assert_int_equal(folder_open(&d, in("theirs/../victim")), -ELOOP);
        assert_int_equal(folder_open(&d, in("victim/../victim")), 0);
        folder_close(&d);
    }
    rmdir(in("victim/beneath"));
}

static void what_is_given_is_the_owner_s(void **state)
{
    struct folder d, made;
    struct stat st;
    (void)state;
    assert_int_equal(folder_open(&d, in("theirs")), 0);
    assert_int_equal(folder_make(&d, ".new", &made), 0);
    assert_int_equal(folder_make(&d, ".new", &made), -EEXIST);
    assert_int_equal(folder_open(&made, in("theirs/.new")), 0);
    made.uid = d.uid, made.gid = d.gid;
    int fd = folder_create(&made, "file");
    assert_true(fd >= 0);
    assert_int_equal(folder_create(&made, "file"), -EEXIST);
    assert_int_equal(folder_give(&made, fd, 0640), 0);
    assert_int_equal(folder_give(&made, made.fd, 0700), 0);
    assert_int_equal(folder_rename(&d, ".new", "final", made.fd), 0);
    assert_int_equal(stat(in("theirs/final/file"), &st), 0);
    assert_int_equal(st.st_uid, d.uid);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(stat(in("theirs/final"), &st), 0);
    assert_int_equal(st.st_uid, d.uid);
    close(fd);
    folder_close(&made);
    folder_close(&d);
}

/* Between making and renaming another thing is behind the name: a link, a directory of his. */
static void an_exchange_is_seen(void **state)
{
    struct folder d, made;
    (void)state;
    for (int with_a_link = 0; with_a_link < 2; with_a_link++) {
        assert_int_equal(folder_open(&d, in("theirs")), 0);
        assert_int_equal(folder_make(&d, ".aside", &made), 0);
        assert_int_equal(renameat(d.fd, ".aside", d.fd, with_a_link ? ".moved-1" : ".moved-2"), 0);
        assert_int_equal(with_a_link ? symlink("../victim", in("theirs/.aside"))
                                     : mkdir(in("theirs/.aside"), 0755),
                         0);
        assert_int_equal(folder_rename(&d, ".aside", "done", made.fd), -ESTALE);
        assert_int_equal(access(in("theirs/done"), F_OK), -1);
        /* What is written meanwhile goes where we were, not where the name leads. */
        int fd = folder_create(&made, "file");
        assert_true(fd >= 0);
        assert_int_equal(access(in("victim/file"), F_OK), -1);
        close(fd);
        unlinkat(d.fd, ".aside", with_a_link ? 0 : AT_REMOVEDIR);
        folder_close(&made);
        folder_close(&d);
    }
}

static void a_link_in_the_place_of_a_file_is_no_place(void **state)
{
    struct folder d;
    (void)state;
    assert_int_equal(symlink("../victim/file", in("theirs/new")), 0);
    assert_int_equal(folder_open(&d, in("theirs")), 0);
    assert_int_equal(folder_create(&d, "new"), -EEXIST);
    struct folder made;
    assert_int_equal(folder_make(&d, "new", &made), -EEXIST);
    assert_int_equal(access(in("victim/file"), F_OK), -1);
    folder_close(&d);
}

static void parents_are_found(void **state)
{
    struct folder d;
    const char *name;
    (void)state;
    assert_int_equal(folder_open_parent(&d, in("theirs/x"), &name), 0);
    assert_string_equal(name, "x");
    assert_int_equal(d.uid, geteuid() == 0 ? 65534 : geteuid());
    folder_close(&d);
    assert_int_equal(folder_open_parent(&d, "/x", &name), 0);
    assert_string_equal(name, "x");
    folder_close(&d);
    assert_int_equal(folder_open_parent(&d, "x", &name), 0);
    assert_string_equal(name, "x");
    folder_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_way_is_walked),
        cmocka_unit_test(whose_link_it_is_decides),
        cmocka_unit_test(what_is_given_is_the_owner_s),
        cmocka_unit_test(an_exchange_is_seen),
        cmocka_unit_test(a_link_in_the_place_of_a_file_is_no_place),
        cmocka_unit_test(parents_are_found),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
