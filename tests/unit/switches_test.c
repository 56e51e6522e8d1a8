/* What an operator has switched: the table, its time, its text, and its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/io/switches_file.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW_S  1000000
#define NOW_MS 5000

static struct switches *none(void)
{
    struct switches *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    return s;
}

static struct switched one(enum switch_kind kind, const char *name)
{
    struct switched w = {.kind = (uint8_t)kind, .since_s = NOW_S, .uid = 7};
    assert_null(switches_put_text(w.name, str_of(name)));
    return w;
}

static void set(struct switches *s, enum switch_kind kind, const char *name)
{
    const struct switched w = one(kind, name);
    assert_true(switches_set(s, &w));
}

static void test_by_kind_and_name(void **state)
{
    struct switches *s = none();
    (void)state;
    assert_false(switches_any(NULL));
    assert_null(switches_find(NULL, SWITCH_TRUNK, STR("a")));
    set(s, SWITCH_SIGNING, "a");
    set(s, SWITCH_TRUNK, "b");
    set(s, SWITCH_TRUNK, "a");
    set(s, SWITCH_TRUNK, "b"); /* once more: in its place */
    assert_int_equal(s->n, 3);
    assert_true(switches_are_sound(s));
    assert_non_null(switches_find(s, SWITCH_TRUNK, STR("a")));
    assert_null(switches_find(s, SWITCH_UPSTREAM, STR("a")));
    assert_null(switches_find(s, SWITCH_TRUNK, STR("")));
    assert_null(switches_for(s, SWITCH_SIGNING, STR("b")));
    set(s, SWITCH_SIGNING, "");
    assert_non_null(switches_for(s, SWITCH_SIGNING, STR("b")));
    assert_string_equal(switches_for(s, SWITCH_SIGNING, STR("a"))->name, "a");
    assert_true(switches_end(s, SWITCH_TRUNK, STR("b")));
    assert_false(switches_end(s, SWITCH_TRUNK, STR("b")));
    assert_int_equal(s->n, 3);
    assert_true(switches_are_sound(s));
    free(s);
}

static void test_there_are_only_so_many(void **state)
{
    struct switches *s = none();
    (void)state;
    for (int i = 0; i < SWITCHES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "t%d", i);
        set(s, SWITCH_TRUNK, name);
    }
    const struct switched more = one(SWITCH_DRAIN, ""), again = one(SWITCH_TRUNK, "t7");
    assert_false(switches_set(s, &more));
    assert_true(switches_set(s, &again));
    free(s);
}

static void test_texts(void **state)
{
    static char room[SWITCH_TEXT_BYTES];
    char longest[SWITCH_TEXT_BYTES];
    (void)state;
    memset(longest, 'x', sizeof(longest));
    assert_null(switches_put_text(room, (struct str){longest, SWITCH_TEXT_BYTES - 1}));
    assert_non_null(switches_put_text(room, (struct str){longest, SWITCH_TEXT_BYTES}));
    assert_non_null(switches_put_text(room, STR("a\tb")));
    assert_non_null(switches_put_text(room, STR("a\nb")));
    assert_non_null(switches_put_text(room, STR("\xff")));
    assert_null(switches_put_text(room, STR("caf\xc3\xa9")));
    assert_string_equal(room, "caf\xc3\xa9");
}

/* One for 60 s, one until a time of day. */
static struct switches *timed(void)
{
    struct switches *s = none();
    struct switched span = one(SWITCH_TRUNK, "span"), day = one(SWITCH_TRUNK, "day");
    span.until_s = NOW_S + 60;
    span.ends_ms = NOW_MS + 60000;
    day.until_s = NOW_S + 60;
    day.by_clock = true;
    assert_true(switches_set(s, &span) && switches_set(s, &day));
    set(s, SWITCH_TRUNK, "ever");
    return s;
}

static void test_time(void **state)
{
    struct switches *s = timed();
    (void)state;
    assert_false(switches_expire(s, NOW_S + 59, NOW_MS + 59999));
    assert_int_equal(switches_next_ms(s, NOW_MS), NOW_MS + 1000);
    assert_true(switches_expire(s, NOW_S + 60, NOW_MS + 60000));
    assert_int_equal(s->n, 1);
    assert_non_null(switches_find(s, SWITCH_TRUNK, STR("ever")));
    assert_true(switches_next_ms(s, NOW_MS) == INT64_MAX);
    free(s);
}

/* A clock that is set moves the end of the one, not of the other. */
static void test_the_clock_is_set(void **state)
{
    struct switches *s = timed();
    (void)state;
    assert_true(switches_expire(s, NOW_S + 86400, NOW_MS + 1000));
    assert_non_null(switches_find(s, SWITCH_TRUNK, STR("span")));
    assert_null(switches_find(s, SWITCH_TRUNK, STR("day")));
    free(s);
    s = timed();
    assert_true(switches_expire(s, NOW_S - 86400, NOW_MS + 60000));
    assert_null(switches_find(s, SWITCH_TRUNK, STR("span")));
    assert_non_null(switches_find(s, SWITCH_TRUNK, STR("day")));
    free(s);
}

