/* One value, by the type of its key: read, judged and printed. */
#include "keys.h"

#include <assert.h>
#include <string.h>

struct unit {
    const char *suffix;
    uint64_t factor;
};

static const struct unit durations[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
static const struct unit sizes[] = {{"", 1}, {"k", 1024}, {"m", 1048576}};

/* Numbers are kept in fields of 1, 2 or 4 bytes, as the settings have them. */
static void store_number(void *field, size_t width, uint64_t value)
{
    uint8_t one = (uint8_t)value;
    uint16_t two = (uint16_t)value;
    uint32_t four = (uint32_t)value;
    assert(width == 1 || width == 2 || width == 4);
    memcpy(field, width == 1 ? (void *)&one : width == 2 ? (void *)&two : (void *)&four, width);
}

static uint64_t load_number(const void *field, size_t width)
{
    uint8_t one;
    uint16_t two;
    uint32_t four;
    if (width == 1)
        return memcpy(&one, field, 1), one;
    if (width == 2)
        return memcpy(&two, field, 2), two;
    assert(width == 4);
    return memcpy(&four, field, 4), four;
}

static void print_units(const struct unit *units, unsigned n, uint64_t value, struct buf *out)
{
    unsigned best = 0;
    for (unsigned i = 0; i < n; i++)
        if (value > 0 && value % units[i].factor == 0)
            best = i;
    buf_addf(out, "%llu%s", (unsigned long long)(value / units[best].factor), units[best].suffix);
}

void key_print_number(const struct key *key, uint64_t value, struct buf *out)
{
    if (key->type == KEY_DURATION)
        print_units(durations, 4, value, out);
    else if (key->type == KEY_SIZE)
        print_units(sizes, 3, value, out);
    else
        buf_add_u64(out, value);
}

static const char *finish(struct buf *message)
{
    buf_add_char(message, '\0');
    return buf_failed(message) ? "is not valid" : message->p;
}

static const char *check_range(const struct key *key, uint64_t value, void *field,
                               struct buf *message)
{
    if (value >= (uint64_t)key->min && value <= (uint64_t)key->max) {
        store_number(field, key->width, value);
        return NULL;
    }
    buf_add_text(message, "must be between ");
    key_print_number(key, (uint64_t)key->min, message);
    buf_add_text(message, " and ");
    key_print_number(key, (uint64_t)key->max, message);
    return finish(message);
}

static bool with_unit(struct str text, const struct unit *units, unsigned n, uint64_t *value)
{
    size_t digits = 0;
    while (digits < text.n && ascii_is_digit(text.p[digits]))
        digits++;
    struct str suffix = str_slice(text, digits, text.n);
    for (unsigned i = 0; i < n; i++) {
        if (!str_eq_nocase(suffix, str_of(units[i].suffix)))
            continue;
        if (!str_to_u64(str_slice(text, 0, digits), UINT32_MAX, value))
            return false;
        *value *= units[i].factor;
        return true;
    }
    return false;
}

static const char *parse_integer(const struct key *key, struct str text, void *field,
                                 struct buf *message)
{
    uint64_t value;
    /* Too large, or negative: out of any range. */
    if (!str_to_u64(text, INT64_MAX, &value))
        value = (uint64_t)key->max + 1;
    return check_range(key, value, field, message);
}

static const char *parse_duration(const struct key *key, struct str text, void *field,
                                  struct buf *message)
{
    uint64_t value;
    if (!with_unit(text, durations, 4, &value))
        return "must be a time with its unit, such as \"500ms\", \"30s\", \"2m\" or \"1h\"";
    return check_range(key, value, field, message);
}

static const char *parse_size(const struct key *key, struct str text, void *field,
                              struct buf *message)
{
    uint64_t value;
    if (!with_unit(text, sizes, 3, &value))
        return "must be a size in bytes, such as \"64k\" or \"1m\"";
    return check_range(key, value, field, message);
}

static const char *parse_choice(const struct key *key, struct str text, void *field,
                                struct buf *message)
{
    buf_add_text(message, "must be one of");
    for (unsigned i = 0, shown = 0; key->choices[i]; i++) {
        bool refused = key->refused >> i & 1;
        if (str_eq(text, str_of(key->choices[i]))) {
            if (refused)
                return key->why_refused;
            store_number(field, key->width, i);
            return NULL;
        }
        if (!refused)
            buf_addf(message, "%s \"%s\"", shown++ > 0 ? "," : "", key->choices[i]);
    }
    return finish(message);
}

/* [A-Za-z0-9_.-]{1,64} */
static bool name_is_valid(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!ascii_is_alpha(name.p[i]) && !ascii_is_digit(name.p[i]) && name.p[i] != '_' &&
            name.p[i] != '.' && name.p[i] != '-')
            return false;
    return name.n >= 1 && name.n <= 64;
}

static bool all(struct str text, bool digits)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (digits ? !ascii_is_digit(text.p[i]) : c < 0x20 || c == 0x7f)
            return false;
    }
    return true;
}

static const char *parse_text(const struct key *key, struct str text, void *field,
                              struct buf *message)
{
    if (key->type == KEY_NAME && !name_is_valid(text))
        return "must be 1 to 64 letters, digits, \"_\", \".\" or \"-\"";
    if (key->type == KEY_DIGITS && !all(text, true))
        return "must be digits only";
    if (!all(text, false))
        return "must not hold control characters";
    if (key->type != KEY_NAME && text.n < (size_t)key->min)
        return "must not be empty";
    if (key->type != KEY_NAME && text.n > (size_t)key->max) {
        buf_addf(message, "must be at most %lld characters", (long long)key->max);
        return finish(message);
    }
    memcpy(field, &text, sizeof(text));
    return NULL;
}

static const char *parse_boolean(const struct key *key, struct str text, void *field)
{
    if (!str_eq(text, STR("true")) && !str_eq(text, STR("false")))
        return "must be true or false";
    store_number(field, key->width, str_eq(text, STR("true")));
    return NULL;
}

const char *key_parse(const struct key *key, struct str text, void *field, struct buf *message)
{
    switch (key->type) {
    case KEY_TEXT:
    case KEY_DIGITS:
    case KEY_NAME:
    case KEY_PATH:
        return parse_text(key, text, field, message);
    case KEY_BOOLEAN:
        return parse_boolean(key, text, field);
    case KEY_INTEGER:
        return parse_integer(key, text, field, message);
    case KEY_DURATION:
        return parse_duration(key, text, field, message);
    case KEY_SIZE:
        return parse_size(key, text, field, message);
    case KEY_CHOICE:
        return parse_choice(key, text, field, message);
    case KEY_TEXTS:
    case KEY_OBJECTS:
        break;
    }
    assert(!"a list has no single value");
    return "is a list";
}

static void print_quoted(struct str text, struct buf *out)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, text.p[i]);
    }
    buf_add_char(out, '"');
}

void key_print(const struct key *key, const void *field, struct buf *out)
{
    struct str text;
    switch (key->type) {
    case KEY_BOOLEAN:
        buf_add_text(out, load_number(field, key->width) ? "true" : "false");
        return;
    case KEY_CHOICE:
        print_quoted(str_of(key->choices[load_number(field, key->width)]), out);
        return;
    case KEY_INTEGER:
        buf_add_u64(out, load_number(field, key->width));
        return;
    case KEY_DURATION:
    case KEY_SIZE:
        buf_add_char(out, '"');
        key_print_number(key, load_number(field, key->width), out);
        buf_add_char(out, '"');
        return;
    default:
        memcpy(&text, field, sizeof(text));
        print_quoted(text, out);
    }
}
