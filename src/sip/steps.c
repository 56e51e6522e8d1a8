/*
 * The way of a request through the proxy: the steps that all calls have, after which the service of
 * their trunk has its own (service.h), and the way of other requests.
 */
#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/base/log.h>
#include <stird/core/trunk_why.h>
#include <stird/core/emergency.h>
#include <stird/core/switches.h>
#include <stird/core/trunk.h>
#include <string.h>

#include "answering.h"
#include "context.h"
#include "steps.h"
#include "relay.h"
#include "tally.h"
#include "forward.h"
#include "rating.h"
#include "facts.h"
#include "dialog_block.h"
#include "dialog_trunk.h"
#include "fence.h"
#include "placing.h"
#include "sip/message/received.h"
#include "service.h"
#include "switched.h"
#include "tracing.h"
#include <stird/core/headers.h>

#define NAME_WAIT_MS 2000 /* a request inside a call, for an address of its peer */

#define TAGS_TOLD_BYTES 200 /* of unknown options */

/* Places in the two lists at the end. */
enum call_step { FACTS, SCREEN, TRUNK, CALL_STEPS };
enum other_step { OTHER_SCREEN, OTHER_ROUTE, OTHER_FOLLOW, OTHER_SEND, OTHER_STEPS };

enum step_result step_refuse(struct context *c, enum reason reason)
{
    context_refuse(c, reason);
    return STEP_DONE;
}

static void set_detail(struct context *c, struct str detail)
{
    if (c->outcome)
        c->outcome->detail = arena_copy(c->arena, detail);
}

/* Sets the detail as for a message that could not be read. */
static void set_fault(struct context *c, const struct screen_fault *fault)
{
    struct buf detail = BUF_INIT;
    received_add_fault(&detail, fault);
    set_detail(c, buf_str(&detail));
    buf_fini(&detail);
}

static enum step_result refuse_header(struct context *c, enum reason reason, struct str name,
                                      const char *what)
{
    const struct screen_fault fault = {reason, name, message_octet_of(c->message, name), what};
    set_fault(c, &fault);
    return step_refuse(c, reason);
}

/* Whether an initial INVITE is an emergency call: asked before its trunk is known, and only where
   something stands in its way. */
static bool is_emergency(const struct context *c)
{
    return c->initial && emergency_of_call(c->snapshot->settings, c->call) != EMERGENCY_NONE;
}

/* Where the first tag is; lines before it may be empty. */
static size_t octet_of_tag(const struct message *m)
{
    struct header_line line;
    struct str rest, tag;
    start_line(m->raw, &rest);
    while (head_line_next(&rest, &line))
        if (header_is(&line, STR("Proxy-Require"), 0) && list_next(&line.value, &tag))
            return (size_t)(tag.p - m->raw.p);
    return 0;
}

/* "asks for foo, bar, which no proxy has here"; of many tags the first. */
static void tell_extensions(struct context *c, struct str tags)
{
    const char *what = arena_printf(c->arena, "asks for %.*s%s, which stird does not have",
                                    STR_ARG(str_slice(tags, 0, TAGS_TOLD_BYTES)),
                                    tags.n > TAGS_TOLD_BYTES ? "..." : "")
                           .p;
    const struct screen_fault fault = {REASON_BAD_EXTENSION, STR("Proxy-Require"),
                                       octet_of_tag(c->message), what};
    set_fault(c, &fault);
}

/* 420 lists what we do not know: everything, for we know no Proxy-Require (section 16.3 item 5). */
static enum step_result check_extensions(struct context *c)
{
    struct str value, tag;
    struct buf extra = BUF_INIT;
    const struct str name = STR("Unsupported: ");
    buf_add_str(&extra, name);
    struct message_place at = {0};
    while (message_header_next(c->message, STR("Proxy-Require"), '\0', &at, &value))
        while (list_next(&value, &tag)) {
            buf_add_text(&extra, extra.n == name.n ? "" : ", ");
            buf_add_str(&extra, tag);
        }
    enum step_result result = extra.n <= name.n || is_emergency(c) ? STEP_NEXT : STEP_DONE;
    if (result == STEP_DONE) {
        tell_extensions(c, str_slice(buf_str(&extra), name.n, extra.n));
        buf_add_text(&extra, "\r\n");
        context_refuse_with(c, REASON_BAD_EXTENSION, buf_str(&extra));
    }
    buf_fini(&extra);
    return result;
}

