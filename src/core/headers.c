#include <stird/headers.h>

#include <string.h>

static struct str line_off(struct str *rest)
{
    size_t newline = str_find(*rest, '\n', 0);
    struct str line = str_slice(*rest, 0, newline);
    *rest = str_slice(*rest, newline + 1, rest->n);
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

struct str start_line(struct str message, struct str *rest)
{
    *rest = message;
    return line_off(rest);
}

static bool continues(struct str rest)
{
    return rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t');
}

bool header_next(struct str *rest, struct header_line *line)
{
    while (rest->n > 0) {
        const char *begin = rest->p;
        struct str first = line_off(rest);
        if (first.n == 0)
            break;
        while (continues(*rest))
            line_off(rest);
        line->raw = str_span(begin, rest->p);
        size_t colon = str_find(first, ':', 0);
        if (colon == first.n)
            continue;
        line->name = str_trim(str_slice(first, 0, colon));
        line->value = str_trim(str_slice(line->raw, colon + 1, line->raw.n));
        return true;
    }
    *rest = (struct str){NULL, 0};
    return false;
}

bool header_is_named(struct str found, struct str name, char compact)
{
    if (compact != 0 && found.n == 1)
        return ascii_lower(found.p[0]) == compact;
    return str_eq_nocase(found, name);
}

bool header_is(const struct header_line *line, struct str name, char compact)
{
    return header_is_named(line->name, name, compact);
}

/* The registry of SIP header fields; RFC 3261 section 7.3.3. */
static const struct {
    struct str name;
    char compact;
} compact_forms[] = {
    {STR("Accept-Contact"), 'a'},
    {STR("Referred-By"), 'b'},
    {STR("Content-Type"), 'c'},
    {STR("Request-Disposition"), 'd'},
    {STR("Content-Encoding"), 'e'},
    {STR("From"), 'f'},
    {STR("Call-ID"), 'i'},
    {STR("Reject-Contact"), 'j'},
    {STR("Supported"), 'k'},
    {STR("Content-Length"), 'l'},
    {STR("Contact"), 'm'},
    {STR("Identity-Info"), 'n'},
    {STR("Event"), 'o'},
    {STR("Refer-To"), 'r'},
    {STR("Subject"), 's'},
    {STR("To"), 't'},
    {STR("Allow-Events"), 'u'},
    {STR("Via"), 'v'},
    {STR("Session-Expires"), 'x'},
    {STR("Identity"), 'y'},
};

char header_compact(struct str name)
{
    for (size_t i = 0; i < sizeof(compact_forms) / sizeof(compact_forms[0]); i++)
        if (header_is_named(name, compact_forms[i].name, compact_forms[i].compact))
            return compact_forms[i].compact;
    return '\0';
}

bool header_same_name(struct str a, struct str b)
{
    char compact = header_compact(a);
    return str_eq_nocase(a, b) || (compact != '\0' && compact == header_compact(b));
}

bool header_find(struct str message, struct str name, char compact, struct header_line *line)
{
    struct str rest;
    start_line(message, &rest);
    while (header_next(&rest, line))
        if (header_is(line, name, compact))
            return true;
    return false;
}

/* Index of the first C of S at or after FROM that is neither quoted nor inside <>, or s.n. */
static size_t find_outside(struct str s, const char *set, size_t from)
{
    bool quoted = false, bracketed = false;
    for (size_t i = from; i < s.n; i++) {
        char c = s.p[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (!bracketed && c != '\0' && strchr(set, c)) {
            return i;
        } else if (c == '"' && !bracketed) {
            quoted = true;
        } else if (c == '<') {
            bracketed = true;
        } else if (c == '>') {
            bracketed = false;
        }
    }
    return s.n;
}

bool list_next(struct str *rest, struct str *element)
{
    while (rest->n > 0) {
        size_t comma = find_outside(*rest, ",", 0);
        *element = str_trim(str_slice(*rest, 0, comma));
        *rest = str_slice(*rest, comma + 1, rest->n);
        if (element->n > 0)
            return true;
    }
    return false;
}

bool name_addr(struct str value, struct str *uri, struct str *parameters)
{
    size_t open = find_outside(value, "<", 0);
    if (open < value.n) {
        size_t close = str_find(value, '>', open);
        if (close == value.n)
            return false;
        *uri = str_trim(str_slice(value, open + 1, close));
        *parameters = str_trim(str_slice(value, close + 1, value.n));
        return true;
    }
    size_t semicolon = find_outside(value, ";", 0);
    *uri = str_trim(str_slice(value, 0, semicolon));
    *parameters = str_slice(value, semicolon, value.n);
    return str_find(*uri, ':', 0) < uri->n && str_find(*uri, ' ', 0) == uri->n;
}

static struct str unquote(struct str s)
{
    s = str_trim(s);
    if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
        return str_slice(s, 1, s.n - 1);
    return s;
}

bool parameter_next(struct str *parameters, struct str *name, struct str *value)
{
    while (parameters->n > 0) {
        size_t end = find_outside(*parameters, ";", 0);
        struct str one = str_slice(*parameters, 0, end);
        *parameters = str_slice(*parameters, end + 1, parameters->n);
        size_t equals = str_find(one, '=', 0);
        *name = str_trim(str_slice(one, 0, equals));
        *value = unquote(str_slice(one, equals + 1, one.n));
        if (name->n > 0)
            return true;
    }
    return false;
}

bool parameter_find(struct str parameters, struct str name, struct str *value)
{
    struct str found, said;
    while (parameter_next(&parameters, &found, &said))
        if (str_eq_nocase(found, name)) {
            *value = said;
            return true;
        }
    return false;
}
