/*
 * str - borrowed text: a pointer and a length, never owned, not NUL-terminated.
 *
 * What a struct str points at belongs to somebody else and must outlive it. Safe from any thread;
 * nothing here allocates.
 */
#ifndef STIRD_STR_H
#define STIRD_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    const char *p;
    size_t n;
};

/* A string literal as text. */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
/* For printf-like functions: "%.*s", STR_ARG(s). Only for text that is known to be printable. */
#define STR_ARG(s) (int)(s).n, (s).p

/* NUL-terminated text; NULL gives the empty text. */
struct str str_of(const char *text);
struct str str_span(const char *begin, const char *end);

bool str_eq(struct str a, struct str b);
/* ASCII letters of either case are equal (header names, schemes, hosts). */
bool str_eq_nocase(struct str a, struct str b);
/* <0, 0, >0 by bytes, then by length. */
int str_compare(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);

/* Index of the first C at or after FROM, or s.n. */
size_t str_find(struct str s, char c, size_t from);
/* The part from FROM (at most s.n) up to TO (at most s.n). */
struct str str_slice(struct str s, size_t from, size_t to);
/* Without white space (space, tab, CR, LF) at both ends. */
struct str str_trim(struct str s);
/*
 * Takes the text before the first SEPARATOR off *REST and returns it; *REST goes on behind the
 * separator. When there is none, all of *REST is returned and *REST becomes empty with p == NULL.
 */
struct str str_cut(struct str *rest, char separator);

/* RFC 3629: no overlong forms, no surrogates. */
bool str_is_utf8(struct str s);

/* Decimal digits only, the whole text, at most MAX: false otherwise and *VALUE untouched. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *value);

bool ascii_is_digit(char c);
/* White space in a header; the line ends of a folded one count (RFC 3261, LWS). */
bool ascii_is_space(char c);
bool ascii_is_alpha(char c);
char ascii_lower(char c);
/* 0..15, or -1. */
int ascii_hex_value(char c);

#endif