/* One above 255 may be read as none (RFC 4475 section 3.1.2.4): inside a call, so that it ends. */
static enum step_result check_hops(struct context *c)
{
    unsigned long hops = 0;
    bool told = message_max_forwards(c->message, &hops);
    if (told && hops == 0)
        return refuse_header(c, REASON_TOO_MANY_HOPS, STR("Max-Forwards"), "is 0");
    if (hops > MAX_FORWARDS_MAX && !is_emergency(c) && !c->message->claims_to_tag)
        return refuse_header(c, REASON_BAD_REQUEST, STR("Max-Forwards"), "is above 255");
    return STEP_NEXT;
}

static enum step_result check_loop(struct context *c)
{
    if (branch_shows_loop(proxy_branches(c->proxy), c->message))
        return refuse_header(c, REASON_LOOP_DETECTED, STR("Via"),
                             "holds a branch of ours for this request");
    return STEP_NEXT;
}

/* Whether it is a call that leaves to nobody, so that what is said to proxies does not concern us
   (section 8.3). Its trunk is not known yet; asked only where something of that kind is wrong. */
static bool is_answered_here(const struct context *c)
{
    bool known;
    const struct trunk *trunk = c->call ? c->call->trunk : NULL;
    if (c->initial && c->call && !trunk)
        trunk = trunk_match(c->snapshot->settings, c->call, &known);
    return c->initial && trunk && trunk->in_dialect;
}

/*
 * RFC 3261 section 16.3. An emergency call goes on wherever it can: what is malformed or demanded
 * of a proxy does not stop it. A loop, or a Max-Forwards that is used up, leads nowhere.
 */
static enum step_result step_screen(struct context *c)
{
    unsigned long hops;
    const bool last = message_max_forwards(c->message, &hops) && hops == 0;
    const bool asks = message_header_count(c->message, STR("Proxy-Require"), 0) > 0;
    const bool excused = (last || asks) && is_answered_here(c);
    enum step_result result = last && excused ? STEP_NEXT : check_hops(c);
    if (result == STEP_NEXT)
        result = check_loop(c);
    return result == STEP_NEXT && asks && !excused ? check_extensions(c) : result;
}

static enum step_result step_facts(struct context *c)
{
    c->outcome = arena_alloc(c->arena, sizeof(*c->outcome));
    if (!c->outcome || !facts_fill(c)) {
        c->call = NULL;
        c->outcome = NULL;
        return step_refuse(c, REASON_OUT_OF_MEMORY);
    }
    if (c->placed)
        c->call->trunk = placing_trunk(c);
    c->call->claims_dialog = c->message->claims_to_tag || c->message->to_tag.n > 0;
    /* What would be recorded if a path forgot to decide. */
    c->outcome->verdict = VERDICT_REJECT;
    c->outcome->reason = REASON_INTERNAL;
    c->outcome->sip_status = reason_sip_status(REASON_INTERNAL);
    tracing_call(c);
    return STEP_NEXT;
}

static bool upstreams_are_full(struct proxy *p, const struct settings *s, const struct trunk *trunk)
{
    const struct switches *off = proxy_switches(p);
    if (!trunk_sends(trunk))
        return false;
    for (unsigned i = 0; i < trunk->n_upstreams; i++) {
        const struct upstream *u = &s->upstreams[trunk->upstreams[i]];
        if (switches_any(off) && switches_find(off, SWITCH_UPSTREAM, u->name))
            continue;
        if (!limits_reached(proxy_limits(p), LIMIT_UPSTREAM_CALLS, u->name, u->max_calls))
            return false;
    }
    return true;
}

