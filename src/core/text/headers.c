#include <stird/core/headers.h>

#include <stird/base/octets.h>
#include <stird/core/uri.h>

size_t head_line_end(struct str s, size_t from)
{
    size_t at = from;
    while (s.n - at >= 8) {
        const uint64_t low = octets_below(octets_8(s.p + at), '\r' + 1);
        if (low == 0) {
            at += 8;
            continue;
        }
        at += octets_first(low);
        if (s.p[at] == '\r' || s.p[at] == '\n')
            return at;
        at++; /* a tab, or what no line should have */
    }
    while (at < s.n && s.p[at] != '\r' && s.p[at] != '\n')
        at++;
    return at;
}

/*
 * Where the line end at AT of S ends. A head that is accepted has only CRLF; others are read only
 * to be answered, and there CR or LF alone, CR CR LF and LF CR are read as they were meant.
 */
static size_t behind_line_end(struct str s, size_t at)
{
    size_t i = at;
    if (s.n - at >= 2 && s.p[at] == '\r' && s.p[at + 1] == '\n')
        return at + 2;
    while (i < s.n && s.p[i] == '\r')
        i++;
    if (i == s.n || s.p[i] != '\n')
        return at < s.n ? at + 1 : s.n;
    i++;
    bool lf_cr = i == at + 1 && i < s.n && s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n');
    return i + lf_cr;
}

static struct str line_off(struct str *rest)
{
    size_t end = head_line_end(*rest, 0), behind = behind_line_end(*rest, end);
    struct str line = {rest->p, end};
    *rest = (struct str){behind > 0 ? rest->p + behind : rest->p, rest->n - behind};
    return line;
}

struct str start_line(struct str message, struct str *rest)
{
    *rest = message;
    return line_off(rest);
}

/* Index behind the lines that continue the one before AT of S: a message may be folds of an octet
   each, by tens of thousands. */
static size_t behind_folds(struct str s, size_t at)
{
    while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t'))
        at = behind_line_end(s, head_line_end(s, at + 1));
    return at;
}

/* What a token may be made of (RFC 3261 section 25.1). */
static const bool token_octets[256] = {
    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['-'] = true, ['.'] = true,
    ['!'] = true,         ['%'] = true,         ['*'] = true,         ['_'] = true, ['+'] = true,
    ['`'] = true,         ['\''] = true,        ['~'] = true};

static bool is_token_octet(char c)
{
    return token_octets[(unsigned char)c];
}

bool is_sip_token(struct str s)
{
    size_t i = 0;
    while (i < s.n && is_token_octet(s.p[i]))
        i++;
    return s.n > 0 && i == s.n;
}

/* HCOLON = *( SP / HTAB ) ":" (section 25.1): where it ends when S begins with a token and one,
   else 0. *NAME is how long the token is, whatever follows it. */
static size_t behind_colon(struct str s, size_t *name)
{
    size_t n = 0, colon;
    while (n < s.n && is_token_octet(s.p[n]))
        n++;
    for (colon = n; colon < s.n && (s.p[colon] == ' ' || s.p[colon] == '\t');)
        colon++;
    *name = n;
    return n > 0 && colon < s.n && s.p[colon] == ':' ? colon + 1 : 0;
}

bool head_line_next(struct str *rest, struct header_line *line)
{
    const struct str s = *rest;
    size_t name, value = behind_colon(s, &name), end = head_line_end(s, name);
    if (end == 0) {
        *rest = (struct str){NULL, 0};
        return false;
    }
    const size_t behind = behind_folds(s, behind_line_end(s, end));
    *rest = (struct str){s.p + behind, s.n - behind};
    *line = (struct header_line){.name = {NULL, 0}, .value = {NULL, 0}, .raw = {s.p, behind}};
    if (value > 0) {
        line->name = (struct str){s.p, name};
        line->value = str_trim(str_slice(s, value, behind));
    }
    return true;
}

struct str header_line_name(struct str line)
{
    size_t n;
    return behind_colon(line, &n) > 0 ? (struct str){line.p, n} : (struct str){NULL, 0};
}

bool header_next(struct str *rest, struct header_line *line)
{
    while (head_line_next(rest, line))
        if (line->name.p)
            return true;
    return false;
}

/* S without the octets that no token has. */
static struct str squeezed(struct str s, char room[HEADER_ROOM])
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < HEADER_ROOM; i++)
        if (is_token_octet(s.p[i]))
            room[n++] = s.p[i];
    return (struct str){room, n};
}

static struct str first_word(struct str s)
{
    size_t begin = 0, end;
    while (begin < s.n && !is_token_octet(s.p[begin]))
        begin++;
    for (end = begin; end < s.n && is_token_octet(s.p[end]);)
        end++;
    return str_slice(s, begin, end);
}

