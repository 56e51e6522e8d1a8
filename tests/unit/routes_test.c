/* Which next hops a call is offered to: order, weights, health. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "sip/routes.h"
#include "sip/target.h"
#include <stird/core/switches.h>

static struct address address_of(const char *text, uint16_t port)
{
    struct address a;
    assert_true(address_parse(str_of(text), &a));
    a.port = port;
    return a;
}

/* What DNS says, set by each test. */
struct dns {
    struct name_answer answer;
    struct name_query asked; /* the last one */
};

static struct name_answer look_up(void *dns, const struct name_query *query)
{
    struct dns *d = dns;
    d->asked = *query;
    return d->answer;
}

struct lab {
    struct listener listeners[2];
    struct listeners ours;
    struct upstream upstreams[4];
    uint32_t order[4];
    struct trunk trunk;
    struct address_prefix trunk_source;
    struct settings settings;
    struct dns dns;
    struct routes *routes;
    const struct switches *off; /* by an operator; NULL: nothing */
    int64_t now_ms;
};

/* Upstreams a, b, c at addresses; d is a name. The trunk has the first N. */
static void set_up(struct lab *lab, unsigned n)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    static const char *const addresses[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};
    memset(lab, 0, sizeof(*lab));
    lab->listeners[0] = (struct listener){.address = address_of("192.0.2.100", 5060),
                                          .transports = {true, true}};
    lab->listeners[1] = (struct listener){.address = address_of("[2001:db8::100]", 5060),
                                          .transports = {true, false}};
    for (uint32_t i = 0; i < 4; i++) {
        lab->order[i] = i;
        lab->upstreams[i] = (struct upstream){.name = str_of(names[i]), .probe_failures = 2};
        if (i < 3)
            lab->upstreams[i].address = address_of(addresses[i], 5060);
    }
    lab->upstreams[3].host = STR("carrier.example");
    lab->upstreams[3].address.port = 5060;
    assert_true(address_prefix_parse(STR("192.0.2.50"), &lab->trunk_source));
    lab->trunk = (struct trunk){
        .upstreams = lab->order, .n_upstreams = n, .sources = &lab->trunk_source, .n_sources = 1};
    lab->settings = (struct settings){
        .upstreams = lab->upstreams, .n_upstreams = 4, .trunks = &lab->trunk, .n_trunks = 1};
    lab->ours = (struct listeners){.list = lab->listeners, .n = 2};
    lab->routes = routes_new(&(struct routes_options){
        .listeners = &lab->ours, .look_up = look_up, .resolver = &lab->dns, .seed = 42});
    assert_non_null(lab->routes);
    lab->now_ms = 1000000;
}

/* The last octets of the targets' addresses: "1 2". */
static void expect_targets(struct lab *lab, const char *wanted)
{
    struct target targets[ROUTES_TARGETS_MAX];
    struct buf found = BUF_INIT;
    unsigned n = routes_targets(lab->routes, &lab->settings, lab->trunk.upstreams,
                                lab->trunk.n_upstreams, lab->off, lab->now_ms, targets);
    for (unsigned i = 0; i < n; i++)
        buf_addf(&found, "%s%u", i > 0 ? " " : "",
                 targets[i].address.bytes[targets[i].address.family == ADDRESS_IPV6 ? 15 : 3]);
    buf_add_char(&found, '\0');
    assert_string_equal(found.p, wanted);
    buf_fini(&found);
}

static struct target hop_of(struct lab *lab, unsigned upstream)
{
    struct target hop;
    assert_int_equal(routes_hops(lab->routes, &lab->upstreams[upstream], &hop, 1), 1);
    return hop;
}

static void fail_calls(struct lab *lab, unsigned upstream, unsigned times)
{
    struct target hop = hop_of(lab, upstream);
    while (times-- > 0)
        routes_call_failed(lab->routes, &hop, lab->now_ms);
}

static void answer_call(struct lab *lab, unsigned upstream)
{
    struct target hop = hop_of(lab, upstream);
    routes_call_answered(lab->routes, &hop, lab->now_ms);
}

