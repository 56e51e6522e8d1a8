#include <stird/core/identity.h>

#include <jansson.h>
#include <stird/core/headers.h>
#include <stird/core/passport.h>
#include <string.h>

#define PARAMETERS_MAX 16 /* of a value; what stands behind them counts as saying anything */

/* ---- characters ---- */

static bool is_base64url(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '_';
}

/* RFC 3261 section 25.1: token */
static bool is_token(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || (c != '\0' && strchr("-.!%*_+`'~", c));
}

/* gen-value is a token or a host; a host may be an IPv6 reference. */
static bool is_plain_value(char c)
{
    return is_token(c) || c == '[' || c == ']' || c == ':';
}

/* What a URI between < and > may hold: visible ASCII but the delimiters. */
static bool is_uri(char c)
{
    return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"';
}

/* ---- taking text off the front ---- */

static void skip_lws(struct str *rest)
{
    while (rest->n > 0 && ascii_is_space(rest->p[0]))
        rest->p++, rest->n--;
}

static bool take_char(struct str *rest, char c)
{
    if (rest->n == 0 || rest->p[0] != c)
        return false;
    rest->p++, rest->n--;
    return true;
}

static struct str take_while(struct str *rest, bool (*belongs)(char c))
{
    size_t n = 0;
    while (n < rest->n && belongs(rest->p[n]))
        n++;
    struct str taken = str_slice(*rest, 0, n);
    *rest = str_slice(*rest, n, rest->n);
    return taken;
}

/* SEMI and EQUAL: white space on both sides (RFC 3261 section 25.1). */
static bool take_separator(struct str *rest, char c)
{
    struct str ahead = *rest;
    skip_lws(&ahead);
    if (!take_char(&ahead, c))
        return false;
    skip_lws(&ahead);
    *rest = ahead;
    return true;
}

/* What is between < and >, or between quotes; false when the end is missing. */
static bool take_enclosed(struct str *rest, bool (*belongs)(char c), char end, struct str *inside)
{
    *inside = take_while(rest, belongs);
    return take_char(rest, end);
}

/* The text of a quoted-string, its escapes left as they are. */
static bool take_quoted(struct str *rest, struct str *inside)
{
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '"') {
        char c = rest->p[n];
        if (c == 0x7f || (c >= 0 && c < ' ' && !ascii_is_space(c)))
            return false;
        n += c == '\\' ? 2 : 1;
    }
    if (n >= rest->n)
        return false;
    *inside = str_slice(*rest, 0, n);
    *rest = str_slice(*rest, n + 1, rest->n);
    return true;
}

/* Whether a quoted string begins REST; then it is taken off. So is what stands in <>. */
static bool take_any_enclosed(struct str *rest)
{
    struct str inside, ahead = *rest;
    bool closed = take_char(&ahead, '"')
                      ? take_quoted(&ahead, &inside)
                      : take_char(&ahead, '<') && take_enclosed(&ahead, is_uri, '>', &inside);
    if (closed)
        *rest = ahead;
    return closed;
}

/*
 * Index of the first C that stands neither in quotes nor in <>; the length of S if there is none. A
 * quote or a bracket that is never closed encloses nothing. Behind a quote that is never closed no
 * further quote is tried, so that no text is read more than twice for quotes.
 */
static size_t find_bare(struct str s, char c)
{
    struct str rest = s;
    bool quotes = true;
    while (rest.n > 0 && rest.p[0] != c) {
        bool quote = rest.p[0] == '"';
        if ((quote ? quotes : rest.p[0] == '<') && take_any_enclosed(&rest))
            continue;
        quotes = quotes && !quote;
        rest.p++, rest.n--;
    }
    return s.n - rest.n;
}

/*
 * The text before the next C off *REST, or all of it when it is the LAST piece that is asked for.
 * Returns whether a C was behind it.
 */
static bool take_piece(struct str *rest, char c, bool last, struct str *piece)
{
    size_t end = last ? rest->n : find_bare(*rest, c);
    bool more = end < rest->n;
    *piece = str_trim(str_slice(*rest, 0, end));
    *rest = str_slice(*rest, end + 1, rest->n);
    return more;
}

