#include "answering.h"

#include <stird/base/clock.h>
#include <stird/core/source_table.h>

#include "context.h"
#include "proxy_parts.h"
#include "reply.h"
#include "request.h"
#include "shadow_compare.h"

#define ALLOW "Allow: INVITE, ACK, CANCEL, OPTIONS\r\n"

/* ---- calls ---- */

static bool ask(const struct context *c, enum reason reason, int status, struct redirect_answer *a)
{
    static const struct leaving nothing;
    const struct leaving *leaving = c->leaving ? &c->leaving[c->view] : &nothing;
    const struct redirect_question question = {.settings = c->snapshot->settings,
                                               .call = c->call,
                                               .outcome = c->outcome,
                                               .reason = reason,
                                               .status = status,
                                               .request = {c->request, c->request_bytes},
                                               .transport = c->from.transport,
                                               .identities = leaving->identities,
                                               .n_identities = leaving->n_identities};
    return redirect_answer(a, &question);
}

bool answering_refusal(const struct context *c, enum reason reason, int status,
                       struct redirect_answer *a)
{
    const struct trunk *trunk = c->call ? c->call->trunk : NULL;
    if (!trunk || !trunk->in_dialect || !c->initial)
        return false;
    ask(c, reason, status, a); /* without memory it has its status, and that says most of it */
    return a->is_said;
}

enum step_result answering_leave(struct context *c)
{
    struct redirect_answer a;
    if (c->cancelled)
        return step_refuse(c, REASON_CALLER_CANCELLED);
    if (c->outcome->verdict == VERDICT_REJECT)
        return step_refuse(c, c->outcome->reason);
    if (!context_prepare_answer(c) || !ask(c, c->outcome->reason, 0, &a))
        return step_refuse(c, REASON_OUT_OF_MEMORY);
    if (a.why)
        c->outcome->detail = str_of(a.why);
    c->sent_us = clock_monotonic_us();
    histogram_add(&proxy_counters(c->proxy)->added_latency_us,
                  (uint64_t)(c->sent_us - c->arrived_us));
    shadow_compare(c);
    c->cause = CAUSE_REDIRECTED;
    context_answer_as(c, a.status, a.phrase, a.lines);
    return STEP_DONE;
}

/* ---- other requests ---- */

/* OPTIONS is how an SBC asks whether we are well, whatever number it names (RFC 3261 section 11.2).
   As each of them it is answered without state. */
enum step_result answering_options(struct context *c)
{
    const struct flow reply = reply_flow(c->message, &c->from);
    request_answer_options(c->proxy, c->message, &reply, c->source_class, STR(ALLOW));
    context_finish(c, 0);
    return STEP_DONE;
}

bool answering_is_all(const struct settings *s, const struct address *source)
{
    const struct source_entry *entry;
    unsigned step = 0, n = 0;
    while ((entry = source_table_next(s->sources, source, &step)))
        for (unsigned i = 0; i < entry->n_trunks; i++, n++)
            if (!s->trunks[entry->trunks[i]].in_dialect)
                return false;
    return n > 0;
}

enum step_result answering_other(struct context *c, const struct trunk *trunk)
{
    const struct message *m = c->message;
    holding_belongs(c->holding, HOLDING_OF_TRUNK, trunk->name);
    if (!context_admit(c))
        return STEP_DONE;
    if (m->to_tag.n > 0) /* no answer of ours has begun a dialog */
        return step_refuse(c, REASON_NO_TRANSACTION);
    if (str_eq(m->method, STR("OPTIONS")))
        return answering_options(c);
    context_answer(c, 405, STR(ALLOW));
    return STEP_DONE;
}
