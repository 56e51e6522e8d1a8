/* Dialects of front redirect that the configuration makes, and the trunks that speak them. */
#include "host_port.h"
#include "reader.h"

#include <stird/base/container_of.h>
#include <stird/core/dialect.h>
#include <stird/core/headers.h>
#include <stird/core/listeners.h>
#include <stird/core/service_word.h>

#define HEADER_BYTES_MAX 256

/* ---- texts that go out ---- */

/* Part of a status line (RFC 3261 section 25.1): characters that a phrase has unescaped. */
static bool is_phrase(struct str s)
{
    static const struct str escaped = STR("\"\\<>%`{}|^#[]");
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7e ||
            str_find(escaped, s.p[i], 0) < escaped.n)
            return false;
    return true;
}

static bool is_header_value(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7e)
            return false;
    return s.n > 0;
}

/* Headers that the answer has of its own, or whose meaning is not the operator's to give. */
static bool is_of_answer(struct str name)
{
    static const char *const names[] = {"Via",
                                        "From",
                                        "To",
                                        "Call-ID",
                                        "CSeq",
                                        "Contact",
                                        "Identity",
                                        "X-Identity",
                                        "Content-Length",
                                        "Content-Type",
                                        "Date",
                                        "Reason",
                                        "Record-Route",
                                        "Route",
                                        "Max-Forwards",
                                        "Retry-After",
                                        "Allow",
                                        "Unsupported",
                                        "P-Asserted-Identity",
                                        "Require",
                                        "Proxy-Require",
                                        "Timestamp",
                                        "Content-Encoding",
                                        "WWW-Authenticate",
                                        "Proxy-Authenticate"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (header_same_name(name, str_of(names[i])))
            return true;
    return false;
}

/* ---- cases ---- */

static void resolve_case(struct reader *r, struct draft_dialect *d, enum dialect_case which)
{
    const struct object *o = &d->object;
    const char *key = dialect_case_name(which).p; /* of a literal */
    struct dialect_answer *answer = &d->dialect.answers[which];
    const struct str text = d->cases[which];
    const struct str code = str_slice(text, 0, str_find(text, ' ', 0));
    const struct str phrase = str_trim(str_slice(text, code.n, text.n));
    uint64_t status;
    if (!was_given(o, key) || text.n == 0)
        return;
    if (code.n != 3 || !str_to_u64(code, 699, &status) || status < 300)
        complain(r, o, place_of(o, key),
                 "%s: %.*s: must be a status from 300 to 699, and a phrase behind it or none", key,
                 STR_ARG(shown(r, text)));
    else if (!is_phrase(phrase))
        complain(r, o, place_of(o, key),
                 "%s: %.*s: the phrase must be printable characters that stand for themselves, "
                 "without quotes and brackets",
                 key, STR_ARG(shown(r, phrase)));
    else if (which == DIALECT_SIGNED && status >= 400)
        complain(r, o, place_of(o, key), "%s: a token stands in a redirection alone: 300 to 399",
                 key);
    else if ((which == DIALECT_UNSIGNED || which == DIALECT_BUSY) &&
             !dialect_status_goes_on((unsigned)status))
        complain(r, o, place_of(o, key),
                 "%s: an SBC ends a call for %u, an emergency call too, and this one is to go on: "
                 "write 300 to 399, 404 or 500 to 599",
                 key, (unsigned)status);
    else {
        if ((which == DIALECT_BLOCKED || which == DIALECT_REFUSED) &&
            dialect_status_goes_on((unsigned)status))
            warn(r, o, place_of(o, key),
                 "%s: SBCs go on for %u, so a call that stird refuses is not ended: 403 ends it, "
                 "600 and above at once",
                 key, (unsigned)status);
        answer->status = (uint16_t)status;
        answer->phrase = phrase;
    }
}

/* DIALECT_CASES: there is none of that name. */
static unsigned case_by_name(struct str name)
{
    unsigned i = 0;
    while (i < DIALECT_CASES && !str_eq(dialect_case_name((enum dialect_case)i), name))
        i++;
    return i;
}

static struct str hint_of_cases(struct reader *r, struct str name)
{
    const char *words[DIALECT_CASES + 1] = {NULL};
    for (unsigned i = 0; i < DIALECT_CASES; i++)
        words[i] = dialect_case_name((enum dialect_case)i).p; /* of a literal */
    return hint_of_words(r, words, name);
}

/* "CASE = text" each. */
static void resolve_reasons(struct reader *r, struct draft_dialect *d)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < d->reasons.n; i++) {
        const struct text_item *item = &d->reasons.items[i];
        const size_t sign = str_find(item->text, '=', 0);
        const struct str name = str_trim(str_slice(item->text, 0, sign));
        const struct str text = str_trim(str_slice(item->text, sign + 1, item->text.n));
        const unsigned which = case_by_name(name);
        if (sign == item->text.n)
            complain(r, &d->object, item->at, "reasons: %.*s is no \"signed = text\"",
                     STR_ARG(shown(r, item->text)));
        else if (which == DIALECT_CASES)
            complain(r, &d->object, item->at, "reasons: nothing is called %.*s%.*s",
                     STR_ARG(shown(r, name)), STR_ARG(hint_of_cases(r, name)));
        else if (seen >> which & 1)
            complain(r, &d->object, item->at, "reasons: %.*s stands there twice",
                     STR_ARG(shown(r, name)));
        else if (!resolve_may_stand_in_quotes(text) || text.n > 128)
            complain(r, &d->object, item->at,
                     "reasons: %.*s: no quotes, backslashes or control characters, and at most 128 "
                     "octets",
                     STR_ARG(shown(r, text)));
        else {
            d->dialect.answers[which].reason = text;
            seen |= 1u << which;
        }
    }
}

