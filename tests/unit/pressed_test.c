#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stird/base/pressed.h>

/* PLAIN comes back as it was, and takes as much as was said. Returns how much. */
static size_t comes_back(const unsigned char *plain, size_t bytes)
{
    const size_t n = pressed_bytes(plain, bytes);
    unsigned char *pressed = malloc(n), *again = malloc(bytes + 1);
    assert_non_null(pressed);
    assert_non_null(again);
    memset(again, 0xa5, bytes + 1);
    assert_ptr_equal(pressed_write(pressed, plain, bytes), pressed + n);
    assert_ptr_equal(pressed_read(pressed, again, bytes), pressed + n);
    assert_memory_equal(again, plain, bytes);
    assert_int_equal(again[bytes], 0xa5);
    free(pressed);
    free(again);
    return n;
}

static void zeroes_take_next_to_nothing(void **state)
{
    (void)state;
    static const unsigned char zeroes[8 * 256 * 3 + 5];
    assert_int_equal(comes_back(zeroes, 8), 1);
    assert_int_equal(comes_back(zeroes, 3), 1);
    assert_int_equal(comes_back(zeroes, 8 * 256), 2);
    assert_int_equal(comes_back(zeroes, 8 * 257), 3);
    assert_int_equal(comes_back(zeroes, sizeof(zeroes)), 7);
}

static void each_octet_comes_back_where_it_was(void **state)
{
    (void)state;
    unsigned char plain[67];
    for (size_t bytes = 1; bytes <= sizeof(plain); bytes++)
        for (size_t i = 0; i < bytes; i++) {
            memset(plain, 0, sizeof(plain));
            plain[i] = (unsigned char)(i + 1);
            assert_in_range(comes_back(plain, bytes), 2, 5);
        }
}

static void what_has_no_zeroes_takes_an_eighth_more(void **state)
{
    (void)state;
    unsigned char plain[800];
    memset(plain, 0xff, sizeof(plain));
    assert_int_equal(comes_back(plain, sizeof(plain)), 900);
}

/* Of any length, anywhere in a word. */
static void each_row_of_octets_comes_back(void **state)
{
    (void)state;
    unsigned char plain[24];
    for (size_t first = 0; first < sizeof(plain); first++)
        for (size_t end = first + 1; end <= sizeof(plain); end++) {
            memset(plain, 0, sizeof(plain));
            for (size_t i = first; i < end; i++)
                plain[i] = (unsigned char)(0xf0 + i);
            comes_back(plain, sizeof(plain));
            comes_back(plain, end);
        }
}

static void anything_comes_back(void **state)
{
    (void)state;
    unsigned char plain[3000];
    uint32_t x = 1;
    for (unsigned round = 0; round < 300; round++) {
        const size_t bytes = 1 + round * 10 % sizeof(plain);
        for (size_t i = 0; i < bytes; i++) {
            x = x * 1664525 + 1013904223;
            plain[i] = x >> 24 < round ? (unsigned char)(x >> 16) : 0;
        }
        comes_back(plain, bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroes_take_next_to_nothing),
        cmocka_unit_test(each_octet_comes_back_where_it_was),
        cmocka_unit_test(what_has_no_zeroes_takes_an_eighth_more),
        cmocka_unit_test(each_row_of_octets_comes_back),
        cmocka_unit_test(anything_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
