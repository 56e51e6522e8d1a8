/* Trunks: from the draft to the settings. */
#include "reader.h"

#include <stird/base/container_of.h>
#include <stird/core/certificate_choice.h>
#include <stird/core/headers.h>
#include <stird/core/service_word.h>
#include <string.h>

/* An authenticated customer has a few addresses; more than this is probably a typing error. */
#define AUTHENTICATED_BITS_MIN_IPV4 8
#define AUTHENTICATED_BITS_MIN_IPV6 16

static void resolve_trunk_upstreams(struct reader *r, const struct draft *draft,
                                    struct draft_trunk *d)
{
    const struct texts *names = &d->upstreams;
    uint32_t *list = reader_array(r, names->n, sizeof(*list));
    unsigned n = 0;
    for (unsigned i = 0; list && i < names->n; i++) {
        uint32_t index = object_find(&draft->upstreams, names->items[i].text);
        bool twice = false;
        for (unsigned j = 0; j < n; j++)
            twice = twice || list[j] == index;
        if (objects_lack(r, &draft->upstreams, names->items[i].text))
            complain(r, &d->object, names->items[i].at, "upstreams: there is no upstream %.*s%.*s",
                     STR_ARG(shown(r, names->items[i].text)),
                     STR_ARG(hint_of_objects(r, &draft->upstreams, names->items[i].text)));
        else if (twice)
            complain(r, &d->object, names->items[i].at, "upstreams: %.*s is there twice",
                     STR_ARG(shown(r, names->items[i].text)));
        else if (index < draft->upstreams.n)
            list[n++] = index;
    }
    if (was_given(&d->object, "upstreams") && names->n == 0 && !names->faulty &&
        keys_use_upstreams(&d->object))
        complain(r, &d->object, place_of(&d->object, "upstreams"),
                 "upstreams is empty: its calls would have nowhere to go");
    d->trunk.upstreams = list;
    d->trunk.n_upstreams = n;
}

static void resolve_trunk_provider(struct reader *r, const struct draft *draft,
                                   struct draft_trunk *d)
{
    const struct settings *s = &draft->settings;
    uint32_t i = 0;
    if (d->provider.n > 0)
        while (i < s->n_providers && !str_eq(s->providers[i].name, d->provider))
            i++;
    else if (s->n_providers > 1 && keys_sign(&d->object))
        complain(r, &d->object, d->object.at,
                 "provider is missing: there are several, and only one's certificates sign for a "
                 "trunk");
    d->trunk.provider_open = i == s->n_providers || (d->provider.n == 0 && s->n_providers > 1);
    if (i < s->n_providers)
        d->trunk.provider = i;
    else if (!objects_are_open(r, &draft->providers))
        complain(r, &d->object, place_of(&d->object, "provider"), "there is no provider %.*s%.*s",
                 STR_ARG(shown(r, d->provider)),
                 STR_ARG(hint_of_objects(r, &draft->providers, d->provider)));
}

static void resolve_trunk_certificate(struct reader *r, const struct draft *draft,
                                      struct draft_trunk *d)
{
    struct trunk *t = &d->trunk;
    t->certificate = NO_CERTIFICATE;
    if (d->certificate.n == 0)
        return;
    if (object_find(&draft->certificates, d->certificate) == draft->certificates.n) {
        if (objects_are_open(r, &draft->certificates))
            return;
        complain(r, &d->object, place_of(&d->object, "certificate"),
                 "there is no certificate %.*s%.*s", STR_ARG(shown(r, d->certificate)),
                 STR_ARG(hint_of_objects(r, &draft->certificates, d->certificate)));
        return;
    }
    const char *why = provider_has_certificate(r, draft, d->certificate, t->provider);
    if (why && !t->provider_open)
        complain(r, &d->object, place_of(&d->object, "certificate"), "certificate: %s", why);
    t->certificate = certificate_find(&draft->settings, d->certificate);
}

/* Whether its service verifies: with a mistaken one nobody knows. */
static bool verifies(const struct draft_trunk *d)
{
    return service_words[d->trunk.service].verifies;
}

/* What it makes of the Identity of a call that passed stays, or the service would be for nothing.
 */
static void check_profile_keeps(struct reader *r, const struct draft_trunk *d,
                                const struct draft_verification *profile)
{
    if (d->trunk.service == SERVICE_VERIFY_SIGN &&
        profile->verification.identity_out == IDENTITY_OUT_STRIP)
        complain(r, &d->object, place_of(&d->object, "verification"),
                 "verification: %.*s has identity_out = \"strip\", and a token that is valid stays "
                 "by service \"verify_sign\": write keep or keep_valid",
                 STR_ARG(shown(r, d->verification)));
}

