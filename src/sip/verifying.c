#include "verifying.h"

#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/base/shortage.h>
#include <stird/core/believed.h>
#include <stird/core/headers.h>
#include <stird/core/party.h>
#include <stird/core/replays.h>
#include <stird/core/sip_date.h>
#include <stird/core/trunk.h>
#include <stird/core/uri.h>
#include <stird/core/verified.h>
#include <stird/sip/facts.h>
#include <stird/sip/rehearsal.h>

#include "certificates.h"
#include "context.h"
#include "tally.h"

#define RENEW_AFTER_S 60 /* one fetched more recently is not asked for anew for a bad signature */

/* A certificate that the call needs. */
struct needed {
    struct certificate_waiter waiter;
    struct verifying *verifying;
    struct str url; /* empty: none, or the same as one before */
    enum { UNASKED, ASKED, TOLD } state;
    bool is_renewed;            /* the one that is there does not fit: a newer one is wanted */
    bool is_doubted;            /* it is at fault: a newer one is wanted first */
    enum fetch_outcome outcome; /* of TOLD */
    enum verified_cache cache;
    const struct verification_served *served; /* by which it is judged; NULL: not looked up yet */
};

/* What the message says, which a question borrows. */
struct said {
    struct calling calling;
    struct tn to, requested;
    struct asserted asserted;
    struct tn_reach reach; /* who may be calling, where it shows no number */
    struct call_priority priority;
};

struct verifying {
    struct context *context;
    const struct verification_setting *profile;
    struct identity_set set;
    struct needed *needed; /* as many as the set has entries */
    unsigned pending;
    bool counted; /* among those that wait */
    bool renewed;
    void (*wake)(struct context *c);
    int64_t asked_us, wait_us; /* since when it waits; how long it waited, when that is over */
    /* The judgement, until something else is waited for: it borrows from certificates. */
    bool is_judged;
    struct said said;
    struct verification_question question;
    struct verification answer;
    int64_t judged_us;     /* how long judging took */
    struct verified *kept; /* in the context's arena; NULL: not judged, or nothing is kept */
};

static struct certificates *all_of(const struct verifying *v)
{
    return proxy_certificates(v->context->proxy);
}

/* By what it is judged now; NULL: nothing is at hand. */
static const struct trust_image *image_of(const struct verifying *v)
{
    const struct rehearsal *r = proxy_rehearsal(v->context->proxy);
    return r ? r->trust : proxy_trust(v->context->proxy);
}

/* Asked anew each time: another image may have come while the call waited. */
static uint64_t domains_of(const struct verifying *v)
{
    return believed_domains(image_of(v), v->context->snapshot->settings, v->profile);
}

/* ---- its values ---- */

static bool is_identity(const struct call_header *h)
{
    const struct header_line line = {.name = h->name, .value = h->value};
    return header_is(&line, STR("Identity"), 'y');
}

/* Its values, and what is known of them. */
struct values {
    struct str *all;
    const struct identity_value **known;
    unsigned n;
};

static bool is_odd_identity(const struct header_line *line)
{
    return header_resembles(line, STR("Identity"), 'y');
}

static unsigned count_odd(const struct call *call)
{
    unsigned n = 0;
    for (const struct header_line *l = call->odd_lines; l && l->raw.p; l++)
        n += is_odd_identity(l);
    return n;
}

/* Lines that the next hop may read as Identity are values that cannot be read. Of more than a set
   ever takes one is kept, that says div if one does. */
static bool add_odd(struct values *values, const struct call *call, unsigned n_odd,
                    struct arena *arena)
{
    const unsigned most = n_odd < IDENTITY_SET_MAX ? n_odd : IDENTITY_SET_MAX;
    struct identity_value *read = arena_array(arena, most + 1, sizeof(*read));
    unsigned n = 0;
    for (const struct header_line *l = call->odd_lines; read && l && l->raw.p; l++) {
        if (!is_odd_identity(l))
            continue;
        struct identity_value *kept = &read[n < most ? n++ : most];
        if (!kept->identity.says_div) {
            identity_value_read_odd(kept, l->raw);
            values->known[values->n] = kept;
        }
        values->all[values->n++] = l->raw;
    }
    return read != NULL;
}

