#include "stranger.h"

#include <stird/base/log.h>
#include <stird/core/headers.h>
#include <stird/core/tag.h>

#define SAID_EVERY_MS 60000

/* ---- requests ---- */

static bool find_tag(struct str raw, const char *name, char compact, struct str *tag)
{
    struct header_line line;
    if (!header_find(raw, str_of(name), compact, &line))
        return false;
    *tag = tag_first(line.value);
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

/* The parts of a response that bear the proof. */
struct bearing {
    struct via_hop via[2]; /* the two topmost; the second is empty when there is none */
    unsigned n_vias;
    struct header_line cseq, call_id, from; /* the first of each; value.p is NULL without one */
};

static void keep_first(struct header_line *first, const struct header_line *line, const char *name,
                       char compact)
{
    if (!first->value.p && header_is(line, str_of(name), compact))
        *first = *line;
}

static bool has_dialog(const struct bearing *b)
{
    return b->cseq.value.p && b->call_id.value.p && b->from.value.p;
}

static bool is_all(const struct bearing *b)
{
    return b->n_vias == 2 && has_dialog(b);
}

/* In one walk, and no further than a request may be long: anybody may have sent this. */
static bool read_bearing(struct str raw, unsigned max_lines, struct bearing *b)
{
    struct header_line line;
    struct str rest, element;
    *b = (struct bearing){.n_vias = 0};
    start_line(raw, &rest);
    for (unsigned n = 1; n < max_lines && !is_all(b) && head_line_next(&rest, &line); n++) {
        if (!line.name.p)
            continue;
        while (b->n_vias < 2 && header_is(&line, STR("Via"), 'v') &&
               list_next(&line.value, &element))
            read_via(element, &b->via[b->n_vias++]);
        keep_first(&b->cseq, &line, "CSeq", 0);
        keep_first(&b->call_id, &line, "Call-ID", 'i');
        keep_first(&b->from, &line, "From", 'f');
    }
    return b->n_vias > 0 && has_dialog(b);
}

static bool read_proof(struct str raw, unsigned max_lines, struct branch_proof *proof,
                       struct str *method)
{
    struct bearing b;
    uint64_t number;
    if (!read_bearing(raw, max_lines, &b))
        return false;
    *method = b.cseq.value;
    struct str digits = str_cut(method, ' ');
    *method = str_trim(*method);
    if (!str_to_u64(digits, INT32_MAX, &number))
        return false;
    *proof = (struct branch_proof){.branch = b.via[0].branch,
                                   .call_id = b.call_id.value,
                                   .cseq = (uint32_t)number,
                                   .from_tag = tag_first(b.from.value),
                                   .next = b.via[1]};
    return true;
}

/* Its sender has seen the request, or is a gateway that answers from another address. */
static void say_foreign(struct proxy *p, const struct flow *from, const struct branch_proof *proof)
{
    if (!proxy_says(p, LINE_FOREIGN, &proxy_counters(p)->foreign_responses))
        return;
    struct buf source = BUF_INIT;
    address_add(&source, &from->remote);
    log_warning(
        "a response is dropped: its request did not go to this address, and no trunk and no "
        "upstream covers it",
        LOG_TEXT("call_id", proof->call_id), LOG_TEXT("source", buf_str(&source)),
        LOG_NUMBER("responses", (int64_t)proxy_counters(p)->foreign_responses));
    buf_fini(&source);
}

/* Whether its request was sent there. What another worker sent, only that worker knows. */
static bool is_asked(struct proxy *p, const struct flow *from, const struct client_transaction *t,
                     struct str branch)
{
    if (t)
        return address_same_host(&client_transaction_flow(t)->remote, &from->remote);
    return inbox_leads_to(p, branch_worker(branch));
}

static bool response_is_heard(struct proxy *p, const struct flow *from, struct str raw)
{
    struct branch_proof proof;
    struct str method;
    if (!read_proof(raw, proxy_settings(p)->max_header_lines, &proof, &method))
        return false;
    struct transaction_key key = branch_client_key(proxy_branches(p), proof.branch, method);
    const struct client_transaction *t = client_transaction_find(proxy_transactions(p), &key);
    if (!t && !branch_proof_holds(proxy_branches(p), &proof))
        return false;
    if (proxy_settings(p)->responses_any || is_asked(p, from, t, proof.branch))
        return true;
    say_foreign(p, from, &proof);
    return false;
}

bool stranger_is_heard(struct proxy *p, const struct flow *from, struct str raw)
{
    return str_starts_nocase(raw, STR("SIP/")) ? response_is_heard(p, from, raw)
                                               : request_is_heard(p, from, raw);
}
