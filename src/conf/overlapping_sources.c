/* Sources of trunks and addresses of upstreams that overlap: what only shows when all are known. */
#include "reader.h"

#include <stird/core/claim.h>
#include <stird/core/discriminator.h>
#include <stird/core/listeners.h>
#include <stird/core/service_word.h>

static bool same_prefix(const struct address_prefix *a, const struct address_prefix *b)
{
    return a->bits == b->bits && address_same_host(&a->address, &b->address);
}

static const struct address_prefix *shared_prefix(const struct trunk *a, const struct trunk *b)
{
    for (unsigned i = 0; i < a->n_sources; i++)
        for (unsigned j = 0; j < b->n_sources; j++)
            if (same_prefix(&a->sources[i], &b->sources[j]))
                return &a->sources[i];
    return NULL;
}

static struct str prefix_text(struct reader *r, const struct address_prefix *p)
{
    struct buf text = BUF_INIT;
    address_add_host(&text, &p->address);
    buf_addf(&text, "/%u", p->bits);
    struct str copy = arena_copy(r->arena, buf_str(&text));
    buf_fini(&text);
    return copy;
}

/* Neither is more specific: trunk_match() could only go by their order in the file. */
static void check_ambiguous(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    for (unsigned i = 0; i < s->n_trunks; i++) {
        for (unsigned j = 0; j < i; j++) {
            const struct address_prefix *p = shared_prefix(&s->trunks[i], &s->trunks[j]);
            if (!p || !discriminators_same(&s->trunks[i], &s->trunks[j]))
                continue;
            const struct object *o = draft->trunks.items[i];
            complain(r, o, place_of(o, "sources"),
                     "trunk %.*s has the source %.*s and nothing tells the two apart: add %.*s",
                     STR_ARG(shown(r, s->trunks[j].name)), STR_ARG(prefix_text(r, p)),
                     STR_ARG(discriminator_keys(r)));
        }
    }
}

static bool may_be_one_listener(const struct trunk *a, const struct trunk *b)
{
    return a->listener.n == 0 || b->listener.n == 0 || str_eq(a->listener, b->listener);
}

/* OPTIONS are answered for the source: 503 where none of its trunks says that it is well. */
static void check_health(struct reader *r, const struct draft *draft, unsigned trunk)
{
    const struct settings *s = &draft->settings;
    const struct trunk *strict = &s->trunks[trunk];
    const struct object *o = draft->trunks.items[trunk];
    for (unsigned i = 0; i < s->n_trunks; i++) {
        const struct trunk *lax = &s->trunks[i];
        const struct address_prefix *p = lax->health < strict->health &&
                                                 may_be_one_listener(strict, lax)
                                             ? shared_prefix(strict, lax)
                                             : NULL;
        if (!p)
            continue;
        warn(r, o, place_of(o, "health"),
             "health: OPTIONS from %.*s get 200 for trunk %.*s, whose health is \"%.*s\", whatever "
             "becomes of this one: give both the same",
             STR_ARG(prefix_text(r, p)), STR_ARG(shown(r, lax->name)),
             STR_ARG(health_name(lax->health)));
        return;
    }
}

/* ---- an upstream's addresses within a trunk's sources, or about them (claim.h) ---- */

struct overlap {
    unsigned trunk;
    const struct address_prefix *source; /* of the trunk */
    const struct upstream *upstream;
    struct address_prefix claim;
};

/* A prefix that covers everybody names nobody. */
static bool has_source(const struct trunk *t, const struct address_prefix *prefix)
{
    for (unsigned i = 0; i < t->n_sources; i++)
        if (prefix->bits > 0 && same_prefix(&t->sources[i], prefix))
            return true;
    return false;
}

static bool is_named(const struct settings *s, const struct address_prefix *claim)
{
    for (unsigned i = 0; i < s->n_trunks; i++)
        if (has_source(&s->trunks[i], claim))
            return true;
    return false;
}

/* What becomes of an upstream's calls when the prefix of a trunk is too wide. */
enum overlap_kind {
    OVERLAP_MEANT,   /* the address itself, or the trunk names the claim besides */
    OVERLAP_LEFT,    /* they are refused, unless another trunk takes them */
    OVERLAP_TAKEN,   /* the trunk takes them */
    OVERLAP_MISTAKE, /* an authenticated trunk was not meant to have them, or does not get them */
    OVERLAP_KINDS
};

/* Whether its calls may be signed as a customer's own: then a wide prefix is a danger. */
static bool is_a_customers(const struct trunk *t)
{
    return !t->gateway && service_words[t->service].signs;
}

static enum overlap_kind kind_of(const struct settings *s, const struct overlap *o)
{
    const struct trunk *t = &s->trunks[o->trunk];
    bool wider = o->source->bits == 0 || o->source->bits < o->claim.bits;
    if (wider && (has_source(t, &o->claim) || (!is_a_customers(t) && is_named(s, &o->claim))))
        return OVERLAP_MEANT;
    if (o->source->bits == claim_of_address(&o->source->address))
        return OVERLAP_MEANT;
    if (same_prefix(o->source, &o->claim))
        return OVERLAP_TAKEN;
    if (is_a_customers(t) && o->source->bits > 0 && !(wider && is_named(s, &o->claim)))
        return OVERLAP_MISTAKE;
    return wider ? OVERLAP_LEFT : OVERLAP_TAKEN;
}

