#include "redirect_told.h"

#include <stird/core/headers.h>
#include <stird/core/marking.h>
#include <stird/core/told.h>
#include <stird/core/trunk.h>
#include <stird/core/uri.h>
#include <stird/core/verified.h>

#define ASSERTED     STR("P-Asserted-Identity")
#define ASSERTED_TWO 2 /* RFC 3325 section 9.1 */

/* LINE, with its line end or without, as one line with CRLF. False: it holds what no header has,
   and nothing is written. */
static bool add_line(struct str line, struct buf *out)
{
    const struct str text = str_trim(line);
    for (size_t i = 0; i < text.n; i++) {
        const unsigned char c = (unsigned char)text.p[i];
        if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];
        buf_add_char(out, c == '\r' || c == '\n' ? ' ' : c);
    }
    buf_add_text(out, "\r\n");
    return true;
}

/* ---- P-Asserted-Identity ---- */

/* Each name-addr of LINE with its label: one that stands in a list is a line of its own for that.
 */
static void add_labels(const struct marking *marking, struct str line, struct buf *out)
{
    struct header_line header;
    struct str rest = line, element;
    unsigned n = 0;
    if (!header_next(&rest, &header))
        return;
    for (struct str list = header.value; list_next(&list, &element); n++) {
        struct buf alone = BUF_INIT, labelled = BUF_INIT;
        buf_add_text(&alone, "P-Asserted-Identity: ");
        const size_t name = alone.n;
        buf_add_str(&alone, element);
        const bool has_label = marking_from(marking, buf_str(&alone), &labelled);
        const struct str text = buf_str(has_label ? &labelled : &alone);
        buf_add_str(out, n == 0 ? str_slice(text, 0, name) : STR(", "));
        buf_add_str(out, str_slice(text, name, text.n));
        out->failed = out->failed || buf_failed(&alone) || buf_failed(&labelled);
        buf_fini(&alone);
        buf_fini(&labelled);
    }
}

/* LINE without verstat and labels of its writer's own, with ours. False: it names no number, or
   holds what no header has, and nothing is written. */
static bool mark(const struct marking *marking, struct str line, struct buf *out)
{
    struct buf bare = BUF_INIT, unlabelled = BUF_INIT, marked = BUF_INIT, labelled = BUF_INIT;
    struct verification_setting labels_only = *marking->profile;
    struct marking labelling = *marking;
    labels_only.verstat_place = VERSTAT_PLACE_NONE;
    labelling.profile = &labels_only;
    struct str text = told_without_verstat(line, &bare) ? buf_str(&bare) : line;
    if (marking_without_labels(marking->profile, text, &unlabelled))
        text = buf_str(&unlabelled);
    bool is_marked = marking_asserted(marking, text, &marked);
    if (is_marked) {
        add_labels(&labelling, buf_str(&marked), &labelled);
        is_marked = labelled.n > 0 && add_line(buf_str(&labelled), out);
    }
    out->failed = out->failed || buf_failed(&bare) || buf_failed(&unlabelled) ||
                  buf_failed(&marked) || buf_failed(&labelled);
    buf_fini(&bare);
    buf_fini(&unlabelled);
    buf_fini(&marked);
    buf_fini(&labelled);
    return is_marked;
}

/* As the request has them, where they are believed. False: none names a number. */
static bool mark_received(const struct redirect_question *q, const struct marking *marking,
                          struct buf *out)
{
    struct str rest;
    struct header_line line;
    unsigned n = 0;
    (void)start_line(q->request, &rest);
    while (call_is_trusted(q->call) && n < ASSERTED_TWO && header_next(&rest, &line))
        if (header_is(&line, ASSERTED, 0)) {
            struct buf named = BUF_INIT; /* however its name is written */
            buf_add_str(&named, ASSERTED);
            buf_add_text(&named, ": ");
            buf_add_str(&named, line.value);
            n += mark(marking, buf_str(&named), out);
            out->failed = out->failed || buf_failed(&named);
            buf_fini(&named);
        }
    return n > 0;
}

