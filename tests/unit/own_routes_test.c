/* R-P-033: which Routes are ours, and whether their keys prove the dialog and the way that it
 * takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sip/context.h"

#define ARRIVED 7 /* no listener of ours: to see whether it was changed */

static struct proxy *proxy;
static struct listener listeners[2]; /* the callers', 192.0.2.1; the carriers', 192.0.2.2 */

static int set_up(void **state)
{
    static struct settings settings = {.dialog_days = 2};
    static struct snapshot snapshot = {.settings = &settings};
    static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(
            address_parse(i == 0 ? STR("192.0.2.1") : STR("192.0.2.2"), &listeners[i].address));
        listeners[i].address.port = 5060;
    }
    const struct proxy_stage stage = {
        .snapshot = &snapshot, .listeners = {.list = listeners, .n = 2}, .secret = secret};
    proxy = proxy_new_offstage(&stage);
    return proxy ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    proxy_free_offstage(proxy);
    return 0;
}

/*
 * In ROUTES and URI: {i} is the caller's side at the first listener by UDP, {o} the callee's at the
 * second, {t} the same by TCP, {b} both at the first, {s} a sips: one; {y} is {b} of yesterday, {x}
 * that of three days ago, {d} of another call; {u} has no key.
 */
static void add_route(struct buf *out, char which)
{
    static const struct {
        char name;
        enum route_side side;
        unsigned listener;
        uint8_t transport;
        const char *text;
        int64_t days_ago;
    } kinds[] = {
        {'i', ROUTE_OF_CALLER, 0, TRANSPORT_UDP, "sip:192.0.2.1:5060;lr", 0},
        {'o', ROUTE_OF_CALLEE, 1, TRANSPORT_UDP, "sip:192.0.2.2;lr", 0},
        {'t', ROUTE_OF_CALLEE, 1, TRANSPORT_TCP, "sip:192.0.2.2:5060;transport=TCP;lr", 0},
        {'T', ROUTE_OF_CALLEE, 1, TRANSPORT_TCP, "sip:192.0.2.2:5060;%74ransport=TCP;lr", 0},
        {'b', ROUTE_OF_BOTH, 0, TRANSPORT_UDP, "SIP:192.0.2.1:5060;lr", 0},
        {'s', ROUTE_OF_BOTH, 0, TRANSPORT_TLS, "sips:192.0.2.1:5060;transport=tcp;lr", 0},
        {'y', ROUTE_OF_BOTH, 0, TRANSPORT_UDP, "sip:u@192.0.2.1:5060", 1},
        {'x', ROUTE_OF_BOTH, 0, TRANSPORT_UDP, "sip:192.0.2.1:5060", 3},
        {'d', ROUTE_OF_BOTH, 0, TRANSPORT_UDP, "sip:192.0.2.1:5060", 0},
    };
    char key[ROUTE_KEY_LENGTH + 1];
    if (which == 'u')
        buf_add_text(out, "sip:192.0.2.1;lr");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].name != which)
            continue;
        const struct route_place place = {listeners[kinds[i].listener].address, kinds[i].transport};
        route_key_write(proxy_branches(proxy), which == 'd' ? STR("other") : STR("c"),
                        STR("caller"), &place, kinds[i].side, route_day() - kinds[i].days_ago, key);
        buf_addf(out, "%s;stk=%s", kinds[i].text, key);
    }
}

static void add_text(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text != '{') {
            buf_add_char(out, *text);
            continue;
        }
        add_route(out, text[1]);
        text += 2;
    }
}

