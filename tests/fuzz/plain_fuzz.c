/*
 * Two readers of one message: a message that is plain (plain.h) must be one that sofia-sip reads,
 * and read as sofia-sip reads it; every edit must leave the same octets by both ways.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/framing.h>
#include <stird/core/headers.h>
#include <stird/core/nat.h>
#include <stird/core/told.h>
#include <string.h>

#include "sip/message/answer.h"
#include "sip/message/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str current; /* for what is said of it */

static void differ(const char *what, struct str plain, struct str parsed)
{
    fprintf(stderr, "%s: plain \"%.*s\", parsed \"%.*s\", in\n%.*s\n", what, STR_ARG(plain),
            STR_ARG(parsed), STR_ARG(current));
    abort();
}

/* Also whether it is there at all. */
static void compare(const char *what, struct str plain, struct str parsed)
{
    if (!str_eq(plain, parsed))
        differ(what, plain, parsed);
}

static void compare_number(const char *what, uint64_t plain, uint64_t parsed)
{
    char texts[2][24];
    snprintf(texts[0], sizeof(texts[0]), "%llu", (unsigned long long)plain);
    snprintf(texts[1], sizeof(texts[1]), "%llu", (unsigned long long)parsed);
    compare(what, str_of(texts[0]), str_of(texts[1]));
}

/* ---- what is read ---- */

static void compare_hop(const struct via_hop *plain, const struct via_hop *parsed)
{
    compare("transport", plain->transport, parsed->transport);
    compare("host", plain->host, parsed->host);
    compare("port", plain->port, parsed->port);
    compare("branch", plain->branch, parsed->branch);
    compare("received", plain->received, parsed->received);
    compare("rport", plain->rport, parsed->rport);
    compare_number("ambiguous", plain->ambiguous, parsed->ambiguous);
    compare_number("a port", plain->port.p != NULL, parsed->port.p != NULL);
    compare_number("a host", plain->host.p != NULL, parsed->host.p != NULL);
}

static void compare_vias(const struct message *plain, const struct message *parsed)
{
    struct via_hop one, other;
    bool there = true;
    for (unsigned i = 0; there; i++) {
        there = message_via(plain, i, &one);
        compare_number("Via", there, message_via(parsed, i, &other));
        compare_hop(&one, &other);
    }
    compare("top branch", message_via_branch(plain), message_via_branch(parsed));
    compare_number("lower Via", message_has_lower_via(plain), message_has_lower_via(parsed));
    compare_number("asks for rport", message_via_has_rport(plain), message_via_has_rport(parsed));
}

static struct str text_of(const char *text)
{
    return text ? str_of(text) : (struct str){NULL, 0};
}

static void compare_urls(const url_t *plain, const url_t *parsed)
{
    compare_number("a URL", plain != NULL, parsed != NULL);
    if (!plain)
        return;
    compare_number("URL's type", (unsigned char)plain->url_type, (unsigned char)parsed->url_type);
    compare("URL's scheme", text_of(plain->url_scheme), text_of(parsed->url_scheme));
    compare_number("URL's root", (unsigned char)plain->url_root, (unsigned char)parsed->url_root);
    compare_number("other parts of a URL", plain->url_path || plain->url_fragment,
                   parsed->url_path || parsed->url_fragment);
    compare("URL's user", text_of(plain->url_user), text_of(parsed->url_user));
    compare("URL's password", text_of(plain->url_password), text_of(parsed->url_password));
    compare("URL's host", text_of(plain->url_host), text_of(parsed->url_host));
    compare("URL's port", text_of(plain->url_port), text_of(parsed->url_port));
    compare("URL's parameters", text_of(plain->url_params), text_of(parsed->url_params));
    compare("URL's headers", text_of(plain->url_headers), text_of(parsed->url_headers));
    compare_number("its user", plain->url_user != NULL, parsed->url_user != NULL);
    compare_number("its parameters", plain->url_params != NULL, parsed->url_params != NULL);
    compare_number("its port", plain->url_port != NULL, parsed->url_port != NULL);
}

static void compare_routes(const struct message *plain, const struct message *parsed)
{
    struct message_routes at = {.n = 0}, at_other = {.n = 0};
    struct str one = {NULL, 0}, other = {NULL, 0};
    for (bool there = true; there;) {
        there = message_route_came(plain, &at, &one);
        compare_number("Route", there, message_route_came(parsed, &at_other, &other));
        if (there)
            compare("Route", one, other);
    }
}

