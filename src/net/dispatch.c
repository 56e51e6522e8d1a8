/* The rule of dispatch_rule.h in ordinary C. */
#include <stird/net/dispatch.h>

#include <errno.h>
#include <stird/base/chance.h>
#include <string.h>

#include "dispatch_rule.h"

static bool is_response(struct str message)
{
    for (size_t at = 0; at <= DISPATCH_PREAMBLE; at++)
        if (str_starts(str_slice(message, at, message.n), STR("SIP/2.0 ")))
            return true;
    return false;
}

/* Behind the first place where TEXT ends within LOOK bytes; 0: nowhere. */
static size_t behind(struct str message, size_t look, const char *text)
{
    size_t n = strlen(text), room = message.n < look ? message.n : look;
    const char *found = memmem(message.p, room, text, n);
    return found ? (size_t)(found - message.p) + n : 0;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number behind our mark; UINT_MAX: no number. */
static unsigned marked_worker(struct str message, size_t at)
{
    if (at + 2 > message.n)
        return ~0u;
    int high = digit(message.p[at]), low = digit(message.p[at + 1]);
    return high < 0 || low < 0 ? ~0u : (unsigned)(high * 16 + low);
}

static size_t name_length(struct str line)
{
    if (str_starts_nocase(line, STR("call-id")))
        return 7;
    return line.n > 0 && (line.p[0] | 0x20) == 'i' ? 1 : 0;
}

/* Behind the colon of the first Call-ID header whose colon stands within LOOK bytes. */
static size_t value_place(struct str message, size_t look)
{
    size_t room = message.n < look ? message.n : look;
    for (size_t at = str_find(message, '\n', 0); at < room; at = str_find(message, '\n', at)) {
        at++;
        size_t colon = at + name_length(str_slice(message, at, message.n));
        bool named = colon > at;
        while (named && colon < room && (message.p[colon] == ' ' || message.p[colon] == '\t'))
            colon++;
        if (named && colon < room && message.p[colon] == ':')
            return colon + 1;
    }
    return 0;
}

static uint64_t hash_value(struct str value, uint64_t place)
{
    uint64_t h = DISPATCH_HASH_START;
    size_t at = 0;
    while (at < value.n && (unsigned char)value.p[at] <= ' ')
        at++;
    for (; at < value.n && (unsigned char)value.p[at] > ' '; at++)
        h = DISPATCH_STEP(h, place, (unsigned char)value.p[at]);
    return DISPATCH_REDUCE(h);
}

static int draw(uint32_t *number)
{
    do {
        if (!chance_fill(number, sizeof(*number)))
            return -EIO;
        *number &= DISPATCH_PRIME;
    } while (*number == 0 || *number == DISPATCH_PRIME);
    return 0;
}

static bool is_sound(uint32_t number)
{
    return number > 0 && number < DISPATCH_PRIME;
}

bool dispatch_key_is_sound(const struct dispatch_key *key)
{
    return is_sound(key->place) && is_sound(key->multiple) && is_sound(key->offset);
}

int dispatch_key_make(struct dispatch_key *key)
{
    int error = draw(&key->place);
    if (error == 0)
        error = draw(&key->multiple);
    return error ? error : draw(&key->offset);
}

unsigned dispatch_worker(struct str message, unsigned workers, size_t look,
                         const struct dispatch_key *key)
{
    if (message.n < DISPATCH_SHORTEST)
        return 0;
    size_t mark = is_response(message) ? behind(message, look, "9hG4bKst") : 0;
    if (mark > 0) {
        unsigned worker = marked_worker(message, mark);
        return worker < workers ? worker : 0;
    }
    size_t at = value_place(message, look);
    if (at == 0)
        return 0;
    size_t end = at + DISPATCH_VALUE_BYTES < message.n ? at + DISPATCH_VALUE_BYTES : message.n;
    uint64_t h = hash_value(str_slice(message, at, end), key->place);
    h = DISPATCH_STEP(h, key->multiple, key->offset);
    return (unsigned)(DISPATCH_REDUCE(h) * workers >> 31);
}
