/* R-P-039: where a request inside a call may go, by where it comes from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "sip/fence.h"

struct lab {
    struct settings settings;
    struct snapshot snapshot;
    struct proxy proxy;
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
    trunk = (struct trunk){.sources = trunks};
    upstream = (struct upstream){.sources = upstreams};
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
    lab->proxy.snapshot = &lab->snapshot;
    lab->listener.address = address_of("198.51.100.1");
    lab->proxy.listeners = (struct listeners){&lab->listener, 1};
}

#define SBC      "192.0.2.2"
#define CARRIER  "203.0.113.9"
#define STRANGER "203.0.113.66"
#define VICTIM   "203.0.113.77"

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
            const struct address from = address_of(cases[i].from), to = address_of(cases[i].to);
            lab.settings.dialog_peers_any = any;
            if (fence_allows(&lab.proxy, &from, &to) != (any ? cases[i].any : cases[i].known))
                fail_msg("%s to %s, any %u", cases[i].from, cases[i].to, any);
        }
    arena_free(lab.settings.arena);
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
        const struct address from = address_of(STRANGER), to = address_of(named[i].to);
        struct lab lab;
        lab_init(&lab, prefixes);
        if (fence_allows(&lab.proxy, &from, &to) != named[i].allowed)
            fail_msg("%s by %s", named[i].to, named[i].prefix);
        arena_free(lab.settings.arena);
    }
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
        cmocka_unit_test(this_machine_knows_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