static void say_overlap(struct reader *r, const struct draft *draft, const struct overlap *o)
{
    static const char *const verbs[OVERLAP_KINDS] = {[OVERLAP_LEFT] = "leaves out",
                                                     [OVERLAP_TAKEN] = "is also of",
                                                     [OVERLAP_MISTAKE] = "overlaps"};
    static const char *const texts[OVERLAP_KINDS] = {
        [OVERLAP_LEFT] = "calls from there that fit no trunk with that address are refused "
                         "(from_upstream); if that is an SBC that gets its own calls back, write "
                         "its address among the sources of a trunk",
        [OVERLAP_TAKEN] = "what begins a call there is this trunk's; if it is no customer's, write "
                          "narrower sources",
        [OVERLAP_MISTAKE] = "a carrier's calls are not this customer's: write narrower sources; if "
                            "that is an SBC that gets its own calls back, write its address alone "
                            "among them",
    };
    const struct object *at = draft->trunks.items[o->trunk];
    enum overlap_kind kind = kind_of(&draft->settings, o);
    if (kind == OVERLAP_MEANT)
        return;
    (kind == OVERLAP_MISTAKE ? complain : warn)(
        r, at, place_of(at, "sources"), "sources: %.*s %s upstream %.*s (%.*s): %s",
        STR_ARG(prefix_text(r, o->source)), verbs[kind], STR_ARG(shown(r, o->upstream->name)),
        STR_ARG(prefix_text(r, &o->claim)), texts[kind]);
}

static bool prefixes_overlap(const struct address_prefix *a, const struct address_prefix *b)
{
    return address_prefix_covers(a->bits < b->bits ? a : b,
                                 a->bits < b->bits ? &b->address : &a->address);
}

static void check_overlap(struct reader *r, const struct draft *draft, unsigned trunk,
                          const struct upstream *u)
{
    const struct trunk *t = &draft->settings.trunks[trunk];
    struct overlap o = {.trunk = trunk, .upstream = u};
    for (unsigned i = 0; i < t->n_sources; i++) {
        o.source = &t->sources[i];
        for (unsigned j = 0; claim_next(u, j, &o.claim); j++)
            if (prefixes_overlap(o.source, &o.claim))
                say_overlap(r, draft, &o);
    }
}

static bool one_is_for_everybody(const struct settings *s)
{
    for (unsigned i = 0; i < s->n_trunks; i++)
        for (unsigned j = 0; j < s->trunks[i].n_sources; j++)
            if (s->trunks[i].sources[j].bits == 0)
                return true;
    return false;
}

/* The same of an upstream whose addresses only DNS knows. */
static void check_covered_name(struct reader *r, const struct draft *draft, unsigned upstream)
{
    const struct settings *s = &draft->settings;
    const struct upstream *u = &s->upstreams[upstream];
    const struct object *o = draft->upstreams.items[upstream];
    if (u->host.n > 0 && one_is_for_everybody(s))
        warn(r, o, place_of(o, "uri"),
             "uri: calls from where %.*s leads are refused (from_upstream) unless a trunk names "
             "that address, for the trunk for everybody does not take them; if that is an SBC that "
             "gets its own calls back, write its addresses among the sources of a trunk",
             STR_ARG(shown(r, u->host)));
}

/* A call sent there could only come back. */
static void check_own_address(struct reader *r, const struct draft *draft, unsigned upstream)
{
    const struct settings *s = &draft->settings;
    const struct upstream *u = &s->upstreams[upstream];
    const struct object *o = draft->upstreams.items[upstream];
    const struct listeners ours = listeners_of_settings(s);
    uint16_t listener = NO_LISTENER;
    bool found = u->address.family != ADDRESS_NONE
                     ? listeners_find(&ours, &u->address, &listener)
                     : listeners_find_host(&ours, u->host, u->address.port, &listener);
    if (found && listener < s->n_listeners)
        complain(r, o, place_of(o, "uri"),
                 "uri: this is our own listener %.*s: calls would run in a circle",
                 STR_ARG(shown(r, s->listeners[listener].name)));
    else if (found)
        complain(r, o, place_of(o, "uri"),
                 "uri: this is one of our aliases: calls would run in a circle");
}

void sources_find_overlaps(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    check_ambiguous(r, draft);
    for (unsigned i = 0; i < s->n_trunks; i++)
        check_health(r, draft, i);
    for (unsigned i = 0; i < s->n_upstreams; i++) {
        check_own_address(r, draft, i);
        check_covered_name(r, draft, i);
        for (unsigned j = 0; j < s->n_trunks; j++)
            check_overlap(r, draft, j, &s->upstreams[i]);
    }
}
