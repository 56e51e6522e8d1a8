#include "pem.h"

#include <limits.h>
#include <string.h>

#define DASHES 5

static const char begin_mark[] = "-----BEGIN ", end_mark[] = "-----END ";

/* Where MARK is in TEXT; text.n: nowhere. */
static size_t find(struct str text, struct str mark)
{
    const char *at = text.n > 0 ? memmem(text.p, text.n, mark.p, mark.n) : NULL;
    return at ? (size_t)(at - text.p) : text.n;
}

bool pem_is(struct str text)
{
    return find(text, STR("-----BEGIN ")) < text.n;
}

static bool is_end_of_line(char c)
{
    return c == '\r' || c == '\n';
}

static bool begins_line(struct str text, size_t at)
{
    return at == 0 || is_end_of_line(text.p[at - 1]);
}

/* Whether only a byte order mark stands before it in its line. */
static bool is_marked(struct str text, size_t at)
{
    return at >= 3 && memcmp(text.p + at - 3, "\xef\xbb\xbf", 3) == 0 && begins_line(text, at - 3);
}

/* PEM_BLOCK when the BEGIN at AT stands as it should. REST begins where the text does, or behind a
   block. */
static enum pem_find place_of_begin(struct str rest, size_t at)
{
    if (begins_line(rest, at) || (at == 3 && is_marked(rest, at)))
        return PEM_BLOCK;
    return is_marked(rest, at) ? PEM_MARKED : PEM_GLUED;
}

/* "LABEL-----" and white space to the end of the line, off *REST. */
static bool take_label(struct str *rest, struct str *label)
{
    size_t line = 0;
    while (line < rest->n && !is_end_of_line(rest->p[line]))
        line++;
    struct str text = str_trim(str_slice(*rest, 0, line));
    if (text.n < DASHES || memcmp(text.p + text.n - DASHES, "-----", DASHES) != 0)
        return false;
    *label = str_slice(text, 0, text.n - DASHES);
    *rest = str_slice(*rest, line, rest->n);
    return find(*label, STR("-----")) == label->n;
}

/* Headers end at an empty line. */
static void take_headers(struct pem_block *block)
{
    size_t colon = str_find(block->base64, ':', 0);
    block->headers = colon < block->base64.n;
    if (!block->headers)
        return;
    size_t at = find(block->base64, STR("\n\n")), crlf = find(block->base64, STR("\r\n\r\n"));
    block->base64 = str_slice(block->base64, at < crlf ? at : crlf, block->base64.n);
}

enum pem_find pem_next(struct str *rest, struct pem_block *block)
{
    struct str label;
    size_t at = find(*rest, str_of(begin_mark));
    if (at == rest->n)
        return PEM_NONE;
    enum pem_find place = place_of_begin(*rest, at);
    *rest = str_slice(*rest, at + sizeof(begin_mark) - 1, rest->n);
    if (place != PEM_BLOCK)
        return place;
    if (!take_label(rest, &block->label))
        return PEM_GLUED;
    size_t end = find(*rest, str_of(end_mark));
    if (end == rest->n || find(str_slice(*rest, 0, end), str_of(begin_mark)) < end)
        return PEM_CUT;
    block->base64 = str_slice(*rest, 0, end);
    take_headers(block);
    bool alone = begins_line(*rest, end);
    *rest = str_slice(*rest, end + sizeof(end_mark) - 1, rest->n);
    if (!alone || !take_label(rest, &label))
        return PEM_GLUED;
    return str_eq(label, block->label) ? PEM_BLOCK : PEM_CUT;
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (ascii_is_digit(c))
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

long pem_decode(struct str base64, unsigned char *out)
{
    unsigned bits = 0, digits = 0, padding = 0;
    long n = 0;
    if (base64.n > INT_MAX)
        return -1;
    for (size_t i = 0; i < base64.n; i++) {
        char c = base64.p[i];
        int value = value_of(c);
        if (c == ' ' || c == '\t' || is_end_of_line(c))
            continue;
        if (c == '=' && ++padding <= 2)
            value = 0;
        else if (value < 0 || padding > 0)
            return -1;
        bits = bits << 6 | (unsigned)value;
        if (++digits % 4 != 0)
            continue;
        out[n++] = (unsigned char)(bits >> 16);
        out[n++] = (unsigned char)(bits >> 8);
        out[n++] = (unsigned char)bits;
        bits = 0;
    }
    return digits % 4 == 0 && n > 0 ? n - (long)padding : -1;
}
