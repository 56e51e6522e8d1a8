/*
 * Two readers of one message: sofia-sip's and ours must see the same headers, names and values, but
 * for lines that both pass on unread. What is not touched prints as it came, what is edited is one
 * well-formed message again without what was removed.
 */
#include <sofia-sip/sip_header.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/framing.h>
#include <stird/core/headers.h>
#include <stird/core/route_line.h>
#include <stird/core/well_formed.h>
#include <string.h>

#include "sip/message/answer.h"
#include "sip/message/message.h"
#include "sip/message/received.h"
#include "sip/message/odd.h"
#include "sip/message/screen.h"
#include "sip/message/stand_in.h"
#include "sip/transaction/skeleton.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str current; /* for what is said of it */

static void differ(const char *what, struct str ours, struct str theirs)
{
    fprintf(stderr, "%s: ours \"%.*s\", theirs \"%.*s\", in\n%.*s\n", what, STR_ARG(ours),
            STR_ARG(theirs), STR_ARG(current));
    abort();
}

/* sofia-sip is given another octet for a NUL, and white space for a fold. */
static bool is_given(char ours, char theirs)
{
    bool fold = ours == '\r' || ours == '\n';
    return ours == theirs || (ours == '\0' && theirs == '\1') || (fold && theirs == ' ');
}

static bool same(struct str ours, struct str theirs)
{
    ours = str_trim(ours);
    theirs = str_trim(theirs);
    for (size_t i = 0; i < ours.n && i < theirs.n; i++)
        if (!is_given(ours.p[i], theirs.p[i]))
            return false;
    return ours.n == theirs.n;
}

/* THEIRS somewhere in OURS. */
static bool contains(struct str ours, const char *theirs)
{
    size_t n = strlen(theirs);
    for (size_t i = 0; i + n <= ours.n; i++) {
        size_t k = 0;
        while (k < n && is_given(ours.p[i + k], theirs[k]))
            k++;
        if (k == n)
            return true;
    }
    return false;
}

static void compare(const char *what, struct str ours, struct str theirs)
{
    if (!same(ours, theirs))
        differ(what, ours, theirs);
}

static void compare_number(const char *what, struct str ours, uint64_t theirs)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)theirs);
    while (ours.n > 1 && ours.p[0] == '0')
        ours = str_slice(ours, 1, ours.n);
    compare(what, ours, (struct str){text, (size_t)n});
}

/* ---- what is parsed ---- */

static struct str branch_of(const sip_via_t *via)
{
    struct str branch = {NULL, 0};
    for (const msg_param_t *p = via->v_params; p && *p && branch.n == 0; p++)
        parameter_find(str_of(*p), STR("branch"), &branch);
    return branch;
}

/* A host without white space, as sofia-sip makes it. */
static void compare_via(struct str element, const sip_via_t *via)
{
    struct str branch = {NULL, 0}, theirs = branch_of(via);
    if (str_find(element, '(', 0) < element.n)
        return; /* a comment, as RFC 2543 had them: we read no Via but by sofia-sip */
    if (via->v_host && !contains(element, via->v_host))
        differ("Via host", element, str_of(via->v_host));
    size_t semicolon = str_find(element, ';', 0);
    parameter_find(str_slice(element, semicolon, element.n), STR("branch"), &branch);
    if (branch.n > 0 || theirs.n > 0)
        compare("Via branch", branch, theirs);
}

static void compare_vias(const struct message *m)
{
    unsigned n = 0;
    struct header_line line;
    struct str rest, element;
    const sip_via_t *via = m->sip->sip_via;
    start_line(m->raw, &rest);
    while (header_next(&rest, &line))
        while (header_is(&line, STR("Via"), 'v') && list_next(&line.value, &element)) {
            if (!via)
                differ("Via that only we see", element, STR(""));
            if (++n <= 2) /* no more of them are read */
                compare_via(element, via);
            via = via->v_next;
        }
    if (via)
        differ("Via that only sofia-sip sees", STR(""), str_of(via->v_host));
}

