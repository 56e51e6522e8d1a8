/*
 * Discriminators that can fit no call, or none that anybody sends: all calls of that customer would
 * be refused. Hosts and %XX are read here as the reader of Request-URIs reads them.
 */
#include "reader.h"

#include <stird/core/discriminator.h>
#include <stird/core/uri.h>
#include <string.h>

#define DIALLED_DIGITS_MAX 32 /* 15 of the longest number, and prefixes dialled before it */

static struct str decoded(struct reader *r, struct str text)
{
    struct str plain = text;
    return uri_unescape(r->arena, text, &plain) ? plain : text;
}

/* True with a problem. */
static bool is_escaped(struct reader *r, const struct object *o, const char *key, struct str text)
{
    struct str plain = decoded(r, text);
    if (str_eq(plain, text))
        return false;
    complain(r, o, place_of(o, key),
             "%s: %.*s fits no call: what calls write is compared decoded, so write %.*s", key,
             STR_ARG(shown(r, text)), STR_ARG(shown(r, plain)));
    return true;
}

/* The first character of TEXT that is no letter, no digit and none of MARKS; -1: there is none. */
static int other_character(struct str text, const char *marks)
{
    for (size_t i = 0; i < text.n; i++)
        if (!ascii_is_alpha(text.p[i]) && !ascii_is_digit(text.p[i]) &&
            str_find(str_of(marks), text.p[i], 0) == str_of(marks).n)
            return (unsigned char)text.p[i];
    return -1;
}

static bool has_only(struct str text, const char *marks)
{
    for (size_t i = 0; i < text.n; i++)
        if (str_find(str_of(marks), text.p[i], 0) == str_of(marks).n)
            return false;
    return true;
}

static void warn_of_other(struct reader *r, const struct object *o, const char *key,
                          struct str text, const char *marks)
{
    int other = other_character(text, marks);
    if (other >= 0)
        warn(
            r, o, place_of(o, key),
            "%s: %.*s fits calls alone that write %%%02X for one of its characters: else a URI has "
            "only letters, digits and %s there (RFC 3261, RFC 4904)",
            key, STR_ARG(shown(r, text)), (unsigned)other, marks);
}

static void check_group(struct reader *r, const struct object *o, const char *key, struct str group)
{
    if (!is_escaped(r, o, key, group))
        warn_of_other(r, o, key, group, "-_.!~*'()/&+$");
}

static bool has_scheme(struct str text)
{
    static const char *const schemes[] = {"sip:", "sips:", "tel:"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (str_starts_nocase(text, str_of(schemes[i])))
            return true;
    return false;
}

static size_t count_digits(struct str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += ascii_is_digit(text.p[i]);
    return n;
}

static void check_user_prefix(struct reader *r, const struct object *o, const char *key,
                              struct str prefix)
{
    if (is_escaped(r, o, key, prefix))
        return;
    if (has_scheme(prefix))
        complain(r, o, place_of(o, key), "%s: %.*s begins with a scheme: write the user part alone",
                 key, STR_ARG(shown(r, prefix)));
    else if (has_only(prefix, "-.()"))
        complain(r, o, place_of(o, key),
                 "%s: %.*s has nothing but separators, which are skipped: every number begins so",
                 key, STR_ARG(shown(r, prefix)));
    else if (count_digits(prefix) > DIALLED_DIGITS_MAX)
        complain(r, o, place_of(o, key),
                 "%s: %.*s has more than %d digits, and no number that is dialled has: write how "
                 "it begins",
                 key, STR_ARG(shown(r, prefix)), DIALLED_DIGITS_MAX);
    else
        warn_of_other(r, o, key, prefix, "-_.!~*'()&=+$,?/#");
}

static bool is_host(struct str text)
{
    struct address address;
    return address_parse(text, &address) || (uri_host_is_plain(text) && text.p[0] != '[');
}

/* The host in "sip:a.example", "a.example:5060", "1@a.example"; empty: it is not clear which. */
static struct str host_in(struct reader *r, struct str text)
{
    struct uri uri = {.host = STR("")};
    struct str plain = decoded(r, str_trim(text));
    if (!has_scheme(plain))
        plain = arena_printf(r->arena, "sip:%.*s", STR_ARG(plain));
    uri_split(&uri, plain);
    return uri.host.n > 0 && is_host(uri.host) ? uri.host : STR("");
}

void discriminator_host(struct reader *r, const struct object *o, const char *key, struct str text)
{
    if (text.n == 0 || is_host(text))
        return;
    struct str host = host_in(r, text);
    complain(
        r, o, place_of(o, key),
        "%s: %.*s is no host, and fits none: a name or an address alone, without scheme, user, "
        "port, parameters and wildcard%s%.*s",
        key, STR_ARG(shown(r, text)), host.n > 0 ? ": write " : "",
        STR_ARG(host.n > 0 ? shown(r, host) : host));
}

static void check_value(struct reader *r, const struct object *o, const char *key, struct str value)
{
    if (str_trim(value).n == 0)
        complain(r, o, place_of(o, key), "%s: %.*s is white space alone: write what the SBC writes",
                 key, STR_ARG(shown(r, value)));
}

/* What is wrong with its form; NULL: nothing, and whether such a thing exists is asked where names
   are resolved. */
static void (*const checks[DISCRIMINATOR_FORMS])(struct reader *r, const struct object *o,
                                                 const char *key, struct str text) = {
    [FORM_HOST] = discriminator_host,
    [FORM_GROUP] = check_group,
    [FORM_USER] = check_user_prefix,
    [FORM_VALUE] = check_value,
};

void discriminators_find_useless(struct reader *r, const struct draft_trunk *d)
{
    for (unsigned i = 0; i < discriminators_count; i++) {
        const struct discriminator *one = &discriminators[i];
        struct str text = one->wanted(&d->trunk);
        if (text.n > 0 && checks[one->form])
            checks[one->form](r, &d->object, one->key, text);
    }
    discriminator_host(r, &d->object, "tls_peer_name", d->trunk.tls_peer_name);
}

struct str discriminator_keys(struct reader *r)
{
    struct buf list = BUF_INIT;
    const char *last = "";
    for (unsigned i = 0; i < discriminators_count; i++) {
        const struct discriminator *one = &discriminators[i];
        const char *key = one->header_key ? one->header_key : one->key;
        if (strcmp(key, last) != 0)
            buf_addf(&list, "%s%s",
                     last[0] == '\0'                ? ""
                     : i + 1 < discriminators_count ? ", "
                                                    : " or ",
                     key);
        last = key;
    }
    struct str copy = arena_copy(r->arena, buf_str(&list));
    buf_fini(&list);
    return copy;
}
