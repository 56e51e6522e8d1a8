/*
 * Decided 5: whatever looks like an emergency call is one. A mistake here must let a call through
 * rather than stop it. So a number is recognised with visual separators and parameters, and with
 * whatever number rules on the way put around it: a country code, an access digit, an end-of-dial
 * sign.
 */
#include <stird/core/emergency.h>
#include <stird/core/tn_reach.h>
#include <stird/core/uri.h>

#include <string.h>

#define USER_MAX 48 /* octets of a user part; longer ones are no emergency number */

static const struct str always[] = {{"911", 3}, {"112", 3}, {"933", 3}};
static const struct str north_american[] = {{"911", 3}, {"933", 3}};
static const struct country no_country = {.national_length = 0};

/* What is dialled: keys without plus and separators. */
struct dialled {
    char keys[TN_MAX_DIGITS];
    size_t n;
};

/* Whether a broken escape comes next, such as %zz: only what stands before it was dialled. */
static bool is_bad_escape(struct str s)
{
    return s.p[0] == '%' &&
           !(s.n >= 3 && ascii_hex_value(s.p[1]) >= 0 && ascii_hex_value(s.p[2]) >= 0);
}

static bool is_left_out(char c)
{
    return str_find(STR("+-.() ,"), c, 0) < 7; /* a comma is a pause */
}

/* USER without its escapes; with SQUEEZED, several separators in a row become one. Empty when it is
   too long. */
static struct str copy_user(struct str user, char room[USER_MAX], bool squeezed)
{
    size_t n = 0;
    while (user.n > 0 && n < USER_MAX && !is_bad_escape(user)) {
        char c = uri_octet_next(&user);
        if (!squeezed || n == 0 || !is_left_out(c) || !is_left_out(room[n - 1]))
            room[n++] = c;
        else if (c == ',') /* which parts numbers */
            room[n - 1] = c;
    }
    return (struct str){room, n < USER_MAX ? n : 0};
}

/* The user part of URI without its escapes; empty when it is too long even with its separators
   squeezed. */
static struct str plain_user(struct str uri, char room[USER_MAX])
{
    struct str called = uri_called_part(uri), user = copy_user(called, room, false);
    if (user.n == 0)
        user = copy_user(called, room, true);
    return uri_called_end(user);
}

/* False when USER is longer than a number, or holds a character that is not a key of a
   telephone. */
static bool read_keys(struct str user, struct dialled *dialled)
{
    dialled->n = 0;
    for (size_t i = 0; i < user.n; i++) {
        char c = user.p[i];
        if (is_left_out(c))
            continue;
        if (dialled->n == TN_MAX_DIGITS || (!ascii_is_digit(c) && c != '*' && c != '#'))
            return false;
        dialled->keys[dialled->n++] = c;
    }
    return dialled->n > 0;
}

static bool dialled_keys(struct str user, struct dialled *dialled)
{
    if (!read_keys(user, dialled))
        return false;
    while (dialled->n > 0 && !ascii_is_digit(dialled->keys[dialled->n - 1]))
        dialled->n--; /* the end of dialling */
    return dialled->n > 0;
}

static bool is_listed(struct str number, const struct str *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(number, list[i]))
            return true;
    return false;
}

static bool is_bare(const struct settings *s, struct str keys)
{
    return is_listed(keys, always, sizeof(always) / sizeof(always[0])) ||
           is_listed(keys, s->emergency_numbers, s->n_emergency_numbers);
}

/* Takes PREFIX off *KEYS; false when they do not begin with it, or it is empty. */
static bool take_off(struct str *keys, struct str prefix)
{
    if (prefix.n == 0 || !str_starts(*keys, prefix))
        return false;
    *keys = str_slice(*keys, prefix.n, keys->n);
    return true;
}

/* 1911 counts in every country, since 911 is North America's number; in country C so do 49112,
   0049112 and 0112. */
