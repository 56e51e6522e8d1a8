/* What P-Asserted-Identity says, whatever is odd about it (Decided 2). */
#include "lab.h"

#include <stird/core/asserted.h>

/* The texts of a line that is no address: BEGIN, then ITEM so often. */
static struct asserted_texts odd(const char *begin, const char *item, unsigned n)
{
    struct asserted_texts texts = {.n = 0};
    struct buf line = BUF_INIT;
    buf_add_text(&line, begin);
    for (unsigned i = 0; i < n; i++)
        buf_add_text(&line, item);
    asserted_add_odd(&texts, buf_str(&line));
    buf_fini(&line); /* counts alone are looked at */
    return texts;
}

/* Whoever asserts more than is kept is never believed. */
static void many_texts_overflow(void **state)
{
    struct asserted_texts texts = odd("", "12155550100,", ASSERTED_ODD_MAX);
    (void)state;
    assert_int_equal(texts.n_odd, ASSERTED_ODD_MAX);
    assert_false(asserted_overflows(&texts));
    texts = odd("", "12155550100,", ASSERTED_ODD_MAX + 1);
    assert_true(asserted_overflows(&texts));
}

/* URIs inside each other, and a number as long as a datagram. */
static void long_texts_overflow(void **state)
{
    struct asserted_texts texts = odd("sip:", "a", ASSERTED_ODD_OCTETS - 4);
    (void)state;
    assert_false(asserted_overflows(&texts));
    texts = odd("sip:", "a", ASSERTED_ODD_OCTETS - 3);
    assert_true(asserted_overflows(&texts));
    texts = odd("1", "-", ASSERTED_ODD_OCTETS);
    assert_true(asserted_overflows(&texts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_texts_overflow),
        cmocka_unit_test(long_texts_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