/* ---- the rest ---- */

static void resolve_identity(struct reader *r, struct draft_dialect *d)
{
    static const struct {
        const char *word;
        unsigned bit;
    } shapes[] = {{"header", DIALECT_IDENTITY_HEADER},
                  {"x", DIALECT_IDENTITY_X},
                  {"contact", DIALECT_IDENTITY_CONTACT}};
    unsigned bits = 0;
    if (!was_given(&d->object, "identity"))
        return;
    for (unsigned i = 0; i < d->identity.n; i++) {
        const struct text_item *item = &d->identity.items[i];
        unsigned bit = 0;
        for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++)
            if (str_eq(item->text, str_of(shapes[k].word)))
                bit = shapes[k].bit;
        if (bit == 0)
            complain(r, &d->object, item->at, "identity: %.*s is none of header, x, contact",
                     STR_ARG(shown(r, item->text)));
        else if (bits & bit)
            complain(r, &d->object, item->at, "identity: %.*s stands there twice",
                     STR_ARG(shown(r, item->text)));
        bits |= bit;
    }
    if (d->identity.n == 0 && !d->identity.faulty)
        complain(r, &d->object, place_of(&d->object, "identity"),
                 "identity is empty: no token would come back");
    if (bits != 0)
        d->dialect.identity = bits;
}

static void resolve_lines(struct reader *r, struct draft_dialect *d)
{
    struct str *list = reader_array(r, d->headers.n, sizeof(*list));
    for (unsigned i = 0; list && i < d->headers.n; i++) {
        const struct text_item *item = &d->headers.items[i];
        struct header_line line;
        struct str rest = item->text;
        list[i] = item->text;
        const struct str name = header_line_name(item->text);
        if (item->text.n > HEADER_BYTES_MAX || !is_header_value(item->text) ||
            !header_next(&rest, &line) || line.value.n == 0)
            complain(r, &d->object, item->at,
                     "headers: %.*s is no \"X-Name: value\" in printable characters, %d octets at "
                     "most",
                     STR_ARG(shown(r, item->text)), HEADER_BYTES_MAX);
        else if (is_of_answer(name) || header_same_name(name, d->dialect.request_id))
            complain(r, &d->object, item->at,
                     "headers: %.*s: the answer has this header of its own",
                     STR_ARG(shown(r, name)));
        else if (header_meaning(name))
            complain(r, &d->object, item->at,
                     "headers: %.*s %s, and an SBC may copy it into its INVITE, of whichever call: "
                     "write a header that has no meaning yet",
                     STR_ARG(shown(r, name)), header_meaning(name));
    }
    if (!was_given(&d->object, "headers"))
        return;
    d->dialect.headers = list;
    d->dialect.n_headers = list ? d->headers.n : 0;
}

