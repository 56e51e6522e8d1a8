#include <stird/base/json.h>

#include <assert.h>

struct json json_writer(struct buf *out, bool sorted)
{
    return (struct json){.out = out, .sorted = sorted};
}

/* A comma between the elements of an array; members get theirs from json_put_key(). */
static void before_value(struct json *j)
{
    if (j->depth == 0 || !j->level[j->depth - 1].array)
        return;
    if (j->level[j->depth - 1].filled)
        buf_add_char(j->out, ',');
    j->level[j->depth - 1].filled = true;
}

static void open_level(struct json *j, char bracket, bool array)
{
    before_value(j);
    assert(j->depth < JSON_DEPTH_MAX);
    j->level[j->depth].array = array;
    j->level[j->depth].filled = false;
    j->level[j->depth].last_key = (struct str){NULL, 0};
    j->depth++;
    buf_add_char(j->out, bracket);
}

static void close_level(struct json *j, char bracket, bool array)
{
    assert(j->depth > 0 && j->level[j->depth - 1].array == array);
    j->depth--;
    buf_add_char(j->out, bracket);
}

void json_begin_object(struct json *j)
{
    open_level(j, '{', false);
}

void json_end_object(struct json *j)
{
    close_level(j, '}', false);
}

void json_begin_array(struct json *j)
{
    open_level(j, '[', true);
}

void json_end_array(struct json *j)
{
    close_level(j, ']', true);
}

/* Length of the UTF-8 sequence at P (RFC 3629: no overlongs, no surrogates), 0 when it is none. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, length;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
        if (p[0] < forms[f].first_low || p[0] > forms[f].first_high)
            continue;
        if (n < forms[f].length || p[1] < forms[f].second_low || p[1] > forms[f].second_high)
            return 0;
        for (size_t i = 2; i < forms[f].length; i++)
            if (p[i] < 0x80 || p[i] > 0xbf)
                return 0;
        return forms[f].length;
    }
    return 0;
}

static void add_control(struct buf *out, unsigned char c)
{
    static const char short_forms[] = "btnvfr"; /* 0x08..0x0d; \v is no JSON escape */
    if (c >= 0x08 && c <= 0x0d && c != 0x0b)
        buf_addf(out, "\\%c", short_forms[c - 0x08]);
    else
        buf_addf(out, "\\u%04x", c);
}

static void add_quoted(struct buf *out, struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t plain = 0; /* start of the octets that need no escape */
    buf_add_char(out, '"');
    for (size_t i = 0; i < s.n;) {
        size_t length = p[i] < 0x80 ? 1 : utf8_length(p + i, s.n - i);
        if (length > 1 || (length == 1 && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\')) {
            i += length;
            continue;
        }
        buf_add(out, p + plain, i - plain);
        if (length == 0)
            buf_add_text(out, "\xef\xbf\xbd");
        else if (p[i] < 0x20)
            add_control(out, p[i]);
        else
            buf_addf(out, "\\%c", p[i]);
        plain = ++i;
    }
    if (plain < s.n)
        buf_add(out, p + plain, s.n - plain);
    buf_add_char(out, '"');
}

void json_put_key(struct json *j, struct str key)
{
    assert(j->depth > 0 && !j->level[j->depth - 1].array);
    struct str last = j->level[j->depth - 1].last_key;
    bool filled = j->level[j->depth - 1].filled;
    assert(!j->sorted || !filled || str_compare(last, key) < 0);
    if (filled)
        buf_add_char(j->out, ',');
    j->level[j->depth - 1].filled = true;
    j->level[j->depth - 1].last_key = key;
    add_quoted(j->out, key);
    buf_add_char(j->out, ':');
}

void json_put_string(struct json *j, struct str value)
{
    before_value(j);
    add_quoted(j->out, value);
}

void json_put_integer(struct json *j, int64_t value)
{
    before_value(j);
    if (value < 0)
        buf_add_char(j->out, '-');
    buf_add_u64(j->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_put_bool(struct json *j, bool value)
{
    before_value(j);
    buf_add_text(j->out, value ? "true" : "false");
}

void json_put_null(struct json *j)
{
    before_value(j);
    buf_add_text(j->out, "null");
}

void json_put_known_text(struct json *j, struct str key, struct str text)
{
    json_put_key(j, key);
    if (text.n > 0)
        json_put_string(j, text);
    else
        json_put_null(j);
}

void json_put_known_integer(struct json *j, struct str key, int64_t value, bool known)
{
    json_put_key(j, key);
    if (known)
        json_put_integer(j, value);
    else
        json_put_null(j);
}
