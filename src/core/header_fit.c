#include "header_fit.h"

#include <stird/headers.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One character off S, a run of white space as one space (RFC 3261 section 25.1, LWS). */
static char next(struct str *s, bool any_case)
{
    char c = s->p[0];
    size_t n = 1;
    while (is_space(c) && n < s->n && is_space(s->p[n]))
        n++;
    *s = str_slice(*s, n, s->n);
    if (is_space(c))
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

/* What one line says of VALUE. */
static void look(struct str line, struct str value, bool any_case, bool *one, bool *each)
{
    struct str element;
    bool empty = true;
    if (same(line, value, any_case)) {
        *one = true;
        return;
    }
    while (list_next(&line, &element)) {
        bool fits = same(element, value, any_case);
        *one = *one || fits;
        *each = *each && fits;
        empty = false;
    }
    *each = *each && !empty;
}

enum fit header_fit(const struct call_header *headers, struct str name, struct str value,
                    bool any_case)
{
    bool one = false, each = true;
    for (const struct call_header *h = headers; h && h->name.p; h++)
        if (header_same_name(h->name, name))
            look(str_trim(h->value), value, any_case, &one, &each);
    return fit_of(one, each);
}
