#include <errno.h>
#include <pwd.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <stird/core/list_login.h>
#include <stird/conf/settings_file.h>

static char directory[] = "/tmp/stird-files-XXXXXX";

static void put(const char *name, const void *bytes, size_t n, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"plain",    "open",   "nul",         "link",    "fifo",
                                        "b.csv",    "a.csv",  ".hidden.csv", "empty",   "key",
                                        "group",    "others", "writable",    "owned",   "large",
                                        "key-link", "token",  "long",        "service", "unfit"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(names[i]);
    return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

static int read_one(struct files *files, const char *name, size_t max, struct str *text)
{
    return files_read(files, str_of(name), max, text);
}

static void what_is_refused(void **state)
{
    (void)state;
    struct files *files = files_new();
    struct str text = STR("untouched");
    put("plain", "0123456789", 10, 0644);
    put("open", "x", 1, 0666);
    put("nul", "a\0b", 3, 0644);
    assert_int_equal(symlink("plain", "link"), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(read_one(files, "open", 100, &text), -EPERM);
    assert_int_equal(read_one(files, "nul", 100, &text), -EILSEQ);
    assert_int_equal(read_one(files, "link", 100, &text), -ELOOP);
    assert_int_equal(read_one(files, "fifo", 100, &text), -EINVAL);
    assert_int_equal(read_one(files, ".", 100, &text), -EINVAL);
    assert_int_equal(read_one(files, "missing", 100, &text), -ENOENT);
    assert_true(str_eq(text, STR("untouched")));
    files_free(files);
    files = files_new();
    assert_int_equal(read_one(files, "plain", 9, &text), -EFBIG);
    files_free(files);
}

static void remembers(void **state)
{
    (void)state;
    struct files *files = files_new();
    struct str text;
    put("plain", "first", 5, 0644);
    put("empty", "", 0, 0644);
    assert_int_equal(read_one(files, "plain", 100, &text), 0);
    assert_true(str_eq(text, STR("first")));
    assert_int_equal(read_one(files, "empty", 100, &text), 0);
    assert_int_equal(text.n, 0);
    put("plain", "second", 6, 0644);
    assert_int_equal(read_one(files, "plain", 100, &text), 0);
    assert_true(str_eq(text, STR("first")));
    assert_int_equal(read_one(files, "plain", 4, &text), -EFBIG);
    files_free(files);
}

static void lists_in_order(void **state)
{
    (void)state;
    struct files *files = files_new();
    struct str names = {NULL, 0};
    put("b.csv", "", 0, 0644);
    put("a.csv", "", 0, 0644);
    put(".hidden.csv", "", 0, 0644);
    assert_int_equal(files_list(files, STR("."), STR(".csv"), &names), 0);
    assert_true(str_eq(names, STR("a.csv\0b.csv")));
    assert_int_equal(files_list(files, STR("./none"), STR(".csv"), &names), -ENOENT);
    files_free(files);
}

static void survives_the_descriptor(void **state)
{
    (void)state;
    struct files *files = files_new();
    struct str text, names;
    put("plain", "kept", 4, 0644);
    put("a.csv", "", 0, 0644);
    unlink("b.csv");
    read_one(files, "plain", 100, &text);
    read_one(files, "missing", 100, &text);
    files_list(files, STR("."), STR(".csv"), &names);
    int fd = files_to_fd(files);
    assert_true(fd >= 0);
    files_free(files);
    char byte = 'x';
    assert_int_equal(pwrite(fd, &byte, 1, 0), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    struct files *again = files_from_fd(fd);
    assert_non_null(again);
    put("missing", "now there", 9, 0644);
    assert_int_equal(read_one(again, "plain", 100, &text), 0);
    assert_true(str_eq(text, STR("kept")));
    assert_int_equal(read_one(again, "missing", 100, &text), -ENOENT);
    assert_int_equal(read_one(again, "b.csv", 100, &text), -ENOENT);
    assert_int_equal(files_list(again, STR("."), STR(".csv"), &names), 0);
    assert_true(str_eq(names, STR("a.csv")));
    unlink("missing");
    files_free(again);
    close(fd);
}

/* Every shortened copy is refused, none is read past its end. */
static void damaged_descriptor(void **state)
{
    (void)state;
    struct files *files = files_new();
    struct str text;
    char bytes[512];
    put("plain", "kept", 4, 0644);
    read_one(files, "plain", 100, &text);
    int fd = files_to_fd(files);
    ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
    assert_true(n > 40 && n < (ssize_t)sizeof(bytes));
    for (ssize_t cut = 0; cut < n; cut++) {
        int copy = memfd_create("cut", MFD_CLOEXEC);
        assert_int_equal(write(copy, bytes, (size_t)cut), cut);
        assert_null(files_from_fd(copy));
        close(copy);
    }
    close(fd);
    files_free(files);
}

static int read_key(struct files *files, const char *name, size_t max, struct str *text)
{
    const struct passwd *nobody = getpwnam("nobody");
    return files_read_secret(files, str_of(name), nobody ? nobody->pw_uid : geteuid(), max, text);
}

/* Who may have had the key in hand before us is refused; a child gets it without the disk. */
static void secrets(void **state)
{
    (void)state;
    struct files *files = files_new();
    struct str text = STR("untouched"), got;
    put("key", "0123456789", 10, 0600);
    put("group", "group", 5, 0640);
    put("others", "x", 1, 0604);
    put("writable", "x", 1, 0620);
    put("owned", "x", 1, 0600);
    put("large", "0123456789", 10, 0600);
    assert_int_equal(symlink("key", "key-link"), 0);
    assert_int_equal(read_key(files, "others", 100, &text), -EPERM);
    assert_int_equal(read_key(files, "writable", 100, &text), -EPERM);
    assert_int_equal(read_key(files, "key-link", 100, &text), -ELOOP);
    assert_int_equal(read_key(files, ".", 100, &text), -EINVAL);
    assert_int_equal(read_key(files, "missing", 100, &text), -ENOENT);
    assert_int_equal(read_key(files, "large", 9, &text), -EFBIG);
    if (geteuid() == 0) {
        assert_int_equal(chown("owned", 12345, 0), 0);
        assert_int_equal(read_key(files, "owned", 100, &text), -EKEYREJECTED);
        /* the user as whom it will be used */
        put("service", "x", 1, 0600);
        const struct passwd *entry = getpwnam("nobody");
        assert_non_null(entry);
        assert_int_equal(chown("service", entry->pw_uid, 0), 0);
        assert_int_equal(read_key(files, "service", 100, &got), 0);
    }
    assert_true(str_eq(text, STR("untouched")));
    assert_int_equal(read_key(files, "group", 100, &text), 0);
    assert_int_equal(read_key(files, "key", 10, &text), 0);
    assert_true(str_eq(text, STR("0123456789")));

    int fd = files_to_fd(files);
    files_free(files);
    assert_int_equal(unlink("key"), 0);
    files = files_from_fd(fd);
    assert_non_null(files);
    assert_int_equal(read_key(files, "key", 10, &text), 0);
    assert_true(str_eq(text, STR("0123456789")));
    assert_int_equal(read_key(files, "others", 100, &text), -EPERM);
    assert_int_equal(read_one(files, "key", 100, &text), -ENOENT);
    files_free(files);
    close(fd);
}

/* R-V-044: a child learns that it is there, and not what it says. */
/* Neither those who ask nor a child get it. */
static void a_secret_that_is_forgotten(void **state)
{
    (void)state;
    struct files *files = files_new();
    struct str text;
    char bytes[1024];
    put("unfit", "Unfit-0123456789", 16, 0600);
    assert_int_equal(read_key(files, "unfit", 100, &text), 0);
    files_forget_secret(files, STR("unfit"));
    files_forget_secret(files, STR("never read"));
    assert_int_equal(read_key(files, "unfit", 100, &text), -ENOKEY);
    int fd = files_to_fd(files);
    files_free(files);
    ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
    assert_in_range(n, 1, sizeof(bytes) - 1);
    assert_null(memmem(bytes, (size_t)n, "0123456789", 10));
    files = files_from_fd(fd);
    assert_int_equal(read_key(files, "unfit", 100, &text), -ENOKEY);
    files_free(files);
    close(fd);
}

static void a_secret_of_others(void **state)
{
    (void)state;
    struct files *files = files_new();
    struct str text;
    char bytes[1024];
    put("token", "Bearer-0123456789", 17, 0600);
    put("open", "x", 1, 0604);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(
            files_look_at_secret(files, STR("token"), geteuid(), 17, list_token_is_whole), 0);
        assert_int_equal(
            files_look_at_secret(files, STR("open"), geteuid(), 17, list_token_is_whole), -EPERM);
    }
    static const char *const forms[] = {"a\n", "a\r\n",  "a",     "Bearer a\n", "",     "\n",
                                        " \n", "a\nb\n", "a\n\n", "a\tb",       "a\rb", "\x80"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        char name[16];
        snprintf(name, sizeof(name), "form%zu", i);
        put(name, forms[i], strlen(forms[i]), 0600);
        assert_int_equal(
            files_look_at_secret(files, str_of(name), geteuid(), 17, list_token_is_whole),
            i < 3 ? 0 : -EBADMSG);
        unlink(name);
    }
    put("long", "0123456789", 10, 0600);
    assert_int_equal(files_look_at_secret(files, STR("long"), geteuid(), 9, list_token_is_whole),
                     -EFBIG);
    int fd = files_to_fd(files), public_fd = files_to_public_fd(files);
    files_free(files);
    ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
    assert_in_range(n, 17, sizeof(bytes) - 1);
    assert_null(memmem(bytes, (size_t)n, "0123456789", 10));
    n = pread(public_fd, bytes, sizeof(bytes), 0);
    assert_in_range(n, 1, sizeof(bytes) - 1);
    assert_null(memmem(bytes, (size_t)n, "token", 5));
    files = files_from_fd(fd);
    assert_non_null(files);
    assert_int_equal(files_look_at_secret(files, STR("token"), geteuid(), 17, list_token_is_whole),
                     0);
    assert_int_equal(files_read_secret(files, STR("token"), geteuid(), 17, &text), -ENOENT);
    files_free(files);
    close(fd);
    close(public_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(remembers),
        cmocka_unit_test(lists_in_order),
        cmocka_unit_test(survives_the_descriptor),
        cmocka_unit_test(damaged_descriptor),
        cmocka_unit_test(secrets),
        cmocka_unit_test(a_secret_that_is_forgotten),
        cmocka_unit_test(a_secret_of_others),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