/* After a restart what is left counts, and never more than there was. */
static void test_resumed(void **state)
{
    struct switches *s = timed();
    (void)state;
    switches_resume(s, NOW_S + 20, 100);
    assert_int_equal(switches_find(s, SWITCH_TRUNK, STR("span"))->ends_ms, 40100);
    switches_resume(s, NOW_S - 86400, 100);
    assert_int_equal(switches_find(s, SWITCH_TRUNK, STR("span"))->ends_ms, 60100);
    switches_resume(s, NOW_S + 86400, 100);
    assert_true(switches_expire(s, NOW_S + 86400, 100));
    assert_int_equal(s->n, 1);
    free(s);
}

#define HEAD "# stird switches, version 1\n"

static const struct {
    const char *text, *why;
    unsigned line;
} texts[] = {
    {HEAD "end\t0\n", NULL, 2},
    {HEAD "trunk\ta\t\t5\t0\ttime\t0\tnote\nend\t1\n", NULL, 3},
    {"", "is not", 1},
    {"# stird switches, version 2\nend\t0\n", "is not", 1},
    {HEAD, "was cut", 2},
    {HEAD "trunk\ta\t\t5\t0\ttime\t0\tnote\n", "was cut", 3},
    {HEAD "end\t1\n", "how many", 2},
    {HEAD "end\t0\nend\t0\n", "others follow", 2},
    {HEAD "trunk\ta\nend\t1\n", "is no line", 2},
    {HEAD "trnk\ta\t\t5\t0\ttime\t0\tnote\nend\t1\n", "of a kind", 2},
    {HEAD "trunk\ta\t\t-5\t0\ttime\t0\tnote\nend\t1\n", "a time", 2},
    {HEAD "trunk\ta\t\t5\t0\tsoon\t0\tnote\nend\t1\n", "by what it ends", 2},
    {HEAD "trunk\ta\t\t5\t0\ttime\tme\tnote\nend\t1\n", "no user", 2},
    {HEAD "trunk\t\xff\t\t5\t0\ttime\t0\tnote\nend\t1\n", "UTF-8", 2},
};

static void test_what_is_no_text(void **state)
{
    struct switches *s = none();
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        unsigned line = 0;
        const char *why = switches_read(s, str_of(texts[i].text), &line);
        if (!texts[i].why)
            assert_null(why);
        else
            assert_non_null(why && strstr(why, texts[i].why) ? why : NULL);
        assert_int_equal(line, texts[i].line);
        assert_true(!why || s->n == 0);
    }
    free(s);
}

static void assert_same(const struct switches *a, const struct switches *b)
{
    assert_int_equal(a->n, b->n);
    for (unsigned i = 0; i < a->n; i++) {
        struct switched kept = a->list[i];
        kept.ends_ms = b->list[i].ends_ms; /* of another process' life */
        assert_memory_equal(&kept, &b->list[i], sizeof(kept));
    }
}

static void test_kept_and_handed_out(void **state)
{
    char directory[] = "/tmp/switches_test.XXXXXX", path[sizeof(directory) + 16];
    struct problems problems = PROBLEMS_INIT;
    struct switches *s = timed(), *got = none();
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/" SWITCHES_FILE, directory);
    assert_true(switches_file_read(got, str_of(directory), &problems));
    assert_int_equal(got->n, 0);
    assert_int_equal(switches_file_write(s, str_of(directory)), 0);
    assert_int_equal(switches_file_write(s, str_of(directory)), 0); /* in its place */
    assert_true(switches_file_read(got, str_of(directory), &problems));
    assert_same(s, got);
    assert_int_equal(chmod(path, 0666), 0);
    assert_false(switches_file_read(got, str_of(directory), &problems));
    assert_int_equal(got->n, 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 0), 0); /* never written so */
    assert_false(switches_file_read(got, str_of(directory), &problems));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(switches_file_read(got, str_of(directory), &problems));
    assert_non_null(strstr(problems.list[problems.n - 1].text, "no regular file"));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(directory), 0);
    assert_true(switches_file_read(got, str_of(directory), &problems));
    assert_true(switches_file_write(s, str_of(directory)) < 0);
    problems_fini(&problems);

    int fd = switches_file_hand_out(s);
    assert_true(fd >= 0);
    struct switches *taken = switches_file_take(fd);
    assert_non_null(taken);
    assert_memory_equal(taken, s, sizeof(*s));
    close(fd);
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_null(switches_file_take(other));
    close(other);
    taken->list[0].kind = SWITCH_KINDS;
    assert_false(switches_are_sound(taken));
    taken->n = SWITCHES_MAX + 1;
    assert_false(switches_are_sound(taken));
    free(taken);
    free(s);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_kind_and_name),
        cmocka_unit_test(test_there_are_only_so_many),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_the_clock_is_set),
        cmocka_unit_test(test_resumed),
        cmocka_unit_test(test_what_is_no_text),
        cmocka_unit_test(test_kept_and_handed_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
