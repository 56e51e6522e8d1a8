/* sip_t → struct call: what a call says of itself, as borrowed text. */
#include <stird/base/chance.h>
#include <stird/base/log.h>
#include <stird/core/identity.h>
#include <stird/core/service_word.h>
#include <stird/core/told.h>
#include <stird/core/uri.h>
#include <stird/sip/facts.h>

#include "context.h"
#include "facts.h"
#include "sip/message/odd.h"
#include <stird/core/headers.h>

/* Reads a value, and keeps what was read of the first ones for a verifier. Without memory it is
   read again when it is needed. */
static void read_identity(struct call *call, struct identity_value *v, struct str text)
{
    identity_value_read(v, text);
    struct identity_value *kept = call->n_identities == call->n_identities_known &&
                                          call->n_identities_known < CALL_IDENTITIES_KNOWN_MAX
                                      ? arena_alloc(call->arena, sizeof(*kept))
                                      : NULL;
    call->n_identities++;
    if (!kept)
        return;
    *kept = *v;
    call->identities_known[call->n_identities_known++] = kept;
}

/* One header line may hold several; one that holds none is empty. */
static void add_identities(struct call *call, struct str line)
{
    unsigned *const counts[] = {[IDENTITY_EMPTY] = &call->n_identity_empty,
                                [IDENTITY_UNREADABLE] = &call->n_identity_unreadable,
                                [IDENTITY_SHAKEN] = &call->n_identity_shaken,
                                [IDENTITY_OTHER] = &call->n_identity_other};
    struct str values[IDENTITY_VALUES_MAX];
    struct identity_value v;
    unsigned n = identity_values(line, values);
    if (n == 0)
        call->n_identity_empty++;
    for (unsigned i = 0; i < n; i++) {
        read_identity(call, &v, values[i]);
        ++*counts[v.kind];
        if (!call->identity_fault)
            call->identity_fault = v.identity.fault;
    }
}

/* A line that is no header, but that the next hop may read as Identity. */
static void add_odd_identity(struct call *call, const struct header_line *line)
{
    struct identity_value v;
    identity_value_read_odd(&v, line->raw);
    if (v.kind == IDENTITY_SHAKEN)
        call->n_identity_resembling++;
    else
        call->n_identity_unreadable++;
    if (!call->identity_fault)
        call->identity_fault = v.identity.fault;
}

static void add_header(struct call *call, const struct header_line *line)
{
    struct str uri, parameters;
    if (header_is(line, STR("From"), 'f')) {
        if (name_addr(line->value, &uri, &parameters))
            call->from_uri = uri;
        if (!name_addr_alone(line->value, &uri))
            asserted_add_odd(&call->from_others, line->value);
        trunk_groups_add_header(&call->groups[GROUP_IN_FROM], line->value, call->arena);
    } else if (header_is(line, STR("To"), 't')) {
        call->to_uri = odd_uri(line->value); /* others were refused for an odd one */
        call->to_unread |= !name_addr_alone(line->value, &uri);
    } else if (header_is(line, STR("Contact"), 'm')) {
        trunk_groups_add_header(&call->groups[GROUP_IN_CONTACT], line->value, call->arena);
    } else if (header_is(line, STR("Call-ID"), 'i')) {
        call->call_id = line->value;
    } else if (header_is(line, STR("P-Asserted-Identity"), 0)) {
        asserted_add(&call->asserted, line->value);
    } else if (header_is(line, STR("Date"), 0)) {
        call->date = line->value;
        call->n_date++;
    } else if (header_is(line, STR("Identity"), 'y')) {
        add_identities(call, line->value);
    }
}

/* Whether LINE, which is no header, would have an address for a next hop that takes it for one. */
static bool holds_a_party(const struct header_line *line, struct str name, char compact)
{
    struct asserted_texts found = {.n = 0};
    if (!header_resembles(line, name, compact))
        return false;
    asserted_add_odd(&found, line->raw);
    return found.n_odd > 0;
}

/* Lines that nobody has to read, but that some readers do. */
static void add_malformed(struct call *call, const struct header_line *line)
{
    if (header_resembles(line, STR("Identity"), 'y'))
        add_odd_identity(call, line);
    if (header_resembles(line, STR("P-Asserted-Identity"), 0))
        asserted_add_odd(&call->asserted, line->raw);
    if (holds_a_party(line, STR("From"), 'f'))
        asserted_add_odd(&call->from_others, line->raw);
    if (holds_a_party(line, STR("To"), 't'))
        call->to_unread = true;
    if (header_resembles(line, STR("Contact"), 'm'))
        trunk_groups_add_odd(&call->groups[GROUP_IN_CONTACT], line->raw);
    if (header_resembles(line, STR("From"), 'f'))
        trunk_groups_add_odd(&call->groups[GROUP_IN_FROM], line->raw);
}

/* Whether an SBC asks by redirect: for others nothing is asked of qtype. */
static bool qtype_is_wanted(const struct settings *settings)
{
    for (unsigned i = 0; i < settings->n_trunks; i++)
        if (settings->trunks[i].in_dialect)
            return true;
    return false;
}

/* Of From, and of lines that may be taken for it. */
static void add_qtype(struct call *call, const struct header_line *line)
{
    struct str uri;
    if (!line->name.p && header_resembles(line, STR("From"), 'f'))
        qtype_add(&call->qtype, line->raw, STR(""));
    else if (line->name.p && header_is(line, STR("From"), 'f'))
        qtype_add(&call->qtype, line->value, name_addr_alone(line->value, &uri) ? uri : STR(""));
}

