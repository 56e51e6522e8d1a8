#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <stird/core/claim.h>
#include <stird/core/trunk.h>

#define PREFIXES(...)                                                                              \
    .sources = (const struct address_prefix[]){__VA_ARGS__},                                       \
    .n_sources = sizeof((const struct address_prefix[]){__VA_ARGS__}) /                            \
                 sizeof(struct address_prefix)
#define IPV4(a, b, c, d, prefix_bits)                                                              \
    {                                                                                              \
        .address = {.family = ADDRESS_IPV4, .bytes = {a, b, c, d}}, .bits = (prefix_bits)          \
    }

static const struct trunk trunks[] = {
    {.name = STR("everybody"), PREFIXES(IPV4(0, 0, 0, 0, 0))},
    {.name = STR("net"), PREFIXES(IPV4(192, 0, 2, 0, 24))},
    {.name = STR("listener"), PREFIXES(IPV4(192, 0, 2, 1, 32)), .listener = STR("edge")},
    {.name = STR("host"), PREFIXES(IPV4(192, 0, 2, 1, 32)), .request_host = STR("a.example")},
    {.name = STR("short"), PREFIXES(IPV4(192, 0, 2, 1, 32)), .request_user_prefix = STR("+1")},
    {.name = STR("long"), PREFIXES(IPV4(192, 0, 2, 1, 32)), .request_user_prefix = STR("+1215")},
    {.name = STR("tgrp"), PREFIXES(IPV4(192, 0, 2, 1, 32)), .tgrp = STR("acme")},
    {.name = STR("header"),
     PREFIXES(IPV4(192, 0, 2, 1, 32)),
     .header_name = STR("X-Customer"),
     .header_value = STR("acme")},
    {.name = STR("both"),
     PREFIXES(IPV4(192, 0, 2, 1, 32)),
     .tgrp = STR("acme"),
     .request_host = STR("b.example")},
    {.name = STR("default"), PREFIXES(IPV4(192, 0, 2, 1, 32))},
    {.name = STR("only-tgrp"), PREFIXES(IPV4(192, 0, 2, 2, 32)), .tgrp = STR("x")},
    {.name = STR("two"), PREFIXES(IPV4(10, 0, 0, 0, 8), IPV4(10, 1, 2, 3, 32))},
    {.name = STR("middle"), PREFIXES(IPV4(10, 1, 0, 0, 16))},
};

static struct call call_from(const char *source)
{
    struct call call = {
        .listener = STR("core"), .request_user = STR("555"), .request_host = STR("192.0.2.200")};
    assert_true(address_parse(str_of(source), &call.source));
    call.source.port = 5060;
    return call;
}

/* As settings_read() ends; the caller frees the arena. */
static void index_sources(struct settings *s)
{
    s->arena = arena_new(4096);
    s->sources = source_table_new(s->arena, s->trunks, s->n_trunks, s->upstreams, s->n_upstreams);
    assert_non_null(s->sources);
}

static void assert_trunk(struct call *call, const char *name)
{
    struct settings s = {.trunks = trunks, .n_trunks = sizeof(trunks) / sizeof(trunks[0])};
    index_sources(&s);
    bool known = false;
    const struct trunk *t = trunk_match(&s, call, &known);
    assert_non_null(t);
    assert_true(known);
    if (!str_eq(t->name, str_of(name)))
        print_error("got %.*s, wanted %s\n", STR_ARG(t->name), name);
    assert_true(str_eq(t->name, str_of(name)));
    arena_free(s.arena);
}

static void by_source(void **state)
{
    (void)state;
    struct call call = call_from("198.51.100.1");
    assert_trunk(&call, "everybody");
    call = call_from("192.0.2.77");
    assert_trunk(&call, "net");
    call = call_from("192.0.2.1");
    assert_trunk(&call, "default");
    /* A more specific source whose discriminator does not fit is no candidate. */
    call = call_from("192.0.2.2");
    assert_trunk(&call, "net");
    /* The longest of a trunk's prefixes counts. */
    call = call_from("10.1.2.3");
    assert_trunk(&call, "two");
    call = call_from("10.1.2.4");
    assert_trunk(&call, "middle");
    call = call_from("10.2.2.4");
    assert_trunk(&call, "two");
}

