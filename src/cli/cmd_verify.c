/*
 * Identity headers, verified as the far end does it; of a trace, also which hop changed what. What
 * is told goes into one JSON tree first, from which the lines for people are printed too.
 */
#include "json_text.h"
#include "call_chains.h"
#include "colour.h"
#include "command.h"
#include "session.h"
#include "sightings.h"
#include "verify_print.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/shortage.h>
#include <stird/core/headers.h>
#include <stird/core/hops.h>
#include <stird/core/sip_date.h>
#include <stird/core/verification.h>
#include <stird/fetch/fetch.h>
#include <stird/fetch/fetch_cache.h>
#include <stird/sip/reading.h>
#include <string.h>
#include <time.h>

#define EXIT_VALID   0
#define EXIT_INVALID 1
/* EXIT_USAGE, 2: there is something that could not be judged at all */
#define EXIT_OPEN     3 /* nothing failed, but not all could be checked */
#define URLS_MAX      256
#define MAX_AGE_MAX_S INT32_MAX

struct job {
    const char *cert; /* instead of what the URL serves */
    struct buf cert_text;
    struct trust *trust;
    unsigned n_anchors;
    bool offline, at_iat, as_json;
    int64_t at_s; /* 0: of the capture, else now */
    int64_t max_age_s;
    struct country country;
    struct fetch_options fetch;
    struct fetch_cache *cache; /* each URL is fetched once */
    int status;
};

/* ---- files ---- */

static bool read_file(const char *path, struct buf *text)
{
    FILE *f = fopen(path, "rbe");
    for (size_t n = 1; f && n > 0;) {
        char *room = buf_room(text, 65536);
        n = room && text->n < (16u << 20) ? fread(room, 1, 65536, f) : 0;
        buf_grew(text, n);
    }
    bool good = f && !ferror(f) && !buf_failed(text);
    if (!good)
        warn_said("stirctl: %s: %s\n", path, strerror(f ? EIO : errno));
    if (f)
        fclose(f);
    return good;
}

/* One in PEM, however good, or in DER. */
static bool holds_certificate(struct str text)
{
    static const char label[] = "CERTIFICATE-----";
    const unsigned char *der = (const unsigned char *)text.p;
    X509 *x = text.n > 0 ? d2i_X509(NULL, &der, (long)text.n) : NULL;
    bool holds = x || (text.n > 0 && memmem(text.p, text.n, label, sizeof(label) - 1));
    X509_free(x);
    return holds;
}

/* A fault of the certificate belongs into the verdict; a file without one is the user's mistake. */
static bool read_cert(struct job *job, const char *path)
{
    job->cert = path;
    if (!read_file(path, &job->cert_text))
        return false;
    if (holds_certificate(buf_str(&job->cert_text)))
        return true;
    warn_said(
        "stirctl: --cert %s: the file holds no certificate: give the chain that its URL serves, "
        "in PEM or DER, the end-entity certificate first\n",
        path);
    return false;
}

static bool add_trust(struct job *job, const char *path,
                      bool (*add)(struct trust *t, struct str name, struct str text,
                                  struct problems *problems))
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    const char *why;
    const unsigned before = trust_left_out(job->trust, &why);
    bool good = read_file(path, &text) && add(job->trust, str_of(path), buf_str(&text), &problems);
    const unsigned n = trust_left_out(job->trust, &why) - before;
    print_problems(stderr, &problems);
    if (good && n > 0)
        warn_said("stirctl: %s: %u of its certificates %s not used: at least one is %s\n", path, n,
                  n == 1 ? "is" : "are", why);
    problems_fini(&problems);
    buf_fini(&text);
    return good;
}

/* ---- the certificate ---- */

static void fetch_into(struct job *job, struct str url)
{
    struct fetch_reply reply;
    bool good = fetch(&job->fetch, url, &reply);
    /* Kept as long as this command runs: what a server says about caching is for daemons. */
    fetch_cache_put(job->cache, url, good, good ? buf_str(&reply.body) : str_of(reply.why), -1,
                    clock_monotonic_ms());
    fetch_reply_fini(&reply);
}

/* What URL serves, even when that is empty; p == NULL: it cannot be had, and WHY says so, or it was
   not asked for. */
