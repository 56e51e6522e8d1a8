#include <stird/core/number_plan.h>
#include <stird/core/tn.h>
#include <stird/core/uri.h>

#include <string.h>

/* A country code, an international prefix and 15 digits fit; longer text is too long anyway. */
#define RAW_MAX 32

/* A user part after %-decoding, without visual separators. */
struct raw {
    char text[RAW_MAX]; /* digits, * and #; the plus sign is apart */
    size_t n;
    bool plus, keys /* holds * or # */, overflow;
};

static const struct str fault_texts[] = {
    [TN_OK] = STR("a telephone number"),
    [TN_EMPTY] = STR("no digits"),
    [TN_BAD_CHARACTER] = STR("a character that no telephone number has"),
    [TN_TOO_LONG] = STR("more than 15 digits"),
    [TN_NOT_GLOBAL] = STR("no plus sign and not a national number of the trunk's country"),
    [TN_BAD_CONTEXT] = STR("its phone-context is not a global prefix such as +1"),
    [TN_NOT_A_NUMBER_URI] = STR("not a tel, sip or sips URI"),
    [TN_NOT_E164] = STR("fewer than 7 digits, or a country code that begins with 0"),
    [TN_NO_COUNTRY] = STR("no country has this country code"),
    [TN_WRONG_LENGTH] = STR("its length is not that of its country's numbers"),
    [TN_NANP_LENGTH] = STR("a number of +1 has 11 digits"),
    [TN_NANP_CODE] = STR("area code and exchange of a +1 number begin with 2 to 9"),
};

struct str tn_str(const struct tn *tn)
{
    return (struct str){tn->digits, tn->n};
}

bool tn_equal(const struct tn *a, const struct tn *b)
{
    return str_eq(tn_str(a), tn_str(b));
}

struct str tn_fault_text(enum tn_fault fault)
{
    return fault_texts[fault];
}

bool tn_cannot_exist(enum tn_fault fault)
{
    return fault >= TN_NOT_E164;
}

static bool is_visual_separator(char c)
{
    return c == '-' || c == '.' || c == '(' || c == ')';
}

