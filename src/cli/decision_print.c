/* The decision of one call, as lines for people or as JSON. Both are written from one walk. */
#include "clock_kept.h"
#include "columns.h"
#include "decision.h"
#include "decision_answer.h"
#include "json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/json.h>
#include <stird/core/sip_date.h>
#include <stird/core/trunk.h>
#include <stird/core/trunk_why.h>
#include <stird/core/verified.h>
#include <stird/core/verify_fault.h>

#define INDENT 14 /* where values begin, for people */

/* A line "name  value" or a member. */
struct sink {
    struct json *json; /* NULL: for people */
};

/* For people, behind what stands in the line already. */
static void print_wrapped(struct str value, int indent)
{
    struct buf text = BUF_INIT;
    buf_add_str(&text, value);
    buf_add_char(&text, '\0');
    if (!buf_failed(&text))
        columns_wrap(text.p, indent, indent);
    buf_fini(&text);
}

static void tell(const struct sink *to, const char *name, struct str value)
{
    if (to->json) {
        json_put_key(to->json, str_of(name));
        if (value.p)
            json_put_string(to->json, value);
        else
            json_put_null(to->json);
    } else if (value.n > 0) {
        int at = printf("%-*s ", INDENT - 1, name);
        print_wrapped(value, at > INDENT ? at : INDENT);
    }
}

/* In the words of the proxy's log. */
static void tell_group_in_from(const struct sink *to, const struct decision_basis *basis,
                               const struct call *call)
{
    const struct trunk *t = trunk_of_from_alone(basis->settings, call);
    if (t)
        tell(to, "trunk_hint",
             arena_printf(call->arena,
                          "From alone names group \"%.*s\", which trunk %.*s looks for in %.*s: "
                          "if its SBC writes it in From, set tgrp_in",
                          STR_ARG(t->tgrp), STR_ARG(t->name),
                          STR_ARG(group_place_name(t->tgrp_in))));
}

static void tell_passed_over(const struct sink *to, const struct call *call)
{
    for (unsigned i = 0; !to->json && i < call->n_passed_over && i < CALL_PASSED_OVER_MAX; i++)
        tell(to, i == 0 ? "in_doubt" : "", call->passed_over[i]->name);
}

/* Inside a call the trunk is not found by what tells new calls apart. */
static struct str why_trunk(const struct rehearsal *told)
{
    if (told->trunk_why.n > 0)
        return told->trunk_why;
    return told->call->trunk ? trunk_why(told->call) : (struct str){NULL, 0};
}

static void tell_call(const struct sink *to, const struct rehearsal *told)
{
    const struct call *call = told->call;
    struct buf source = BUF_INIT;
    address_add_host(&source, &call->source);
    tell(to, "source", buf_str(&source));
    buf_fini(&source);
    tell(to, "trunk", call->trunk ? call->trunk->name : (struct str){NULL, 0});
    tell(to, "trunk_why", why_trunk(told));
    tell(to, "customer", call->trunk ? call->trunk->customer : (struct str){NULL, 0});
    tell(to, "from", call->from_uri);
    for (unsigned i = 0; !to->json && i < call->asserted.n && i < ASSERTED_MAX; i++)
        tell(to, "asserted", call->asserted.uri[i]);
    tell(to, "to", call->to_uri);
    tell(to, "request_uri", call->request_uri);
}

/* Upstreams that see another part of the call get a decision of their own. */
static void add_others(struct buf *out, const struct settings *s, const struct call *call)
{
    enum privacy_view view = privacy_view(&call->privacy, call->upstream);
    for (unsigned i = 0; i < call->trunk->n_upstreams; i++) {
        const struct upstream *u = &s->upstreams[call->trunk->upstreams[i]];
        if (privacy_view(&call->privacy, u) == view)
            continue;
        if (out->n > 0)
            buf_add_text(out, ", ");
        buf_add_str(out, u->name);
    }
}