static void by_discriminator(void **state)
{
    (void)state;
    struct call call = call_from("192.0.2.1");
    call.listener = STR("edge");
    assert_trunk(&call, "listener");
    call.request_host = STR("A.Example");
    assert_trunk(&call, "host");
    call.request_user = STR("+13035550100");
    assert_trunk(&call, "short");
    call.request_user = STR("+12155550100");
    assert_trunk(&call, "long");
    /* The longer user prefix goes before the order of kinds. */
    call.groups[GROUP_IN_CONTACT] = (struct trunk_groups){.values = {STR("acme")}, .n = 1};
    assert_trunk(&call, "long");
    call.request_user = STR("555");
    assert_trunk(&call, "tgrp");
    call.groups[GROUP_IN_CONTACT].values[0] = STR("ACME");
    assert_trunk(&call, "host");
    call.groups[GROUP_IN_CONTACT] = (struct trunk_groups){.values = {STR("acme")}, .n = 1};
    call.request_host = STR("b.example");
    assert_trunk(&call, "both");
}

static void by_header(void **state)
{
    (void)state;
    struct call call = call_from("192.0.2.1");
    const struct call_header one[] = {{STR("x-CUSTOMER"), STR(" acme ")}, {{NULL, 0}, {NULL, 0}}};
    const struct call_header two[] = {{STR("X-Customer"), STR("acme")},
                                      {STR("X-Customer"), STR("globex")},
                                      {{NULL, 0}, {NULL, 0}}};
    const struct call_header same[] = {
        {STR("X-Customer"), STR("acme")}, {STR("X-Customer"), STR("acme")}, {{NULL, 0}, {NULL, 0}}};
    call.headers = one;
    assert_trunk(&call, "header");
    call.groups[GROUP_IN_CONTACT] = (struct trunk_groups){.values = {STR("acme")}, .n = 1};
    assert_trunk(&call, "header");
    call.groups[GROUP_IN_CONTACT].n = 0;
    /* A caller who adds a second one does not choose its trunk. */
    call.headers = two;
    assert_trunk(&call, "default");
    call.headers = same;
    assert_trunk(&call, "header");
}

static void no_trunk(void **state)
{
    (void)state;
    struct settings s = {.trunks = &trunks[10], .n_trunks = 1};
    index_sources(&s);
    struct call call = call_from("192.0.2.2");
    bool known = false;
    assert_null(trunk_match(&s, &call, &known));
    assert_true(known);
    call = call_from("192.0.2.3");
    assert_null(trunk_match(&s, &call, &known));
    assert_false(known);
    call = call_from("::ffff:192.0.2.2");
    assert_null(trunk_match(&s, &call, &known));
    assert_true(known);
    arena_free(s.arena);
}

/* Thousands of trunks ask: of what is longer than any value nobody reads more than that it is. */
static void what_is_too_long_may_name_any(void **state)
{
    static char text[60000];
    static struct trunk many[200];
    const struct address_prefix place = IPV4(192, 0, 2, 1, 32);
    struct settings s = {.trunks = many, .n_trunks = 200};
    bool known;
    (void)state;
    memset(text, 'x', sizeof(text));
    for (unsigned by_prefix = 0; by_prefix < 2; by_prefix++) {
        for (unsigned i = 0; i < 200; i++) {
            many[i] = (struct trunk){.sources = &place, .n_sources = 1};
            if (i == 0) /* the default */
                continue;
            many[i].request_user_prefix = by_prefix ? STR("+1") : STR("");
            many[i].header_name = by_prefix ? STR("") : STR("X-Customer");
            many[i].header_value = by_prefix ? STR("") : STR("acme");
        }
        index_sources(&s);
        struct call_header headers[] = {{STR("X-Customer"), {text, 600}},
                                        {STR("X-Customer"), {text, by_prefix ? 10 : 600}},
                                        {{NULL, 0}, {NULL, 0}}};
        struct call call = call_from("192.0.2.1");
        call.request_user = (struct str){text, by_prefix ? 600 : 10};
        call.headers = headers;
        assert_ptr_equal(trunk_match(&s, &call, &known), &many[0]);
        assert_true(call.n_passed_over > CALL_PASSED_OVER_MAX);
        headers[1].value.n = 10;
        call.request_user.n = 10;
        assert_ptr_equal(trunk_match(&s, &call, &known), &many[0]);
        assert_int_equal(call.n_passed_over, 0);
        arena_free(s.arena);
    }
}

