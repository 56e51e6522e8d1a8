#include "trust.h"

#include <sofia-sip/su_alloc.h>
#include <stird/headers.h>
#include <stird/policy.h>
#include <stird/source_table.h>

/* Headers that only a trusted neighbour may send through us. */
static const char *const private_headers[] = {
    "P-Asserted-Identity", "Attestation-Info",        "Attestation",
    "Origination-Id",      "P-Attestation-Indicator", "P-Origination-Id"};

static bool wants_privacy(const struct message *m)
{
    struct str value, one;
    for (unsigned n = 0; (value = message_header(m, "Privacy", 0, n)).p; n++)
        while ((one = str_trim(str_cut(&value, ';'))).n > 0 || value.p)
            if (str_eq_nocase(one, STR("id")))
                return true;
    return false;
}

static void remove_all(struct message *m, struct str name)
{
    char *text = name.n > 0 ? su_strndup(msg_home(m->msg), name.p, (isize_t)name.n) : NULL;
    if (text)
        message_remove_headers(m, text, header_compact(name), NULL);
}

static void remove_private(struct message *m, const struct settings *settings)
{
    for (unsigned i = 0; i < sizeof(private_headers) / sizeof(private_headers[0]); i++)
        message_remove_headers(m, private_headers[i], 0, NULL);
    for (unsigned i = 0; i < settings->n_private_headers; i++)
        remove_all(m, settings->private_headers[i]);
    /* An Identity may be anybody's, but only one that the call was decided on. */
    message_remove_resembling(m, "Identity", 'y');
}

void trust_apply(struct message *m, const struct settings *settings, const struct call *call,
                 const struct upstream *upstream)
{
    if (!call_is_trusted(call))
        remove_private(m, settings);
    if (!upstream->trusted && wants_privacy(m))
        message_remove_headers(m, "P-Asserted-Identity", 0, NULL);
    /* What a trunk is recognised by is between its SBC and us. */
    remove_all(m, call->trunk->header_name);
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
 * By which of an SBC's trunks a dialog began cannot be seen of its later requests: the SBC is
 * trusted when all of its trunks are.
 */
static bool all_are_trusted(const struct settings *settings, const struct source_entry *entry)
{
    for (unsigned i = 0; entry && i < entry->n_trunks; i++)
        if (!settings->trunks[entry->trunks[i]].trusted)
            return false;
    return entry != NULL;
}

static bool may_see_all(const struct settings *settings, const struct address *next_hop)
{
    const struct upstream *upstream = source_upstream(settings, next_hop);
    return upstream ? upstream->trusted : all_are_trusted(settings, trunks_of(settings, next_hop));
}

void trust_apply_in_dialog(struct message *m, const struct settings *settings,
                           const struct address *source, const struct address *next_hop)
{
    const struct source_entry *entry = trunks_of(settings, source);
    /* An upstream's word is the network's own, whatever it may see of ours. */
    if (!source_upstream(settings, source) && !all_are_trusted(settings, entry))
        remove_private(m, settings);
    if (!may_see_all(settings, next_hop) && wants_privacy(m))
        message_remove_headers(m, "P-Asserted-Identity", 0, NULL);
    for (unsigned i = 0; entry && i < entry->n_trunks; i++)
        remove_all(m, settings->trunks[entry->trunks[i]].header_name);
}