static void probe(struct lab *lab, unsigned upstream, bool well)
{
    struct target hop = hop_of(lab, upstream);
    routes_probe_ended(lab->routes, &hop, well, lab->now_ms);
}

static void test_order_of_the_trunk(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 3);
    expect_targets(&lab, "1 2 3");
    lab.order[0] = 2;
    lab.order[2] = 0;
    expect_targets(&lab, "3 2 1");
    routes_free(lab.routes);
}

/* Three calls in a row without a sign of life; any answer between them starts the count anew. */
static void test_calls_take_a_hop_out(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 2);
    fail_calls(&lab, 0, 2);
    answer_call(&lab, 0);
    fail_calls(&lab, 0, 2);
    expect_targets(&lab, "1 2");
    fail_calls(&lab, 0, 1);
    expect_targets(&lab, "2");
    assert_int_equal(routes_get_counters(lab.routes)->hops_lost, 1);
    fail_calls(&lab, 0, 5); /* those that were under way */
    assert_int_equal(routes_get_counters(lab.routes)->hops_lost, 1);
    routes_free(lab.routes);
}

/* After a while one call tries again, and only one. */
static void test_one_call_tries_again(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 2);
    fail_calls(&lab, 0, 3);
    lab.now_ms += ROUTES_OUT_MS - 1;
    expect_targets(&lab, "2");
    lab.now_ms += 1;
    expect_targets(&lab, "1 2");
    expect_targets(&lab, "2");
    fail_calls(&lab, 0, 1);
    lab.now_ms += ROUTES_OUT_MS;
    expect_targets(&lab, "1 2");
    answer_call(&lab, 0);
    expect_targets(&lab, "1 2");
    expect_targets(&lab, "1 2");
    assert_int_equal(routes_get_counters(lab.routes)->hops_back, 1);
    routes_free(lab.routes);
}

/* Behind one that is well, it does not use up its turn. */
static void test_second_is_out(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 2);
    fail_calls(&lab, 1, 3);
    expect_targets(&lab, "1");
    lab.now_ms += ROUTES_OUT_MS;
    expect_targets(&lab, "1 2");
    expect_targets(&lab, "1 2");
    routes_free(lab.routes);
}

static void test_all_are_out(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 3);
    for (unsigned i = 0; i < 3; i++)
        fail_calls(&lab, i, 3);
    expect_targets(&lab, "1 2 3");
    expect_targets(&lab, "1 2 3");
    answer_call(&lab, 1);
    expect_targets(&lab, "2");
    routes_free(lab.routes);
}

/* R-P-038: `probe_failures` in a row take it out, one success brings it back; nothing else does. */
static void test_probes(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 2);
    lab.upstreams[0].probe_ms = 30000;
    probe(&lab, 0, false);
    probe(&lab, 0, true);
    probe(&lab, 0, false);
    expect_targets(&lab, "1 2");
    probe(&lab, 0, false);
    expect_targets(&lab, "2");
    lab.now_ms += 10 * ROUTES_OUT_MS;
    answer_call(&lab, 0);
    expect_targets(&lab, "2");
    probe(&lab, 0, true);
    expect_targets(&lab, "1 2");
    fail_calls(&lab, 0, 3);
    expect_targets(&lab, "2");
    probe(&lab, 0, true);
    expect_targets(&lab, "1 2");
    routes_free(lab.routes);
}

/* A peer that refused a connection is remembered for ten minutes, by what its upstream says. */
static void test_refused_connection(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 2);
    struct target hop = hop_of(&lab, 0), other = hop_of(&lab, 1);
    hop.transport = TRANSPORT_TCP;
    assert_false(routes_refuses_tcp(lab.routes, &hop, lab.now_ms));
    routes_remember_refusal(lab.routes, &hop, lab.now_ms);
    hop.transport = TRANSPORT_UDP;
    assert_true(routes_refuses_tcp(lab.routes, &hop, lab.now_ms + ROUTES_NO_TCP_MS - 1));
    assert_false(routes_refuses_tcp(lab.routes, &hop, lab.now_ms + ROUTES_NO_TCP_MS));
    assert_false(routes_refuses_tcp(lab.routes, &other, lab.now_ms));
    expect_targets(&lab, "1 2");
    routes_free(lab.routes);
}

