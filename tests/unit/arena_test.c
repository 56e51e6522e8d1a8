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

/* What a call gives back the next one gets, for as much as may be kept, and zeroed as ever. */
static void memory_is_kept_for_the_next(void **state)
{
    (void)state;
    static const size_t sizes[] = {600, 2048, 4096, 8192, 16000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        arena_keep_memory(64 * 1024);
        struct arena *a = arena_new(sizes[i]);
        const size_t bytes = arena_bytes(a);
        void *first = a;
        memset(arena_alloc(a, sizes[i]), 0xa5, sizes[i]);
        arena_free(a);
        a = arena_new(sizes[i] - 20); /* of about that size */
        assert_ptr_equal(a, first);
        assert_int_equal(arena_bytes(a), bytes);
        const unsigned char *p = arena_alloc(a, sizes[i] - 20);
        for (size_t k = 0; k < sizes[i] - 20; k++)
            assert_int_equal(p[k], 0);
        struct arena *other = arena_new(sizes[i]);
        assert_ptr_not_equal(other, a);
        arena_free(other);
        arena_free(a);
        arena_keep_memory(0);
    }
}

/* An arena that grew gives all its chunks back; what is too large, too small, or too much is not
   kept; and what began before the keeping may end after it. */
static void kept_memory_has_a_ceiling(void **state)
{
    (void)state;
    struct arena *before = arena_new(1000), *many[100];
    arena_keep_memory(8 * 1024);
    arena_free(before);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 100; i++) {
            many[i] = arena_new(i * 300);
            assert_non_null(arena_alloc(many[i], 5000));
            assert_non_null(arena_alloc(many[i], 50000));
        }
        for (unsigned i = 0; i < 100; i++)
            arena_free(many[i]);
        assert_in_range(arena_bytes_kept(), 1, 8 * 1024);
    }
    struct arena *after = arena_new(1000);
    arena_keep_memory(0);
    assert_int_equal(arena_bytes_kept(), 0);
    arena_free(after);
    assert_int_equal(arena_bytes_kept(), 0);
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
        cmocka_unit_test(memory_is_kept_for_the_next),
        cmocka_unit_test(kept_memory_has_a_ceiling),
        cmocka_unit_test(pieces_keep_their_content),
        cmocka_unit_test(text_is_copied_with_a_nul),
        cmocka_unit_test(impossible_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