/* More trunks than are kept beside: each is counted all the same, as far as that matters. */
static void many_that_fit_are_all_counted(void **state)
{
    static struct trunk many[100];
    const struct address_prefix place = IPV4(192, 0, 2, 1, 32);
    struct settings s = {.trunks = many, .n_trunks = 100};
    bool known;
    (void)state;
    for (unsigned named = 1; named < 100; named += 7) {
        for (unsigned i = 0; i < 100; i++) {
            many[i] = (struct trunk){.sources = &place, .n_sources = 1, .tgrp = STR("x")};
            if (i > 0 && i <= named)
                many[i].tgrp = STR("acme"), many[i].request_host = STR("a.example");
        }
        many[0].tgrp = (struct str){NULL, 0};
        many[0].request_user_prefix = STR("555");
        index_sources(&s);
        struct call call = call_from("192.0.2.1");
        call.request_host = STR("a.example");
        call.groups[GROUP_IN_CONTACT] = (struct trunk_groups){.values = {STR("acme")}, .n = 1};
        assert_ptr_equal(trunk_match(&s, &call, &known), &many[1]);
        assert_int_equal(call.n_passed_over, 1); /* all that are named stand for each other */
        call.request_host = STR("b.example");
        assert_ptr_equal(trunk_match(&s, &call, &known), &many[0]);
        assert_int_equal(call.n_passed_over, 0);
        arena_free(s.arena);
    }
}

static void sources(void **state)
{
    const struct upstream upstreams[] = {
        {.name = STR("wide"), PREFIXES(IPV4(198, 51, 100, 0, 24))},
        {.name = STR("narrow"), PREFIXES(IPV4(198, 51, 100, 7, 32))},
    };
    (void)state;
    struct settings s = {
        .trunks = &trunks[1], .n_trunks = 1, .upstreams = upstreams, .n_upstreams = 2};
    index_sources(&s);
    struct call call = call_from("198.51.100.7");
    assert_ptr_equal(source_upstream(&s, &call.source), &upstreams[1]);
    assert_false(source_is_trunk(&s, &call.source));
    call = call_from("198.51.100.8");
    assert_ptr_equal(source_upstream(&s, &call.source), &upstreams[0]);
    call = call_from("192.0.2.8");
    assert_null(source_upstream(&s, &call.source));
    assert_true(source_is_trunk(&s, &call.source));
    arena_free(s.arena);
}

