/* What is kept of URLs, in memory and on disk. */
#include "lab.h"
#include "no_memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stird/base/regular_file.h>
#include <sys/stat.h>

#include "fetch/fetched.h"
#include "fetch/fetched_file.h"

#define URL  STR("https://cert.example.org/a.pem")
#define THEN 1790000000
#define END  (THEN + 86400)

static struct fetched *f;
static char *directory;
static int fd = -1;

static int set_up(void **state)
{
    (void)state;
    directory = lab_directory();
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0;
}

static int tear_down(void **state)
{
    (void)state;
    fetched_free(f);
    f = NULL;
    close(fd);
    lab_remove(directory);
    return 0;
}

static void open_with(unsigned bodies, unsigned failures, size_t octets)
{
    const struct fetched_limits limits = {bodies, failures, octets};
    fetched_free(f);
    f = fetched_new(&limits, fd);
    assert_non_null(f);
}

static struct str numbered(unsigned i)
{
    static char room[4][64];
    char *text = room[i % 4];
    return (struct str){text, (size_t)snprintf(text, 64, "https://cert.example.org/%u.pem", i)};
}

static void put(struct str url, const char *body)
{
    assert_non_null(fetched_put(f, url, str_of(body), THEN, -1));
}

/* NULL: it is not there. */
static const char *text_of(struct str url)
{
    static char text[64];
    const struct fetched_body *b = fetched_find(f, url);
    if (b)
        snprintf(text, sizeof(text), "%.*s", STR_ARG(b->body));
    return b ? text : NULL;
}

static unsigned files(void)
{
    unsigned n = 0;
    struct dirent *entry;
    DIR *list = opendir(directory);
    while ((entry = readdir(list)))
        n += entry->d_name[0] != '.';
    closedir(list);
    return n;
}

static void bodies_by_url(void **state)
{
    (void)state;
    open_with(10, 10, 1000);
    assert_null(text_of(URL));
    put(URL, "one");
    put(numbered(1), "other");
    assert_string_equal(text_of(URL), "one");
    put(URL, "two");
    put(numbered(2), "");
    assert_string_equal(text_of(URL), "two");
    assert_string_equal(text_of(numbered(1)), "other");
    assert_string_equal(text_of(numbered(2)), "");
    assert_int_equal(fetched_counts(f)->bodies, 3);
    assert_int_equal(fetched_counts(f)->octets, 8);
    fetched_drop(f, URL);
    fetched_drop(f, URL);
    assert_null(text_of(URL));
    assert_int_equal(fetched_counts(f)->octets, 5);
}

/* Proven or not, its file too, and that it could not be had. */
static void forgotten_whole(void **state)
{
    (void)state;
    open_with(10, 10, 1000);
    put(URL, "one");
    fetched_prove(f, URL, END);
    assert_int_equal(files(), 1);
    put(URL, "worse");
    put(numbered(1), "other");
    fetched_forget(f, URL);
    fetched_forget(f, URL);
    assert_null(text_of(URL));
    assert_string_equal(text_of(numbered(1)), "other");
    assert_int_equal(files(), 0);
    fetched_fail(f, URL, FETCH_GONE, 404, 1000);
    assert_non_null(fetched_failing(f, URL, 1001));
    fetched_forget(f, URL);
    assert_null(fetched_failing(f, URL, 1001));
    assert_int_equal(fetched_counts(f)->failures, 0);
}

static void bounded_by_number_and_octets(void **state)
{
    (void)state;
    open_with(4, 10, 100);
    for (unsigned i = 0; i < 10; i++)
        put(numbered(i), "0123456789");
    assert_int_equal(fetched_counts(f)->bodies, 4);
    assert_int_equal(fetched_counts(f)->pushed_out, 6);
    assert_null(text_of(numbered(5)));
    assert_non_null(text_of(numbered(6))); /* and it was used: the next one goes */
    put(numbered(10), "0123456789");
    assert_non_null(text_of(numbered(6)));
    assert_null(text_of(numbered(7)));
    open_with(1000, 10, 100);
    for (unsigned i = 0; i < 50; i++)
        put(numbered(i), "0123456789");
    assert_int_equal(fetched_counts(f)->bodies, 10);
    assert_int_equal(fetched_counts(f)->octets, 100);
    char large[101];
    memset(large, 'x', sizeof(large));
    assert_null(fetched_put(f, URL, (struct str){large, 101}, THEN, -1));
    assert_int_equal(fetched_counts(f)->bodies, 10); /* nothing made room for it */
    assert_non_null(fetched_put(f, URL, (struct str){large, 100}, THEN, -1));
    assert_int_equal(fetched_counts(f)->bodies, 1);
}

