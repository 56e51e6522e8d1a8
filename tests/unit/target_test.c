/* Where a request inside a dialog goes: Route, Request-URI, addresses and names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sip/context.h"

#define HEAD                                                                                       \
    " SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n"         \
    "To: <sip:b@h>;tag=2\r\nCall-ID: c\r\nCSeq: 2 BYE\r\n"

struct dns {
    struct name_answer answer;
    char asked[64], service[16];
    uint16_t port;
};

static struct name_answer look_up(void *dns, const struct name_query *query)
{
    struct dns *d = dns;
    assert_true(query->host.n < sizeof(d->asked));
    memcpy(d->asked, query->host.p, query->host.n);
    d->asked[query->host.n] = '\0';
    strcpy(d->service, query->service ? query->service : "");
    d->port = query->port;
    return d->answer;
}

static struct address address_of(const char *text, uint16_t port)
{
    struct address a;
    assert_true(address_parse(str_of(text), &a));
    a.port = port;
    return a;
}

struct lab {
    struct proxy *proxy;
    struct listeners ours;
    struct routes *routes;
    struct settings settings; /* without trunks */
    struct snapshot snapshot;
    struct listener listeners[2];
    struct dns dns;
};

static int set_up(void **state)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    assert_non_null(lab);
    assert_true(message_module_init());
    lab->listeners[0] = (struct listener){.address = address_of("192.0.2.100", 5060),
                                          .transports = {true, true}};
    lab->listeners[1] = (struct listener){.address = address_of("192.0.2.101", 5060),
                                          .transports = {true, false}};
    lab->snapshot.settings = &lab->settings;
    lab->ours = (struct listeners){.list = lab->listeners, .n = 2};
    lab->routes = routes_new(&(struct routes_options){
        .listeners = &lab->ours, .look_up = look_up, .resolver = &lab->dns, .seed = 1});
    assert_non_null(lab->routes);
    const struct proxy_stage stage = {
        .snapshot = &lab->snapshot, .listeners = lab->ours, .routes = lab->routes};
    lab->proxy = proxy_new_offstage(&stage);
    assert_non_null(lab->proxy);
    *state = lab;
    return 0;
}

static int tear_down(void **state)
{
    struct lab *lab = *state;
    proxy_free_offstage(lab->proxy);
    routes_free(lab->routes);
    free(lab);
    return 0;
}

/* "192.0.2.9:5060/udp@1 ..." with the listener's index behind the @, or what there is instead. */
static const struct {
    const char *name, *uri, *route;
    unsigned n_own;
    uint16_t listener; /* the side it should leave on */
    const char *wanted;
} cases[] = {
    {"an address", "sip:b@192.0.2.9", "", 0, 0, "192.0.2.9:5060/udp@0"},
    {"on the side of our Route", "sip:b@192.0.2.9:5070", "", 0, 1, "192.0.2.9:5070/udp@1"},
    {"which has no TCP", "sip:b@192.0.2.9;transport=tcp", "", 0, 1, "192.0.2.9:5060/tcp@0"},
    {"a Route goes before", "sip:b@192.0.2.9", "Route: <sip:192.0.2.8;lr>\r\n", 0, 0,
     "192.0.2.8:5060/udp@0"},
    {"behind our own", "sip:b@192.0.2.9", "Route: <sip:192.0.2.100;lr>, <sip:192.0.2.8:6;lr>\r\n",
     1, 0, "192.0.2.8:6/udp@0"},
    {"ourselves", "sip:b@192.0.2.101", "", 0, 0, "none"},
    {"no listener of the family", "sip:b@[2001:db8::1]", "", 0, 0, "none"},
    {"an unknown transport", "sip:b@192.0.2.9;transport=sctp", "", 0, 0, "none"},
    {"no address at all", "sip:b@300.1.2.3", "", 0, 0, "none"},
    {"no port", "sip:b@192.0.2.9:0", "", 0, 0, "none"},
    {"no port, in more digits", "sip:b@192.0.2.9:0000", "", 0, 0, "none"},
    {"no port of a name", "sip:b@a.example:0", "", 0, 0, "none"},
    {"a port that is too high", "sip:b@192.0.2.9:65536", "", 0, 0, "none"},
    {"a port that is 80 in 16 bits", "sip:b@192.0.2.9:65616", "", 0, 0, "none"},
    {"an empty port", "sip:b@192.0.2.9:", "", 0, 0, "192.0.2.9:5060/udp@0"},
    {"a short address", "sip:b@127.1", "", 0, 0, "none"},
    {"an octal one", "sip:b@0177.0.0.1", "", 0, 0, "none"},
    {"a hexadecimal one", "sip:b@0x7f.0.0.1", "", 0, 0, "none"},
    {"a number", "sip:b@2130706433", "", 0, 0, "none"},
    {"a dot behind it", "sip:b@192.0.2.9.", "", 0, 0, "none"},
    {"with a scope", "sip:b@[fe80::1%25lo]", "", 0, 0, "none"},
    {"with another scope", "sip:b@[fe80::1%lo]", "", 0, 0, "none"},
    {"IPv4 in brackets", "sip:b@[192.0.2.9]", "", 0, 0, "192.0.2.9:5060/udp@0"},
    {"IPv4 in IPv6", "sip:b@[::ffff:192.0.2.9]", "", 0, 0, "192.0.2.9:5060/udp@0"},
    {"maddr", "sip:b@192.0.2.9;maddr=127.0.0.1", "", 0, 0, "192.0.2.9:5060/udp@0"},
    {"by websocket", "sip:b@192.0.2.9;transport=ws", "", 0, 0, "none"},
    {"by nothing", "sip:b@192.0.2.9;transport=", "", 0, 0, "none"},
    {"by a long word", "sip:b@192.0.2.9;transport=udpudpudpudp", "", 0, 0, "none"},
    {"by two", "sip:b@192.0.2.9;transport=tcp;transport=udp", "", 0, 0, "192.0.2.9:5060/tcp@0"},
    {"in capitals", "sip:b@192.0.2.9;TRANSPORT=TCP", "", 0, 0, "192.0.2.9:5060/tcp@0"},
    {"sips by UDP", "sips:b@192.0.2.9;transport=udp", "", 0, 0, "none"},
    {"sips without TLS here", "sips:b@192.0.2.9", "", 0, 0, "none"},
};