/* Those that were counted when the message was read: it is the same text. */
static bool read_set(struct verifying *v, struct arena *arena)
{
    const struct call *call = v->context->call;
    const unsigned n_odd = count_odd(call), most = call->n_identities + n_odd;
    unsigned n = 0;
    struct str *values = arena_array(arena, most + IDENTITY_VALUES_MAX, sizeof(*values));
    const struct identity_value **known = arena_array(arena, most + 1,
                                                      sizeof(struct identity_value *));
    if (!values || !known)
        return false;
    for (unsigned i = 0; i < call->n_identities_known; i++)
        known[i] = call->identities_known[i];
    for (const struct call_header *h = call->headers; h->name.p && n <= call->n_identities; h++)
        if (is_identity(h))
            n += identity_values(h->value, values + n);
    struct values all = {values, known, n};
    return n == call->n_identities && (n_odd == 0 || add_odd(&all, call, n_odd, arena)) &&
           identity_set_read_known(&v->set, values, all.n, known, all.n, v->profile->max_tokens,
                                   arena);
}

static bool is_first(const struct verifying *v, unsigned i, struct str url)
{
    for (unsigned k = 0; k < i; k++)
        if (str_eq(v->needed[k].url, url))
            return false;
    return true;
}

static void told(struct certificate_waiter *w, enum fetch_outcome outcome, bool come_again)
{
    struct needed *n = container_of(w, struct needed, waiter);
    struct verifying *v = n->verifying;
    n->state = come_again ? UNASKED : TOLD;
    n->outcome = outcome;
    if (--v->pending == 0)
        v->wake(v->context);
}

static bool list_needed(struct verifying *v, struct arena *arena)
{
    v->needed = arena_array(arena, v->set.n + 1, sizeof(*v->needed));
    for (unsigned i = 0; v->needed && i < v->set.n; i++) {
        const struct str url = identity_set_url(&v->set, i);
        v->needed[i].verifying = v;
        v->needed[i].waiter.told = told;
        if (is_first(v, i, url))
            v->needed[i].url = url;
    }
    return v->needed != NULL;
}

struct verifying *verifying_new(struct context *c)
{
    const struct settings *s = c->snapshot->settings;
    struct verifying *v = arena_alloc(c->arena, sizeof(*v));
    if (!v)
        return NULL;
    v->context = c;
    v->profile = &s->verifications[c->call->trunk->verification];
    if (read_set(v, c->arena) && list_needed(v, c->arena))
        return v;
    identity_set_fini(&v->set);
    return NULL;
}

void verifying_free(struct verifying *v)
{
    if (!v)
        return;
    verifying_leave(v);
    identity_set_fini(&v->set);
}

/* ---- waiting ---- */

static void ask_for(struct verifying *v, struct needed *n, enum fetch_kind kind, uint32_t wait_ms,
                    bool waits)
{
    const struct context *c = v->context;
    const struct wanted_certificate q = {
        .url = n->url,
        .kind = kind,
        .domains = domains_of(v),
        .trunk = (uint32_t)(c->call->trunk - c->snapshot->settings->trunks),
        .wait_ms = wait_ms,
        .is_doubted = n->is_doubted};
    n->outcome = certificates_ask(all_of(v), &q, waits ? &n->waiter : NULL);
    n->state = n->outcome == FETCH_PENDING && waits ? ASKED : TOLD;
    if (n->state != ASKED)
        return;
    n->cache = VERIFIED_WAIT;
    v->pending++;
}

/* FETCH_LIMIT where too many wait. */
static bool may_wait(struct verifying *v)
{
    unsigned *waiting = certificates_waiting(all_of(v));
    if (!v->counted && *waiting >= CERTIFICATE_WAITS_MAX) {
        count_add(&proxy_counters(v->context->proxy)->certificate_waits_refused, 1);
        return false;
    }
    *waiting += !v->counted;
    v->counted = true;
    return true;
}

