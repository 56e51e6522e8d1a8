#include <setjmp.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stird/base/arena.h>

/* Without it the address sanitizer ends the program where malloc() answers NULL. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    static const size_t first[] = {0, 1, 15, 16, 17, 100, 4096};
    for (size_t f = 0; f < sizeof(first) / sizeof(first[0]); f++) {
        struct arena *a = arena_new(first[f]);
        for (size_t n = 0; n < 500; n++) {
            unsigned char *p = arena_alloc(a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xa5, n); /* must not be seen in what follows */
        }
        arena_free(a);
    }
    arena_free(NULL);
}

/* Nothing moves or is given twice while the arena grows. */
static void pieces_keep_their_content(void **state)
{
    (void)state;
    enum { PIECES = 1000 };
    struct arena *a = arena_new(64);
    uint32_t *piece[PIECES];
    for (uint32_t i = 0; i < PIECES; i++) {
        piece[i] = arena_array(a, i % 50 + 1, sizeof(uint32_t));
        for (uint32_t j = 0; j <= i % 50; j++)
            piece[i][j] = i;
    }
    for (uint32_t i = 0; i < PIECES; i++)
        for (uint32_t j = 0; j <= i % 50; j++)
            assert_int_equal(piece[i][j], i);
    arena_free(a);
}

static void text_is_copied_with_a_nul(void **state)
{
    (void)state;
    struct arena *a = arena_new(16);
    char text[] = "text";
    struct str copy = arena_copy(a, str_of(text));
    text[0] = 'x';
    assert_int_equal(copy.n, 4);
    assert_string_equal(copy.p, "text");
    copy = arena_copy(a, (struct str){NULL, 0});
    assert_int_equal(copy.n, 0);
    assert_string_equal(copy.p, "");
    copy = arena_printf(a, "%s-%04d", "a", 7);
    assert_int_equal(copy.n, 6);
    assert_string_equal(copy.p, "a-0007");
    const struct str parts[] = {STR("a"), {NULL, 0}, STR("-b")};
    copy = arena_join(a, parts, 3);
    assert_int_equal(copy.n, 3);
    assert_string_equal(copy.p, "a-b");
    copy = arena_join(a, NULL, 0);
    assert_int_equal(copy.n, 0);
    assert_string_equal(copy.p, "");
    arena_free(a);
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    struct arena *a = arena_new(16);
    assert_null(arena_alloc(a, SIZE_MAX));
    assert_null(arena_alloc(a, SIZE_MAX - 8));
    assert_null(arena_alloc(a, SIZE_MAX - 64));
    assert_null(arena_array(a, SIZE_MAX / 2, 3));
    assert_null(arena_array(a, 1, SIZE_MAX));
    assert_null(arena_copy(a, (struct str){"", SIZE_MAX}).p);
    const struct str parts[] = {STR("x"), {"", SIZE_MAX}}, much[] = {{"", SIZE_MAX}, STR("x")};
    assert_null(arena_join(a, parts, 2).p);
    assert_null(arena_join(a, much, 2).p);
    assert_non_null(arena_array(a, 0, 8));
    assert_non_null(arena_array(a, 8, 0));
    assert_non_null(arena_alloc(a, 8)); /* still usable */
    arena_free(a);
    assert_null(arena_new(SIZE_MAX));
    assert_null(arena_new(SIZE_MAX - 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(pieces_keep_their_content),
        cmocka_unit_test(text_is_copied_with_a_nul),
        cmocka_unit_test(impossible_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