void header_lookalikes(const struct header_line *line, struct str names[2], char room[HEADER_ROOM])
{
    names[0] = names[1] = line->name;
    if (line->name.p)
        return;
    names[0] = first_word(line->raw);
    names[1] = squeezed(str_slice(line->raw, 0, str_find(line->raw, ':', 0)), room);
}

static bool ends_name(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':' || c == '=';
}

struct str header_odd_value(const struct header_line *line)
{
    struct str raw = str_trim(line->raw);
    size_t i = 0;
    while (i < raw.n && !ends_name(raw.p[i]))
        i++;
    while (i < raw.n && ends_name(raw.p[i]))
        i++;
    return str_slice(raw, i, raw.n);
}

char header_first_octet(const struct header_line *line)
{
    struct str s = line->name.p ? line->name : line->raw;
    size_t i = 0;
    while (i < s.n && !is_token_octet(s.p[i]))
        i++;
    return i < s.n ? ascii_lower(s.p[i]) : '\0';
}

bool header_resembles(const struct header_line *line, struct str name, char compact)
{
    char room[HEADER_ROOM];
    struct str names[2];
    char first = header_first_octet(line);
    if (first == '\0' || (first != ascii_lower(name.p[0]) && first != compact))
        return false;
    header_lookalikes(line, names, room);
    return header_is_named(names[0], name, compact) || header_is_named(names[1], name, compact);
}

bool header_is_named(struct str found, struct str name, char compact)
{
    if (compact != 0 && found.n == 1)
        return ascii_lower(found.p[0]) == compact;
    return str_eq_nocase(found, name);
}

