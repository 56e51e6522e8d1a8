#include "stand_in.h"

#include <stdio.h>
#include <string.h>

#include <stird/core/headers.h>

#define FOR_NUL     '\1'
#define FOR_LINE    '@' /* no header name begins with it */
#define LINES_ALONE 256 /* of a response with more, those that nothing here looks at are one */

/* In a method sofia-sip does not accept some characters that a token may have. */
static bool is_plain_method(struct str method)
{
    for (size_t i = 0; i < method.n; i++)
        if (!ascii_is_alpha(method.p[i]) && !ascii_is_digit(method.p[i]) && method.p[i] != '-')
            return false;
    return true;
}

bool stand_in_has_runs(const struct message *m)
{
    return m->status != 0 && m->n_lines > LINES_ALONE;
}

/* The headers of a response that we read, remove or change. */
bool stand_in_is_kept_apart(const struct header_line *line)
{
    static const struct {
        struct str name;
        char compact;
    } kept[] = {{STR("Via"), 'v'},
                {STR("Content-Length"), 'l'},
                {STR("Contact"), 'm'},
                {STR("Retry-After"), '\0'}};
    char room[HEADER_ROOM];
    struct str names[2];
    header_lookalikes(line, names, room);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (header_is_named(names[0], kept[i].name, kept[i].compact) ||
            header_is_named(names[1], kept[i].name, kept[i].compact))
            return true;
    return false;
}

/*
 * The parser makes an object of each line, at a cost that grows with their number. So of the lines
 * that nothing here looks at, all but the first of a run are given as lines that continue it.
 */
static void write_runs(const struct message *m, char *text)
{
    struct header_line line;
    struct str rest;
    bool in_run = false;
    start_line(m->raw, &rest);
    while (head_line_next(&rest, &line)) {
        bool apart = stand_in_is_kept_apart(&line);
        if (!apart && in_run)
            text[line.raw.p - m->raw.p] = ' ';
        in_run = !apart;
    }
}

/* A NUL ends a text for sofia-sip; RFC 3261 allows it in quoted strings (RFC 4475 3.1.1.2). */
bool stand_in_is_needed(const struct message *m)
{
    return m->n_broken > 0 || stand_in_has_runs(m) || m->lists_folded || m->start_is_odd ||
           m->hops_unclear || m->length_unclear || m->copy.what ||
           (m->status == 0 && !is_plain_method(m->method)) ||
           memchr(m->raw.p, '\0', m->head_bytes) != NULL;
}

void stand_in_hide(const struct message *m, const struct header_line *line, char *text)
{
    memset(text + (line->name.p - m->raw.p), 'X', line->name.n);
}

/* Where the URI of a start line begins and ends when one space is between its parts. */
static struct str uri_place(const struct message *m)
{
    const size_t behind = sizeof(" SIP/2.0") - 1;
    struct str rest, line = start_line(m->raw, &rest);
    return str_slice(line, m->method.n + 1, line.n - behind);
}

void stand_in_uri(const struct message *m, char *text)
{
    struct str place = uri_place(m);
    char *at = text + (place.p - m->raw.p);
    memset(at, 'x', place.n);
    if (place.n >= sizeof("sip:x") - 1)
        memcpy(at, "sip:", 4);
}

/* The URI, and a parameter that takes the room of what stood around it. */
static void write_request_line(const struct message *m, char *text)
{
    struct str rest, line = start_line(m->raw, &rest), place = uri_place(m);
    char *at = text + (place.p - m->raw.p);
    memcpy(text, m->method.p, m->method.n);
    text[m->method.n] = ' ';
    memset(at, 'x', place.n);
    memcpy(at, m->request_uri.p, m->request_uri.n);
    if (m->request_uri.n < place.n)
        at[m->request_uri.n] = ';';
    memcpy(text + line.n - 8, " SIP/2.0", 8);
}

/* "SIP/2.0 200 xxxx" */
static void write_status_line(const struct message *m, char *text)
{
    struct str rest, line = start_line(m->raw, &rest);
    char words[16];
    int n = snprintf(words, sizeof(words), "SIP/2.0 %d ", m->status);
    size_t used = (size_t)n < line.n ? (size_t)n : line.n;
    memset(text, 'x', line.n);
    memcpy(text, words, used);
}

static void write_start_line(const struct message *m, char *text)
{
    if (m->status == 0)
        write_request_line(m, text);
    else
        write_status_line(m, text);
}

/* Hides a Max-Forwards that is no number or comes twice; in a response, the same of Content-Length.
 */
static bool is_hidden(const struct message *m, const struct header_line *line)
{
    return (m->hops_unclear && header_is(line, STR("Max-Forwards"), 0)) ||
           (m->length_unclear && header_is(line, STR("Content-Length"), 'l')) ||
           (m->copy.what && screen_is_copy(m, line));
}

static void write_method(const struct message *m, char *text)
{
    for (size_t i = 0; i < m->method.n; i++)
        if (!ascii_is_alpha(m->method.p[i])) {
            text[i] = 'X';
            text[(m->cseq_method.p - m->raw.p) + (ptrdiff_t)i] = 'X';
        }
}

/* Fills a line but for its line ends and the octets that make its further lines folded ones. */
static void write_line(char *line, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (line[i] != '\r' && line[i] != '\n' && (i == 0 || line[i - 1] != '\n'))
            line[i] = FOR_LINE;
}

static bool is_list(const struct header_line *line)
{
    return header_is(line, STR("Via"), 'v') || header_is(line, STR("Route"), 0) ||
           header_is(line, STR("Record-Route"), 0);
}

/* A fold is white space, which sofia-sip takes for a part of the host before it: the list that it
   writes anew would differ. */
static void unfold(char *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (value[i] == '\r' || value[i] == '\n')
            value[i] = ' ';
}

void stand_in_write(const struct message *m, char *text)
{
    struct header_line line;
    struct str rest;
    memcpy(text, m->raw.p, m->raw.n);
    for (size_t i = 0; i < m->head_bytes; i++)
        if (text[i] == '\0')
            text[i] = FOR_NUL;
    start_line(m->raw, &rest);
    while (head_line_next(&rest, &line))
        if (!line.name.p)
            write_line(text + (line.raw.p - m->raw.p), line.raw.n);
        else if (is_hidden(m, &line))
            stand_in_hide(m, &line, text);
        else if (m->lists_folded && is_list(&line))
            unfold(text + (line.value.p - m->raw.p), line.value.n);
    if (stand_in_has_runs(m))
        write_runs(m, text);
    if (m->start_is_odd)
        write_start_line(m, text);
    if (m->status == 0 && !is_plain_method(m->method))
        write_method(m, text);
}
