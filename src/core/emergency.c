/*
 * Decided 5: whatever looks like an emergency call is one. To be wrong here must err towards
 * letting a call through, so visual separators, parameters and a stray plus do not hide it.
 */
#include <stird/policy.h>

#include "emergency.h"

#define EMERGENCY_DIGITS_MAX 8

static const struct str always[] = {{"911", 3}, {"112", 3}, {"933", 3}};

/* The user part of a sip:, sips: or tel: URI without parameters and password. */
static struct str user_of(struct str uri)
{
    struct str rest = uri;
    if (str_starts_nocase(uri, STR("tel:"))) {
        rest = str_slice(uri, 4, uri.n);
    } else if (str_starts_nocase(uri, STR("sip:")) || str_starts_nocase(uri, STR("sips:"))) {
        rest = str_slice(uri, str_find(uri, ':', 0) + 1, uri.n);
        size_t at = str_find(rest, '@', 0);
        rest = at < rest.n ? str_slice(rest, 0, at) : (struct str){NULL, 0};
    } else {
        return (struct str){NULL, 0};
    }
    rest = str_slice(rest, 0, str_find(rest, ';', 0));
    return str_slice(rest, 0, str_find(rest, ':', 0));
}

static bool is_separator(char c)
{
    return c == '-' || c == '.' || c == '(' || c == ')';
}

/* "%39" is "9": one octet off the front of *S. */
static char next_octet(struct str *s)
{
    char c = s->p[0];
    size_t used = 1;
    if (c == '%' && s->n >= 3 && ascii_hex_value(s->p[1]) >= 0 && ascii_hex_value(s->p[2]) >= 0) {
        c = (char)(ascii_hex_value(s->p[1]) << 4 | ascii_hex_value(s->p[2]));
        used = 3;
    }
    *s = str_slice(*s, used, s->n);
    return c;
}

/* The digits of a short number; 0 when it is longer or holds anything else. */
static size_t short_digits(struct str user, char digits[EMERGENCY_DIGITS_MAX])
{
    size_t n = 0;
    bool first = true;
    while (user.n > 0) {
        char c = next_octet(&user);
        bool stray_plus = first && c == '+';
        first = false;
        if (stray_plus || is_separator(c))
            continue;
        if (n == EMERGENCY_DIGITS_MAX || !ascii_is_digit(c))
            return 0;
        digits[n++] = c;
    }
    return n;
}

static bool is_listed(struct str number, const struct str *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(number, list[i]))
            return true;
    return false;
}

/* RFC 5031 section 4.2: sos and its sub-services, any case. */
static bool is_sos_urn(struct str uri)
{
    static const char sos[] = "urn:service:sos";
    size_t n = sizeof(sos) - 1;
    return str_starts_nocase(uri, STR("urn:service:sos")) &&
           (uri.n == n || uri.p[n] == '.' || uri.p[n] == ';' || uri.p[n] == '?');
}

bool emergency_number(const struct settings *settings, struct str uri, struct tn *number)
{
    char digits[EMERGENCY_DIGITS_MAX];
    struct str found = {digits, short_digits(user_of(uri), digits)};
    if (!is_listed(found, always, sizeof(always) / sizeof(always[0])) &&
        !is_listed(found, settings->emergency_numbers, settings->n_emergency_numbers))
        return false;
    return tn_from_digits(number, found);
}

bool call_is_emergency(const struct settings *settings, const struct call *call)
{
    struct tn number;
    return is_sos_urn(call->to_uri) || is_sos_urn(call->request_uri) ||
           emergency_number(settings, call->to_uri, &number) ||
           emergency_number(settings, call->request_uri, &number);
}