/* What a call in progress counts as: for its trunk, then for its source. */
static const struct part {
    enum limit_kind kind;
    enum reason full;
} parts_of_calls[] = {{LIMIT_TRUNK_CALLS, REASON_TRUNK_FULL},
                      {LIMIT_SOURCE_CALLS, REASON_SOURCE_FULL}},
  parts_of_emergencies[] = {{LIMIT_TRUNK_EMERGENCY, REASON_EMERGENCY_TRUNK},
                            {LIMIT_SOURCE_EMERGENCY, REASON_EMERGENCY_SOURCE}},
  parts_of_emergencies_by_to[] = {{LIMIT_TRUNK_EMERGENCY_TO, REASON_EMERGENCY_TRUNK},
                                  {LIMIT_SOURCE_EMERGENCY_TO, REASON_EMERGENCY_SOURCE}};

/* REASON_OK: there is room for one more, among MOST in all, for the trunk and for the source. */
static enum reason part_of(const struct context *c, const struct trunk *trunk,
                           const struct part parts[2], unsigned most)
{
    const struct settings *s = c->snapshot->settings;
    const struct limits *limits = proxy_limits(c->proxy);
    if (!limits_have_room(limits, parts[0].kind, trunk->name, most, s->trunk_percent))
        return parts[0].full;
    return limits_have_room(limits, parts[1].kind, limits_source_name(&c->from.remote), most,
                            s->source_percent)
               ? REASON_OK
               : parts[1].full;
}

static bool is_one_address(const struct address_prefix *prefix)
{
    return prefix->bits == (prefix->address.family == ADDRESS_IPV6 ? 128 : 32);
}

/* One source that acknowledges nothing leaves to the others of its trunk what is theirs. */
static bool has_no_part_of_answers(const struct context *c, const struct trunk *trunk)
{
    const struct settings *s = c->snapshot->settings;
    const unsigned most = (unsigned)((uint64_t)s->max_unacknowledged * s->source_percent / 100);
    if (s->max_unacknowledged == 0 || (trunk->n_sources == 1 && is_one_address(trunk->sources)))
        return false;
    return limits_now(proxy_limits(c->proxy), LIMIT_SOURCE_ANSWERS,
                      limits_source_name(&c->from.remote)) >= (most > 0 ? most : 1);
}

/* What is full, the widest first; REASON_OK when nothing is (Decided 15). */
static enum reason limit_of(const struct context *c, const struct trunk *trunk)
{
    struct proxy *p = c->proxy;
    const struct settings *s = c->snapshot->settings;
    if (proxy_limits(p)->taken[LIMIT_TRUNK_CALLS] >= s->max_calls)
        return REASON_OVERLOADED;
    if (limits_reached(proxy_limits(p), LIMIT_TRUNK_CALLS, trunk->name, trunk->max_calls))
        return REASON_TRUNK_FULL;
    if (limits_reached(proxy_limits(p), LIMIT_TRUNK_ANSWERS, trunk->name, s->max_unacknowledged))
        return REASON_TRUNK_UNACKNOWLEDGED;
    if (has_no_part_of_answers(c, trunk))
        return REASON_SOURCE_UNACKNOWLEDGED;
    if (upstreams_are_full(p, s, trunk))
        return REASON_UPSTREAM_FULL;
    return part_of(c, trunk, parts_of_calls, s->max_calls);
}

/*
 * No other limit counts for emergency calls; this one bounds their memory (Decided 5). Those by To
 * alone have a part of it, and never what is left of the rest.
 */
static enum reason limit_of_emergency(const struct context *c, const struct trunk *trunk)
{
    const uint64_t *taken = proxy_limits(c->proxy)->taken;
    uint64_t by_to = taken[LIMIT_TRUNK_EMERGENCY_TO];
    unsigned all = c->snapshot->settings->max_emergency, most = LIMIT_OF_EMERGENCY_TO(all);
    if (taken[LIMIT_TRUNK_EMERGENCY] + by_to >= all || (c->emergency_by_to && by_to >= most))
        return REASON_EMERGENCY_FULL;
    return c->emergency_by_to ? part_of(c, trunk, parts_of_emergencies_by_to, most)
                              : part_of(c, trunk, parts_of_emergencies, all - (unsigned)by_to);
}

