#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stird/base/problems.h>

static void an_empty_list_says_nothing(void **state)
{
    (void)state;
    struct problems p = PROBLEMS_INIT;
    struct buf out = BUF_INIT;
    assert_false(problems_any(&p));
    problems_print(&p, &out);
    assert_int_equal(out.n, 0);
    problems_fini(&p);
}

static void problems_are_sorted_by_place(void **state)
{
    (void)state;
    struct problems p = PROBLEMS_INIT;
    struct buf out = BUF_INIT;
    problems_add(&p, STR("b.conf"), 2, "second");
    problems_add(&p, STR("b.conf"), 10, "%s %d", "third", 3);
    problems_add(&p, STR("a.conf"), 7, "one");
    problems_add(&p, STR("a.conf"), 7, "two");
    problems_add(&p, STR("b.conf"), 0, "of the file");
    problems_add(&p, STR(""), 0, "of nothing");
    assert_true(problems_any(&p));
    problems_print(&p, &out);
    assert_true(str_eq(buf_str(&out), STR("of nothing\n"
                                          "a.conf:7: one\n"
                                          "a.conf:7: two\n"
                                          "b.conf: of the file\n"
                                          "b.conf:2: second\n"
                                          "b.conf:10: third 3\n")));
    buf_fini(&out);
    problems_fini(&p);
    assert_false(problems_any(&p));
}

/* Names and texts are the list's own. */
static void texts_are_copied(void **state)
{
    (void)state;
    struct problems p = PROBLEMS_INIT;
    char name[] = "name and more", text[] = "text";
    problems_add(&p, (struct str){name, 4}, 1, "%s", text);
    memset(name, 'x', 4);
    memset(text, 'x', 4);
    assert_string_equal(p.list[0].file, "name");
    assert_string_equal(p.list[0].text, "text");
    problems_fini(&p);
}

static void one_that_speaks_of_all_stands_last(void **state)
{
    (void)state;
    struct problems p = PROBLEMS_INIT, all = PROBLEMS_INIT;
    struct buf out = BUF_INIT;
    problems_stands_last(&p); /* of none */
    problems_add(&p, STR("a"), 0, "mend them first");
    problems_stands_last(&p);
    problems_add(&p, STR("b"), 7, "x");
    problems_add(&p, STR("a"), 3, "y");
    problems_move(&all, &p);
    problems_print(&all, &out);
    assert_true(str_eq(buf_str(&out), STR("a:3: y\nb:7: x\na: mend them first\n")));
    buf_fini(&out);
    problems_fini(&all);
}

static void a_lost_problem_counts(void **state)
{
    (void)state;
    struct problems p = {.out_of_memory = true};
    struct buf out = BUF_INIT;
    assert_true(problems_any(&p));
    problems_print(&p, &out);
    assert_true(str_eq(buf_str(&out), STR("out of memory while collecting problems\n")));
    buf_fini(&out);
    problems_fini(&p);
}

/* Whatever names and texts hold: each is a line, and no other. */
static void one_is_one_line(void **state)
{
    (void)state;
    struct problems p = PROBLEMS_INIT;
    struct buf out = BUF_INIT;
    problems_add(&p, STR("a\nb\x1b"), 3, "stands in %s:%d already", "c\nd:1: all is well\x7f", 4);
    problems_print(&p, &out);
    buf_add_char(&out, '\0');
    assert_string_equal(out.p, "a\\x0ab\\x1b:3: stands in c\\x0ad:1: all is well\\x7f:4 already\n");
    buf_fini(&out);
    problems_fini(&p);
}

static void many_problems_are_kept(void **state)
{
    (void)state;
    struct problems p = PROBLEMS_INIT;
    struct buf out = BUF_INIT;
    for (unsigned i = 3000; i > 0; i--)
        problems_add(&p, STR("f"), i, "x");
    problems_print(&p, &out);
    assert_true(str_starts(buf_str(&out), STR("f:1: x\nf:2: x\nf:3: x\n")));
    assert_int_equal(p.n, 3000);
    buf_fini(&out);
    problems_fini(&p);
}

static void what_may_pass_is_told_from_what_stays(void **state)
{
    (void)state;
    struct problems p = PROBLEMS_INIT, all = PROBLEMS_INIT;
    assert_false(problems_stay(&p));
    problems_may_pass(&p, ENOSPC); /* of none */
    problems_add(&p, STR("f"), 0, "disk");
    assert_true(problems_stay(&p));
    problems_may_pass(&p, ENOSPC);
    problems_may_pass(&p, ENOMEM); /* the same one */
    assert_false(problems_stay(&p));
    assert_int_equal(p.n_passing, 1);
    problems_add(&p, STR("f"), 0, "right");
    static const int staying[] = {0, EACCES, EPERM, EROFS, ENOENT, ENOTDIR, EINVAL, ELOOP, ENOSYS};
    for (size_t i = 0; i < sizeof(staying) / sizeof(staying[0]); i++)
        problems_may_pass(&p, staying[i]);
    assert_true(problems_stay(&p));
    problems_add(&all, STR("e"), 0, "before");
    problems_may_pass(&all, EADDRINUSE);
    problems_move(&all, &p);
    assert_int_equal(p.n, 0);
    assert_int_equal(all.n, 3);
    assert_int_equal(all.n_passing, 2);
    assert_string_equal(all.list[2].text, "right");
    assert_true(problems_stay(&all));
    all.out_of_memory = true; /* nobody knows what else there was */
    assert_false(problems_stay(&all));
    problems_fini(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_says_nothing),
        cmocka_unit_test(problems_are_sorted_by_place),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(one_that_speaks_of_all_stands_last),
        cmocka_unit_test(a_lost_problem_counts),
        cmocka_unit_test(one_is_one_line),
        cmocka_unit_test(many_problems_are_kept),
        cmocka_unit_test(what_may_pass_is_told_from_what_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