/* Decided 12: an upstream's address is the trunk's that names it as narrowly, and nobody else's. */
static void test_claims(void **state)
{
    static const struct address_prefix net[] = {{{ADDRESS_IPV4, 0, {10, 1, 2, 0}}, 24}};
    static const struct address_prefix all[] = {{{ADDRESS_IPV4, 0, {0}}, 0}};
    static const struct upstream upstreams[] = {
        {.sources = net, .n_sources = 1, .address = {ADDRESS_IPV4, 5060, {10, 1, 2, 9}}},
        {.address = {ADDRESS_IPV6, 5060, {0x20, 1, [15] = 9}}},
        {.host = {"carrier.example", 15}, .sources = all, .n_sources = 1},
    };
    static const struct {
        struct address a;
        unsigned claim, first, last; /* how many upstreams there are, from and to */
        struct address_prefix source;
        bool is_trunks;
    } cases[] = {
        {{ADDRESS_IPV4, 0, {10, 1, 2, 9}}, 32, 2, 3, {{ADDRESS_IPV4, 0, {10, 1, 2, 0}}, 24}, false},
        {{ADDRESS_IPV4, 0, {10, 1, 2, 9}}, 32, 2, 3, {{ADDRESS_IPV4, 0, {10, 1, 2, 8}}, 31}, false},
        {{ADDRESS_IPV4, 9, {10, 1, 2, 9}}, 32, 2, 3, {{ADDRESS_IPV4, 0, {10, 1, 2, 9}}, 32}, true},
        {{ADDRESS_IPV4, 0, {10, 1, 2, 8}}, 24, 2, 3, {{ADDRESS_IPV4, 0, {10, 1, 2, 0}}, 24}, true},
        {{ADDRESS_IPV4, 0, {10, 1, 2, 8}}, 24, 2, 3, {{ADDRESS_IPV4, 0, {10, 1, 0, 0}}, 16}, false},
        {{ADDRESS_IPV4, 0, {10, 1, 2, 8}},
         24,
         2,
         3,
         {{ADDRESS_IPV4, 0, {10, 1, 2, 16}}, 28},
         false},
        {{ADDRESS_IPV4, 0, {10, 1, 2, 8}}, 24, 2, 3, {{ADDRESS_IPV4, 0, {0}}, 0}, false},
        {{ADDRESS_IPV6, 0, {0x20, 1, [15] = 9}},
         128,
         2,
         3,
         {{ADDRESS_IPV6, 0, {0x20, 1}}, 64},
         false},
        {{ADDRESS_IPV4, 0, {10, 9, 9, 9}}, 1, 3, 3, {{ADDRESS_IPV4, 0, {0}}, 0}, false},
        {{ADDRESS_IPV4, 0, {10, 9, 9, 9}}, 0, 2, 2, {{ADDRESS_IPV4, 0, {0}}, 0}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct trunk trunk = {.sources = &cases[i].source, .n_sources = 1};
        for (unsigned n = cases[i].first; n <= cases[i].last; n++) {
            struct settings s = {
                .trunks = &trunk, .n_trunks = 1, .upstreams = upstreams, .n_upstreams = n};
            index_sources(&s);
            unsigned claim = claim_of_upstreams(&s, &cases[i].a);
            assert_int_equal(claim, cases[i].claim);
            assert_int_equal(claim_is_trunks(&trunk, &cases[i].a, claim), cases[i].is_trunks);
            assert_int_equal(claim_is_a_trunks(&s, &cases[i].a, claim), cases[i].is_trunks);
            arena_free(s.arena);
        }
    }
}

/* An emergency call that fits none goes where there is a next hop; of several, to one it names. */
static void an_emergency_call_goes_to_a_next_hop(void **state)
{
    static const struct address_prefix source = IPV4(192, 0, 2, 1, 32);
    static const uint32_t carrier = 0;
    static const struct upstream upstream = {.name = STR("carrier")};
    static const struct {
        bool leads_on[3];
        const char *named, *taken; /* by two values that disagree; NULL: none is named */
    } cases[] = {
        {{true, true, true}, NULL, "a"},   {{true, true, true}, "b", "b"},
        {{false, true, true}, NULL, "b"},  {{false, false, true}, NULL, "c"},
        {{false, true, true}, "a", "b"},   {{true, false, true}, "b", "a"},
        {{true, false, true}, "c", "c"},   {{false, false, false}, NULL, "a"},
        {{false, false, false}, "b", "b"},
    };
    static const char *const names[] = {"a", "b", "c"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trunk of[3];
        for (unsigned t = 0; t < 3; t++)
            of[t] = (struct trunk){.name = str_of(names[t]),
                                   .sources = &source,
                                   .n_sources = 1,
                                   .tgrp = str_of(names[t]),
                                   .upstreams = &carrier,
                                   .n_upstreams = cases[i].leads_on[t]};
        struct settings s = {.trunks = of, .n_trunks = 3, .upstreams = &upstream, .n_upstreams = 1};
        index_sources(&s);
        struct call call = call_from("192.0.2.1");
        call.request_uri = STR("sip:911@192.0.2.200");
        call.to_uri = call.request_uri;
        if (cases[i].named)
            call.groups[GROUP_IN_CONTACT] = (struct trunk_groups){
                .n = 2, .values = {str_of(cases[i].named), STR("nobody")}};
        bool known;
        assert_null(trunk_match(&s, &call, &known));
        const struct trunk *taken = trunk_for_emergency(&s, &call);
        assert_non_null(taken);
        assert_true(str_eq(taken->name, str_of(cases[i].taken)) && call.fits_none);
        assert_int_equal(call.n_passed_over, 2);
        arena_free(s.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_source),
        cmocka_unit_test(by_discriminator),
        cmocka_unit_test(by_header),
        cmocka_unit_test(no_trunk),
        cmocka_unit_test(sources),
        cmocka_unit_test(what_is_too_long_may_name_any),
        cmocka_unit_test(many_that_fit_are_all_counted),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(an_emergency_call_goes_to_a_next_hop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
