#include <stird/core/told.h>

#include <stird/core/headers.h>
#include <stird/core/uri.h>
#include <string.h>

/*
 * Vendors put P- or X- before what is the same word: Oracle P-Origination-ID, 3GPP and ATIS
 * Origination-Id. A level has so many names (Oracle P-Attestation-Info, Avaya X-Attestation-Info,
 * P-Attestation-Indicator, X-STIR-SHAKEN-Attestation) that the word is enough.
 */
static const struct str prefixes[] = {STR(""),      STR("P-"),      STR("X-"),
                                      STR("Stir-"), STR("P-Stir-"), STR("X-Stir-")};
#define N_PREFIXES (sizeof(prefixes) / sizeof(prefixes[0]))

static const struct {
    struct str name;
    enum told told;
} names[] = {
    {STR("Origination-Id"), TOLD_ORIGID},
    {STR("Origination-Identifier"), TOLD_ORIGID},
    {STR("Orig-Id"), TOLD_ORIGID},
    {STR("Origid"), TOLD_ORIGID},
    {STR("Verstat"), TOLD_RESULT},
    {STR("Verstat-Info"), TOLD_RESULT},
    {STR("Identity-Verstat"), TOLD_RESULT},
    {STR("Verification-Status"), TOLD_RESULT},
    {STR("Verification-Result"), TOLD_RESULT},
    {STR("Identity-Bypass"), TOLD_RESULT}, /* Oracle: asks the next SBC not to verify */
};

/* Nearly no header has as many octets as one of these. */
static enum told find(struct str name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (name.n == names[i].name.n && header_is_alike(name, names[i].name))
            return names[i].told;
    return TOLD_NOTHING;
}

/* A header with that word in its name tells a level: P-Identity-Attest, XAttestValue; or a result:
   X-Twilio-VerStat, X-Plivo-Stir-Verification. */
static bool speaks_of(struct str name, struct str word)
{
    for (size_t i = 0; i + word.n <= name.n; i++)
        if (ascii_lower(name.p[i]) == word.p[0] &&
            str_starts_nocase(str_slice(name, i, name.n), word))
            return true;
    return false;
}

enum told told_by(struct str name)
{
    enum told told = TOLD_NOTHING;
    for (size_t i = 0; told == TOLD_NOTHING && i < N_PREFIXES; i++)
        if (header_is_alike(str_slice(name, 0, prefixes[i].n), prefixes[i]))
            told = find(str_slice(name, prefixes[i].n, name.n));
    if (told == TOLD_NOTHING && speaks_of(name, STR("attest")))
        told = TOLD_LEVEL;
    if (told == TOLD_NOTHING && speaks_of(name, STR("verstat")))
        told = TOLD_RESULT;
    if (told == TOLD_NOTHING &&
        (speaks_of(name, STR("stir-verification")) || speaks_of(name, STR("stir_verification"))))
        told = TOLD_VERIFIED;
    return told;
}

enum told told_by_line(const struct header_line *line)
{
    char room[HEADER_ROOM];
    struct str likes[2];
    header_lookalikes(line, likes, room);
    enum told told = told_by(likes[0]);
    return told == TOLD_NOTHING && !line->name.p ? told_by(likes[1]) : told;
}

/* ---- values ---- */

/* Not for two values side by side that have one each. */
static bool takes_off(struct str *s, char open, char close)
{
    if (s->n < 2 || s->p[0] != open || str_find(*s, close, 1) != s->n - 1)
        return false;
    *s = str_trim(str_slice(*s, 1, s->n - 1));
    return true;
}

static struct str unwrapped(struct str word)
{
    word = str_trim(word);
    while (takes_off(&word, '"', '"') || takes_off(&word, '<', '>') || takes_off(&word, '\'', '\''))
        ;
    return word;
}

struct str told_word(struct str value)
{
    struct str whole = unwrapped(value);
    return unwrapped(str_slice(whole, 0, str_find(whole, ';', 0)));
}

static char level_of_word(struct str word)
{
    char level = word.n == 1 ? ascii_lower(word.p[0]) : '\0';
    return level >= 'a' && level <= 'c' ? level : '\0';
}

static bool is_level_parameter(struct str name)
{
    return speaks_of(name, STR("attest")) || str_eq_nocase(name, STR("level")) ||
           str_eq_nocase(name, STR("lvl"));
}

/* *Lowers LOWEST to what ";level=C" or ";C" says; false when that cannot be read. */
static bool lower_by_parameters(char *lowest, struct str parameters)
{
    struct str name, value;
    while (parameter_next(&parameters, &name, &value)) {
        struct str word = told_word(value.n > 0 ? value : name);
        char level = level_of_word(word);
        if (level == '\0' && is_level_parameter(name))
            return false;
        if (level > *lowest)
            *lowest = level;
    }
    return true;
}

char told_level(struct str value)
{
    char lowest = '\0';
    struct str rest = unwrapped(value), element;
    while (list_next(&rest, &element)) {
        struct str whole = unwrapped(element);
        char level = level_of_word(told_word(whole));
        if (level > lowest)
            lowest = level;
        if (level == '\0' ||
            !lower_by_parameters(&lowest, str_slice(whole, str_find(whole, ';', 0), whole.n)))
            return '\0';
    }
    return lowest == '\0' ? '\0' : (char)('A' + (lowest - 'a'));
}

/* ---- verstat ---- */

/* Behind the quoted string that begins at AT; AT when it has no end. */
static size_t behind_quoted(struct str s, size_t at)
{
    for (size_t i = at + 1; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            return i + 1;
    }
    return at;
}

static bool is_one_of(const char *set, char c)
{
    return c != '\0' && strchr(set, c);
}

