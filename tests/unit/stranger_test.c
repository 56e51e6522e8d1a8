/* Who is heard of those that nobody listed: a proof in its place, and nothing that looks like one.
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

static int set_up(void **state)
{
    static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1};
    static const struct transaction_timing timing = {500, 4000, 5000};
    static const struct transaction_hooks hooks;
    struct proxy *p = calloc(1, sizeof(*p));
    assert_non_null(p);
    assert_true(message_module_init() && branches_init(&p->branches, secret));
    timers_init(&p->timers, 0);
    p->transactions = transactions_new(&timing, &hooks, &p->timers);
    assert_non_null(p->transactions);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct proxy *p = *state;
    transactions_free(p->transactions);
    branches_fini(&p->branches);
    free(p);
    return 0;
}

/* %s is the key. */
static const struct {
    const char *name, *text;
    bool heard;
} requests[] = {
    {"in a Route", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:us;lr;stk=%s>\r\n" REST, true},
    {"in a list", "BYE sip:1@h SIP/2.0\r\n" VIA "ROUTE: <sip:a>, <sip:us;lr;stk=%s>\r\n" REST,
     true},
    {"in a second",
     "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:us;lr;stk=0>\r\nRoute : "
     "<sip:us;lr;stk=%s>\r\n" REST,
     true},
    {"strict", "BYE sip:us;lr;stk=%s SIP/2.0\r\n" VIA REST, true},
    {"nowhere", "BYE sip:1@h SIP/2.0\r\n" VIA REST, false},
    {"in another header", "BYE sip:1@h SIP/2.0\r\n" VIA "X: <sip:us;lr;stk=%s>\r\n" REST, false},
    {"in a Record-Route", "BYE sip:1@h SIP/2.0\r\n" VIA "Record-Route: <sip:us;stk=%s>\r\n" REST,
     false},
    {"in the body", "BYE sip:1@h SIP/2.0\r\n" VIA REST "Route: <sip:us;lr;stk=%s>\r\n", false},
    {"of another Call-ID", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:us;lr;stk=%s>\r\n" OTHER,
     false},
    {"no parameter", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:us;lr;xstk=%s>\r\n" REST, false},
    {"empty", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:us;lr;stk=>\r\n" REST, false},
    {"without Call-ID", "BYE sip:1@h SIP/2.0\r\n" VIA "Route: <sip:us;lr;stk=%s>\r\n\r\n", false},
};

static void each_request(void **state)
{
    struct proxy *p = *state;
    char key[ROUTE_KEY_LENGTH + 1], text[1024];
    route_key_write(&p->branches, STR("c@h"), key);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        const char *at = strstr(requests[i].text, "%s");
        int n = snprintf(text, sizeof(text), "%.*s%s%s",
                         (int)(at ? at - requests[i].text : (long)strlen(requests[i].text)),
                         requests[i].text, at ? key : "", at ? at + 2 : "");
        if (stranger_is_heard(p, (struct str){text, (size_t)n}) != requests[i].heard)
            fail_msg("%s", requests[i].name);
    }
}

/* The response to REQUEST that went out with BRANCH, as the far end writes it. */
static bool response_is_heard(const struct proxy *p, const char *vias, const char *branch)
{
    char text[1024];
    int n = snprintf(text, sizeof(text),
                     "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP us:5060;branch=%s\r\n%s" REST, branch, vias);
    return stranger_is_heard(p, (struct str){text, (size_t)n});
}

static void each_response(void **state)
{
    struct proxy *p = *state;
    struct message request;
    char branch[BRANCH_LENGTH + 1];
    assert_int_equal(message_parse(&request, STR("BYE sip:1@h SIP/2.0\r\n" VIA REST)), REASON_OK);
    branch_write(&p->branches, &request, 0, 0, branch);
    message_fini(&request);
    assert_true(response_is_heard(p, VIA, branch));
    assert_true(
        response_is_heard(p, "Via:SIP / 2.0/UDP\t192.0.2.1:5060 ;x;branch=z9hG4bK1\r\n", branch));
    assert_false(response_is_heard(p, "", branch));
    assert_false(
        response_is_heard(p, "Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK1\r\n", branch));
    assert_false(response_is_heard(p, VIA, "z9hG4bKst00000123456789abcdef0123456789abcdef"));
    assert_false(response_is_heard(p, VIA, "z9hG4bKst"));
    assert_false(response_is_heard(p, VIA, ""));
    assert_false(stranger_is_heard(p, STR("SIP/2.0 200 OK\r\n\r\n")));
    assert_false(stranger_is_heard(p, STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request),
        cmocka_unit_test(each_response),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
