#include <stird/core/redirect_answer.h>

#include <openssl/evp.h>
#include <stird/core/headers.h>
#include <stird/core/network_blocked.h>
#include <stird/core/sip_date.h>
#include <string.h>
#include <uuid/uuid.h>

#include "redirect_case.h"
#include "redirect_contact.h"
#include "redirect_told.h"

#define WORD_MAX 128 /* octets of a value of the request that is repeated */

/* What is being written. */
struct writing {
    const struct redirect_question *q;
    const struct dialect *dialect;
    struct redirect_answer *answer;
    bool is_redirect; /* 3xx: it tells the SBC what to put into its INVITE */
    struct str uri;   /* of Contact; or empty */
    struct buf copied, contact, lines;
};

static void add_line(struct buf *out, struct str name, struct str value)
{
    buf_add_str(out, name);
    buf_add_text(out, ": ");
    buf_add_str(out, value);
    buf_add_text(out, "\r\n");
}

/* Without what would end its line. */
static void add_one_line(struct buf *out, struct str name, struct str value)
{
    const size_t before = out->n;
    add_line(out, name, value);
    for (size_t i = before; !buf_failed(out) && i + 2 < out->n; i++)
        if (out->p[i] == '\r' || out->p[i] == '\n' || out->p[i] == '\0')
            out->p[i] = ' ';
}

/* ---- what the SBC puts into its INVITE ---- */

static void add_tokens(const struct redirect_question *q, struct str name, struct buf *out)
{
    for (unsigned i = 0; i < q->n_identities; i++)
        add_one_line(out, name, q->identities[i]);
}

static bool dates(const struct writing *w)
{
    const struct outcome *o = w->q->outcome;
    switch (w->dialect->date) {
    case DIALECT_DATE_ADDED:
        return o->date == DATE_ADD || o->date == DATE_REPLACE;
    case DIALECT_DATE_ALWAYS:
        return true;
    case DIALECT_DATE_NEVER:
        break;
    }
    return false;
}

/* All but the tokens. The Date is that of the tokens (RFC 8224 section 4.1). */
static void add_copied(struct writing *w)
{
    const struct verification_setting *profile = redirect_case_profile(w->q);
    if (w->answer->which == DIALECT_SIGNED && dates(w)) {
        char date[SIP_DATE_LENGTH + 1];
        sip_date_write(date, w->q->outcome->claims.iat_s);
        add_line(&w->copied, STR("Date"), str_of(date));
    }
    if (profile && w->is_redirect)
        redirect_told_add(w->q, profile, &w->copied);
}

/* ---- Contact ---- */

/* Puts each line of LINES into the URI. */
static void embed(struct str lines, bool *first, struct buf *uri)
{
    struct header_line line;
    while (header_next(&lines, &line)) {
        redirect_contact_field(uri, *first, line.name, line.value);
        *first = false;
    }
}

static void add_contact(struct writing *w, struct str tokens)
{
    bool first = true;
    buf_add_text(&w->contact, "<");
    buf_add_str(&w->contact, w->uri);
    const size_t bare = w->contact.n;
    if ((w->dialect->identity & DIALECT_IDENTITY_CONTACT) &&
        redirect_contact_takes_fields(w->uri)) {
        embed(tokens, &first, &w->contact);
        embed(buf_str(&w->copied), &first, &w->contact);
        if (w->contact.n + 1 > w->dialect->contact_max) { /* R-D-015: as headers instead */
            w->contact.n = bare;
            first = true;
        }
    }
    buf_add_text(&w->contact, ">");
    add_line(&w->lines, STR("Contact"), buf_str(&w->contact));
    if (first)
        w->contact.n = 0;
}

/* ---- the rest ---- */

/* Whether the decision itself refuses the call, and nothing that befell it since. */
static bool is_refused_by_decision(const struct redirect_question *q)
{
    return q->outcome && q->outcome->verdict == VERDICT_REJECT && q->outcome->reason == q->reason;
}

