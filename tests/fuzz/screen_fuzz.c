/*
 * What is decided about a message before sofia-sip parses it (screen.h): a refusal has words and a
 * place within the message, and what is let through has been counted: its mandatory headers are
 * there, its lists are bounded. It is the same whenever it is asked, and whatever the body says.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/headers.h>
#include <stird/core/settings.h>
#include <string.h>

#include "sip/message/message.h"
#include "sip/message/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what, struct str s)
{
    fprintf(stderr, "%s: \"%.*s\"\n", what, STR_ARG(s));
    abort();
}

static enum reason screen(struct message *m, struct str raw)
{
    static const struct settings unset = {.emergency_by_to = true};
    *m = (struct message){.raw = raw, .settings = &unset, .fault = {.reason = REASON_OK}};
    return screen_raw(m, raw);
}

static void check_words(struct str raw, const struct screen_fault *fault)
{
    if (!fault->what || !fault->what[0] || fault->where.n == 0)
        fail("a refusal without words", raw);
    if (fault->octet > raw.n)
        fail("a place behind the message", raw);
}

/* How many elements stand in all lines of this name. */
static unsigned count_elements(struct str raw, struct str name, char compact)
{
    struct header_elements all = header_elements_of(raw, name, compact);
    struct str element;
    unsigned n = 0;
    while (header_element_next(&all, &element))
        n++;
    return n;
}

/* At least one that names somebody; another one is an exact copy, or a Via. */
static void check_mandatory(const struct message *m)
{
    static const struct {
        struct str name;
        char compact;
        bool once;
    } mandatory[] = {{STR("Via"), 'v', false},
                     {STR("From"), 'f', true},
                     {STR("To"), 't', true},
                     {STR("Call-ID"), 'i', true},
                     {STR("CSeq"), 0, true}};
    for (size_t i = 0; i < sizeof(mandatory) / sizeof(mandatory[0]); i++) {
        struct header_line line;
        struct str rest;
        unsigned n = 0;
        start_line(m->raw, &rest);
        while (header_next(&rest, &line)) {
            if (!header_is(&line, mandatory[i].name, mandatory[i].compact))
                continue;
            if (n++ > 0 && mandatory[i].once && m->status == 0 && !screen_is_copy(m, &line))
                fail("twice, and no copy", line.raw);
        }
        if (n == 0)
            fail("is missing", mandatory[i].name);
    }
}

static void check_request(const struct message *m)
{
    static const struct {
        struct str name;
        char compact;
    } bounded[] = {{STR("Via"), 'v'}, {STR("Route"), 0}};
    if (!is_sip_token(m->method) || m->request_uri.n == 0)
        fail("a request without method or URI", m->raw);
    if (m->request_uri.p < m->raw.p || m->request_uri.p + m->request_uri.n > m->raw.p + m->raw.n)
        fail("a Request-URI from elsewhere", m->request_uri);
    if (!str_eq(m->method, m->cseq_method))
        fail("a CSeq of another method", m->cseq_method);
    for (size_t i = 0; i < sizeof(bounded) / sizeof(bounded[0]); i++)
        if (count_elements(m->raw, bounded[i].name, bounded[i].compact) > SCREEN_MAX_ELEMENTS)
            fail("more elements than are let in", bounded[i].name);
}

/* The lists of which more does no harm are told of: excess. */
static void check_excess(const struct message *m)
{
    static const struct {
        struct str name;
        char compact;
    } told[] = {{STR("Contact"), 'm'},
                {STR("Record-Route"), 0},
                {STR("Require"), 0},
                {STR("Proxy-Require"), 0},
                {STR("Supported"), 'k'}};
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        if (count_elements(m->raw, told[i].name, told[i].compact) > SCREEN_MAX_ELEMENTS &&
            !m->excess.what)
            fail("too many elements, and nothing says so", told[i].name);
}

static void check_same(const struct message *a, const struct message *b)
{
    if (a->fault.reason != b->fault.reason || a->fault.octet != b->fault.octet ||
        a->status != b->status || a->cseq != b->cseq || a->odd != b->odd ||
        a->n_lines != b->n_lines || a->n_broken != b->n_broken ||
        a->claims_to_tag != b->claims_to_tag || !str_eq(a->method, b->method) ||
        !str_eq(a->call_id, b->call_id) || !str_eq(a->from_tag, b->from_tag) ||
        !str_eq(a->to_tag, b->to_tag))
        fail("another answer", a->raw);
}

/* The same head before a body that looks like header lines. */
static void check_body(const struct message *m)
{
    struct buf out = BUF_INIT;
    struct message again;
    buf_add_str(&out, str_slice(m->raw, 0, m->head_bytes));
    buf_add_text(&out, "From: <sip:x@y>\r\nCSeq: 7 BYE\r\nRoute: <sip:z>\r\n\r\n");
    if (!buf_failed(&out)) {
        screen(&again, buf_str(&out));
        check_same(m, &again);
    }
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str raw = {(const char *)data, size};
    struct message m, again;
    enum reason reason = screen(&m, raw);
    /* What was wrong with an odd start line stays as the fault, for judge() of message.c. */
    if ((reason != REASON_OK && reason != m.fault.reason) || reason != screen(&again, raw))
        fail("two reasons", raw);
    check_same(&m, &again);
    if (reason != REASON_OK) {
        check_words(raw, &m.fault);
        return 0;
    }
    check_mandatory(&m);
    if (m.status == 0) {
        check_request(&m);
        check_excess(&m);
    }
    check_body(&m);
    return 0;
}
