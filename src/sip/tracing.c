#include "tracing.h"

#include <stird/base/clock.h>
#include <stird/core/tn.h>
#include <string.h>

#include "context.h"
#include "sip/message/received.h"

/* ---- what is traced ---- */

static void forget(struct tracing *tracing, unsigned i)
{
    call_trace_unmap(tracing->list[i].memory);
    tracing->list[i] = tracing->list[--tracing->n];
}

bool tracing_begin_take(struct tracing *tracing, const struct traced *t, int64_t now_ms)
{
    tracing_tidy(tracing, now_ms);
    tracing_end(tracing, t->id);
    if (now_ms >= t->until_ms || tracing->n == CALL_TRACES_MAX) {
        call_trace_unmap(t->memory);
        return false;
    }
    tracing->list[tracing->n++] = *t;
    return true;
}

void tracing_end(struct tracing *tracing, uint64_t id)
{
    for (unsigned i = tracing->n; i-- > 0;)
        if (tracing->list[i].id == id)
            forget(tracing, i);
}

void tracing_tidy(struct tracing *tracing, int64_t now_ms)
{
    for (unsigned i = tracing->n; i-- > 0;)
        if (now_ms >= tracing->list[i].until_ms)
            forget(tracing, i);
}

void tracing_fini(struct tracing *tracing)
{
    while (tracing->n > 0)
        forget(tracing, tracing->n - 1);
}

/* NULL: nothing is traced now. */
static struct tracing *running(const struct proxy *p)
{
    struct tracing *tracing = proxy_tracing(p);
    if (!tracing || tracing->n == 0)
        return NULL;
    tracing_tidy(tracing, proxy_now_ms());
    return tracing->n > 0 ? tracing : NULL;
}

/* ---- messages ---- */

/* All workers have the same key, and the one after a dead one too. */
static uint64_t hash_of(const struct proxy *p, struct str call_id)
{
    const struct str texts[] = {STR("traced call"), call_id};
    const struct transaction_key hash = siphash_texts(proxy_branches(p)->table, texts, 2);
    uint64_t value;
    memcpy(&value, &hash, sizeof(value));
    return value | 1;
}

/* Our end of FLOW: of its connection, or the address of the socket. */
static struct address own_end(const struct proxy *p, const struct flow *flow)
{
    struct address own = {0};
    const struct listeners *l = proxy_listeners(p);
    if (!flow_own_end(flow, &own) && flow->listener < l->n)
        own = l->list[flow->listener].address;
    return own;
}

static struct call_message message_of(const struct proxy *p, const struct flow *flow, bool came,
                                      struct str bytes, int64_t real_us)
{
    const struct address own = own_end(p, flow);
    return (struct call_message){.real_us = real_us,
                                 .from = came ? flow->remote : own,
                                 .to = came ? own : flow->remote,
                                 .transport = flow->transport,
                                 .bytes = bytes};
}

static bool is_of(const struct traced *t, struct str call_id, uint64_t hash)
{
    if (t->kind == CALL_TRACE_CALL_ID)
        return str_eq(call_id, str_of(t->value));
    return call_trace_knows(t->memory, hash);
}

static void pass_by(struct proxy *p, const struct flow *flow, bool came, struct str bytes)
{
    const struct tracing *tracing = running(p);
    const struct str call_id = tracing ? received_call_id(bytes) : STR("");
    if (call_id.n == 0)
        return;
    const uint64_t hash = hash_of(p, call_id);
    for (unsigned i = 0; i < tracing->n; i++) {
        if (!is_of(&tracing->list[i], call_id, hash))
            continue;
        const struct call_message m = message_of(p, flow, came, bytes, clock_real_us());
        call_trace_put(tracing->list[i].memory, &m);
    }
}

void tracing_received(struct proxy *p, const struct flow *from, struct str raw)
{
    /* The worker that a response reached first has it. */
    if (proxy_tracing(p) && !(proxy_inbox(p)->handing_over && received_may_respond(raw)))
        pass_by(p, from, true, raw);
}

void tracing_sent(struct proxy *p, const struct flow *to, struct str bytes)
{
    if (proxy_tracing(p))
        pass_by(p, to, false, bytes);
}

/* ---- calls ---- */

/* Whether URI holds the number VALUE, as it stands there or as the trunk's country writes it. */
static bool is_number(struct str uri, const struct trunk *trunk, struct str value)
{
    static const struct country none;
    struct tn tn;
    const enum tn_fault fault = tn_from_uri(&tn, uri, trunk ? &trunk->country : &none, &value, 1);
    return (fault == TN_OK || tn_cannot_exist(fault)) && str_eq(tn_str(&tn), value);
}

static bool has_number(const struct call *call, struct str value)
{
    const struct asserted_texts *asserted = &call->asserted;
    if (is_number(call->from_uri, call->trunk, value) ||
        is_number(call->request_uri, call->trunk, value) ||
        is_number(call->to_uri, call->trunk, value))
        return true;
    for (unsigned i = 0; i < asserted->n && i < ASSERTED_MAX; i++)
        if (is_number(asserted->uri[i], call->trunk, value))
            return true;
    return false;
}

static bool is_wanted(const struct traced *t, const struct call *call)
{
    const struct str value = str_of(t->value);
    if (t->kind == CALL_TRACE_TN)
        return has_number(call, value);
    return t->kind == CALL_TRACE_TRUNK && call->trunk && str_eq(call->trunk->name, value);
}

void tracing_call(const struct context *c)
{
    const struct tracing *tracing = running(c->proxy);
    const struct str request = {c->request, c->request ? c->request_bytes : 0};
    const struct str call_id = tracing ? received_call_id(request) : STR("");
    if (call_id.n == 0)
        return;
    const uint64_t hash = hash_of(c->proxy, call_id);
    for (unsigned i = 0; i < tracing->n; i++) {
        const struct traced *t = &tracing->list[i];
        if (!is_wanted(t, c->call) || call_trace_knows(t->memory, hash) ||
            !call_trace_add_call(t->memory, hash))
            continue;
        const struct call_message m = message_of(c->proxy, &c->from, true, request, c->real_us);
        call_trace_put(t->memory, &m);
    }
}
