#include "marks.h"

#include <stird/core/identity.h>
#include <stird/core/marking.h>
#include <stird/core/outcome.h>
#include <stird/core/privacy.h>
#include <stird/core/source_table.h>
#include <stird/core/trunk.h>

#include "context.h"
#include "routes.h"
#include "trust_domain.h"

/* Who somebody is, and where a telephone may take a name from. */
static const struct str names[] = {STR("P-Asserted-Identity"), STR("P-Preferred-Identity"),
                                   STR("Remote-Party-ID")};

static bool without_labels(const void *user, struct str line, struct buf *out)
{
    return marking_without_labels(user, line, out);
}

static bool asserted(const void *user, struct str line, struct buf *out)
{
    return marking_asserted(user, line, out);
}

static bool from(const void *user, struct str line, struct buf *out)
{
    return marking_from(user, line, out);
}

/* What came is off before anything of ours is there, whoever sent it. */
static int clear(struct message *m, const struct verification_setting *profile)
{
    int error = trust_domain_remove_told(m);
    trust_domain_remove_marks(m, profile);
    if (error != 0 || !marking_has_labels(profile))
        return error;
    error = message_edit_from(m, without_labels, profile);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && error == 0; i++)
        error = message_edit_headers(m, names[i], 0, without_labels, profile);
    return error;
}

/* Towards one that is trusted, and where the caller does not want to be withheld. */
static bool may_assert(const struct context *c, const struct target *target)
{
    return target->upstream && target->upstream->trusted && c->view == PRIVACY_WHOLE;
}

/* The number that the token and the call have in common, as an identity of its own. */
static int add_asserted(struct message *m, const struct marking *marking, const struct tn *number)
{
    struct buf line = BUF_INIT, marked = BUF_INIT;
    const struct str name = STR("P-Asserted-Identity");
    buf_add_str(&line, STR("P-Asserted-Identity: <tel:+"));
    buf_add_str(&line, tn_str(number));
    buf_add_str(&line, STR(">"));
    const enum verstat_place place = marking->profile->verstat_place;
    const bool is_marked = (place == VERSTAT_PLACE_PAI || place == VERSTAT_PLACE_BOTH) &&
                           marking_asserted(marking, buf_str(&line), &marked);
    const struct str text = buf_str(is_marked ? &marked : &line);
    int error = buf_failed(&line) || buf_failed(&marked) ? -1 : 0;
    if (error == 0)
        error = message_add_header(m, name, str_slice(text, name.n + 2, text.n));
    buf_fini(&line);
    buf_fini(&marked);
    return error;
}

static int mark_asserted(struct context *c, const struct marking *marking,
                         const struct target *target)
{
    struct message *m = c->message;
    const enum verstat_place place = marking->profile->verstat_place;
    const bool has_one = message_header_count(m, STR("P-Asserted-Identity"), 0) > 0;
    if (has_one)
        return place == VERSTAT_PLACE_PAI || place == VERSTAT_PLACE_BOTH
                   ? message_edit_headers(m, STR("P-Asserted-Identity"), 0, asserted, marking)
                   : 0;
    if (marking->profile->pai_from_token && marking->verified->class == VERIFICATION_PASSED &&
        may_assert(c, target) && marking->number)
        return add_asserted(m, marking, marking->number);
    return 0;
}

static int add_headers(struct message *m, const struct marking *marking)
{
    const struct verification_setting *profile = marking->profile;
    int error = 0;
    for (unsigned i = 0; i < profile->n_attestation_headers && error == 0; i++) {
        struct buf value = BUF_INIT;
        const struct str name = profile->attestation_headers[i];
        if (marking_header(marking, name, &value))
            error = buf_failed(&value) ? -1 : message_add_header(m, name, buf_str(&value));
        buf_fini(&value);
    }
    if (profile->result_header.n > 0 && error == 0) {
        struct buf value = BUF_INIT;
        marking_result(marking, &value);
        error = buf_failed(&value) ? -1
                                   : message_add_header(m, profile->result_header, buf_str(&value));
        buf_fini(&value);
    }
    return error;
}