bool header_is_alike(struct str found, struct str name)
{
    bool alike = found.n == name.n;
    for (size_t i = 0; i < name.n && alike; i++) {
        const char a = found.p[i] == '_' ? '-' : ascii_lower(found.p[i]);
        alike = a == (name.p[i] == '_' ? '-' : ascii_lower(name.p[i]));
    }
    return alike;
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

/* Behind the quoted string whose first octet is at AT of S; s.n or more when it has no end. */
static size_t behind_quoted(struct str s, size_t at)
{
    while (at < s.n && s.p[at] != '"')
        at += s.p[at] == '\\' ? 2 : 1;
    return at + 1;
}

/* Index of the first STOP, quote or "<" of S at or after FROM, or s.n. */
static size_t find_special(struct str s, char stop, size_t from)
{
    size_t at = from;
    for (; s.n - at >= 8; at += 8) {
        const uint64_t eight = octets_8(s.p + at), found = octets_equal(eight, stop) |
                                                           octets_equal(eight, '"') |
                                                           octets_equal(eight, '<');
        if (found)
            return at + octets_first(found);
    }
    while (at < s.n && s.p[at] != stop && s.p[at] != '"' && s.p[at] != '<')
        at++;
    return at;
}

/* Index of the first STOP of S at or after FROM that is neither quoted nor inside <>, or s.n. */
static size_t find_outside(struct str s, char stop, size_t from)
{
    size_t i = from;
    while (i < s.n && (i = find_special(s, stop, i)) < s.n && s.p[i] != stop) {
        if (s.p[i] == '"')
            i = behind_quoted(s, i + 1);
        else
            i = str_find(s, '>', i + 1) + 1;
    }
    return i < s.n ? i : s.n;
}

bool list_next(struct str *rest, struct str *element)
{
    while (rest->n > 0) {
        size_t comma = find_outside(*rest, ',', 0);
        *element = str_trim(str_slice(*rest, 0, comma));
        *rest = str_slice(*rest, comma + 1, rest->n);
        if (element->n > 0)
            return true;
    }
    return false;
}

struct header_elements header_elements_of(struct str message, struct str name, char compact)
{
    struct header_elements e = {.name = name, .compact = compact};
    start_line(message, &e.rest);
    return e;
}

bool header_element_next(struct header_elements *e, struct str *element)
{
    struct header_line line;
    while (!list_next(&e->value, element)) {
        do {
            if (!header_next(&e->rest, &line))
                return false;
        } while (!header_is(&line, e->name, e->compact));
        e->value = line.value;
    }
    return true;
}

bool list_is_empty(struct str value)
{
    struct str element;
    return !list_next(&value, &element);
}

bool name_addr(struct str value, struct str *uri, struct str *parameters)
{
    size_t open = find_outside(value, '<', 0);
    if (open < value.n) {
        size_t close = str_find(value, '>', open);
        if (close == value.n)
            return false;
        *uri = str_trim(str_slice(value, open + 1, close));
        *parameters = str_trim(str_slice(value, close + 1, value.n));
        return true;
    }
    size_t semicolon = find_outside(value, ';', 0);
    *uri = str_trim(str_slice(value, 0, semicolon));
    *parameters = str_slice(value, semicolon, value.n);
    return str_find(*uri, ':', 0) < uri->n && str_find(*uri, ' ', 0) == uri->n;
}

/* A quoted string off the front of *S; false when it has no end. */
static bool take_quoted(struct str *s)
{
    for (size_t i = 1; i < s->n; i++) {
        if (s->p[i] == '\\') {
            i++;
        } else if (s->p[i] == '"') {
            *s = str_slice(*s, i + 1, s->n);
            return true;
        }
    }
    return false;
}

/* Words, whatever their letters; or one quoted string. */
static bool is_display_name(struct str s)
{
    s = str_trim(s);
    if (s.n > 0 && s.p[0] == '"')
        return take_quoted(&s) && s.n == 0;
    for (size_t i = 0; i < s.n; i++)
        if (str_find(STR("\"<>;:@\\"), s.p[i], 0) < 7)
            return false;
    return true;
}

/* What is not an address when one in brackets follows, whatever it looks like. */
static bool is_before_brackets(struct str s)
{
    s = str_trim(s);
    if (s.n > 0 && s.p[0] == '"')
        return take_quoted(&s) && s.n == 0;
    for (size_t i = 0; i < s.n; i++)
        if (str_find(STR("\"<>;\\\0"), s.p[i], 0) < 6)
            return false;
    return true;
}

/* What cannot be a second address. */
static bool is_behind_brackets(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (str_find(STR("\"<>:@\\\0"), s.p[i], 0) < 7 || (unsigned char)s.p[i] < '\t' ||
            s.p[i] == 0x7f)
            return false;
    return true;
}

/* S without its first N octets, and white space behind them. */
static struct str behind(struct str s, size_t n)
{
    while (n < s.n && ascii_is_space(s.p[n]))
        n++;
    return str_slice(s, n, s.n);
}

/* Up to the next white space, semicolon or equals sign. */
static struct str take_word(struct str *s)
{
    size_t n = 0;
    while (n < s->n && s->p[n] != ';' && s->p[n] != '=' && !ascii_is_space(s->p[n]))
        n++;
    struct str word = str_slice(*s, 0, n);
    *s = behind(*s, n);
    return word;
}

/* gen-value: a token, a host, or a quoted string (RFC 3261 section 25.1); none says nothing. */
static bool take_value(struct str *s)
{
    *s = behind(*s, 1);
    if (s->n > 0 && s->p[0] == '"') {
        bool ended = take_quoted(s);
        *s = behind(*s, 0);
        return ended;
    }
    struct str word = take_word(s);
    bool reference = word.n > 2 && word.p[0] == '[' && word.p[word.n - 1] == ']';
    return word.n == 0 ? s->n == 0 || s->p[0] == ';'
                       : is_sip_token(word) || (reference && uri_host_is_plain(word));
}

static bool are_parameters(struct str s)
{
    if (s.n > 0 && s.p[0] == ';')
        s = str_trim(s);
    while (s.n > 0) {
        if (s.p[0] != ';')
            return false;
        s = behind(s, 1);
        if (s.n == 0 || s.p[0] == ';')
            continue; /* names nothing */
        if (!is_sip_token(take_word(&s)) || (s.n > 0 && s.p[0] == '=' && !take_value(&s)))
            return false;
    }
    return true;
}

/* What stands before URI, a part of VALUE; without the bracket, if there is one. */
static bool read_before(struct str value, struct str uri, struct str *before)
{
    *before = str_trim(str_span(value.p, uri.p));
    bool bracketed = before->n > 0 && before->p[before->n - 1] == '<';
    before->n -= bracketed;
    return bracketed;
}

/* *PLAIN says that what stands behind it are parameters, each well formed. */
static bool read_clear(struct str value, struct str *uri, struct str *before, bool *plain)
{
    struct str parameters;
    if (!name_addr(value, uri, &parameters))
        return false;
    bool bracketed = read_before(value, *uri, before);
    *plain = are_parameters(parameters);
    return is_before_brackets(*before) && str_find(*uri, '<', 0) == uri->n &&
           (*plain || (bracketed && is_behind_brackets(parameters)));
}

bool name_addr_clear(struct str value, struct str *uri)
{
    struct str before;
    bool plain;
    return read_clear(value, uri, &before, &plain);
}

bool name_addr_alone(struct str value, struct str *uri)
{
    struct str before;
    bool plain;
    return read_clear(value, uri, &before, &plain) && plain && is_display_name(before);
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
        size_t end = find_outside(*parameters, ';', 0);
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
