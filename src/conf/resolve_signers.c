/* The table of signers (signers.h), which is read with the configuration and comes into force with
   it. */
#include "reader.h"

#include <stird/core/signers.h>
#include <stird/core/time_zone.h>

#define ROWS_TOLD 10 /* of each kind */

/* They go out with an answer, in quotes. */
static void check_answer(struct reader *r, const struct draft *draft)
{
    const struct object *root = &draft->object;
    const struct settings *s = &draft->settings;
    if (!resolve_may_stand_in_quotes(s->signers_reason))
        complain(r, root, place_of(root, "signers.reason"),
                 "signers.reason: no quotes, backslashes or control characters");
}

static bool is_own(const struct settings *s, struct str code)
{
    for (unsigned i = 0; i < s->n_providers; i++)
        for (unsigned k = 0; k < s->providers[i].n_spcs; k++)
            if (str_eq(s->providers[i].spcs[k], code))
                return true;
    return false;
}

static void doubt_rows(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    const struct time_zone *zone = s->n_zones > 0 ? &s->zones[s->numbers_zone] : &time_zone_utc;
    const int32_t today = time_zone_local(zone, r->now_s).day;
    unsigned n_over = 0, n_own = 0;
    for (unsigned i = 0; i < s->n_signers; i++) {
        const struct signer *row = &s->signers[i];
        const struct place at = {.file = s->signers_file, .line = row->line};
        if (row->until < today && n_over++ < ROWS_TOLD)
            warn(r, &draft->object, at,
                 "signer %.*s: until is over, so the row counts no more: take it out, or write a "
                 "later day",
                 STR_ARG(row->code));
        else if (row->action == SIGNER_DENY && is_own(s, row->code) && n_own++ < ROWS_TOLD)
            warn(r, &draft->object, at,
                 "signer %.*s: it is a code of our own, and what we signed ourselves is refused: "
                 "take the row out",
                 STR_ARG(row->code));
    }
}

void resolve_signers(struct reader *r, struct draft *draft)
{
    const struct object *root = &draft->object;
    struct settings *s = &draft->settings;
    struct str text;
    check_answer(r, draft);
    if (s->signers_file.n == 0)
        return;
    const int error = files_read(r->files, s->signers_file, SIGNERS_BYTES_MAX, &text);
    if (error != 0)
        complain(r, root, place_of(root, "signers.file"), "signers.file: %.*s: %s",
                 STR_ARG(shown(r, s->signers_file)), files_fault(error));
    else if (signers_read(s->signers_file, text, r->arena, &s->signers, &s->n_signers, r->problems))
        doubt_rows(r, draft);
}
