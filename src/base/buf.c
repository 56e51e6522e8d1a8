#include <stird/base/buf.h>
#include <stird/base/shortage.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 512 /* octets; most texts of a message need no more */

void buf_fini(struct buf *b)
{
    free(b->p);
    *b = BUF_INIT;
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

bool buf_failed(const struct buf *b)
{
    return b->failed;
}

struct str buf_str(const struct buf *b)
{
    return (struct str){b->p, b->n};
}

char *buf_take(struct buf *b, size_t *n)
{
    char *p = NULL;
    if (buf_room(b, 1)) {
        b->p[b->n] = '\0';
        p = b->p;
        if (n)
            *n = b->n;
        *b = BUF_INIT;
    }
    buf_fini(b);
    return p;
}

/* NULL: no memory. */
static char *grow(struct buf *b, size_t n)
{
    size_t capacity = b->capacity ? b->capacity : FIRST_ROOM;
    while (capacity - b->n < n && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    char *p = capacity - b->n < n ? NULL : realloc(b->p, capacity);
    if (!p) {
        shortage_add();
        b->failed = true;
        return NULL;
    }
    b->p = p;
    b->capacity = capacity;
    return p + b->n;
}

char *buf_room(struct buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    return b->p && n <= b->capacity - b->n ? b->p + b->n : grow(b, n);
}

void buf_grew(struct buf *b, size_t n)
{
    b->n += n;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    char *room = n > 0 ? buf_room(b, n) : NULL;
    if (room) {
        memcpy(room, bytes, n);
        b->n += n;
    }
}

void buf_add_str(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_add_u64(struct buf *b, uint64_t value)
{
    char digits[20];
    size_t i = sizeof(digits);
    do {
        digits[--i] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_add(b, digits + i, sizeof(digits) - i);
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buf_vaddf(b, format, arguments);
    va_end(arguments);
}

void buf_vaddf(struct buf *b, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    char *room = n >= 0 ? buf_room(b, (size_t)n + 1) : NULL;
    if (room) {
        vsnprintf(room, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

static void add_readable(struct buf *b, struct str s, const char *escaped)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c <= 0x7e && !strchr(escaped, c)) {
            buf_add_char(b, (char)c);
        } else {
            char quoted[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};
            buf_add(b, quoted, sizeof(quoted));
        }
    }
}

void buf_add_escaped(struct buf *b, struct str s)
{
    add_readable(b, s, "\"\\");
}

void buf_add_shown(struct buf *b, struct str s)
{
    add_readable(b, s, "");
}