static void tell_upstream(const struct sink *to, const struct settings *s, const struct call *call)
{
    static const char *const views[] = {
        [PRIVACY_WHOLE] = "all",
        [PRIVACY_WITHHELD] = "no P-Asserted-Identity, by Privacy",
        [PRIVACY_STRIPPED] = "no P-Asserted-Identity and no Identity of others, by Privacy",
    };
    struct buf others = BUF_INIT;
    struct str none = {NULL, 0};
    const struct upstream *u = call->upstream;
    if (u)
        add_others(&others, s, call);
    tell(to, "upstream", u ? u->name : none);
    tell(to, "sees", u ? str_of(views[privacy_view(&call->privacy, u)]) : none);
    tell(to, "ask_apart", others.n > 0 ? buf_str(&others) : none);
    buf_fini(&others);
}

static void tell_numbers(const struct sink *to, const struct outcome *o)
{
    struct buf row = BUF_INIT;
    struct str none = {NULL, 0};
    tell(to, "orig", o->claims.orig.n > 0 ? tn_str(&o->claims.orig) : none);
    tell(to, "dest", o->claims.dest.n > 0 ? tn_str(&o->claims.dest) : none);
    if (o->number_looked_up && o->number.file.n > 0)
        buf_addf(&row, "%.*s:%u", STR_ARG(o->number.file), o->number.line);
    tell(to, "number_state", o->number_looked_up ? number_state_name(o->number.state) : none);
    tell(to, "number_row", row.n > 0 ? buf_str(&row) : none);
    buf_fini(&row);
}

static void tell_steps(const struct sink *to, const struct outcome *o)
{
    if (to->json) {
        json_put_key(to->json, STR("steps"));
        json_begin_array(to->json);
    }
    for (unsigned i = 0; i < o->n_trace; i++) {
        if (to->json)
            json_put_string(to->json, o->trace[i]);
        else
            tell(to, i == 0 ? "steps" : "", o->trace[i]);
    }
    if (to->json)
        json_end_array(to->json);
}

/* "302 Moved Temporarily, signed: the answer holds a token", and its lines. */
static void print_redirect(const struct redirect_answer *a)
{
    struct str rest = a->lines;
    struct buf text = BUF_INIT;
    buf_addf(&text, "%d%s%.*s, %.*s: %.*s", a->status, a->phrase.n > 0 ? " " : "",
             STR_ARG(a->phrase), STR_ARG(dialect_case_name(a->which)),
             STR_ARG(dialect_case_text(a->which)));
    if (a->why)
        buf_addf(&text, "; %s", a->why);
    printf("%-*s ", INDENT - 1, "answer");
    print_wrapped(buf_str(&text), INDENT);
    while (rest.n > 0) {
        const struct str line = str_trim(str_cut(&rest, '\n'));
        if (line.n > 0) {
            printf("%-*s ", INDENT - 1, "");
            print_wrapped(line, INDENT);
        }
    }
    buf_fini(&text);
}

static void put_redirect(const struct sink *to, const struct dialect *dialect,
                         const struct redirect_answer *a)
{
    struct str rest = a->lines;
    json_put_key(to->json, STR("answer"));
    json_begin_object(to->json);
    tell(to, "dialect", dialect->name);
    tell(to, "case", dialect_case_name(a->which));
    json_put_key(to->json, STR("status"));
    json_put_integer(to->json, a->status);
    tell(to, "phrase", a->phrase.n > 0 ? a->phrase : (struct str){NULL, 0});
    tell(to, "why", a->why ? str_of(a->why) : (struct str){NULL, 0});
    json_put_key(to->json, STR("lines"));
    json_begin_array(to->json);
    while (rest.n > 0) {
        const struct str line = str_trim(str_cut(&rest, '\n'));
        if (line.n > 0)
            json_put_string(to->json, line);
    }
    json_end_array(to->json);
    json_end_object(to->json);
}