/* Where an SBC that follows Contact would ask us again, without end (R-D-017). */
static void check_contact_host(struct reader *r, const struct draft *draft,
                               const struct draft_dialect *d)
{
    const struct listeners ours = listeners_of_settings(&draft->settings);
    const struct object *o = &d->object;
    const struct place at = place_of(o, "contact_host");
    const struct str text = d->dialect.contact_host;
    struct host_port hp;
    const bool is_uri = str_starts_nocase(text, STR("sip:")) ||
                        str_starts_nocase(text, STR("sips:"));
    const char *fault = text.n > 0 ? host_port_read(text, &hp) : NULL;
    if (d->dialect.contact == DIALECT_CONTACT_HOST && text.n == 0)
        complain(r, o, place_of(o, "contact"), "contact = \"host\": contact_host is missing");
    if (d->dialect.contact != DIALECT_CONTACT_HOST && was_given(o, "contact_host"))
        complain(r, o, at, "contact_host has a meaning with contact = \"host\" only");
    if (text.n == 0)
        return;
    if (is_uri)
        fault = "a host and its port alone: write it without sip:";
    else if (!fault && hp.address.family == ADDRESS_IPV6 && text.p[0] != '[')
        fault = "an IPv6 address stands in brackets";
    else if (!fault && hp.name.n == 0 && !host_port_is_one_hosts(&hp.address))
        fault = "no host has this address";
    if (fault)
        complain(r, o, at, "contact_host: %.*s: %s", STR_ARG(shown(r, text)), fault);
    else if (hp.name.n > 0 ? listeners_have_name(&ours, hp.name)
                           : listeners_have_host(&ours, &hp.address))
        complain(r, o, at,
                 "contact_host: %.*s is a host of stird's own, whatever the port: an SBC that "
                 "follows it asks again, without end: name where the call goes on",
                 STR_ARG(shown(r, text)));
}

static void check_request_id(struct reader *r, const struct draft_dialect *d)
{
    const struct str name = d->dialect.request_id;
    const struct place at = place_of(&d->object, "request_id");
    if (!was_given(&d->object, "request_id") || name.n == 0)
        return;
    if (is_of_answer(name) || !header_can_go(name))
        complain(r, &d->object, at, "request_id: %.*s: the answer has this header of its own",
                 STR_ARG(shown(r, name)));
    else if (header_meaning(name))
        complain(r, &d->object, at,
                 "request_id: %.*s %s, and would come back as the caller wrote it: name a header "
                 "that has no meaning yet",
                 STR_ARG(shown(r, name)), header_meaning(name));
}

/* What D does not say is that of LIKE. */
static void inherit(struct draft_dialect *d, const struct dialect *like)
{
    const struct object *o = &d->object;
    struct dialect *own = &d->dialect, all = *like;
    all.name = own->name;
    all.like = d->like;
    if (was_given(o, "date"))
        all.date = own->date;
    if (was_given(o, "contact"))
        all.contact = own->contact;
    if (was_given(o, "contact_max"))
        all.contact_max = own->contact_max;
    if (was_given(o, "pai"))
        all.pai = own->pai;
    if (was_given(o, "withheld"))
        all.withheld = own->withheld;
    if (was_given(o, "phrase_code"))
        all.phrase_code = own->phrase_code;
    if (was_given(o, "request_id"))
        all.request_id = own->request_id;
    if (was_given(o, "qtype"))
        all.qtype = own->qtype;
    if (was_given(o, "shaken"))
        all.shaken = own->shaken;
    all.contact_host = own->contact_host;
    *own = all;
}