/* Endless URLs of somebody's web server push out each other, and none that leads to an anchor. */
static void what_nobody_vouched_for_goes_first(void **state)
{
    (void)state;
    open_with(8, 10, 10000);
    for (unsigned i = 0; i < 7; i++) {
        put(numbered(i), "good");
        fetched_prove(f, numbered(i), END);
    }
    for (unsigned i = 100; i < 1100; i++)
        put(numbered(i), "flood");
    for (unsigned i = 0; i < 7; i++)
        assert_string_equal(text_of(numbered(i)), "good");
    assert_string_equal(text_of(numbered(1099)), "flood");
    assert_int_equal(fetched_counts(f)->proven, 7);
    /* Full of good ones, one of them makes room for a new one, and it for those behind it. */
    put(numbered(7), "good");
    fetched_prove(f, numbered(7), END);
    for (unsigned i = 100; i < 200; i++)
        put(numbered(i), "flood");
    assert_int_equal(fetched_counts(f)->proven, 7);
}

static void failures_push_out_failures_alone(void **state)
{
    (void)state;
    open_with(4, 3, 1000);
    put(URL, "one");
    for (unsigned i = 0; i < 100; i++)
        fetched_fail(f, numbered(i), FETCH_TIMEOUT, 0, 1000);
    assert_string_equal(text_of(URL), "one");
    assert_int_equal(fetched_counts(f)->failures, 3);
    assert_null(fetched_failing(f, numbered(96), 1000));
    assert_int_equal(fetched_failing(f, numbered(97), 1000)->outcome, FETCH_TIMEOUT);
}

static int64_t failing_ms(struct str url, int64_t from_ms)
{
    int64_t ms = from_ms;
    while (fetched_failing(f, url, ms))
        ms += 1000;
    return ms - from_ms;
}

static void failures_grow_until_a_body_comes(void **state)
{
    static const int64_t seconds[] = {30, 60, 120, 240, 480, 600, 600};
    int64_t now_ms = 0;
    (void)state;
    open_with(4, 4, 1000);
    for (unsigned i = 0; i < 7; i++) {
        fetched_fail(f, URL, FETCH_SERVER, 503, now_ms);
        assert_int_equal(fetched_failing(f, URL, now_ms)->status, 503);
        assert_int_equal(failing_ms(URL, now_ms), seconds[i] * 1000);
        now_ms += seconds[i] * 1000;
    }
    put(URL, "one"); /* and forgotten */
    assert_int_equal(fetched_counts(f)->failures, 0);
    fetched_fail(f, URL, FETCH_SERVER, 500, now_ms);
    assert_int_equal(failing_ms(URL, now_ms), 30000);
    fetched_fail(f, URL, FETCH_GONE, 404, now_ms);
    assert_int_equal(failing_ms(URL, now_ms), 60000);
    assert_string_equal(text_of(URL), "one");
    fetched_fail(f, numbered(1), FETCH_LIMIT, 0, now_ms); /* is no failure of the URL */
    assert_null(fetched_failing(f, numbered(1), now_ms));
}

/* ---- on disk ---- */

static void a_restart_has_what_was_proven(void **state)
{
    (void)state;
    open_with(10, 10, 1000);
    put(URL, "one");
    put(numbered(1), "flood");
    assert_int_equal(files(), 0);
    fetched_prove(f, URL, END);
    assert_int_equal(files(), 1);
    open_with(10, 10, 1000);
    assert_string_equal(text_of(URL), "one");
    assert_null(text_of(numbered(1)));
    const struct kept kept = fetched_find(f, URL)->kept;
    assert_int_equal(kept.fetched_s, THEN);
    assert_int_equal(kept.served_s, -1);
    assert_int_equal(kept.ends_s, END);
    assert_true(fetched_find(f, URL)->proven);
    fetched_prove(f, URL, END + 1); /* the first end counts */
    assert_int_equal(fetched_find(f, URL)->kept.ends_s, END);
    fetched_prove(f, URL, END - 1);
    open_with(10, 10, 1000);
    assert_int_equal(fetched_find(f, URL)->kept.ends_s, END - 1);

    assert_non_null(fetched_put(f, URL, STR("one"), THEN + 50, 7)); /* the same once more */
    open_with(10, 10, 1000);
    assert_int_equal(fetched_find(f, URL)->kept.fetched_s, THEN + 50);
    assert_int_equal(fetched_find(f, URL)->kept.served_s, 7);
    assert_int_equal(fetched_find(f, URL)->kept.ends_s, END - 1);

    put(URL, "another one");
    assert_false(fetched_find(f, URL)->proven);
    assert_int_equal(fetched_find(f, URL)->kept.ends_s, KEEP_NO_END);
    assert_int_equal(files(), 1); /* of the one before, until somebody says which is better */
}

