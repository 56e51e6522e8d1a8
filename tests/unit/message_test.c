/* A message parsed, edited and printed: what is not touched leaves octet for octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sip/message/answer.h"
#include "sip/branch.h"
#include "sip/message/message.h"

#define TOP                                                                                        \
    "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP  10.0.0.1;branch=z9hG4bK0\r\n"
#define ODD                                                                                        \
    "f:  \"A\\\"\" <sip:1@h>;tag=1\r\nt : <sip:2@h;x=%41>\r\nI:c@h\r\nCSeq:  12   INVITE\r\n"      \
    "X-Foo: a;b;;c\r\nsupported: a,b\r\nSupported: c\r\nDate: not a date\r\nX-Long: 1\r\n  2\r\n"  \
    "X-Eight: \xe9\xff\r\nExpires: xx\r\nm: <sip:1@127.0.0.2>\r\nl: 5\r\n"
#define BODY "\r\na\0b\r\n"

static struct str whole(void)
{
    static const char text[] = "INVITE sip:+1%32@127.0.0.1;user=phone SIP/2.0\r\n" TOP ODD BODY;
    return (struct str){text, sizeof(text) - 1};
}

static void parse(struct message *m, struct str text)
{
    assert_int_equal(message_parse(m, text, NULL), REASON_OK);
}

static void assert_prints(struct message *m, struct str expected)
{
    struct buf out = BUF_INIT;
    assert_int_equal(message_print(m, &out), 0);
    if (!str_eq(buf_str(&out), expected))
        fail_msg("printed:\n%.*s\nexpected:\n%.*s", STR_ARG(buf_str(&out)), STR_ARG(expected));
    buf_fini(&out);
}

static void untouched_it_is_the_same(void **state)
{
    struct message m;
    (void)state;
    parse(&m, whole());
    assert_prints(&m, whole());
    message_fini(&m);
}

/* A NUL in a quoted string, letters in a method that sofia-sip takes for no part of a token. */
static void what_the_parser_cannot_read_leaves_as_it_came(void **state)
{
    static const char request[] =
        "a+b`c'.% sip:2@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2;branch=z9hG4bK1\r\n"
        "From: \"x\\\0y\" <sip:1@h>;tag=1\r\nTo: <sip:2@h>\r\nCall-ID: c\r\nX: \0\1\r\n"
        "CSeq: 1 a+b`c'.%\r\nContent-Length: 3\r\n\r\na\0\1";
    struct str text = {request, sizeof(request) - 1};
    struct message m;
    (void)state;
    parse(&m, text);
    assert_true(str_eq(m.method, STR("a+b`c'.%")));
    assert_prints(&m, text);
    assert_int_equal(message_set_request_uri(&m, STR("sip:3@h")), 0);
    assert_true(str_eq(m.request_uri, STR("sip:3@h")));
    message_fini(&m);
}

static void edited_only_the_edits_differ(void **state)
{
    static const char expected[] =
        "INVITE sip:2@127.0.0.9:5060 SIP/2.0\r\n"
        "Record-Route: <sip:127.0.0.1;lr>\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx\r\n"
        "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK1;rport=4000;received=127.0.0.3\r\nVia: "
        "SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK0\r\n" ODD
        "Max-Forwards: 70\r\nIdentity: a.b.c;info=<https://x>\r\n" BODY;
    struct address source = {ADDRESS_IPV4, 4000, {127, 0, 0, 3}};
    struct message m;
    struct buf out = BUF_INIT;
    (void)state;
    parse(&m, whole());
    assert_int_equal(message_set_received(&m, &source), 0);
    assert_int_equal(message_set_request_uri(&m, STR("sip:2@127.0.0.9:5060")), 0);
    assert_int_equal(message_set_max_forwards(&m, 70), 0);
    assert_int_equal(message_add_header(&m, STR("Identity"), STR("a.b.c;info=<https://x>")), 0);
    assert_int_equal(message_add_record_route(&m, STR("<sip:127.0.0.1;lr>")), 0);
    assert_int_equal(message_add_via(&m, STR("SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx")), 0);
    assert_int_equal(message_print(&m, &out), 0);
    /* Where sofia-sip puts its lines is its own affair: what matters is that each is there, before
       the empty line, and that all others are as they were. */
    struct str rest = {expected, sizeof(expected) - 1};
    struct str printed = buf_str(&out);
    assert_int_equal(printed.n, rest.n);
    assert_true(memmem(printed.p, printed.n, BODY, sizeof(BODY) - 1) ==
                printed.p + printed.n - (sizeof(BODY) - 1));
    while (rest.n > sizeof(BODY) - 1) {
        size_t end = str_find(rest, '\n', 0) + 1;
        struct str line = str_slice(rest, 0, end);
        if (!memmem(printed.p, printed.n, line.p, line.n))
            fail_msg("missing: %.*s\nin\n%.*s", STR_ARG(line), STR_ARG(printed));
        rest = str_slice(rest, end, rest.n);
    }
    buf_fini(&out);
    message_fini(&m);
}

