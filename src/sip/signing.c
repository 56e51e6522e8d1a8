#include "signing.h"

#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/base/log.h>
#include <stird/core/identity.h>
#include <stird/core/passport.h>
#include <stird/core/policy.h>
#include <string.h>

#include "context.h"
#include "forward.h"
#include "rating.h"
#include "switched.h"
#include "tally.h"

#define RESIGN_AFTER_S 30 /* half the freshness that verifiers grant (R-P-138) */

/* Counts what holds for the call itself, whichever next hop it is decided for. */
static void count_facts(const struct context *c)
{
    TALLY(c, date_corrected, c->outcome->date_was_wrong && c->outcome->withheld == WITHHELD_NOT);
    TALLY(c, rates_lowered, c->outcome->rate_lowered);
    TALLY(c, level_unreadable, c->outcome->level_unreadable);
    TALLY(c, identity_unreadable, c->call->n_identity_unreadable);
    if (c->outcome->number_looked_up)
        count_add(&proxy_counters(c->proxy)->by_number_state[c->outcome->number.state], 1);
}

/* The upstream of the next target that has this view: it is decided for what that one sees. NULL:
   none has. */
static const struct upstream *upstream_of_view(const struct context *c, enum privacy_view view)
{
    for (unsigned i = c->target; i < c->n_targets; i++)
        if (privacy_view(&c->call->privacy, c->targets[i].upstream) == view)
            return c->targets[i].upstream;
    return NULL;
}

/* A rehearsal cannot wait. */
static int64_t waited_s(const struct context *c)
{
    return proxy_rehearsal(c->proxy) ? 0 : clock_real_s() - c->call->now_s;
}

/* Once for all next hops that see the same of the call. */
static void decide(struct context *c)
{
    const int64_t began_us = clock_monotonic_us();
    policy_decide(c->snapshot->settings, c->snapshot->numbers.table, c->call, c->outcome);
    histogram_add(&proxy_counters(c->proxy)->deciding_us,
                  (uint64_t)(clock_monotonic_us() - began_us));
    if (c->outcome->reason == REASON_SIGNING_OFF)
        switched_tell(c, REASON_SIGNING_OFF);
}

/* The next hop refused the call with its token: it leaves as if nothing had been signed. */
static enum step_result go_bare(struct context *c)
{
    struct outcome *o = arena_alloc(c->arena, sizeof(*o));
    if (!o)
        return step_refuse(c, REASON_OUT_OF_MEMORY);
    *o = *c->leaving[c->view].outcome;
    o->verdict = VERDICT_PASS;
    o->reason = REASON_SIGNED_REFUSED;
    o->date = DATE_KEEP;
    o->n_tokens = 0;
    c->outcome = c->leaving[LEAVES_BARE].outcome = o;
    return STEP_NEXT;
}

/* By the upstreams that a rule names, once; one that sees another part of the call is decided for
   anew. */
static enum step_result go_elsewhere(struct context *c)
{
    const enum privacy_view view = c->view;
    if (c->outcome->n_upstreams == 0 || c->redirected)
        return STEP_NEXT;
    if (!target_redirect(c, c->outcome->upstreams, c->outcome->n_upstreams))
        return step_refuse(c, REASON_OUT_OF_MEMORY);
    return forward_next_view(c) == view ? STEP_NEXT : STEP_AGAIN;
}

/* Before its steps stand those of what decided by the verdict. */
static void keep_steps(struct context *c, const struct str *steps, unsigned n)
{
    struct outcome *o = c->outcome;
    struct str *all = n > 0 ? arena_array(c->arena, n + o->n_trace, sizeof(*all)) : NULL;
    if (!all)
        return;
    memcpy(all, steps, n * sizeof(*all));
    for (unsigned i = 0; i < o->n_trace; i++)
        all[n + i] = o->trace[i];
    o->trace = all;
    o->n_trace += n;
}