/* "n proven entry exit" or with "strict"; who sends: the caller, then the callee. */
static const struct {
    const char *name, *uri, *routes, *caller, *callee;
} cases[] = {
    {"none", "sip:b@h", "", "0 - 7", "0 - 7"},
    {"one for both sides", "sip:b@h", "Route: <{b}>\r\n", "1 proven 0 0", "1 proven 0 0"},
    {"of yesterday", "sip:b@h", "Route: <{y}>\r\n", "1 proven 0 0", "1 proven 0 0"},
    {"of long ago", "sip:b@h", "Route: <{x}>\r\n", "1 - 0", "1 - 0"},
    {"of another call", "sip:b@h", "Route: <{d}>\r\n", "1 - 0", "1 - 0"},
    {"of none", "sip:b@h", "Route: <{u}>\r\n", "1 - 0", "1 - 0"},
    {"in by the caller's side", "sip:b@h", "Route: <{i}>,<{o}>\r\n", "2 proven 0 1", "2 - 1"},
    {"in by the callee's side", "sip:b@h", "Route: <{o}>,<{i}>\r\n", "2 - 0", "2 proven 1 0"},
    {"in and out by one", "sip:b@h", "Route: <{i}>\r\n", "1 - 0", "1 - 0"},
    {"the other's alone", "sip:b@h", "Route: <{o}>\r\n", "1 - 1", "1 - 1"},
    {"its name escaped", "sip:b@h", "Route: <{i}>\r\nRoute: <{T}>\r\n", "2 proven 0 1", "2 - 1"},
    {"another transport", "sip:b@h", "Route: <{i}>\r\nRoute: <{t}>\r\n", "2 proven 0 1", "2 - 1"},
    {"a configured one first", "sip:b@h", "Route: <{u}>, <{i}>, <{o}>\r\n", "3 proven 0 1",
     "3 - 1"},
    {"a configured one last", "sip:b@h", "Route: <{o}>, <{i}>, <{u}>\r\n", "3 - 0", "3 proven 1 0"},
    {"here twice", "sip:b@h", "Route: <{i}>,<{o}>,<{i}>,<{o}>\r\n", "4 proven 0 1", "4 - 1"},
    {"more than anybody writes", "sip:b@h",
     "Route: <{b}>,<{b}>,<{b}>,<{b}>,<{b}>,<{b}>,<{b}>,<{b}>,<{b}>,<{b}>\r\n", "8 proven 0 0",
     "8 proven 0 0"},
    {"another's behind", "sip:b@h", "Route: <{b}>, <sip:192.0.2.9;lr>, <{b}>\r\n", "1 proven 0 0",
     "1 proven 0 0"},
    {"another's before", "sip:b@h", "Route: <sip:192.0.2.9;lr>, <{b}>\r\n", "0 - 7", "0 - 7"},
    {"by TLS", "sip:b@h", "Route: \"x\" <{s}>;p=1\r\n", "1 proven 0 0", "1 proven 0 0"},
    {"strict", "{b}", "Route: <sip:b@h>\r\n", "strict 0 proven 0 0", "strict 0 proven 0 0"},
    {"strict, two of ours", "{i}", "Route: <{o}>, <sip:b@h>\r\n", "strict 1 proven 0 1",
     "strict 1 - 1"},
    {"strict without a key", "{u}", "Route: <sip:b@h>\r\n", "0 - 7", "0 - 7"},
    {"strict of another call", "{d}", "", "0 - 7", "0 - 7"},
    {"in another header", "sip:b@h", "X: <{b}>\r\nRecord-Route: <{b}>\r\n", "0 - 7", "0 - 7"},
    {"the first key counts", "sip:b@h", "Route: <sip:192.0.2.1;stk=1;stk=2>\r\n", "1 - 0", "1 - 0"},
    {"a key as a header of the URI", "sip:b@h", "Route: <sip:192.0.2.1?x={b}>\r\n", "1 - 0",
     "1 - 0"},
    {"a key as its user", "sip:b@h", "Route: <sip:{b}@192.0.2.9>\r\n", "0 - 7", "0 - 7"},
};

static struct str told(const char *uri, const char *routes, bool by_callee, struct buf *out)
{
    struct buf raw = BUF_INIT;
    struct own_routes own;
    static const struct dialog_id caller = {{"c", 1}, {"caller", 6}, {"callee", 6}};
    static const struct dialog_id callee = {{"c", 1}, {"callee", 6}, {"caller", 6}};
    buf_add_text(&raw, "BYE ");
    add_text(&raw, uri);
    buf_add_text(&raw, " SIP/2.0\r\n");
    add_text(&raw, routes);
    buf_add_text(&raw, "\r\n");
    own_routes_read(proxy, buf_str(&raw), by_callee ? &callee : &caller, ARRIVED, &own);
    buf_reset(out);
    buf_addf(out, own.strict ? "strict %u " : "%u ", own.n);
    if (own.proven)
        buf_addf(out, "proven %u %u", own.entry, own.exit);
    else
        buf_addf(out, "- %u", own.exit);
    buf_fini(&raw);
    return buf_str(out);
}

static void each_case(void **state)
{
    struct buf out = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned by_callee = 0; by_callee < 2; by_callee++) {
            struct str found = told(cases[i].uri, cases[i].routes, by_callee, &out);
            const char *wanted = by_callee ? cases[i].callee : cases[i].caller;
            if (!str_eq(found, str_of(wanted)))
                fail_msg("%s, by the %s: \"%.*s\", not \"%s\"", cases[i].name,
                         by_callee ? "callee" : "caller", STR_ARG(found), wanted);
        }
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_case)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
