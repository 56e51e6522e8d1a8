#include "config_text.h"

#include <stdint.h>

struct scan {
    struct str file, text;
    struct problems *problems;
    size_t at;
    unsigned line;
    bool refused;
};

static char peek(const struct scan *s, size_t ahead)
{
    return s->at + ahead < s->text.n ? s->text.p[s->at + ahead] : '\0';
}

static void step(struct scan *s)
{
    if (peek(s, 0) == '\n')
        s->line++;
    s->at++;
}

static void skip_line(struct scan *s)
{
    while (s->at < s->text.n && peek(s, 0) != '\n')
        step(s);
}

static void skip_block_comment(struct scan *s)
{
    s->at += 2; /* the star that opens it does not close it */
    while (s->at < s->text.n && !(peek(s, 0) == '*' && peek(s, 1) == '/'))
        step(s);
    s->at = s->at + 2 < s->text.n ? s->at + 2 : s->text.n;
}

static void skip_string(struct scan *s)
{
    step(s);
    while (s->at < s->text.n && peek(s, 0) != '"') {
        if (peek(s, 0) == '\\')
            step(s);
        if (s->at < s->text.n)
            step(s);
    }
    if (s->at < s->text.n)
        step(s);
}

static bool in_word(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_' || c == '.';
}

static struct str take_word(struct scan *s)
{
    size_t begin = s->at;
    while (in_word(peek(s, 0)) || (s->at > begin && peek(s, 0) == '-'))
        step(s);
    return str_slice(s->text, begin, s->at);
}

static bool all_digits(struct str word)
{
    for (size_t i = 0; i < word.n; i++)
        if (!ascii_is_digit(word.p[i]))
            return false;
    return word.n > 0;
}

static void check_number(struct scan *s, struct str word)
{
    uint64_t value;
    struct str shown = str_slice(word, 0, 40);
    if (!all_digits(word)) {
        if (str_starts_nocase(word, STR("0x")) || ascii_lower(word.p[word.n - 1]) == 'l')
            problems_add(s->problems, s->file, s->line,
                         "%.*s: write numbers as plain decimal digits", STR_ARG(shown));
    } else if (word.n > 1 && word.p[0] == '0') {
        problems_add(s->problems, s->file, s->line,
                     "%.*s: write the number without a 0 in front: it is ambiguous",
                     STR_ARG(shown));
    } else if (!str_to_u64(word, INT32_MAX, &value)) {
        problems_add(s->problems, s->file, s->line, "%.*s: this number is too large (at most %d)",
                     STR_ARG(shown), INT32_MAX);
    }
}

static void refuse_include(struct scan *s)
{
    s->refused = true;
    problems_add(s->problems, s->file, s->line,
                 "@include is not supported: put the other file into conf.d/ beside the main file, "
                 "as a name that ends in .conf");
    skip_line(s);
}

static void scan_one(struct scan *s)
{
    char c = peek(s, 0), next = peek(s, 1);
    if (c == '#' || (c == '/' && next == '/'))
        skip_line(s);
    else if (c == '/' && next == '*')
        skip_block_comment(s);
    else if (c == '"')
        skip_string(s);
    else if (c == '@')
        refuse_include(s);
    else if (ascii_is_digit(c))
        check_number(s, take_word(s));
    else if (in_word(c))
        take_word(s);
    else
        step(s);
}

bool config_text_check(struct str file, struct str text, struct problems *problems)
{
    struct scan s = {file, text, problems, 0, 1, false};
    while (s.at < s.text.n)
        scan_one(&s);
    return !s.refused;
}