static bool is_national(const struct settings *s, const struct country *c, struct str keys)
{
    struct str one = keys, national = keys;
    if (take_off(&one, STR("1")) &&
        is_listed(one, north_american, sizeof(north_american) / sizeof(north_american[0])))
        return true;
    if (take_off(&national, c->national_prefix) && is_bare(s, national))
        return true;
    take_off(&keys, c->international_prefix);
    return take_off(&keys, c->code.n > 0 ? c->code : STR("1")) && is_bare(s, keys);
}

static bool is_emergency(const struct settings *s, const struct country *c, struct str keys)
{
    if (is_bare(s, keys) || is_national(s, c, keys))
        return true;
    for (unsigned i = 0; i < s->n_emergency_prefixes; i++) {
        struct str inside = keys;
        if (take_off(&inside, s->emergency_prefixes[i]) &&
            (is_bare(s, inside) || is_national(s, c, inside)))
            return true;
    }
    return false;
}

static bool dress_alike(const struct country *a, const struct country *b)
{
    return str_eq(a->code, b->code) && str_eq(a->national_prefix, b->national_prefix) &&
           str_eq(a->international_prefix, b->international_prefix);
}

/*
 * Before the trunk is known, the number may be written as in the country of any trunk. Even
 * thousands of trunks have only a few countries.
 */
static bool is_emergency_of_any(const struct settings *s, struct str keys)
{
    const struct country *last = &no_country;
    bool found = is_emergency(s, last, keys);
    for (unsigned i = 0; i < s->n_trunks && !found; i++) {
        const struct country *c = &s->trunks[i].country;
        found = !dress_alike(c, last) && is_emergency(s, c, keys);
        last = c;
    }
    return found;
}

static bool is_emergency_for(const struct settings *s, const struct trunk *trunk, struct str keys)
{
    return trunk ? is_emergency(s, &trunk->country, keys) : is_emergency_of_any(s, keys);
}

static bool run_is_emergency(const struct settings *s, const struct trunk *trunk,
                             const struct tn_run *run)
{
    struct str digits;
    bool found = false;
    for (unsigned i = 0; !found && tn_run_reading(run, i, &digits); i++)
        found = is_emergency_for(s, trunk, digits);
    return found;
}

/*
 * An emergency number with something around it: *67911, 9*911, 911,1. It is read as tn_reach.h
 * reads what may lead to a blocked number, so that what refuses a call never overlooks an emergency
 * call. But where enough digits for another number stand beside it, the call is to that one.
 */
static bool is_dressed(const struct settings *s, const struct trunk *trunk, struct str user)
{
    struct tn_run run;
    bool found = false, alone = true;
    while (alone && tn_run_next(&user, &run)) {
        bool emergency = run_is_emergency(s, trunk, &run);
        found |= emergency;
        alone = emergency || run.n < TN_MIN_DIGITS;
    }
    return found && alone;
}

/* What is neither a letter, a digit nor a hyphen ends a label of a service. */
static bool ends_label(struct str s, size_t at)
{
    return at >= s.n || !(ascii_is_alpha(s.p[at]) || ascii_is_digit(s.p[at]) || s.p[at] == '-');
}

/* ---- what most calls are ---- */

static bool ends_with(struct str s, struct str end)
{
    return s.n >= end.n && str_eq(str_slice(s, s.n - end.n, s.n), end);
}

/* "sip:+12155550123@": of digits alone, and of no more than a number has. *DIGITS: these. */
static bool calls_digits(struct str uri, struct str *digits)
{
    const struct str scheme = STR("sip:");
    size_t begin = scheme.n + (uri.n > scheme.n && uri.p[scheme.n] == '+'), end = begin;
    if (!str_starts(uri, scheme))
        return false;
    while (end < uri.n && ascii_is_digit(uri.p[end]))
        end++;
    *digits = str_slice(uri, begin, end);
    return end < uri.n && uri.p[end] == '@' && digits->n > 0 && digits->n <= TN_MAX_DIGITS;
}

/*
 * Whether a look at its end tells that URI is no emergency call: whatever is dialled before an
 * emergency number, in digits alone nothing stands behind it. False says nothing.
 */
