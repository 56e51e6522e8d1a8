#include <stird/core/privacy.h>

#include <stird/core/headers.h>
#include <string.h>

/* RFC 3323 section 4.2, RFC 3325 section 9.3, RFC 7044 section 10.1 (history). */
static const char *const known_values[] = {"header", "session",  "user",   "none",
                                           "id",     "critical", "history"};

static bool separates(char c)
{
    return c != '\0' && strchr(";, \t\r\n\"'<>", c);
}

/* Every priv-value that was ever defined is made of letters, digits and hyphens. */
static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
            return false;
    return true;
}

static bool is_known(struct str word)
{
    for (size_t i = 0; i < sizeof(known_values) / sizeof(known_values[0]); i++)
        if (str_eq_nocase(word, str_of(known_values[i])))
            return true;
    return false;
}

static void add_word(struct privacy *p, struct str word)
{
    p->id |= str_eq_nocase(word, STR("id"));
    p->unreadable |= !is_word(word);
    p->unknown |= !is_known(word);
}

void privacy_add(struct privacy *privacy, struct str value)
{
    for (size_t begin = 0, end; begin < value.n; begin = end + 1) {
        for (end = begin; end < value.n && !separates(value.p[end]); end++)
            ;
        if (end > begin)
            add_word(privacy, str_slice(value, begin, end));
    }
}

void privacy_add_line(struct privacy *privacy, const struct header_line *line)
{
    if (!header_resembles(line, STR("Privacy"), 0))
        return;
    privacy_add(privacy, line->value);
    privacy->unreadable |= !line->name.p;
}

bool privacy_withholds(const struct privacy *p)
{
    return p->id || p->unreadable || p->unknown;
}

enum privacy_view privacy_view(const struct privacy *privacy, const struct upstream *upstream)
{
    if (!privacy_withholds(privacy) || (upstream && upstream->trusted))
        return PRIVACY_WHOLE;
    return upstream && upstream->strip_private_identity ? PRIVACY_STRIPPED : PRIVACY_WITHHELD;
}
