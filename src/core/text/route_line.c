#include <stird/core/route_line.h>

#include <stird/core/headers.h>

bool route_uri_is_plain(struct str uri)
{
    if (!str_starts_nocase(uri, STR("sip:")) && !str_starts_nocase(uri, STR("sips:")))
        return false;
    for (size_t i = 0; i < uri.n; i++)
        if ((unsigned char)uri.p[i] <= ' ' || uri.p[i] == 0x7f || uri.p[i] == '<' ||
            uri.p[i] == '>' || uri.p[i] == '"')
            return false;
    return true;
}

struct route_line route_line_read(struct str value)
{
    struct route_line line = {.rest = value, .clear = true};
    struct str element, uri;
    while (line.clear && list_next(&value, &element))
        line.clear = name_addr_clear(element, &uri);
    return line;
}

static bool next_in_brackets(struct str *rest, struct str *uri)
{
    size_t open;
    while ((open = str_find(*rest, '<', 0)) < rest->n) {
        *rest = str_slice(*rest, open + 1, rest->n);
        size_t close = str_find(*rest, '>', 0);
        *uri = str_trim(str_slice(*rest, 0, close));
        if (close < rest->n && route_uri_is_plain(*uri)) {
            *rest = str_slice(*rest, close + 1, rest->n);
            return true;
        }
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
