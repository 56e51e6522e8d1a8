/*
 * R-P-024, R-P-069: which messages from unlisted sources are heard: those with a proof in its
 * place, and none with something that looks like one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sip/stranger.h"

#define VIA   "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
#define REST  "From: <sip:1@h>;tag=1\r\nTo: <sip:2@h>;tag=2\r\nCall-ID: c@h\r\nCSeq: 2 BYE\r\n\r\n"
#define OTHER "From: <sip:1@h>;tag=1\r\nTo: <sip:2@h>;tag=2\r\nCall-ID: d@h\r\nCSeq: 2 BYE\r\n\r\n"

/* What Record-Routes of ours name. */
#define US "192.0.2.100"

static struct settings settings = {.dialog_days = 2, .max_header_lines = 256};
static struct listener listeners[2];
static const struct flow from = {.listener = 0}, elsewhere = {.listener = 1};

#define NO_TAG "From: <sip:1@h>;tag=1\r\nTo: <sip:2@h>\r\nCall-ID: c@h\r\nCSeq: 2 BYE\r\n\r\n"
#define OTHER_TAG                                                                                  \
    "From: <sip:1@h>;tag=3\r\nTo: <sip:2@h>;tag=2\r\nCall-ID: c@h\r\nCSeq: 2 BYE\r\n\r\n"
#define BY_CALLEE "f: <sip:2@h>;tag=2\r\nt: <sip:1@h>;tag=1\r\ni: c@h\r\nCSeq: 2 BYE\r\n\r\n"

static int sends_nothing(void *context, const struct flow *to, struct str bytes)
{
    (void)context, (void)to, (void)bytes;
    return 0;
}

static struct timers timers;
static struct transactions *transactions;

static struct proxy *make_proxy(unsigned worker, unsigned n_workers)
{
    static struct snapshot snapshot = {.settings = &settings};
    static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1};
    const struct proxy_stage stage = {.snapshot = &snapshot,
                                      .listeners = {.list = listeners, .n = 2},
                                      .secret = secret,
                                      .transactions = transactions,
                                      .worker = worker,
                                      .n_workers = n_workers};
    struct proxy *p = proxy_new_offstage(&stage);
    assert_non_null(p);
    return p;
}

static int set_up(void **state)
{
    static const struct transaction_timing timing = {500, 4000, 5000};
    static const struct transaction_hooks hooks = {.send = sends_nothing};
    assert_true(message_module_init());
    for (unsigned i = 0; i < 2; i++) {
        assert_true(address_parse(STR(US), &listeners[i].address));
        listeners[i].address.port = (uint16_t)(5060 + i);
    }
    timers_init(&timers, 0);
    transactions = transactions_new(&timing, &hooks, &timers);
    assert_non_null(transactions);
    *state = make_proxy(0, 0);
    return 0;
}

static int tear_down(void **state)
{
    transactions_free(transactions);
    proxy_free_offstage(*state);
    return 0;
}

