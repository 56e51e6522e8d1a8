/* What a profile of verification writes into calls: the headers and labels that it names. */
#include <stird/core/headers.h>
#include <stird/core/marking.h>
#include <stird/core/told.h>

#include "draft.h"
#include "keys.h"
#include "reader.h"

/* Which says by its name what it tells: others would be read as something else. */
static bool is_attestation_header(struct str name)
{
    return resolve_is_header_name(name) && told_by(name) != TOLD_NOTHING;
}

static bool is_result_header(struct str name)
{
    return resolve_is_header_name(name) && str_starts_nocase(name, STR("X-"));
}

static void resolve_headers(struct reader *r, struct draft_verification *d)
{
    const struct texts *texts = &d->attestation_headers;
    struct str *list = reader_array(r, texts->n, sizeof(*list));
    for (unsigned i = 0; list && i < texts->n; i++) {
        list[i] = texts->items[i].text;
        if (!is_attestation_header(list[i]))
            complain(r, &d->object, texts->items[i].at,
                     "attestation_headers: %.*s is no name of a header that tells of a level, an "
                     "origid or a verstat: P-Attestation-Indicator, Origination-Id, X-Verstat",
                     STR_ARG(shown(r, list[i])));
        if (str_eq_nocase(list[i], d->verification.result_header))
            complain(r, &d->object, texts->items[i].at,
                     "attestation_headers: %.*s is result_header too", STR_ARG(shown(r, list[i])));
        for (unsigned k = 0; k < i; k++)
            if (str_eq_nocase(list[k], list[i]))
                complain(r, &d->object, texts->items[i].at,
                         "attestation_headers: %.*s stands there twice",
                         STR_ARG(shown(r, list[i])));
    }
    d->verification.attestation_headers = list;
    d->verification.n_attestation_headers = list ? texts->n : 0;
    const struct str result = d->verification.result_header;
    if (result.n > 0 && !is_result_header(result))
        complain(r, &d->object, place_of(&d->object, "result_header"),
                 "result_header: %.*s is no name of a header of our own: begin it with X-",
                 STR_ARG(shown(r, result)));
}

/* It stands in a quoted string (RFC 3261 section 25.1), and is told from what callers write. */
static bool is_label(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    return s.p[0] != ' ' && s.p[s.n - 1] != ' ';
}

/* Who sees the one takes it for the other. */
static bool is_of_a_level(const struct verification_setting *v, struct str label)
{
    return label.n > 0 && (str_eq_nocase(label, v->label_a) || str_eq_nocase(label, v->label_b) ||
                           str_eq_nocase(label, v->label_c));
}

static void check_labels(struct reader *r, const struct draft_verification *d)
{
    const struct verification_setting *v = &d->verification;
    if (is_of_a_level(v, v->label_failed))
        complain(r, &d->object, place_of(&d->object, "label_failed"),
                 "label_failed is that of a call that passed: write another one");
    if (is_of_a_level(v, v->label_none))
        complain(r, &d->object, place_of(&d->object, "label_none"),
                 "label_none is that of a call that passed: write another one");
    const struct {
        const char *key;
        struct str text;
    } labels[] = {{"label_a", d->verification.label_a},
                  {"label_b", d->verification.label_b},
                  {"label_c", d->verification.label_c},
                  {"label_failed", d->verification.label_failed},
                  {"label_none", d->verification.label_none}};
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        if (labels[i].text.n > 0 && !is_label(labels[i].text))
            complain(r, &d->object, place_of(&d->object, labels[i].key),
                     "%s: a label has no quotes, backslashes and control characters, and no space "
                     "at its ends",
                     labels[i].key);
}

void resolve_marks(struct reader *r, struct draft_verification *d)
{
    static const char *const marks[] = {
        "verstat_place", "verstat_form", "verstat_suffix", "pai_from_token", "attestation_headers",
        "result_header", "identity_out", "label_a",        "label_b",        "label_c",
        "label_failed",  "label_none"};
    resolve_headers(r, d);
    check_labels(r, d);
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && d->verification.observe; i++)
        if (was_given(&d->object, marks[i]) && !place_of(&d->object, "observe").unread)
            warn(r, &d->object, place_of(&d->object, marks[i]),
                 "%s: nothing is written into calls while observe is true: write observe = false",
                 marks[i]);
}