/* A clock was ahead, or is behind: both bodies of a URL are to be renewed, and are as before once
   it is right. */
static void bodies_of_the_future(void **state)
{
    const struct keep_rules rules = KEEP_RULES_USUAL;
    const int64_t now_s = THEN - 90 * 86400;
    (void)state;
    open_with(10, 10, 1000);
    put(URL, "good");
    fetched_prove(f, URL, END);
    put(URL, "newer");
    fetched_mend_times(f, numbered(1), &rules, now_s);
    fetched_mend_times(f, URL, &rules, THEN);
    assert_int_equal(fetched_find(f, URL)->kept.fetched_s, THEN);
    fetched_mend_times(f, URL, &rules, now_s);
    assert_int_equal(keep_state(&rules, &fetched_find(f, URL)->kept, now_s), KEEP_RENEW);
    assert_int_equal(keep_state(&rules, &fetched_proven(f, URL)->kept, now_s), KEEP_RENEW);
    open_with(10, 10, 1000);
    assert_string_equal(text_of(URL), "good");
    assert_int_equal(fetched_find(f, URL)->kept.fetched_s, THEN); /* nothing was written */
    fetched_mend_times(f, URL, &rules, now_s);
    assert_int_equal(keep_state(&rules, &fetched_find(f, URL)->kept, now_s), KEEP_RENEW);
    assert_int_equal(keep_state(&rules, &fetched_find(f, URL)->kept, now_s + 2 * 86400), KEEP_OVER);
    fetched_prove(f, URL, END - 10);
    fetched_mend_times(f, URL, &rules, THEN + 60); /* it was this clock that was behind */
    assert_int_equal(fetched_find(f, URL)->kept.fetched_s, THEN);
    assert_int_equal(keep_state(&rules, &fetched_find(f, URL)->kept, THEN + 60), KEEP_FRESH);
    open_with(10, 10, 1000);
    assert_int_equal(fetched_find(f, URL)->kept.fetched_s, THEN);
    assert_int_equal(fetched_find(f, URL)->kept.ends_s, END - 10);
}

/* Of all failures those that may have been ours are tried once more, not all at once, and stay as
   many in a row. */
static bool is_timeout(enum fetch_outcome outcome)
{
    return outcome == FETCH_TIMEOUT;
}

static unsigned failing(unsigned from, unsigned step, int64_t now_ms)
{
    unsigned n = 0;
    for (unsigned i = from; i < 10; i += step)
        n += fetched_failing(f, numbered(i), now_ms) != NULL;
    return n;
}