/* Taking the first off has sofia-sip write the others anew. */
static void a_folded_list_is_written_anew_as_one(void **state)
{
    static const struct {
        const char *route, *left;
    } lists[] = {
        {"<sip:u;lr>, sip:h\r\n ;x=1", "Route: <sip:h>;x=1\r\n"},
        {"<sip:u;lr>\r\n , sip:h\r\n\t\t;x=\"q\"", "Route: <sip:h>;x=\"q\"\r\n"},
        {"sip:u\r\n \r\n ;lr, sip:a@h:5060\r\n , <sip:z>",
         "Route: <sip:a@h:5060>\r\nRoute: <sip:z>\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct message m;
        struct buf text = BUF_INIT, out = BUF_INIT;
        buf_addf(&text,
                 "BYE sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n ;branch=z9hG4bK1\r\n"
                 "From: <sip:1@h>;tag=1\r\nTo: <sip:2@h>;tag=2\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n"
                 "Route: %s\r\n\r\n",
                 lists[i].route);
        parse(&m, buf_str(&text));
        assert_prints(&m, buf_str(&text));
        message_remove_route(&m);
        assert_int_equal(message_print(&m, &out), 0);
        if (!memmem(out.p, out.n, lists[i].left, strlen(lists[i].left)))
            fail_msg("%s: %.*s", lists[i].route, STR_ARG(buf_str(&out)));
        message_fini(&m);
        buf_fini(&text);
        buf_fini(&out);
    }
}

static bool is_b(struct str value)
{
    return str_eq(value, STR("b"));
}

static void headers_are_removed_by_name_and_value(void **state)
{
    struct str text = STR(
        "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
        "From: <sip:1@h>;tag=1\r\nTo: <sip:2@h>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n"
        "y: a\r\nIdentity: b\r\nX: 1\r\n\r\n");
    struct message m;
    struct str value;
    struct message_place at = {0};
    (void)state;
    parse(&m, text);
    assert_int_equal(message_header_count(&m, STR("Identity"), 'y'), 2);
    message_remove_headers(&m, STR("Identity"), 'y', is_b);
    assert_true(message_header_next(&m, STR("Identity"), 'y', &at, &value));
    assert_true(str_eq(value, STR("a")));
    assert_false(message_header_next(&m, STR("Identity"), 'y', &at, &value));
    message_remove_headers(&m, STR("Identity"), 'y', NULL);
    assert_int_equal(message_header_count(&m, STR("Identity"), 'y'), 0);
    at = (struct message_place){0};
    assert_true(message_header_next(&m, STR("x"), 0, &at, &value));
    assert_true(str_eq(value, STR("1")));
    message_fini(&m);
}

#define GOOD_VIA  "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
#define GOOD_REST "From: <sip:1@h>;tag=1\r\nTo: <sip:2@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
#define LINE      "INVITE sip:2@h SIP/2.0\r\n"

static const struct {
    const char *name, *text;
    enum reason reason;
} refused[] = {
    {"as it should be", LINE GOOD_VIA GOOD_REST "\r\n", REASON_OK},
    {"a response", "SIP/2.0 180 Ringing\r\n" GOOD_VIA GOOD_REST "\r\n", REASON_OK},
    {"response without phrase", "SIP/2.0 200\r\n" GOOD_VIA GOOD_REST "\r\n", REASON_OK},
    {"tel:", "INVITE tel:+12155550100 SIP/2.0\r\n" GOOD_VIA GOOD_REST "\r\n", REASON_OK},
    {"sos", "INVITE urn:service:sos.fire SIP/2.0\r\n" GOOD_VIA GOOD_REST "\r\n", REASON_OK},
    {"version 7", "INVITE sip:2@h SIP/7.0\r\n" GOOD_VIA GOOD_REST "\r\n", REASON_BAD_VERSION},
    {"no version", "INVITE sip:2@h\r\n" GOOD_VIA GOOD_REST "\r\n", REASON_BAD_REQUEST},
    {"HTTP", "GET / HTTP/1.1\r\n" GOOD_VIA GOOD_REST "\r\n", REASON_BAD_REQUEST},
    {"two spaces", "INVITE  sip:2@h SIP/2.0\r\n" GOOD_VIA GOOD_REST "\r\n", REASON_BAD_REQUEST},
    {"space in the URI", "INVITE sip:2@h; x SIP/2.0\r\n" GOOD_VIA GOOD_REST "\r\n",
     REASON_BAD_REQUEST},
    {"brackets", "INVITE <sip:2@h> SIP/2.0\r\n" GOOD_VIA GOOD_REST "\r\n", REASON_BAD_REQUEST},
    {"unknown scheme", "INVITE nobody:2@h SIP/2.0\r\n" GOOD_VIA GOOD_REST "\r\n",
     REASON_UNSUPPORTED_SCHEME},
    {"status 99", "SIP/2.0 099 X\r\n" GOOD_VIA GOOD_REST "\r\n", REASON_BAD_REQUEST},
    {"status 700", "SIP/2.0 700 X\r\n" GOOD_VIA GOOD_REST "\r\n", REASON_BAD_REQUEST},
    {"no Via", LINE GOOD_REST "\r\n", REASON_BAD_REQUEST},
    {"two From", LINE GOOD_VIA GOOD_REST "From: <sip:1@h>;tag=1\r\n\r\n", REASON_BAD_REQUEST},
    {"two From, one compact", LINE GOOD_VIA GOOD_REST "f: <sip:1@h>;tag=1\r\n\r\n",
     REASON_BAD_REQUEST},
    {"CSeq of another method",
     LINE GOOD_VIA "From: <sip:1@h>\r\nTo: <sip:2@h>\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\r\n",
     REASON_BAD_REQUEST},
    {"CSeq of 32 bits",
     LINE GOOD_VIA
     "From: <sip:1@h>\r\nTo: <sip:2@h>\r\nCall-ID: c\r\nCSeq: 2147483648 INVITE\r\n\r\n",
     REASON_BAD_REQUEST},
    {"CSeq without number",
     LINE GOOD_VIA "From: <sip:1@h>\r\nTo: <sip:2@h>\r\nCall-ID: c\r\nCSeq: INVITE\r\n\r\n",
     REASON_BAD_REQUEST},
    {"empty Call-ID",
     LINE GOOD_VIA "From: <sip:1@h>\r\nTo: <sip:2@h>\r\nCall-ID:\r\nCSeq: 1 INVITE\r\n\r\n",
     REASON_BAD_REQUEST},
    {"From without an address",
     LINE GOOD_VIA "From: ;tag=1\r\nTo: <sip:2@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n",
     REASON_BAD_REQUEST},
};

static void each_refusal_has_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct message m;
        enum reason reason = message_parse(&m, str_of(refused[i].text), NULL);
        if (reason != refused[i].reason)
            fail_msg("%s: %.*s", refused[i].name, STR_ARG(reason_name(reason)));
        message_fini(&m);
    }
}

