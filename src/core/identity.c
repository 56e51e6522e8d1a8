#include <stird/identity.h>

#include <string.h>

/* ---- characters ---- */

static bool is_lws(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

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
    while (rest->n > 0 && is_lws(rest->p[0]))
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
        if (c == 0x7f || (c >= 0 && c < ' ' && !is_lws(c)))
            return false;
        n += c == '\\' ? 2 : 1;
    }
    if (n >= rest->n)
        return false;
    *inside = str_slice(*rest, 0, n);
    *rest = str_slice(*rest, n + 1, rest->n);
    return true;
}

/* ---- the parts of the header ---- */

/* signed-identity-digest: header.payload.signature, or ..signature in compact form. */
static bool parse_digest(struct str *rest, struct identity *identity)
{
    const char *begin = rest->p;
    identity->header = take_while(rest, is_base64url);
    if (!take_char(rest, '.'))
        return false;
    identity->payload = take_while(rest, is_base64url);
    if (!take_char(rest, '.'))
        return false;
    identity->signature = take_while(rest, is_base64url);
    identity->digest = str_span(begin, rest->p);
    identity->compact = identity->header.n == 0;
    return identity->signature.n > 0 && (identity->payload.n == 0) == identity->compact;
}

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
} parameters[PARAMETERS] = {
    [PARAMETER_INFO] = {"info", parse_uri},
    [PARAMETER_ALG] = {"alg", parse_token},
    [PARAMETER_PPT] = {"ppt", parse_token},
};

static bool parse_parameter(struct str *rest, struct str values[PARAMETERS])
{
    struct str name = take_while(rest, is_token), ignored;
    if (name.n == 0)
        return false;
    bool has_value = take_separator(rest, '=');
    for (unsigned i = 0; i < PARAMETERS; i++) {
        if (!str_eq_nocase(name, str_of(parameters[i].name)))
            continue;
        /* Twice the same: two readers might take different ones. */
        return has_value && values[i].n == 0 && parameters[i].parse(rest, &values[i]);
    }
    return !has_value || parse_generic(rest, &ignored);
}

enum identity_kind identity_parse(struct str value, struct identity *identity)
{
    enum identity_kind kind = IDENTITY_UNREADABLE;
    struct str rest = str_trim(value), values[PARAMETERS] = {{NULL, 0}};
    *identity = (struct identity){0};
    if (rest.n == 0)
        return IDENTITY_EMPTY;
    if (!parse_digest(&rest, identity))
        goto out;
    while (rest.n > 0)
        if (!take_separator(&rest, ';') || !parse_parameter(&rest, values))
            goto out;
    if (values[PARAMETER_INFO].n == 0)
        goto out;
    identity->info = values[PARAMETER_INFO];
    identity->alg = values[PARAMETER_ALG].n > 0 ? values[PARAMETER_ALG] : STR("ES256");
    identity->ppt = values[PARAMETER_PPT];
    kind = str_eq(identity->ppt, STR("shaken")) ? IDENTITY_SHAKEN : IDENTITY_OTHER;
out:
    return kind;
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