/* %s is the key. */
static const struct {
    const char *name, *text;
    bool heard;
} requests[] = {
    {"in a Route", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ";lr;stk=%s>\r\n" REST, true},
    {"with its port", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ":5060;lr;stk=%s>\r\n" REST,
     true},
    {"at another of our listeners",
     "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ":5061;lr;stk=%s>\r\n" REST, false},
    {"by another transport",
     "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ";transport=tcp;lr;stk=%s>\r\n" REST, false},
    {"of nobody", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:192.0.2.9;lr;stk=%s>\r\n" REST, false},
    {"in a list",
     "BYE sip:1@h SIP/2.0\r\n" VIA "ROUTE: <sip:" US ">, <sip:" US ";lr;stk=%s>\r\n" REST, true},
    {"behind another's",
     "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:a>, <sip:" US ";lr;stk=%s>\r\n" REST, false},
    {"in a second",
     "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ";lr;stk=0>\r\nRoute : "
     "<sip:" US ";lr;stk=%s>\r\n" REST,
     true},
    {"strict", "BYE sip:" US ";lr;stk=%s SIP/2.0\r\n" VIA REST, true},
    {"nowhere", "BYE sip:1@h SIP/2.0\r\n" VIA REST, false},
    {"in another header", "BYE sip:1@h SIP/2.0\r\n" VIA "X: <sip:" US ";lr;stk=%s>\r\n" REST,
     false},
    {"in a Record-Route",
     "BYE sip:1@h SIP/2.0\r\n" VIA "Record-Route: <sip:" US ";stk=%s>\r\n" REST, false},
    {"in the body", "BYE sip:1@h SIP/2.0\r\n" VIA REST "Route: <sip:" US ";lr;stk=%s>\r\n", false},
    {"of another Call-ID", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ";lr;stk=%s>\r\n" OTHER,
     false},
    {"no parameter", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ";lr;xstk=%s>\r\n" REST,
     false},
    {"empty", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ";lr;stk=>\r\n" REST, false},
    {"without a To tag", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ";lr;stk=%s>\r\n" NO_TAG,
     false},
    {"with another From tag",
     "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ";lr;stk=%s>\r\n" OTHER_TAG, false},
    {"by the callee", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ";lr;stk=%s>\r\n" BY_CALLEE,
     true},
    {"without Call-ID", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:" US ";lr;stk=%s>\r\n\r\n",
     false},
};

static void each_request(void **state)
{
    struct proxy *p = *state;
    char key[ROUTE_KEY_LENGTH + 1], text[1024];
    const struct route_place place = {listeners[0].address, TRANSPORT_UDP};
    route_key_write(proxy_branches(p), STR("c@h"), STR("1"), &place, ROUTE_OF_BOTH, route_day(),
                    key);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        const char *at = strstr(requests[i].text, "%s");
        int n = snprintf(text, sizeof(text), "%.*s%s%s",
                         (int)(at ? at - requests[i].text : (long)strlen(requests[i].text)),
                         requests[i].text, at ? key : "", at ? at + 2 : "");
        if (stranger_is_heard(p, &from, (struct str){text, (size_t)n}) != requests[i].heard)
            fail_msg("%s", requests[i].name);
        if (stranger_is_heard(p, &elsewhere, (struct str){text, (size_t)n}))
            fail_msg("%s, at another listener", requests[i].name);
    }
}

/* The response to REQUEST that went out with BRANCH, as the far end writes it. */
static bool response_is_heard(struct proxy *p, const char *vias, const char *branch)
{
    char text[1024];
    int n = snprintf(text, sizeof(text),
                     "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP us:5060;branch=%s\r\n%s" REST, branch, vias);
    return stranger_is_heard(p, &from, (struct str){text, (size_t)n});
}

/* As the next hop below us is written when the request leaves. */
#define SEEN "Via: SIP/2.0/UDP h:5060;branch=z9hG4bK1;received=192.0.2.1;rport=5070\r\n"

static const struct {
    const char *vias;
    bool heard;
} responses[] = {
    {SEEN, true},
    {"Via:SIP / 2.0/UDP\th:5060 ;rport=5070;x;received=192.0.2.1;branch=z9hG4bK1\r\n", true},
    {SEEN "Via: SIP/2.0/UDP other;branch=z9hG4bK2\r\n", true},
    {"Via: SIP/2.0/UDP x, SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.1;rport=5070\r\n", false},
    {"", false},
    {"Via: SIP/2.0/UDP i:5060;branch=z9hG4bK1;received=192.0.2.1;rport=5070\r\n", false},
    {"Via: SIP/2.0/UDP h:5061;branch=z9hG4bK1;received=192.0.2.1;rport=5070\r\n", false},
    {"Via: SIP/2.0/TCP h:5060;branch=z9hG4bK1;received=192.0.2.1;rport=5070\r\n", false},
    {"Via: SIP/2.0/UDP h:5060;branch=z9hG4bK2;received=192.0.2.1;rport=5070\r\n", false},
    {"Via: SIP/2.0/UDP h:5060;branch=z9hG4bK1;received=192.0.2.2;rport=5070\r\n", false},
    {"Via: SIP/2.0/UDP h:5060;branch=z9hG4bK1;received=192.0.2.1;rport=53\r\n", false},
    {"Via: SIP/2.0/UDP h:5060;branch=z9hG4bK1;received=192.0.2.1;rport\r\n", false},
    {"Via: SIP/2.0/UDP h:5060;branch=z9hG4bK1;received=192.0.2.1\r\n", false},
    {"Via: SIP/2.0/UDP h:5060;branch=z9hG4bK1;rport=5070\r\n", false},
    {"Via: SIP/2.0/UDP h:5060;branch=z9hG4bK1\r\n", false},
};

/* The proof is written by what sofia-sip read of them. */
static const char *const quoted[] = {
    "Via: SIP/2.0/UDP h;branch=\"q\"\r\n", "Via: SIP/2.0/UDP h;BRANCH=\"q\"\r\n",
    "Via: SIP/2.0/UDP h;branch=\"q;,<>\";x\r\n", "Via: SIP/2.0/UDP h ; branch = \"q\" ;rport\r\n",
    "Via: SIP/2.0/UDP h;branch=\"q\"\r\n ;received=\"192.0.2.1\";rport=\"5070\"\r\n"};

static void write_sent(const struct proxy *p, const char *via, char branch[BRANCH_LENGTH + 1])
{
    struct message request;
    struct buf text = BUF_INIT;
    buf_addf(&text, "BYE sip:1@h SIP/2.0\r\n%s" REST, via);
    assert_int_equal(message_parse(&request, buf_str(&text), NULL), REASON_OK);
    branch_write(proxy_branches(p), &request, 0, 0, branch);
    message_fini(&request);
    buf_fini(&text);
}

static void each_response(void **state)
{
    struct proxy *p = *state;
    char branch[BRANCH_LENGTH + 1];
    settings.responses_any = true;
    write_sent(p, SEEN, branch);
    for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++)
        if (response_is_heard(p, responses[i].vias, branch) != responses[i].heard)
            fail_msg("%s", responses[i].vias);
    assert_false(response_is_heard(p, SEEN, "z9hG4bKst00000123456789abcdef0123456789abcdef"));
    assert_false(response_is_heard(p, SEEN, "z9hG4bKst"));
    assert_false(response_is_heard(p, SEEN, ""));
    write_sent(p, VIA, branch);
    assert_true(response_is_heard(p, VIA, branch));
    assert_false(response_is_heard(p, SEEN, branch));
    for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++) {
        write_sent(p, quoted[i], branch);
        if (!response_is_heard(p, quoted[i], branch) || response_is_heard(p, VIA, branch))
            fail_msg("%s", quoted[i]);
    }
    assert_false(stranger_is_heard(p, &from, STR("SIP/2.0 200 OK\r\n\r\n")));
    assert_false(stranger_is_heard(p, &from, STR("")));
    settings.responses_any = false;
}

/* Those of the proof are the first few; nobody's text is walked for long. */
static void a_response_of_many_lines(void **state)
{
    struct proxy *p = *state;
    char branch[BRANCH_LENGTH + 1];
    static const char *const kinds[] = {"a:\r\n", "a\r\n"};
    settings.responses_any = true;
    write_sent(p, SEEN, branch);
    for (unsigned kind = 0; kind < 2; kind++) {
        for (unsigned before = 0; before <= settings.max_header_lines; before += 64) {
            struct buf text = BUF_INIT;
            buf_add_str(&text, STR("SIP/2.0 200 OK\r\n"));
            for (unsigned i = 0; i < before; i++)
                buf_add_str(&text, str_of(kinds[kind]));
            buf_addf(&text, "v: SIP/2.0/UDP us:5060;branch=%s\r\n" SEEN, branch);
            buf_add_str(&text, STR(REST));
            assert_int_equal(stranger_is_heard(p, &from, buf_str(&text)),
                             before < settings.max_header_lines);
            buf_fini(&text);
        }
    }
    settings.responses_any = false;
}

static bool answer_is_heard(struct proxy *p, const char *source, uint16_t port, const char *branch)
{
    char text[1024];
    struct flow answerer = {.listener = 0};
    int n = snprintf(text, sizeof(text),
                     "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP us:5060;branch=%s\r\n" SEEN REST, branch);
    assert_true(address_parse(str_of(source), &answerer.remote));
    answerer.remote.port = port;
    return stranger_is_heard(p, &answerer, (struct str){text, (size_t)n});
}

/* A good branch is not enough: the request went to 203.0.113.66, or nobody knows where. */
static void who_was_asked(void **state)
{
    struct proxy *p = *state;
    char branch[BRANCH_LENGTH + 1];
    struct flow to = {.listener = 0};
    const uint64_t before = proxy_counters(p)->foreign_responses;
    write_sent(p, SEEN, branch);
    assert_false(answer_is_heard(p, "203.0.113.66", 5060, branch));
    assert_int_equal(proxy_counters(p)->foreign_responses, before + 1);
    assert_true(address_parse(STR("203.0.113.66"), &to.remote));
    struct transaction_key key = branch_client_key(proxy_branches(p), str_of(branch), STR("BYE"));
    assert_non_null(
        client_transaction_new(proxy_transactions(p), &key, false, &to, STR("x"), NULL, 0));
    assert_true(answer_is_heard(p, "203.0.113.66", 5060, branch));
    assert_true(answer_is_heard(p, "203.0.113.66", 5070, branch));
    assert_true(answer_is_heard(p, "::ffff:203.0.113.66", 5060, branch));
    assert_false(answer_is_heard(p, "203.0.113.67", 5060, branch));
    assert_false(answer_is_heard(p, "::203.0.113.66", 5060, branch));
    assert_int_equal(proxy_counters(p)->foreign_responses, before + 3);
    assert_false(answer_is_heard(p, "203.0.113.67", 5060, "z9hG4bKother"));
    assert_int_equal(proxy_counters(p)->foreign_responses, before + 3); /* a flood is no news */
    settings.responses_any = true;
    assert_true(answer_is_heard(p, "203.0.113.67", 5060, branch));
    settings.responses_any = false;
}

/* Another worker may have asked; it is told where the response came from, and judges. */
static void another_worker_asked(void **state)
{
    struct proxy *alone = *state, *p = make_proxy(1, 4);
    char branch[BRANCH_LENGTH + 1];
    write_sent(alone, SEEN, branch); /* by worker 0 */
    assert_true(answer_is_heard(p, "203.0.113.67", 5060, branch));
    proxy_inbox(p)->handing_over = true;
    assert_false(answer_is_heard(p, "203.0.113.67", 5060, branch));
    proxy_free_offstage(p);
    assert_false(answer_is_heard(alone, "203.0.113.67", 5060, branch));
}

/* What passes the text is judged again by the message: the two must agree. */
static void the_message_is_judged_alike(void **state)
{
    struct proxy *p = *state;
    char branch[BRANCH_LENGTH + 1];
    write_sent(p, SEEN, branch);
    for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++) {
        struct buf text = BUF_INIT;
        struct message m;
        buf_addf(&text, "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP us:5060;branch=%s\r\n%s" REST, branch,
                 responses[i].vias);
        assert_int_equal(message_parse(&m, buf_str(&text), NULL), REASON_OK);
        if (branch_is_ours(proxy_branches(p), &m) != responses[i].heard)
            fail_msg("%s", responses[i].vias);
        message_fini(&m);
        buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request),
        cmocka_unit_test(each_response),
        cmocka_unit_test(a_response_of_many_lines),
        cmocka_unit_test(another_worker_asked),
        cmocka_unit_test(who_was_asked),
        cmocka_unit_test(the_message_is_judged_alike),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