/* By the status that it gets at last. */
static bool tells_blocked(const struct redirect_question *q, int status)
{
    if (!is_refused_by_decision(q))
        return false;
    struct outcome refused = *q->outcome;
    refused.sip_status = status;
    return network_blocked_tells(q->settings, &refused);
}

/* One value for each protocol (RFC 3326): that of the rule that refuses it, where a caller whose
   call was blocked may complain, or that of the dialect. */
static void add_reason(struct writing *w)
{
    const struct redirect_question *q = w->q;
    struct str text = w->dialect->answers[w->answer->which].reason;
    if (is_refused_by_decision(q) && q->outcome->refusal_text.n > 0)
        text = q->outcome->refusal_text; /* conf lets no quotes in */
    if (w->answer->says_blocked)
        network_blocked_add(q->settings, &w->lines);
    else if (text.n > 0)
        buf_addf(&w->lines, "Reason: SIP;cause=%d;text=\"%.*s\"\r\n", w->answer->status,
                 STR_ARG(text));
}

static bool is_plain_word(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return s.n > 0 && s.n <= WORD_MAX;
}

/* Another one than the origid, which is made of the same octets (RFC 9562 section 5.8). False: it
   cannot be made. */
static bool make_id(const struct call *call, char text[UUID_STR_LEN])
{
    unsigned char octets[sizeof(call->random) + 1], hash[EVP_MAX_MD_SIZE];
    uuid_t id;
    memcpy(octets, call->random, sizeof(call->random));
    octets[sizeof(call->random)] = 'r';
    if (EVP_Digest(octets, sizeof(octets), hash, NULL, EVP_sha256(), NULL) != 1)
        return false;
    memcpy(id, hash, sizeof(id));
    id[6] = (id[6] & 0x0f) | 0x80;
    id[8] = (id[8] & 0x3f) | 0x80;
    uuid_unparse_lower(id, text);
    return true;
}

static void add_request_id(struct writing *w)
{
    const struct str name = w->dialect->request_id;
    struct header_line line;
    char made[UUID_STR_LEN];
    if (name.n == 0)
        return;
    if (header_find(w->q->request, name, 0, &line) && is_plain_word(line.value))
        add_line(&w->lines, name, line.value);
    else if (make_id(w->q->call, made))
        add_line(&w->lines, name, str_of(made));
}

/* RFC 3261 section 20.38: who asked measures by it. */
static void add_timestamp(struct writing *w)
{
    struct header_line line;
    if (header_find(w->q->request, STR("Timestamp"), 0, &line) && is_plain_word(line.value))
        add_line(&w->lines, STR("Timestamp"), line.value);
}

static bool has_tokens_as(const struct writing *w, unsigned bit, bool embedded)
{
    const unsigned identity = w->dialect->identity;
    /* What cannot stand in Contact stands as a header. */
    if (bit == DIALECT_IDENTITY_HEADER && !embedded && identity == DIALECT_IDENTITY_CONTACT)
        return true;
    return identity & bit;
}

static void add_lines(struct writing *w)
{
    struct buf tokens = BUF_INIT;
    const bool is_signed = w->answer->which == DIALECT_SIGNED;
    if (is_signed)
        add_tokens(w->q, STR("Identity"), &tokens);
    add_copied(w);
    if (w->uri.n > 0)
        add_contact(w, buf_str(&tokens));
    const bool embedded = w->contact.n > 0;
    if (is_signed && has_tokens_as(w, DIALECT_IDENTITY_HEADER, embedded))
        buf_add_str(&w->lines, buf_str(&tokens));
    if (is_signed && has_tokens_as(w, DIALECT_IDENTITY_X, embedded))
        add_tokens(w->q, STR("X-Identity"), &w->lines);
    if (!embedded || w->dialect->identity != DIALECT_IDENTITY_CONTACT)
        buf_add_str(&w->lines, buf_str(&w->copied));
    add_reason(w);
    add_request_id(w);
    add_timestamp(w);
    for (unsigned i = 0; i < w->dialect->n_headers; i++) {
        buf_add_str(&w->lines, w->dialect->headers[i]);
        buf_add_text(&w->lines, "\r\n");
    }
    w->lines.failed = w->lines.failed || buf_failed(&tokens) || buf_failed(&w->copied) ||
                      buf_failed(&w->contact);
    buf_fini(&tokens);
}