/* Whether it fits as any other call: a caller wrote the To that makes it an emergency call, to
   whatever number. */
static bool fits_among_calls(const struct context *c, const struct trunk *trunk)
{
    holding_is(c->holding, HOLDING_CALL);
    return limit_of(c, trunk) == REASON_OK && holding_over(c->holding) == REASON_OK;
}

static enum holding_class class_of_call(const struct context *c)
{
    if (!c->emergency)
        return HOLDING_CALL;
    return c->emergency_by_to ? HOLDING_EMERGENCY_TO : HOLDING_EMERGENCY;
}

static void count_in(struct context *c, const struct trunk *trunk, const struct part parts[2],
                     struct limit *in_progress[2])
{
    struct limits *limits = proxy_limits(c->proxy);
    in_progress[0] = limits_take(limits, parts[0].kind, trunk->name);
    in_progress[1] = limits_take(limits, parts[1].kind, limits_source_name(&c->from.remote));
}

/* Counts the call in, or refuses it without keeping anything of it. */
static bool admit_call(struct context *c, const struct trunk *trunk, enum emergency emergency)
{
    holding_belongs(c->holding, HOLDING_OF_TRUNK, trunk->name);
    c->emergency_by_to = emergency == EMERGENCY_BY_TO;
    c->emergency = emergency == EMERGENCY_BY_REQUEST_URI ||
                   (c->emergency_by_to && !fits_among_calls(c, trunk));
    enum reason full = c->emergency ? limit_of_emergency(c, trunk) : limit_of(c, trunk);
    if (full != REASON_OK) {
        context_refuse_stateless(c, full);
        return false;
    }
    holding_is(c->holding, class_of_call(c));
    if (!context_admit(c))
        return false;
    count_in(c, trunk, parts_of_calls, c->in_progress);
    tally_call_begins(c, trunk);
    if (c->emergency)
        count_in(c, trunk, c->emergency_by_to ? parts_of_emergencies_by_to : parts_of_emergencies,
                 c->in_progress + 2);
    return true;
}

/* Its copies leave no records. */
static enum step_result pass_over(struct context *c)
{
    c->call = NULL;
    context_finish(c, 0);
    return STEP_DONE;
}

/* A peer that takes any answer for health gets none (proxy.drain). */
static enum step_result refuse_draining(struct context *c, enum reason reason, bool silently)
{
    return silently ? pass_over(c) : step_refuse(c, reason);
}

/* An operator has switched something off that the call needs. Of a silence a rehearsal tells. */
static enum step_result refuse_switched(struct context *c, enum reason reason)
{
    const bool silent = reason == REASON_DRAINED && !proxy_rehearsal(c->proxy) &&
                        switched_is_silent(c->proxy, c->snapshot->settings);
    TALLY(c, refused_by_switch, 1);
    if (!silent)
        switched_tell(c, reason);
    return refuse_draining(c, reason, silent);
}

/* Probably tgrp_in is wrong, or a caller tries to choose its trunk; a line a minute says so. */
static void note_group_in_from(struct context *c)
{
    struct proxy *p = c->proxy;
    const struct trunk *trunk = trunk_of_from_alone(c->snapshot->settings, c->call);
    if (!trunk || !proxy_net(p)) /* a rehearsal is no call; what explains it says so itself */
        return;
    if (!proxy_says(p, LINE_GROUP_IN_FROM, &proxy_counters(p)->groups_in_from))
        return;
    log_warning("only From, which callers write, names this trunk's group: if its SBC writes it "
                "there, give the trunk tgrp_in from",
                LOG_TEXT("call_id", c->call->call_id), LOG_TEXT("trunk", trunk->name),
                LOG_TEXT("tgrp", trunk->tgrp),
                LOG_TEXT("read_in", group_place_name(trunk->tgrp_in)),
                LOG_NUMBER("calls", (int64_t)proxy_counters(p)->groups_in_from));
}

/* To is a text of the caller's, and it gets a call past block, limits and drain: when there are too
   many of these, that is told. */