static bool ends_as_none(const struct settings *s, struct str uri)
{
    struct str digits;
    if (!calls_digits(uri, &digits))
        return false;
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        if (ends_with(digits, always[i]))
            return false;
    for (unsigned i = 0; i < s->n_emergency_numbers; i++)
        if (ends_with(digits, s->emergency_numbers[i]))
            return false;
    return true;
}

/* ---- how well the number can be read ---- */

static bool lists(struct str parameters, struct str wanted)
{
    struct str name, value;
    bool found = false;
    while (!found && uri_parameter_next(&parameters, &name, &value))
        found = uri_name_is(name, wanted);
    return found;
}

static bool has_parameter(struct str uri, struct str wanted)
{
    struct uri parts;
    if (str_find(uri, ';', 0) == uri.n) /* as most: it has none */
        return false;
    uri_split(&parts, uri);
    return lists(parts.user_parameters, wanted);
}

bool emergency_says_more(struct str uri)
{
    struct uri parts;
    struct str password, headers;
    uri_split(&parts, uri);
    if (parts.scheme == URI_OTHER) /* its colons are of no password: urn:service:sos */
        return false;
    return lists(parts.user_parameters, STR("rn")) || lists(parts.parameters, STR("rn")) ||
           uri_says_more(uri, &password, &headers);
}

/* Only the plan of country code 1 says exactly which numbers exist. In others 112 behind an area
   code might be a number, so it counts as the emergency call that it looks like. */
static bool ends_other_for(const struct settings *s, const struct trunk *trunk, struct str uri)
{
    struct tn whole;
    return tn_from_uri(&whole, uri, &trunk->country, NULL, 0) == TN_OK &&
           str_starts(tn_str(&whole), STR("1")) &&
           !is_emergency(s, &trunk->country, tn_str(&whole));
}

/*
 * RFC 3966 section 5.1.5: behind a global phone-context 911 may be the end of another number, such
 * as +19005555911. Before the trunk is known each trunk's country has to read it so.
 */
static bool ends_other_number(const struct settings *s, const struct trunk *trunk, struct str uri)
{
    static const struct trunk nobody;
    if (!has_parameter(uri, STR("phone-context")))
        return false;
    if (trunk || s->n_trunks == 0)
        return ends_other_for(s, trunk ? trunk : &nobody, uri);
    bool other = true;
    for (unsigned i = 0; i < s->n_trunks && other; i++)
        other = ends_other_for(s, &s->trunks[i], uri);
    return other;
}

/* Whether the keys of USER, those that end dialling included, are all that URI calls. */
static bool is_keys_alone(struct str uri, const struct country *country, struct str user)
{
    struct dialled dialled;
    struct tn tn;
    if (!read_keys(user, &dialled) || has_parameter(uri, STR("phone-context")))
        return false;
    struct str keys = {dialled.keys, dialled.n};
    return tn_from_uri(&tn, uri, country, &keys, 1) == TN_OK;
}

/*
 * As exactly as any called number has to be read before it is signed (tn.h), and nothing beside it
 * that calls may be routed by: an emergency call is signed no better than others.
 */
static bool is_read_exactly(const struct settings *s, const struct trunk *trunk, struct str uri,
                            struct str user)
{
    static const struct country unknown;
    const struct country *country = trunk ? &trunk->country : &unknown;
    struct tn tn;
    if (emergency_says_more(uri))
        return false;
    enum tn_fault fault = tn_from_uri(&tn, uri, country, NULL, 0);
    if (fault == TN_OK || tn_cannot_exist(fault))
        return is_emergency_for(s, trunk, tn_str(&tn));
    return is_keys_alone(uri, country, user);
}

/* Whether S, its escapes decoded, begins with NAME in any case; *REST: what stands behind it. */
static bool begins_decoded(struct str s, struct str name, struct str *rest)
{
    for (size_t i = 0; i < name.n; i++)
        if (s.n == 0 || ascii_lower(uri_octet_next(&s)) != name.p[i])
            return false;
    *rest = s;
    return true;
}

