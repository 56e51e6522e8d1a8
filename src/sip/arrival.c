#include "arrival.h"

#include <stird/core/framing.h>
#include <stird/core/nat.h>
#include <string.h>

#include "inbox.h"
#include "peer_ports.h"
#include "proxy_parts.h"
#include "relay.h"
#include "request.h"
#include "sip/message/answer.h"
#include "sip/message/received.h"
#include "source_class.h"
#include "stranger.h"
#include "tracing.h"

#define SIGNATURES_AT_ONCE 8

static bool is_answerable(struct str raw)
{
    return !str_starts_nocase(frame_without_junk(raw), STR("SIP/")) &&
           !str_starts_nocase(raw, STR("ACK "));
}

#define MALFORMED_TAG "malformed"

/* Whether it is the ACK of a refusal of ours. Such an ACK repeats the mistake that was refused,
   which does not count as another fault. */
static bool is_ack_of_refusal(struct str raw)
{
    const char mark[] = ";tag=" MALFORMED_TAG;
    return str_starts_nocase(raw, STR("ACK ")) && memmem(raw.p, raw.n, mark, sizeof(mark) - 1);
}

/* The status that went out, or 0. */
static int answer_fault(struct proxy *p, const struct flow *from, struct str raw,
                        const struct screen_fault *fault)
{
    buf_reset(proxy_scratch(p));
    if (!is_answerable(raw) || !answer_malformed(raw, fault, STR(MALFORMED_TAG), proxy_scratch(p)))
        return 0;
    proxy_send(p, from, buf_str(proxy_scratch(p)));
    return reason_sip_status(fault->reason);
}

/* Counts what could not be read: for what is wrong in it, or for want of memory. */
static void count_unread(struct proxy *p, const struct flow *from, struct str call_id,
                         enum reason reason)
{
    const struct full_request r = {.source = from->remote, .call_id = call_id};
    count_add(&proxy_counters(p)->malformed, reason != REASON_OUT_OF_MEMORY);
    full_refused(p, reason, &r);
}

/* CUT: its connection ended before the message did, so an answer finds no way back. */
static void refuse_unread(struct proxy *p, const struct flow *from, struct str whole,
                          const struct screen_fault *fault, bool cut)
{
    struct buf detail = BUF_INIT;
    bool invite = received_is_invite(whole);
    struct str raw = frame_without_junk(whole);
    struct str rest, line = start_line(raw, &rest);
    bool answers = fault->reason != REASON_OUT_OF_MEMORY && relay_unread(p, raw);
    received_add_fault(&detail, fault);
    const struct undecided u = {
        .source = from->remote,
        .invite = invite,
        .emergency = invite && received_is_emergency(raw, proxy_settings(p)),
        .reason = fault->reason,
        .sip_status = answers || cut ? 0 : answer_fault(p, from, raw, fault),
        .call_id = received_call_id(raw),
        .detail = buf_str(&detail),
        .start_line = fault->what ? str_slice(str_trim(line), 0, 120) : STR(""),
    };
    count_unread(p, from, u.call_id, fault->reason);
    count_add(&proxy_counters(p)->invites, u.invite);
    undecided_tell(p, &u);
    buf_fini(&detail);
}

void arrival_offer_connection(void *context, const struct flow *from)
{
    const struct proxy *p = context;
    net_offer(from, nat_wants(proxy_settings(p), &from->remote, NAT_REUSE_CONNECTION));
}

/* Does what trunks of this source ask for (nat.h). Where the peer of a connection listens is
   remembered even if no trunk asks for that yet, because a reload may bring one that does. */
static void mind_nat(struct proxy *p, struct message *m, const struct flow *from)
{
    struct str port = message_top_via(m).port;
    uint64_t number = transport_port((enum transport)from->transport);
    m->force_rport = nat_wants(proxy_settings(p), &from->remote, NAT_FORCE_RPORT);
    if (!from->connection)
        return;
    if (port.n == 0 || str_to_u64(port, 65535, &number))
        net_listens_at(from, (uint16_t)number);
    arrival_offer_connection(p, from);
}

void arrival_message(void *context, const struct flow *arrived, char *bytes, size_t n,
                     const struct frame *frame, enum frame_status status)
{
    struct proxy *p = context;
    struct message m;
    enum source_class class = source_class_of(p, &arrived->remote);
    struct flow here = *arrived, *from = &here;
    bool framed = status == FRAME_MESSAGE || status == FRAME_SAME_LENGTHS;
    struct str raw = {bytes, framed ? frame->length : n};
    if (class == SOURCE_UNKNOWN && (status != FRAME_MESSAGE || !stranger_is_heard(p, from, raw))) {
        proxy_unknown_source(p, from, raw);
        return;
    }
    if (status == FRAME_CUT && received_may_respond(raw))
        return; /* its transaction hears of the connection */
    from->opening = class == SOURCE_UNKNOWN ? OPENING_NEVER : OPENING_LED;
    bool whole = status == FRAME_MESSAGE || (status == FRAME_BAD_LENGTH && frame->datagram);
    if (whole && inbox_pass_request(p, from, raw))
        return;
    tracing_received(p, from, raw);
    if (!received_parse(&m, raw, status, frame, proxy_settings(p))) {
        if (class != SOURCE_UNKNOWN && received_may_respond(raw) &&
            inbox_pass_response(p, received_branch(raw), from, raw))
            return; /* its transaction is another worker's */
        if (class != SOURCE_UNKNOWN && !is_ack_of_refusal(frame_without_junk(raw)))
            refuse_unread(p, from, raw, &m.fault, status == FRAME_CUT);
        else if (m.fault.reason == REASON_OUT_OF_MEMORY)
            count_unread(p, from, received_call_id(raw), m.fault.reason);
        if (status == FRAME_SAME_LENGTHS)
            net_out_of_step(from);
        return;
    }
    if (m.status == 0)
        mind_nat(p, &m, from);
    if (class != SOURCE_UNKNOWN)
        peer_ports_note(p, &m, from);
    if (m.status != 0)
        relay_response(p, &m, from, class);
    else
        request_received(p, &m, from, class);
    message_fini(&m);
}

/* An ICMP error quotes the beginning of our datagram: its top Via names the transaction (section
   18.4). Half a message is no message, so only these two lines are read. */
void arrival_undelivered(void *context, struct str datagram, int error)
{
    struct proxy *p = context;
    struct str rest, branch = received_branch(datagram), method = start_line(datagram, &rest);
    method = str_cut(&method, ' ');
    if (branch.n == 0)
        return;
    struct transaction_key key = branch_client_key(proxy_branches(p), branch, method);
    struct client_transaction *t = client_transaction_find(proxy_transactions(p), &key);
    if (t)
        client_transaction_transport_error(t, proxy_now_ms());
    else
        inbox_pass_undelivered(p, datagram, branch, error);
}

bool arrival_busy(void *proxy)
{
    const struct proxy *p = proxy;
    return signer_client_waiting(proxy_snapshot(p)->signer) >= SIGNATURES_AT_ONCE;
}