/* What is refused says where and what: for the sender, the log and the record. */
static void each_fault_has_its_words(void **state)
{
    static const struct {
        const char *text, *where, *at, *what;
    } cases[] = {
        {LINE GOOD_VIA GOOD_REST "f: <sip:3@h>\r\n\r\n", "f", "f: <sip:3", "is there twice"},
        {LINE GOOD_REST "\r\n", "Via", "INVITE", "is missing"},
        {LINE GOOD_VIA GOOD_REST "Max-Forwards: x\r\n\r\n", "Max-Forwards", "Max-F",
         "cannot be read"},
        {LINE GOOD_VIA GOOD_REST "Route: <sip:\r\n\r\n", "Route", "Route", "cannot be read"},
        {LINE GOOD_VIA GOOD_REST "X: a\rY: b\r\n\r\n", "line end", "\rY", "CR or LF stands alone"},
        {LINE GOOD_VIA GOOD_REST "X: a\nY: b\r\n\r\n", "line end", "\nY", "CR or LF stands alone"},
        {LINE " X: y\r\n" GOOD_VIA GOOD_REST "\r\n", "start line",
         " X:", "it goes on in the next line"},
        {"INVITE sip:<2@h SIP/2.0\r\n" GOOD_VIA GOOD_REST "\r\n", "start line", "<2@h",
         "no octet of a Request-URI"},
        {LINE "Via: SIP/2.0/UDP h;branch=1;branch=2\r\n" GOOD_REST "\r\n", "Via", "Via",
         "cannot be read"},
        {LINE "Via: SIP/2.0/UDP a (\"), SIP/2.0/UDP b (\")\r\n" GOOD_REST "\r\n", "Via", "Via",
         "cannot be read"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct message m;
        assert_int_equal(message_parse(&m, str_of(cases[i].text), NULL), REASON_BAD_REQUEST);
        assert_null(m.msg);
        assert_int_equal(m.fault.reason, REASON_BAD_REQUEST);
        if (!str_eq(m.fault.where, str_of(cases[i].where)) ||
            m.fault.octet != (size_t)(strstr(cases[i].text, cases[i].at) - cases[i].text) ||
            !str_eq(str_of(m.fault.what), str_of(cases[i].what)))
            fail_msg("%zu: %.*s %s at %zu", i, STR_ARG(m.fault.where), m.fault.what, m.fault.octet);
    }
}

#define BROKEN                                                                                     \
    "X-Broken\r\n: y\r\nMy Header: x\r\n\xe9: x\r\nP-Asserted-Identity\r\n : evil\r\na\r\n b\r\n"

/* Lines that are no header leave as they came; of a response so does what a request must have. */
static void what_is_not_needed_leaves_as_it_came(void **state)
{
    static const char *const texts[] = {
        LINE GOOD_VIA BROKEN GOOD_REST BROKEN "\r\n",
        LINE BROKEN GOOD_VIA GOOD_REST "Record-Route: <sip:\r\nContent-Type: ;\r\n\r\nbody",
        "SIP/2.0 200\r\n" BROKEN GOOD_VIA GOOD_REST BROKEN "l: 4\r\n\r\nbody",
        "SIP/2.0 200 OK\r\n" GOOD_VIA "From: <<\r\nTo: \"\r\nCall-ID:\r\nCSeq: 1 INVITE\r\n"
        "CSeq: x\r\nMax-Forwards: y\r\nRoute: <\r\nContact: " BROKEN "\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct message m;
        parse(&m, str_of(texts[i]));
        assert_prints(&m, str_of(texts[i]));
        message_fini(&m);
    }
}

static void what_resembles_a_header_goes_with_it(void **state)
{
    static const char *const lines[] = {
        "P-Asserted-Identity: evil\r\n",      "p-asserted-identity\t : evil\r\n",
        "P-Asserted-Identity\r\n : evil\r\n", "P-Asserted-Identity\xa0: evil\r\n",
        "\x0bP-Asserted-Identity: evil\r\n",  "P-Asserted\x01-Identity: evil\r\n",
        "P-Asserted-Identity evil\r\n",       "P-Asserted-Identity=evil\r\n",
        "P_Asserted_Identity: evil\r\n",      "p-asserted_identity : evil\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct buf text = BUF_INIT;
        struct message m;
        buf_addf(&text, LINE "X: y\r\n%sX-Broken\r\n" GOOD_VIA GOOD_REST "\r\n", lines[i]);
        parse(&m, buf_str(&text));
        message_remove_headers(&m, STR("P-Asserted-Identity"), 0, NULL);
        assert_prints(&m, STR(LINE "X: y\r\nX-Broken\r\n" GOOD_VIA GOOD_REST "\r\n"));
        message_fini(&m);
        buf_fini(&text);
    }
}

static void lists_are_bounded(void **state)
{
    static const char *const lists[] = {"Via: SIP/2.0/UDP h;branch=z9hG4bK1", "Route: <sip:h;lr>",
                                        "Contact: <sip:h>", "Proxy-Require: x"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct buf text = BUF_INIT;
        struct message m;
        buf_add_text(&text, LINE GOOD_VIA GOOD_REST);
        for (unsigned n = 0; n < 65; n++)
            buf_addf(&text, "%s\r\n", lists[i]);
        buf_add_text(&text, "\r\n");
        assert_int_equal(message_parse(&m, buf_str(&text), NULL), REASON_TOO_MANY_HEADERS);
        buf_fini(&text);
    }
}

static void parameters_are_bounded(void **state)
{
    (void)state;
    for (unsigned most = 1024; most <= 1025; most++) {
        struct buf text = BUF_INIT;
        struct message m;
        buf_add_text(&text, LINE GOOD_VIA GOOD_REST "Route: <sip:h>");
        for (unsigned n = 0; n < most; n++)
            buf_add_text(&text, ";a");
        buf_add_text(&text, "\r\n\r\n");
        assert_int_equal(message_parse(&m, buf_str(&text), NULL),
                         most == 1024 ? REASON_OK : REASON_TOO_MANY_HEADERS);
        message_fini(&m);
        buf_fini(&text);
    }
}

static void a_branch_proves_itself_and_nothing_else_does(void **state)
{
    static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1}, other[SNAPSHOT_SECRET_BYTES] = {2};
    struct branches ours, theirs;
    struct message request, response;
    char branch[BRANCH_LENGTH + 1], text[1024];
    (void)state;
    assert_true(branches_init(&ours, secret) && branches_init(&theirs, other));
    parse(&request, STR(LINE GOOD_VIA GOOD_REST "\r\n"));
    branch_write(&ours, &request, 1, 2, branch);
    assert_int_equal(strlen(branch), BRANCH_LENGTH);
    for (size_t changed = 0; changed <= BRANCH_LENGTH; changed++) {
        char copy[BRANCH_LENGTH + 1];
        memcpy(copy, branch, sizeof(copy));
        if (changed < BRANCH_LENGTH)
            copy[changed] = copy[changed] == '0' ? '1' : '0';
        int n = snprintf(
            text, sizeof(text),
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP us;branch=%s\r\n" GOOD_VIA GOOD_REST "\r\n", copy);
        parse(&response, (struct str){text, (size_t)n});
        assert_int_equal(branch_is_ours(&ours, &response), changed == BRANCH_LENGTH);
        assert_false(branch_is_ours(&theirs, &response));
        message_fini(&response);
    }
    message_fini(&request);
    branches_fini(&ours);
    branches_fini(&theirs);
}

/* The request comes back: unchanged it is a loop, with another Request-URI a spiral. */
static void a_loop_is_no_spiral(void **state)
{
    static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1};
    struct branches b;
    struct message first, again;
    char branch[BRANCH_LENGTH + 1], text[1024];
    (void)state;
    assert_true(branches_init(&b, secret));
    parse(&first, STR(LINE GOOD_VIA GOOD_REST "\r\n"));
    assert_false(branch_shows_loop(&b, &first));
    branch_write(&b, &first, 0, 0, branch);
    for (int spiral = 0; spiral < 2; spiral++) {
        int n = snprintf(text, sizeof(text),
                         "INVITE sip:%d@h SIP/2.0\r\nVia: SIP/2.0/UDP next;branch=z9hG4bKnext\r\n"
                         "Via: SIP/2.0/UDP us;branch=%s\r\n" GOOD_VIA GOOD_REST "\r\n",
                         2 + spiral, branch);
        parse(&again, (struct str){text, (size_t)n});
        assert_int_equal(branch_shows_loop(&b, &again), !spiral);
        message_fini(&again);
    }
    message_fini(&first);
    branches_fini(&b);
}

