/* Things are found by name, and kept in the order of their use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <stird/base/lru.h>

#define MANY 300

static void found_by_name_and_oldest_first(void **state)
{
    static struct lru_link links[MANY];
    static char names[MANY][16];
    struct lru l;
    (void)state;
    assert_true(lru_init(&l, 20)); /* few buckets: chains */
    for (unsigned i = 0; i < MANY; i++) {
        int n = snprintf(names[i], sizeof(names[i]), "name%u", i);
        assert_null(lru_find(&l, (struct str){names[i], (size_t)n}));
        lru_add(&l, &links[i], (struct str){names[i], (size_t)n});
    }
    assert_int_equal(l.n, MANY);
    for (unsigned i = 0; i < MANY; i += 3)
        lru_touch(&l, &links[i]);
    for (unsigned i = 1; i < MANY; i += 3)
        lru_remove(&l, &links[i]);
    for (unsigned i = 0; i < MANY; i++)
        assert_ptr_equal(lru_find(&l, str_of(names[i])), i % 3 == 1 ? NULL : &links[i]);
    unsigned n = 0;
    for (unsigned i = 2; i < MANY; i += 3, n++, lru_remove(&l, l.oldest))
        assert_ptr_equal(l.oldest, &links[i]);
    for (unsigned i = 0; i < MANY; i += 3, n++, lru_remove(&l, l.oldest))
        assert_ptr_equal(l.oldest, &links[i]);
    assert_int_equal(n, MANY * 2 / 3);
    assert_int_equal(l.n, 0);
    assert_null(l.newest);
    lru_fini(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_name_and_oldest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