void steps_count_emergency(struct context *c, enum emergency emergency)
{
    struct proxy *p = c->proxy;
    bool by_to = emergency == EMERGENCY_BY_TO;
    TALLY(c, emergency_calls, emergency != EMERGENCY_NONE);
    count_add(&proxy_counters(p)->emergency_by_to, by_to);
    if (!share_count(proxy_emergency_share(p), by_to,
                     c->snapshot->settings->emergency_to_alarm_percent))
        return;
    count_add(&proxy_counters(p)->emergency_to_alarms, 1);
    log_error("too many calls are emergency calls by their To alone: where the Request-URI always "
              "tells, set emergency.to = false",
              LOG_NUMBER("of_calls", proxy_emergency_share(p)->calls),
              LOG_NUMBER("by_to", proxy_emergency_share(p)->hits),
              LOG_TEXT("trunk", c->call->trunk->name), LOG_TEXT("call_id", c->call->call_id));
}

/* Whether it comes from an upstream: then the trunk that fits does not name the address as narrowly
   (Decided 12). */
static bool is_from_upstream(const struct context *c, const struct trunk *trunk)
{
    return !source_may_begin(c->proxy, trunk, &c->call->source);
}

/* Why no trunk takes it, not even FITTING, which fits (or NULL); empty: no trunk has this source.
 */
static struct str why_no_trunk(const struct context *c, const struct trunk *fitting)
{
    const struct settings *s = c->snapshot->settings;
    if (!fitting && c->source_class == SOURCE_TRUNK)
        return trunk_none_why(s, c->call);
    if (!source_is_trunk(s, &c->call->source))
        return STR("");
    return STR("an upstream names this address more narrowly than the trunk that covers it: if it "
               "may begin calls, write the address itself among the sources of its trunk");
}

/* An emergency call is not lost for want of its trunk (Decided 5), nor because an SBC gets its own
   calls back; but neither gives it a level. */
static const struct trunk *find_trunk(struct context *c)
{
    const struct settings *s = c->snapshot->settings;
    bool source_known;
    const struct trunk *trunk = trunk_match(s, c->call, &source_known);
    note_group_in_from(c);
    if (trunk && !is_from_upstream(c, trunk))
        return trunk;
    c->outcome->detail = why_no_trunk(c, trunk);
    return trunk_for_emergency(s, c->call);
}

/* Other calls of this SBC are refused then: somebody has to mend what tells its trunks apart. */
static void note_fits_none(struct context *c)
{
    struct proxy *p = c->proxy;
    if (!proxy_net(p) || !proxy_says(p, LINE_FITS_NONE, &proxy_counters(p)->emergency_no_trunk))
        return;
    log_error("an emergency call fits no trunk of its source: it goes unsigned to the upstream of "
              "one of them",
              LOG_TEXT("call_id", c->call->call_id), LOG_TEXT("trunk", c->call->trunk->name),
              LOG_TEXT("detail", c->outcome->detail),
              LOG_NUMBER("calls", (int64_t)proxy_counters(p)->emergency_no_trunk));
}

/* A connection belongs to the trunks whose requests came on it (dialog_trunk.h). */
static void note_connection(const struct context *c, uint64_t trunk)
{
    if (proxy_net(c->proxy) && c->from.connection && trunk != 0)
        net_belongs(&c->from, trunk);
}

static enum step_result step_trunk(struct context *c)
{
    struct proxy *p = c->proxy;
    const struct trunk *trunk = c->call->trunk; /* a rehearsal, or a call of our own, names it */
    if (!trunk)
        trunk = find_trunk(c);
    if (!trunk) {
        bool of_upstream = is_from_upstream(c, NULL);
        return step_refuse(c, of_upstream ? REASON_FROM_UPSTREAM : REASON_NO_TRUNK);
    }
    c->call->trunk = trunk;
    tracing_call(c);
    c->service = service_of(trunk);
    c->call->source_in_doubt = source_in_doubt(p, trunk, &c->call->source);
    if (c->call->fits_none)
        note_fits_none(c);
    else
        note_connection(c, trunk_id(p, trunk));
    c->call->customer = c->snapshot->customer[trunk - c->snapshot->settings->trunks];
    c->says_emergency = emergency_of_call(c->snapshot->settings, c->call);
    if (proxy_is_draining(p) && c->says_emergency == EMERGENCY_NONE)
        return refuse_draining(c, REASON_DRAINING, c->snapshot->settings->drain_silently);
    if (yielding_leaves(p, &c->from) && c->says_emergency == EMERGENCY_NONE)
        return pass_over(c);
    const enum reason switched = switched_refuses(p, c->snapshot->settings, trunk);
    if (switched != REASON_OK && c->says_emergency == EMERGENCY_NONE)
        return refuse_switched(c, switched);
    steps_count_emergency(c, c->says_emergency);
    return admit_call(c, trunk, c->says_emergency) ? STEP_NEXT : STEP_DONE;
}