unsigned identity_values(struct str line, struct str values[IDENTITY_VALUES_MAX])
{
    unsigned n = 0;
    for (bool more = true; more; n += values[n].n > 0)
        more = take_piece(&line, ',', n == IDENTITY_VALUES_MAX - 1, &values[n]);
    return n;
}

static bool is_nothing(char c)
{
    return ascii_is_space(c) || c == ',';
}

bool identity_is_empty(struct str line)
{
    take_while(&line, is_nothing);
    return line.n == 0;
}

/* ---- the token ---- */

/* The first fault tells where reading became guessing. */
static void blame(struct identity *identity, const char *fault)
{
    if (!identity->fault)
        identity->fault = fault;
}

static bool is_part(char c)
{
    return is_base64url(c) || c == '+' || c == '/' || c == '=' || ascii_is_space(c);
}

static bool is_all(struct str s, bool (*belongs)(char c))
{
    return take_while(&s, belongs).n > 0 && s.n == 0;
}

/* White space may stand only behind the LAST part. */
static struct str take_part(struct str *rest, bool last, struct identity *identity)
{
    struct str raw = take_while(rest, is_part), part = str_trim(raw);
    if (last ? raw.p != part.p : raw.n != part.n)
        blame(identity, "white space is inside the token");
    if (part.n > 0 && !is_all(part, is_base64url))
        blame(identity, "the token is not base64url without padding or white space");
    return part;
}

/* signed-identity-digest: header.payload.signature, or ..signature in compact form. */
static bool parse_digest(struct str *rest, struct identity *identity)
{
    bool quoted = take_char(rest, '"');
    const char *begin = rest->p;
    identity->header = take_part(rest, false, identity);
    if (!take_char(rest, '.'))
        return false;
    identity->payload = take_part(rest, false, identity);
    if (!take_char(rest, '.'))
        return false;
    identity->signature = take_part(rest, true, identity);
    identity->digest = str_trim(str_span(begin, rest->p));
    identity->compact = identity->header.n == 0;
    if (quoted && take_char(rest, '"'))
        blame(identity, "the token is in quotes");
    return identity->signature.n > 0 && (identity->payload.n == 0) == identity->compact;
}

/* base64url as it should have been written. */
static bool decode_part(struct buf *out, struct str part)
{
    struct buf clean = BUF_INIT;
    char *to = buf_room(&clean, part.n);
    size_t n = 0;
    for (size_t i = 0; to && i < part.n; i++)
        if (part.p[i] != '=' && !ascii_is_space(part.p[i]))
            to[n++] = part.p[i] == '+' ? '-' : part.p[i] == '/' ? '_' : part.p[i];
    bool decoded = to && base64url_decode(out, (struct str){to, n});
    buf_fini(&clean);
    return decoded && out->n > 0;
}

static bool is_shaken(struct str ppt)
{
    return str_eq_nocase(ppt, passport_type_deciding()->ppt);
}

/* Whether WORD begins TEXT, and ends there: div-o is not div. */
static bool is_word(struct str text, struct str word)
{
    return str_starts_nocase(text, word) && (text.n == word.n || !is_token(text.p[word.n]));
}

/* What the token says of its own type, in its JOSE header (RFC 8225 section 4). False: nothing that
   could be told by that. */
static bool read_type(struct identity *identity)
{
    struct buf bytes = BUF_INIT;
    json_t *header = NULL;
    if (identity->header.n <= IDENTITY_TOKEN_HEADER_MAX && decode_part(&bytes, identity->header))
        header = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, NULL);
    const json_t *ppt = json_object_get(header, "ppt");
    identity->token_readable = json_is_object(header);
    const bool is_told = json_is_string(ppt);
    const struct str type = is_told ? (struct str){json_string_value(ppt), json_string_length(ppt)}
                                    : STR("");
    identity->token_is_shaken = is_shaken(type);
    identity->says_div |= is_word(type, passport_type_div.ppt);
    json_decref(header);
    buf_fini(&bytes);
    return is_told;
}

/* The types that a text says somewhere to be of, as far as it matters here. Of what nobody looked
   at, all of them. */
struct mentioned {
    bool shaken, div;
};

static const struct mentioned nothing = {false, false}, anything = {true, true};