/* The octet at *I, %-decoded; -1 for a broken escape. *I goes behind it. */
static int next_octet(struct str s, size_t *i)
{
    unsigned char c = (unsigned char)s.p[(*i)++];
    if (c != '%')
        return c;
    int high = *i < s.n ? ascii_hex_value(s.p[*i]) : -1;
    int low = *i + 1 < s.n ? ascii_hex_value(s.p[*i + 1]) : -1;
    *i += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* False when a character is none of a telephone number. */
static bool raw_read(struct raw *raw, struct str s)
{
    *raw = (struct raw){.n = 0};
    for (size_t i = 0; i < s.n;) {
        bool first = i == 0;
        int c = next_octet(s, &i);
        if (c == '+' && first) {
            raw->plus = true;
            continue;
        }
        if (c < 0 || c > 0x7f)
            return false;
        if (is_visual_separator((char)c))
            continue;
        if (!ascii_is_digit((char)c) && c != '*' && c != '#')
            return false;
        raw->keys = raw->keys || !ascii_is_digit((char)c);
        if (raw->n < RAW_MAX)
            raw->text[raw->n++] = (char)c;
        else
            raw->overflow = true;
    }
    return true;
}

static struct str raw_str(const struct raw *raw)
{
    return (struct str){raw->text, raw->n};
}

static bool is_listed(struct str text, const struct str *codes, unsigned n_codes)
{
    for (unsigned i = 0; i < n_codes; i++)
        if (str_eq(text, codes[i]))
            return true;
    return false;
}

static enum tn_fault write_digits(struct tn *tn, struct str head, struct str tail)
{
    if (head.n > TN_MAX_DIGITS || tail.n > TN_MAX_DIGITS - head.n)
        return TN_TOO_LONG;
    struct tn whole = {.n = (uint8_t)(head.n + tail.n)};
    if (head.n > 0)
        memcpy(whole.digits, head.p, head.n);
    if (tail.n > 0)
        memcpy(whole.digits + head.n, tail.p, tail.n);
    *tn = whole;
    return TN_OK;
}

static enum tn_fault write_global(struct tn *tn, struct str head, struct str tail)
{
    struct tn whole;
    enum tn_fault fault = write_digits(&whole, head, tail);
    if (fault != TN_OK)
        return fault;
    if (whole.n == 0)
        return TN_EMPTY;
    *tn = whole;
    return number_plan_check(&whole);
}

/* The value of phone-context in ";a=b;phone-context=+1". True when there is at least one. */
static bool find_context(struct str parameters, struct str *value, bool *repeated)
{
    bool found = false;
    *repeated = false;
    while (parameters.n > 0) {
        struct str parameter = str_cut(&parameters, ';');
        struct str name = str_cut(&parameter, '=');
        if (!uri_name_is(name, STR("phone-context")))
            continue;
        *repeated = found;
        found = true;
        *value = parameter;
    }
    return found;
}

static bool is_national_length(const struct country *c, size_t n)
{
    size_t max = c->national_length_max > 0 ? c->national_length_max : c->national_length;
    return c->national_length > 0 && n >= c->national_length && n <= max;
}

/* RFC 3966 section 5.1.5: the digits of a global context go before the local ones. */
static enum tn_fault with_context(struct tn *tn, struct str local, struct str context,
                                  const struct country *country)
{
    struct raw prefix;
    if (!raw_read(&prefix, context) || !prefix.plus || prefix.n == 0 || prefix.keys)
        return TN_BAD_CONTEXT;
    enum tn_fault fault = write_global(tn, raw_str(&prefix), local);
    /* "491234567890;phone-context=+49" names the country twice: the trunk knows its lengths. */
    if (fault == TN_OK && country->code.n > 0 && country->national_length > 0 &&
        str_starts(tn_str(tn), country->code) &&
        !is_national_length(country, tn->n - country->code.n))
        return TN_WRONG_LENGTH;
    return fault;
}

/* Decided 8, in its order. */
static enum tn_fault by_country(struct tn *tn, struct str digits, const struct country *country)
{
    struct str none = {NULL, 0};
    struct str code = country->code, prefix = country->international_prefix;
    if (code.n > 0 && prefix.n > 0 && str_starts(digits, prefix))
        return write_global(tn, none, str_slice(digits, prefix.n, digits.n));
    if (digits.n > TN_MAX_DIGITS)
        return TN_TOO_LONG;
    if (code.n == 0 || country->national_length == 0)
        return TN_NOT_GLOBAL;
    struct str national = country->national_prefix;
    if (national.n > 0 && str_starts(digits, national) &&
        is_national_length(country, digits.n - national.n))
        return write_global(tn, code, str_slice(digits, national.n, digits.n));
    bool whole = str_starts(digits, code) && is_national_length(country, digits.n - code.n);
    bool short_of_code = is_national_length(country, digits.n);
    if (whole && short_of_code) /* lengths that vary leave open which of the two it is */
        return TN_NOT_GLOBAL;
    if (short_of_code)
        return write_global(tn, code, digits);
    return whole ? write_global(tn, none, digits) : TN_NOT_GLOBAL;
}

enum tn_fault tn_from_user(struct tn *tn, struct str user, const struct country *country,
                           const struct str *short_codes, unsigned n_short_codes)
{
    struct raw raw;
    struct str none = {NULL, 0}, context = none;
    struct str parameters = str_slice(user, 0, str_find(user, ':', 0));
    struct str subscriber = str_cut(&parameters, ';');
    bool repeated;
    if (subscriber.n == 0)
        return TN_EMPTY;
    if (!raw_read(&raw, subscriber))
        return TN_BAD_CHARACTER;
    if (raw.n == 0)
        return TN_EMPTY;
    if (!raw.plus && !raw.overflow && is_listed(raw_str(&raw), short_codes, n_short_codes))
        return write_digits(tn, none, raw_str(&raw));
    if (raw.keys)
        return TN_BAD_CHARACTER;
    if (raw.overflow)
        return TN_TOO_LONG;
    if (raw.plus)
        return write_global(tn, none, raw_str(&raw));
    if (find_context(parameters, &context, &repeated))
        return repeated ? TN_BAD_CONTEXT : with_context(tn, raw_str(&raw), context, country);
    return by_country(tn, raw_str(&raw), country);
}

enum tn_fault tn_from_uri(struct tn *tn, struct str uri, const struct country *country,
                          const struct str *short_codes, unsigned n_short_codes)
{
    struct uri parts;
    bool clear = uri_split(&parts, uri);
    if (parts.scheme == URI_OTHER || parts.scheme == URI_NONE)
        return TN_NOT_A_NUMBER_URI;
    if (!clear)
        return TN_BAD_CHARACTER;
    /* A tel URI has no password: a colon is a wrong character, not the end of the number. */
    if (parts.scheme == URI_TEL && str_find(parts.user, ':', 0) < parts.user.n)
        return TN_BAD_CHARACTER;
    return tn_from_user(tn, parts.userinfo, country, short_codes, n_short_codes);
}

bool tn_from_digits(struct tn *tn, struct str text)
{
    struct tn read = {0};
    if (text.n > 0 && text.p[0] == '+')
        text = str_slice(text, 1, text.n);
    if (text.n == 0 || text.n > TN_MAX_DIGITS)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!ascii_is_digit(text.p[i]))
            return false;
        read.digits[read.n++] = text.p[i];
    }
    *tn = read;
    return true;
}