/* The octet at AT, escaped or not; *BEHIND: what follows it. NUL at the end. */
static char octet_at(struct str s, size_t at, size_t *behind)
{
    struct str rest = str_slice(s, at, s.n);
    const char c = rest.n > 0 ? uri_octet_next(&rest) : '\0';
    *behind = s.n - rest.n;
    return c;
}

/* Control characters too, which a lenient reader may pass over. */
static bool is_passed_over(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static size_t behind_white_space(struct str s, size_t at)
{
    size_t behind;
    while (at < s.n && is_passed_over(octet_at(s, at, &behind)))
        at = behind;
    return at;
}

#define ENDS_PARAMETER ";@>,? \t\r\n" /* of a URI, its user part or a header */

/* OF_HEADER: of a header field of a URI, whose next one begins with an ampersand. */
static size_t behind_value(struct str s, size_t at, bool of_header)
{
    size_t behind, equals = behind_white_space(s, at);
    if (octet_at(s, equals, &behind) != '=')
        return at;
    at = behind_white_space(s, behind);
    size_t quoted = at < s.n && s.p[at] == '"' ? behind_quoted(s, at) : at;
    if (quoted > at)
        return quoted;
    while (at < s.n && !is_one_of(ENDS_PARAMETER, s.p[at]) && !(of_header && s.p[at] == '&'))
        at++;
    return at;
}

/* Behind the word at AT, in any case, with its octets escaped or not and with what is passed over,
   such as the end of a line that is folded, between them; AT: it is not there. */
static size_t behind_word(struct str s, size_t at, struct str word)
{
    size_t end = at;
    for (size_t i = 0; i < word.n; i++) {
        size_t begin = i > 0 ? behind_white_space(s, end) : end;
        if (ascii_lower(octet_at(s, begin, &end)) != word.p[i])
            return at;
    }
    return end;
}

static bool is_of_scheme(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || is_one_of("+-.", c);
}

/* Whether the colon at AT stands behind the name of a header or of a scheme; another one is before
   a password, or a port. */
static bool ends_scheme(struct str s, size_t at)
{
    while (at > 0 && is_of_scheme(s.p[at - 1]))
        at--;
    return at == 0 || is_one_of("<,\" \t\r\n", s.p[at - 1]);
}

/* Whether a parameter, a password or a header field of a URI may begin behind C, which is at AT. */
static bool separates(struct str s, size_t at, char c)
{
    return c == ';' || c == '?' || c == '&' || (c == ':' && !ends_scheme(s, at));
}

/* What follows the verstat whose separator, such as a semicolon, is at AT; AT when there is none.
 *KEPT: so many octets of it are the separator of what follows. */
static size_t behind_verstat(struct str s, size_t at, size_t *kept)
{
    size_t behind;
    *kept = 0;
    if (s.p[at] != '%' && !is_one_of(";?&:", s.p[at])) /* as nearly all are */
        return at;
    const char c = octet_at(s, at, &behind);
    if (!separates(s, at, c))
        return at;
    const bool of_header = c == '?' || c == '&';
    size_t begin = behind_white_space(s, behind);
    size_t end = behind_word(s, begin, STR("verstat")), unused;
    const char next = octet_at(s, end, &unused);
    if (end == begin || (end < s.n && next != '=' && !is_one_of(ENDS_PARAMETER, next) &&
                         !(of_header && next == '&') && !is_passed_over(next)))
        return at;
    end = behind_value(s, end, of_header);
    if (c == '?' && end < s.n && s.p[end] == '&') { /* another one is first now */
        *kept = behind - at;
        end++;
    }
    return end;
}

/* Quotes mean something before a URI alone: a display name, which stays as it is. Within one, and
   behind it, who reads leniently finds the parameter all the same. */
static bool begins_uri(char c)
{
    return c == '<' || c == ';' || c == '@' || c == '>';
}

static bool take_off_once(struct str text, struct buf *out)
{
    bool quotes = true; /* until one has no end: no text takes more than two readings */
    bool in_uri = false;
    size_t written = 0, at = 0;
    while (at < text.n) {
        size_t kept, behind = behind_verstat(text, at, &kept);
        if (behind > at) {
            buf_add_str(out, str_slice(text, written, at + kept));
            written = at = behind;
            continue;
        }
        in_uri = text.p[at] == ',' ? false : in_uri || begins_uri(text.p[at]);
        const bool quoted = quotes && !in_uri && text.p[at] == '"';
        behind = quoted ? behind_quoted(text, at) : at + 1;
        quotes = quotes && behind > at;
        at = behind > at ? behind : at + 1;
    }
    if (written > 0)
        buf_add_str(out, str_slice(text, written, text.n));
    return written > 0;
}

#define PASSES 4 /* more than any text takes that was not made for this */

/* What is left around one may be one again: where that has no end the word is spoiled. */
static void spoil(struct buf *text)
{
    for (size_t at = 0; at < text->n; at++) {
        const size_t behind = behind_word(buf_str(text), at, STR("verstat"));
        for (; at + 1 < behind; at++)
            text->p[at] = '-';
    }
}

bool told_without_verstat(struct str text, struct buf *out)
{
    struct buf before = BUF_INIT;
    const size_t begin = out->n;
    if (!take_off_once(text, out))
        return false;
    for (unsigned i = 0; i < PASSES; i++) {
        buf_reset(&before);
        buf_add_str(&before, str_slice(buf_str(out), begin, out->n));
        const size_t length = out->n;
        if (!take_off_once(buf_str(&before), out))
            break;
        memmove(out->p + begin, out->p + length, out->n - length);
        out->n -= length - begin;
        if (i + 1 == PASSES)
            spoil(out);
    }
    out->failed = out->failed || buf_failed(&before);
    buf_fini(&before);
    return true;
}