static bool is_all_mentioned(const struct mentioned *m)
{
    return m->shaken && m->div;
}

/*
 * Which of them stand in the value of any member "ppt" of a JSON text. The text need not be JSON:
 * it may have been cut, have a list for a value, the member twice, or more behind its end.
 */
static void look_for_types(struct str json, struct mentioned *m)
{
    static const struct str name = STR("\"ppt\"");
    unsigned colons = 2; /* since the last "ppt": its value stands before the second one */
    for (size_t i = 0; i < json.n && !is_all_mentioned(m); i++) {
        struct str rest = {json.p + i, json.n - i};
        if (*rest.p == '"' && rest.n > name.n && str_starts_nocase(rest, name)) {
            colons = 0;
        } else if (colons < 2) {
            m->shaken |= str_starts_nocase(rest, passport_type_deciding()->ppt);
            m->div |= is_word(rest, passport_type_div.ppt);
        }
        colons += colons < 2 && *rest.p == ':';
    }
}

#define SCAN_LEAST 64 /* a try counts as so many octets at least, however short it is */

/* A part that was cut, or has text behind it, may end with a digit that completes no octet: without
   that one it is tried once more. */
static void look_into(struct str part, struct mentioned *m)
{
    struct buf json = BUF_INIT;
    bool decoded = decode_part(&json, part);
    if (!decoded) {
        buf_reset(&json);
        decoded = decode_part(&json, str_slice(part, 0, part.n - 1));
    }
    if (decoded)
        look_for_types(buf_str(&json), m);
    buf_fini(&json);
}

static bool has_escaped_letter(struct str json)
{
    static const struct str escape = STR("\\u");
    size_t at = 0;
    while (at < json.n && !str_starts(str_slice(json, at, json.n), escape))
        at = str_find(json, '\\', at + 1);
    return at < json.n;
}

/* What a header says that does not tell its type: white space may stand in front of its members,
   and where it is no JSON, nobody can tell what escapes stand for. */
static void look_into_header(const struct identity *identity, struct mentioned *m)
{
    struct buf json = BUF_INIT;
    look_into(identity->header, m);
    if (!identity->token_readable && decode_part(&json, identity->header) &&
        has_escaped_letter(buf_str(&json)))
        *m = anything;
    buf_fini(&json);
}

/*
 * A JSON object in base64url begins with eyJ, behind whatever: a BOM, a bracket, a word. Where so
 * many beginnings lie inside each other that twice the octets do not suffice, the text may say
 * anything, and so counts as saying it.
 */
static struct mentioned look_everywhere(struct str value)
{
    struct mentioned m = nothing;
    size_t left = 2 * value.n + 16 * SCAN_LEAST;
    for (size_t i = 0; i + 3 < value.n && !is_all_mentioned(&m); i++) {
        if (value.p[i] != 'e' || value.p[i + 1] != 'y' || value.p[i + 2] != 'J')
            continue;
        struct str rest = str_slice(value, i, value.n);
        struct str part = take_while(&rest, is_part);
        size_t work = part.n > SCAN_LEAST ? part.n : SCAN_LEAST;
        if (work > left)
            return anything;
        look_into(part, &m);
        left -= work;
    }
    return m;
}

/* ---- its parameters ---- */

/* absoluteURI: a scheme, a colon, and something behind it. */
static bool is_absolute_uri(struct str uri)
{
    size_t colon = str_find(uri, ':', 0);
    if (colon == 0 || colon + 1 >= uri.n || !ascii_is_alpha(uri.p[0]))
        return false;
    for (size_t i = 1; i < colon; i++) {
        char c = uri.p[i];
        if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '+' && c != '-' && c != '.')
            return false;
    }
    return true;
}

static bool parse_uri(struct str *rest, struct str *value)
{
    return take_char(rest, '<') && take_enclosed(rest, is_uri, '>', value) &&
           is_absolute_uri(*value);
}

/* A token, in quotes or not: both are common in the field. */
static bool parse_token(struct str *rest, struct str *value)
{
    bool quoted = take_char(rest, '"');
    *value = take_while(rest, is_token);
    return value->n > 0 && (!quoted || take_char(rest, '"'));
}

