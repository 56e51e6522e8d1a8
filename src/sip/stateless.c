#include "stateless.h"

#include <stird/base/clock.h>
#include <stird/core/emergency.h>
#include <stird/core/trunk.h>
#include <stird/io/ledger.h>

#include "context.h"
#include "dialog_block.h"
#include "facts.h"
#include "fence.h"
#include "forward.h"
#include "rating.h"
#include "steps.h"

#define ARENA_BYTES 1024

/*
 * Whether an ACK without our key may be that of a 2xx, to an INVITE that went on without our key
 * too. The ACK of a 2xx goes to the callee's Contact. That of a refusal goes to where the INVITE
 * went, as a rule to us, with the tag of an answer of our own: it ends here.
 */
static bool may_be_of_2xx(const struct context *c)
{
    char own[TAG_LENGTH + 1];
    uint16_t listener;
    const struct message *m = c->message;
    branch_tag_write(proxy_branches(c->proxy), m, own);
    return m->to_tag.n > 0 && !str_eq(m->to_tag, str_of(own)) &&
           !target_is_ours(c->proxy, message_request_url(m), &listener);
}

/* While a name is being asked for, the request is lost: it is sent again, or what it acknowledges
   is. */
static bool follow_dialog(struct context *c)
{
    struct targets targets;
    if (fence_target_of_dialog(c->proxy, c->message, &c->own, &c->from.remote, NULL, &targets) !=
        TARGET_FOUND)
        return false;
    struct target *copy = arena_alloc(c->arena, sizeof(*copy));
    if (copy)
        *copy = targets.list[0];
    c->targets = copy;
    return copy != NULL;
}

static bool follow_trunk(struct context *c)
{
    bool known;
    if (!may_be_of_2xx(c) || !facts_fill(c))
        return false;
    c->call->trunk = trunk_match(c->snapshot->settings, c->call, &known);
    return c->call->trunk && source_may_begin(c->proxy, c->call->trunk, &c->call->source) &&
           target_of_trunk(c, c->call->trunk) && c->n_targets > 0;
}

static void pass_on(struct context *c)
{
    char branch[BRANCH_LENGTH + 1];
    struct flow flow;
    struct proxy *p = c->proxy;
    branch_write(proxy_branches(p), c->message, proxy_worker(p),
                 forward_has_route(c, c->targets) ? BRANCH_WITH_ROUTE : 0, branch);
    if (forward_write(c, c->targets, branch, proxy_scratch(p)) == REASON_OK &&
        target_flow(p, c->targets, &flow) == 0)
        proxy_send(p, &flow, buf_str(proxy_scratch(p)));
}

/* Max-Forwards is used up, or it has been here before. */
static bool is_dead(const struct context *c)
{
    unsigned long hops;
    return (message_max_forwards(c->message, &hops) && hops == 0) ||
           branch_shows_loop(proxy_branches(c->proxy), c->message);
}

/* M stays the caller's. */
static struct context context_of(struct proxy *p, struct message *m, const struct flow *from)
{
    struct context c = {.proxy = p,
                        .snapshot = proxy_snapshot(p),
                        .from = *from,
                        .message = m,
                        .real_us = clock_real_us(),
                        .arena = arena_new(ARENA_BYTES)};
    own_routes_of(p, m, from->listener, &c.own);
    return c;
}

void stateless_ack(struct proxy *p, struct message *m, const struct flow *from,
                   enum source_class class)
{
    struct context c = context_of(p, m, from);
    /* By the dialog that our key proves; without it, from a trunk, to its upstream as its INVITE
       went. */
    if (c.arena && !is_dead(&c) &&
        (c.own.proven ? follow_dialog(&c) : class == SOURCE_TRUNK && follow_trunk(&c)))
        pass_on(&c);
    arena_free(c.arena);
}

/* It comes in where the dialog does, and its responses will leave as it came: by UDP. */
static bool may_enter(const struct context *c)
{
    struct str transport = message_top_via(c->message).transport;
    return c->message->to_tag.n > 0 && c->own.proven && c->own.entry == c->from.listener &&
           str_eq_nocase(transport, STR("UDP"));
}

/* A stranger gets no answer; its refusal is told in log and record all the same. */
static void tell_blocked(const struct context *c)
{
    const struct undecided u = {.source = c->from.remote,
                                .invite = true,
                                .reason = c->outcome->reason,
                                .call_id = c->message->call_id,
                                .trunk = c->call->trunk->name};
    count_add(&proxy_counters(c->proxy)->invites, 1);
    undecided_tell(c->proxy, &u);
}

/* Nobody here will learn what becomes of it. */
static void tell_excused(struct context *c)
{
    const struct ledger_entry entry = {
        .settings = c->snapshot->settings,
        .call = c->call,
        .outcome = c->outcome,
        .cause = CAUSE_UNKNOWN,
        .ts_us = c->real_us,
        .sign_us = -1,
        .total_us = -1,
        .config_generation = c->snapshot->generation,
        .numbers_generation = c->snapshot->numbers_generation,
    };
    steps_count_emergency(c, emergency_of_call(c->snapshot->settings, c->call));
    proxy_write_record(c->proxy, &entry);
}

static bool is_blocked(struct context *c)
{
    if (!str_eq(c->message->method, STR("INVITE")))
        return false;
    c->outcome = arena_alloc(c->arena, sizeof(*c->outcome));
    if (!c->outcome || !facts_fill(c))
        return true; /* the sender will repeat it */
    enum dialog_block block = dialog_block_of(c);
    if (block == DIALOG_BLOCK_REFUSES)
        tell_blocked(c);
    if (block == DIALOG_BLOCK_EXCUSES)
        tell_excused(c);
    return block == DIALOG_BLOCK_REFUSES;
}

bool stateless_stranger(struct proxy *p, struct message *m, const struct flow *from)
{
    struct context c = context_of(p, m, from);
    bool enters = c.arena && may_enter(&c);
    if (enters && !is_dead(&c) && !is_blocked(&c) && follow_dialog(&c)) {
        rating_bye(p, c.message);
        allowance_earn(proxy_allowances(p), proxy_branches(p)->table, &from->remote, m->raw.n,
                       proxy_now_ms());
        message_set_received(c.message, &from->remote);
        pass_on(&c);
    }
    arena_free(c.arena);
    return enters;
}