/* 0: none is sent, or the call goes on. REDIRECT: of a call whose SBC asks by redirect; or NULL. */
static void tell_answer(const struct sink *to, const struct rehearsal *told,
                        const struct redirect_answer *redirect)
{
    const struct outcome *o = told->outcome;
    int status = redirect ? redirect->status : o->verdict == VERDICT_REJECT ? o->sip_status : 0;
    if (to->json) {
        json_put_key(to->json, STR("sip_status"));
        json_put_integer(to->json, status);
        if (redirect)
            put_redirect(to, told->call->trunk->in_dialect, redirect);
    } else if (redirect) {
        print_redirect(redirect);
    } else if (status > 0) {
        print_said("%-13s %d%s%.*s\n", "answer", status, o->sip_phrase.n > 0 ? " " : "",
                   STR_ARG(o->sip_phrase));
    } else if (o->verdict == VERDICT_REJECT) {
        print_said("%-13s none\n", "answer");
    }
}

/* Of what is signed, or of what others signed and passed. */
static struct str level_of(const struct outcome *o)
{
    if (o->verdict == VERDICT_SIGN)
        return (struct str){&o->claims.attest, 1};
    if (o->verified && o->verified->level)
        return (struct str){&o->verified->level, 1};
    return (struct str){NULL, 0};
}

static void tell_verdict(const struct sink *to, const struct rehearsal *told,
                         const struct redirect_answer *redirect)
{
    const struct outcome *o = told->outcome;
    struct str none = {NULL, 0};
    const bool withheld = outcome_was_withheld(o);
    tell(to, "decision", verdict_name(o->verdict));
    if (!o->verified || o->verdict == VERDICT_SIGN || to->json)
        tell(to, "level", level_of(o));
    if (to->json || withheld)
        tell(to, "withheld", withheld ? (struct str){&o->claims.attest, 1} : none);
    tell(to, "rule", o->rule.n > 0 ? o->rule : none);
    tell(to, "reason", reason_name(o->reason));
    tell(to, "because", reason_text(o->reason));
    tell(to, "detail", o->detail.n > 0 ? o->detail : none);
    tell_answer(to, told, redirect);
}

/* What the signer would write. */
static void write_token(struct buf *header, struct buf *payload, const struct certificate *c,
                        const struct passport_type *type, const struct outcome *o)
{
    struct passport_claims claims;
    type->fill(&claims, o);
    passport_write_header(header, type, type->reference->of(c));
    passport_write_payload(payload, type, &claims);
}

static void tell_token(const struct sink *to, const struct decision_basis *basis,
                       const struct outcome *o)
{
    const uint32_t certificate = outcome_certificate(o);
    if ((o->verdict != VERDICT_SIGN && !outcome_was_withheld(o)) ||
        certificate >= basis->settings->n_certificates)
        return;
    const struct certificate *c = &basis->settings->certificates[certificate];
    struct buf header = BUF_INIT, payload = BUF_INIT;
    write_token(&header, &payload, c, passport_type_deciding(), o);
    if (c->provider < basis->settings->n_providers)
        tell(to, "provider", basis->settings->providers[c->provider].name);
    tell(to, "certificate", c->id);
    tell(to, "cert_spc", c->spc);
    tell(to, "cert_serial", c->serial);
    tell(to, "x5u", c->x5u);
    /* JSON is printable already; escaped again it could not be read any more. */
    if (to->json) {
        tell(to, "token_header", buf_str(&header));
        tell(to, "token_payload", buf_str(&payload));
    } else {
        print_said("%-13s %.*s\n", "token", STR_ARG(buf_str(&header)));
        print_said("%-13s %.*s\n", "", STR_ARG(buf_str(&payload)));
        print_said("%-13s (not signed: this is what the signer would be asked for)\n", "");
    }
    buf_fini(&header);
    buf_fini(&payload);
}

/* ---- of a trunk that verifies ---- */

static const char *result_word(enum verify_result result)
{
    static const char *const words[] = {[VERIFY_NOT_DONE] = "not done",
                                        [VERIFY_PASSED] = "ok",
                                        [VERIFY_WARNED] = "warning",
                                        [VERIFY_FAILED] = "FAILED"};
    return words[result];
}

