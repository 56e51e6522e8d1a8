#include "odd.h"

#include <string.h>

#include <stird/headers.h>
#include <stird/policy.h>

static struct str value_of(const struct message *m, const char *name, char compact)
{
    struct header_line line;
    return header_find(m->raw, str_of(name), compact, &line) ? line.value : (struct str){NULL, 0};
}

struct str odd_uri(struct str value)
{
    struct str uri, parameters, rest = value;
    if (name_addr(value, &uri, &parameters) && str_find(uri, '<', 0) == uri.n)
        return uri;
    while (str_find(rest, '<', 0) < rest.n)
        rest = str_slice(rest, str_find(rest, '<', 0) + 1, rest.n);
    return str_trim(str_slice(rest, 0, str_find(rest, '>', 0)));
}

/* Index of the last ";tag" of VALUE, or value.n. */
static size_t find_tag(struct str value)
{
    size_t found = value.n;
    for (size_t at = 0; (at = str_find(value, ';', at)) < value.n; at++)
        if (str_starts_nocase(str_trim(str_slice(value, at + 1, value.n)), STR("tag")))
            found = at;
    return found;
}

bool odd_is_taken(const struct message *m)
{
    struct str to = value_of(m, "To", 't');
    return m->status != 0 || find_tag(to) < to.n || uri_is_emergency(m->request_uri) ||
           uri_is_emergency(odd_uri(to));
}

/* "sip:xxxx" over S, or over less than that nothing. */
static void write_uri(const struct message *m, struct str s, char *text)
{
    char *at = text + (s.p - m->raw.p);
    if (s.n < sizeof("sip:x") - 1)
        return;
    memset(at, 'x', s.n);
    memcpy(at, "sip:", 4);
}

/* What stands before the tag, for that tells calls apart. */
static void write_address(const struct message *m, struct str value, char *text)
{
    write_uri(m, str_slice(value, 0, find_tag(value)), text);
}

void odd_write(const struct message *m, enum odd odd, char *text)
{
    if (odd == ODD_NONE)
        return;
    write_address(m, value_of(m, "To", 't'), text);
    write_address(m, value_of(m, "From", 'f'), text);
    if (odd == ODD_URI_TOO && m->status == 0)
        write_uri(m, m->request_uri, text);
}
