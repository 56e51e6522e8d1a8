#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>
#include <stird/base/json.h>

static void write_value(struct json *j, json_t *value);

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_object(struct json *j, json_t *object)
{
    const char *keys[64], *key;
    json_t *value;
    size_t n = 0;
    json_object_foreach(object, key, value) keys[n++] = key;
    assert_true(n < 64);
    qsort(keys, n, sizeof(keys[0]), by_bytes);
    json_begin_object(j);
    for (size_t i = 0; i < n; i++) {
        json_put_key(j, str_of(keys[i]));
        write_value(j, json_object_get(object, keys[i]));
    }
    json_end_object(j);
}

static void write_value(struct json *j, json_t *value)
{
    size_t i;
    json_t *element;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(j, value);
        break;
    case JSON_ARRAY:
        json_begin_array(j);
        json_array_foreach(value, i, element) write_value(j, element);
        json_end_array(j);
        break;
    case JSON_STRING:
        json_put_string(j, (struct str){json_string_value(value), json_string_length(value)});
        break;
    case JSON_INTEGER:
        json_put_integer(j, json_integer_value(value));
        break;
    case JSON_NULL:
        json_put_null(j);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        json_put_bool(j, json_is_true(value));
        break;
    default:
        fail_msg("a vector holds a real number");
    }
}

static void vectors_are_written_byte_for_byte(void **state)
{
    (void)state;
    json_t *file = json_load_file(TESTS_DIR "/vectors/deterministic_json.json", 0, NULL), *pair;
    size_t i;
    assert_non_null(file);
    assert_true(json_array_size(json_object_get(file, "pairs")) >= 18);
    json_array_foreach(json_object_get(file, "pairs"), i, pair)
    {
        json_t *want = json_object_get(pair, "expected");
        json_t *input = json_loads(json_string_value(json_object_get(pair, "input_json")),
                                   JSON_ALLOW_NUL, NULL);
        struct buf out = BUF_INIT;
        struct json j = json_writer(&out, true);
        assert_non_null(input);
        write_value(&j, input);
        assert_int_equal(j.depth, 0);
        assert_false(buf_failed(&out));
        if (!str_eq(buf_str(&out), (struct str){json_string_value(want), json_string_length(want)}))
            fail_msg("%s: %.*s", json_string_value(json_object_get(pair, "name")),
                     STR_ARG(buf_str(&out)));
        buf_fini(&out);
        json_decref(input);
    }
    json_decref(file);
}

/* One string value, as it comes out. */
#define assert_string(want, ...)                                                                   \
    do {                                                                                           \
        struct buf out = BUF_INIT;                                                                 \
        struct json j = json_writer(&out, false);                                                  \
        json_put_string(&j, STR(__VA_ARGS__));                                                     \
        assert_true(str_eq(buf_str(&out), STR(want)));                                             \
        buf_fini(&out);                                                                            \
    } while (0)

static void strings_are_escaped(void **state)
{
    (void)state;
    assert_string("\"\"", "");
    assert_string("\"\\\"\\\\/\"", "\"\\/");
    assert_string("\"\\b\\t\\n\\u000b\\f\\r\"", "\b\t\n\v\f\r");
    assert_string("\"\\u0000\\u0001\\u001f\x7f\"", "\0\x01\x1f\x7f");
    assert_string("\"\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
                  "\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

/* Whatever a caller sends, a record is UTF-8. */
static void octets_that_are_not_utf8_are_replaced(void **state)
{
    (void)state;
    assert_string("\"a\xef\xbf\xbdz\"", "a\xffz");
    assert_string("\"\xef\xbf\xbd\"", "\x80");
    assert_string("\"\xef\xbf\xbd\"", "\xc2");
    assert_string("\"\xef\xbf\xbd\xef\xbf\xbd\"", "\xc0\x80");
    assert_string("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "\xe0\x80\x80");
    assert_string("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "\xed\xa0\x80");
    assert_string("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "\xf4\x90\x80\x80");
    assert_string("\"\xef\xbf\xbd\xef\xbf\xbd!\"", "\xe2\x82!");
}

/* jansson agrees that any octets come out as valid JSON. */
static void any_octets_give_valid_json(void **state)
{
    (void)state;
    uint32_t x = 12345;
    for (int round = 0; round < 20000; round++) {
        char bytes[12];
        struct buf out = BUF_INIT;
        struct json j = json_writer(&out, false);
        for (size_t i = 0; i < sizeof(bytes); i++) {
            x = x * 1664525 + 1013904223;
            bytes[i] = (char)(x >> 24 < 128 ? (x >> 16) | 0x80 : x >> 16);
        }
        json_begin_array(&j);
        json_put_string(&j, (struct str){bytes, sizeof(bytes)});
        json_end_array(&j);
        json_t *parsed = json_loadb(out.p, out.n, JSON_ALLOW_NUL, NULL);
        assert_non_null(parsed);
        json_decref(parsed);
        buf_fini(&out);
    }
}

static void integers_have_their_whole_range(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    json_begin_array(&j);
    json_put_integer(&j, 0);
    json_put_integer(&j, -1);
    json_put_integer(&j, INT64_MAX);
    json_put_integer(&j, INT64_MIN);
    json_end_array(&j);
    assert_true(str_eq(buf_str(&out), STR("[0,-1,9223372036854775807,-9223372036854775808]")));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_written_byte_for_byte),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(octets_that_are_not_utf8_are_replaced),
        cmocka_unit_test(any_octets_give_valid_json),
        cmocka_unit_test(integers_have_their_whole_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
