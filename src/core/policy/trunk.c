#include <stird/core/trunk.h>

#include <stird/core/discriminator.h>
#include <stird/core/emergency.h>
#include <stird/core/service_word.h>
#include <stird/core/source_table.h>

/* How specifically a trunk matches, among those of one source prefix; compared from the first field
   to the last. */
struct match {
    unsigned discriminators_count;
    size_t user_prefix_length;
    unsigned kinds; /* a bit for each row of the table, the first row's the highest */
};

static enum fit match_of(const struct trunk *t, const struct call *call, struct match *m)
{
    enum fit fit = FITS;
    *m = (struct match){.user_prefix_length = t->request_user_prefix.n};
    for (unsigned i = 0; i < discriminators_count && fit != FITS_NOT; i++) {
        if (discriminators[i].wanted(t).n == 0)
            continue;
        fit = fit_least(fit, discriminators[i].fit(t, call));
        m->discriminators_count++;
        m->kinds |= 1u << (discriminators_count - 1 - i);
    }
    return fit;
}

static bool more_specific(const struct match *a, const struct match *b)
{
    if (a->discriminators_count != b->discriminators_count)
        return a->discriminators_count > b->discriminators_count;
    if (a->user_prefix_length != b->user_prefix_length)
        return a->user_prefix_length > b->user_prefix_length;
    return a->kinds > b->kinds;
}

/* The trunks of a prefix that a call names, in full or in part, while they are few. */
#define NAMED_MAX 64
struct named {
    const struct trunk *trunks[NAMED_MAX];
    unsigned n; /* counts also those that do not fit */
};

static void pass_over(struct call *call, const struct trunk *t, const struct trunk *best)
{
    if (best && discriminators_include(best, t))
        return;
    if (call->n_passed_over < CALL_PASSED_OVER_MAX)
        call->passed_over[call->n_passed_over] = t;
    call->n_passed_over++;
}

/* Notes the other trunks that the call names, in full or in part, unless BEST asks for all that
   they ask for; BEST is NULL when none fits in full. */
static void note_passed_over(const struct settings *settings, const struct source_entry *entry,
                             const struct named *named, struct call *call, const struct trunk *best)
{
    struct match m;
    for (unsigned i = 0; named->n <= NAMED_MAX && i < named->n; i++)
        pass_over(call, named->trunks[i], best);
    if (named->n <= NAMED_MAX)
        return;
    for (unsigned i = 0; i < entry->n_trunks && call->n_passed_over <= CALL_PASSED_OVER_MAX; i++) {
        const struct trunk *t = &settings->trunks[entry->trunks[i]];
        if (match_of(t, call, &m) != FITS_NOT)
            pass_over(call, t, best);
    }
}

/* Among the trunks of one prefix; those that come first win where nothing tells them apart. */
static const struct trunk *best_of(const struct settings *settings,
                                   const struct source_entry *entry, struct call *call)
{
    const struct trunk *best = NULL;
    struct match best_match = {0};
    struct named named;
    named.n = 0;
    for (unsigned i = 0; i < entry->n_trunks; i++) {
        const struct trunk *t = &settings->trunks[entry->trunks[i]];
        struct match m;
        enum fit fit = match_of(t, call, &m);
        if (fit != FITS_NOT && named.n++ < NAMED_MAX)
            named.trunks[named.n - 1] = t;
        if (fit == FITS && (!best || more_specific(&m, &best_match))) {
            best = t;
            best_match = m;
        }
    }
    if (named.n > (best ? 1 : 0))
        note_passed_over(settings, entry, &named, call, best);
    return best;
}

const struct trunk *trunk_match(const struct settings *settings, struct call *call,
                                bool *source_known)
{
    const struct trunk *best = NULL;
    const struct source_entry *entry;
    unsigned step = 0;
    *source_known = false;
    call->n_passed_over = 0;
    /* The longest prefix counts first, so a shorter one is asked only when no trunk matched. */
    while (!best && (entry = source_table_next(settings->sources, &call->source, &step))) {
        *source_known |= entry->n_trunks > 0;
        best = best_of(settings, entry, call);
    }
    return best;
}

/* Whether it is an emergency call by its numbers as T reads them. */
static bool is_emergency_of(const struct settings *settings, struct call *call,
                            const struct trunk *t)
{
    call->trunk = t;
    bool emergency = emergency_of_call(settings, call) != EMERGENCY_NONE;
    call->trunk = NULL;
    return emergency;
}