/* As one line, whatever line ends it was folded by. */
static int add_identity(struct message *m, struct str value)
{
    struct buf unfolded = BUF_INIT;
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] != '\r' && value.p[i] != '\n')
            buf_add_char(&unfolded, value.p[i]);
    int error = buf_failed(&unfolded) ? -1
                                      : message_add_header(m, STR("Identity"), buf_str(&unfolded));
    buf_fini(&unfolded);
    return error;
}

/* VALID: a bit for each of the call's values, in their order. Where all of them are valid they stay
   as they came. */
static int keep_valid(struct message *m, uint32_t valid)
{
    struct str values[IDENTITIES_MAX];
    const unsigned n = identities_of(m->raw, values);
    unsigned kept = 0;
    int error = 0;
    for (unsigned i = 0; i < n && i < 32; i++)
        kept += valid >> i & 1;
    if (kept == n)
        return 0;
    message_remove_headers(m, STR("Identity"), 'y', NULL);
    message_remove_resembling(m, STR("Identity"), 'y');
    for (unsigned i = 0; i < n && i < 32 && error == 0; i++)
        if (valid >> i & 1)
            error = add_identity(m, values[i]);
    return error;
}

static int take_identity(struct message *m, const struct marking *marking)
{
    switch (marking->profile->identity_out) {
    case IDENTITY_OUT_STRIP:
        message_remove_headers(m, STR("Identity"), 'y', NULL);
        message_remove_resembling(m, STR("Identity"), 'y');
        return 0;
    case IDENTITY_OUT_KEEP_VALID:
        /* What could not be judged is not known to be bad. */
        return marking->verified->class == VERIFICATION_PASSED ||
                       marking->verified->class == VERIFICATION_FAILED
                   ? keep_valid(m, marking->verified->valid)
                   : 0;
    case IDENTITY_OUT_KEEP:
        break;
    }
    return 0;
}

int marks_apply(struct context *c, const struct target *target)
{
    const struct trunk *trunk = c->call ? c->call->trunk : NULL;
    const struct settings *s = c->snapshot->settings;
    if (!c->initial || !trunk || trunk->verification == NO_VERIFICATION ||
        s->verifications[trunk->verification].observe)
        return 0;
    if (!c->outcome->verified) /* what nobody judged has no marks, not even such as were brought */
        return clear(c->message, &s->verifications[trunk->verification]);
    const struct verified shown = verified_as_shown(c->outcome->verified);
    const struct marking marking = {
        .profile = &s->verifications[trunk->verification],
        .verified = &shown,
        .country = &trunk->country,
        .number = c->outcome->verified->orig.n > 0 ? &c->outcome->verified->orig : NULL};
    struct message *m = c->message;
    int error = clear(m, marking.profile);
    /* Beside what we say of one number nobody else says who is calling. */
    for (size_t i = 1; i < sizeof(names) / sizeof(names[0]) && !call_is_trusted(c->call); i++)
        message_remove_headers(m, names[i], 0, NULL);
    if (error == 0)
        error = mark_asserted(c, &marking, target);
    if (error == 0)
        error = message_edit_from(m, from, &marking);
    if (error == 0 && target->upstream && target->upstream->trusted)
        error = add_headers(m, &marking);
    return error == 0 ? take_identity(m, &marking) : error;
}

int marks_clear(struct context *c)
{
    const struct settings *s = c->snapshot->settings;
    const struct source_entry *entry;
    unsigned step = 0;
    int error = 0;
    while (s->n_verifications > 0 &&
           (entry = source_table_next(s->sources, &c->from.remote, &step)))
        for (unsigned i = 0; i < entry->n_trunks && error == 0; i++) {
            const struct trunk *trunk = &s->trunks[entry->trunks[i]];
            if (trunk->verification != NO_VERIFICATION &&
                !s->verifications[trunk->verification].observe)
                error = clear(c->message, &s->verifications[trunk->verification]);
        }
    return error;
}