enum step_result step_targets(struct context *c)
{
    return target_of_trunk(c, c->call->trunk) ? STEP_NEXT : step_refuse(c, REASON_OUT_OF_MEMORY);
}

enum step_result step_send(struct context *c)
{
    if (c->cancelled) {
        context_refuse(c, REASON_CALLER_CANCELLED);
        return STEP_DONE;
    }
    if (c->outcome && c->outcome->verdict == VERDICT_REJECT)
        return step_refuse(c, c->outcome->reason);
    /* The request is not parsed any more when it has left, and what leaves for the last time is
       given up (context_shrink()). */
    if (c->sent_us < 0 && !c->answer.rests && (c->invite || c->target + 1 >= c->n_targets))
        context_prepare_answer(c);
    enum forward_result result = forward_next(c);
    if (result == FORWARD_UNDECIDED)
        return STEP_AGAIN;
    if (result == FORWARD_WAITS)
        return STEP_WAIT;
    if (result == FORWARD_NONE)
        relay_give_up(c, REASON_NO_UPSTREAM);
    return STEP_DONE;
}

static void forget_name(struct wait *w)
{
    name_waiter_leave(&container_of(w, struct context, wait)->asked->name);
}

static const struct wait_kind for_name = {.name = "the address of a peer", .cancel = forget_name};

static void on_name(struct name_waiter *waiter)
{
    struct context *c = container_of(waiter, struct asked, name)->context;
    wait_wake(&c->wait, WAIT_ANSWERED);
}

static bool keep_targets(struct context *c, const struct targets *targets)
{
    struct target *copy = arena_array(c->arena, targets->n, sizeof(*copy));
    if (!copy)
        return false;
    memcpy(copy, targets->list, targets->n * sizeof(*copy));
    c->targets = copy;
    c->n_targets = targets->n;
    return true;
}

/* No new call waits for DNS, but a request inside a call may, for a peer that gave a name as
   Contact. */
static enum step_result step_follow(struct context *c)
{
    struct targets targets;
    bool too_late = wait_ended(&c->wait, &for_name) == WAIT_TOO_LATE;
    if (c->targets) /* those of its trunk: it is inside no dialog of ours */
        return STEP_NEXT;
    c->asked->name = (struct name_waiter){.answered = on_name};
    enum target_result result = fence_target_of_dialog(c->proxy, c->message, &c->own,
                                                       &c->from.remote, &c->asked->name, &targets);
    if (result == TARGET_PENDING && !too_late) {
        wait_begin(&c->wait, &for_name, c->arrived_us / 1000 + NAME_WAIT_MS);
        return STEP_WAIT;
    }
    name_waiter_leave(&c->asked->name);
    if (result != TARGET_FOUND)
        return step_refuse(c, result == TARGET_FENCED ? REASON_NO_PEER : REASON_NO_UPSTREAM);
    return keep_targets(c, &targets) ? STEP_NEXT : step_refuse(c, REASON_OUT_OF_MEMORY);
}

/* As for a new emergency call whose number is blocked: counts it, and has it leave a record. */
static void note_excused(struct context *c)
{
    steps_count_emergency(c, emergency_of_call(c->snapshot->settings, c->call));
    context_reaches(c, PROGRESS_DECIDED);
}

