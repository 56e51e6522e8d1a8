#include "verify_judge.h"

#include "clock_kept.h"
#include "json_text.h"
#include "verify_served.h"

#include <stird/base/clock.h>
#include <stird/base/shortage.h>
#include <stird/core/headers.h>
#include <stird/core/hops.h>
#include <stird/core/sip_date.h>
#include <stird/core/verify_fault.h>
#include <stird/sip/reading.h>

const char *verify_judge_lacking(struct str message)
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

/* One token, and what is known of it. */
struct judged {
    const struct verify_question *question;
    const struct verify_report *report;
    struct verify_grounds grounds;
};

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

/* How much it counts: "" of a check that is well, or was not needed. */
static const char *severity_of(const struct verify_report *r, enum verify_check check)
{
    switch (r->finding[check].result) {
    case VERIFY_FAILED:
        return "fault";
    case VERIFY_WARNED:
        return "warning";
    case VERIFY_NOT_DONE:
        return r->needed[check] ? "open" : "";
    default:
        return "";
    }
}

/* How what was not done can be. */
static const char *const open_advice[VERIFY_CHECKS] = {
    [VERIFY_FRESH] = "say when it was seen: --at TIME, or give a capture",
    [VERIFY_ORIG] = "give the whole message, with its From, not the value alone",
    [VERIFY_DEST] = "give the whole message, with its To, not the value alone",
    [VERIFY_DIV] = "give the whole message, with all of its Identity headers",
    [VERIFY_FETCH] = "leave out --offline, or give the certificate: --cert FILE",
    [VERIFY_CHAIN] = "give the trust anchors: --ca FILE",
    [VERIFY_REVOKED] = "give the lists, and who signs them: --crl FILE, --crl-anchor FILE",
    [VERIFY_SCOPE] = "give what its domain of trust needs: --ca FILE",
};

static json_t *checks_json(const struct judged *j)
{
    json_t *all = json_array();
    const struct verify_report *r = j->report;
    for (int i = 0; i < VERIFY_CHECKS; i++) {
        const struct verify_finding *f = &r->finding[i];
        enum verify_check check = (enum verify_check)i;
        const char *severity = severity_of(r, check);
        json_t *one = json_pack("{s:o,s:s,s:o}", "check", json_of(verify_check_name(check)),
                                "result", result_name(f->result), "what",
                                json_of(verify_check_text(check)));
        if (f->text.n > 0)
            json_object_set_new(one, "found", json_of(f->text));
        if (severity[0]) {
            enum verify_fault fault = verify_fault_of(j->question, r, &j->grounds, check);
            const struct str todo = f->result == VERIFY_NOT_DONE
                                        ? str_of(open_advice[check])
                                        : verify_fault_advice(check, fault);
            if (todo.n > 0)
                json_object_set_new(one, "todo", json_of(todo));
            json_object_set_new(one, "severity", json_string(severity));
            json_object_set_new(one, "whose", json_of(verify_fault_name(fault)));
            json_object_set_new(one, "whose_text", json_of(verify_fault_text(fault)));
        }
        json_array_append_new(all, one);
    }
    return all;
}

/* As in decode: objects, or null where they are none. People get the text as it is. */
static json_t *part_json(const struct verify_job *job, struct str text)
{
    if (!job->as_json)
        return json_of(text);
    json_t *part = json_loadb(text.p ? text.p : "", text.n, 0, NULL);
    if (json_is_object(part))
        return part;
    json_decref(part);
    return json_null();
}

static json_t *token_json(const struct verify_job *job, const struct judged *j)
{
    const struct token *t = j->question->token;
    const struct verify_report *r = j->report;
    return json_pack("{s:o,s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "verdict",
                     json_of(token_verdict_name(r->verdict)), "sip_status", r->sip_status,
                     "sip_phrase", json_of(verify_status_phrase(r->sip_status)), "attest",
                     json_of(r->attest), "header", part_json(job, t->header), "payload",
                     part_json(job, t->payload), "subject", json_of(r->subject), "spc",
                     json_of(r->spc), "checks", checks_json(j));
}

static void count(struct verify_job *job, enum token_verdict verdict)
{
    static const int statuses[] = {
        [TOKEN_VALID] = EXIT_VALID,
        [TOKEN_INVALID] = EXIT_INVALID,
        [TOKEN_IGNORED] = EXIT_INVALID,
        [TOKEN_OPEN] = EXIT_OPEN,
    };
    verify_job_worse(job, statuses[verdict]);
}

/*
 * As of when: what the user says, else the capture, else now. A message in a text was seen at some
 * time before now: when its token is older, everything is as of the token's own second, its
 * certificate too, and its freshness stays open.
 */
static void set_time(const struct verify_job *job, const struct sighting *s,
                     struct verify_question *q)
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

/* Reads it as a call is read. What is only a piece of a message is compared as far as it goes. */
static void read_message(const struct sighting *s, struct arena *arena, struct verify_question *q)
{
    q->message_is_piece = !s->on_wire && verify_judge_lacking(s->message);
    if (!q->message_is_piece)
        reading_is_clear(s->message, s->on_wire, arena, &q->message_fault);
}