static void write_targets(struct lab *lab, const char *uri, const char *route, unsigned n_own,
                          uint16_t listener, struct buf *out)
{
    struct buf text = BUF_INIT;
    struct message m;
    struct targets targets;
    const struct own_routes own = {.n = n_own, .exit = listener};
    const struct name_asker asker = {.part = 1};
    buf_addf(&text, "BYE %s" HEAD "%sContent-Length: 0\r\n\r\n", uri, route);
    buf_add_char(&text, '\0');
    assert_int_equal(message_parse(&m, (struct str){text.p, text.n - 1}, NULL), REASON_OK);
    enum target_result result = target_of_dialog(lab->proxy, &m, &own, &asker, &targets);
    for (unsigned i = 0; result == TARGET_FOUND && i < targets.n; i++) {
        const struct target *t = &targets.list[i];
        buf_add_text(out, i > 0 ? " " : "");
        address_add(out, &t->address);
        buf_addf(out, "/%.*s@%u", STR_ARG(transport_name((enum transport)t->transport)),
                 t->listener);
    }
    buf_add_text(out, result == TARGET_NONE ? "none" : result == TARGET_PENDING ? "pending" : "");
    buf_add_char(out, '\0');
    message_fini(&m);
    buf_fini(&text);
}

static void expect(struct lab *lab, const char *uri, uint16_t listener, const char *wanted)
{
    struct buf found = BUF_INIT;
    write_targets(lab, uri, "", 0, listener, &found);
    assert_string_equal(found.p, wanted);
    buf_fini(&found);
}

static void test_addresses(void **state)
{
    struct lab *lab = *state;
    lab->dns.answer.state = NAME_FAILED;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf found = BUF_INIT;
        write_targets(lab, cases[i].uri, cases[i].route, cases[i].n_own, cases[i].listener, &found);
        if (strcmp(found.p, cases[i].wanted) != 0)
            print_error("%s: %s\n", cases[i].name, found.p);
        assert_string_equal(found.p, cases[i].wanted);
        buf_fini(&found);
    }
}

/* What is being asked for, what is unknown, and what is known: all of its addresses, to a limit. */
static void test_names(void **state)
{
    struct lab *lab = *state;
    struct name_address known[6] = {0};
    for (uint16_t i = 0; i < 6; i++)
        known[i] = (struct name_address){.address = address_of("192.0.2.20", 5080)};
    known[1].address.bytes[3] = 100; /* ourselves, but for the port */
    known[2].address = address_of("192.0.2.100", 5060);
    lab->dns.answer.state = NAME_PENDING;
    expect(lab, "sip:b@callee.example", 0, "pending");
    assert_string_equal(lab->dns.asked, "callee.example");
    assert_string_equal(lab->dns.service, "_sip._udp");
    lab->dns.answer.state = NAME_FAILED;
    expect(lab, "sip:b@callee.example:5070;transport=tcp", 0, "none");
    assert_string_equal(lab->dns.service, "");
    assert_int_equal(lab->dns.port, 5070);
    lab->dns.answer = (struct name_answer){.state = NAME_KNOWN, .addresses = known, .n = 3};
    expect(lab, "sip:b@callee.example", 1, "192.0.2.20:5080/udp@1 192.0.2.100:5080/udp@1");
    lab->dns.answer.n = 6;
    expect(lab, "sip:b@callee.example", 0,
           "192.0.2.20:5080/udp@0 192.0.2.100:5080/udp@0 192.0.2.20:5080/udp@0 "
           "192.0.2.20:5080/udp@0");
    lab->dns.answer.n = 0;
    expect(lab, "sip:b@callee.example", 0, "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_addresses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
