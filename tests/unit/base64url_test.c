#include "lab.h"

static const struct {
    const char *plain, *encoded;
} pairs[] = {
    /* RFC 4648 section 10, without padding */
    {"", ""},
    {"f", "Zg"},
    {"fo", "Zm8"},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg"},
    {"fooba", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy"},
    /* where base64url differs */
    {"\xfb\xff\xbf", "-_-_"},
};

static void known_pairs_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct buf b = BUF_INIT;
        base64url_add(&b, pairs[i].plain, strlen(pairs[i].plain));
        assert_str(buf_str(&b), str_of(pairs[i].encoded));
        buf_reset(&b);
        assert_true(base64url_decode(&b, str_of(pairs[i].encoded)));
        assert_str(buf_str(&b), str_of(pairs[i].plain));
        buf_fini(&b);
    }
}

/* R-P-123. */
static void every_length_comes_back(void **state)
{
    unsigned char bytes[256];
    (void)state;
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 151 + 7);
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        struct buf encoded = BUF_INIT, decoded = BUF_INIT;
        base64url_add(&encoded, bytes, n);
        assert_int_equal(encoded.n, (n * 4 + 2) / 3);
        assert_true(base64url_decode(&decoded, buf_str(&encoded)));
        assert_int_equal(decoded.n, n);
        if (n > 0)
            assert_memory_equal(decoded.p, bytes, n);
        buf_fini(&encoded);
        buf_fini(&decoded);
    }
}

static void other_texts_are_refused(void **state)
{
    static const char *const bad[] = {
        "Z",     "Zm9vY",   "Zg==", "Zm8=", "Zm9v\n",
        " Zm9v", "Zm+v",    "Zm/v", "Zh",   "Zm9", /* bits left over that are not 0 */
        "Zm.v",  "Zm9\xc3",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buf b = BUF_INIT;
        if (base64url_decode(&b, str_of(bad[i])))
            fail_msg("\"%s\" was taken", bad[i]);
        buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_pairs_both_ways),
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
