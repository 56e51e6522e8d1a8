/* R-P-039: where a request inside a call may go, by where it comes from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "sip/fence.h"

#define SBC      "192.0.2.2"
#define CARRIER  "203.0.113.9"
#define STRANGER "203.0.113.66"
#define VICTIM   "203.0.113.77"

struct lab {
    struct settings settings;
    struct snapshot snapshot;
    struct proxy *proxy;
    struct listener listener;
};

static struct address address_of(const char *text)
{
    struct address a;
    if (!address_parse(str_of(text), &a))
        fail_msg("%s", text);
    a.port = 5060;
    return a;
}

/* PREFIXES: of one trunk, but those behind a "u" of one upstream. */
static void lab_init(struct lab *lab, const char *const *prefixes)
{
    static struct address_prefix trunks[8], upstreams[8];
    static struct trunk trunk;
    static struct upstream upstream;
    static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1};
    trunk = (struct trunk){.sources = trunks};
    upstream = (struct upstream){.sources = upstreams, .address = address_of(CARRIER)};
    upstream.address.port = 5080;
    for (; *prefixes; prefixes++)
        if (**prefixes == 'u')
            assert_true(
                address_prefix_parse(str_of(*prefixes + 1), &upstreams[upstream.n_sources++]));
        else
            assert_true(address_prefix_parse(str_of(*prefixes), &trunks[trunk.n_sources++]));
    *lab = (struct lab){.settings = {.arena = arena_new(4096)}};
    lab->settings.trunks = &trunk;
    lab->settings.n_trunks = 1;
    lab->settings.upstreams = &upstream;
    lab->settings.n_upstreams = 1;
    lab->settings.sources = source_table_new(lab->settings.arena, &trunk, 1, &upstream, 1);
    lab->snapshot.settings = &lab->settings;
    lab->listener.address = address_of("198.51.100.1");
    const struct proxy_stage stage = {.snapshot = &lab->snapshot,
                                      .listeners = {.list = &lab->listener, .n = 1},
                                      .secret = secret};
    lab->proxy = proxy_new_offstage(&stage);
    assert_non_null(lab->proxy);
}

static void lab_fini(struct lab *lab)
{
    proxy_free_offstage(lab->proxy);
    arena_free(lab->settings.arena);
}

static const struct {
    const char *from, *to;
    bool known, any; /* allowed by either setting of proxy.dialog_peers */
} cases[] = {
    {SBC, CARRIER, true, true},
    {CARRIER, SBC, true, true},
    {STRANGER, SBC, true, true},
    {STRANGER, CARRIER, true, true},
    {SBC, STRANGER, true, true},
    {CARRIER, STRANGER, true, true},
    {STRANGER, VICTIM, false, true},
    {STRANGER, STRANGER, false, true},
    {SBC, "2001:db8::1", true, true},
    {STRANGER, "2001:db8::1", false, true},
    /* nobody, and nothing but by name */
    {SBC, "127.0.0.1", false, false},
    {SBC, "127.255.255.255", false, false},
    {CARRIER, "127.0.0.1", false, false},
    {STRANGER, "127.0.0.1", false, false},
    {SBC, "0.0.0.0", false, false},
    {SBC, "0.1.2.3", false, false},
    {SBC, "169.254.169.254", false, false},
    {SBC, "224.0.1.75", false, false},
    {SBC, "239.255.255.250", false, false},
    {SBC, "255.255.255.255", false, false},
    {SBC, "::1", false, false},
    {SBC, "::", false, false},
    {SBC, "::ffff:127.0.0.1", false, false},
    {SBC, "::127.0.0.1", false, false},
    {SBC, "fe80::1", false, false},
    {SBC, "febf::1", false, false},
    {SBC, "ff02::1", false, false},
    /* IPv4 in disguise, whatever it hides */
    {SBC, "::ffff:0:127.0.0.1", false, false},
    {SBC, "64:ff9b::127.0.0.1", false, false},
    {SBC, "64:ff9b:1::7f00:1", false, false},
    {SBC, "2002:7f00:1::1", false, false},
    {SBC, "2002:c000:0209::1", false, false},
    {SBC, "2001:0:7f00:1::", false, false},
    {STRANGER, "2002:7f00:1::1", false, false},
    {SBC, "::ffff:203.0.113.77", true, true},
    {STRANGER, "::ffff:203.0.113.77", false, true},
    {STRANGER, "::ffff:203.0.113.9", true, true},
    {SBC, "fec0::1", false, false},
    {SBC, "2001:1::1", true, true},
    {SBC, "2003::1", true, true},
    /* ourselves */
    {SBC, "198.51.100.1", false, false},
    {STRANGER, "198.51.100.1", false, false},
    {SBC, "126.255.255.255", true, true},
    {SBC, "128.0.0.1", true, true},
    {SBC, "169.255.0.1", true, true},
    {SBC, "223.255.255.255", true, true},
};