static void ask_if_missing(struct verifying *v, struct needed *n, uint32_t wait_ms)
{
    const struct sti_certificate *found;
    if (n->url.n == 0 || n->state != UNASKED)
        return;
    if (n->is_renewed) {
        ask_for(v, n, FETCH_RENEW, wait_ms, wait_ms > 0 && may_wait(v));
        return;
    }
    switch (certificates_get(all_of(v), n->url, domains_of(v), &found)) {
    case CERTIFICATE_IS_CACHED:
        if (n->cache == VERIFIED_NO_CERTIFICATE)
            n->cache = VERIFIED_HIT;
        n->state = TOLD;
        n->outcome = FETCH_OK;
        return;
    case CERTIFICATE_IS_STALE:
        n->cache = VERIFIED_STALE;
        ask_for(v, n, FETCH_ASK, v->profile->wait_ms, false);
        return;
    case CERTIFICATE_IS_DOUBTED:
        n->cache = VERIFIED_STALE;
        n->is_doubted = true;
        ask_for(v, n, FETCH_RENEW, wait_ms > 0 ? wait_ms : FETCH_WAIT_MAX_MS,
                wait_ms > 0 && may_wait(v)); /* its signer may have mended it */
        n->is_doubted = false;
        return;
    case CERTIFICATE_IS_UNKNOWN:
        break;
    }
    ask_for(v, n, FETCH_ASK, wait_ms > 0 ? wait_ms : v->profile->wait_ms,
            wait_ms > 0 && may_wait(v));
}

unsigned verifying_ask(struct verifying *v, void (*wake)(struct context *c), uint32_t wait_ms)
{
    v->wake = wake;
    for (unsigned i = 0; i < v->set.n; i++)
        ask_if_missing(v, &v->needed[i], wait_ms);
    if (v->pending > 0 && v->asked_us == 0)
        v->asked_us = clock_monotonic_us();
    return v->pending;
}

void verifying_leave(struct verifying *v)
{
    for (unsigned i = 0; i < v->set.n; i++)
        certificate_waiter_leave(&v->needed[i].waiter);
    v->pending = 0;
    if (v->counted)
        --*certificates_waiting(all_of(v));
    v->counted = false;
    if (v->asked_us > 0)
        v->wait_us += clock_monotonic_us() - v->asked_us;
    v->asked_us = 0;
}

/* ---- what is judged ---- */

static struct needed *needed_of(const struct verifying *v, unsigned i)
{
    const struct str url = identity_set_url(&v->set, i);
    for (unsigned k = 0; k <= i && url.n > 0; k++)
        if (str_eq(v->needed[k].url, url))
            return &v->needed[k];
    return NULL;
}

/* There is no certificate. WHY: more than OUTCOME says, or NULL. */
static void serve_none(struct verification_served *s, enum fetch_outcome outcome, const char *why)
{
    s->state = verification_certificate_of(outcome);
    s->outcome = outcome;
    if (s->state == CERTIFICATE_PREPARED) /* it came, and could not be kept */
        s->state = CERTIFICATE_PENDING;
    if (s->state == CERTIFICATE_UNAVAILABLE || s->state == CERTIFICATE_UNREADABLE)
        s->why = why ? why : fetch_outcome_text(outcome);
}

/* For a call: serves what the worker has by now, whoever asked for it. */
static void serve(const struct verifying *v, struct needed *n, struct verification_served *s)
{
    const struct sti_certificate *found = NULL;
    certificates_get(all_of(v), n->url, domains_of(v), &found);
    if (found) {
        *s = (struct verification_served){.state = CERTIFICATE_PREPARED, .prepared = found};
        if (n->cache == VERIFIED_NO_CERTIFICATE)
            n->cache = VERIFIED_HIT;
        return;
    }
    n->cache = VERIFIED_MISS;
    serve_none(s, n->state == TOLD ? n->outcome : FETCH_PENDING, NULL);
}

/* For a rehearsal: serves what was brought along, prepared in the arena of its call. */
static void serve_rehearsal(const struct verifying *v, struct needed *n,
                            struct verification_served *s)
{
    const struct rehearsal *r = proxy_rehearsal(v->context->proxy);
    struct str text = {NULL, 0};
    const char *why = NULL;
    n->cache = VERIFIED_NOT_ASKED;
    n->outcome = r->bring ? r->bring(r->bring_user, n->url, &text, &why) : FETCH_UNAVAILABLE;
    serve_none(s, n->outcome, why);
    struct sti_certificate *c = n->outcome == FETCH_OK ? arena_alloc(v->context->arena, sizeof(*c))
                                                       : NULL;
    if (!c ||
        !sti_certificate_prepare_for(c, text, r->trust, domains_of(v), r->now_s, v->context->arena))
        return;
    *s = (struct verification_served){.state = CERTIFICATE_PREPARED, .prepared = c};
}