enum step_result signing_decide(struct context *c)
{
    if (c->bare)
        return go_bare(c);
    enum privacy_view view = forward_next_view(c);
    struct leaving *leaving = &c->leaving[view];
    bool first = c->leaving[c->view].outcome == NULL;
    c->view = view;
    if (leaving->outcome) {
        c->outcome = leaving->outcome;
        return STEP_NEXT;
    }
    struct outcome *outcome = first ? c->outcome : arena_alloc(c->arena, sizeof(*outcome));
    if (!outcome)
        return step_refuse(c, REASON_OUT_OF_MEMORY);
    const struct str before = c->outcome->detail; /* why it fits no trunk, or is not judged */
    const uint32_t *upstreams = c->redirected ? c->outcome->upstreams : NULL; /* ruled.h */
    const unsigned n_upstreams = c->redirected ? c->outcome->n_upstreams : 0;
    const struct str *steps = first ? c->outcome->trace : NULL;
    const unsigned n_steps = first ? c->outcome->n_trace : 0;
    c->outcome = leaving->outcome = outcome;
    c->call->upstream = upstream_of_view(c, view);
    c->call->waited_s = waited_s(c);
    c->call->overlay = proxy_overlay(c->proxy);
    /* For another view it is among the counts already. */
    const struct rate_reader beside = rating_reader_beside(c);
    c->call->rates = c->rated ? &beside : proxy_rate_reader(c->proxy);
    c->call->switches = proxy_switches(c->proxy);
    c->call->certificate_states = c->snapshot->certificate_states;
    decide(c);
    c->call->rates = NULL;
    keep_steps(c, steps, n_steps);
    if (c->outcome->detail.n == 0)
        c->outcome->detail = before;
    if (upstreams && c->outcome->verdict != VERDICT_REJECT) {
        c->outcome->upstreams = upstreams;
        c->outcome->n_upstreams = n_upstreams;
    }
    if (first) {
        count_facts(c);
        rating_decided(c);
    }
    if (c->outcome->verdict == VERDICT_REJECT)
        return step_refuse(c, c->outcome->reason);
    return go_elsewhere(c);
}

/* From here on the call goes unsigned, or not at all, as the settings say. */
static void signing_failed(struct context *c, enum reason reason)
{
    TALLY(c, sign_failures, 1);
    count_add(&proxy_counters(c->proxy)->sign_failures_by_reason[reason], 1);
    policy_signing_failed(c->snapshot->settings, c->call, reason, c->outcome);
}

/* Keeps the Identity of TOKEN behind those that are there. */
static bool keep_identity(struct context *c, const struct passport_wanted *wanted, struct str token)
{
    struct leaving *leaving = &c->leaving[c->view];
    const struct certificate *certificate =
        &c->snapshot->settings->certificates[wanted->certificate];
    struct buf identity = BUF_INIT;
    if (!leaving->identities)
        leaving->identities = arena_array(c->arena, PASSPORTS_MAX, sizeof(*leaving->identities));
    identity_add(&identity, token, wanted->type->reference->of(certificate),
                 wanted->type->algorithm->name, wanted->type->ppt);
    struct str kept = buf_failed(&identity) || !leaving->identities
                          ? (struct str){NULL, 0}
                          : arena_copy(c->arena, buf_str(&identity));
    if (kept.p)
        leaving->identities[leaving->n_identities++] = kept;
    buf_fini(&identity);
    return kept.p != NULL;
}

static void tell_missing(const struct context *c, const struct passport_type *type,
                         enum reason reason)
{
    log_info("a call goes on without one of its tokens", LOG_TEXT("call_id", c->call->call_id),
             LOG_TEXT("type", type->ppt), LOG_TEXT("reason", reason_name(reason)));
}

/* False: there is no memory for it. One that is withheld was made, and that is all. */
static bool take_token(struct context *c, unsigned i, struct str token)
{
    return c->outcome->withheld != WITHHELD_NOT || keep_identity(c, &c->outcome->tokens[i], token);
}

/* Each token that could be made goes with the call; the token whose type decides says what becomes
   of the call itself. */