static void failures_that_were_ours(void **state)
{
    (void)state;
    open_with(10, 10, 1000);
    for (unsigned i = 0; i < 10; i++)
        fetched_fail(f, numbered(i), i % 2 ? FETCH_TIMEOUT : FETCH_GONE, 0, 1000 + i);
    fetched_ease(f, is_timeout, 1002, 2000);
    assert_int_equal(fetched_counts(f)->failures, 10);
    assert_int_equal(failing(0, 2, 2000), 5);
    assert_non_null(fetched_failing(f, numbered(1), 2000)); /* it failed before */
    assert_int_equal(failing(3, 2, 1999), 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(failing(3, 2, 2000 + 100 * i), 3 - i);
    fetched_fail(f, numbered(3), FETCH_TIMEOUT, 0, 2500);
    assert_int_equal(fetched_failing(f, numbered(3), 2500)->in_a_row, 2);
}

/* R-V-034. Garbage, or somebody else's certificate, under a URL that served a good one; over a
   restart. */
static void a_worse_body_takes_no_place(void **state)
{
    (void)state;
    open_with(10, 10, 1000);
    put(URL, "good");
    fetched_prove(f, URL, END);
    put(URL, "garbage");
    put(URL, "more garbage");
    assert_string_equal(text_of(URL), "more garbage"); /* to be judged */
    assert_true(str_eq(fetched_proven(f, URL)->body, STR("good")));
    assert_int_equal(fetched_counts(f)->bodies, 2);
    assert_int_equal(fetched_counts(f)->octets, 16);
    open_with(10, 10, 1000);
    assert_string_equal(text_of(URL), "good");
    assert_true(fetched_find(f, URL)->proven);
    put(URL, "garbage");
    fetched_drop(f, URL); /* somebody has judged it */
    assert_string_equal(text_of(URL), "good");
    assert_int_equal(fetched_counts(f)->octets, 4);
    put(URL, "garbage");
    put(URL, "good"); /* and the server has mended it */
    assert_true(fetched_find(f, URL)->proven);
    assert_int_equal(fetched_counts(f)->bodies, 1);
    put(URL, "renewed");
    fetched_prove(f, URL, END + 5);
    assert_int_equal(fetched_counts(f)->bodies, 1);
    assert_int_equal(fetched_counts(f)->proven, 1);
    assert_int_equal(files(), 1);
    open_with(10, 10, 1000);
    assert_string_equal(text_of(URL), "renewed");
    assert_int_equal(fetched_find(f, URL)->kept.ends_s, END + 5);
    fetched_drop(f, URL);
    assert_null(fetched_proven(f, URL));
    assert_int_equal(files(), 0);
}

/* What stands beside a good one is the first that goes. */
static void a_newer_body_pushes_no_good_one_out(void **state)
{
    (void)state;
    open_with(4, 10, 1000);
    for (unsigned i = 0; i < 3; i++) {
        put(numbered(i), "good");
        fetched_prove(f, numbered(i), END);
    }
    for (unsigned i = 0; i < 3; i++)
        put(numbered(i), "garbage");
    for (unsigned i = 0; i < 3; i++)
        assert_string_equal(text_of(numbered(i)), i == 2 ? "garbage" : "good");
    assert_int_equal(fetched_counts(f)->proven, 3);
}

static void the_directory_is_bounded_too(void **state)
{
    (void)state;
    open_with(5, 10, 1000);
    for (unsigned i = 0; i < 50; i++) {
        put(numbered(i), "good");
        fetched_prove(f, numbered(i), END);
        assert_true(files() <= 5);
    }
    assert_int_equal(files(), 5);
    open_with(2, 10, 1000); /* the setting was lowered */
    assert_int_equal(fetched_counts(f)->bodies, 2);
    assert_int_equal(files(), 2);
}

/* The one file of ours that is there. */
static const char *the_file(void)
{
    static char name[300];
    struct dirent *entry;
    DIR *list = opendir(directory);
    name[0] = '\0';
    while ((entry = readdir(list)))
        if (strlen(entry->d_name) == 64)
            snprintf(name, sizeof(name), "%s", entry->d_name);
    closedir(list);
    assert_string_not_equal(name, "");
    return name;
}

static void put_one_file(void)
{
    open_with(10, 10, 100000);
    put(URL, "one");
    fetched_prove(f, URL, END);
}

static void write_in_place(const char *name, const char *octets, size_t n)
{
    int to = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(to, octets, n), (ssize_t)n);
    close(to);
}

static void a_broken_file_is_deleted(void **state)
{
    (void)state;
    put_one_file();
    char *whole = lab_read(directory, the_file());
    const size_t n = strlen(whole);
    for (size_t i = 0; i <= n + 1; i++) { /* cut at i; then one more octet; then each one changed */
        put_one_file();
        char name[300], text[1000];
        snprintf(name, sizeof(name), "%s", the_file());
        snprintf(text, sizeof(text), "%sx", whole);
        if (i != n)
            write_in_place(name, text, i);
        open_with(10, 10, 1000);
        assert_int_equal(files(), i == n);
        assert_int_equal(fetched_counts(f)->files_broken, i != n);
        assert_int_equal(text_of(URL) != NULL, i == n);
    }
    for (size_t i = 0; i < n; i++) {
        put_one_file();
        char name[300], text[1000];
        snprintf(name, sizeof(name), "%s", the_file());
        memcpy(text, whole, n);
        text[i] ^= 1;
        write_in_place(name, text, n);
        open_with(10, 10, 1000);
        assert_null(text_of(URL));
        assert_int_equal(files(), 0);
    }
    free(whole);
}