/* The 487 of a call that rang repeats the lines of its 180, and nothing else of it. */
static void what_is_not_the_messages_fault_is_told_in_a_plain_status_line(void **state)
{
    const struct screen_fault fault = {.reason = REASON_OUT_OF_MEMORY};
    struct buf out = BUF_INIT;
    (void)state;
    assert_true(
        answer_malformed(STR("INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
                             "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: c\r\n"
                             "CSeq: 1 INVITE\r\n\r\n"),
                         &fault, STR("t"), &out));
    assert_true(str_starts(buf_str(&out), STR("SIP/2.0 503 Service Unavailable\r\nVia: ")));
    buf_fini(&out);
}

/* In the place of somebody else's: To and its tag are theirs, and none is added. */
static void an_answer_in_the_place_of_a_response(void **state)
{
    static const char *const tags[] = {";tag=callee", ""};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct answer_base base;
        struct buf response = BUF_INIT, expected = BUF_INIT, out = BUF_INIT;
        buf_addf(&response,
                 "SIP/2.0 503 Unavailable\r\nRecord-Route: <sip:us;lr>\r\n" GOOD_VIA
                 "v: SIP/2.0/TCP  b;branch=z9hG4bK0\r\nt: \"x;tag=no\" <sip:2@h;tag=nor>%s\r\n"
                 "From: <sip:1@h>;tag=1\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
                 "Contact: <sip:2@h>\r\nContent-Length: 4\r\n\r\nv=0\n",
                 tags[i]);
        buf_addf(&expected,
                 "SIP/2.0 500 Server Internal Error\r\n" GOOD_VIA
                 "v: SIP/2.0/TCP  b;branch=z9hG4bK0\r\nt: \"x;tag=no\" <sip:2@h;tag=nor>%s\r\n"
                 "From: <sip:1@h>;tag=1\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
                 "Content-Length: 0\r\n\r\n",
                 tags[i]);
        assert_true(answer_base_of_response(&base, buf_str(&response)));
        answer_write(&base, 500, STR(""), STR(""), &out);
        if (!str_eq(buf_str(&out), buf_str(&expected)))
            fail_msg("written:\n%.*s", STR_ARG(buf_str(&out)));
        answer_base_fini(&base);
        buf_fini(&response);
        buf_fini(&expected);
        buf_fini(&out);
    }
}

