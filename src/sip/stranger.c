#include "stranger.h"

#include <string.h>

#include <stird/headers.h>

/* ---- requests ---- */

/* Whether the parameter with this KEY stands in the text of a URI or of a list of them. */
static bool holds_key(struct str text, const char *key)
{
    static const char name[] = ";" ROUTE_PARAMETER "=";
    const size_t n_name = sizeof(name) - 1;
    const char *at;
    while (text.n > 0 && (at = memmem(text.p, text.n, name, n_name))) {
        text = str_span(at + n_name, text.p + text.n);
        if (str_starts(text, str_of(key)))
            return true;
    }
    return false;
}

static bool request_is_heard(const struct proxy *p, struct str raw)
{
    struct header_line line;
    struct str rest, start = start_line(raw, &rest);
    char key[ROUTE_KEY_LENGTH + 1];
    if (!header_find(raw, STR("Call-ID"), 'i', &line))
        return false;
    route_key_write(&p->branches, line.value, key);
    if (holds_key(start, key))
        return true;
    while (header_next(&rest, &line))
        if (header_is(&line, STR("Route"), 0) && holds_key(line.value, key))
            return true;
    return false;
}

/* ---- responses ---- */

/* sent-protocol LWS sent-by *( SEMI via-params ), as we and others write it. */
struct via_text {
    struct str host, port, branch;
};

static void read_via(struct str element, struct via_text *via)
{
    size_t semicolon = str_find(element, ';', 0);
    struct str sent_by = str_trim(str_slice(element, 0, semicolon));
    size_t space = sent_by.n;
    while (space > 0 && sent_by.p[space - 1] != ' ' && sent_by.p[space - 1] != '\t')
        space--;
    sent_by = str_slice(sent_by, space, sent_by.n);
    size_t bracket = sent_by.n > 0 && sent_by.p[0] == '[' ? str_find(sent_by, ']', 0) : 0;
    size_t colon = str_find(sent_by, ':', bracket);
    *via = (struct via_text){.host = str_slice(sent_by, 0, colon),
                             .port = str_slice(sent_by, colon + 1, sent_by.n)};
    parameter_find(str_slice(element, semicolon, element.n), STR("branch"), &via->branch);
}

/* The two topmost; the second is empty when there is none. */
static bool read_vias(struct str raw, struct via_text via[2])
{
    struct header_line line;
    struct str rest, element;
    unsigned n = 0;
    via[0] = via[1] = (struct via_text){{NULL, 0}, {NULL, 0}, {NULL, 0}};
    start_line(raw, &rest);
    while (n < 2 && header_next(&rest, &line))
        while (n < 2 && header_is(&line, STR("Via"), 'v') && list_next(&line.value, &element))
            read_via(element, &via[n++]);
    return n > 0;
}

static bool read_proof(struct str raw, struct branch_proof *proof, struct str *method)
{
    struct header_line cseq, call_id, from;
    struct str uri, parameters = {NULL, 0};
    struct via_text via[2];
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
                                   .next_host = via[1].host,
                                   .next_port = via[1].port,
                                   .next_branch = via[1].branch};
    name_addr(from.value, &uri, &parameters);
    parameter_find(parameters, STR("tag"), &proof->from_tag);
    return true;
}

static bool response_is_heard(const struct proxy *p, struct str raw)
{
    struct branch_proof proof;
    struct str method;
    if (!read_proof(raw, &proof, &method))
        return false;
    struct transaction_key key = client_key(&p->branches, proof.branch, method);
    return client_transaction_find(p->transactions, &key) ||
           branch_proof_holds(&p->branches, &proof);
}

bool stranger_is_heard(const struct proxy *p, struct str raw)
{
    return str_starts_nocase(raw, STR("SIP/")) ? response_is_heard(p, raw)
                                               : request_is_heard(p, raw);
}
