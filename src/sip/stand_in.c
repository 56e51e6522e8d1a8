#include "stand_in.h"

#include <string.h>

#include <stird/headers.h>

#define FOR_NUL  '\1'
#define FOR_LINE '@' /* begins no header name */

/* sofia-sip takes some characters of a token for none in a method. */
static bool is_plain_method(struct str method)
{
    for (size_t i = 0; i < method.n; i++)
        if (!ascii_is_alpha(method.p[i]) && !ascii_is_digit(method.p[i]) && method.p[i] != '-')
            return false;
    return true;
}

/* A NUL ends a text for sofia-sip; RFC 3261 allows it in quoted strings (RFC 4475 3.1.1.2). */
bool stand_in_is_needed(const struct message *m, size_t head)
{
    return m->n_broken > 0 || (m->status == 0 && !is_plain_method(m->method)) ||
           memchr(m->raw.p, '\0', head) != NULL;
}

static void write_method(const struct message *m, char *text)
{
    for (size_t i = 0; i < m->method.n; i++)
        if (!ascii_is_alpha(m->method.p[i])) {
            text[(m->method.p - m->raw.p) + (ptrdiff_t)i] = 'X';
            text[(m->cseq_method.p - m->raw.p) + (ptrdiff_t)i] = 'X';
        }
}

/* Its line ends stay, and what makes its further lines folded ones. */
static void write_line(char *line, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (line[i] != '\r' && line[i] != '\n' && (i == 0 || line[i - 1] != '\n'))
            line[i] = FOR_LINE;
}

void stand_in_write(const struct message *m, size_t head, char *text)
{
    struct header_line line;
    struct str rest;
    memcpy(text, m->raw.p, m->raw.n);
    for (size_t i = 0; i < head; i++)
        if (text[i] == '\0')
            text[i] = FOR_NUL;
    start_line(m->raw, &rest);
    while (head_line_next(&rest, &line))
        if (!line.name.p)
            write_line(text + (line.raw.p - m->raw.p), line.raw.n);
    if (m->status == 0)
        write_method(m, text);
}