static void a_file_under_anothers_name_is_deleted(void **state)
{
    char name[300];
    (void)state;
    put_one_file();
    snprintf(name, sizeof(name), "%s", the_file());
    char *text = lab_read(directory, name);
    name[0] = name[0] == '0' ? '1' : '0';
    write_in_place(name, text, strlen(text));
    open_with(10, 10, 1000);
    assert_int_equal(fetched_counts(f)->bodies, 1);
    assert_int_equal(files(), 1);
    free(text);
}

static void foreign_files_are_left_alone(void **state)
{
    char name[300], path[1500];
    (void)state;
    put_one_file();
    snprintf(name, sizeof(name), "%s.new", the_file()); /* a crash left that one */
    write_in_place(name, "half", 4);
    write_in_place("README", "of the operator", 15);
    write_in_place("0123", "short", 5);
    memset(name, 'A', 64);
    name[64] = '\0';
    write_in_place(name, "upper case", 10);
    memset(name, 'b', 64);
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    assert_int_equal(mkfifo(path, 0600), 0); /* nobody waits for it */
    memset(name, 'c', 64);
    assert_int_equal(symlinkat("/etc/passwd", fd, name), 0);
    open_with(10, 10, 1000);
    assert_string_equal(text_of(URL), "one");
    assert_int_equal(fetched_counts(f)->bodies, 1);
    assert_int_equal(files(), 6);
    assert_int_equal(access("/etc/passwd", F_OK), 0);
}

static void a_large_file_is_not_read(void **state)
{
    char name[65] = "";
    (void)state;
    memset(name, 'd', 64);
    write_in_place(name, "", 0);
    int to = openat(fd, name, O_WRONLY | O_CLOEXEC);
    assert_int_equal(ftruncate(to, (off_t)1 << 40), 0);
    close(to);
    open_with(10, 10, 1000);
    assert_int_equal(files(), 0);
}

static void a_directory_that_cannot_be_written(void **state)
{
    (void)state;
    open_with(10, 10, 1000);
    lab_remove(directory);
    directory = lab_directory(); /* the descriptor leads to none any more */
    put(URL, "one");
    fetched_prove(f, URL, END);
    assert_string_equal(text_of(URL), "one");
    assert_int_equal(fetched_counts(f)->files_failed, 1);
}

/* ---- no memory ---- */

static bool all_with(long allocations)
{
    const struct fetched_limits limits = {3, 2, 1000};
    allocations_left = allocations;
    struct fetched *g = fetched_new(&limits, fd);
    for (unsigned i = 0; g && i < 6; i++) {
        if (fetched_put(g, numbered(i), STR("body"), THEN, -1))
            fetched_prove(g, numbered(i), END);
        fetched_fail(g, numbered(i + 100), FETCH_GONE, 404, 0);
        assert_true(fetched_counts(g)->bodies <= 3 && fetched_counts(g)->failures <= 2);
    }
    fetched_free(g);
    bool failed = allocations_left < 0;
    allocations_left = -1;
    return failed;
}

static void any_failing_allocation(void **state)
{
    (void)state;
    skip_without_failing_allocations();
    long n = 0;
    while (all_with(n))
        n++;
    assert_true(n > 20);
    open_with(3, 2, 1000);
    assert_int_equal(fetched_counts(f)->bodies, 3);
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        story(bodies_by_url),
        story(forgotten_whole),
        story(bounded_by_number_and_octets),
        story(what_nobody_vouched_for_goes_first),
        story(failures_push_out_failures_alone),
        story(failures_grow_until_a_body_comes),
        story(a_restart_has_what_was_proven),
        story(bodies_of_the_future),
        story(failures_that_were_ours),
        story(a_worse_body_takes_no_place),
        story(a_newer_body_pushes_no_good_one_out),
        story(the_directory_is_bounded_too),
        story(a_broken_file_is_deleted),
        story(a_file_under_anothers_name_is_deleted),
        story(foreign_files_are_left_alone),
        story(a_large_file_is_not_read),
        story(a_directory_that_cannot_be_written),
        story(any_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