static void resolve_trunk_verification(struct reader *r, const struct draft *draft,
                                       struct draft_trunk *d)
{
    const struct objects *all = &draft->verifications;
    unsigned i = object_find(all, d->verification);
    bool unread = place_of(&d->object, "service").unread;
    d->trunk.verification = d->verification.n > 0 && i < all->n ? i : NO_VERIFICATION;
    if (d->verification.n > 0 && objects_lack(r, all, d->verification))
        complain(r, &d->object, place_of(&d->object, "verification"),
                 "there is no verification %.*s%.*s", STR_ARG(shown(r, d->verification)),
                 STR_ARG(hint_of_objects(r, all, d->verification)));
    if (d->trunk.verification != NO_VERIFICATION)
        check_profile_keeps(r, d,
                            container_of(all->items[i], const struct draft_verification, object));
    if (d->verification.n > 0 && !verifies(d) && !unread)
        complain(r, &d->object, place_of(&d->object, "verification"),
                 "verification: its service verifies no calls: take it out");
    if (!was_given(&d->object, "verification") && verifies(d) && !unread)
        complain(r, &d->object, place_of(&d->object, "service"),
                 "service: it verifies, and verification is missing: name a profile");
}

static void resolve_references(struct reader *r, const struct draft *draft, struct draft_trunk *d)
{
    struct trunk *t = &d->trunk;
    t->tls_name = tls_plain_host_name(r, t->tls_name);
    t->tls_peer_name = tls_plain_host_name(r, t->tls_peer_name);
    resolve_trunk_provider(r, draft, d);
    resolve_trunk_certificate(r, draft, d);
    resolve_trunk_verification(r, draft, d);
    if (t->listener.n > 0 && objects_lack(r, &draft->listeners, t->listener))
        complain(r, &d->object, place_of(&d->object, "listener"), "there is no listener %.*s%.*s",
                 STR_ARG(shown(r, t->listener)),
                 STR_ARG(hint_of_objects(r, &draft->listeners, t->listener)));
}

static void resolve_trunk_sources(struct reader *r, struct draft_trunk *d)
{
    struct trunk *t = &d->trunk;
    t->sources = resolve_prefixes(r, &d->object, "sources", &d->sources, &t->n_sources);
    if (was_given(&d->object, "sources") && d->sources.n == 0 && !d->sources.faulty)
        complain(r, &d->object, place_of(&d->object, "sources"),
                 "sources is empty: no call could come from this trunk");
    for (unsigned i = 0; !t->gateway && keys_sign(&d->object) && i < t->n_sources; i++) {
        const struct address_prefix *p = &t->sources[i];
        unsigned least = p->address.family == ADDRESS_IPV4 ? AUTHENTICATED_BITS_MIN_IPV4
                                                           : AUTHENTICATED_BITS_MIN_IPV6;
        if (p->bits < least)
            complain(r, &d->object, place_of(&d->object, "sources"),
                     "sources: a prefix of /%u covers too much of the Internet for an "
                     "authenticated customer (at least /%u): write identity = \"gateway\" or the "
                     "customer's addresses",
                     p->bits, least);
    }
}

/* These headers are taken off calls of a trunk that is not trusted, so nobody would read them. */
static void check_attestation_headers(struct reader *r, const struct draft_trunk *d)
{
    if (d->trunk.attestation_headers && !d->trunk.trusted)
        complain(r, &d->object, place_of(&d->object, "attestation_headers"),
                 "attestation_headers has a meaning with trusted = true only");
}

static void check_header(struct reader *r, const struct draft_trunk *d)
{
    const char *meaning = header_meaning(d->trunk.header_name);
    if (meaning)
        complain(r, &d->object, place_of(&d->object, "header_name"),
                 "header_name: %.*s %s and is no name of a trunk; as one, it would be taken off "
                 "before the call leaves: let the SBC write a header of its own",
                 STR_ARG(shown(r, d->trunk.header_name)), meaning);

    if (d->trunk.header_name.n > 0 && !header_can_go(d->trunk.header_name))
        complain(r, &d->object, place_of(&d->object, "header_name"),
                 "header_name: %.*s is taken off before the call leaves, and no call can do "
                 "without it",
                 STR_ARG(shown(r, d->trunk.header_name)));
    if (was_given(&d->object, "header_name") == was_given(&d->object, "header_value"))
        return;
    complain(r, &d->object, d->object.at, "header_name and header_value go together: %s is missing",
             was_given(&d->object, "header_name") ? "header_value" : "header_name");
}

/* A caller who may write the trunk group chooses its trunk. */
static void check_group_place(struct reader *r, const struct draft_trunk *d)
{
    const struct object *o = &d->object;
    if (was_given(o, "tgrp_in") && !was_given(o, "tgrp"))
        complain(r, o, place_of(o, "tgrp_in"), "tgrp_in has a meaning with tgrp only");
    else if (d->trunk.tgrp_in == GROUP_IN_FROM)
        warn(r, o, place_of(o, "tgrp_in"),
             "tgrp_in = \"from\": callers write From. Keep it only if this SBC takes tgrp and otg "
             "out of what they send; \"contact\" needs no such care");
}

/* In earlier versions From counted before Contact: warn until the configuration says which of the
   two it is. */