static void compare_routes(const struct message *m)
{
    struct header_line line;
    struct str rest, uri;
    const sip_route_t *route = m->sip->sip_route;
    start_line(m->raw, &rest);
    while (header_next(&rest, &line)) {
        if (!header_is(&line, STR("Route"), 0))
            continue;
        struct route_line routes = route_line_read(line.value);
        while (route_line_next(&routes, &uri)) {
            if (!route)
                differ("Route that only we see", uri, STR(""));
            if (route->r_url->url_host && !contains(uri, route->r_url->url_host))
                differ("Route host", uri, str_of(route->r_url->url_host));
            route = route->r_next;
        }
    }
    if (route)
        differ("Route that only sofia-sip sees", STR(""), str_of(route->r_url->url_host));
}

static struct str unquoted(const char *text)
{
    struct str s = str_of(text);
    return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? str_slice(s, 1, s.n - 1) : s;
}

static void compare_parsed(const struct message *m, const struct header_line *line)
{
    const sip_t *sip = m->sip;
    if (header_is(line, STR("Content-Length"), 'l') && sip->sip_content_length)
        compare_number("Content-Length", line->value, sip->sip_content_length->l_length);
    if (m->status != 0)
        return;
    if (header_is(line, STR("Call-ID"), 'i'))
        compare("Call-ID", m->call_id, str_of(sip->sip_call_id->i_id));
    if (header_is(line, STR("From"), 'f'))
        compare("From tag", m->from_tag, unquoted(sip->sip_from->a_tag));
    if (header_is(line, STR("To"), 't'))
        compare("To tag", m->to_tag, unquoted(sip->sip_to->a_tag));
    if (header_is(line, STR("Max-Forwards"), 0))
        compare_number("Max-Forwards", line->value, sip->sip_max_forwards->mf_count);
}

/* ---- line by line ---- */

static bool is_parsed(const struct message *m, const struct header_line *line)
{
    static const struct {
        const char *name;
        char compact;
        bool of_response;
    } parsed[] = {{"Via", 'v', true},  {"Content-Length", 'l', true}, {"From", 'f', false},
                  {"To", 't', false},  {"Call-ID", 'i', false},       {"CSeq", 0, false},
                  {"Route", 0, false}, {"Record-Route", 0, false},    {"Max-Forwards", 0, false}};
    for (size_t i = 0; i < sizeof(parsed) / sizeof(parsed[0]); i++)
        if (header_is(line, str_of(parsed[i].name), parsed[i].compact))
            return m->status == 0 || parsed[i].of_response;
    return false;
}

/* Commas, or nothing: hidden from sofia-sip, which would refuse it. */
static bool names_no_route(struct str value)
{
    struct route_line line = route_line_read(value);
    struct str uri;
    return line.clear && !route_line_next(&line, &uri);
}

/* sofia-sip was given something else to read for it (odd.h, stand_in.h), which is all that is read.
 */
static bool has_stand_in(const struct message *m, const struct header_line *line)
{
    static const struct {
        unsigned odd;
        const char *name;
        char compact;
    } parts[] = {{ODD_VIA | ODD_LOWER_VIA, "Via", 'v'},
                 {ODD_ADDRESSES, "From", 'f'},
                 {ODD_ADDRESSES, "To", 't'},
                 {ODD_ROUTE, "Route", 0}};
    if (header_is(line, STR("Content-Length"), 'l'))
        return m->length_unclear;
    if (header_is(line, STR("Max-Forwards"), 0))
        return m->hops_unclear;
    if (m->copy.what && screen_is_copy(m, line))
        return true;
    if ((m->odd & ODD_ROUTE_ENDS) && header_is(line, STR("Route"), 0) &&
        names_no_route(line->value))
        return true;
    /* Where one of the lists is given anew, a Via line that names nobody is hidden too. */
    if ((m->odd & (ODD_ROUTE | ODD_ROUTE_ENDS | ODD_RECORD_ROUTE)) &&
        header_is(line, STR("Via"), 'v') && list_is_empty(line->value))
        return true;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if ((m->odd & parts[i].odd) && header_is(line, str_of(parts[i].name), parts[i].compact))
            return true;
    return false;
}