static struct str served(struct job *job, struct str url, struct arena *arena, const char **why)
{
    struct str body;
    int64_t now_ms = clock_monotonic_ms();
    if (job->offline || url.n == 0)
        return (struct str){NULL, 0};
    enum fetch_cache_answer answer = fetch_cache_ask(job->cache, url, now_ms, &body);
    if (answer == FETCH_CACHE_FETCH) {
        fetch_into(job, url);
        answer = fetch_cache_ask(job->cache, url, now_ms, &body);
    }
    if (answer == FETCH_CACHE_BODY)
        return body;
    *why = arena_copy(arena, body).p;
    return (struct str){NULL, 0};
}

/* Prepared as of the question's time. False: no memory. */
static bool bring_certificate(struct job *job, struct arena *arena, struct sti_certificate *c,
                              struct verify_question *q)
{
    const struct trust *trust = job->n_anchors > 0 ? job->trust : NULL;
    struct str text = job->cert ? buf_str(&job->cert_text)
                                : served(job, token_url(q->token), arena, &q->certificate_fault);
    q->certificate_is_given = job->cert != NULL;
    if (!job->cert && !text.p)
        return true;
    q->certificate = c;
    return sti_certificate_prepare(c, text, trust, q->now_s, arena);
}

/* ---- one token ---- */

static const char *result_name(enum verify_result result)
{
    static const char *const names[] = {
        [VERIFY_NOT_DONE] = "not done",
        [VERIFY_PASSED] = "ok",
        [VERIFY_WARNED] = "warning",
        [VERIFY_FAILED] = "FAILED",
    };
    return names[result];
}

static json_t *checks_json(const struct verify_report *r)
{
    json_t *all = json_array();
    for (int i = 0; i < VERIFY_CHECKS; i++) {
        const struct verify_finding *f = &r->finding[i];
        enum verify_check check = (enum verify_check)i;
        json_t *one = json_pack("{s:o,s:s,s:o}", "check", json_of(verify_check_name(check)),
                                "result", result_name(f->result), "what",
                                json_of(verify_check_text(check)));
        if (f->text.n > 0)
            json_object_set_new(one, "found", json_of(f->text));
        if (f->result == VERIFY_FAILED)
            json_object_set_new(one, "todo", json_of(verify_check_advice(check)));
        json_array_append_new(all, one);
    }
    return all;
}

/* As in decode: objects, or null where they are none. People get the text as it is. */
static json_t *part_json(const struct job *job, struct str text)
{
    if (!job->as_json)
        return json_of(text);
    json_t *part = json_loadb(text.p ? text.p : "", text.n, 0, NULL);
    if (json_is_object(part))
        return part;
    json_decref(part);
    return json_null();
}

static json_t *token_json(const struct job *job, const struct token *t,
                          const struct verify_report *r)
{
    return json_pack("{s:o,s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "verdict",
                     json_of(token_verdict_name(r->verdict)), "sip_status", r->sip_status,
                     "sip_phrase", json_of(verify_status_phrase(r->sip_status)), "attest",
                     json_of(r->attest), "header", part_json(job, t->header), "payload",
                     part_json(job, t->payload), "subject", json_of(r->subject), "spc",
                     json_of(r->spc), "checks", checks_json(r));
}

/* Keeps the worst status for the command: 1 before 2 before 3 before 0. */
static void worse(struct job *job, int status)
{
    static const int order[] = {EXIT_VALID, EXIT_OPEN, EXIT_USAGE, EXIT_INVALID};
    size_t now = 0, then = 0;
    while (order[now] != job->status)
        now++;
    while (order[then] != status)
        then++;
    if (then > now)
        job->status = status;
}

static void tell_no_memory(struct job *job)
{
    fputs("stirctl: out of memory\n", stderr);
    worse(job, EXIT_USAGE);
}

static void count(struct job *job, enum token_verdict verdict)
{
    static const int statuses[] = {
        [TOKEN_VALID] = EXIT_VALID,
        [TOKEN_INVALID] = EXIT_INVALID,
        [TOKEN_IGNORED] = EXIT_INVALID,
        [TOKEN_OPEN] = EXIT_OPEN,
    };
    worse(job, statuses[verdict]);
}

/*
 * As of when: what the user says, else the capture, else now. A message in a text was seen at some
 * time before now: when its token is older, everything is as of the token's own second, its
 * certificate too, and its freshness stays open.
 */