/* One of the call's tokens, with what is known beside it of whose fault something is. */
struct shown_token {
    const struct verification_header *header;
    struct verify_question question;
    struct verify_grounds grounds;
};

static struct shown_token shown_token_of(const struct verification_header *h,
                                         const struct call *call)
{
    struct shown_token t = {
        .header = h,
        .question = {.token = h->token, .now_s = call->now_s},
        .grounds = {.time_is_ours = llabs(clock_real_s() - call->now_s) <= 1,
                    .clock_is_set = clock_is_kept(),
                    .fetched = h->fetched},
    };
    if (!sip_date_parse(call->date, &t.question.date_s))
        t.question.date_s = 0;
    return t;
}

/* Whose fault it probably is, and what to do; empty where nothing failed. */
static struct str whose_of(const struct shown_token *t, enum verify_check check, struct str *todo)
{
    const struct verify_report *r = &t->header->report;
    *todo = (struct str){NULL, 0};
    if (r->finding[check].result != VERIFY_FAILED)
        return (struct str){NULL, 0};
    const enum verify_fault fault = verify_fault_of(&t->question, r, &t->grounds, check);
    *todo = verify_fault_advice(check, fault);
    return verify_fault_name(fault);
}

/* "signature    FAILED: it does not verify", and what to do. */
static void print_finding(const struct shown_token *t, enum verify_check check)
{
    struct buf text = BUF_INIT;
    struct str todo;
    const struct verify_finding *f = &t->header->report.finding[check];
    const struct str whose = whose_of(t, check, &todo);
    int at = printf("%-*s %-12.*s ", INDENT - 1, "", STR_ARG(verify_check_name(check)));
    buf_add_text(&text, result_word(f->result));
    if (f->text.n > 0)
        buf_addf(&text, ": %.*s", STR_ARG(f->text));
    if (whose.n > 0)
        buf_addf(&text, " (whose: %.*s)", STR_ARG(whose));
    print_wrapped(buf_str(&text), at);
    if (todo.n > 0) {
        at = printf("%*s-> ", at, "");
        print_wrapped(todo, at);
    }
    buf_fini(&text);
}

static void tell_finding(const struct sink *to, const struct shown_token *t,
                         enum verify_check check)
{
    const struct verify_finding *f = &t->header->report.finding[check];
    struct str todo;
    if (!to->json) {
        print_finding(t, check);
        return;
    }
    json_begin_object(to->json);
    tell(to, "check", verify_check_name(check));
    tell(to, "result", str_of(result_word(f->result)));
    tell(to, "found", f->text);
    tell(to, "whose", whose_of(t, check, &todo));
    tell(to, "todo", todo);
    json_end_object(to->json);
}

static void tell_header(const struct sink *to, const struct verification_header *h,
                        const struct call *call)
{
    struct buf text = BUF_INIT;
    const struct shown_token token = shown_token_of(h, call);
    buf_addf(&text, "%u, %.*s", h->header + 1, STR_ARG(token_verdict_name(h->report.verdict)));
    if (to->json) {
        json_begin_object(to->json);
        json_put_key(to->json, STR("header"));
        json_put_integer(to->json, (int64_t)h->header + 1);
        tell(to, "verdict", token_verdict_name(h->report.verdict));
        tell(to, "x5u", h->token->identity.info);
        json_put_key(to->json, STR("checks"));
        json_begin_array(to->json);
    } else {
        tell(to, "identity", buf_str(&text));
        tell(to, "x5u", h->token->identity.info);
    }
    for (int i = 0; i < VERIFY_CHECKS; i++)
        tell_finding(to, &token, (enum verify_check)i);
    if (to->json) {
        json_end_array(to->json);
        json_end_object(to->json);
    }
    buf_fini(&text);
}

/* The members that the record of the call would have, of the same writer, but for those that say
   nothing. */