static void each_case(void **state)
{
    static const char *const prefixes[] = {SBC, "u" CARRIER, NULL};
    struct lab lab;
    (void)state;
    lab_init(&lab, prefixes);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned any = 0; any < 2; any++) {
            const struct address from = address_of(cases[i].from);
            struct target to = {.address = address_of(cases[i].to)};
            lab.settings.dialog_peers_any = any;
            if (fence_allows(lab.proxy, &from, &to) != (any ? cases[i].any : cases[i].known))
                fail_msg("%s to %s, any %u", cases[i].from, cases[i].to, any);
        }
    lab_fini(&lab);
}

/* Prefixes, and what they open of the addresses that are nobody's SBC. */
static const struct {
    const char *prefix, *to;
    bool allowed;
} named[] = {
    {"127.0.0.2", "127.0.0.2", true},
    {"127.0.0.2", "127.0.0.3", false},
    {"127.0.0.0/8", "127.0.0.1", true},
    {"126.0.0.0/7", "127.0.0.1", false},
    {"0.0.0.0/0", "127.0.0.1", false},
    {"u127.0.0.3", "127.0.0.3", true},
    {"u0.0.0.0/1", "127.0.0.3", false},
    {"::1", "::1", true},
    {"::/0", "::1", false},
    {"fe80::/64", "fe80::1", true},
    {"169.254.0.0/16", "169.254.1.1", true},
    {"198.51.100.0/24", "198.51.100.1", true},
    {"198.51.100.1", "198.51.100.1", true},
    {"0.0.0.0/0", "198.51.100.1", false},
    {"0.0.0.0/0", VICTIM, true},
    {"::/0", VICTIM, false},
};

static void what_is_named_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        const char *const prefixes[] = {named[i].prefix, NULL};
        const struct address from = address_of(STRANGER);
        struct target to = {.address = address_of(named[i].to)};
        struct lab lab;
        lab_init(&lab, prefixes);
        if (fence_allows(lab.proxy, &from, &to) != named[i].allowed)
            fail_msg("%s by %s", named[i].to, named[i].prefix);
        lab_fini(&lab);
    }
}

/* ---- the table ---- */

/* Whether the word of a cell allows it: "yes", "no", or the setting that decides. */
static bool word_allows(const struct settings *s, struct str word)
{
    if (str_eq(word, STR("`dialog_peers`")))
        return s->dialog_peers_any;
    if (str_eq(word, STR("`dialog_ports`")))
        return s->dialog_ports_any;
    assert_true(str_eq(word, STR("yes")) || str_eq(word, STR("no")));
    return str_eq(word, STR("yes"));
}

static const char *const senders[FENCE_SENDERS] = {"a stranger", "a trunk or an upstream"};
static const char *const places[FENCE_PLACES] = {"a peer, at a port of SIP",
                                                 "a peer, at another port", "elsewhere",
                                                 "this machine and the like"};

/* "| a | b |": its cells; false when there are not N of them. */
static bool read_cells(struct str line, struct str *cells, unsigned n)
{
    str_cut(&line, '|');
    for (unsigned i = 0; i < n; i++) {
        if (line.n == 0)
            return false;
        cells[i] = str_trim(str_cut(&line, '|'));
    }
    return line.n == 0;
}

static unsigned find(const char *const *names, unsigned n, struct str name)
{
    unsigned i = 0;
    while (i < n && !str_eq(name, str_of(names[i])))
        i++;
    return i;
}

