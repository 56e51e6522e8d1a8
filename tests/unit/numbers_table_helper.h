/*
 * A compiled and opened table, for the tests of numbers: what is wrong with the text fails the
 * test. Include it behind cmocka.h.
 */
#ifndef NUMBERS_TABLE_HELPER_H
#define NUMBERS_TABLE_HELPER_H

#include <stird/core/numbers.h>

struct table {
    struct buf image;
    struct numbers *numbers;
    struct numbers_summary summary;
};

static inline struct table compile(const struct numbers_source *sources, size_t n)
{
    struct table t = {.image = BUF_INIT};
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    const char *why = NULL;
    if (!numbers_compile(sources, n, &t.image, &t.summary, &problems)) {
        problems_print(&problems, &text);
        fail_msg("%.*s", STR_ARG(buf_str(&text)));
    }
    assert_false(problems_any(&problems));
    t.numbers = numbers_open(t.image.p, t.image.n, &why);
    if (!t.numbers)
        fail_msg("%s", why);
    problems_fini(&problems);
    buf_fini(&text);
    return t;
}

static inline struct table compile_text(const char *text)
{
    struct numbers_source source = {
        .name = STR("t.csv"), .text = str_of(text), .kind = NUMBERS_TABLE};
    return compile(&source, 1);
}

static inline void table_fini(struct table *t)
{
    numbers_close(t->numbers);
    buf_fini(&t->image);
}

static inline struct numbers_answer ask(const struct table *t, const char *number,
                                        const char *customer, int32_t today)
{
    struct numbers_answer answer;
    struct tn tn;
    assert_true(tn_from_digits(&tn, str_of(number)));
    numbers_lookup(t->numbers, &tn, numbers_customer(t->numbers, str_of(customer)), today, &answer);
    return answer;
}

#endif