/* A call that is not blocked goes on as if it had not been asked about. */
static enum step_result check_block(struct context *c)
{
    if (!c->invite)
        return STEP_NEXT;
    if (step_facts(c) != STEP_NEXT)
        return STEP_DONE;
    enum dialog_block block = dialog_block_of(c);
    if (block == DIALOG_BLOCK_REFUSES)
        return step_refuse(c, c->outcome->reason);
    if (block == DIALOG_BLOCK_EXCUSES) {
        note_excused(c);
        return STEP_NEXT;
    }
    c->call = NULL;
    c->outcome = NULL;
    return STEP_NEXT;
}

/* A request inside a dialog, or of another method. */
static enum step_result step_route(struct context *c)
{
    const struct message *m = c->message;
    if (m->to_tag.n > 0 && c->own.proven) {
        rating_bye(c->proxy, m);
        note_connection(c, dialog_trunk_of(c->proxy, m, &c->own, SENT_BY_CALLER, &c->from.remote));
        return check_block(c);
    }
    if (!facts_fill(c))
        return step_refuse(c, REASON_OUT_OF_MEMORY);
    bool known;
    const struct trunk *trunk = trunk_match(c->snapshot->settings, c->call, &known);
    if (is_from_upstream(c, trunk))
        return step_refuse(c, m->to_tag.n > 0 ? REASON_NO_TRANSACTION : REASON_FROM_UPSTREAM);
    /* What tells the trunks of an SBC apart stands in calls; it asks about all of them. */
    if (!trunk && str_eq(m->method, STR("OPTIONS")) && m->to_tag.n == 0 &&
        answering_is_all(c->snapshot->settings, &c->call->source))
        return answering_options(c);
    if (!trunk)
        return step_refuse(c, REASON_NO_TRUNK);
    c->call->trunk = trunk;
    note_connection(c, trunk_id(c->proxy, trunk));
    if (trunk->in_dialect)
        return answering_other(c, trunk);
    holding_belongs(c->holding, HOLDING_OF_TRUNK, trunk->name);
    if (!context_admit(c))
        return STEP_DONE;
    return target_of_trunk(c, trunk) ? STEP_NEXT : step_refuse(c, REASON_OUT_OF_MEMORY);
}

static const struct step call_steps[CALL_STEPS] = {
    [FACTS] = {"facts", step_facts},
    [SCREEN] = {"screen", step_screen},
    [TRUNK] = {"trunk", step_trunk},
};
static const struct step other_steps[OTHER_STEPS] = {
    [OTHER_SCREEN] = {"screen", step_screen},
    [OTHER_ROUTE] = {"route", step_route},
    [OTHER_FOLLOW] = {"follow", step_follow},
    [OTHER_SEND] = {"send", step_send},
};

static const struct way way_of_call = {call_steps, CALL_STEPS, FACTS};
static const struct way way_of_other = {other_steps, OTHER_STEPS, OTHER_SEND};

static void go(struct context *c, const struct way *way)
{
    c->way = way;
    c->step = 0;
}

/* After the steps of all calls come those of its service, once; after those comes nothing. A last
   step that goes on is a fault of ours, and its call is not left waiting. */
static enum step_result begin_service(struct context *c)
{
    if (!c->service || c->way == &c->service->way)
        return step_refuse(c, REASON_NO_UPSTREAM);
    go(c, &c->service->way);
    return STEP_NEXT;
}

/* At level debug: at which step a request waits, and for what. */
static void tell_wait(const struct context *c)
{
    if (!log_wants(LOG_LEVEL_DEBUG))
        return;
    struct str request = {c->request, c->request ? c->request_bytes : 0};
    log_debug("a request waits", LOG_TEXT("call_id", received_call_id(request)),
              LOG_CSTR("step", c->way->steps[c->step].name), LOG_CSTR("for", c->wait.what->name));
}

/* False: what the step began to wait for has come already, so the step runs again. */
static bool waits(struct context *c)
{
    if (!wait_stands(&c->wait))
        return false;
    tell_wait(c);
    return true;
}