static void set_time(const struct job *job, const struct sighting *s, struct verify_question *q)
{
    int64_t iat_s = q->token->iat_s; /* not above 0: it is not the time of anything */
    q->now_s = clock_real_s();
    q->max_age_s = job->max_age_s;
    if (job->at_iat)
        q->now_s = iat_s > 0 ? iat_s : q->now_s;
    else if (job->at_s > 0)
        q->now_s = job->at_s;
    else if (s->time_us > 0)
        q->now_s = s->time_us / 1000000;
    else if (q->has_message && iat_s > 0 && iat_s < q->now_s - q->max_age_s) {
        q->now_s = iat_s;
        q->time_is_guessed = true;
    }
}

/* What MESSAGE lacks of what every request has (RFC 3261 section 8.1.1); NULL: nothing. */
static const char *lacking(struct str message)
{
    static const struct {
        const char *name;
        char compact;
    } needed[] = {{"Via", 'v'}, {"From", 'f'}, {"To", 't'}, {"Call-ID", 'i'}, {"CSeq", 0}};
    struct header_line line;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!header_find(message, str_of(needed[i].name), needed[i].compact, &line))
            return needed[i].name;
    return NULL;
}

/* Reads it as a call is read. What is only a piece of a message is compared as far as it goes. */
static void read_message(const struct sighting *s, struct arena *arena, struct verify_question *q)
{
    q->message_is_piece = !s->on_wire && lacking(s->message);
    if (!q->message_is_piece)
        reading_is_clear(s->message, s->on_wire, arena, &q->message_fault);
}

/* FACTS must outlive the question. */
static void ask_of_message(const struct job *job, const struct sighting *s, struct arena *arena,
                           struct sip_identity_facts *facts, struct verify_question *q)
{
    q->has_message = s->message.n > 0;
    if (!q->has_message)
        return;
    sip_identity_facts(s->message, &job->country, facts);
    q->orig = facts->has_orig ? &facts->orig : NULL;
    q->dest = facts->has_dest ? &facts->dest : NULL;
    q->requested = facts->has_requested ? &facts->requested : NULL;
    read_message(s, arena, q);
    if (!sip_date_parse(facts->date, &q->date_s))
        q->date_s = 0;
}

static bool verify_token(struct job *job, const struct sighting *s, const struct token *token,
                         struct arena *arena, struct verify_report *r)
{
    struct sip_identity_facts facts;
    struct sti_certificate certificate = {.key = NULL};
    struct verify_question q = {.token = token};
    const unsigned long before = shortages();
    ask_of_message(job, s, arena, &facts, &q);
    set_time(job, s, &q);
    bool good = bring_certificate(job, arena, &certificate, &q) && verify(&q, arena, r) &&
                shortages() == before;
    sti_certificate_fini(&certificate);
    return good;
}

static json_t *verify_value(struct job *job, const struct sighting *s, struct str value)
{
    struct arena *arena = arena_new(8192);
    struct token token = {.kind = IDENTITY_EMPTY};
    struct verify_report r;
    json_t *told = NULL;
    if (arena && token_read(&token, value, arena) && verify_token(job, s, &token, arena, &r)) {
        told = token_json(job, &token, &r);
        count(job, r.verdict);
    } else {
        tell_no_memory(job);
    }
    token_fini(&token);
    arena_free(arena);
    return told;
}

/* ---- all tokens of a call ---- */

/* False: no memory. */
static bool bring_all(struct job *job, struct arena *arena, const struct identity_set *set,
                      int64_t now_s, struct sti_certificate *certificates,
                      struct verification_served *served)
{
    bool good = true;
    for (unsigned i = 0; i < set->n && good; i++) {
        struct verify_question one = {.token = &set->entries[i].token, .now_s = now_s};
        if (identity_set_url(set, i).n == 0)
            continue;
        good = bring_certificate(job, arena, &certificates[i], &one);
        served[i].prepared = one.certificate;
        served[i].why = one.certificate_fault;
        served[i].state = one.certificate         ? CERTIFICATE_PREPARED
                          : one.certificate_fault ? CERTIFICATE_UNAVAILABLE
                                                  : CERTIFICATE_PENDING;
    }
    return good;
}

/* One verdict over all tokens of a call. ONE, the question about a single token, already says what
   the message holds and when it was seen. */
