#include <stird/core/refused_source.h>

#include <stird/core/settings.h>
#include <string.h>

/* The network's part of an IPv6 address; the rest a host chooses as it likes. */
#define IPV6_PREFIX_BITS 64

static const struct {
    const char *name, *text;
} kinds[UNHEARD_KINDS] = {
    [UNHEARD_UNKNOWN] = {"unknown_source",
                         "in no trunk and no upstream: it gets no answer; add it to the sources of "
                         "one if it is yours"},
    [UNHEARD_NO_TRUNK] = {"no_trunk", "none of its trunks fits what it sends: 403"},
    [UNHEARD_UPSTREAM] = {"from_upstream",
                          "an upstream may not begin a call here: 403; give it a trunk if it may"},
    [UNHEARD_CONNECTIONS] = {"too_many_connections", "as many connections as limits.connections or "
                                                     "limits.connections_per_source allow"},
    [UNHEARD_HANDSHAKE] = {"tls_handshake", "its TLS handshake failed; the log says why"},
};

struct str unheard_name(enum unheard r)
{
    return str_of(kinds[r < UNHEARD_KINDS ? r : UNHEARD_UNKNOWN].name);
}

struct str unheard_text(enum unheard r)
{
    return str_of(kinds[r < UNHEARD_KINDS ? r : UNHEARD_UNKNOWN].text);
}

static bool is_token_character(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '_' || c == '.';
}

bool refused_source_is_sound(const struct refused_source *r)
{
    size_t n = strnlen(r->method, sizeof(r->method));
    for (size_t i = 0; i < n; i++)
        if (!is_token_character(r->method[i]))
            return false;
    return n < sizeof(r->method) && r->refusal < UNHEARD_KINDS && r->transport < TRANSPORTS &&
           address_is_sound(&r->source) && r->count > 0 && r->first_s >= 0 &&
           r->first_s <= r->last_s;
}

bool refused_source_same(const struct refused_source *a, const struct refused_source *b)
{
    const struct address_prefix network = {a->source, IPV6_PREFIX_BITS};
    return a->refusal == b->refusal &&
           (a->source.family == ADDRESS_IPV6 ? address_prefix_covers(&network, &b->source)
                                             : address_same_host(&a->source, &b->source));
}

void refused_method_of(char method[REFUSED_METHOD_MAX + 1], struct str raw)
{
    size_t n = 0;
    while (n < raw.n && n < REFUSED_METHOD_MAX && is_token_character(raw.p[n]))
        n++;
    bool response = str_starts_nocase(raw, STR("SIP/"));
    struct str text = response                        ? STR("response")
                      : n == raw.n || raw.p[n] == ' ' ? str_slice(raw, 0, n)
                                                      : STR("");
    memcpy(method, text.p, text.n);
    method[text.n] = '\0';
}