static void warn_of_unsaid_places(struct reader *r, const struct draft *draft)
{
    const struct object *first = NULL;
    unsigned more = 0;
    for (unsigned i = 0; i < draft->trunks.n; i++) {
        const struct object *o = draft->trunks.items[i];
        if (!was_given(o, "tgrp") || was_given(o, "tgrp_in"))
            continue;
        more += first != NULL;
        first = first ? first : o;
    }
    if (first)
        warn(r, first, place_of(first, "tgrp"),
             "tgrp counts in Contact (RFC 4904), no longer in From, which callers write: say "
             "tgrp_in = \"contact\", or where this SBC writes it%s",
             more > 0 ? arena_printf(r->arena, " (%u more like this)", more).p : "");
}

/* Requests inside a call come to any worker, and the connection is one worker's. */
static void check_reuse(struct reader *r, const struct draft *draft, const struct draft_trunk *d)
{
    if (d->trunk.reuse_connection && draft->settings.workers > 1)
        warn(
            r, &d->object, place_of(&d->object, "reuse_connection"),
            "reuse_connection: a connection is one worker's, and with workers = %u a request inside "
            "a call comes to that one by chance only: use one worker where peers cannot be "
            "connected to",
            draft->settings.workers);
}

/* ---- what the trunk does not say itself ---- */

/* By the rows of settings.def that are INHERITED. */
static void inherit(const struct draft *draft, struct draft_trunk *d)
{
    for (unsigned i = 0; i < trunk_table.n_keys; i++) {
        const struct key *k = &trunk_table.keys[i];
        if (k->inherited_from > 0 && d->object.given[i].line == 0)
            memcpy((char *)d + k->offset, (const char *)draft + k->inherited_from, k->width);
    }
}

static void check_levels(struct reader *r, struct draft_trunk *d)
{
    struct trunk *t = &d->trunk;
    for (unsigned i = 0; i < NUMBER_STATES; i++) {
        t->own_treatment[i] = was_given(&d->object, settings_attestation_key((enum number_state)i));
        if (t->own_treatment[i] && t->gateway && i != NUMBER_BLOCKED)
            complain(r, &d->object,
                     place_of(&d->object, settings_attestation_key((enum number_state)i)),
                     "%s has no meaning on a gateway trunk, where attestation.gateway rules "
                     "whatever the number: take it out",
                     settings_attestation_key((enum number_state)i));
    }
    if (was_given(&d->object, "attestation.gateway") && !t->gateway)
        complain(r, &d->object, place_of(&d->object, "attestation.gateway"),
                 "attestation.gateway has no meaning on an authenticated trunk: take it out");
}

static void check_own_country(struct reader *r, const struct draft *draft, struct draft_trunk *d)
{
    struct country *own = &d->trunk.country;
    const struct country *common = &draft->common.country;
    /* The trunk has a length of its own: the root's longest says nothing about it. */
    if (was_given(&d->object, "country.national_length") &&
        !was_given(&d->object, "country.national_length_max"))
        own->national_length_max = 0;
    if (country_is_too_long(own) && !country_is_too_long(common))
        complain(r, &d->object, d->object.at, COUNTRY_TOO_LONG, TN_MAX_DIGITS);
    if (country_lengths_cross(own) && !country_lengths_cross(common))
        complain(r, &d->object, d->object.at, COUNTRY_LENGTHS_CROSS);
}

/* A customer of just that name would be counted along with it: too much, never too little. */
static void name_for_rates(struct reader *r, struct draft_trunk *d)
{
    if (!d->trunk.gateway)
        return;
    d->trunk.rates_name = arena_printf(r->arena, "trunk:%.*s", STR_ARG(d->trunk.name));
    if (!d->trunk.rates_name.p)
        out_of_memory(r);
}

void resolve_trunks(struct reader *r, struct draft *draft)
{
    struct trunk *list = reader_array(r, draft->trunks.n, sizeof(*list));
    check_names(r, &draft->trunks);
    for (unsigned i = 0; list && i < draft->trunks.n; i++) {
        struct draft_trunk *d = container_of(draft->trunks.items[i], struct draft_trunk, object);
        resolve_references(r, draft, d);
        resolve_trunk_upstreams(r, draft, d);
        resolve_trunk_sources(r, d);
        check_header(r, d);
        discriminators_find_useless(r, d);
        check_group_place(r, d);
        resolve_redirect_trunk(r, draft, d);
        check_reuse(r, draft, d);
        check_attestation_headers(r, d);
        inherit(draft, d);
        check_levels(r, d);
        check_own_country(r, draft, d);
        name_for_rates(r, d);
        list[i] = d->trunk;
        list[i].file = d->object.at.file;
        list[i].line = d->object.at.line;
    }
    warn_of_unsaid_places(r, draft);
    resolve_unspoken_dialects(r, draft);
    draft->settings.trunks = list;
    draft->settings.n_trunks = list ? draft->trunks.n : 0;
}