static bool compare_row(struct str line)
{
    struct str cells[3 + FENCE_WAYS];
    unsigned who, where;
    if (!read_cells(line, cells, 3 + FENCE_WAYS) ||
        (who = find(senders, FENCE_SENDERS, cells[0])) == FENCE_SENDERS ||
        (where = find(places, FENCE_PLACES, cells[1])) == FENCE_PLACES)
        return false;
    for (unsigned set = 0; set < 4; set++)
        for (unsigned way = 0; way < FENCE_WAYS; way++) {
            const struct settings s = {.dialog_peers_any = set & 1, .dialog_ports_any = set & 2};
            if (fence_may(&s, who, where, way) != word_allows(&s, cells[2 + way]))
                fail_msg("%.*s: way %u, settings %u", (int)line.n, line.p, way, set);
        }
    assert_int_equal(fence_asks_dns(who), str_eq(cells[2 + FENCE_WAYS], STR("asked")));
    return true;
}

static void the_table_is_that_of_the_document(void **state)
{
    static char text[200000];
    FILE *file = fopen(PROJECT_DIR "/docs/security.md", "r");
    unsigned rows = 0;
    (void)state;
    assert_non_null(file);
    struct str rest = {text, fread(text, 1, sizeof(text), file)};
    fclose(file);
    assert_true(rest.n < sizeof(text));
    while (rest.n > 0)
        rows += compare_row(str_cut(&rest, '\n'));
    assert_int_equal(rows, FENCE_SENDERS * FENCE_PLACES);
}

/* ---- ports ---- */

static enum fence_place place_at(const struct lab *lab, const char *host, uint16_t port,
                                 enum transport transport)
{
    struct target to = {.address = address_of(host), .transport = (uint8_t)transport};
    to.address.port = port;
    return fence_place_of(lab->proxy, &to);
}

static void the_ports_of_a_peer(void **state)
{
    static const char *const prefixes[] = {SBC, "u203.0.113.8/31", NULL};
    struct lab lab;
    (void)state;
    lab_init(&lab, prefixes);
    assert_int_equal(place_at(&lab, SBC, 5060, TRANSPORT_UDP), FENCE_PEER);
    assert_int_equal(place_at(&lab, SBC, 5060, TRANSPORT_TCP), FENCE_PEER);
    assert_int_equal(place_at(&lab, SBC, 5061, TRANSPORT_TLS), FENCE_PEER);
    assert_int_equal(place_at(&lab, SBC, 5061, TRANSPORT_TCP), FENCE_PEER_PORT);
    assert_int_equal(place_at(&lab, SBC, 5060, TRANSPORT_TLS), FENCE_PEER_PORT);
    assert_int_equal(place_at(&lab, SBC, 22, TRANSPORT_TCP), FENCE_PEER_PORT);
    assert_int_equal(place_at(&lab, SBC, 5080, TRANSPORT_UDP), FENCE_PEER_PORT);
    /* the upstream's own, also at its other address */
    assert_int_equal(place_at(&lab, CARRIER, 5080, TRANSPORT_TCP), FENCE_PEER);
    assert_int_equal(place_at(&lab, "203.0.113.8", 5080, TRANSPORT_UDP), FENCE_PEER);
    assert_int_equal(place_at(&lab, "203.0.113.8", 5081, TRANSPORT_UDP), FENCE_PEER_PORT);
    assert_int_equal(place_at(&lab, VICTIM, 5060, TRANSPORT_UDP), FENCE_ELSEWHERE);
    assert_int_equal(place_at(&lab, "127.0.0.1", 5060, TRANSPORT_UDP), FENCE_HERE);
    lab_fini(&lab);
}

static void hear(struct lab *lab, const char *from, uint16_t port, const char *text)
{
    const struct message m = {.raw = str_of(text)};
    struct flow flow = {.remote = address_of(from)};
    flow.remote.port = port;
    peer_ports_note(lab->proxy, &m, &flow);
}

