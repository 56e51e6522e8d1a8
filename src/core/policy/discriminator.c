#include <stird/core/discriminator.h>

#include <stird/core/headers.h>

#include "header_fit.h"

static struct str tls_name(const struct trunk *t)
{
    return t->tls_name;
}

static enum fit fit_tls_name(const struct trunk *t, const struct call *call)
{
    for (unsigned i = 0; i < call->n_peer_names; i++)
        if (str_eq_nocase(call->peer_names[i], t->tls_name))
            return FITS;
    return FITS_NOT;
}

static bool said_tls_name(const struct trunk *t, const struct call *call)
{
    (void)t;
    return call->n_peer_names > 0;
}

static struct str header_name(const struct trunk *t)
{
    return t->header_name;
}

static struct str header_value(const struct trunk *t)
{
    return t->header_value;
}

static enum fit fit_header(const struct trunk *t, const struct call *call)
{
    return header_fit(call, t->header_name, t->header_value, false);
}

static bool said_header(const struct trunk *t, const struct call *call)
{
    for (const struct call_header *h = call->headers; h && h->name.p; h++)
        if (header_same_name(h->name, t->header_name))
            return true;
    return false;
}

/* ---- trunk groups: each trunk sees its own place alone ---- */

static struct str group_in(const struct trunk *t, enum group_place place)
{
    return t->tgrp_in == place ? t->tgrp : (struct str){NULL, 0};
}

static struct str group_in_contact(const struct trunk *t)
{
    return group_in(t, GROUP_IN_CONTACT);
}

static struct str group_in_request_uri(const struct trunk *t)
{
    return group_in(t, GROUP_IN_REQUEST_URI);
}

static struct str group_in_from(const struct trunk *t)
{
    return group_in(t, GROUP_IN_FROM);
}

static enum fit fit_group(const struct trunk *t, const struct call *call)
{
    return trunk_groups_fit(&call->groups[t->tgrp_in], t->tgrp);
}

static bool said_group(const struct trunk *t, const struct call *call)
{
    return call->groups[t->tgrp_in].n > 0;
}

/* ---- the Request-URI ---- */

static struct str request_user_prefix(const struct trunk *t)
{
    return t->request_user_prefix;
}

#define DIALLED_OCTETS 512 /* of a user part; of a longer one it is not known how it begins */

static bool is_separator(char c)
{
    return c == '-' || c == '.' || c == '(' || c == ')';
}

static bool is_dialled(struct str user)
{
    for (size_t i = 0; i < user.n; i++)
        if (!ascii_is_digit(user.p[i]) && !is_separator(user.p[i]) && user.p[i] != '+' &&
            user.p[i] != '*' && user.p[i] != '#')
            return false;
    return true;
}

/* The character at *I or behind it that is no visual separator (RFC 3966 section 5.1.1); -1: end */
static int next_dialled(struct str s, size_t *i)
{
    while (*i < s.n && is_separator(s.p[*i]))
        ++*i;
    return *i < s.n ? (unsigned char)s.p[(*i)++] : -1;
}

static bool begins_as_dialled(struct str user, struct str prefix)
{
    size_t at = 0, in_prefix = 0;
    int wanted;
    while ((wanted = next_dialled(prefix, &in_prefix)) >= 0)
        if (next_dialled(user, &at) != wanted)
            return false;
    return true;
}

static enum fit fit_request_user_prefix(const struct trunk *t, const struct call *call)
{
    struct str user = call->request_user, prefix = t->request_user_prefix;
    if (call->request_uri_unclear || user.n > DIALLED_OCTETS)
        return FITS_IN_PART;
    bool begins = is_dialled(user) ? begins_as_dialled(user, prefix) : str_starts(user, prefix);
    return begins ? FITS : FITS_NOT;
}

/* A final dot says that a name is complete; all of these are. */
static struct str without_final_dot(struct str host)
{
    return host.n > 1 && host.p[host.n - 1] == '.' ? str_slice(host, 0, host.n - 1) : host;
}

