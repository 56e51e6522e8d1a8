/* sip_t → struct call: what a call says of itself, as borrowed text. */
#include <openssl/rand.h>
#include <stird/facts.h>
#include <stird/identity.h>
#include <stird/log.h>

#include "context.h"
#include <stird/headers.h>

static void add_asserted(struct call *call, struct str value)
{
    struct str element, uri, parameters;
    while (list_next(&value, &element)) {
        if (!name_addr(element, &uri, &parameters))
            continue;
        if (call->n_asserted < CALL_ASSERTED_MAX)
            call->asserted[call->n_asserted] = uri;
        call->n_asserted++;
    }
}

static void add_identity(struct call *call, struct str value)
{
    struct identity identity;
    unsigned *const counts[] = {[IDENTITY_EMPTY] = &call->n_identity_empty,
                                [IDENTITY_UNREADABLE] = &call->n_identity_unreadable,
                                [IDENTITY_SHAKEN] = &call->n_identity_shaken,
                                [IDENTITY_OTHER] = &call->n_identity_other};
    ++*counts[identity_parse(value, &identity)];
}

/* tgrp (RFC 4904) and its elder otg: of the URI, of its user part, or of the header. */
static struct str trunk_group(struct str value)
{
    static const char *const names[] = {"tgrp", "otg"};
    struct str uri, parameters, found;
    if (!name_addr(value, &uri, &parameters))
        return (struct str){NULL, 0};
    struct str user = str_slice(uri, 0, str_find(uri, '@', 0));
    struct str behind = str_slice(uri, user.n, uri.n);
    struct str places[] = {str_slice(user, str_find(user, ';', 0), user.n),
                           str_slice(behind, str_find(behind, ';', 0), behind.n), parameters};
    for (unsigned n = 0; n < 2; n++)
        for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++)
            if (parameter_find(places[i], str_of(names[n]), &found) && found.n > 0)
                return found;
    return (struct str){NULL, 0};
}

static void add_header(struct call *call, const struct header_line *line)
{
    struct str uri, parameters;
    if (header_is(line, STR("From"), 'f')) {
        if (name_addr(line->value, &uri, &parameters))
            call->from_uri = uri;
        struct str group = trunk_group(line->value);
        if (group.n > 0)
            call->tgrp = group;
    } else if (header_is(line, STR("To"), 't')) {
        if (name_addr(line->value, &uri, &parameters))
            call->to_uri = uri;
    } else if (header_is(line, STR("Contact"), 'm')) {
        if (call->tgrp.n == 0)
            call->tgrp = trunk_group(line->value);
    } else if (header_is(line, STR("Call-ID"), 'i')) {
        call->call_id = line->value;
    } else if (header_is(line, STR("P-Asserted-Identity"), 0)) {
        add_asserted(call, line->value);
    } else if (header_is(line, STR("Date"), 0)) {
        call->date = line->value;
        call->n_date++;
    } else if (header_is(line, STR("Identity"), 'y')) {
        add_identity(call, line->value);
    }
}

static void split_request_uri(struct call *call)
{
    struct str rest = call->request_uri;
    struct str scheme = str_cut(&rest, ':');
    if (str_eq_nocase(scheme, STR("tel")) || str_eq_nocase(scheme, STR("urn"))) {
        call->request_user = rest;
        return;
    }
    size_t at = str_find(rest, '@', 0);
    if (at < rest.n)
        call->request_user = str_slice(rest, 0, at);
    struct str host = at < rest.n ? str_slice(rest, at + 1, rest.n) : rest;
    host = str_slice(host, 0, str_find(host, ';', 0));
    host = str_slice(host, 0, str_find(host, '?', 0));
    size_t bracket = host.n > 0 && host.p[0] == '[' ? str_find(host, ']', 0) : 0;
    call->request_host = str_slice(host, 0, str_find(host, ':', bracket));
}

/* All header lines, only where a trunk is recognised by one, or some trunk or rule reads one. */
static bool list_headers(struct call *call, const struct settings *settings, struct str request)
{
    struct header_line line;
    struct str rest;
    unsigned n = 0;
    bool wanted = false;
    for (unsigned i = 0; i < settings->n_trunks && !wanted; i++)
        wanted = settings->trunks[i].header_name.n > 0 || settings->trunks[i].attestation_headers;
    for (unsigned i = 0; i < settings->n_rules && !wanted; i++)
        wanted = settings->rules[i].header_name.n > 0;
    if (wanted)
        for (start_line(request, &rest); header_next(&rest, &line);)
            n++;
    struct call_header *list = arena_array(call->arena, n + 1, sizeof(*list));
    if (!list)
        return false;
    n = 0;
    if (wanted)
        for (start_line(request, &rest); header_next(&rest, &line);)
            list[n++] = (struct call_header){line.name, line.value};
    call->headers = list;
    return true;
}

/* What the request says itself; its Request-URI is known. */
static bool read_request(struct call *call, const struct settings *settings, struct str request)
{
    struct header_line line;
    struct str rest;
    split_request_uri(call);
    for (start_line(request, &rest); header_next(&rest, &line);)
        add_header(call, &line);
    return list_headers(call, settings, request);
}

enum reason facts_of_message(struct call *call, const struct settings *settings, struct str message)
{
    struct message m;
    if (!message_module_init())
        return REASON_OUT_OF_MEMORY;
    enum reason r = message_parse(&m, message);
    if (r == REASON_OK && !str_eq(m.method, STR("INVITE")))
        r = REASON_BAD_REQUEST;
    if (r == REASON_OK) {
        call->request_uri = arena_copy(call->arena, m.request_uri);
        r = call->request_uri.p && read_request(call, settings, message) ? REASON_OK
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
    RAND_bytes(call->random, sizeof(call->random));
    call->origid_key = c->snapshot->origid_key;
    call->source = c->from.remote;
    call->listener = c->snapshot->settings->listeners[c->from.listener].name;
    call->request_uri = c->message.request_uri;
    call->customer = NUMBERS_NO_CUSTOMER;
    return read_request(call, c->snapshot->settings, c->message.raw) && list_peer_names(c);
}