static void what_a_peer_writes_is_its_port(void **state)
{
    static const char *const prefixes[] = {SBC, "u" CARRIER, NULL};
    struct lab lab;
    (void)state;
    lab_init(&lab, prefixes);
    hear(&lab, SBC, 5071,
         "INVITE sip:x SIP/2.0\r\n"
         "Contact: \"a,b\" <sip:a@" SBC ":5072>, <sip:" SBC ":5073;transport=TCP>\r\n"
         "m: <sips:" SBC ":5074>\r\n"
         "Record-Route: <sip:" CARRIER ":5075;lr>,<sip:" VICTIM ":5076;lr>\r\n"
         "CONTACT: <sip:sbc.example:5077>\r\nX: <sip:" SBC ":5078>\r\n"
         "Contact: <sip:127.0.0.1:5079>, <tel:+1>, *, <sip:" SBC ":0>\r\n\r\n");
    assert_int_equal(place_at(&lab, SBC, 5071, TRANSPORT_UDP), FENCE_PEER);
    assert_int_equal(place_at(&lab, SBC, 5071, TRANSPORT_TCP), FENCE_PEER_PORT);
    assert_int_equal(place_at(&lab, SBC, 5072, TRANSPORT_UDP), FENCE_PEER);
    assert_int_equal(place_at(&lab, SBC, 5073, TRANSPORT_TCP), FENCE_PEER);
    assert_int_equal(place_at(&lab, SBC, 5073, TRANSPORT_UDP), FENCE_PEER_PORT);
    assert_int_equal(place_at(&lab, SBC, 5074, TRANSPORT_TLS), FENCE_PEER);
    assert_int_equal(place_at(&lab, CARRIER, 5075, TRANSPORT_UDP), FENCE_PEER);
    assert_int_equal(place_at(&lab, VICTIM, 5076, TRANSPORT_UDP), FENCE_ELSEWHERE);
    assert_int_equal(place_at(&lab, SBC, 5077, TRANSPORT_UDP), FENCE_PEER);
    assert_int_equal(place_at(&lab, SBC, 5078, TRANSPORT_UDP), FENCE_PEER_PORT);
    assert_int_equal(place_at(&lab, "127.0.0.1", 5079, TRANSPORT_UDP), FENCE_HERE);
    lab_fini(&lab);
}

/* A peer that writes all ports has the oldest forgotten, and needs no more room. */
static void a_table_of_fixed_size(void **state)
{
    static const char *const prefixes[] = {SBC, NULL};
    struct lab lab;
    unsigned kept = 0;
    (void)state;
    lab_init(&lab, prefixes);
    for (unsigned port = 1024; port < 65536; port++)
        hear(&lab, SBC, (uint16_t)port, "X\r\n\r\n");
    for (unsigned port = 1024; port < 65536; port++)
        kept += place_at(&lab, SBC, (uint16_t)port, TRANSPORT_UDP) == FENCE_PEER;
    assert_in_range(kept, 1000, PEER_PORTS_SETS * PEER_PORTS_A_SET + 2);
    lab_fini(&lab);
}

/* Which right a connection is opened by, and that a stranger's way to another port needs none. */
static void rights_to_open(void **state)
{
    static const char *const prefixes[] = {SBC, "u" CARRIER, NULL};
    static const struct {
        const char *from, *to;
        uint16_t port;
        bool allowed;
        enum opening opening;
    } openings[] = {
        {STRANGER, SBC, 5060, true, OPENING_STRANGER},
        {STRANGER, CARRIER, 5080, true, OPENING_STRANGER},
        {STRANGER, CARRIER, 22, false, OPENING_NEVER},
        {STRANGER, VICTIM, 5060, false, OPENING_NEVER},
        {SBC, CARRIER, 5080, true, OPENING_CONFIGURED},
        {SBC, CARRIER, 5081, true, OPENING_LED},
        {SBC, VICTIM, 22, true, OPENING_LED},
        {SBC, "127.0.0.1", 22, false, OPENING_NEVER},
    };
    struct lab lab;
    (void)state;
    lab_init(&lab, prefixes);
    for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
        const struct address from = address_of(openings[i].from);
        struct target to = {.address = address_of(openings[i].to), .transport = TRANSPORT_TCP};
        to.address.port = openings[i].port;
        if (fence_allows(lab.proxy, &from, &to) != openings[i].allowed ||
            to.opening != openings[i].opening)
            fail_msg("%s to %s:%u", openings[i].from, openings[i].to, openings[i].port);
    }
    lab_fini(&lab);
}

/* The loopback's own are found by their block; other addresses of this machine by the kernel. */
static void this_machine_knows_itself(void **state)
{
    struct address loopback = address_of("127.0.0.1"), nobody = address_of("192.0.2.254");
    (void)state;
    assert_true(net_address_is_own(&loopback));
    assert_false(net_address_is_own(&nobody));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case),
        cmocka_unit_test(what_is_named_is_allowed),
        cmocka_unit_test(the_table_is_that_of_the_document),
        cmocka_unit_test(the_ports_of_a_peer),
        cmocka_unit_test(what_a_peer_writes_is_its_port),
        cmocka_unit_test(a_table_of_fixed_size),
        cmocka_unit_test(rights_to_open),
        cmocka_unit_test(this_machine_knows_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