#define ASKED_VIAS  "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nVia: SIP/2.0/TCP b;branch=z9hG4bK0\r\n"
#define ASKED_FROM  "From: <sip:1@h>;tag=1\r\n"
#define ASKED_LINES "Call-ID: c\r\nCSeq: 1 INVITE\r\n"
#define ASKED_TO    "\"Bob >;tag=1\" <sip:2@h>"

/* What a next hop made of the lines of that request, and whether they can be had out of it. */
static const struct {
    const char *what, *lines;
    bool rests;
} said[] = {
    {"the same", ASKED_VIAS ASKED_FROM "To: " ASKED_TO "\r\n" ASKED_LINES, true},
    {"a tag", ASKED_VIAS ASKED_FROM "To: " ASKED_TO ";tag=x\r\n" ASKED_LINES, true},
    {"a folded tag", ASKED_VIAS ASKED_FROM "To: " ASKED_TO "\r\n ;tag=x\r\n" ASKED_LINES, true},
    {"another order, other names",
     "t: " ASKED_TO ";tag=x\r\ncall-id:c\r\ncseq:  1 INVITE\r\nX: y\r\n" ASKED_VIAS
     "f: <sip:1@h>;tag=1\r\n",
     true},
    {"another To", ASKED_VIAS ASKED_FROM "To: Bob <sip:2@h>;tag=x\r\n" ASKED_LINES, false},
    {"a cut To", ASKED_VIAS ASKED_FROM "To: \"Bob >;tag=1\r\n" ASKED_LINES, false},
    {"two To", ASKED_VIAS ASKED_FROM "To: " ASKED_TO "\r\nt: " ASKED_TO "\r\n" ASKED_LINES, false},
    {"no To", ASKED_VIAS ASKED_FROM ASKED_LINES, false},
    {"another From tag", ASKED_VIAS "From: <sip:1@h>;tag=2\r\nTo: " ASKED_TO "\r\n" ASKED_LINES,
     false},
    {"a From with more", ASKED_VIAS "From: <sip:1@h>;tag=12\r\nTo: " ASKED_TO "\r\n" ASKED_LINES,
     false},
    {"two From", ASKED_VIAS ASKED_FROM ASKED_FROM "To: " ASKED_TO "\r\n" ASKED_LINES, false},
    {"another Call-ID",
     ASKED_VIAS ASKED_FROM "To: " ASKED_TO "\r\nCall-ID: d\r\nCSeq: 1 INVITE\r\n", false},
    {"two Call-IDs", ASKED_VIAS ASKED_FROM "To: " ASKED_TO "\r\n" ASKED_LINES "i: d\r\n", false},
    {"another CSeq", ASKED_VIAS ASKED_FROM "To: " ASKED_TO "\r\nCall-ID: c\r\nCSeq: 2 INVITE\r\n",
     false},
    {"two CSeqs", ASKED_VIAS ASKED_FROM "To: " ASKED_TO "\r\n" ASKED_LINES "CSeq: 9 BYE\r\n",
     false},
    {"no CSeq", ASKED_VIAS ASKED_FROM "To: " ASKED_TO "\r\nCall-ID: c\r\n", false},
    {"a Via less",
     "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n" ASKED_FROM "To: " ASKED_TO "\r\n" ASKED_LINES, false},
    {"a Via more", ASKED_VIAS "v: SIP/2.0/UDP x\r\n" ASKED_FROM "To: " ASKED_TO "\r\n" ASKED_LINES,
     false},
    {"the Vias in another order",
     "Via: SIP/2.0/TCP b;branch=z9hG4bK0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n" ASKED_FROM
     "To: " ASKED_TO "\r\n" ASKED_LINES,
     false},
    {"another branch below",
     "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nVia: SIP/2.0/TCP b;branch=z9hG4bKl\r\n" ASKED_FROM
     "To: " ASKED_TO "\r\n" ASKED_LINES,
     false},
};

