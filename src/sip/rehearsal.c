/*
 * A call without a network: the steps of steps.c on a proxy that has no sockets, and of names of
 * upstreams only what the running stird knows.
 */
#include <stird/base/container_of.h>
#include <stird/sip/rehearsal.h>

#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "dialog_block.h"
#include "dialog_trunk.h"
#include "steps.h"
#include "switched.h"
#include "sip/message/received.h"

struct stage {
    struct rehearsal *rehearsal;
    struct arena *arena;
    struct snapshot snapshot;
    struct proxy *proxy;
    struct message message; /* of the context */
    struct context context;
};

static bool set_stage(struct stage *s)
{
    static const uint8_t no_secret[SNAPSHOT_SECRET_BYTES];
    const struct rehearsal *r = s->rehearsal;
    const struct settings *settings = r->settings;
    uint32_t *customer = arena_array(s->arena, settings->n_trunks + 1u, sizeof(*customer));
    if (!customer || !message_module_init())
        return false;
    for (unsigned i = 0; i < settings->n_trunks; i++)
        customer[i] = numbers_customer(r->numbers, settings->trunks[i].customer);
    /* The steps only read it, as all that a snapshot points to. */
    s->snapshot.settings = (struct settings *)(uintptr_t)settings;
    s->snapshot.numbers.table = r->numbers;
    s->snapshot.customer = customer;
    const struct proxy_stage stage = {.snapshot = &s->snapshot,
                                      .listeners = listeners_of_settings(settings),
                                      .secret = r->secret ? r->secret : no_secret,
                                      .overlay = r->overlay,
                                      .rehearsal = r};
    s->proxy = proxy_new_offstage(&stage);
    return s->proxy != NULL;
}

static void clear_stage(struct stage *s)
{
    if (s->context.proxy)
        context_uncount(&s->context);
    message_fini(&s->message);
    answer_base_fini(&s->context.answer);
    proxy_free_offstage(s->proxy);
    free(s);
}

static bool make_context(struct stage *s, struct str raw)
{
    struct context *c = &s->context;
    struct str copy = arena_copy(s->arena, raw);
    c->proxy = s->proxy;
    c->message = &s->message;
    c->snapshot = &s->snapshot;
    c->arena = s->arena;
    c->request = (char *)(uintptr_t)copy.p;
    c->request_bytes = copy.n;
    c->from.remote = s->rehearsal->source;
    c->from.transport = s->rehearsal->transport;
    c->source_class = s->rehearsal->trunk ? SOURCE_TRUNK
                                          : source_class_of(s->proxy, &c->from.remote);
    c->real_us = s->rehearsal->now_s * 1000000;
    c->sign_us = c->sent_us = -1;
    c->invite = true;
    return copy.p != NULL && context_leavings_new(c);
}

static const struct stage *stage_of(const struct context *c)
{
    return container_of(c, struct stage, context);
}

/* Adds what the message does not say of the call. */
static void complete_call(struct context *c)
{
    const struct stage *s = stage_of(c);
    c->call->traced = !s->rehearsal->quiet;
    c->call->origid_key = NULL; /* the running stird's alone */
    c->call->listener = s->rehearsal->listener;
    c->call->trunk = s->rehearsal->trunk;
}

/* The next hop that is asked about, or the first that the trunk would try; what a service decides
   by another one, it says itself. */
static void suppose_target(struct context *c)
{
    const struct settings *settings = c->snapshot->settings;
    const struct trunk *trunk = c->call->trunk;
    struct target *target = arena_alloc(c->arena, sizeof(*target));
    for (unsigned i = trunk->n_upstreams; target && i-- > 0;) {
        const struct upstream *u = &settings->upstreams[trunk->upstreams[i]];
        if (i == 0 ? !target->upstream : str_eq(u->name, stage_of(c)->rehearsal->upstream))
            target->upstream = u;
    }
    c->targets = target;
    c->n_targets = target && target->upstream ? 1 : 0;
    c->call->upstream = c->n_targets > 0 ? target->upstream : NULL;
}

static void refuse(struct outcome *o, enum reason reason, int status)
{
    o->verdict = VERDICT_REJECT;
    o->reason = reason;
    o->sip_status = status;
}

/* Fills in what is known of a call that cannot be parsed. */
static bool tell_fault(struct stage *s, struct str raw, const struct screen_fault *fault)
{
    struct rehearsal *r = s->rehearsal;
    struct buf text = BUF_INIT;
    r->call = arena_alloc(s->arena, sizeof(*r->call));
    r->outcome = arena_alloc(s->arena, sizeof(*r->outcome));
    if (!r->call || !r->outcome)
        return false;
    r->call->source = r->source;
    r->call->arena = s->arena;
    r->call->call_id = arena_copy(s->arena, received_call_id(raw));
    int status = reason_sip_status(fault->reason);
    refuse(r->outcome, fault->reason, answer_malformed(raw, fault, STR("x"), &text) ? status : 0);
    buf_reset(&text);
    received_add_fault(&text, fault);
    r->outcome->detail = arena_copy(s->arena, buf_str(&text));
    buf_fini(&text);
    return true;
}