static struct name_address found(const char *address, uint16_t priority, uint16_t weight,
                                 uint16_t target)
{
    return (struct name_address){.address = address_of(address, 5060),
                                 .priority = priority,
                                 .weight = weight,
                                 .target = target};
}

/* R-P-035: SRV without a port, addresses alone with one; families that a listener has. */
static void test_questions(void **state)
{
    struct lab lab;
    struct target hops[4];
    (void)state;
    set_up(&lab, 4);
    struct upstream *u = &lab.upstreams[3];
    routes_hops(lab.routes, u, hops, 4);
    assert_string_equal(lab.dns.asked.service, "_sip._udp");
    assert_true(lab.dns.asked.want_ipv4 && lab.dns.asked.want_ipv6);
    u->transport = TRANSPORT_TCP;
    routes_hops(lab.routes, u, hops, 4);
    assert_string_equal(lab.dns.asked.service, "_sip._tcp");
    assert_true(lab.dns.asked.want_ipv4 && !lab.dns.asked.want_ipv6);
    u->port_given = true;
    u->address.port = 5070;
    routes_hops(lab.routes, u, hops, 4);
    assert_null(lab.dns.asked.service);
    assert_int_equal(lab.dns.asked.port, 5070);
    u->transport = TRANSPORT_UDP;
    u->listener = 1;
    u->listener_given = true;
    routes_hops(lab.routes, u, hops, 4);
    assert_true(!lab.dns.asked.want_ipv4 && lab.dns.asked.want_ipv6);
    routes_free(lab.routes);
}

/* All addresses of a name in its place among the upstreams; what is unknown or ourselves is not. */
static void test_names(void **state)
{
    struct lab lab;
    const struct name_address answer[] = {
        found("192.0.2.21", 10, 0, 0), found("192.0.2.22", 10, 0, 0),
        found("192.0.2.100", 20, 0, 1), found("[2001:db8::23]", 30, 0, 2)};
    (void)state;
    set_up(&lab, 2);
    lab.order[0] = 3;
    lab.dns.answer.state = NAME_PENDING;
    expect_targets(&lab, "2");
    lab.dns.answer = (struct name_answer){.state = NAME_KNOWN, .addresses = answer, .n = 4};
    expect_targets(&lab, "21 22 35 2");
    lab.trunk.n_upstreams = 1;
    lab.dns.answer = (struct name_answer){.state = NAME_FAILED};
    expect_targets(&lab, "");
    routes_free(lab.routes);
}

/* Lower priorities first; the addresses of one record stay together. */
static void test_priorities(void **state)
{
    const struct name_address answer[] = {
        found("192.0.2.1", 10, 50, 0), found("192.0.2.2", 10, 50, 0), found("192.0.2.3", 10, 50, 1),
        found("192.0.2.4", 20, 0, 2), found("192.0.2.5", 30, 9, 3)};
    struct name_address ordered[5];
    uint64_t seed = 7;
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        routes_order(answer, 5, &seed, ordered);
        unsigned one = ordered[0].target == 0 ? 0 : 1;
        assert_int_equal(ordered[one].address.bytes[3], 1);
        assert_int_equal(ordered[one + 1].address.bytes[3], 2);
        assert_int_equal(ordered[3].address.bytes[3], 4);
        assert_int_equal(ordered[4].address.bytes[3], 5);
    }
}

/* R-P-035: 1000 calls follow the weights within 5 %. */
static void test_weights(void **state)
{
    const struct name_address answer[] = {
        found("192.0.2.1", 10, 60, 0), found("192.0.2.2", 10, 30, 1), found("192.0.2.3", 10, 10, 2),
        found("192.0.2.4", 10, 0, 3)};
    static const int wanted[] = {600, 300, 100, 0};
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        struct name_address ordered[4];
        int first[4] = {0};
        uint64_t running = seed * 7919;
        for (unsigned i = 0; i < 1000; i++) {
            routes_order(answer, 4, &running, ordered);
            first[ordered[0].target]++;
        }
        for (unsigned i = 0; i < 4; i++)
            assert_in_range(first[i] + 50 - wanted[i], 0, 100);
    }
}

