#include <stird/core/settings.h>

#include <stird/core/service_word.h>

void settings_free(struct settings *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->n_certificates; i++)
        certificate_fini(&s->certificates[i]);
    /* The settings lie in their own arena. */
    arena_free(s->arena);
}

bool settings_warn(struct settings *s, struct str file, unsigned line, struct str text)
{
    struct setting_warning *w = arena_alloc(s->arena, sizeof(*w));
    const struct setting_warning **last = &s->warnings;
    if (!w)
        return false;
    *w = (struct setting_warning){arena_copy(s->arena, file), line, arena_copy(s->arena, text),
                                  NULL};
    while (*last)
        last = (const struct setting_warning **)(uintptr_t) & (*last)->next;
    *last = w;
    return w->text.p != NULL;
}

#define SIGN_REQUESTS_LEAST 100
/* A quarter of the signatures that a signer was measured to make, and more calls than a worker was
   measured to carry: docs/sizing.md. */
#define SIGN_REQUESTS_MOST 10000

uint64_t settings_calls_of_trunks(const struct settings *s)
{
    uint64_t calls = 0;
    for (unsigned i = 0; i < s->n_trunks; i++) {
        if (s->trunks[i].max_calls == 0)
            return 0;
        calls += s->trunks[i].max_calls;
    }
    return calls;
}

bool settings_fetch(const struct settings *s)
{
    bool any = s->fetch.n_prefetch > 0;
    for (unsigned i = 0; i < s->n_trunks; i++)
        any = any || service_words[s->trunks[i].service].verifies;
    return any;
}

uint32_t settings_sign_requests_per_second(const struct settings *s)
{
    uint64_t calls = settings_calls_of_trunks(s), ceiling;
    if (s->sign_requests_per_second > 0)
        return s->sign_requests_per_second;
    ceiling = 2 * (calls > 0 && calls < s->max_calls ? calls : s->max_calls);
    if (calls == 0 && ceiling > SIGN_REQUESTS_MOST)
        ceiling = SIGN_REQUESTS_MOST;
    return ceiling < SIGN_REQUESTS_LEAST ? SIGN_REQUESTS_LEAST : (uint32_t)ceiling;
}

struct str treatment_name(enum treatment t)
{
    switch (t) {
    case TREATMENT_A:
        return STR("A");
    case TREATMENT_B:
        return STR("B");
    case TREATMENT_C:
        return STR("C");
    case TREATMENT_UNSIGNED:
        return STR("unsigned");
    case TREATMENT_REFUSE:
        return STR("refuse");
    }
    return STR("refuse");
}

static const struct {
    const char *name, *via;
    uint16_t port;
} transports[TRANSPORTS] = {
    [TRANSPORT_UDP] = {"udp", "UDP", 5060},
    [TRANSPORT_TCP] = {"tcp", "TCP", 5060},
    [TRANSPORT_TLS] = {"tls", "TLS", 5061},
};

struct str health_name(enum health h)
{
    static const char *const names[] = {
        [HEALTH_ALIVE] = "alive", [HEALTH_NEXT_HOPS] = "next_hops", [HEALTH_SIGNING] = "signing"};
    return str_of(names[h]);
}

struct str transport_name(enum transport t)
{
    return str_of(transports[t].name);
}

struct str transport_via_name(enum transport t)
{
    return str_of(transports[t].via);
}

uint16_t transport_port(enum transport t)
{
    return transports[t].port;
}

bool transport_of_name(struct str name, enum transport *t)
{
    for (unsigned i = 0; i < TRANSPORTS; i++) {
        if (!str_eq_nocase(name, str_of(transports[i].name)))
            continue;
        *t = (enum transport)i;
        return true;
    }
    return false;
}

const char *settings_attestation_key(enum number_state state)
{
    static const char *const keys[NUMBER_STATES] = {
        [NUMBER_OWNED] = "attestation.owned",
        [NUMBER_DELEGATED] = "attestation.delegated",
        [NUMBER_UNVERIFIED] = "attestation.unverified",
        [NUMBER_BLOCKED] = "attestation.blocked",
        [NUMBER_OTHER_CUSTOMER] = "attestation.other_customer",
        [NUMBER_EXPIRED] = "attestation.expired",
        [NUMBER_NOT_YET] = "attestation.not_yet",
        [NUMBER_UNKNOWN] = "attestation.unknown",
    };
    return keys[state];
}

bool trust_setting_is_url(struct str source)
{
    return str_find(source, ':', 0) < str_find(source, '/', 0);
}
