#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/numbers/numbers_image.h"
#include "numbers_table_helper.h"

static const char small_table[] = "number,customer,state,not_after,cert\n"
                                  "+12155550100,acme,owned,,north\n"
                                  "+12155550101,acme,owned,,north\n"
                                  "+12155551000-+12155551999,globex,delegated,2026-01-01,\n"
                                  "+1*,initech,unverified,,\n"
                                  "+4412345,initech,blocked,,\n";

static void a_damaged_image_is_refused(void **state)
{
    (void)state;
    struct table t = compile_text(small_table);
    const char *why;
    for (size_t i = 0; i < t.image.n; i++) {
        for (unsigned bit = 0; bit < 8; bit += 7) {
            t.image.p[i] ^= (char)(1 << bit);
            why = NULL;
            struct numbers *damaged = numbers_open(t.image.p, t.image.n, &why);
            assert_null(damaged);
            assert_non_null(why);
            t.image.p[i] ^= (char)(1 << bit);
        }
    }
    table_fini(&t);
}

static void a_truncated_image_is_refused(void **state)
{
    (void)state;
    struct table t = compile_text(small_table);
    for (size_t n = 0; n < t.image.n; n++) {
        const char *why = NULL;
        void *exact = malloc(n + 1);
        memcpy(exact, t.image.p, n);
        assert_null(numbers_open(exact, n, &why));
        assert_non_null(why);
        free(exact);
    }
    table_fini(&t);
}

static void rehash(char *image, size_t n)
{
    struct image_header h;
    memcpy(&h, image, sizeof(h));
    image_hash(h.checksum, image, n);
    memcpy(image, &h, sizeof(h));
}

/* With a right checksum the other checks must keep a lookup inside the image: the sanitizer tells.
 */
static void a_forged_image_is_refused_or_harmless(void **state)
{
    (void)state;
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct table t = compile_text(small_table);
    size_t from = offsetof(struct image_header, version), refused = 0;
    char *copy = malloc(t.image.n);
    for (size_t i = from; i < t.image.n; i++) {
        for (size_t v = 0; v < sizeof(values); v++) {
            const char *why;
            memcpy(copy, t.image.p, t.image.n);
            copy[i] = (char)values[v];
            rehash(copy, t.image.n);
            struct table forged = {.numbers = numbers_open(copy, t.image.n, &why)};
            refused += forged.numbers == NULL;
            if (!forged.numbers)
                continue;
            ask(&forged, "12155550100", "acme", 20000);
            ask(&forged, "12155550101", "acme", 20000);
            ask(&forged, "12155551500", "globex", 20000);
            ask(&forged, "199999999999999", "initech", 20000);
            ask(&forged, "4412345", "initech", 20000);
            ask(&forged, "999999999999999", "initech", 20000);
            numbers_close(forged.numbers);
        }
    }
    assert_true(refused > 500);
    free(copy);
    table_fini(&t);
}

static void an_image_says_what_is_wrong(void **state)
{
    (void)state;
    struct table t = compile_text(small_table);
    const char *why;
    struct image_header h;
    char *copy = malloc(t.image.n + 8);
    memcpy(copy, t.image.p, t.image.n);
    memcpy(&h, copy, sizeof(h));
    h.magic = __builtin_bswap64(h.magic);
    memcpy(copy, &h, sizeof(h));
    assert_null(numbers_open(copy, t.image.n, &why));
    assert_string_equal(why, "this is no compiled number table, or one of another byte order");
    h.magic = IMAGE_MAGIC;
    h.version++;
    memcpy(copy, &h, sizeof(h));
    assert_null(numbers_open(copy, t.image.n, &why));
    assert_string_equal(why,
                        "the table was compiled by another version of stird: compile it again");
    memcpy(copy + 4, t.image.p, t.image.n);
    assert_null(numbers_open(copy + 4, t.image.n, &why));
    assert_string_equal(why, "the table is not aligned in memory");
    free(copy);
    table_fini(&t);
}

/* The same text gives the same bytes: nodes can compare checksums. */
static void compiling_is_deterministic(void **state)
{
    (void)state;
    struct table a = compile_text(small_table), b = compile_text(small_table);
    assert_true(str_eq(buf_str(&a.image), buf_str(&b.image)));
    table_fini(&a);
    table_fini(&b);
}

/* ---- no memory ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#define CAN_FAIL_ALLOCATIONS 0
static long allocations_left = -1;
#else
#define CAN_FAIL_ALLOCATIONS 1
static long allocations_left = -1; /* negative: as many as there are */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static bool allocation_fails(void)
{
    return allocations_left >= 0 && allocations_left-- == 0;
}

void *malloc(size_t n)
{
    return allocation_fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return allocation_fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return allocation_fails() ? NULL : __libc_realloc(p, n);
}
#endif

/* One allocation fails: there is either a problem or an image, whichever it is. */
static bool compile_with(long allocations, const struct numbers_source *source, bool good_table)
{
    struct buf image = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    allocations_left = allocations;
    bool compiled = numbers_compile(source, 1, &image, NULL, &problems);
    bool failed = allocations_left < 0;
    allocations_left = -1;
    assert_int_equal(compiled, !problems_any(&problems));
    assert_int_equal(compiled, image.n > 0);
    assert_true(good_table || !compiled);
    if (!failed) /* some can do without: a guess of the size, qsort's work space */
        assert_int_equal(compiled, good_table);
    problems_fini(&problems);
    buf_fini(&image);
    return failed;
}

static void any_failing_allocation_is_told(void **state)
{
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS) {
        print_message("SKIPPED: allocations fail at will without a sanitizer only\n");
        skip();
    }
    /* Out of order, so that it is sorted; with a long span and a customer's conflict. */
    struct numbers_source sources[] = {
        {.name = STR("t.csv"),
         .text = STR("number,customer,state\n+9*,b,owned\n+12155550100,acme,owned\n"
                     "+2*,acme,delegated\n+12155550000-+12155550199,\"b\",owned\n"),
         .kind = NUMBERS_TABLE},
        {.name = STR("t.csv"),
         .text = STR("number,customer,state\n+9*,b,owned\n+9*,b,blocked\n+1,a,b\n"
                     "+12155550000-+12155550199,b,owned\n"),
         .kind = NUMBERS_TABLE},
    };
    for (unsigned i = 0; i < 2; i++) {
        long n = 0;
        while (compile_with(n, &sources[i], i == 0))
            n++;
        assert_true(n > 20);
    }
    struct table t = compile_text(small_table);
    const char *why = NULL;
    for (long n = 0; n < 2; n++) {
        allocations_left = n;
        struct numbers *opened = numbers_open(t.image.p, t.image.n, &why);
        allocations_left = -1;
        assert_true(opened == NULL || n > 0);
        numbers_close(opened);
    }
    table_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_image_is_refused),
        cmocka_unit_test(a_truncated_image_is_refused),
        cmocka_unit_test(a_forged_image_is_refused_or_harmless),
        cmocka_unit_test(an_image_says_what_is_wrong),
        cmocka_unit_test(compiling_is_deterministic),
        cmocka_unit_test(any_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