static void print_verified(const struct sink *to, const struct verified *v)
{
    struct buf text = BUF_INIT;
    struct json writer = json_writer(&text, false);
    verified_put(&writer, v);
    json_t *members = buf_failed(&text) ? NULL : json_loadb(text.p, text.n, 0, NULL), *value;
    const char *key;
    json_object_foreach(members, key, value)
    {
        struct buf shown = BUF_INIT;
        if (json_is_string(value))
            buf_add_text(&shown, json_string_value(value));
        else if (json_is_integer(value))
            buf_addf(&shown, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        else if (json_is_boolean(value))
            buf_add_text(&shown, json_is_true(value) ? "yes" : "no");
        tell(to, key, buf_str(&shown));
        buf_fini(&shown);
    }
    json_decref(members);
    buf_fini(&text);
}

/* Nobody outside a worker knows whether its guards hold. */
static void add_guard(struct buf *text, const struct decision_basis *basis,
                      const struct rehearsal *told)
{
    const struct settings *s = basis->settings;
    const struct trunk *t = told->call ? told->call->trunk : NULL;
    const struct verified *v = told->outcome->verified;
    if (t && v && v->answered == ANSWERED_REJECT && t->verification < s->n_verifications &&
        s->verifications[t->verification].max_reject_percent < 100)
        buf_addf(text, ", unless the guard of trunk %.*s holds (stirctl status)", STR_ARG(t->name));
}

static void tell_then(const struct sink *to, const struct decision_basis *basis,
                      const struct rehearsal *told)
{
    const struct verified *v = told->outcome->verified;
    const struct str then = v ? verification_answered_text(v->answered) : STR("");
    struct buf text = BUF_INIT;
    buf_add_str(&text, then);
    if (!to->json)
        add_guard(&text, basis, told);
    if (to->json || then.n > 0)
        tell(to, "then", then.n > 0 && !buf_failed(&text) ? buf_str(&text) : (struct str){NULL, 0});
    buf_fini(&text);
}

static void tell_verified(const struct sink *to, const struct verified *v)
{
    if (!to->json) {
        if (v)
            print_verified(to, v);
        return;
    }
    json_put_key(to->json, STR("verification"));
    if (v)
        verified_put(to->json, v);
    else
        json_put_null(to->json);
}

/* All that was found in all of its Identity headers. */
static void tell_verification(const struct sink *to, const struct verification *v,
                              const struct call *call)
{
    if (!v)
        return;
    if (to->json) {
        json_put_key(to->json, STR("identities"));
        json_begin_array(to->json);
    }
    for (unsigned i = 0; i < v->n; i++)
        tell_header(to, &v->headers[i], call);
    if (to->json)
        json_end_array(to->json);
}

static void tell_all(const struct sink *to, const struct decision_basis *basis,
                     const struct rehearsal *told, struct str message)
{
    struct redirect_answer redirect;
    const bool is_redirect = decision_answer_of(basis, told, message, &redirect);
    tell(to, "by", basis->generation > 0 ? STR("the running stird") : STR("the files"));
    tell_call(to, told);
    tell_group_in_from(to, basis, told->call);
    tell_passed_over(to, told->call);
    tell_upstream(to, basis->settings, told->call);
    tell_numbers(to, told->outcome);
    tell_steps(to, told->outcome);
    tell_verdict(to, told, is_redirect ? &redirect : NULL);
    tell_then(to, basis, told);
    tell_verified(to, told->outcome->verified);
    tell_verification(to, told->verification, told->call);
    tell(to, "note", told->note.n > 0 ? told->note : (struct str){NULL, 0});
    tell_token(to, basis, told->outcome);
}

void decision_print(const struct decision_basis *basis, const struct rehearsal *told,
                    struct str message, bool json)
{
    struct buf text = BUF_INIT;
    struct json writer = json_writer(&text, false);
    struct sink to = {json ? &writer : NULL};
    if (json)
        json_begin_object(&writer);
    tell_all(&to, basis, told, message);
    if (json) {
        json_end_object(&writer);
        json_print_text(buf_str(&text));
    }
    buf_fini(&text);
}