bool trunk_sends(const struct trunk *trunk)
{
    return service_words[trunk->service].sends && trunk->n_upstreams > 0;
}

/* With LEADS_ON T must have next hops; else it must have none, and its service decides what becomes
   of the call. */
static bool takes_emergency(const struct settings *settings, struct call *call,
                            const struct trunk *t, bool leads_on)
{
    return trunk_sends(t) == leads_on && is_emergency_of(settings, call, t);
}

static const struct trunk *first_for_emergency(const struct settings *settings, struct call *call,
                                               bool leads_on)
{
    const struct source_entry *entry;
    unsigned step = 0;
    for (unsigned i = 0; i < call->n_passed_over && i < CALL_PASSED_OVER_MAX; i++)
        if (takes_emergency(settings, call, call->passed_over[i], leads_on))
            return call->passed_over[i];
    while ((entry = source_table_next(settings->sources, &call->source, &step)))
        for (unsigned i = 0; i < entry->n_trunks; i++)
            if (takes_emergency(settings, call, &settings->trunks[entry->trunks[i]], leads_on))
                return &settings->trunks[entry->trunks[i]];
    return NULL;
}

static void pass_over_all_but(const struct settings *settings, struct call *call,
                              const struct trunk *taken)
{
    const struct source_entry *entry;
    unsigned step = 0;
    call->n_passed_over = 0;
    while ((entry = source_table_next(settings->sources, &call->source, &step)))
        for (unsigned i = 0; i < entry->n_trunks && call->n_passed_over <= CALL_PASSED_OVER_MAX;
             i++)
            if (&settings->trunks[entry->trunks[i]] != taken)
                pass_over(call, &settings->trunks[entry->trunks[i]], NULL);
}

const struct trunk *trunk_for_emergency(const struct settings *settings, struct call *call)
{
    const struct trunk *taken = NULL;
    bool emergency = emergency_uris(settings, call->request_uri, call->to_uri);
    if (emergency)
        taken = first_for_emergency(settings, call, true);
    if (emergency && !taken)
        taken = first_for_emergency(settings, call, false);
    if (!taken)
        return NULL;
    pass_over_all_but(settings, call, taken);
    call->fits_none = true;
    return taken;
}

bool call_is_trusted(const struct call *call)
{
    for (unsigned i = 0; i < call->n_passed_over && i < CALL_PASSED_OVER_MAX; i++)
        if (!call->passed_over[i]->trusted)
            return false;
    return call->trunk->trusted && call->n_passed_over <= CALL_PASSED_OVER_MAX;
}

bool call_carries_shaken(const struct call *call)
{
    return call->n_identity_shaken > 0 ||
           (call->n_identity_resembling > 0 && call_is_trusted(call));
}

static bool only_from_names(const struct trunk *t, const struct call *call)
{
    return t->tgrp.n > 0 && t->tgrp_in != GROUP_IN_FROM && call->groups[t->tgrp_in].n == 0 &&
           trunk_groups_fit(&call->groups[GROUP_IN_FROM], t->tgrp) != FITS_NOT;
}

const struct trunk *trunk_of_from_alone(const struct settings *settings, const struct call *call)
{
    const struct source_entry *entry;
    unsigned step = 0;
    while (call->groups[GROUP_IN_FROM].n > 0 &&
           (entry = source_table_next(settings->sources, &call->source, &step)))
        for (unsigned i = 0; i < entry->n_trunks; i++)
            if (only_from_names(&settings->trunks[entry->trunks[i]], call))
                return &settings->trunks[entry->trunks[i]];
    return NULL;
}

bool source_is_trunk(const struct settings *settings, const struct address *source)
{
    const struct source_entry *entry;
    unsigned step = 0;
    while ((entry = source_table_next(settings->sources, source, &step)))
        if (entry->n_trunks > 0)
            return true;
    return false;
}

const struct upstream *source_upstream(const struct settings *settings,
                                       const struct address *source)
{
    const struct source_entry *entry;
    unsigned step = 0;
    while ((entry = source_table_next(settings->sources, source, &step)))
        if (entry->upstream != OF_NO_UPSTREAM)
            return &settings->upstreams[entry->upstream];
    return NULL;
}