/* Parameters that we do not know are only checked for where they end. */
static bool parse_generic(struct str *rest, struct str *value)
{
    if (take_char(rest, '"'))
        return take_quoted(rest, value);
    if (take_char(rest, '<'))
        return take_enclosed(rest, is_uri, '>', value);
    *value = take_while(rest, is_plain_value);
    return value->n > 0;
}

enum parameter { PARAMETER_INFO, PARAMETER_ALG, PARAMETER_PPT, PARAMETERS };

static const struct {
    const char *name;
    bool (*parse)(struct str *rest, struct str *value);
    const char *unreadable, *twice;
} parameters[PARAMETERS] = {
    [PARAMETER_INFO] = {"info", parse_uri, "info is not <URI>", "info is there twice"},
    [PARAMETER_ALG] = {"alg", parse_token, "alg is no token", "alg is there twice"},
    [PARAMETER_PPT] = {"ppt", parse_token, "ppt is no token", "ppt is there twice"},
};

/* All that stands before the next parameter, without the quotes or brackets around it. */
static struct str guess_value(struct str text)
{
    text = str_trim(text);
    while (text.n > 0 && strchr("\"<", text.p[0]))
        text = str_trim(str_slice(text, 1, text.n));
    while (text.n > 0 && strchr("\">", text.p[text.n - 1]))
        text = str_trim(str_slice(text, 0, text.n - 1));
    return text;
}

/* TEXT is one parameter: name, or name=value. */
static void parse_parameter(struct str text, struct str values[PARAMETERS],
                            struct identity *identity)
{
    struct str rest = str_trim(text), name = take_while(&rest, is_token), value;
    bool has_value = take_separator(&rest, '=');
    struct str whole = rest;
    unsigned i = 0;
    while (i < PARAMETERS && !str_eq_nocase(name, str_of(parameters[i].name)))
        i++;
    bool good = i < PARAMETERS ? has_value && parameters[i].parse(&rest, &value)
                               : !has_value || parse_generic(&rest, &value);
    good = good && name.n > 0 && str_trim(rest).n == 0;
    if (!good)
        blame(identity,
              i < PARAMETERS ? parameters[i].unreadable : "a parameter is not NAME=VALUE");
    if (i == PARAMETERS)
        return;
    if (!good)
        value = guess_value(whole);
    /* Two readers might take different ones. */
    if (values[i].n > 0)
        blame(identity, parameters[i].twice);
    else
        values[i] = value;
    identity->parameter_is_shaken |= i == PARAMETER_PPT && is_shaken(value);
    identity->says_div |= i == PARAMETER_PPT && is_word(value, passport_type_div.ppt);
}

/* What stands behind the token. Returns whether all of it was read. */
static bool parse_parameters(struct str rest, struct identity *identity)
{
    struct str values[PARAMETERS] = {{NULL, 0}};
    size_t end = str_find(rest, ';', 0);
    if (str_trim(str_slice(rest, 0, end)).n > 0)
        blame(identity, rest.p[0] == '.' ? "the token has more than three parts"
                                         : "no ; stands behind the token");
    bool more = end < rest.n;
    rest = str_slice(rest, end + 1, rest.n);
    for (unsigned n = 0; more && n < PARAMETERS_MAX; n++) {
        struct str one;
        more = take_piece(&rest, ';', false, &one);
        if (one.n == 0)
            blame(identity, "a ; has no parameter behind it");
        else
            parse_parameter(one, values, identity);
    }
    if (more)
        blame(identity, "it has more parameters than are read");
    if (values[PARAMETER_INFO].n == 0)
        blame(identity, "info is missing");
    identity->info = values[PARAMETER_INFO];
    identity->alg = values[PARAMETER_ALG].n > 0 ? values[PARAMETER_ALG] : STR("ES256");
    identity->ppt = values[PARAMETER_PPT];
    return !more;
}

/* Which types a value says to be of, beside what is told as it should be. */
static struct mentioned look_for_more(struct str value, const struct identity *identity,
                                      bool is_told)
{
    struct mentioned m = look_everywhere(value);
    if (!is_told && !is_all_mentioned(&m))
        look_into_header(identity, &m);
    return m;
}