/* Of stird's own: the nearest, or all. */
static struct str hint_of_dialects(struct reader *r, struct str name)
{
    const char **words = reader_array(r, dialect_count + 1, sizeof(*words));
    if (!words)
        return STR("");
    for (unsigned i = 0; i < dialect_count; i++)
        words[i] = dialects[i].name.p; /* of a literal */
    const struct str nearest = hint_of_words(r, words, name);
    if (nearest.n > 0)
        return nearest;
    struct str all = STR("");
    for (unsigned i = 0; i < dialect_count; i++)
        all = arena_printf(r->arena, "%.*s%s%s", STR_ARG(all), i == 0 ? "" : ", ", words[i]);
    return arena_printf(r->arena, " (there are %.*s)", STR_ARG(all));
}

static void resolve_one(struct reader *r, const struct draft *draft, struct draft_dialect *d)
{
    const struct object *o = &d->object;
    const struct dialect *like = dialect_find(d->like);
    if (!like && !place_of(o, "like").unread) {
        const struct str hint = hint_of_dialects(r, d->like);
        complain(r, o, place_of(o, "like"), "like: stird has no dialect %.*s%.*s",
                 STR_ARG(shown(r, d->like)), STR_ARG(hint));
    }
    inherit(d, like ? like : &dialects[0]);
    if (dialect_find(d->dialect.name))
        complain(r, o, place_of(o, "name"),
                 "name: stird has a dialect of this name: give yours one of its own");
    for (unsigned i = 0; i < DIALECT_CASES; i++)
        resolve_case(r, d, (enum dialect_case)i);
    resolve_reasons(r, d);
    resolve_identity(r, d);
    resolve_lines(r, d);
    check_contact_host(r, draft, d);
    check_request_id(r, d);
    if (was_given(o, "shaken") && !d->dialect.foreign && like)
        complain(r, o, place_of(o, "shaken"),
                 "shaken has a meaning with like = \"provenant\" only: the others have no token of "
                 "their own");
}

void resolve_dialects(struct reader *r, struct draft *draft)
{
    const struct objects *all = &draft->dialects;
    struct dialect *list = reader_array(r, all->n, sizeof(*list));
    check_names(r, all);
    for (unsigned i = 0; list && i < all->n; i++) {
        struct draft_dialect *d = container_of(all->items[i], struct draft_dialect, object);
        resolve_one(r, draft, d);
        list[i] = d->dialect;
    }
    draft->settings.dialects = list;
    draft->settings.n_dialects = list ? all->n : 0;
}

/* ---- trunks ---- */

/* A header of the dialect that the verdict of D's profile stands in. */
static void check_result_header(struct reader *r, const struct draft *draft,
                                const struct draft_trunk *d)
{
    const struct dialect *dialect = d->trunk.in_dialect;
    if (!dialect || d->trunk.verification >= draft->settings.n_verifications)
        return;
    const struct verification_setting *v = &draft->settings.verifications[d->trunk.verification];
    bool same = header_is_alike(dialect->request_id, v->result_header);
    for (unsigned i = 0; i < dialect->n_headers; i++)
        same = same || header_is_alike(header_line_name(dialect->headers[i]), v->result_header);
    if (same && v->result_header.n > 0)
        complain(r, &d->object, place_of(&d->object, "dialect"),
                 "dialect: %.*s writes %.*s, which is result_header of verification %.*s: nobody "
                 "could tell which of them is the verdict: name one of them otherwise",
                 STR_ARG(shown(r, dialect->name)), STR_ARG(shown(r, v->result_header)),
                 STR_ARG(shown(r, v->name)));
}

