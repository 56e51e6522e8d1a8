/* Which addresses are ours, and which socket reaches a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stird/core/listeners.h>

static struct address place(const char *host, uint16_t port)
{
    struct address a;
    assert_true(address_parse(str_of(host), &a));
    a.port = port;
    return a;
}

#define NONE 99

/* 0: both on IPv4; 1: the same at another port, UDP; 2: TLS; 3: IPv6. */
static struct listeners ours(void)
{
    static struct listener list[4];
    list[0] = (struct listener){.address = place("192.0.2.1", 5060), .transports = {true, true}};
    list[1] = (struct listener){.address = place("192.0.2.1", 5070), .transports = {true}};
    list[2] = (struct listener){.address = place("192.0.2.2", 5061),
                                .transports = {[TRANSPORT_TLS] = true}};
    list[3] = (struct listener){.address = place("2001:db8::1", 5060), .transports = {true, true}};
    return (struct listeners){.list = list, .n = 4};
}

/* The same with what outsiders see of listener 1, another node's addresses, and names. */
static struct listeners with_more(void)
{
    static struct alias aliases[6];
    struct listeners l = ours();
    l.list[1].advertised = place("203.0.113.5", 5080);
    aliases[0] = (struct alias){.address = place("198.51.100.7", 0), .listener = 3};
    aliases[1] = (struct alias){.address = place("192.0.2.11", 0), .listener = NO_LISTENER};
    aliases[2] = (struct alias){.address = place("192.0.2.12", 5070), .listener = NO_LISTENER};
    aliases[3] = (struct alias){.name = STR("stird.example"), .listener = NO_LISTENER};
    aliases[4] = (struct alias){
        .name = STR("core.example"), .address = {.port = 5060}, .listener = NO_LISTENER};
    aliases[5] = (struct alias){.address = place("2001:db8::2", 0), .listener = NO_LISTENER};
    l.aliases = aliases;
    l.n_aliases = 6;
    return l;
}

static void test_finds_what_is_ours_too(void **state)
{
    static const struct {
        const char *host;
        uint16_t port;
        unsigned listener;
    } cases[] = {
        {"192.0.2.1", 5060, 0},
        {"192.0.2.1", 5070, 1}, /* what it advertises takes nothing away */
        {"203.0.113.5", 5080, 1},
        {"203.0.113.5", 5060, NONE},
        {"198.51.100.7", 5099, 3}, /* an alias of a listener, at any port */
        {"192.0.2.11", 5060, 0},   /* another node: by its port */
        {"192.0.2.11", 5080, 1},
        {"192.0.2.11", 5061, 2},
        {"192.0.2.11", 4444, NO_LISTENER}, /* ours, and none of these */
        {"192.0.2.12", 5070, 1},
        {"192.0.2.12", 5060, NONE},
        {"[2001:db8::2]", 5060, 0},
        {"stird.example", 5061, 2},
        {"STIRD.Example.", 5060, 0},
        {"core.example", 5060, 0},
        {"core.example", 5061, NONE},
        {"a.stird.example", 5060, NONE},
        {"", 5060, NONE},
        {".", 5060, NONE},
    };
    const struct listeners l = with_more();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint16_t found = NONE;
        bool ok = listeners_find_host(&l, str_of(cases[i].host), cases[i].port, &found);
        if (ok != (cases[i].listener != NONE) || found != cases[i].listener)
            print_error("%s:%u: %u\n", cases[i].host, cases[i].port, found);
        assert_int_equal(ok, cases[i].listener != NONE);
        assert_int_equal(found, cases[i].listener);
    }
    assert_true(listeners_have_host(&l, &(struct address){ADDRESS_IPV4, 0, {203, 0, 113, 5}}));
    assert_true(listeners_have_host(&l, &(struct address){ADDRESS_IPV4, 0, {192, 0, 2, 12}}));
    assert_false(listeners_have_host(&l, &(struct address){ADDRESS_IPV4, 0, {192, 0, 2, 13}}));
    assert_true(listeners_have_name(&l, STR("192.0.2.1")));
    assert_true(listeners_have_name(&l, STR("STIRD.example.")));
    assert_true(listeners_have_name(&l, STR("core.example")));
    assert_true(listeners_have_name(&l, STR("192.0.2.1.")));
    assert_false(listeners_have_name(&l, STR("a.stird.example")));
    assert_false(listeners_have_name(&l, STR("192.0.2.13")));
    assert_false(listeners_have_name(&l, STR("")));
    assert_ptr_equal(listener_shown(&l.list[1]), &l.list[1].advertised);
    assert_ptr_equal(listener_shown(&l.list[0]), &l.list[0].address);
}

static void test_finds_by_address_and_port(void **state)
{
    static const struct {
        const char *host;
        uint16_t port;
        unsigned listener;
        bool host_is_ours;
    } cases[] = {
        {"192.0.2.1", 5060, 0, true},       {"192.0.2.1", 5070, 1, true},
        {"192.0.2.2", 5061, 2, true},       {"2001:db8::1", 5060, 3, true},
        {"192.0.2.2", 5060, NONE, true},    {"192.0.2.3", 5060, NONE, false},
        {"192.0.2.1", 0, NONE, true},       {"::ffff:192.0.2.1", 5060, 0, true},
        {"2001:db8::2", 5060, NONE, false},
    };
    const struct listeners l = ours();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint16_t found = NONE;
        struct address a = place(cases[i].host, cases[i].port);
        assert_int_equal(listeners_find(&l, &a, &found), cases[i].listener != NONE);
        assert_int_equal(found, cases[i].listener);
        assert_int_equal(listeners_have_host(&l, &a), cases[i].host_is_ours);
    }
}

static void test_reaches_by_family_and_transport(void **state)
{
    static const struct {
        uint16_t preferred;
        enum address_family family;
        enum transport transport;
        unsigned listener;
    } cases[] = {
        {NO_LISTENER, ADDRESS_IPV4, TRANSPORT_UDP, 0},
        {1, ADDRESS_IPV4, TRANSPORT_UDP, 1},
        {1, ADDRESS_IPV4, TRANSPORT_TCP, 0}, /* the preferred one has no TCP */
        {0, ADDRESS_IPV4, TRANSPORT_TLS, 2},
        {0, ADDRESS_IPV6, TRANSPORT_TCP, 3},
        {3, ADDRESS_NONE, TRANSPORT_TCP, 3}, /* of a name any family may come out */
        {0, ADDRESS_IPV6, TRANSPORT_TLS, NONE},
        {7, ADDRESS_IPV4, TRANSPORT_UDP, 0}, /* no such listener */
    };
    const struct listeners l = ours();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint16_t found = NONE;
        assert_int_equal(
            listeners_reach(&l, cases[i].preferred, cases[i].family, cases[i].transport, &found),
            cases[i].listener != NONE);
        assert_int_equal(found, cases[i].listener);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_by_address_and_port),
        cmocka_unit_test(test_finds_what_is_ours_too),
        cmocka_unit_test(test_reaches_by_family_and_transport),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
