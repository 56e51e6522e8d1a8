#include "stranger.h"

#include <stird/headers.h>
#include <stird/log.h>

#define SAID_EVERY_MS 60000

/* ---- requests ---- */

static bool find_tag(struct str raw, const char *name, char compact, struct str *tag)
{
    struct header_line line;
    if (!header_find(raw, str_of(name), compact, &line))
        return false;
    *tag = screen_tag_of(line.value);
    return true;
}

static bool request_is_heard(const struct proxy *p, const struct flow *from, struct str raw)
{
    struct header_line call_id;
    struct own_routes own;
    struct dialog_id dialog;
    if (!header_find(raw, STR("Call-ID"), 'i', &call_id) ||
        !find_tag(raw, "From", 'f', &dialog.from_tag) || !find_tag(raw, "To", 't', &dialog.to_tag))
        return false;
    dialog.call_id = call_id.value;
    own_routes_read(p, raw, &dialog, from->listener, &own);
    return dialog.to_tag.n > 0 && own.proven && own.entry == from->listener;
}

/* ---- responses ---- */

/* sent-protocol LWS sent-by *( SEMI via-params ), as we and others write it. */
static void read_via(struct str element, struct via_hop *via)
{
    size_t semicolon = str_find(element, ';', 0);
    struct str parameters = str_slice(element, semicolon, element.n);
    struct str sent_by = str_trim(str_slice(element, 0, semicolon)), protocol;
    size_t space = sent_by.n;
    while (space > 0 && sent_by.p[space - 1] != ' ' && sent_by.p[space - 1] != '\t')
        space--;
    protocol = str_trim(str_slice(sent_by, 0, space));
    while (str_find(protocol, '/', 0) < protocol.n)
        str_cut(&protocol, '/');
    sent_by = str_slice(sent_by, space, sent_by.n);
    size_t bracket = sent_by.n > 0 && sent_by.p[0] == '[' ? str_find(sent_by, ']', 0) : 0;
    size_t colon = str_find(sent_by, ':', bracket);
    *via = (struct via_hop){.transport = str_trim(protocol),
                            .host = str_slice(sent_by, 0, colon),
                            .port = str_slice(sent_by, colon + 1, sent_by.n)};
    parameter_find(parameters, STR("branch"), &via->branch);
    parameter_find(parameters, STR("received"), &via->received);
    parameter_find(parameters, STR("rport"), &via->rport);
}

/* The two topmost; the second is empty when there is none. */
static bool read_vias(struct str raw, struct via_hop via[2])
{
    struct header_line line;
    struct str rest, element;
    unsigned n = 0;
    via[0] = via[1] = (struct via_hop){.host = {NULL, 0}};
    start_line(raw, &rest);
    while (n < 2 && header_next(&rest, &line))
        while (n < 2 && header_is(&line, STR("Via"), 'v') && list_next(&line.value, &element))
            read_via(element, &via[n++]);
    return n > 0;
}

static bool read_proof(struct str raw, struct branch_proof *proof, struct str *method)
{
    struct header_line cseq, call_id, from;
    struct via_hop via[2];
    uint64_t number;
    if (!read_vias(raw, via) || !header_find(raw, STR("CSeq"), 0, &cseq) ||
        !header_find(raw, STR("Call-ID"), 'i', &call_id) ||
        !header_find(raw, STR("From"), 'f', &from))
        return false;
    *method = cseq.value;
    struct str digits = str_cut(method, ' ');
    *method = str_trim(*method);
    if (!str_to_u64(digits, INT32_MAX, &number))
        return false;
    *proof = (struct branch_proof){.branch = via[0].branch,
                                   .call_id = call_id.value,
                                   .cseq = (uint32_t)number,
                                   .from_tag = screen_tag_of(from.value),
                                   .next = via[1]};
    return true;
}

/* Somebody who has seen the request, or a gateway that answers from another address. */
static void say_foreign(struct proxy *p, const struct flow *from, const struct branch_proof *proof)
{
    int64_t now_ms = proxy_now_ms();
    bool first = p->counters.foreign_responses++ == 0;
    if (!first && now_ms - p->foreign_said_ms < SAID_EVERY_MS)
        return;
    p->foreign_said_ms = now_ms;
    struct buf source = BUF_INIT;
    address_add(&source, &from->remote);
    log_warning(
        "a response is dropped: its request did not go to this address, and no trunk and no "
        "upstream covers it",
        LOG_TEXT("call_id", proof->call_id), LOG_TEXT("source", buf_str(&source)),
        LOG_NUMBER("responses", (int64_t)p->counters.foreign_responses));
    buf_fini(&source);
}

/* Its request was sent there. Which ones another worker sent, that one knows. */
static bool is_asked(const struct proxy *p, const struct flow *from,
                     const struct client_transaction *t, struct str branch)
{
    if (t)
        return address_same_host(&client_transaction_flow(t)->remote, &from->remote);
    unsigned worker = branch_worker(branch);
    return !p->from_inbox && worker < p->n_workers && worker != p->worker;
}

static bool response_is_heard(struct proxy *p, const struct flow *from, struct str raw)
{
    struct branch_proof proof;
    struct str method;
    if (!read_proof(raw, &proof, &method))
        return false;
    struct transaction_key key = client_key(&p->branches, proof.branch, method);
    const struct client_transaction *t = client_transaction_find(p->transactions, &key);
    if (!t && !branch_proof_holds(&p->branches, &proof))
        return false;
    if (p->snapshot->settings->responses_any || is_asked(p, from, t, proof.branch))
        return true;
    say_foreign(p, from, &proof);
    return false;
}

bool stranger_is_heard(struct proxy *p, const struct flow *from, struct str raw)
{
    return str_starts_nocase(raw, STR("SIP/")) ? response_is_heard(p, from, raw)
                                               : request_is_heard(p, from, raw);
}