/* FACTS must outlive the question. */
static void ask_of_message(const struct verify_job *job, const struct sighting *s,
                           struct arena *arena, struct sip_identity_facts *facts,
                           struct verify_question *q)
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

static struct verify_grounds grounds_of(const struct verify_job *job, const struct sighting *s,
                                        const struct verify_question *q)
{
    return (struct verify_grounds){
        .time_is_ours = !job->at_iat && job->at_s == 0 && s->time_us <= 0,
        .clock_is_set = clock_is_kept(),
        .fetched = verify_served_outcome(job, token_url(q->token)),
    };
}

/* NULL: no memory. */
static json_t *judge_token(struct verify_job *job, const struct sighting *s,
                           const struct token *token, struct arena *arena)
{
    struct sip_identity_facts facts;
    struct sti_certificate certificate = {.key = NULL};
    struct verify_question q = {.token = token};
    struct verify_report r;
    const unsigned long before = shortages();
    json_t *told = NULL;
    ask_of_message(job, s, arena, &facts, &q);
    set_time(job, s, &q);
    if (verify_served_one(job, arena, &certificate, &q) && verify(&q, arena, &r) &&
        shortages() == before) {
        const struct judged judged = {&q, &r, grounds_of(job, s, &q)};
        told = token_json(job, &judged);
        count(job, r.verdict);
    }
    sti_certificate_fini(&certificate);
    return told;
}

json_t *verify_judge_value(struct verify_job *job, const struct sighting *s, struct str value)
{
    struct arena *arena = arena_new(8192);
    struct token token = {.kind = IDENTITY_EMPTY};
    json_t *told = NULL;
    if (arena && token_read(&token, value, arena))
        told = judge_token(job, s, &token, arena);
    if (!told)
        verify_job_no_memory(job);
    token_fini(&token);
    arena_free(arena);
    return told;
}

/* ---- all tokens of a call ---- */

/* One verdict over all tokens of a call. ONE says what its message holds and when it was seen. */
static void judge_set(struct verify_job *job, const struct sighting *s,
                      const struct identity_set *set, const struct verification_served *served,
                      const struct verify_question *one, struct arena *arena,
                      struct verification *v)
{
    struct call_priority priority;
    if (!call_priority_read(&priority, s->message, arena))
        return; /* V still says that there is no memory */
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

/* ONE is what the message and the time say of each of them. */
static json_t *header_json(const struct verify_job *job, const struct sighting *s,
                           const struct verification_header *h, const struct verify_question *one,
                           const struct sti_certificate *certificate)
{
    struct verify_question q = *one;
    q.token = h->token;
    q.certificate = certificate;
    q.certificate_is_given = job->cert != NULL;
    const struct judged judged = {&q, &h->report, grounds_of(job, s, &q)};
    return token_json(job, &judged);
}

/* In the order in which they stand in the message. SERVED is in the order of V's. */
static void tell_headers(const struct verify_job *job, const struct sighting *s,
                         const struct verification *v, const struct verification_served *served,
                         const struct verify_question *one, json_t *tokens)
{
    for (unsigned header = 0; header < IDENTITIES_MAX; header++)
        for (unsigned i = 0; i < v->n; i++)
            if (v->headers[i].header == header)
                json_array_append_new(tokens,
                                      header_json(job, s, &v->headers[i], one, served[i].prepared));
}

static void count_call(struct verify_job *job, const struct verification *v)
{
    static const int statuses[] = {
        [VERIFICATION_NOTHING] = EXIT_INVALID,
        [VERIFICATION_PASSED] = EXIT_VALID,
        [VERIFICATION_FAILED] = EXIT_INVALID,
        [VERIFICATION_OPEN] = EXIT_OPEN,
    };
    verify_job_worse(job, statuses[v->class]);
}

json_t *verify_judge_together(struct verify_job *job, const struct sighting *s,
                              const struct str *values, unsigned n, json_t *tokens)
{
    struct arena *arena = arena_new(8192);
    struct identity_set set = {.n = 0};
    struct sti_certificate certificates[IDENTITY_SET_MAX] = {{.key = NULL}};
    struct verification_served served[IDENTITY_SET_MAX] = {{.state = CERTIFICATE_PENDING}};
    struct sip_identity_facts facts;
    struct verification v = {.reason = REASON_OUT_OF_MEMORY};
    struct verify_question q = {.token = NULL};
    if (arena && identity_set_read(&set, values, n, IDENTITY_SET_MAX, arena) && set.n > 0) {
        q.token = &set.entries[0].token;
        ask_of_message(job, s, arena, &facts, &q);
        set_time(job, s, &q);
        if (verify_served_all(job, arena, &set, q.now_s, certificates, served))
            judge_set(job, s, &set, served, &q, arena, &v);
    }
    json_t *told = v.reason == REASON_OUT_OF_MEMORY ? NULL : verdict_json(&v);
    if (told) {
        tell_headers(job, s, &v, served, &q, tokens);
        count_call(job, &v);
    } else {
        verify_job_no_memory(job);
    }
    for (unsigned i = 0; i < IDENTITY_SET_MAX; i++)
        sti_certificate_fini(&certificates[i]);
    identity_set_fini(&set);
    arena_free(arena);
    return told;
}