static void judge_set(struct job *job, const struct sighting *s, const struct identity_set *set,
                      const struct verification_served *served, const struct verify_question *one,
                      struct arena *arena, struct verification *v)
{
    struct str resources[CALL_RESOURCES_MAX];
    const struct call_priority priority = call_priority_of(s->message, resources);
    const struct verification_question q = {
        .set = set,
        .served = served,
        .rules = {.max_age_s = one->max_age_s, .min_level = 'C'},
        .now_s = one->now_s,
        .time_is_guessed = one->time_is_guessed,
        .is_given = job->cert != NULL,
        .orig = one->orig,
        .to = one->dest,
        .requested = one->requested,
        .date_s = one->date_s,
        .priority = &priority,
        .message_is_piece = one->message_is_piece,
        .message_fault = one->message_fault,
    };
    verification_judge(&q, arena, v);
}

static json_t *verdict_json(const struct verification *v)
{
    const struct str level = {&v->level, v->level ? 1 : 0};
    struct str check = v->check < VERIFY_CHECKS ? verify_check_name(v->check) : STR("");
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:i,s:o,s:o,s:o,s:i,s:i}", "class",
                     json_of(verification_class_name(v->class)), "reason",
                     json_of(reason_name(v->reason)), "text", json_of(reason_text(v->reason)),
                     "level", json_of(level), "check", json_of(check), "sip_status", v->sip_status,
                     "sip_phrase", json_of(v->sip_phrase), "verstat",
                     json_of(verstat_text(v->verstat)), "verstat_priority",
                     json_of(verstat_priority_text(v->priority)), "empty", (int)v->n_empty,
                     "beyond", (int)v->n_beyond);
}

/* In the order in which they stand in the message. */
static void tell_headers(const struct job *job, const struct verification *v, json_t *tokens)
{
    for (unsigned header = 0; header < IDENTITIES_MAX; header++)
        for (unsigned i = 0; i < v->n; i++)
            if (v->headers[i].header == header)
                json_array_append_new(tokens,
                                      token_json(job, v->headers[i].token, &v->headers[i].report));
}

static void count_call(struct job *job, const struct verification *v)
{
    static const int statuses[] = {
        [VERIFICATION_NOTHING] = EXIT_INVALID,
        [VERIFICATION_PASSED] = EXIT_VALID,
        [VERIFICATION_FAILED] = EXIT_INVALID,
        [VERIFICATION_OPEN] = EXIT_OPEN,
    };
    worse(job, statuses[v->class]);
}

/* Appends what is found of each to TOKENS; what it is worth together comes back, or NULL. */
static json_t *verify_together(struct job *job, const struct sighting *s, const struct str *values,
                               unsigned n, json_t *tokens)
{
    struct arena *arena = arena_new(8192);
    struct identity_set set = {.n = 0};
    struct sti_certificate certificates[IDENTITY_SET_MAX] = {{.key = NULL}};
    struct verification_served served[IDENTITY_SET_MAX] = {{.state = CERTIFICATE_PENDING}};
    struct sip_identity_facts facts;
    struct verification v = {.reason = REASON_OUT_OF_MEMORY};
    if (arena && identity_set_read(&set, values, n, IDENTITY_SET_MAX, arena) && set.n > 0) {
        struct verify_question q = {.token = &set.entries[0].token};
        ask_of_message(job, s, arena, &facts, &q);
        set_time(job, s, &q);
        if (bring_all(job, arena, &set, q.now_s, certificates, served))
            judge_set(job, s, &set, served, &q, arena, &v);
    }
    json_t *told = v.reason == REASON_OUT_OF_MEMORY ? NULL : verdict_json(&v);
    if (told) {
        tell_headers(job, &v, tokens);
        count_call(job, &v);
    } else {
        tell_no_memory(job);
    }
    for (unsigned i = 0; i < IDENTITY_SET_MAX; i++)
        sti_certificate_fini(&certificates[i]);
    identity_set_fini(&set);
    arena_free(arena);
    return told;
}

/* ---- calls ---- */

static void add_sentence(void *user, struct str sentence)
{
    json_array_append_new(user, json_of(sentence));
}

static json_t *place_json(const struct sightings *all, const struct sighting *s)
{
    struct buf from = BUF_INIT, to = BUF_INIT;
    json_t *hop = json_pack("{s:I}", all->capture ? "packet" : "line", (json_int_t)s->place);
    if (s->has_addresses) {
        address_add(&from, &s->from);
        address_add(&to, &s->to);
        json_object_set_new(hop, "from", json_of(buf_str(&from)));
        json_object_set_new(hop, "to", json_of(buf_str(&to)));
        json_object_set_new(hop, "time", json_real((double)s->time_us / 1e6));
    }
    buf_fini(&from);
    buf_fini(&to);
    return hop;
}