static void on_signed(void *user, const struct sign_answer *answers, unsigned n, uint32_t sign_us)
{
    struct context *c = user;
    struct outcome *o = c->outcome;
    const enum date_action date = o->date;
    enum reason failed = REASON_OK;
    c->sign_us = sign_us;
    for (unsigned i = 0; i < n; i++) {
        enum reason reason = answers[i].reason;
        if (reason == REASON_OK && !take_token(c, i, answers[i].token))
            reason = REASON_OUT_OF_MEMORY;
        if (reason != REASON_OK && o->tokens[i].type->decides)
            failed = reason;
        else if (reason != REASON_OK)
            tell_missing(c, o->tokens[i].type, reason);
    }
    if (failed != REASON_OK)
        signing_failed(c, failed);
    else
        histogram_add(&proxy_counters(c->proxy)->signing_us, sign_us);
    if (c->leaving[c->view].n_identities > 0)
        o->date = date; /* which is the one of those that are left, too */
    outcome_withhold(o);
    wait_wake(&c->wait, failed == REASON_OK ? WAIT_ANSWERED : WAIT_REFUSED);
}

static void forget_ticket(struct wait *w)
{
    struct context *c = container_of(w, struct context, wait);
    signer_client_cancel(c->snapshot->signer, c->asked->ticket);
}

static const struct wait_kind for_signature = {.name = "a signature", .cancel = forget_ticket};

int64_t signing_deadline_ms(int64_t now_ms, uint32_t timeout_ms)
{
    uint32_t early_ms = 2 * TIMER_TICK_MS;
    return now_ms + timeout_ms - (early_ms < timeout_ms / 2 ? early_ms : timeout_ms / 2);
}

/* A token that was made is good while it is fresh; one that is still to be asked for has to have
   the present time. */
static bool is_of_now(const struct context *c, int64_t now_s)
{
    int64_t iat_s = c->outcome->claims.iat_s;
    return c->leaving[c->view].n_identities > 0 ? now_s - iat_s <= RESIGN_AFTER_S
                                                : policy_is_time_of_token(iat_s, now_s);
}

/* Drops a token that was made, or decided on, long ago: another upstream is to get a fresh one. */
static void renew(struct context *c)
{
    struct outcome *o = c->outcome;
    int64_t now_s = clock_real_s();
    if (is_of_now(c, now_s))
        return;
    c->leaving[c->view] = (struct leaving){.outcome = o}; /* what was sent stays as it is */
    o->claims.iat_s = now_s;
    if (o->date == DATE_KEEP)
        o->date = DATE_REPLACE;
}

/* False: the call goes on without one. */
static bool ask_signer(struct context *c)
{
    const struct outcome *o = c->outcome;
    struct sign_order orders[PASSPORTS_MAX];
    for (unsigned i = 0; i < o->n_tokens; i++) {
        orders[i].type = o->tokens[i].type;
        orders[i].certificate = o->tokens[i].certificate;
        o->tokens[i].type->fill(&orders[i].claims, o);
    }
    enum reason reason = signer_client_submit(c->snapshot->signer, orders, o->n_tokens, on_signed,
                                              c, &c->asked->ticket);
    if (reason != REASON_OK)
        signing_failed(c, reason);
    return reason == REASON_OK;
}

/* Since it was decided: for one more next hop it gets no token, not even one that was made. */
static bool was_switched_off(struct context *c)
{
    c->call->switches = proxy_switches(c->proxy);
    if (!policy_signing_is_off(c->call, c->outcome))
        return false;
    switched_tell(c, REASON_SIGNING_OFF);
    c->leaving[c->view].n_identities = 0;
    return true;
}

/* The call waits; others go on. */
enum step_result signing_make_tokens(struct context *c)
{
    enum wait_end waited = wait_ended(&c->wait, &for_signature);
    if (waited == WAIT_TOO_LATE)
        signing_failed(c, REASON_SIGNER_TIMEOUT);
    if (waited != WAIT_NONE || c->outcome->verdict != VERDICT_SIGN || was_switched_off(c))
        return STEP_NEXT;
    renew(c);
    if (c->leaving[c->view].n_identities > 0 || !ask_signer(c))
        return STEP_NEXT;
    bool gathers = c->snapshot == proxy_snapshot(c->proxy);
    wait_begin(&c->wait, &for_signature,
               signing_deadline_ms(proxy_now_ms(), c->snapshot->settings->sign_timeout_ms));
    if (!gathers)
        signer_client_flush(c->snapshot->signer); /* which may bring the answer at once */
    return STEP_WAIT;
}