static void compare_of_request(const struct message *plain, const struct message *parsed)
{
    unsigned long one = 0, other = 0;
    compare_urls(message_request_url(plain), message_request_url(parsed));
    for (unsigned i = 0; i == 0 || message_route_url(plain, i - 1); i++)
        compare_urls(message_route_url(plain, i), message_route_url(parsed, i));
    compare_routes(plain, parsed);
    compare_number("Max-Forwards", message_max_forwards(plain, &one),
                   message_max_forwards(parsed, &other));
    compare_number("hops", one, other);
}

/* The headers that the parser does not read, by every name that came. */
static void compare_others(const struct message *plain, const struct message *parsed)
{
    struct header_line line;
    struct str rest, one, other;
    start_line(current, &rest);
    while (header_next(&rest, &line)) {
        struct message_place at = {0}, at_other = {0};
        bool there = true;
        compare_number("count", message_header_count(plain, line.name, 0),
                       message_header_count(parsed, line.name, 0));
        while (there) {
            there = message_header_next(plain, line.name, 0, &at, &one);
            compare_number("another", there,
                           message_header_next(parsed, line.name, 0, &at_other, &other));
            compare("value", one, other);
        }
    }
}

/* ---- what came ---- */

static bool is_answered(const struct header_line *line)
{
    return header_is(line, STR("From"), 'f') || header_is(line, STR("To"), 't') ||
           header_is(line, STR("Call-ID"), 'i') || header_is(line, STR("CSeq"), 0);
}

/* Whether it is one of those WHICH: others may be given besides. */
static bool is_asked_for(const struct header_line *line, unsigned which)
{
    if (is_answered(line))
        return which & MESSAGE_ANSWERED;
    if (header_is(line, STR("Record-Route"), 0))
        return which & MESSAGE_RECORDED;
    return (which & MESSAGE_OTHERS) && !header_is(line, STR("Via"), 'v') &&
           !header_is(line, STR("Route"), 0) && !header_is(line, STR("Max-Forwards"), 0) &&
           !header_is(line, STR("Content-Length"), 'l');
}

static bool next_came(const struct message *m, unsigned which, struct message_walk *walk,
                      struct header_line *line)
{
    while (message_came_next(m, which, walk, line))
        if (is_asked_for(line, which))
            return true;
    *line = (struct header_line){.name = {NULL, 0}};
    return false;
}

static void compare_walk(const struct message *plain, const struct message *parsed, unsigned which)
{
    struct message_walk walk = {.begun = false}, other_walk = {.begun = false};
    struct header_line line, other;
    bool there = true;
    while (there) {
        there = next_came(plain, which, &walk, &line);
        compare_number("a line that came", there, next_came(parsed, which, &other_walk, &other));
        compare("name that came", line.name, other.name);
        compare("value that came", line.value, other.value);
        compare("line that came", line.raw, other.raw);
    }
}

/* From the index and by a walk over the text, also when lines were changed since. */
static void compare_came(const struct message *plain, const struct message *parsed)
{
    static const struct {
        struct str name;
        char compact;
    } names[] = {
        {STR("To"), 't'}, {STR("Call-ID"), 'i'}, {STR("Contact"), 'm'}, {STR("Subject"), 's'}};
    struct message_routes routes = {.n = 0}, other_routes = {.n = 0};
    struct header_line line, other;
    struct str uri, other_uri;
    bool there = true;
    for (unsigned which = 1; which <= (MESSAGE_ANSWERED | MESSAGE_RECORDED | MESSAGE_OTHERS);
         which++)
        compare_walk(plain, parsed, which);
    there = plain->status == 0; /* a Route of a response means nothing */
    while (there) {
        uri = other_uri = (struct str){NULL, 0};
        there = message_route_came(plain, &routes, &uri);
        compare_number("a Route that came", there,
                       message_route_came(parsed, &other_routes, &other_uri));
        compare("Route that came", uri, other_uri);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        line = other = (struct header_line){.name = {NULL, 0}};
        there = message_came_find(plain, names[i].name, names[i].compact, &line);
        compare_number("one that came", there,
                       header_find(current, names[i].name, names[i].compact, &other));
        if (there)
            compare("the one that came", line.raw, other.raw);
    }
}

