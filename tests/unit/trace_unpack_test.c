/* gzip is taken off, and never grows beyond what is allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stird/trace/trace.h>
#include <zlib.h>

static struct buf packed(const char *bytes, size_t n)
{
    struct buf out = BUF_INIT;
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)bytes, .avail_in = (unsigned)n};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, n) + 64;
    z.next_out = (unsigned char *)buf_room(&out, room);
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    buf_grew(&out, z.total_out);
    deflateEnd(&z);
    return out;
}

static void what_was_packed_comes_out(void **state)
{
    (void)state;
    const char *why;
    struct buf one = packed("one ", 4), two = packed("two", 3), out = BUF_INIT;
    assert_true(trace_is_packed(buf_str(&one)));
    buf_add_str(&one, buf_str(&two)); /* members in a row are one file */
    assert_true(trace_unpack(buf_str(&one), 1 << 20, &out, &why));
    assert_int_equal(out.n, 7);
    assert_memory_equal(out.p, "one two", 7);
    buf_fini(&one);
    buf_fini(&two);
    buf_fini(&out);
}

static void a_bomb_is_cut(void **state)
{
    (void)state;
    enum { LARGE = 8 << 20, MOST = 1 << 20 };
    const char *why;
    char *zeros = calloc(1, LARGE);
    struct buf bomb = packed(zeros, LARGE), out = BUF_INIT;
    assert_true(bomb.n < 64 * 1024);
    assert_false(trace_unpack(buf_str(&bomb), MOST, &out, &why));
    assert_string_equal(why, "is too long when it is unpacked");
    assert_true(out.n >= MOST && out.n < MOST + 128 * 1024);
    free(zeros);
    buf_fini(&bomb);
    buf_fini(&out);
}

static void what_is_broken_says_how(void **state)
{
    (void)state;
    const char *why;
    struct buf whole = packed("some text that is packed", 24), out = BUF_INIT;
    assert_false(trace_unpack(str_slice(buf_str(&whole), 0, whole.n - 9), 1 << 20, &out, &why));
    assert_string_equal(why, "its gzip stream is cut");
    whole.p[12] = (char)~whole.p[12];
    buf_reset(&out);
    assert_false(trace_unpack(buf_str(&whole), 1 << 20, &out, &why));
    assert_string_equal(why, "its gzip stream is broken");
    assert_false(trace_is_packed(STR("\x1f\x8b")));
    assert_non_null(trace_other_format(STR("PK\x03\x04")));
    assert_null(trace_other_format(STR("INVITE sip:a SIP/2.0")));
    buf_fini(&whole);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_out),
        cmocka_unit_test(a_bomb_is_cut),
        cmocka_unit_test(what_is_broken_says_how),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
