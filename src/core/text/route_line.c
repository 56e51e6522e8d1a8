#include <stird/core/route_line.h>

#include <stird/core/headers.h>

bool route_octets_are_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '<' || s.p[i] == '>' ||
            s.p[i] == '"')
            return false;
    return true;
}

bool route_uri_is_plain(struct str uri)
{
    return (str_starts_nocase(uri, STR("sip:")) || str_starts_nocase(uri, STR("sips:"))) &&
           route_octets_are_plain(uri);
}

struct route_line route_line_read(struct str value)
{
    struct route_line line = {.rest = value, .clear = true};
    struct str element, uri;
    while (line.clear && list_next(&value, &element))
        line.clear = name_addr_clear(element, &uri);
    return line;
}

/* Index of the last C of S before END, or END. */
static size_t find_last(struct str s, char c, size_t end)
{
    for (size_t i = end; i > 0; i--)
        if (s.p[i - 1] == c)
            return i - 1;
    return end;
}

/* No bracket is inside a URI: of several that open before one closes the last is its own. */
static bool next_in_brackets(struct str *rest, struct str *uri)
{
    size_t close;
    while ((close = str_find(*rest, '>', 0)) < rest->n) {
        size_t open = find_last(*rest, '<', close);
        *uri = str_trim(str_slice(*rest, open + 1, close));
        *rest = str_slice(*rest, close + 1, rest->n);
        if (open < close && route_uri_is_plain(*uri))
            return true;
    }
    return false;
}

bool route_line_next(struct route_line *line, struct str *uri)
{
    struct str element;
    if (!line->clear)
        return next_in_brackets(&line->rest, uri);
    return list_next(&line->rest, &element) && name_addr_clear(element, uri);
}
