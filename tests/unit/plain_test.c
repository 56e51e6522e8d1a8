/*
 * Which messages are plain: those of ordinary SBCs, and nothing that two readers might read
 * differently. That a plain one is read as the parser reads it is compared by fuzz/plain_fuzz.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <stird/base/buf.h>

#include "sip/message/message.h"
#include "sip/message/plain.h"

#define VIA     "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77asjd;rport\r\n"
#define FROM    "From: \"Alice\" <sip:+12025550100@192.0.2.1;user=phone>;tag=9fxced76sl\r\n"
#define TO      "To: <sip:+12025550199@192.0.2.9>\r\n"
#define CALL_ID "Call-ID: 3848276298220188511@192.0.2.1\r\n"
#define CSEQ    "CSeq: 1 INVITE\r\n"

static bool is_plain(const char *text)
{
    struct message m;
    enum reason reason = message_parse(&m, str_of(text), NULL);
    bool plain = reason == REASON_OK && m.plain;
    message_fini(&m);
    return plain;
}

static const char *const invites[] = {
    "",
    "Max-Forwards: 70\r\n",
    "Contact: \"odd\\\"\" <sip:a@192.0.2.1>, <sip:b@h>\r\n",
    "Route: <sip:192.0.2.9;lr>\r\nRoute: <sip:192.0.2.8:5080;transport=tcp;lr>\r\n",
    "Record-Route: <sip:192.0.2.7;lr;ftag=a>\r\n",
    "Via: SIP/2.0/TCP [2001:db8::1]:5061;received=2001:db8::2;branch=z9hG4bKa\r\n",
    "X-Anything: \"\xe9;,<\r\nIdentity: a.b.c;info=<https://x/>\r\n",
    "Content-Length: 0\r\n",
};

static void of_ordinary_sbcs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(invites) / sizeof(invites[0]); i++) {
        char text[1200];
        snprintf(
            text, sizeof(text),
            "INVITE sip:+12025550199@192.0.2.9:5060;user=phone SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ
            "%s\r\n",
            invites[i]);
        if (!is_plain(text))
            fail_msg("not plain: %s", text);
    }
    assert_true(is_plain("SIP/2.0 180 Ringing\r\n" VIA VIA FROM TO CALL_ID CSEQ "\r\n"));
    assert_true(
        is_plain("SIP/2.0 200 OK\r\nv: SIP/2.0/UDP h\r\nf: x\r\nt: y;tag=1\r\ni: c\r\nCSeq: 1 "
                 "INVITE\r\nm: <sip:a@h>\r\nl: 3\r\n\r\nabc"));
    assert_true(is_plain("ACK sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 1 ACK\r\n\r\n"));
    assert_true(is_plain("INVITE tel:+12025550199 SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "\r\n"));
}

/* What is served all the same, by the parser, or is refused. */
static const char *const others[] = {
    "INVITE sip:%41@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "\r\n",
    "INVITE urn:service:sos SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "\r\n",
    "invite sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "\r\n",
    "FOO sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 1 FOO\r\n\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" FROM TO CALL_ID CSEQ "\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA FROM FROM TO CALL_ID CSEQ "\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 1 BYE\r\n\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 1  INVITE\r\n\r\n",
    "INVITE sip:2@h SIP/2.0\r\nVia: SIP/2.0/UDP h, SIP/2.0/UDP i\r\n" FROM TO CALL_ID CSEQ "\r\n",
    "INVITE sip:2@h SIP/2.0\r\nVia: SIP/2.0/UDP h;a=\"b\"\r\n" FROM TO CALL_ID CSEQ "\r\n",
    "INVITE sip:2@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=a;branch=b\r\n" FROM TO CALL_ID CSEQ
    "\r\n",
    "INVITE sip:2@h SIP/2.0\r\nVia: SIP/2.0/UDP  h\r\n" FROM TO CALL_ID CSEQ "\r\n",
    "INVITE sip:2@h SIP/2.0\r\nVia : SIP/2.0/UDP h\r\n" FROM TO CALL_ID CSEQ "\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA "From: sip:1@h;tag=1\r\n" TO CALL_ID CSEQ "\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA "From: \"a\\\"\" <sip:1@h>;tag=1\r\n" TO CALL_ID CSEQ "\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA "From: <sip:1@h>;tag=1;tag=2\r\n" TO CALL_ID CSEQ "\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "Route: <sip:a;lr>, <sip:b;lr>\r\n\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "Route: <sip:a>\r\n\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "Max-Forwards: x\r\n\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ
    "Max-Forwards: 1\r\nMax-Forwards: 1\r\n\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "Subject: a\r\n b\r\n\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "no header\r\n\r\n",
    "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "Content-Length: 1\r\n\r\nab",
    "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "\r\nab",
    "SIP/2.0 200 OK\r\n" VIA FROM TO CSEQ "\r\n",
    "SIP/2.0  200 OK\r\n" VIA FROM TO CALL_ID CSEQ "\r\n",
    " SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID CSEQ "\r\n",
};

static void of_nobody_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (is_plain(others[i]))
            fail_msg("plain: %s", others[i]);
}