/*
 * When a step does not go on, C may be gone, its record written. So what is about to be decided
 * counts as decided beforehand, whatever the step of a service answers by itself.
 */
static void run(struct context *c)
{
    enum step_result result;
    do {
        if (c->service && c->way->steps[c->step].run == c->service->decide)
            context_reaches(c, PROGRESS_DECIDED);
        result = c->way->steps[c->step].run(c);
        if (result == STEP_AGAIN)
            c->step = c->way->round;
        else if (result == STEP_NEXT && ++c->step == c->way->n)
            result = begin_service(c);
    } while (result == STEP_NEXT || result == STEP_AGAIN || (result == STEP_WAIT && !waits(c)));
}

/* Notes which Routes are ours: those that name us brought the request here, and have done their
   work (section 16.4). A To tag is the caller's own word; only our key in the Route proves a
   dialog. */
static bool is_in_dialog(struct context *c)
{
    own_routes_of(c->proxy, c->message, c->from.listener, &c->own);
    return c->message->to_tag.n > 0 && c->own.proven;
}

/* A short BYE has memory of its own; a long one counts as any other request of its call. */
static enum holding_class class_of(const struct context *c)
{
    bool bye = str_eq(c->message->method, STR("BYE"));
    return bye && c->request_bytes <= HOLDING_END_BYTES ? HOLDING_END : HOLDING_DIALOG;
}

/* Both ends may write any Call-ID: a hash with our key makes all of them alike. */
static void belongs_to_call(struct context *c)
{
    const struct str texts[] = {STR("call"), c->message->call_id};
    struct transaction_key of = siphash_texts(proxy_branches(c->proxy)->table, texts, 2);
    holding_is(c->holding, class_of(c));
    holding_belongs(c->holding, HOLDING_OF_CALL, (struct str){(const char *)&of, sizeof(of)});
}

/* Whether a new call may stay is known only with its trunk, and with whether it is an emergency
   call. */
void steps_begin(struct context *c)
{
    bool in_dialog = is_in_dialog(c);
    c->initial = c->invite && !in_dialog;
    go(c, c->initial ? &way_of_call : &way_of_other);
    if (in_dialog)
        belongs_to_call(c);
    if (c->initial || context_admit(c))
        run(c);
}

/* It goes where its Route leads, or nowhere; an unknown source gets no answer. */
static void rehearse_dialog(struct context *c)
{
    struct targets targets;
    struct outcome *o = c->outcome;
    enum dialog_block block = dialog_block_of(c);
    if (block == DIALOG_BLOCK_REFUSES)
        return;
    o->verdict = VERDICT_PASS;
    if (block == DIALOG_BLOCK_NONE)
        o->reason = REASON_IN_DIALOG;
    if (fence_target_of_dialog(c->proxy, c->message, &c->own, &c->from.remote, NULL, &targets) !=
        TARGET_FENCED)
        return;
    o->verdict = VERDICT_REJECT;
    o->reason = REASON_NO_PEER;
    o->sip_status = c->source_class == SOURCE_UNKNOWN ? 0 : reason_sip_status(REASON_NO_PEER);
}

bool steps_rehearse(struct context *c, void (*known)(struct context *c),
                    void (*suppose)(struct context *c))
{
    bool in_dialog = is_in_dialog(c);
    c->initial = !in_dialog;
    for (c->step = FACTS; c->step < CALL_STEPS; c->step++) {
        if (call_steps[c->step].run(c) != STEP_NEXT)
            return in_dialog;
        if (c->step == FACTS)
            known(c);
        if (c->step == SCREEN && in_dialog) {
            rehearse_dialog(c);
            return true;
        }
    }
    suppose(c);
    while (c->service->decide(c) == STEP_AGAIN)
        ; /* for what another next hop sees */
    return false;
}

void steps_wait_over(struct wait *w)
{
    struct context *c = container_of(w, struct context, wait);
    run(c);
    context_release_if_idle(c);
}

void steps_try_again(struct context *c)
{
    c->step = c->way->round;
    run(c);
}

void steps_try_next_target(struct context *c)
{
    c->target++;
    c->bare = false;
    steps_try_again(c);
}