/* ---- the status line ---- */

/* A provisional answer or a success it never is, whatever was meant. */
static int status_of(const struct redirect_question *q, unsigned of_dialect)
{
    const struct outcome *o = q->outcome;
    int status = (int)of_dialect;
    if (status == 0 && o && o->verdict == VERDICT_REJECT)
        status = o->sip_status;
    if (status == 0)
        status = q->status != 0 ? q->status : reason_sip_status(q->reason);
    return status >= 300 && status <= 699 ? status : 500;
}

static bool set_phrase(struct redirect_answer *a, const struct redirect_question *q,
                       const struct dialect *d)
{
    const struct outcome *o = q->outcome;
    a->phrase = d->answers[a->which].phrase;
    if (a->phrase.n == 0 && a->says_blocked)
        a->phrase = STR(NETWORK_BLOCKED);
    else if (a->phrase.n == 0 && o && o->verdict == VERDICT_REJECT && o->sip_status == a->status)
        a->phrase = o->sip_phrase;
    if (!d->phrase_code)
        return true;
    const struct str label = a->phrase.n > 0 ? a->phrase : dialect_case_name(a->which);
    a->phrase = arena_printf(q->call->arena, "%.*s 0x%08x", STR_ARG(label), (unsigned)q->reason);
    return a->phrase.p != NULL;
}

/* Where a redirection would lead nowhere (R-D-003), an answer that needs no Contact, by which an
   SBC goes on with its call as it is. */
static void answer_without_contact(struct redirect_answer *a, const struct dialect *d)
{
    static const enum dialect_case cases[] = {DIALECT_UNSIGNED, DIALECT_BUSY};
    a->which = DIALECT_BUSY;
    a->status = 503;
    for (size_t i = sizeof(cases) / sizeof(cases[0]); i-- > 0;)
        if (d->answers[cases[i]].status >= 400) {
            a->which = cases[i];
            a->status = d->answers[cases[i]].status;
        }
    a->why = "the Request-URI says no single place to which a Contact could lead";
}

/* Status and case, and the URI of Contact where it needs one, into URI. */
static void settle(struct writing *w, struct buf *uri)
{
    struct redirect_answer *a = w->answer;
    a->status = status_of(w->q, w->dialect->answers[a->which].status);
    if (a->status < 400 && redirect_contact_uri(w->q, uri))
        w->uri = buf_str(uri);
    else if (a->status < 400 && w->dialect->contact != DIALECT_CONTACT_NONE)
        answer_without_contact(a, w->dialect);
    w->is_redirect = a->status < 400;
    a->says_blocked = tells_blocked(w->q, a->status);
}

bool redirect_answer(struct redirect_answer *a, const struct redirect_question *q)
{
    struct writing w = {.q = q, .dialect = q->call->trunk->in_dialect, .answer = a};
    struct buf uri = BUF_INIT;
    *a = (struct redirect_answer){.status = status_of(q, 0)};
    a->is_said = redirect_case_of(q, &a->which);
    if (!a->is_said)
        return true;
    settle(&w, &uri);
    bool good = set_phrase(a, q, w.dialect) && !buf_failed(&uri);
    if (!good)
        a->phrase = STR("");
    add_lines(&w);
    good = good && !buf_failed(&w.lines);
    if (good && w.lines.n > 0) {
        a->lines = arena_copy(q->call->arena, buf_str(&w.lines));
        good = a->lines.p != NULL;
    }
    buf_fini(&uri);
    buf_fini(&w.copied);
    buf_fini(&w.contact);
    buf_fini(&w.lines);
    return good;
}