static void serve_one(const struct verifying *v, struct needed *n, struct verification_served *s)
{
    if (proxy_rehearsal(v->context->proxy))
        serve_rehearsal(v, n, s);
    else
        serve(v, n, s);
    n->served = s;
}

/* NULL: no memory. Each URL is looked up once, since looking it up may take away what was found
   there before: all values that name it are judged by the same certificate. */
static struct verification_served *serve_all(const struct verifying *v)
{
    struct verification_served *served = arena_array(v->context->arena, v->set.n + 1,
                                                     sizeof(*served));
    for (unsigned i = 0; i < v->set.n; i++)
        v->needed[i].served = NULL;
    for (unsigned i = 0; served && i < v->set.n; i++) {
        struct needed *n = needed_of(v, i);
        if (n && n->served)
            served[i] = *n->served;
        else if (n)
            serve_one(v, n, &served[i]);
    }
    return served;
}

/* Frees what serve_rehearsal() prepared. */
static void serve_no_more(const struct verifying *v, const struct verification_served *served)
{
    for (unsigned i = 0; proxy_rehearsal(v->context->proxy) && i < v->set.n; i++)
        if (served[i].prepared && v->needed[i].served == &served[i])
            sti_certificate_fini((struct sti_certificate *)(uintptr_t)served[i].prepared);
}

/* ---- what the message says ---- */

static bool list_priority(const struct call *call, struct call_priority *p)
{
    unsigned n = 0;
    for (const struct call_header *h = call->headers; h->name.p; h++)
        n += str_eq_nocase(h->name, STR("Resource-Priority"));
    struct str *list = arena_array(call->arena, n + 1, sizeof(*list));
    p->resources = list;
    for (const struct call_header *h = call->headers; list && h->name.p; h++) {
        if (str_eq_nocase(h->name, STR("Resource-Priority")))
            list[p->n_resources++] = h->value;
        if (str_eq_nocase(h->name, STR("Priority")))
            p->is_psap_callback |= str_eq_nocase(str_trim(h->value), STR("psap-callback"));
    }
    return list != NULL;
}

/* Escaped or not, in any case. */
static bool begins_decoded(struct str s, struct str word)
{
    size_t i = 0;
    while (i < word.n && s.n > 0 && ascii_lower(uri_octet_next(&s)) == word.p[i])
        i++;
    return i == word.n;
}

/* Whether the caller shows no number on purpose (RFC 3323, RFC 3261 section 8.1.1.3). */
static bool is_withheld(const struct call *call)
{
    struct str rest = call->from_uri;
    while (rest.n > 0 && !begins_decoded(rest, STR("anonymous")))
        rest = str_slice(rest, 1, rest.n);
    return rest.n > 0 || privacy_withholds(&call->privacy);
}

/* What From and the identities of a trusted trunk may lead to. A number that nobody can have is of
   the country that it names. */
static const struct tn_reach *reach_of(const struct settings *s, const struct call *call,
                                       const struct calling *c, struct tn_reach *reach)
{
    const bool trusted = call_is_trusted(call);
    const struct asserted_texts *texts = &call->asserted;
    const struct country *country = &call->trunk->country;
    const struct str *outside = s->emergency_prefixes;
    *reach = (struct tn_reach){.n = 0};
    if (tn_cannot_exist(c->fault) && c->number.n > 0 && c->number.digits[0] != '0') {
        tn_reach_add(reach, &c->number);
        return reach;
    }
    tn_reach_add_uri(reach, call->from_uri, country, outside, s->n_emergency_prefixes);
    for (unsigned i = 0; trusted && i < texts->n && i < ASSERTED_MAX; i++)
        tn_reach_add_uri(reach, texts->uri[i], country, outside, s->n_emergency_prefixes);
    for (unsigned i = 0; trusted && i < texts->n_odd && i < ASSERTED_ODD_MAX; i++)
        tn_reach_add_uri(reach, texts->odd[i], country, outside, s->n_emergency_prefixes);
    reach->more |= trusted && asserted_overflows(texts);
    return reach;
}

static bool has_number(const struct calling *c)
{
    return c->fault == TN_OK;
}

/* TO and the Request-URI as a verifier reads them: nobody's settings tell what they mean. */
static bool called(struct tn *number, struct str uri, const struct country *country)
{
    return party_called(number, uri, country, NULL, NULL) == TN_OK;
}