/* Strangers are heard only inside a dialog of ours, and get no answer at all. */
static void refuse_stranger(struct stage *s, bool in_dialog)
{
    struct outcome *o = s->rehearsal->outcome;
    if (s->context.source_class == SOURCE_UNKNOWN && !in_dialog)
        refuse(o, REASON_UNKNOWN_SOURCE, 0);
}

static void tell_silence(struct stage *s)
{
    struct rehearsal *r = s->rehearsal;
    if (r->outcome->reason != REASON_DRAINED || !switched_is_silent(s->proxy, r->settings))
        return;
    r->outcome->sip_status = 0;
    r->note = STR("stird drains in silence: such a call gets no answer and leaves no record");
}

static bool names_a_proof(struct str raw)
{
    return memmem(raw.p, raw.n, ROUTE_PARAMETER "=", sizeof(ROUTE_PARAMETER)) ||
           memmem(raw.p, raw.n, BRANCH_PREFIX, sizeof(BRANCH_PREFIX) - 1);
}

/* For an INVITE that our key proves to be inside a call: its Request-URI and headers are the
   callee's words, and tell no trunks apart. */
static void tell_way(struct stage *s)
{
    static const char *const ways[] = {
        [DIALOG_WAY_NAMED] = "it was named",
        [DIALOG_WAY_CALLEE] = "sent by who was called, whose number no trunk is asked about",
        [DIALOG_WAY_ALONE] = "no other trunk has this source",
        [DIALOG_WAY_PROVEN] = "of the trunks of this source, " TRUNK_PARAMETER
                              " in our Route proves it to be the one that began the call",
        [DIALOG_WAY_OF_SOURCE] = "several trunks have this source, and no " TRUNK_PARAMETER
                                 " in our Route proves which began the call: the strictest of them "
                                 "counts",
        [DIALOG_WAY_ANY] = "no trunk has this source: the strictest of all counts",
    };
    const struct trunk *trunk;
    if (s->context.own.proven)
        s->rehearsal->trunk_why = arena_printf(s->arena, "inside a call: %s",
                                               ways[dialog_way_of(&s->context, &trunk)]);
}

static enum reason tell(struct stage *s, enum frame_status status, const struct frame *frame)
{
    struct context *c = &s->context;
    struct rehearsal *r = s->rehearsal;
    const struct str raw = {c->request, c->request_bytes};
    if (!received_parse(c->message, raw, status, frame, s->rehearsal->settings)) {
        if (!received_is_invite(raw))
            return REASON_BAD_REQUEST;
        if (!tell_fault(s, raw, &c->message->fault))
            return REASON_OUT_OF_MEMORY;
        refuse_stranger(s, false);
        return REASON_OK;
    }
    if (!str_eq(c->message->method, STR("INVITE")))
        return REASON_BAD_REQUEST;
    bool in_dialog = steps_rehearse(c, complete_call, suppose_target);
    r->call = c->call;
    r->outcome = c->outcome;
    if (!r->call || !r->outcome)
        return REASON_OUT_OF_MEMORY;
    refuse_stranger(s, in_dialog);
    tell_silence(s);
    outcome_withhold(r->outcome);
    if (in_dialog)
        tell_way(s);
    if (r->verification && !r->trust)
        r->note = STR("no domain of trust is at hand: no chain is judged");
    if (!r->secret && names_a_proof(raw))
        r->note = STR("hmac-secret of the state directory cannot be read: proofs of stird's own in "
                      "Route and Via count as none");
    return REASON_OK;
}

/* Frames it as the place where it comes in does. A stream would wait for the rest, until a time
   limit ends it. */
static enum frame_status frame_message(const struct rehearsal *r, struct str bytes,
                                       struct frame *frame, bool *waits)
{
    const struct frame_limits limits = {r->settings->max_message_bytes,
                                        r->settings->max_header_lines};
    size_t resume = 0;
    *waits = false;
    if (r->transport == TRANSPORT_UDP)
        return frame_datagram(bytes, &limits, frame);
    enum frame_status status = frame_stream(bytes, &limits, &resume, frame);
    *waits = status == FRAME_INCOMPLETE;
    return *waits ? frame_datagram(bytes, &limits, frame) : status;
}

/* What has not ended gets no answer. */
static void tell_waiting(struct rehearsal *r)
{
    if (r->outcome)
        r->outcome->sip_status = 0;
    r->note = STR("over TCP or TLS stird waits for the rest of the message");
}

enum reason rehearsal_run(struct rehearsal *r, struct arena *arena, struct str bytes)
{
    struct stage *s = calloc(1, sizeof(*s));
    struct frame frame;
    bool waits;
    enum reason reason = REASON_OUT_OF_MEMORY;
    if (!s)
        return reason;
    s->rehearsal = r;
    s->arena = arena;
    enum frame_status status = frame_message(r, bytes, &frame, &waits);
    struct str raw = str_slice(bytes, frame.skip, bytes.n);
    if (status == FRAME_MESSAGE || status == FRAME_SAME_LENGTHS)
        raw = str_slice(raw, 0, frame.length);
    if (status == FRAME_KEEPALIVE || status == FRAME_NOT_SIP)
        reason = REASON_BAD_REQUEST;
    else if (set_stage(s) && make_context(s, raw))
        reason = tell(s, status, &frame);
    if (waits)
        tell_waiting(r);
    clear_stage(s);
    return reason;
}