static void compare_fields(const struct message *plain, const struct message *parsed)
{
    compare_number("status", (unsigned)plain->status, (unsigned)parsed->status);
    compare("method", plain->method, parsed->method);
    compare("CSeq's method", plain->cseq_method, parsed->cseq_method);
    compare("Request-URI", plain->request_uri, parsed->request_uri);
    compare("Call-ID", plain->call_id, parsed->call_id);
    compare("From tag", plain->from_tag, parsed->from_tag);
    compare("To tag", plain->to_tag, parsed->to_tag);
    compare_number("CSeq", plain->cseq, parsed->cseq);
    compare_number("head", plain->head_bytes, parsed->head_bytes);
    compare_number("lines", plain->n_lines, parsed->n_lines);
    compare_number("claims a To tag", plain->claims_to_tag, parsed->claims_to_tag);
    compare_number("what is odd",
                   plain->odd | plain->n_broken | plain->lists_folded | plain->start_is_odd |
                       plain->hops_unclear | plain->length_unclear | plain->uri_unclear,
                   parsed->odd | parsed->n_broken | parsed->lists_folded | parsed->start_is_odd |
                       parsed->hops_unclear | parsed->length_unclear | parsed->uri_unclear);
    compare_number("faults", !!plain->copy.what + !!plain->excess.what + !!plain->two_tags.what,
                   !!parsed->copy.what + !!parsed->excess.what + !!parsed->two_tags.what);
    compare_vias(plain, parsed);
    if (plain->status == 0)
        compare_of_request(plain, parsed);
    compare_others(plain, parsed);
    compare_came(plain, parsed);
}

/* ---- what leaves ---- */

static void compare_print(const char *what, struct message *plain, struct message *parsed)
{
    struct buf one = BUF_INIT, other = BUF_INIT;
    if (message_print(plain, &one) != 0 || message_print(parsed, &other) != 0)
        differ("is not printed", current, current);
    compare(what, buf_str(&one), buf_str(&other));
    buf_fini(&one);
    buf_fini(&other);
}

static void compare_answers(const struct message *plain, const struct message *parsed)
{
    struct answer_base one, other;
    bool made = answer_base_make(&one, plain);
    compare_number("an answer", made, answer_base_make(&other, parsed));
    compare("answer", (struct str){one.lines, one.n}, (struct str){other.lines, other.n});
    compare_number("answer's To", one.to_end, other.to_end);
    compare_number("answer's tag", one.has_to_tag, other.has_to_tag);
    answer_base_fini(&one);
    answer_base_fini(&other);
}

static const struct address sources[] = {{ADDRESS_IPV4, 5070, {127, 0, 0, 3}},
                                         {ADDRESS_IPV6, 5060, {0x20, 1, 0xd, 0xb8, [15] = 7}}};

static bool is_short(struct str value)
{
    return value.n < 8;
}

static bool names_contact(const struct header_line *line)
{
    return header_is(line, STR("Contact"), 'm');
}

/* As long as it was, in capitals. */
static bool shout(const void *user, struct str text, struct buf *out)
{
    (void)user;
    for (size_t i = 0; i < text.n; i++)
        buf_add_char(out,
                     (char)(text.p[i] >= 'a' && text.p[i] <= 'z' ? text.p[i] - 32 : text.p[i]));
    return text.n > 0;
}

static void set_received(struct message *m)
{
    message_set_received(m, &sources[0]);
}

static void set_received_six(struct message *m)
{
    m->force_rport = true;
    message_set_received(m, &sources[1]);
}

static void add_lines(struct message *m)
{
    message_add_record_route(m, STR("<sip:127.0.0.1;lr>"));
    message_add_via(m, STR("SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx"));
    message_add_header(m, STR("Date"), STR("today"));
    message_add_header(m, STR("Identity"), STR("a.b.c;info=<https://x>"));
}

static void change_start(struct message *m)
{
    message_set_request_uri(m, STR("sip:+12025550100@h;x=1"));
}

static void set_hops(struct message *m)
{
    message_set_max_forwards(m, 69);
}

static void take_route(struct message *m)
{
    message_remove_route(m);
}

static void to_strict_router(struct message *m)
{
    message_append_route(m, STR("<sip:last.example>"));
    if (message_route_url(m, 0) && message_set_uri_by_route(m, 0) == 0)
        message_remove_route(m);
}