/* Digits as people write them, which mean the same in any URI. */
static bool is_written_number(struct str user)
{
    for (size_t i = 0; i < user.n; i++)
        if (!ascii_is_digit(user.p[i]) && str_find(STR("+-.()"), user.p[i], 0) == 5)
            return false;
    return user.n > 0;
}

/* NUMBER at the host of URI, as a URI of PROFILE's form. */
static void add_uri(const struct str number, const struct uri *uri, struct buf *out)
{
    const bool has_host = uri->scheme == URI_SIP && uri_host_is_plain(uri->host);
    buf_add_str(out, has_host ? STR("sip:") : STR("tel:"));
    buf_add_str(out, number);
    if (has_host) {
        buf_add_char(out, '@');
        buf_add_str(out, uri->host);
    }
}

/* One of our own: the number that the verdict is about, without a name, which nobody has proved. */
static void make(const struct redirect_question *q, const struct marking *marking, struct buf *out)
{
    const struct call *call = q->call;
    struct buf line = BUF_INIT;
    struct tn from;
    struct uri uri = {.scheme = URI_OTHER};
    if (!marking->number)
        return;
    const bool is_froms = call->from_others.n == 0 && call->from_others.n_odd == 0 &&
                          uri_split(&uri, call->from_uri) &&
                          tn_from_uri(&from, call->from_uri, &call->trunk->country, NULL, 0) ==
                              TN_OK &&
                          tn_equal(&from, marking->number);
    const bool as_received = is_froms && call->trunk->in_dialect->pai == DIALECT_PAI_AS_RECEIVED &&
                             is_written_number(uri.user);
    struct buf canonical = BUF_INIT;
    buf_add_char(&canonical, '+');
    buf_add_str(&canonical, tn_str(marking->number));
    if (!is_froms)
        uri.scheme = URI_OTHER;
    buf_add_str(&line, ASSERTED);
    buf_add_text(&line, ": <");
    add_uri(as_received ? uri.user : buf_str(&canonical), &uri, &line);
    buf_add_char(&line, '>');
    (void)mark(marking, buf_str(&line), out);
    out->failed = out->failed || buf_failed(&line) || buf_failed(&canonical);
    buf_fini(&line);
    buf_fini(&canonical);
}

static void add_asserted(const struct redirect_question *q, const struct marking *marking,
                         struct buf *out)
{
    if (marking->profile->verstat_place == VERSTAT_PLACE_NONE)
        return;
    if (q->call->trunk->in_dialect->pai == DIALECT_PAI_AS_RECEIVED &&
        mark_received(q, marking, out))
        return;
    make(q, marking, out);
}

/* ---- headers of the profile ---- */

static void add_headers(const struct marking *marking, struct buf *out)
{
    const struct verification_setting *profile = marking->profile;
    for (unsigned i = 0; i < profile->n_attestation_headers; i++) {
        struct buf value = BUF_INIT;
        const struct str name = profile->attestation_headers[i];
        if (marking_header(marking, name, &value))
            buf_addf(out, "%.*s: %.*s\r\n", STR_ARG(name), STR_ARG(buf_str(&value)));
        out->failed = out->failed || buf_failed(&value);
        buf_fini(&value);
    }
    if (profile->result_header.n == 0)
        return;
    buf_addf(out, "%.*s: ", STR_ARG(profile->result_header));
    marking_result(marking, out);
    buf_add_text(out, "\r\n");
}

void redirect_told_add(const struct redirect_question *q,
                       const struct verification_setting *profile, struct buf *out)
{
    const struct verified shown = verified_as_shown(q->outcome->verified);
    const struct marking marking = {
        .profile = profile,
        .verified = &shown,
        .country = &q->call->trunk->country,
        .number = q->outcome->verified->orig.n > 0 ? &q->outcome->verified->orig : NULL};
    add_asserted(q, &marking, out);
    add_headers(&marking, out);
}
