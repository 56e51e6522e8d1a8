#include "trust_domain.h"

#include <stird/core/claim.h>
#include <stird/core/headers.h>
#include <stird/core/privacy.h>
#include <stird/core/source_table.h>
#include <stird/core/told.h>
#include <stird/core/trunk.h>

/* Who is calling, in other words than From's (RFC 3325, draft-ietf-sip-privacy). */
static const struct str asserting_headers[] = {STR("P-Asserted-Identity"),
                                               STR("P-Preferred-Identity"), STR("Remote-Party-ID")};
#define N_ASSERTING (sizeof(asserting_headers) / sizeof(asserting_headers[0]))

static void remove_all(struct message *m, struct str name)
{
    if (name.n > 0)
        message_remove_headers(m, name, header_compact(name), NULL);
}

/* What we write ourselves of calls that we have verified. */
void trust_domain_remove_marks(struct message *m, const struct verification_setting *profile)
{
    remove_all(m, profile->result_header);
    for (unsigned i = 0; i < profile->n_attestation_headers; i++)
        remove_all(m, profile->attestation_headers[i]);
}

/* Removes what only a trusted neighbour may send through us, besides what
 * trust_domain_remove_told() takes off.
 */
static void remove_private(struct message *m, const struct settings *settings)
{
    message_remove_headers(m, STR("P-Asserted-Identity"), 0, NULL);
    for (unsigned i = 0; i < settings->n_private_headers; i++)
        remove_all(m, settings->private_headers[i]);
    for (unsigned i = 0; i < settings->n_verifications; i++)
        trust_domain_remove_marks(m, &settings->verifications[i]);
    /* An Identity may be anybody's, but only one that the call was decided on. */
    message_remove_resembling(m, STR("Identity"), 'y');
}

static bool tells(const struct header_line *line)
{
    return told_by_line(line) != TOLD_NOTHING;
}

static bool without_verstat(const void *user, struct str line, struct buf *out)
{
    (void)user;
    return told_without_verstat(line, out);
}

int trust_domain_remove_told(struct message *m)
{
    int error = message_edit_from(m, without_verstat, NULL);
    message_remove_lines(m, tells);
    for (unsigned i = 0; i < N_ASSERTING && error == 0; i++)
        error = message_edit_headers(m, asserting_headers[i], 0, without_verstat, NULL);
    return error;
}

static void withhold(struct message *m, enum privacy_view view)
{
    for (unsigned i = 0; i < N_ASSERTING && view != PRIVACY_WHOLE; i++)
        message_remove_headers(m, asserting_headers[i], 0, NULL);
    if (view == PRIVACY_STRIPPED)
        message_remove_headers(m, STR("Identity"), 'y', NULL);
}

/* Removes the headers that tell the trunks of this source apart: they are between its SBC and us.
 */
static void remove_discriminators(struct message *m, const struct settings *settings,
                                  const struct address *source)
{
    const struct source_entry *entry;
    unsigned step = 0;
    while ((entry = source_table_next(settings->sources, source, &step)))
        for (unsigned i = 0; i < entry->n_trunks; i++)
            remove_all(m, settings->trunks[entry->trunks[i]].header_name);
}

int trust_domain_apply(struct message *m, const struct settings *settings, const struct call *call,
                       const struct upstream *upstream)
{
    bool believed = call_is_trusted(call);
    if (!believed)
        remove_private(m, settings);
    withhold(m, privacy_view(&call->privacy, upstream));
    remove_discriminators(m, settings, &call->source);
    return believed && upstream->trusted ? 0 : trust_domain_remove_told(m);
}

/* The trunks of the longest prefix that covers ADDRESS, or NULL. */
static const struct source_entry *trunks_of(const struct settings *settings,
                                            const struct address *address)
{
    const struct source_entry *entry;
    unsigned step = 0;
    while ((entry = source_table_next(settings->sources, address, &step)) && entry->n_trunks == 0)
        ;
    return entry;
}

/*
 * A later request of a dialog does not show by which of an SBC's trunks it began: the SBC is
 * trusted when all of its trunks are.
 */
static bool all_are_trusted(const struct settings *settings, const struct source_entry *entry)
{
    for (unsigned i = 0; entry && i < entry->n_trunks; i++)
        if (!settings->trunks[entry->trunks[i]].trusted)
            return false;
    return entry != NULL;
}

bool trust_domain_takes_identity(const struct trunk *trunk)
{
    return trunk->existing_identity == IDENTITY_STRIP ||
           trunk->existing_identity == IDENTITY_REPLACE;
}

bool trust_domain_takes_identity_of(const struct settings *settings, const struct address *source)
{
    const struct source_entry *entry = trunks_of(settings, source);
    for (unsigned i = 0; entry && i < entry->n_trunks; i++)
        if (trust_domain_takes_identity(&settings->trunks[entry->trunks[i]]))
            return true;
    return false;
}

/* Whether the address is an upstream's alone: no trunk names it as narrowly. */
static bool is_claimed(const struct settings *settings, const struct address *a)
{
    return !claim_is_a_trunks(settings, a, claim_of_upstreams(settings, a));
}

/* Where the address is an upstream's and a trunk's, both have to be trusted. */
static bool may_see_all(const struct settings *settings, const struct address *next_hop,
                        const struct upstream *upstream)
{
    if (upstream && is_claimed(settings, next_hop))
        return upstream->trusted;
    return (!upstream || upstream->trusted) &&
           all_are_trusted(settings, trunks_of(settings, next_hop));
}

/* By what the request says that came. */
static enum privacy_view view_of(const struct message *m, const struct upstream *upstream)
{
    struct privacy privacy = {false};
    struct message_walk walk = {.begun = false};
    struct header_line line;
    while (message_came_next(m, MESSAGE_OTHERS, &walk, &line))
        privacy_add_line(&privacy, &line);
    return privacy_view(&privacy, upstream);
}

int trust_domain_apply_in_dialog(struct message *m, const struct settings *settings,
                                 const struct address *source, const struct address *next_hop)
{
    const struct upstream *upstream = source_upstream(settings, next_hop);
    bool sees_all = may_see_all(settings, next_hop, upstream);
    /* An upstream's word is the network's own, whatever it may see of ours; not where it may be a
       customer's as well. */
    bool of_upstream = source_upstream(settings, source) != NULL && is_claimed(settings, source);
    bool believed = of_upstream || all_are_trusted(settings, trunks_of(settings, source));
    const enum privacy_view view = sees_all ? PRIVACY_WHOLE : view_of(m, upstream);
    if (!believed)
        remove_private(m, settings);
    withhold(m, view);
    remove_discriminators(m, settings, source);
    return of_upstream || (believed && sees_all) ? 0 : trust_domain_remove_told(m);
}