static void from_strict_router(struct message *m)
{
    unsigned n = 0;
    while (message_route_url(m, n))
        n++;
    if (n == 0)
        return;
    message_set_uri_by_route(m, n - 1);
    message_remove_last_route(m);
}

static void take_via(struct message *m)
{
    if (message_has_lower_via(m))
        message_remove_via(m);
}

static void remove_some(struct message *m)
{
    message_remove_headers(m, STR("P-Asserted-Identity"), 0, NULL);
    message_remove_headers(m, STR("Supported"), 'k', is_short);
    message_remove_resembling(m, STR("Identity"), 'y');
    message_remove_lines(m, names_contact);
    message_edit_headers(m, STR("Subject"), 0, shout, NULL);
    message_edit_from(m, shout, NULL);
    message_edit_headers(m, STR("User-Agent"), 0, shout, NULL);
    message_remove_copies(m);
}

static bool tells(const struct header_line *line)
{
    return told_by_line(line) != TOLD_NOTHING;
}

static bool without_verstat(const void *user, struct str text, struct buf *out)
{
    (void)user;
    return told_without_verstat(text, out);
}

static void remove_told(struct message *m)
{
    message_remove_lines(m, tells);
    message_edit_headers(m, STR("P-Asserted-Identity"), 0, without_verstat, NULL);
    message_edit_from(m, without_verstat, NULL);
}

static void fit(struct message *m)
{
    message_fit_transport(m, TRANSPORT_TCP);
}

static const struct {
    const char *name;
    bool of_request;
    void (*edit)(struct message *m);
} edits[] = {{"received", true, set_received},
             {"received by IPv6", true, set_received_six},
             {"lines are added", true, add_lines},
             {"another Request-URI", true, change_start},
             {"another Max-Forwards", true, set_hops},
             {"a Route is taken off", true, take_route},
             {"to a strict router", true, to_strict_router},
             {"from a strict router", true, from_strict_router},
             {"headers are removed", false, remove_some},
             {"what was told is removed", false, remove_told},
             {"a Via is taken off", false, take_via},
             {"by TCP", false, fit}};
#define EDITS (sizeof(edits) / sizeof(edits[0]))

static bool parse_both(struct message *plain, struct message *parsed)
{
    enum reason reason = message_parse(plain, current, NULL);
    if (reason != REASON_OK || !plain->plain) {
        message_fini(plain);
        return false;
    }
    if (message_parse_by_sofia(parsed, current, NULL) != REASON_OK)
        differ(parsed->fault.what ? parsed->fault.what : "is not parsed", current,
               parsed->fault.where);
    return true;
}

/* Each edit alone, and all those before it. */
static void compare_edits(size_t from, size_t to)
{
    struct message plain, parsed;
    if (!parse_both(&plain, &parsed))
        differ("is plain no more", current, current);
    for (size_t i = from; i <= to; i++) {
        if (edits[i].of_request && plain.status != 0)
            continue;
        edits[i].edit(&plain);
        edits[i].edit(&parsed);
        compare_print(edits[i].name, &plain, &parsed);
        compare("Request-URI", plain.request_uri, parsed.request_uri);
        compare_vias(&plain, &parsed);
        compare_came(&plain, &parsed);
    }
    if (plain.status == 0)
        compare_answers(&plain, &parsed);
    message_fini(&plain);
    message_fini(&parsed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct frame_limits limits = {65536, 256};
    static bool ready;
    struct str bytes = {(const char *)data, size};
    struct frame frame;
    struct message plain, parsed;
    if (!ready && !(ready = message_module_init()))
        return 0;
    if (frame_datagram(bytes, &limits, &frame) != FRAME_MESSAGE)
        return 0;
    current = str_slice(bytes, frame.skip, frame.skip + frame.length);
    if (!parse_both(&plain, &parsed))
        return 0;
    compare_fields(&plain, &parsed);
    compare_print("what is not touched", &plain, &parsed);
    if (plain.status == 0)
        compare_answers(&plain, &parsed);
    message_fini(&plain);
    message_fini(&parsed);
    for (size_t i = 0; i < EDITS; i++)
        compare_edits(i, i);
    compare_edits(0, EDITS - 1);
    return 0;
}
