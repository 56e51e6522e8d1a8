#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <assert.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stird/core/library_memory.h>

static void *take(size_t bytes)
{
    unsigned char *p = OPENSSL_malloc(bytes);
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
    static const size_t sizes[] = {1, 24, 25, 32, 128, 500, 1024, 1040, 2080, 2200};
    library_memory_keep(256 * 1024);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *first[N], *next[N + 1];
        unsigned again = 0;
        for (size_t k = 0; k < N; k++)
            first[k] = take(sizes[i]);
        for (size_t k = 0; k < N; k++)
            OPENSSL_free(first[k]);
        assert_true(library_memory_kept() >= N * sizes[i]);
        for (size_t k = 0; k < N + 1; k++) {
            next[k] = take(sizes[i]);
            assert_false(is_among(next, k, next[k]));
            again += is_among(first, N, next[k]);
        }
        assert_in_range(again, N - 2, N);
        for (size_t k = 0; k < N + 1; k++)
            OPENSSL_free(next[k]);
    }
    library_memory_keep(0);
    assert_int_equal(library_memory_kept(), 0);
}

static void what_is_kept_has_a_ceiling(void **state)
{
    (void)state;
    enum { MANY = 1000, MOST = 16 * 1024 };
    static void *p[MANY];
    void *before = take(100);
    library_memory_keep(MOST);
    OPENSSL_free(before);
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < MANY; i++)
            p[i] = take(i * 7 % 3000 + 1);
        assert_true(library_memory_kept() <= MOST);
        for (size_t i = 0; i < MANY; i++)
            OPENSSL_free(p[i]);
        assert_in_range(library_memory_kept(), MOST / 2, MOST);
    }
    void *after = take(100);
    library_memory_keep(0);
    OPENSSL_free(after);
    assert_int_equal(library_memory_kept(), 0);
}

/* A block may grow and shrink, whatever it was before. */
static void content_stays_when_a_block_grows(void **state)
{
    (void)state;
    library_memory_keep(64 * 1024);
    for (size_t n = 1; n < 4000; n = n * 3 / 2 + 1) {
        OPENSSL_free(take(n * 2));
        unsigned char *p = OPENSSL_realloc(take(n), n * 2);
        assert_non_null(p);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0xa5);
        p = OPENSSL_realloc(p, n / 2 + 1);
        for (size_t i = 0; i < n / 2 + 1; i++)
            assert_int_equal(p[i], 0xa5);
        assert_null(OPENSSL_realloc(p, 0));
    }
    OPENSSL_free(NULL);
    assert_null(OPENSSL_malloc(0));
    library_memory_keep(0);
}

static void json_is_read_from_what_was_freed(void **state)
{
    (void)state;
    static const char text[] = "{\"a\": [1, \"two\", {\"b\": null}], \"c\": 1443208345}";
    library_memory_keep(64 * 1024);
    for (unsigned round = 0; round < 50; round++) {
        json_t *j = json_loads(text, 0, NULL);
        assert_int_equal(json_integer_value(json_object_get(j, "c")), 1443208345);
        assert_string_equal(json_string_value(json_array_get(json_object_get(j, "a"), 1)), "two");
        json_decref(j);
    }
    library_memory_keep(0);
}

int main(void)
{
    assert(library_memory_watch());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_serve_again),
        cmocka_unit_test(what_is_kept_has_a_ceiling),
        cmocka_unit_test(content_stays_when_a_block_grows),
        cmocka_unit_test(json_is_read_from_what_was_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
