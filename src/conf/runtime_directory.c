/*
 * Finds directories.runtime in a text that may be full of mistakes. A text that cannot be parsed
 * has no settings; this finds the one value that leads to the stird that still runs with the
 * configuration of before.
 */
#include <stird/conf/runtime_directory.h>

#include <stdlib.h>
#include <stird/base/buf.h>
#include <string.h>

enum token { END, WORD, STRING, SIGN };

struct scan {
    struct str rest;
    struct buf text; /* of the token */
};

static bool begins(const struct scan *s, const char *with)
{
    return str_starts(s->rest, str_of(with));
}

static void skip_to(struct scan *s, const char *end)
{
    size_t length = strlen(end);
    const char *found = s->rest.n > 0 ? memmem(s->rest.p, s->rest.n, end, length) : NULL;
    size_t n = found ? (size_t)(found - s->rest.p) + length : s->rest.n;
    s->rest = str_slice(s->rest, n, s->rest.n);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static void skip_blank(struct scan *s)
{
    while (s->rest.n > 0) {
        if (is_space(s->rest.p[0]))
            s->rest = str_slice(s->rest, 1, s->rest.n);
        else if (begins(s, "#") || begins(s, "//"))
            skip_to(s, "\n");
        else if (begins(s, "/*"))
            skip_to(s, "*/");
        else
            return;
    }
}

static char take(struct scan *s)
{
    char c = s->rest.p[0];
    s->rest = str_slice(s->rest, 1, s->rest.n);
    return c;
}

/* One that is not closed ends with its line: what follows is not hidden by that mistake. */
static enum token take_string(struct scan *s)
{
    char c = '"';
    while (s->rest.n > 0 && s->rest.p[0] != '\n' && (c = take(s)) != '"')
        buf_add_char(&s->text, c == '\\' && s->rest.n > 0 ? take(s) : c);
    return c == '"' ? STRING : SIGN;
}

static bool in_word(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_' || c == '-' || c == '*';
}

static enum token next(struct scan *s)
{
    buf_reset(&s->text);
    skip_blank(s);
    if (s->rest.n == 0)
        return END;
    if (s->rest.p[0] == '"') {
        take(s);
        return take_string(s);
    }
    if (!in_word(s->rest.p[0])) {
        buf_add_char(&s->text, take(s));
        return SIGN;
    }
    while (s->rest.n > 0 && in_word(s->rest.p[0]))
        buf_add_char(&s->text, take(s));
    return WORD;
}

/* Whether the next token is the sign between a name and its value. */
static bool takes_value(struct scan *s)
{
    return next(s) == SIGN &&
           (str_eq(buf_str(&s->text), STR("=")) || str_eq(buf_str(&s->text), STR(":")));
}

static bool is_word(const struct scan *s, enum token token, const char *word)
{
    return token == WORD && str_eq(buf_str(&s->text), str_of(word));
}

/* Behind "directories": up to the end of the group. */
static bool find_in_group(struct scan *s)
{
    enum token token = takes_value(s) ? next(s) : SIGN;
    if (token != SIGN || !str_eq(buf_str(&s->text), STR("{")))
        return false;
    while ((token = next(s)) != END && !(token == SIGN && str_eq(buf_str(&s->text), STR("}"))))
        if (is_word(s, token, "runtime") && takes_value(s))
            return next(s) == STRING;
    return false;
}

static bool find(struct scan *s)
{
    enum token token;
    while ((token = next(s)) != END)
        if (is_word(s, token, "directories") && find_in_group(s))
            return s->text.n > 0 && !buf_failed(&s->text);
    return false;
}

char *runtime_directory_in(struct str text)
{
    struct scan s = {.rest = text};
    struct str found = find(&s) ? buf_str(&s.text) : (struct str){NULL, 0};
    char *copy = found.n > 0 ? strndup(found.p, found.n) : NULL;
    buf_fini(&s.text);
    return copy;
}
