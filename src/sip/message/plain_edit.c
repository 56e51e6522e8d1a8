/* Editing and printing of a plain message; see plain.h. */
#include <errno.h>
#include <string.h>

#include "plain.h"
#include "plain_parts.h"

#define ADDED_BYTES 2048 /* an Identity and all lines that a proxy adds */

/* N octets that stay as long as the message. */
static char *room_for(struct plain *p, size_t n)
{
    if (!p->added)
        p->added = arena_new(ADDED_BYTES);
    return p->added ? arena_alloc(p->added, n) : NULL;
}

static char *put(char *at, struct str s)
{
    memcpy(at, s.p, s.n);
    return at + s.n;
}

/* TEXT, a line with its end, stays as long as the message; LINE has its header set, and of a Via
   where its parts are kept. */
static void set_line(struct plain *p, struct plain_line *line, const char *text, size_t n)
{
    const size_t colon = str_find((struct str){text, n}, ':', 0);
    const struct str value = str_trim(str_slice((struct str){text, n}, colon + 1, n));
    line->added = text;
    line->n = (uint32_t)n;
    line->name_n = (uint16_t)colon;
    line->value_at = (uint32_t)(value.p - text);
    line->value_n = (uint32_t)value.n;
    if (line->header == PLAIN_VIA)
        p->vias_read &= (uint16_t) ~(1u << line->via);
}

/* Before LINE, which may be one that came, goes or becomes another. */
static void changes(struct plain *p, const struct plain_line *line)
{
    p->changed |= line->added ? 0 : 1u << line->header;
}

void plain_remove(struct message *m, struct plain_line *line)
{
    struct plain *p = m->plain;
    const size_t i = (size_t)(line - p->lines);
    changes(p, line);
    if (line->header == PLAIN_VIA)
        p->vias_used &= (uint16_t) ~(1u << line->via);
    p->n--;
    memmove(line, line + 1, (p->n - i) * sizeof(*line));
    p->route_read = 0;
}

int plain_replace(struct message *m, struct plain_line *line, struct str text)
{
    char *own = room_for(m->plain, text.n);
    if (!own)
        return -ENOMEM;
    memcpy(own, text.p, text.n);
    if (line == &m->plain->start) {
        line->added = own;
        line->n = (uint32_t)text.n;
    } else {
        changes(m->plain, line);
        set_line(m->plain, line, own, text.n);
    }
    return 0;
}

/* Where the parts of another Via are kept; PLAIN_VIAS_ROOM: nowhere. */
static unsigned via_room(struct plain *p)
{
    unsigned i = 0;
    while (i < PLAIN_VIAS_ROOM && (p->vias_used & 1u << i))
        i++;
    return i;
}

int plain_add(struct message *m, enum plain_header header, struct str name, struct str value,
              bool first)
{
    struct plain *p = m->plain;
    const unsigned via = header == PLAIN_VIA ? via_room(p) : 0;
    const size_t n = name.n + 2 + value.n + 2;
    char *text = p->n < PLAIN_ROOM && via < PLAIN_VIAS_ROOM ? room_for(p, n) : NULL;
    if (!text)
        return -ENOMEM;
    put(put(put(put(text, name), STR(": ")), value), STR("\r\n"));
    struct plain_line *line = &p->lines[first ? 0 : p->n];
    if (first)
        memmove(line + 1, line, p->n * sizeof(*line));
    p->n++;
    p->route_read = 0;
    *line = (struct plain_line){.header = (uint8_t)header, .via = (uint8_t)via};
    p->vias_used |= header == PLAIN_VIA ? (uint16_t)(1u << via) : 0;
    set_line(p, line, text, n);
    return 0;
}

/* ";NAME=VALUE" */
static char *put_parameter(char *at, struct str name, struct str value)
{
    return put(put(put(put(at, STR(";")), name), STR("=")), value);
}

int plain_set_via_source(struct message *m, struct str received, struct str rport)
{
    const struct str names[] = {STR("received"), STR("rport")}, said[] = {received, rport};
    struct plain_line *line = plain_find(m, PLAIN_VIA, 0);
    struct str old = plain_line(m, line).value, name, value;
    bool done[] = {received.n == 0, rport.n == 0};
    char *text = room_for(m->plain,
                          sizeof("Via: ;received=;rport=\r\n") + old.n + received.n + rport.n);
    if (!text)
        return -ENOMEM;
    struct str rest = str_slice(old, plain_via_parts(m, line)->parameters, old.n), one = rest;
    char *end = put(put(text, STR("Via: ")), str_span(old.p, rest.p));
    for (; plain_next_parameter(&rest, &name, &value); one = rest) {
        unsigned i = 0;
        while (i < 2 && (said[i].n == 0 || !str_eq_nocase(name, names[i])))
            i++;
        end = i < 2 ? put_parameter(end, names[i], said[i]) : put(end, str_span(one.p, rest.p));
        if (i < 2)
            done[i] = true;
    }
    for (unsigned i = 0; i < 2; i++)
        end = done[i] ? end : put_parameter(end, names[i], said[i]);
    end = put(end, STR("\r\n"));
    set_line(m->plain, line, text, (size_t)(end - text));
    return 0;
}

int plain_set_max_forwards(struct message *m, unsigned value)
{
    struct plain_line *line = plain_find(m, PLAIN_MAX_FORWARDS, 0);
    struct str name = STR("Max-Forwards");
    char digits[12], *at = digits + sizeof(digits);
    for (unsigned rest = value; at == digits + sizeof(digits) || rest > 0; rest /= 10)
        *--at = (char)('0' + rest % 10);
    struct str text = str_span(at, digits + sizeof(digits));
    m->plain->has_max_forwards = true;
    m->plain->max_forwards = value;
    if (!line)
        return plain_add(m, PLAIN_MAX_FORWARDS, name, text, false);
    const size_t n = name.n + 2 + text.n + 2;
    char *own = room_for(m->plain, n);
    if (!own)
        return -ENOMEM;
    put(put(put(put(own, name), STR(": ")), text), STR("\r\n"));
    set_line(m->plain, line, own, n);
    return 0;
}

void plain_print(const struct message *m, struct buf *out)
{
    const struct plain *p = m->plain;
    struct str run = plain_text(m, &p->start), body = str_slice(m->raw, m->head_bytes, m->raw.n);
    size_t n = body.n + 2 + p->start.n;
    for (unsigned i = 0; i < p->n; i++)
        n += p->lines[i].n;
    if (!buf_room(out, n))
        return;
    /* What stood together leaves together. */
    for (unsigned i = 0; i < p->n; i++) {
        struct str text = plain_text(m, &p->lines[i]);
        if (text.p == run.p + run.n) {
            run.n += text.n;
            continue;
        }
        buf_add_str(out, run);
        run = text;
    }
    buf_add_str(out, run);
    buf_add_text(out, "\r\n");
    buf_add_str(out, body);
}
