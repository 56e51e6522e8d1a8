/* The table of signers (signers.h), which is read with the configuration and comes into force with
   it. */
#include "reader.h"

#include <stird/core/signers.h>

/* They go out with an answer, in quotes. */
static void check_answer(struct reader *r, const struct draft *draft)
{
    const struct object *root = &draft->object;
    const struct settings *s = &draft->settings;
    if (!resolve_may_stand_in_quotes(s->signers_reason))
        complain(r, root, place_of(root, "signers.reason"),
                 "signers.reason: no quotes, backslashes or control characters");
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
    else
        signers_read(s->signers_file, text, r->arena, &s->signers, &s->n_signers, r->problems);
}
