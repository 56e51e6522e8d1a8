/* For whom stird signs, and with whose certificates. */
#include "reader.h"

#include <stird/base/container_of.h>

/* Upper-case letters and digits (ATIS-1000080). */
static bool is_code(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!ascii_is_digit(text.p[i]) && !(text.p[i] >= 'A' && text.p[i] <= 'Z'))
            return false;
    return text.n > 0 && text.n <= 64;
}

static const struct str *codes_of(struct reader *r, const struct object *o, const char *key,
                                  const struct texts *texts, unsigned *n)
{
    struct str *list = reader_array(r, texts->n, sizeof(*list));
    *n = list ? texts->n : 0;
    for (unsigned i = 0; i < *n; i++) {
        list[i] = texts->items[i].text;
        if (!is_code(list[i]))
            complain(r, o, texts->items[i].at,
                     "%s: %.*s is no service provider code: upper-case letters and digits", key,
                     STR_ARG(shown(r, list[i])));
    }
    if (was_given(o, key) && texts->n == 0 && !texts->faulty)
        complain(r, o, place_of(o, key), "%s is empty: write the code, like [ \"709J\" ]", key);
    return list;
}

static const struct str *certificates_of(struct reader *r, const struct draft *draft,
                                         const struct draft_provider *d, unsigned *n)
{
    struct str *list = reader_array(r, d->certificates.n, sizeof(*list));
    *n = list ? d->certificates.n : 0;
    for (unsigned i = 0; i < *n; i++) {
        list[i] = d->certificates.items[i].text;
        if (objects_lack(r, &draft->certificates, list[i]))
            complain(r, &d->object, d->certificates.items[i].at,
                     "certificates: there is no certificate %.*s%.*s", STR_ARG(shown(r, list[i])),
                     STR_ARG(hint_of_objects(r, &draft->certificates, list[i])));
    }
    return list;
}

static bool names(const struct provider *p, struct str id)
{
    for (unsigned i = 0; i < p->n_certificates; i++)
        if (str_eq(p->certificates[i], id))
            return true;
    return false;
}

static bool has_code(const struct provider *p, struct str code)
{
    for (unsigned i = 0; i < p->n_spcs; i++)
        if (str_eq(p->spcs[i], code))
            return true;
    return false;
}

/* Whoever signs for both would be one provider. */
static void check_codes(struct reader *r, const struct draft *draft, const struct provider *list,
                        unsigned at)
{
    const struct draft_provider *d = container_of(draft->providers.items[at], struct draft_provider,
                                                  object);
    for (unsigned i = 0; i < list[at].n_spcs; i++)
        for (unsigned other = 0; other < at; other++)
            if (has_code(&list[other], list[at].spcs[i]))
                complain(r, &d->object, place_of(&d->object, "spc"),
                         "spc: %.*s is a code of provider %.*s already",
                         STR_ARG(shown(r, list[at].spcs[i])), STR_ARG(shown(r, list[other].name)));
}

/* Of several providers each says which certificates are its own, and each certificate is one's. */
static void check_certificates(struct reader *r, const struct draft *draft,
                               const struct provider *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const struct object *o = draft->providers.items[i];
        if (n > 1 && list[i].n_certificates == 0)
            complain(r, o, o->at,
                     "certificates is missing: there are several providers, so each "
                     "names those that sign for its trunks");
    }
    for (unsigned c = 0; c < draft->certificates.n; c++) {
        const struct object *o = draft->certificates.items[c];
        unsigned owners = 0;
        for (unsigned i = 0; i < n; i++)
            owners += list[i].n_certificates == 0 ? n == 1 : names(&list[i], object_name(o));
        if (owners == 0)
            complain(r, o, o->at,
                     "it is no provider's: name it in the certificates of the provider "
                     "whose calls it signs");
        else if (owners > 1)
            complain(r, o, o->at,
                     "several providers name it: a certificate signs for one (47 CFR "
                     "64.6301)");
    }
}

/* provider.spc: the one to whom all belongs. Its first code is its name in records. */
static struct provider *single(struct reader *r, const struct draft *draft)
{
    struct provider *p = reader_array(r, 1, sizeof(*p));
    if (!p)
        return NULL;
    p->spcs = codes_of(r, &draft->object, "provider.spc", &draft->provider_spcs, &p->n_spcs);
    p->name = p->n_spcs > 0 ? p->spcs[0] : (struct str){"", 0};
    return p;
}

static struct provider *several(struct reader *r, const struct draft *draft)
{
    unsigned n = draft->providers.n;
    struct provider *list = reader_array(r, n, sizeof(*list));
    check_names(r, &draft->providers);
    if (was_given(&draft->object, "provider.spc"))
        complain(r, &draft->object, place_of(&draft->object, "provider.spc"),
                 "provider.spc and providers: keep one of the two");
    for (unsigned i = 0; list && i < n; i++) {
        const struct draft_provider *d = container_of(draft->providers.items[i],
                                                      struct draft_provider, object);
        list[i].name = d->name;
        list[i].spcs = codes_of(r, &d->object, "spc", &d->spcs, &list[i].n_spcs);
        list[i].certificates = certificates_of(r, draft, d, &list[i].n_certificates);
        check_codes(r, draft, list, i);
    }
    if (list)
        check_certificates(r, draft, list, n);
    return list;
}

void resolve_providers(struct reader *r, struct draft *draft)
{
    struct settings *s = &draft->settings;
    s->providers_named = draft->providers.n > 0;
    struct provider *list = s->providers_named ? several(r, draft) : single(r, draft);
    s->providers = list;
    s->n_providers = !list ? 0 : s->providers_named ? draft->providers.n : 1;
}

uint32_t provider_of_certificate(const struct settings *s, struct str id)
{
    for (uint32_t i = 0; i < s->n_providers; i++)
        if (names(&s->providers[i], id))
            return i;
    return 0;
}

bool provider_is_open(const struct settings *s, struct str id)
{
    unsigned owners = 0;
    if (s->n_providers == 1 && s->providers[0].n_certificates == 0)
        return false;
    for (uint32_t i = 0; i < s->n_providers; i++)
        owners += names(&s->providers[i], id);
    return owners != 1;
}

struct str provider_text(struct reader *r, const struct settings *s, uint32_t provider)
{
    return s->providers_named && provider < s->n_providers
               ? arena_printf(r->arena, " of provider \"%.*s\"",
                              STR_ARG(s->providers[provider].name))
               : (struct str){"", 0};
}

const char *provider_has_certificate(struct reader *r, const struct draft *draft, struct str id,
                                     uint32_t provider)
{
    uint32_t owner = provider_of_certificate(&draft->settings, id);
    if (owner == provider || provider_is_open(&draft->settings, id))
        return NULL;
    struct str text = arena_printf(
        r->arena, "%.*s is a certificate%.*s, and signs for its trunks alone",
        STR_ARG(shown(r, id)), STR_ARG(provider_text(r, &draft->settings, owner)));
    return text.p ? text.p : "it is another provider's";
}