/* A line as everybody reads it: its value alone. */
static void assert_same_lines(const char *what, struct str one, struct str other)
{
    static const char *const names[] = {"Via", "From", "To", "Call-ID", "CSeq"};
    static const char compact[] = {'v', 'f', 't', 'i', 0};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct header_elements a = header_elements_of(one, str_of(names[i]), compact[i]);
        struct header_elements b = header_elements_of(other, str_of(names[i]), compact[i]);
        struct str x, y;
        while (header_element_next(&a, &x))
            if (!header_element_next(&b, &y) || !str_eq(x, y))
                fail_msg("%s: %s is not what it was", what, names[i]);
        if (header_element_next(&b, &y))
            fail_msg("%s: too many of %s", what, names[i]);
    }
}

/* Whatever a next hop writes, an answer of our own has the lines of the request, and our tag. */
static void an_answer_out_of_the_last_provisional(void **state)
{
    struct message m;
    (void)state;
    parse(&m, STR("INVITE sip:2@h SIP/2.0\r\n" ASKED_VIAS ASKED_FROM "To: " ASKED_TO
                  "\r\n" ASKED_LINES "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"));
    for (unsigned i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        struct answer_base base;
        struct buf response = BUF_INIT, before = BUF_INIT, after = BUF_INIT;
        struct header_line to;
        buf_addf(&response, "SIP/2.0 180 Ringing\r\n%sContent-Length: 0\r\n\r\n", said[i].lines);
        assert_true(answer_base_make(&base, &m));
        answer_write(&base, 487, STR("ours"), STR(""), &before);
        answer_base_rest(&base, buf_str(&response));
        if (base.rests != said[i].rests || (base.lines != NULL) == said[i].rests)
            fail_msg("%s", said[i].what);
        assert_true(!base.rests || answer_base_restore(&base, buf_str(&response)));
        answer_write(&base, 487, STR("ours"), STR(""), &after);
        assert_same_lines(said[i].what, buf_str(&before), buf_str(&after));
        assert_true(header_find(buf_str(&after), STR("To"), 't', &to));
        assert_true(str_eq(to.value, STR(ASKED_TO ";tag=ours")));
        answer_base_fini(&base);
        buf_fini(&response);
        buf_fini(&before);
        buf_fini(&after);
    }
    message_fini(&m);
}

static int set_up(void **state)
{
    (void)state;
    return message_module_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untouched_it_is_the_same),
        cmocka_unit_test(what_the_parser_cannot_read_leaves_as_it_came),
        cmocka_unit_test(edited_only_the_edits_differ),
        cmocka_unit_test(a_folded_list_is_written_anew_as_one),
        cmocka_unit_test(headers_are_removed_by_name_and_value),
        cmocka_unit_test(each_refusal_has_its_reason),
        cmocka_unit_test(each_fault_has_its_words),
        cmocka_unit_test(what_is_not_needed_leaves_as_it_came),
        cmocka_unit_test(what_resembles_a_header_goes_with_it),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(parameters_are_bounded),
        cmocka_unit_test(a_branch_proves_itself_and_nothing_else_does),
        cmocka_unit_test(a_loop_is_no_spiral),
        cmocka_unit_test(what_is_not_the_messages_fault_is_told_in_a_plain_status_line),
        cmocka_unit_test(an_answer_in_the_place_of_a_response),
        cmocka_unit_test(an_answer_out_of_the_last_provisional),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
