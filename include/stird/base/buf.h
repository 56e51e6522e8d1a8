/*
 * buf - growing bytes with a sticky error.
 *
 * Append without checking; ask buf_failed() once at the end. After a failed allocation every
 * further append is a no-op, so a half-written buffer is never mistaken for a whole one.
 */
#ifndef STIRD_BUF_H
#define STIRD_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stird/base/str.h>

struct buf {
    char *p;
    size_t n;        /* bytes used */
    size_t capacity; /* bytes allocated */
    bool failed;
};

#define BUF_INIT ((struct buf){0})

void buf_fini(struct buf *b);
/* Empties the buf and clears its error, but keeps the memory. */
void buf_reset(struct buf *b);
bool buf_failed(const struct buf *b);
/* What was written so far; borrowed until the next append. */
struct str buf_str(const struct buf *b);
/* Hands the bytes over, NUL-terminated, to be free()d; NULL when it failed. The buf is empty after.
 */
char *buf_take(struct buf *b, size_t *n);

/* Room for N more bytes; NULL on failure. Call buf_grew() afterwards with the number of bytes that
   were used. */
char *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_add_text(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_add_u64(struct buf *b, uint64_t value);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* Text for a log line: octets outside 0x20..0x7e, the quote and the backslash as \xHH. */
void buf_add_escaped(struct buf *b, struct str s);
/* Text for a person's eyes, outside of quotes: octets outside 0x20..0x7e as \xHH. */
void buf_add_shown(struct buf *b, struct str s);

#endif