/* One of those that sofia-sip was given as one line. */
static bool is_of_run(const struct message *m, const struct header_line *line)
{
    return stand_in_has_runs(m) && !stand_in_is_kept_apart(line);
}

/* The next line as sofia-sip was given it: of a run all of it. */
static bool given_next(const struct message *m, struct str *rest, struct header_line *line)
{
    struct header_line next;
    if (!head_line_next(rest, line))
        return false;
    for (struct str ahead = *rest;
         is_of_run(m, line) && head_line_next(&ahead, &next) && is_of_run(m, &next); *rest = ahead)
        line->raw.n += next.raw.n;
    return true;
}

static void compare_line(const struct message *m, const struct header_line *line,
                         const msg_header_t *h)
{
    int kind = h->sh_class->hc_hash;
    compare("line", line->raw, (struct str){h->sh_data, h->sh_len});
    if (has_stand_in(m, line) || is_of_run(m, line))
        return;
    if (kind == msg_error_hash) {
        /* Both pass it on unread. */
        if (line->name.p && line->name.n <= 127 &&
            (m->status != 0 || !header_is(line, STR("Record-Route"), 0)))
            differ("a header that only we can read", line->raw, STR(""));
        return;
    }
    if (!line->name.p)
        differ("a header that only sofia-sip can read", STR(""), line->raw);
    if (is_parsed(m, line) != (kind != msg_unknown_hash))
        differ("a header of another class", line->name, STR(""));
    if (kind != msg_unknown_hash) {
        compare_parsed(m, line);
        return;
    }
    compare("name", line->name, str_of(((const sip_unknown_t *)h)->un_name));
    compare("value", line->value, str_of(((const sip_unknown_t *)h)->un_value));
}

static void compare_lines(const struct message *m)
{
    const msg_header_t *h = m->status == 0 ? (const msg_header_t *)m->sip->sip_request
                                           : (const msg_header_t *)m->sip->sip_status;
    struct header_line line;
    struct str rest;
    start_line(m->raw, &rest);
    for (h = h->sh_succ; h && h != (const msg_header_t *)m->sip->sip_separator; h = h->sh_succ) {
        if (h->sh_len == 0)
            continue;
        if (!given_next(m, &rest, &line))
            differ("a line that only sofia-sip sees", STR(""), (struct str){h->sh_data, h->sh_len});
        compare_line(m, &line, h);
    }
    if (!h || head_line_next(&rest, &line))
        differ("a line that only we see", line.raw, STR(""));
}

/* ---- what leaves ---- */

static void check_leaves(struct str bytes)
{
    const char *why;
    if (!well_formed_message(bytes, &why))
        differ(why, bytes, STR(""));
}

static void check_untouched(struct message *m)
{
    struct buf out = BUF_INIT;
    bool printed = message_print(m, &out) == 0;
    struct str was = m->raw, is = buf_str(&out);
    if (m->start_is_odd) { /* it leaves as section 7 has it, all else as it came */
        start_line(was, &was);
        start_line(is, &is);
    }
    if (!printed || !str_eq(is, was))
        differ("what was not touched", m->raw, buf_str(&out));
    buf_fini(&out);
}

/* What is odd about an emergency call is taken for its number's sake: it stays one, as the next
   hop's address changes the host alone. */