static struct str request_host(const struct trunk *t)
{
    return without_final_dot(t->request_host);
}

static bool is_same_address(struct str one, struct str other)
{
    struct address a, b;
    return address_parse(one, &a) && address_parse(other, &b) && address_same_host(&a, &b);
}

bool discriminators_use_request_host(const struct trunk *t, struct str host)
{
    return t->request_host.n > 0 && (str_eq_nocase(without_final_dot(host), request_host(t)) ||
                                     is_same_address(t->request_host, host));
}

static enum fit fit_request_host(const struct trunk *t, const struct call *call)
{
    if (call->request_uri_unclear)
        return FITS_IN_PART;
    return discriminators_use_request_host(t, call->request_host) ? FITS : FITS_NOT;
}

static struct str listener(const struct trunk *t)
{
    return t->listener;
}

static enum fit fit_listener(const struct trunk *t, const struct call *call)
{
    return str_eq(call->listener, t->listener) ? FITS : FITS_NOT;
}

/* Whether ONE begins with OTHER; where both are dialled numbers, separators do not count. */
static bool begins_with(struct str one, struct str other)
{
    return str_starts(one, other) ||
           (is_dialled(one) && is_dialled(other) && begins_as_dialled(one, other));
}

const struct discriminator discriminators[] = {
    {.key = "tls_name",
     .what = "TLS name",
     .form = FORM_HOST,
     .wanted = tls_name,
     .any_case = true,
     .fit = fit_tls_name,
     .said = said_tls_name},
    {.key = "header_value",
     .what = "header",
     .form = FORM_VALUE,
     .wanted = header_value,
     .fit = fit_header,
     .header = header_name,
     .header_key = "header_name",
     .said = said_header},
    {.key = "tgrp",
     .what = "tgrp of Contact",
     .form = FORM_GROUP,
     .wanted = group_in_contact,
     .fit = fit_group,
     .said = said_group},
    {.key = "tgrp",
     .what = "tgrp of the Request-URI",
     .form = FORM_GROUP,
     .wanted = group_in_request_uri,
     .fit = fit_group,
     .said = said_group},
    {.key = "tgrp",
     .what = "tgrp of From",
     .form = FORM_GROUP,
     .wanted = group_in_from,
     .fit = fit_group,
     .said = said_group},
    {.key = "request_user_prefix",
     .what = "Request-URI user begins with",
     .form = FORM_USER,
     .wanted = request_user_prefix,
     .fit = fit_request_user_prefix,
     .includes = begins_with},
    {.key = "request_host",
     .what = "Request-URI host",
     .form = FORM_HOST,
     .wanted = request_host,
     .any_case = true,
     .fit = fit_request_host,
     .includes = is_same_address},
    {.key = "listener",
     .what = "listener",
     .form = FORM_NAME,
     .wanted = listener,
     .fit = fit_listener},
};
const unsigned discriminators_count = sizeof(discriminators) / sizeof(discriminators[0]);
_Static_assert(sizeof(discriminators) / sizeof(discriminators[0]) <= 32,
               "trunk.c has a bit for each");

static bool asks_the_same(const struct discriminator *d, const struct trunk *a,
                          const struct trunk *b)
{
    struct str one = d->wanted(a), other = d->wanted(b);
    return (d->any_case ? str_eq_nocase(one, other) : str_eq(one, other)) &&
           (!d->header || header_same_name(d->header(a), d->header(b)));
}

bool discriminators_same(const struct trunk *a, const struct trunk *b)
{
    for (unsigned i = 0; i < discriminators_count; i++)
        if (!asks_the_same(&discriminators[i], a, b))
            return false;
    return true;
}

bool discriminators_include(const struct trunk *one, const struct trunk *other)
{
    for (unsigned i = 0; i < discriminators_count; i++) {
        const struct discriminator *d = &discriminators[i];
        if (d->wanted(other).n == 0 || asks_the_same(d, one, other))
            continue;
        if (!d->includes || d->wanted(one).n == 0 || !d->includes(d->wanted(one), d->wanted(other)))
            return false;
    }
    return true;
}