/* Decided 12: an upstream by name may send from what its name means. */
static void test_sources(void **state)
{
    struct lab lab;
    const struct name_address answer[] = {found("192.0.2.21", 10, 0, 0),
                                          found("192.0.2.50", 10, 0, 1)};
    struct address known = address_of("192.0.2.21", 4711),
                   stranger = address_of("192.0.2.22", 5060);
    (void)state;
    set_up(&lab, 4);
    lab.dns.answer = (struct name_answer){.state = NAME_KNOWN, .addresses = answer, .n = 2};
    assert_true(routes_is_source(lab.routes, &lab.settings, &known));
    assert_false(routes_is_source(lab.routes, &lab.settings, &stranger));
    lab.upstreams[3].sources = &lab.trunk_source;
    lab.upstreams[3].n_sources = 1;
    assert_false(routes_is_source(lab.routes, &lab.settings, &known));
    routes_free(lab.routes);
}

static bool usable(struct lab *lab)
{
    return routes_are_usable(lab->routes, &lab->settings, &lab->trunk, lab->off, lab->now_ms);
}

static void ask(struct lab *lab, unsigned upstream, enum question_end end)
{
    struct target hop = hop_of(lab, upstream);
    routes_question_ended(lab->routes, &hop, end, lab->now_ms);
}

/* What an SBC's OPTIONS are told: not while all are out, and to look takes no call's turn. */
static void test_usable(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 2);
    assert_true(usable(&lab));
    fail_calls(&lab, 0, 3);
    assert_true(usable(&lab));
    fail_calls(&lab, 1, 3);
    assert_false(usable(&lab));
    lab.now_ms += ROUTES_OUT_MS - 1;
    assert_false(usable(&lab));
    lab.now_ms += 1;
    assert_true(usable(&lab)); /* so that the SBC comes back, */
    assert_true(usable(&lab));
    expect_targets(&lab, "1 2"); /* and a call tries */
    routes_free(lab.routes);
}

/* Probes alone say so where there are any. */
static void test_usable_by_probes(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 1);
    lab.upstreams[0].probe_ms = 1000;
    probe(&lab, 0, false);
    assert_true(usable(&lab));
    probe(&lab, 0, false);
    lab.now_ms += 10 * ROUTES_OUT_MS;
    assert_false(usable(&lab));
    probe(&lab, 0, true);
    assert_true(usable(&lab));
    routes_free(lab.routes);
}

/* A name without an address is no next hop. */
static void test_usable_by_name(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 4);
    lab.order[0] = 3;
    lab.trunk.n_upstreams = 1;
    lab.dns.answer = (struct name_answer){.state = NAME_FAILED};
    assert_false(usable(&lab));
    routes_free(lab.routes);
}

static void expect_ills(struct lab *lab, unsigned hops_out, unsigned names_unresolved)
{
    struct routes_ills ills = routes_ills_of(lab->routes, &lab->settings);
    assert_int_equal(ills.hops_out, hops_out);
    assert_int_equal(ills.names_unresolved, names_unresolved);
}

/* As long as they are out; a hop of two upstreams once, one that is configured no more not at all.
 */
static void test_ills_are_of_now(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 3);
    lab.settings.n_upstreams = 3;
    expect_ills(&lab, 0, 0);
    fail_calls(&lab, 0, 3);
    fail_calls(&lab, 1, 3);
    lab.now_ms += 100 * ROUTES_OUT_MS;
    expect_ills(&lab, 2, 0);
    lab.upstreams[2].address = lab.upstreams[0].address;
    expect_ills(&lab, 2, 0);
    answer_call(&lab, 1);
    expect_ills(&lab, 1, 0);
    lab.upstreams[0].address = lab.upstreams[2].address = address_of("192.0.2.9", 5060);
    expect_ills(&lab, 0, 0);
    routes_free(lab.routes);
}