static struct str another_uri(const struct message *m)
{
    static const struct settings unset = {.emergency_by_to = true};
    return received_is_emergency(m->raw, &unset) ? STR("sip:112@h") : STR("sip:+1@h");
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

static void edit(struct message *m)
{
    const struct address source = {ADDRESS_IPV4, 5060, {127, 0, 0, 3}};
    if (!stand_in_has_runs(m)) { /* what is in a run is never taken off */
        message_remove_headers(m, STR("P-Asserted-Identity"), 0, NULL);
        message_remove_headers(m, STR("Identity"), 'y', NULL);
        message_remove_resembling(m, STR("Identity"), 'y');
        message_edit_headers(m, STR("Subject"), 0, shout, NULL);
        message_edit_from(m, shout, NULL);
    }
    message_remove_copies(m);
    if (m->status == 0) {
        message_append_route(m, STR("<sip:last.example;lr>"));
        message_set_received(m, &source);
        message_set_request_uri(m, another_uri(m));
        message_set_max_forwards(m, 5);
        message_add_header(m, STR("Identity"), STR("a.b.c;info=<https://x>"));
        message_add_record_route(m, STR("<sip:127.0.0.1;lr>"));
        message_add_via(m, STR("SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx"));
        message_remove_route(m);
    } else if (m->sip->sip_via->v_next) {
        message_remove_via(m);
    }
    message_fit_transport(m, TRANSPORT_TCP);
}

static void check_removed(struct str printed, bool request, bool has_runs)
{
    struct header_line line;
    struct str rest;
    unsigned n_identities = 0, n_lengths = 0;
    start_line(printed, &rest);
    while (head_line_next(&rest, &line)) {
        if (!has_runs && header_resembles(&line, STR("P-Asserted-Identity"), 0))
            differ("is still there", line.raw, STR(""));
        n_identities += header_resembles(&line, STR("Identity"), 'y');
        n_lengths += header_resembles(&line, STR("Content-Length"), 'l');
    }
    if ((!has_runs && n_identities != request) || n_lengths != 1)
        differ("Identity or Content-Length", printed, STR(""));
}

static void skeletons(struct str printed)
{
    struct skeleton skeleton;
    struct buf out = BUF_INIT;
    if (skeleton_make(&skeleton, printed)) {
        skeleton_ack(&skeleton, STR("<sip:2@h>;tag=1"), &out);
        check_leaves(buf_str(&out));
        buf_reset(&out);
        skeleton_cancel(&skeleton, STR(""), &out);
        check_leaves(buf_str(&out));
    }
    skeleton_fini(&skeleton);
    buf_fini(&out);
}

static void check_edited(struct message *m)
{
    struct message again;
    struct buf out = BUF_INIT;
    bool request = m->status == 0;
    edit(m);
    if (message_print(m, &out) != 0)
        differ("is not printed", m->raw, STR(""));
    check_leaves(buf_str(&out));
    check_removed(buf_str(&out), request, stand_in_has_runs(m));
    if (message_parse(&again, buf_str(&out), NULL) != REASON_OK &&
        again.fault.reason != REASON_TOO_MANY_HEADERS) /* one more than was let in */
        differ(again.fault.what, buf_str(&out), again.fault.where);
    message_fini(&again);
    if (request)
        skeletons(buf_str(&out));
    buf_fini(&out);
}

static void answers(const struct message *m, struct str bytes)
{
    const struct screen_fault fault = {REASON_BAD_REQUEST, STR("CSeq"), 0, "is missing"};
    struct answer_base base;
    struct buf out = BUF_INIT;
    if (m ? answer_base_make(&base, m) : answer_base_of_response(&base, bytes)) {
        answer_write(&base, 486, STR("tag"), STR(""), &out);
        if (m)
            check_leaves(buf_str(&out));
    }
    answer_base_fini(&base);
    buf_reset(&out);
    if (answer_malformed(bytes, &fault, STR("tag"), &out))
        check_leaves(buf_str(&out));
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct frame_limits limits = {65536, 256};
    static bool ready;
    struct str bytes = {(const char *)data, size};
    struct frame frame;
    struct message m;
    if (!ready && !(ready = message_module_init()))
        return 0;
    answers(NULL, bytes);
    if (frame_datagram(bytes, &limits, &frame) != FRAME_MESSAGE)
        return 0;
    current = str_slice(bytes, frame.skip, frame.skip + frame.length);
    if (message_parse_by_sofia(&m, current, NULL) != REASON_OK)
        return 0;
    compare_lines(&m);
    if (!(m.odd & (ODD_VIA | ODD_LOWER_VIA)))
        compare_vias(&m);
    if (!(m.odd & ODD_ROUTE) && m.status == 0)
        compare_routes(&m);
    check_untouched(&m);
    if (m.status == 0)
        answers(&m, current);
    check_edited(&m);
    message_fini(&m);
    return 0;
}