/* Only the capture lacks what is missing, so nothing is judged by it. */
static void tell_cut(const struct sighting *s, bool capture, json_t *changes)
{
    char text[400], of[32] = "";
    if (s->damage) {
        snprintf(text, sizeof(text), "%s: no verdict", s->damage);
        json_array_append_new(changes, json_string(text));
        return;
    }
    if (s->glued) {
        json_array_append_new(
            changes,
            json_string("the text does not tell where header lines end: dots in it may be line "
                        "ends, or a long line was broken (take ngrep -W byline, or a capture: "
                        "ngrep -O FILE): no verdict"));
        return;
    }
    if (!capture) {
        json_array_append_new(
            changes,
            json_string("cut: the text ends inside a header line, before the empty line that "
                        "ends the headers: no verdict"));
        return;
    }
    if (s->octets > 0)
        snprintf(of, sizeof(of), " of %zu", s->octets);
    snprintf(text, sizeof(text),
             "cut by the capture: it holds only %zu%s octets of this message (tcpdump -s 0, and a "
             "filter that keeps IP fragments): no verdict",
             s->message.n, of);
    json_array_append_new(changes, json_of_text(text));
}

/* Where a text holds only a piece of a message, nobody knows what else was in it. */
static void tell_unsigned(struct job *job, const struct sighting *s, json_t *changes)
{
    char text[128] = "no Identity: it is not signed here";
    const char *name = s->has_addresses ? NULL : lacking(s->message);
    if (name)
        snprintf(text, sizeof(text),
                 "incomplete: this text has no Identity, and no %s either: no verdict", name);
    json_array_append_new(changes, json_string(text));
    worse(job, name ? EXIT_USAGE : EXIT_INVALID);
}

static unsigned count_filled(const struct str *values, unsigned n)
{
    unsigned filled = 0;
    for (unsigned i = 0; i < n; i++)
        filled += str_trim(values[i]).n > 0;
    return filled;
}

/* Of several, HOP is also told what they are worth together. */
static json_t *tokens_json(struct job *job, const struct sighting *s, const struct str *values,
                           unsigned n, json_t *hop)
{
    json_t *tokens = json_array();
    if (s->message.n > 0 && count_filled(values, n) > 1) {
        json_object_set_new(hop, "call", verify_together(job, s, values, n, tokens));
        return tokens;
    }
    for (unsigned i = 0; i < n; i++) {
        json_t *token = verify_value(job, s, values[i]);
        if (token)
            json_array_append_new(tokens, token);
    }
    return tokens;
}

/* BEFORE is where it was seen before, or NULL. LAST says that this is what arrives in the end,
   which counts; earlier hops only explain it. */
static json_t *hop_json(struct job *job, const struct sightings *all, const struct sighting *s,
                        const struct sighting *before, bool last)
{
    struct str values[IDENTITIES_MAX];
    struct arena *arena = arena_new(4096);
    json_t *hop = s->message.n > 0 ? place_json(all, s) : json_object();
    json_t *changes = json_array(), *tokens = NULL;
    unsigned n = s->message.n > 0 ? identities_of(s->message, values) : 1;
    int status = job->status;
    bool changed = before == NULL;
    if (s->message.n == 0)
        values[0] = s->value;
    if (before && arena && !s->cut)
        changed = hops_compare(before->message, s->message, &job->country, arena, add_sentence,
                               changes) > 0;
    if (s->cut) {
        tell_cut(s, all->capture, changes);
        worse(job, EXIT_USAGE);
    } else if (n == 0 && last) {
        tell_unsigned(job, s, changes);
    }
    if (!s->cut && (changed || last))
        tokens = tokens_json(job, s, values, n, hop);
    if (!last)
        job->status = status;
    json_object_set_new(hop, "identities", json_integer(n));
    json_object_set_new(hop, "changes", changes);
    json_object_set_new(hop, "tokens", tokens ? tokens : json_array());
    arena_free(arena);
    return hop;
}

static json_t *inside_json(const struct sightings *all, const struct chain *c)
{
    json_t *inside = json_array();
    for (size_t i = 0; i < c->n_inside; i++)
        json_array_append_new(inside, place_json(all, c->inside[i]));
    return inside;
}