static bool ask_message(const struct settings *s, const struct call *call, struct said *said,
                        struct verification_question *q)
{
    const struct country *country = &call->trunk->country;
    const bool trusted = call_is_trusted(call);
    if (trusted)
        asserted_read(&said->asserted, &call->asserted, country);
    party_calling(&said->calling, trusted ? &said->asserted : NULL, call->from_uri, country);
    q->orig = has_number(&said->calling) ? &said->calling.number : NULL;
    q->to = called(&said->to, call->to_uri, country) ? &said->to : NULL;
    q->requested = called(&said->requested, call->request_uri, country) ? &said->requested : NULL;
    q->orig_reach = q->orig ? NULL : reach_of(s, call, &said->calling, &said->reach);
    q->is_withheld = !q->orig && is_withheld(call);
    q->message_fault = facts_fault(call, trusted);
    if (q->message_fault.n == 0)
        q->message_fault = calling_fault(&said->calling);
    if (call->n_date != 1 || !sip_date_parse(call->date, &q->date_s))
        q->date_s = 0;
    q->priority = &said->priority;
    return list_priority(call, &said->priority);
}

/* The verstat that came along: in P-Asserted-Identity, else in From. */
static enum verstat_told told_verstat(const struct call *call)
{
    enum verstat_told found = VERSTAT_TOLD_NOTHING;
    for (unsigned i = 0; i < call->asserted.n && i < ASSERTED_MAX && !found; i++)
        found = verstat_told_by(call->asserted.uri[i]);
    return found ? found : verstat_told_by(call->from_uri);
}

/* ---- judging ---- */

static bool is_cached(const struct verifying *v, const struct needed *n)
{
    const int64_t at_s = certificates_fetched_s(all_of(v), n->url, domains_of(v));
    const int64_t age_s = clock_real_s() - at_s;
    return at_s > 0 && (age_s > RENEW_AFTER_S || age_s < 0); /* a clock was ahead */
}

static struct verification_question question_of(const struct verifying *v)
{
    const struct context *c = v->context;
    const struct rehearsal *r = proxy_rehearsal(c->proxy);
    return (struct verification_question){
        .set = &v->set,
        .rules = verification_rules_of(v->profile),
        .now_s = c->call->now_s,
        .image = image_of(v),
        .is_given = r && r->is_given,
        .is_emergency = c->says_emergency != EMERGENCY_NONE,
    };
}

/* What is at fault may have been mended by the next call; that its key is its signer's only a
   signature shows. */
static void tell_certificates(const struct verifying *v, const struct verification_served *served)
{
    if (proxy_rehearsal(v->context->proxy))
        return;
    for (unsigned i = 0; i < v->answer.n; i++) {
        const struct verification_header *h = &v->answer.headers[i];
        if (!served[i].prepared)
            continue;
        if (verification_blames_certificate(h))
            certificate_cache_doubt(served[i].prepared);
        if (h->report.finding[VERIFY_SIGNATURE].result == VERIFY_PASSED)
            certificates_prove(all_of(v), identity_set_url(&v->set, i), served[i].prepared);
    }
}

/* Once, by the certificates that are there. False: no memory. */
static bool judge(struct verifying *v)
{
    const int64_t begun_us = clock_monotonic_us();
    if (v->is_judged)
        return true;
    v->said = (struct said){.calling = {.fault = TN_EMPTY}};
    v->question = question_of(v);
    struct verification_served *served = serve_all(v);
    v->question.served = served;
    if (!served ||
        !ask_message(v->context->snapshot->settings, v->context->call, &v->said, &v->question))
        return false;
    verification_judge(&v->question, v->context->arena, &v->answer);
    tell_certificates(v, served);
    serve_no_more(v, served);
    v->judged_us = clock_monotonic_us() - begun_us;
    return v->is_judged = true;
}

/* Whether entry I is one whose signature does not fit, so that a newer certificate may help. */
static bool may_be_renewed(const struct verifying *v, unsigned i)
{
    const struct needed *n = needed_of(v, i);
    return n && v->answer.headers[i].report.finding[VERIFY_SIGNATURE].result == VERIFY_FAILED &&
           is_cached(v, n);
}

