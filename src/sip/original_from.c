#include "original_from.h"

#include <stird/core/headers.h>
#include <stird/core/passport.h>

/* A line end inside, of a folded header, is white space (RFC 3261 section 7.3.1). */
static void add_unfolded(struct buf *out, struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        const bool ends = value.p[i] == '\r' || value.p[i] == '\n';
        buf_add_char(out, ends ? ' ' : value.p[i]);
    }
}

void original_from_put(const struct message *m, struct buf *via)
{
    struct header_line line;
    struct buf value = BUF_INIT;
    if (!m->from_edited || !header_find(m->raw, STR("From"), 'f', &line))
        return;
    add_unfolded(&value, line.value);
    buf_add_str(via, STR(";" ORIGINAL_FROM_PARAMETER "="));
    base64url_add(via, buf_str(&value).p, buf_str(&value).n);
    via->failed = via->failed || buf_failed(&value);
    buf_fini(&value);
}

/* The next hop may have written anything there: as it may in From itself, but for a line of its
 * own. */
static bool is_value(struct str s)
{
    return s.n > 0 && str_find(s, '\r', 0) == s.n && str_find(s, '\n', 0) == s.n;
}

/* Of our Via, the first element of the first line. */
static bool find_parameter(const struct message *m, struct str *value)
{
    struct header_line line;
    struct str rest, element;
    if (!header_find(m->raw, STR("Via"), 'v', &line))
        return false;
    rest = line.value;
    return list_next(&rest, &element) &&
           parameter_find(str_slice(element, str_find(element, ';', 0), element.n),
                          STR(ORIGINAL_FROM_PARAMETER), value);
}

static bool put_back(const void *user, struct str text, struct buf *out)
{
    const struct str *original = user;
    struct header_line line;
    struct str rest = text;
    if (!header_next(&rest, &line) || line.value.n == 0)
        return false;
    const size_t at = (size_t)(line.value.p - text.p);
    buf_add_str(out, str_slice(text, 0, at));
    buf_add_str(out, *original);
    buf_add_str(out, str_slice(text, at + line.value.n, text.n));
    return true;
}

int original_from_restore(struct message *m)
{
    struct buf original = BUF_INIT;
    struct str value;
    int error = 0;
    if (!find_parameter(m, &value))
        return 0;
    const bool read = base64url_decode(&original, value);
    const struct str text = buf_str(&original);
    if (buf_failed(&original))
        error = -1;
    else if (read && is_value(text))
        error = message_edit_from(m, put_back, &text);
    buf_fini(&original);
    return error;
}