/* The hops of one leg; BEFORE: the last one of the leg before it. */
static const struct sighting *leg_json(struct job *job, const struct sightings *all,
                                       const struct chain *c, const struct sighting *before,
                                       json_t *hops)
{
    for (size_t i = 0; i < c->n_hops; i++) {
        bool last = !c->next && i + 1 == c->n_hops;
        json_t *hop = hop_json(job, all, c->hops[i], before, last);
        if (c->goes_on && i == 0)
            json_object_set_new(hop, "call_id", json_of(sighting_call_id(c->hops[i])));
        json_array_append_new(hops, hop);
        if (!c->hops[i]->cut)
            before = c->hops[i];
    }
    return before;
}

static json_t *call_json(struct job *job, const struct sightings *all, const struct chain *c)
{
    const struct sighting *first = c->n_hops > 0 ? c->hops[0] : c->inside[0], *before = NULL;
    json_t *hops = json_array(), *inside = json_array();
    json_t *call = json_pack("{s:o,s:o}", "call_id", json_of(sighting_call_id(first)), "hops",
                             hops);
    for (; c; c = c->next) {
        before = leg_json(job, all, c, before, hops);
        json_t *more = inside_json(all, c);
        json_array_extend(inside, more);
        json_decref(more);
    }
    json_object_set_new(call, "in_dialog", inside);
    return call;
}

/* Without an INVITE that begins a call there is nothing to judge. */
static bool any_begins(const struct chains *chains)
{
    for (size_t i = 0; i < chains->n; i++)
        if (chains->list[i].n_hops > 0)
            return true;
    return false;
}

static json_t *verify_all(struct job *job, const struct sightings *all)
{
    struct chains chains;
    json_t *calls = json_array();
    bool good = chains_of(&chains, all, &job->country);
    for (size_t i = 0; good && i < chains.n; i++)
        if (!chains.list[i].goes_on)
            json_array_append_new(calls, call_json(job, all, &chains.list[i]));
    if (!good || !any_begins(&chains)) {
        fputs(
            good
                ? "stirctl: all INVITEs are inside calls (they have a To tag), and none of these is "
                  "signed: capture the one that begins the call\n"
                : "stirctl: out of memory\n",
            stderr);
        worse(job, EXIT_USAGE);
    }
    chains_fini(&chains);
    return calls;
}

/* ---- options ---- */

static bool read_time(struct job *job, const char *text)
{
    struct tm tm = {0};
    if (strcmp(text, "iat") == 0) {
        job->at_iat = true;
        return true;
    }
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    job->at_s = end && !*end ? timegm(&tm) : 0;
    if (job->at_s <= 0)
        fprintf(stderr, "stirctl: --at %s: write it as 2026-11-26T23:59:59Z, or iat\n", text);
    return job->at_s > 0;
}

static const struct cli_option options[] = {
    {"online", 'i', NULL, "by the configuration, as stird verifies a call: see explain --online",
     0},
    {"trunk", 'T', "NAME", "with --online: a call of this trunk; else of the one that verifies", 0},
    {"cert", 'c', "FILE", "the certificate chain, instead of what its URL serves", 0},
    {"offline", 'o', NULL, "fetch nothing", 0},
    {"ca", 'a', "FILE", "trust anchors; may be there again", OPTION_AGAIN},
    {"crl", 'r', "FILE", "revocation lists, with --ca; may be there again", OPTION_AGAIN},
    {"crl-anchor", 'R', "FILE",
     "who signs lists of others' certificates, with --crl; may be there again", OPTION_AGAIN},
    {"at", '@', "TIME", "as of 2026-11-26T23:59:59Z; iat: of the token's own second", 0},
    {"max-age", 'm', "SECONDS", "how old a token may be; else 60", 0},
    {"country", 'n', "CODE", "whose numbers have no plus; else 1", 0},
    {"allow-private", 'p', NULL, "for labs: fetch from private addresses", 0},
    {"tls-ca", 't', "FILE", "for labs: who issued the web server's certificate", 0},
    {0}};

/* As country.code in stird.conf. */
static bool read_country(struct job *job, const char *value)
{
    size_t n = strspn(value, "0123456789");
    job->country.code = str_of(value);
    if (n > 0 && n <= 3 && !value[n] && value[0] != '0')
        return true;
    fprintf(stderr, "stirctl: --country %s: a country code, 1 to 3 digits, such as 1 or 44\n",
            value);
    return false;
}