static void with_a_nul(void **state)
{
    static const char text[] = "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ
                               "X: \0\r\n\r\n";
    struct message m;
    (void)state;
    assert_int_equal(message_parse(&m, (struct str){text, sizeof(text) - 1}, NULL), REASON_OK);
    assert_null(m.plain);
    message_fini(&m);
}

/* More than there is room for is no fault of the message. */
static void with_many_lines(void **state)
{
    (void)state;
    for (unsigned n = 30; n < 50; n++) {
        struct buf text = BUF_INIT;
        struct message m;
        buf_add_text(&text, "INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ);
        for (unsigned i = 5; i < n; i++)
            buf_add_text(&text, "X-Line: 1\r\n");
        buf_add_text(&text, "\r\n");
        assert_int_equal(message_parse(&m, buf_str(&text), NULL), REASON_OK);
        assert_int_equal(m.plain != NULL, n <= PLAIN_LINES_MAX);
        assert_int_equal(m.n_lines, n);
        message_fini(&m);
        buf_fini(&text);
    }
}

/* Its memory ends at some line: that is told, and no other one is lost. */
static void with_more_added_than_there_is_room(void **state)
{
    struct message m;
    struct buf out = BUF_INIT;
    unsigned n = 0;
    (void)state;
    assert_int_equal(
        message_parse(&m, STR("INVITE sip:2@h SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ "\r\n"), NULL),
        REASON_OK);
    while (message_add_header(&m, STR("X"), STR("1")) == 0)
        n++;
    assert_int_equal(n, PLAIN_ROOM - 5);
    assert_int_not_equal(message_add_via(&m, STR("SIP/2.0/UDP h")), 0);
    assert_int_equal(message_print(&m, &out), 0);
    assert_int_equal(message_header_count(&m, STR("X"), 0), n);
    buf_fini(&out);
    message_fini(&m);
}

/* The values of what came, each behind a comma. */
static void list_came(const struct message *m, struct buf *out)
{
    struct message_walk walk = {.begun = false};
    struct message_routes routes = {.n = 0};
    struct header_line line;
    struct str uri;
    while (message_came_next(m, MESSAGE_ANSWERED | MESSAGE_RECORDED | MESSAGE_OTHERS, &walk, &line))
        if (!header_is(&line, STR("Via"), 'v') && !header_is(&line, STR("Route"), 0) &&
            !header_is(&line, STR("Max-Forwards"), 0)) {
            buf_add_text(out, ",");
            buf_add_str(out, line.value);
        }
    while (message_route_came(m, &routes, &uri)) {
        buf_add_text(out, ",");
        buf_add_str(out, uri);
    }
    if (message_came_find(m, STR("Contact"), 'm', &line))
        buf_add_str(out, line.raw);
}

static void assert_came(const struct message *m, const char *wanted)
{
    struct buf text = BUF_INIT;
    list_came(m, &text);
    buf_add_char(&text, '\0');
    assert_string_equal(text.p, wanted);
    buf_fini(&text);
}

/* A request may be sent more than once, and each time edited: by what it came with it is known. */
static void with_what_came_behind_edits(void **state)
{
    static const char text[] =
        "BYE sip:b@192.0.2.2 SIP/2.0\r\n" VIA "Route: <sip:192.0.2.9;lr>\r\n"
        "From: <sip:a@h>;tag=1\r\nMax-Forwards: 70\r\nRoute: <sip:192.0.2.8;lr>\r\n"
        "To: <sip:b@h>;tag=2\r\nm:  <sip:c@h>\r\nCall-ID: c\r\nRoute: <sip:192.0.2.7;lr>\r\n"
        "CSeq: 2 BYE\r\nPrivacy: id\r\n\r\n";
    static const char came[] = ",<sip:a@h>;tag=1,<sip:b@h>;tag=2,<sip:c@h>,c,2 BYE,id,"
                               "sip:192.0.2.9;lr,sip:192.0.2.8;lr,sip:192.0.2.7;lr"
                               "m:  <sip:c@h>\r\n";
    struct message m;
    (void)state;
    assert_int_equal(message_parse(&m, str_of(text), NULL), REASON_OK);
    assert_non_null(m.plain);
    assert_came(&m, came);
    message_remove_last_route(&m);
    assert_came(&m, came);
    message_remove_route(&m);
    assert_int_equal(message_append_route(&m, STR("<sip:d@h>")), 0);
    assert_int_equal(message_add_record_route(&m, STR("<sip:e@h;lr>")), 0);
    assert_int_equal(message_add_header(&m, STR("Contact"), STR("<sip:f@h>")), 0);
    assert_came(&m, came);
    message_remove_headers(&m, STR("Contact"), 'm', NULL);
    message_remove_headers(&m, STR("Privacy"), 0, NULL);
    assert_came(&m, came);
    message_fini(&m);
    assert_int_equal(message_parse_by_sofia(&m, str_of(text), NULL), REASON_OK);
    assert_came(&m, came);
    message_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_ordinary_sbcs),
        cmocka_unit_test(of_nobody_else),
        cmocka_unit_test(with_a_nul),
        cmocka_unit_test(with_many_lines),
        cmocka_unit_test(with_more_added_than_there_is_room),
        cmocka_unit_test(with_what_came_behind_edits),
    };
    if (!message_module_init())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