/* RFC 5031 section 4.2: sos and its sub-services, any case; as it is called inside an ESInet. */
static bool is_sos_urn(struct str uri)
{
    static const struct str names[] = {STR("urn:service:sos"), STR("urn:emergency:service:sos"),
                                       STR("urn:nena:service:sos")};
    struct str rest;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (begins_decoded(uri, names[i], &rest) && ends_label(rest, 0))
            return true;
    return false;
}

/* sip:sos@host, which phones and gateways write for the service. */
static bool is_sos_user(struct str user)
{
    return str_starts_nocase(user, STR("sos")) && (user.n == 3 || user.p[3] == '.');
}

/* Whether it is an emergency URI, however it is written. */
static bool find_number(const struct settings *settings, const struct trunk *trunk, struct str user,
                        struct tn *number)
{
    struct dialled dialled;
    bool read = dialled_keys(user, &dialled);
    struct str keys = {dialled.keys, dialled.n};
    number->n = 0;
    if (!read || !is_emergency_for(settings, trunk, keys))
        return is_dressed(settings, trunk, user);
    if (!tn_from_digits(number, keys))
        number->n = 0;
    return true;
}

/* USER is URI's plain_user(). */
static bool number_of(const struct settings *settings, const struct trunk *trunk, struct str uri,
                      struct str user, struct tn *number)
{
    number->n = 0;
    if (ends_other_number(settings, trunk, uri) || !find_number(settings, trunk, user, number))
        return false;
    if (!is_read_exactly(settings, trunk, uri, user))
        number->n = 0;
    return true;
}

bool emergency_number(const struct settings *settings, const struct trunk *trunk, struct str uri,
                      struct tn *number)
{
    char room[USER_MAX];
    number->n = 0;
    return !ends_as_none(settings, uri) &&
           number_of(settings, trunk, uri, plain_user(uri, room), number);
}

/* Any digit before an emergency number may be an access digit: which one the trunk has is not known
   here. */
static const struct settings anywhere = {
    .emergency_prefixes = (const struct str[]){{"0", 1},
                                               {"1", 1},
                                               {"2", 1},
                                               {"3", 1},
                                               {"4", 1},
                                               {"5", 1},
                                               {"6", 1},
                                               {"7", 1},
                                               {"8", 1},
                                               {"9", 1}},
    .n_emergency_prefixes = 10,
};

bool dialled_number(const struct country *country, struct str uri, struct tn *number)
{
    char room[USER_MAX];
    struct dialled dialled;
    const struct trunk trunk = {.country = *country};
    struct str user = plain_user(uri, room);
    if (find_number(&anywhere, &trunk, user, number) && number->n > 0)
        return true;
    if (!read_keys(user, &dialled))
        return false;
    memcpy(number->digits, dialled.keys, dialled.n);
    number->n = (uint8_t)dialled.n;
    return true;
}

static bool says_emergency(const struct settings *settings, const struct trunk *trunk,
                           struct str uri)
{
    char room[USER_MAX];
    struct tn number;
    if (ends_as_none(settings, uri))
        return false;
    if (is_sos_urn(uri))
        return true;
    struct str user = plain_user(uri, room);
    return is_sos_user(user) || number_of(settings, trunk, uri, user, &number);
}

static enum emergency which_says_emergency(const struct settings *settings,
                                           const struct trunk *trunk, struct str request_uri,
                                           struct str to_uri)
{
    if (says_emergency(settings, trunk, request_uri))
        return EMERGENCY_BY_REQUEST_URI;
    if (settings->emergency_by_to && says_emergency(settings, trunk, to_uri))
        return EMERGENCY_BY_TO;
    return EMERGENCY_NONE;
}

bool emergency_uris(const struct settings *settings, struct str request_uri, struct str to_uri)
{
    return which_says_emergency(settings, NULL, request_uri, to_uri) != EMERGENCY_NONE;
}

enum emergency emergency_of_call(const struct settings *settings, const struct call *call)
{
    return which_says_emergency(settings, call->trunk, call->request_uri, call->to_uri);
}
