#include <stird/policy.h>
#include <stird/source_table.h>

/* How specifically a trunk matches, among those of one source prefix; compared from the first field
   to the last. */
struct match {
    unsigned n_discriminators;
    size_t user_prefix_length;
    unsigned kinds; /* tls_name 32, header 16, tgrp 8, request_user_prefix 4, request_host 2,
                       listener 1 */
};

/*
 * Every header of that name must say the same: a caller who adds a second one must not be able to
 * choose its trunk.
 */
static bool header_says(const struct call_header *headers, struct str name, struct str value)
{
    bool found = false;
    for (const struct call_header *h = headers; h && h->name.p; h++) {
        if (!str_eq_nocase(h->name, name))
            continue;
        if (!str_eq(str_trim(h->value), value))
            return false;
        found = true;
    }
    return found;
}

static bool peer_proved(const struct call *call, struct str name)
{
    for (unsigned i = 0; i < call->n_peer_names; i++)
        if (str_eq_nocase(call->peer_names[i], name))
            return true;
    return false;
}

static bool discriminators_match(const struct trunk *t, const struct call *call, struct match *m)
{
    const struct {
        bool wanted, fits;
        unsigned kind;
    } checks[] = {
        {t->tls_name.n > 0, peer_proved(call, t->tls_name), 32},
        {t->header_name.n > 0, header_says(call->headers, t->header_name, t->header_value), 16},
        {t->tgrp.n > 0, str_eq(call->tgrp, t->tgrp), 8},
        {t->request_user_prefix.n > 0, str_starts(call->request_user, t->request_user_prefix), 4},
        {t->request_host.n > 0, str_eq_nocase(call->request_host, t->request_host), 2},
        {t->listener.n > 0, str_eq(call->listener, t->listener), 1},
    };
    m->n_discriminators = 0;
    m->kinds = 0;
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (!checks[i].wanted)
            continue;
        if (!checks[i].fits)
            return false;
        m->n_discriminators++;
        m->kinds |= checks[i].kind;
    }
    m->user_prefix_length = t->request_user_prefix.n;
    return true;
}

static bool more_specific(const struct match *a, const struct match *b)
{
    if (a->n_discriminators != b->n_discriminators)
        return a->n_discriminators > b->n_discriminators;
    if (a->user_prefix_length != b->user_prefix_length)
        return a->user_prefix_length > b->user_prefix_length;
    return a->kinds > b->kinds;
}

/* Among the trunks of one prefix; those that come first win where nothing tells them apart. */
static const struct trunk *best_of(const struct settings *settings,
                                   const struct source_entry *entry, const struct call *call)
{
    const struct trunk *best = NULL;
    struct match best_match = {0};
    for (unsigned i = 0; i < entry->n_trunks; i++) {
        const struct trunk *t = &settings->trunks[entry->trunks[i]];
        struct match m;
        if (discriminators_match(t, call, &m) && (!best || more_specific(&m, &best_match))) {
            best = t;
            best_match = m;
        }
    }
    return best;
}

const struct trunk *trunk_match(const struct settings *settings, const struct call *call,
                                bool *source_known)
{
    const struct trunk *best = NULL;
    const struct source_entry *entry;
    unsigned step = 0;
    *source_known = false;
    /* The longest prefix counts first, so a shorter one is asked only when no trunk matched. */
    while (!best && (entry = source_table_next(settings->sources, &call->source, &step))) {
        *source_known |= entry->n_trunks > 0;
        best = best_of(settings, entry, call);
    }
    return best;
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