/* A name without an answer, with an old one, with none that can be reached. */
static void test_ills_of_names(void **state)
{
    struct lab lab;
    struct name_address old = {.address = address_of("192.0.2.1", 5060)};
    struct name_address own = {.address = address_of("192.0.2.100", 5060)};
    (void)state;
    set_up(&lab, 4);
    lab.dns.answer = (struct name_answer){.state = NAME_PENDING};
    expect_ills(&lab, 0, 0);
    lab.dns.answer = (struct name_answer){.state = NAME_FAILED, .failing = true};
    expect_ills(&lab, 0, 1);
    lab.dns.answer = (struct name_answer){.state = NAME_FAILED}; /* there is no room for it */
    expect_ills(&lab, 0, 1);
    lab.dns.answer = (struct name_answer){.state = NAME_KNOWN}; /* it takes no calls */
    expect_ills(&lab, 0, 1);
    lab.dns.answer = (struct name_answer){.state = NAME_KNOWN, .addresses = &own, .n = 1};
    expect_ills(&lab, 0, 1);
    lab.dns.answer = (struct name_answer){.state = NAME_KNOWN, .addresses = &old, .n = 1};
    expect_ills(&lab, 0, 0);
    lab.dns.answer.failing = true;
    expect_ills(&lab, 0, 1);
    lab.dns.answer.failing = false;
    lab.dns.answer.in_part = true;
    expect_ills(&lab, 0, 1);
    routes_free(lab.routes);
}

/* All is known only if nothing is known in part; what a name had of late is its, and no next hop.
 */
static void test_known_in_part(void **state)
{
    struct lab lab;
    const struct name_address known[] = {{.address = address_of("192.0.2.1", 5060)},
                                         {.address = address_of("192.0.2.2", 5060)}};
    struct target hops[4];
    (void)state;
    set_up(&lab, 4);
    lab.dns.answer = (struct name_answer){
        .state = NAME_KNOWN, .addresses = known, .n = 1, .former = 1};
    assert_true(routes_know_names(lab.routes, &lab.settings));
    assert_int_equal(routes_hops(lab.routes, &lab.upstreams[3], hops, 4), 1);
    assert_true(routes_lead_to(lab.routes, &lab.settings, &known[0].address));
    assert_true(routes_lead_to(lab.routes, &lab.settings, &known[1].address));
    lab.dns.answer.in_part = true;
    assert_false(routes_know_names(lab.routes, &lab.settings));
    routes_free(lab.routes);
}

/* A hop that is out is asked by OPTIONS: whoever answers is back at once. */
static void test_asked_when_out(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 1);
    ask(&lab, 0, QUESTION_ILL); /* of none that is out nothing is learned */
    assert_true(usable(&lab));
    fail_calls(&lab, 0, 3);
    ask(&lab, 0, QUESTION_WELL);
    assert_true(usable(&lab));
    assert_int_equal(routes_get_counters(lab.routes)->hops_back, 1);
    routes_free(lab.routes);
}

/* One that cannot be reached, or wants no calls, is not tried when its time is over. */
static void test_questions_that_say_no(void **state)
{
    static const enum question_end ends[] = {QUESTION_ILL, QUESTION_UNREACHABLE};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct lab lab;
        set_up(&lab, 1);
        fail_calls(&lab, 0, 3);
        lab.now_ms += ROUTES_OUT_MS - 1;
        ask(&lab, 0, ends[i]);
        lab.now_ms += ROUTES_OUT_MS - 1;
        assert_false(usable(&lab));
        lab.now_ms += 1;
        assert_true(usable(&lab));
        routes_free(lab.routes);
    }
}