bool verifying_renews(struct verifying *v)
{
    if (v->renewed || !judge(v))
        return false;
    for (unsigned i = 0; i < v->answer.n; i++) {
        if (!may_be_renewed(v, i))
            continue;
        needed_of(v, i)->is_renewed = true;
        needed_of(v, i)->state = UNASKED;
        v->renewed = true;
        v->is_judged = false;
    }
    return v->renewed;
}

static enum verified_cache cache_of(const struct verifying *v, const struct verification *a)
{
    const int i = verified_entry(a);
    const struct needed *n = i >= 0 ? needed_of(v, (unsigned)i) : NULL;
    return n ? n->cache : VERIFIED_NO_CERTIFICATE;
}

static void tell_numbers(struct outcome *o, const struct said *said)
{
    if (has_number(&said->calling))
        o->claims.orig = said->calling.number;
    o->claims.dest = said->to.n > 0 ? said->to : said->requested;
}

static void leave_open(struct verified *kept, enum reason reason)
{
    *kept = (struct verified){.class = VERIFICATION_OPEN,
                              .reason = reason,
                              .check = VERIFY_CHECKS,
                              .header = VERIFIED_NO_HEADER,
                              .iat_s = VERIFIED_NO_TIME,
                              .age_s = VERIFIED_NO_TIME};
}

/* Whether another call came with the token by which this one passed, while it may be fresh: as long
   before its iat as behind it. A rehearsal is no call. */
static bool was_seen(const struct verifying *v, const struct context *c)
{
    struct replays *r = proxy_replays(c->proxy);
    const int i = verified_entry(&v->answer);
    if (!r || proxy_rehearsal(c->proxy) || v->answer.class != VERIFICATION_PASSED || i < 0 ||
        !v->answer.headers[i].token->has_signature)
        return false;
    return replays_see(r, v->answer.headers[i].token->signature,
                       replays_call(c->call->call_id, c->message->from_tag), c->call->now_s,
                       2 * v->question.rules.max_age_s);
}

/* False: no memory. */
static bool judge_and_keep(struct verifying *v, struct context *c, struct verified *kept)
{
    if (!judge(v))
        return false;
    tell_numbers(c->outcome, &v->said);
    if (!verified_of(kept, &v->question, &v->answer, c->arena))
        return false;
    c->outcome->reason = v->answer.reason;
    kept->told = told_verstat(c->call);
    kept->is_priority = call_priority_is_emergency(&v->said.priority);
    kept->cache = cache_of(v, &v->answer);
    kept->wait_us = v->wait_us;
    kept->verify_us = v->judged_us;
    kept->replayed = was_seen(v, c);
    struct rehearsal *r = (struct rehearsal *)(uintptr_t)proxy_rehearsal(c->proxy);
    if (r)
        r->verification = &v->answer;
    return verified_keep(kept, c->arena);
}

void verifying_judge(struct verifying *v, struct context *c)
{
    struct outcome *o = c->outcome;
    struct verified *kept = arena_alloc(c->arena, sizeof(*kept));
    o->verdict = VERDICT_PASS;
    o->sip_status = 0;
    o->reason = REASON_OUT_OF_MEMORY;
    if (!kept)
        return;
    o->verified = kept;
    if (v && judge_and_keep(v, c, kept)) {
        v->kept = kept;
        return;
    }
    leave_open(kept, REASON_OUT_OF_MEMORY);
    o->reason = REASON_OUT_OF_MEMORY;
}

bool verifying_judged(const struct verifying *v, struct verifying_judged *judged)
{
    *judged = (struct verifying_judged){&v->question, &v->answer, v->kept};
    return v->kept != NULL;
}

void verifying_leave_open(struct verifying *v, struct context *c, enum reason reason)
{
    struct outcome *o = c->outcome;
    struct verified *kept = arena_alloc(c->arena, sizeof(*kept));
    o->verdict = VERDICT_PASS;
    o->sip_status = 0;
    o->reason = kept ? reason : REASON_OUT_OF_MEMORY;
    if (!kept)
        return;
    leave_open(kept, reason);
    kept->headers = c->call->n_identities;
    kept->told = told_verstat(c->call);
    o->verified = kept;
    if (!v || !ask_message(c->snapshot->settings, c->call, &v->said, &v->question))
        return;
    tell_numbers(o, &v->said);
    if (v->question.orig)
        kept->orig = *v->question.orig;
}