enum identity_kind identity_parse(struct str value, struct identity *identity)
{
    struct str rest = str_trim(value);
    *identity = (struct identity){0};
    if (identity_is_empty(rest))
        return IDENTITY_EMPTY;
    bool is_token = parse_digest(&rest, identity);
    if (!is_token)
        blame(identity, "it is not TOKEN;info=<URL>;alg=...;ppt=...");
    if (identity->digest.n == 0)
        rest = str_slice(value, find_bare(value, ';'), value.n);
    const bool is_whole = parse_parameters(rest, identity);
    const bool is_told = read_type(identity) && !identity->fault;
    const bool is_shaken = identity->token_is_shaken || identity->parameter_is_shaken;
    const struct mentioned mentioned = !is_whole ? anything
                                       : is_told && is_shaken
                                           ? nothing
                                           : look_for_more(value, identity, is_told);
    identity->says_div |= !is_told && mentioned.div;
    if (is_shaken)
        return IDENTITY_SHAKEN;
    if (mentioned.shaken) {
        blame(identity, "it says shaken somewhere, but not as RFC 8225 has it");
        return IDENTITY_SHAKEN;
    }
    return identity->fault && !identity->token_readable ? IDENTITY_UNREADABLE : IDENTITY_OTHER;
}

void identity_value_read(struct identity_value *v, struct str text)
{
    v->text = text;
    v->kind = identity_parse(text, &v->identity);
}

/* Adds what TEXT says, as one or several values. */
static void add_reading(struct identity_value *v, struct str text)
{
    struct str values[IDENTITY_VALUES_MAX];
    const unsigned n = identity_values(text, values);
    for (unsigned i = 0; i < n; i++) {
        struct identity_value one;
        identity_value_read(&one, values[i]);
        const bool div = v->identity.says_div || one.identity.says_div,
                   shaken = v->kind == IDENTITY_SHAKEN || one.kind == IDENTITY_SHAKEN;
        if (v->kind == IDENTITY_UNREADABLE || one.kind == IDENTITY_SHAKEN)
            *v = one;
        v->identity.says_div = div;
        v->kind = shaken ? IDENTITY_SHAKEN : IDENTITY_UNREADABLE;
    }
}

void identity_value_read_odd(struct identity_value *v, struct str line)
{
    const struct header_line odd = {.raw = line};
    *v = (struct identity_value){.kind = IDENTITY_UNREADABLE};
    add_reading(v, header_odd_value(&odd));
    add_reading(v, str_slice(line, str_find(line, ':', 0) + 1, line.n));
    v->text = line;
    v->identity.fault = "a line that resembles Identity is no header";
}

void identity_add(struct buf *out, struct str token, struct str x5u, struct str alg, struct str ppt)
{
    buf_add_str(out, token);
    buf_add_text(out, ";info=<");
    buf_add_str(out, x5u);
    buf_add_text(out, ">;alg=");
    buf_add_str(out, alg);
    buf_add_text(out, ";ppt=");
    buf_add_str(out, ppt);
}

/* Adds VALUE to the N that there are. Where there is no room, the last one becomes all up to its
   end. */
static void add_value(struct str *values, unsigned *n, struct str value)
{
    struct str *last = &values[IDENTITIES_MAX - 1];
    if (*n < IDENTITIES_MAX)
        values[(*n)++] = value;
    else if (value.p > last->p)
        *last = str_span(last->p, value.p + value.n);
}

static bool is_odd(const struct header_line *line)
{
    return !line->name.p && header_resembles(line, STR("Identity"), 'y');
}

unsigned identities_of(struct str message, struct str value[IDENTITIES_MAX])
{
    struct str lines, rest, values[IDENTITY_VALUES_MAX];
    struct header_line line;
    unsigned n = 0;
    start_line(message, &lines);
    for (rest = lines; header_next(&rest, &line);) {
        const unsigned more = header_is(&line, STR("Identity"), 'y')
                                  ? identity_values(line.value, values)
                                  : 0;
        for (unsigned i = 0; i < more; i++)
            add_value(value, &n, values[i]);
    }
    for (rest = lines; head_line_next(&rest, &line);)
        if (is_odd(&line))
            add_value(value, &n, str_trim(line.raw));
    return n;
}