static void split_request_uri(struct call *call)
{
    struct uri parts;
    bool clear = uri_split(&parts, call->request_uri);
    if (parts.scheme == URI_SIP)
        clear = clear && uri_host_is_plain(parts.host);
    clear = uri_unescape(call->arena, parts.user, &call->request_user) && clear;
    call->request_host = parts.host;
    call->request_uri_unclear = !clear;
    trunk_groups_add_uri(&call->groups[GROUP_IN_REQUEST_URI], call->request_uri, call->arena);
}

static bool headers_are_wanted(const struct settings *settings)
{
    for (unsigned i = 0; i < settings->n_trunks; i++)
        if (settings->trunks[i].header_name.n > 0 || settings->trunks[i].attestation_headers ||
            service_words[settings->trunks[i].service].verifies)
            return true;
    for (unsigned i = 0; i < settings->n_rules; i++)
        if (settings->rules[i].header_name.n > 0)
            return true;
    return false;
}

static bool list_lines(struct call *call, struct str request)
{
    struct header_line line;
    struct str rest;
    unsigned n = 0, n_odd = 0;
    for (start_line(request, &rest); head_line_next(&rest, &line);)
        ++*(line.name.p ? &n : &n_odd);
    struct call_header *headers = arena_array(call->arena, n + 1, sizeof(*headers));
    struct header_line *odd = arena_array(call->arena, n_odd + 1, sizeof(*odd));
    call->headers = headers;
    call->odd_lines = odd;
    if (!headers || !odd)
        return false;
    for (start_line(request, &rest); head_line_next(&rest, &line);) {
        if (line.name.p)
            *headers++ = (struct call_header){line.name, line.value};
        else
            *odd++ = line;
    }
    return true;
}

/* Lists all lines, but only where a trunk is recognised by a header, verifies, or some trunk or
   rule reads one. */
static bool list_headers(struct call *call, const struct settings *settings, struct str request)
{
    return list_lines(call, headers_are_wanted(settings) ? request : (struct str){NULL, 0});
}

/* What the request says itself; its Request-URI is known. */
static bool read_request(struct call *call, const struct settings *settings,
                         const struct message *request)
{
    struct header_line line;
    struct message_walk walk = {.begun = false};
    const bool with_qtype = qtype_is_wanted(settings);
    split_request_uri(call);
    while (message_came_next(request, MESSAGE_ANSWERED | MESSAGE_OTHERS, &walk, &line)) {
        privacy_add_line(&call->privacy, &line);
        if (line.name.p)
            add_header(call, &line);
        else
            add_malformed(call, &line);
        if (with_qtype)
            add_qtype(call, &line);
    }
    return list_headers(call, settings, request->raw);
}

static bool says_more(struct str uri)
{
    struct str password, headers;
    return uri_says_more(uri, &password, &headers);
}

struct str facts_fault(const struct call *call, bool asserted)
{
    if (call->from_others.unreadable)
        return STR("From: cannot be read as one address");
    if (call->to_unread)
        return STR("To: cannot be read as one address");
    if (says_more(call->from_uri))
        return STR("From: says more than a number, a password or header fields");
    if (says_more(call->to_uri))
        return STR("To: says more than a number, a password or header fields");
    if (asserted && call->asserted.unreadable)
        return STR("P-Asserted-Identity: cannot be read");
    return STR("");
}

enum reason facts_of_message(struct call *call, const struct settings *settings, struct str message)
{
    struct message m;
    if (!message_module_init())
        return REASON_OUT_OF_MEMORY;
    enum reason r = message_parse(&m, message, settings);
    if (r == REASON_OK && !str_eq(m.method, STR("INVITE")))
        r = REASON_BAD_REQUEST;
    if (r == REASON_OK) {
        call->request_uri = arena_copy(call->arena, m.request_uri);
        r = call->request_uri.p && read_request(call, settings, &m) ? REASON_OK
                                                                    : REASON_OUT_OF_MEMORY;
    }
    message_fini(&m);
    return r;
}

/* A connection may end before the call does, so its names are copied. */
static bool list_peer_names(struct context *c)
{
    const struct str *names;
    unsigned n = flow_peer_names(&c->from, &names);
    struct str *list = arena_array(c->arena, n, sizeof(*list));
    for (unsigned i = 0; list && i < n; i++)
        list[i] = arena_copy(c->arena, names[i]);
    c->call->peer_names = list;
    c->call->n_peer_names = list ? n : 0;
    return n == 0 || list;
}

bool facts_fill(struct context *c)
{
    struct call *call = arena_alloc(c->arena, sizeof(*call));
    if (!call)
        return false;
    c->call = call;
    call->arena = c->arena;
    call->traced = log_wants(LOG_LEVEL_DEBUG);
    call->now_s = c->real_us / 1000000;
    call->origid_key = c->snapshot->origid_key;
    call->source = c->from.remote;
    call->listener = c->snapshot->settings->listeners[c->from.listener].name;
    /* That of an odd start line is the message's own, which ends before the call does. */
    call->request_uri = arena_copy(c->arena, c->message->request_uri);
    call->customer = NUMBERS_NO_CUSTOMER;
    return chance_take(proxy_chance(c->proxy), call->random, sizeof(call->random)) &&
           call->request_uri.p && read_request(call, c->snapshot->settings, c->message) &&
           list_peer_names(c);
}
