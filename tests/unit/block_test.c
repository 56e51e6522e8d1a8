#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stird/base/arena.h>
#include <stird/base/block.h>

static void *take(size_t bytes)
{
    unsigned char *p = block_take(bytes);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 16, 0);
    memset(p, 0xa5, bytes);
    return p;
}

static bool is_among(void *const *all, size_t n, const void *p)
{
    for (size_t i = 0; i < n; i++)
        if (all[i] == p)
            return true;
    return false;
}

/* Blocks that are freed are the next ones of about that size, and none is given twice. Now and then
   the heap gives one that is larger, which serves those. */
static void blocks_serve_again(void **state)
{
    (void)state;
    enum { N = 20 };
    static const size_t sizes[] = {1,    24,   25,   32,   128,  500,  1024,  2040,
                                   2041, 2200, 4000, 8184, 8192, 9000, 16000, 16376};
    block_keep(4 * 1024 * 1024);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *first[N], *next[N + 1];
        unsigned again = 0;
        for (size_t k = 0; k < N; k++)
            first[k] = take(sizes[i]);
        for (size_t k = 0; k < N; k++)
            block_give(first[k]);
        assert_true(block_bytes_kept() >= N * sizes[i]);
        for (size_t k = 0; k < N + 1; k++) {
            next[k] = take(sizes[i]);
            assert_false(is_among(next, k, next[k]));
            again += is_among(first, N, next[k]);
        }
        assert_in_range(again, N - 2, N);
        for (size_t k = 0; k < N + 1; k++)
            block_give(next[k]);
    }
    block_keep(0);
    assert_int_equal(block_bytes_kept(), 0);
}

static void what_is_kept_has_a_ceiling(void **state)
{
    (void)state;
    enum { MANY = 1000, MOST = 64 * 1024 };
    static void *p[MANY];
    void *before = take(100);
    block_keep(MOST);
    block_give(before);
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < MANY; i++)
            p[i] = take(i * 37 % 20000 + 1);
        assert_true(block_bytes_kept() <= MOST);
        for (size_t i = 0; i < MANY; i++)
            block_give(p[i]);
        assert_in_range(block_bytes_kept(), MOST / 2, MOST);
    }
    void *after = take(100);
    block_keep(0);
    block_give(after);
    assert_int_equal(block_bytes_kept(), 0);
}

/* A block may grow and shrink, whatever it was before. */
static void content_stays_when_a_block_grows(void **state)
{
    (void)state;
    block_keep(64 * 1024);
    for (size_t n = 1; n < 20000; n = n * 3 / 2 + 1) {
        block_give(take(n * 2));
        unsigned char *p = realloc(take(n), n * 2);
        assert_non_null(p);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0xa5);
        block_give(p);
    }
    block_give(NULL);
    block_keep(0);
}

/* What a call gives back the next one gets, zeroed as ever, and one that grew gives all of it. */
static void an_arena_serves_again(void **state)
{
    (void)state;
    block_keep(64 * 1024);
    struct arena *a = arena_new(1904);
    memset(arena_alloc(a, 1900), 0xa5, 1900);
    memset(arena_alloc(a, 3900), 0xa5, 3900);
    arena_free(a);
    assert_in_range(block_bytes_kept(), 6000, 10000);
    a = arena_new(1904);
    for (unsigned k = 0; k < 2; k++) {
        const unsigned char *p = arena_alloc(a, 1000 + k * 2000);
        for (size_t i = 0; i < 1000 + k * 2000; i++)
            assert_int_equal(p[i], 0);
    }
    assert_in_range(block_bytes_kept(), 0, 100);
    arena_free(a);
    block_keep(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_serve_again),
        cmocka_unit_test(what_is_kept_has_a_ceiling),
        cmocka_unit_test(content_stays_when_a_block_grows),
        cmocka_unit_test(an_arena_serves_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