/* NULL: none, as was reported. */
static const struct dialect *dialect_of(struct reader *r, const struct draft *draft,
                                        const struct draft_trunk *d)
{
    const struct settings *s = &draft->settings;
    const struct str name = d->trunk.dialect.n > 0 ? d->trunk.dialect : dialects[0].name;
    const struct dialect *found = dialect_find(name);
    for (unsigned i = 0; i < s->n_dialects && !found; i++)
        if (str_eq(s->dialects[i].name, name))
            found = &s->dialects[i];
    if (!found && !objects_are_open(r, &draft->dialects)) {
        struct str hint = hint_of_objects(r, &draft->dialects, name);
        hint = hint.n > 0 ? hint : hint_of_dialects(r, name);
        complain(r, &d->object, place_of(&d->object, "dialect"), "there is no dialect %.*s%.*s",
                 STR_ARG(shown(r, name)), STR_ARG(hint));
    } else if (found && found->foreign && !found->shaken)
        complain(r, &d->object, place_of(&d->object, "dialect"),
                 "dialect: %.*s has tokens of its own, which this version does not sign: where a "
                 "shaken one will do, make one by dialects = ( { name = \"...\"; like = \"%.*s\"; "
                 "shaken = true; } ), and name that",
                 STR_ARG(shown(r, name)), STR_ARG(found->like.n > 0 ? found->like : found->name));
    return found;
}

static void check_meaningless(struct reader *r, const struct draft_trunk *d)
{
    const struct trunk *t = &d->trunk;
    const struct {
        const char *key;
        bool is_said;
        const char *why;
    } keys[] = {
        {"upstreams", d->upstreams.n > 0 || d->upstreams.faulty, "its calls do not leave by stird"},
        {"health", t->health == HEALTH_NEXT_HOPS, "it has no next hops: write alive or signing"},
        {"reuse_connection", t->reuse_connection, "no request inside a call goes to it"},
        {"contact_fix", t->contact_fix, "its Contact goes nowhere by stird"},
        {"tls_peer_name", t->tls_peer_name.n > 0, "stird never connects to it"},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (keys[i].is_said)
            complain(r, &d->object, place_of(&d->object, keys[i].key),
                     "%s has no meaning with front = \"redirect\": %s", keys[i].key, keys[i].why);
}

void resolve_redirect_trunk(struct reader *r, const struct draft *draft, struct draft_trunk *d)
{
    const struct object *o = &d->object;
    if (place_of(o, "front").unread)
        return;
    if (d->trunk.front != FRONT_REDIRECT) {
        if (was_given(o, "dialect"))
            complain(
                r, o, place_of(o, "dialect"),
                "dialect has a meaning with front = \"redirect\" only: write that beside it, or "
                "take it out");
        return;
    }
    check_meaningless(r, d);
    if (!place_of(o, "dialect").unread)
        d->trunk.in_dialect = dialect_of(r, draft, d);
    check_result_header(r, draft, d);
    if (d->trunk.in_dialect && d->trunk.in_dialect->qtype &&
        !service_words[d->trunk.service].verifies)
        warn(r, o, place_of(o, "dialect"),
             "dialect: a call whose From asks for a verdict (qtype=sti-vs) gets none here, and no "
             "token: service = \"auto\" judges it; where its SBC never asks for one, a dialect of "
             "your own with qtype = false is enough");
}

void resolve_unspoken_dialects(struct reader *r, const struct draft *draft)
{
    const struct objects *all = &draft->dialects;
    if (objects_are_open(r, &draft->trunks))
        return;
    for (unsigned i = 0; i < all->n; i++) {
        bool is_spoken = false;
        for (unsigned k = 0; k < draft->trunks.n && !is_spoken; k++) {
            const struct draft_trunk *d = container_of(draft->trunks.items[k],
                                                       const struct draft_trunk, object);
            is_spoken = str_eq(d->trunk.dialect, object_name(all->items[i]));
        }
        if (!is_spoken)
            warn(r, all->items[i], all->items[i]->at, "no trunk has this dialect: take it out");
    }
}