/* Silence says something only of one that has answered OPTIONS before. */
static void test_silence_to_questions(void **state)
{
    struct lab lab;
    (void)state;
    set_up(&lab, 1);
    fail_calls(&lab, 0, 3);
    lab.now_ms += ROUTES_OUT_MS - 1;
    ask(&lab, 0, QUESTION_SILENT);
    lab.now_ms += 1;
    assert_true(usable(&lab));
    ask(&lab, 0, QUESTION_WELL);
    fail_calls(&lab, 0, 3);
    lab.now_ms += ROUTES_OUT_MS - 1;
    ask(&lab, 0, QUESTION_SILENT);
    lab.now_ms += 1;
    assert_false(usable(&lab));
    routes_free(lab.routes);
}

static void expect_news(struct lab *lab, unsigned port_of, bool out, int64_t since_ms)
{
    struct target hop = hop_of(lab, port_of);
    struct hop_state news;
    assert_true(routes_tell(lab->routes, lab->now_ms, &news));
    assert_true(hop_state_is_sound(&news));
    assert_true(address_equal(&news.address, &hop.address));
    assert_int_equal(news.out, out);
    assert_int_equal(news.since_ms, since_ms);
}

static void expect_no_news(struct lab *lab)
{
    struct hop_state news;
    assert_false(routes_tell(lab->routes, lab->now_ms, &news));
}

/* That one is out or back is told at once, and before answers; an answer now and then. */
static void test_news(void **state)
{
    struct lab lab;
    struct hop_state news;
    (void)state;
    set_up(&lab, 3);
    expect_no_news(&lab);
    answer_call(&lab, 1);
    fail_calls(&lab, 0, 2);
    expect_news(&lab, 1, false, 0);
    expect_no_news(&lab);
    lab.now_ms += 10;
    answer_call(&lab, 1); /* of a busy one not each */
    expect_no_news(&lab);
    answer_call(&lab, 2);
    fail_calls(&lab, 0, 1);
    int64_t lost_ms = lab.now_ms;
    expect_news(&lab, 0, true, lost_ms);
    expect_news(&lab, 2, false, 0);
    lab.now_ms += ROUTES_TELL_MS;
    assert_true(routes_tell(lab.routes, lab.now_ms, &news)); /* the answer of before */
    assert_int_equal(news.answered_ms, lost_ms);
    expect_no_news(&lab);
    routes_tell_again(lab.routes, &news);
    expect_news(&lab, 1, false, 0);
    answer_call(&lab, 0);
    expect_news(&lab, 0, false, lab.now_ms);
    expect_no_news(&lab);
    routes_free(lab.routes);
}

/* By an operator: no call goes there, not even where the others are out. */
static void test_disabled(void **state)
{
    static struct switches off;
    struct switched b = {.kind = SWITCH_UPSTREAM, .name = "b"},
                    a = {.kind = SWITCH_UPSTREAM, .name = "a"};
    struct lab lab;
    (void)state;
    set_up(&lab, 2);
    assert_true(switches_set(&off, &b));
    lab.off = &off;
    expect_targets(&lab, "1");
    fail_calls(&lab, 0, ROUTES_CALLS_FAILED);
    expect_targets(&lab, "1");
    assert_false(usable(&lab));
    assert_true(switches_set(&off, &a));
    expect_targets(&lab, "");
    assert_false(usable(&lab));
    lab.off = NULL;
    expect_targets(&lab, "2");
    routes_free(lab.routes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_the_trunk),
        cmocka_unit_test(test_calls_take_a_hop_out),
        cmocka_unit_test(test_one_call_tries_again),
        cmocka_unit_test(test_second_is_out),
        cmocka_unit_test(test_all_are_out),
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_refused_connection),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_priorities),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_usable),
        cmocka_unit_test(test_usable_by_probes),
        cmocka_unit_test(test_usable_by_name),
        cmocka_unit_test(test_ills_are_of_now),
        cmocka_unit_test(test_ills_of_names),
        cmocka_unit_test(test_known_in_part),
        cmocka_unit_test(test_asked_when_out),
        cmocka_unit_test(test_questions_that_say_no),
        cmocka_unit_test(test_silence_to_questions),
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_disabled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
