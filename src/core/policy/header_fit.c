#include "header_fit.h"

#include <stird/core/headers.h>
#include <string.h>

/* Takes one character off S; a run of white space counts as one space (RFC 3261 section 25.1,
   LWS). */
static char next(struct str *s, bool any_case)
{
    char c = s->p[0];
    size_t n = 1;
    while (ascii_is_space(c) && n < s->n && ascii_is_space(s->p[n]))
        n++;
    *s = str_slice(*s, n, s->n);
    if (ascii_is_space(c))
        return ' ';
    return any_case ? ascii_lower(c) : c;
}

static bool same(struct str a, struct str b, bool any_case)
{
    a = str_trim(a);
    b = str_trim(b);
    while (a.n > 0 && b.n > 0)
        if (next(&a, any_case) != next(&b, any_case))
            return false;
    return a.n == b.n;
}

static bool has_no_space(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (ascii_is_space(s.p[i]))
            return false;
    return true;
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && !ascii_is_space(c)) || c == 0x7f;
}

static bool is_dressing(char c)
{
    return ascii_is_space(c) || is_control(c) || str_find(STR("\"'<>()[]{}\\"), c, 0) < 11;
}

static struct str undressed(struct str s)
{
    while (s.n > 0 && is_dressing(s.p[0]))
        s = str_slice(s, 1, s.n);
    while (s.n > 0 && is_dressing(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* Whether VALUE is the text before parameters and a comment, or the name or value of a parameter.
 */
static bool has_part(struct str text, struct str value, bool any_case)
{
    bool found = false;
    struct str name, part;
    while (!found && parameter_next(&text, &name, &part)) {
        name = str_slice(name, 0, str_find(name, '(', 0));
        found = same(undressed(name), value, any_case) || same(undressed(part), value, any_case);
    }
    return found;
}

/* Others may leave out a control character, and the backslash of a quoted pair. */
static void skip_unheard(struct str *s)
{
    while (s->n > 0 && (is_control(s->p[0]) || s->p[0] == '\\'))
        *s = str_slice(*s, 1, s->n);
}

static bool sounds_like(struct str text, struct str value, bool any_case)
{
    skip_unheard(&text);
    while (text.n > 0 && value.n > 0) {
        if (next(&text, any_case) != next(&value, any_case))
            return false;
        skip_unheard(&text);
    }
    return text.n == value.n;
}

/* Whether VALUE stands between separators, in quotes or not. */
static bool has_piece(struct str text, struct str value, bool any_case)
{
    static const struct str separators = STR(",;=|&");
    bool found = false;
    for (size_t begin = 0, i = 0; i <= text.n && !found; i++)
        if (i == text.n || str_find(separators, text.p[i], 0) < separators.n) {
            found = sounds_like(undressed(str_slice(text, begin, i)), value, any_case);
            begin = i + 1;
        }
    return found;
}

/* "high", <high>, high;score=9, score=high: whether somebody may read VALUE in TEXT. */
static bool may_be(struct str text, struct str value, bool any_case)
{
    struct str core = undressed(value);
    bool found = same(undressed(text), core, any_case) ||
                 (core.n > 0 && has_piece(text, core, any_case));
    struct str element;
    while (!found && list_next(&text, &element))
        found = same(undressed(element), value, any_case) || has_part(element, value, any_case);
    return found;
}

/*
 * What one line says about VALUE. Where thousands of trunks are told apart by one header, nearly
 * all values do not occur in it at all, so this is looked at first; only white space is not
 * compared as it stands.
 */
static void look(struct str line, struct str value, bool any_case, bool *one, bool *each)
{
    struct str element, rest = line, core = undressed(value);
    bool empty = true;
    if (!any_case && core.n > 0 && has_no_space(core) && !memmem(line.p, line.n, core.p, core.n)) {
        *each = false;
        return;
    }
    if (same(line, value, any_case)) {
        *one = true;
        return;
    }
    while (list_next(&rest, &element)) {
        bool fits = same(element, value, any_case);
        *one = *one || fits;
        *each = *each && fits;
        empty = false;
    }
    *each = *each && !empty;
    *one = *one || may_be(line, value, any_case);
}

static bool resembles(const struct header_line *line, struct str name)
{
    char room[HEADER_ROOM];
    struct str names[2];
    header_lookalikes(line, names, room);
    return header_same_name(names[0], name) || header_same_name(names[1], name);
}

enum fit header_fit(const struct call *call, struct str name, struct str value, bool any_case)
{
    bool one = false, each = true;
    size_t octets = 0;
    for (const struct call_header *h = call->headers; h && h->name.p; h++) {
        if (!header_same_name(h->name, name))
            continue;
        if ((octets += h->value.n) > HEADER_FIT_OCTETS)
            return FITS_IN_PART;
        look(str_trim(h->value), value, any_case, &one, &each);
    }
    for (const struct header_line *l = call->odd_lines; l && l->raw.p; l++) {
        if (!resembles(l, name))
            continue;
        if ((octets += l->raw.n) > HEADER_FIT_OCTETS)
            return FITS_IN_PART;
        one = one || may_be(header_odd_value(l), value, any_case);
        each = false;
    }
    return fit_of(one, each);
}