static bool read_age(struct job *job, const char *text)
{
    char *end;
    job->max_age_s = strtol(text, &end, 10);
    if (*text && !*end && job->max_age_s > 0 && job->max_age_s <= MAX_AGE_MAX_S)
        return true;
    fprintf(stderr, "stirctl: --max-age %s: is no number of seconds from 1 to %d\n", text,
            MAX_AGE_MAX_S);
    return false;
}

static bool read_option(struct job *job, int letter, const char *value)
{
    switch (letter) {
    case 'c':
        return read_cert(job, value);
    case 'a':
        job->n_anchors++;
        return add_trust(job, value, trust_add_anchors);
    case 'r':
        return add_trust(job, value, trust_add_crls);
    case 'R':
        return add_trust(job, value, trust_add_crl_anchors);
    case '@':
        return read_time(job, value);
    case 'm':
        return read_age(job, value);
    case 'n':
        return read_country(job, value);
    case 't':
        job->fetch.ca_file = value;
        return true;
    default:
        return true;
    }
}

/* An option that would change nothing without another one. */
static const char *lonely(const struct words *words)
{
    for (const char *other = "coarRmnpt"; words_have(words, 'i') && *other; other++)
        if (words_have(words, *other))
            return "--online goes by the configuration alone: only --trunk and --at beside it";
    if (words_have(words, 'T') && !words_have(words, 'i'))
        return "--trunk says by which of the configuration's trunks: with --online";
    if (words_have(words, 'R') && !words_have(words, 'r'))
        return "--crl-anchor says who signs revocation lists: give them with --crl FILE";
    if (words_have(words, 'r') && !words_have(words, 'a'))
        return "--crl needs --ca FILE: trust anchors say whose lists count";
    return NULL;
}

static bool read_options(struct job *job, const struct words *words)
{
    job->offline = words_have(words, 'o');
    job->fetch.allow_private = words_have(words, 'p');
    for (size_t i = 0; i < words->n_given; i++) {
        const struct given *g = &words->given[i];
        if (!read_option(job, g->letter, g->n > 0 ? g->value[0] : ""))
            return false;
    }
    return true;
}

static int verify_file(const struct cli *cli, struct job *job, const char *file)
{
    struct sightings all;
    job->as_json = cli->json;
    bool good = sightings_read(&all, file);
    json_t *calls = good ? verify_all(job, &all) : NULL;
    if (calls && cli->json) {
        json_print(json_incref(calls));
    } else if (calls) {
        verify_print(calls);
        if (job->n_anchors == 0)
            puts("no trust anchors were given (--ca FILE): the chain is not checked");
    }
    json_decref(calls);
    sightings_fini(&all);
    return !good || fflush(stdout) ? EXIT_USAGE : job->status;
}

static int run(const struct cli *cli, const struct words *words)
{
    struct job job = {
        .trust = trust_new(),
        .cache = fetch_cache_new(URLS_MAX),
        .max_age_s = VERIFY_MAX_AGE_S,
        .country = {.code = STR("1"), .international_prefix = STR("011"), .national_length = 10}};
    int status = EXIT_USAGE;
    const char *fault = lonely(words), *file = words->n > 0 ? words->word[0] : "-";
    if (fault)
        status = command_fault(&command_verify, fault);
    else if (words_have(words, 'i'))
        status = command_explain_verdict(cli, words_value(words, 'T'), words_value(words, '@'),
                                         file);
    else if (!job.trust || !job.cache)
        fputs("stirctl: out of memory\n", stderr);
    else if (read_options(&job, words))
        status = verify_file(cli, &job, file);
    trust_free(job.trust);
    buf_fini(&job.cert_text);
    fetch_cache_free(job.cache);
    return status;
}

const struct command command_verify = {
    "verify",
    "[--online [--trunk NAME] | --cert FILE | --offline] [--ca FILE ...] [--crl FILE ...] [--crl-anchor FILE ...]\n"
    "         [--at TIME | --at iat] [--max-age SECONDS] [--country CODE] [--allow-private] [--tls-ca FILE] [FILE]",
    "verify Identity headers: a value, a message, a trace, a capture",
    run,
    options,
    "[FILE]"};
