/* What a profile of verification writes into calls: the headers and labels that it names. */
#include <stird/core/headers.h>
#include <stird/core/marking.h>

#include "draft.h"
#include "keys.h"
#include "reader.h"

static bool is_header_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!ascii_is_alpha(name.p[i]) && !ascii_is_digit(name.p[i]) && name.p[i] != '-')
            return false;
    return name.n > 1 && name.n <= 64 && header_can_go(name);
}

static void check_header(struct reader *r, const struct draft_verification *d, const char *key,
                         struct place at, struct str name)
{
    static const char *const others[] = {"P-Asserted-Identity", "P-Preferred-Identity",
                                         "Remote-Party-ID", "Privacy"};
    bool is_free = is_header_name(name);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        is_free = is_free && !str_eq_nocase(name, str_of(others[i]));
    if (!is_free)
        complain(r, &d->object, at, "%s: %.*s is no name of a header that could be added", key,
                 STR_ARG(shown(r, name)));
}

static void resolve_headers(struct reader *r, struct draft_verification *d)
{
    const struct texts *texts = &d->attestation_headers;
    struct str *list = reader_array(r, texts->n, sizeof(*list));
    for (unsigned i = 0; list && i < texts->n; i++) {
        list[i] = texts->items[i].text;
        check_header(r, d, "attestation_headers", texts->items[i].at, list[i]);
        for (unsigned k = 0; k < i; k++)
            if (str_eq_nocase(list[k], list[i]))
                complain(r, &d->object, texts->items[i].at,
                         "attestation_headers: %.*s stands there twice",
                         STR_ARG(shown(r, list[i])));
    }
    d->verification.attestation_headers = list;
    d->verification.n_attestation_headers = list ? texts->n : 0;
    if (d->verification.result_header.n > 0)
        check_header(r, d, "result_header", place_of(&d->object, "result_header"),
                     d->verification.result_header);
}

/* It stands in a quoted string (RFC 3261 section 25.1), and is told from what callers write. */
static bool is_label(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    return s.p[0] != ' ' && s.p[s.n - 1] != ' ';
}

static void check_labels(struct reader *r, const struct draft_verification *d)
{
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
