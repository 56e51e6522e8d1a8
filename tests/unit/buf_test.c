#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stird/base/buf.h>

#define assert_buf(b, literal) assert_true(str_eq(buf_str(b), STR(literal)))

static void everything_can_be_added(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    assert_int_equal(buf_str(&b).n, 0);
    buf_add(&b, "a\0b", 3);
    buf_add_str(&b, STR("c"));
    buf_add_str(&b, (struct str){NULL, 0});
    buf_add_text(&b, "de");
    buf_add_char(&b, '-');
    buf_add_u64(&b, 0);
    buf_add_u64(&b, UINT64_MAX);
    buf_addf(&b, "%s=%d", "x", -1);
    assert_buf(&b, "a\0bcde-018446744073709551615x=-1");
    assert_false(buf_failed(&b));
    buf_fini(&b);
    assert_null(b.p);
}

static void it_grows_byte_by_byte(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    for (unsigned i = 0; i < 100000; i++)
        buf_add_char(&b, (char)i);
    assert_int_equal(b.n, 100000);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(b.p[i], (char)i);
    buf_fini(&b);
}

static void formatted_text_fits_at_any_length(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    for (int n = 0; n < 300; n++) {
        buf_reset(&b);
        buf_addf(&b, "%*s", n, "");
        assert_int_equal(b.n, n);
        buf_addf(&b, "%d", 7);
        assert_int_equal(b.p[n], '7');
    }
    buf_fini(&b);
}

static void taken_bytes_end_with_nul(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    size_t n = 77;
    char *empty = buf_take(&b, &n);
    assert_int_equal(n, 0);
    assert_string_equal(empty, "");
    free(empty);
    for (size_t length = 120; length < 140; length++) {
        for (size_t i = 0; i < length; i++)
            buf_add_char(&b, 'x');
        char *taken = buf_take(&b, &n);
        assert_int_equal(n, length);
        assert_int_equal(strlen(taken), length);
        assert_null(b.p);
        free(taken);
    }
}

static void a_failure_sticks(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_add_text(&b, "begun");
    assert_null(buf_room(&b, SIZE_MAX / 2));
    assert_true(buf_failed(&b));
    buf_add_text(&b, "more");
    buf_addf(&b, "%d", 1);
    assert_int_equal(b.n, 5);
    assert_null(buf_room(&b, 1));
    assert_null(buf_take(&b, NULL));
    assert_false(buf_failed(&b)); /* as new */
    buf_add_text(&b, "again");
    assert_buf(&b, "again");
    assert_null(buf_room(&b, SIZE_MAX));
    buf_reset(&b);
    assert_false(buf_failed(&b));
    buf_add_text(&b, "ok");
    assert_buf(&b, "ok");
    buf_fini(&b);
}

static void room_is_filled_by_hand(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    assert_non_null(buf_room(&b, 0)); /* no room is no failure */
    memcpy(buf_room(&b, 1000), "abc", 3);
    buf_grew(&b, 3);
    assert_buf(&b, "abc");
    buf_fini(&b);
}

static void log_text_is_escaped(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_add_escaped(&b, STR("a b~\n\0\"\\\x7f\xe9"));
    assert_buf(&b, "a b~\\x0a\\x00\\x22\\x5c\\x7f\\xe9");
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_can_be_added),
        cmocka_unit_test(it_grows_byte_by_byte),
        cmocka_unit_test(formatted_text_fits_at_any_length),
        cmocka_unit_test(taken_bytes_end_with_nul),
        cmocka_unit_test(a_failure_sticks),
        cmocka_unit_test(room_is_filled_by_hand),
        cmocka_unit_test(log_text_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
