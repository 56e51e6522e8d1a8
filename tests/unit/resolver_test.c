/* Names by SRV and by address, time to live, a DNS that fails. The name server is in this process.
 */
#include "name_server.h"

#include "net/srv.h"

static void test_addresses(void **state)
{
    struct name_query q = by_name("plain.example", NULL);
    assert_int_equal(resolver_look_up(((struct server *)*state)->resolver, &q).state, NAME_PENDING);
    struct name_answer answer = settled(*state, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    assert_int_equal(answer.n, 2);
    expect_address(&answer, 0, "192.0.2.1:5060");
    expect_address(&answer, 1, "192.0.2.2:5060");
    assert_int_equal(((struct server *)*state)->questions, 1);
}

/* By priority; addresses of a target lie together; a target without addresses is left out. */
static void test_srv(void **state)
{
    struct name_query q = by_name("Carrier.Example", "_sip._udp");
    struct name_answer answer = settled(*state, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    assert_int_equal(answer.n, 3);
    expect_address(&answer, 0, "192.0.2.11:5070");
    expect_address(&answer, 1, "192.0.2.12:5070");
    expect_address(&answer, 2, "192.0.2.20:5080");
    assert_int_equal(answer.addresses[0].target, answer.addresses[1].target);
    assert_int_not_equal(answer.addresses[1].target, answer.addresses[2].target);
    assert_int_equal(answer.addresses[0].priority, 10);
    assert_int_equal(answer.addresses[0].weight, 5);
}

/* RFC 3263 section 4.2: without SRV records the name itself, at the default port. */
static void test_no_srv(void **state)
{
    struct name_query q = by_name("plain.example", "_sip._udp");
    struct name_answer answer = settled(*state, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    assert_int_equal(answer.n, 2);
    expect_address(&answer, 0, "192.0.2.1:5060");
}

/* RFC 2782: a target "." takes no calls; the address of the name is not asked for. */
static void test_srv_says_no(void **state)
{
    struct name_query q = by_name("never.example", "_sip._udp");
    struct name_answer answer = settled(*state, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    assert_int_equal(answer.n, 0);
    assert_int_equal(((struct server *)*state)->questions, 1);
}

static void test_unknown(void **state)
{
    struct name_query q = by_name("nowhere.example", NULL);
    struct name_answer answer = settled(*state, &q);
    assert_int_equal(answer.state, NAME_FAILED);
    assert_int_equal(answer.n, 0);
}

/* After its time to live (not under 5 s) it is asked for again; the old answer outlives a fault. */
static void test_last_good_answer(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("short.example", NULL);
    struct name_answer answer = settled(s, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    s->broken = true;
    struct name_query other = by_name("plain.example", NULL);
    assert_int_equal(settled(s, &other).state, NAME_FAILED);
    unsigned before = s->questions;
    ahead_ms += 5000;
    for (int i = 0; s->questions == before && i < HANG_MS / 5; i++)
        run_for(s, 5);
    assert_true(s->questions > before);
    answer = resolver_look_up(s->resolver, &q);
    for (int i = 0; !answer.failing && i < HANG_MS / 5; i++) {
        run_for(s, 5);
        answer = resolver_look_up(s->resolver, &q);
    }
    assert_true(answer.failing);
    assert_int_equal(answer.state, NAME_KNOWN);
    expect_address(&answer, 0, "192.0.2.30:5060");
    s->broken = false;
    ahead_ms += 5000;
    answer = resolver_look_up(s->resolver, &other);
    for (int i = 0; answer.state != NAME_KNOWN && i < HANG_MS / 5; i++) {
        run_for(s, 5);
        answer = resolver_look_up(s->resolver, &other);
    }
    assert_int_equal(answer.state, NAME_KNOWN); /* a failure is tried again after 5 s */
    assert_false(answer.failing);
}

/* ---- a part without an answer ---- */

static void expect_all(const struct name_answer *answer, bool in_part, bool failing,
                       const char *addresses)
{
    struct buf out = BUF_INIT;
    for (unsigned i = 0; i < answer->n; i++) {
        buf_add_str(&out, i > 0 ? STR(" ") : STR(""));
        address_add(&out, &answer->addresses[i].address);
    }
    buf_add_char(&out, '\0');
    assert_string_equal(out.p, addresses);
    buf_fini(&out);
    assert_int_equal(answer->in_part, in_part);
    assert_int_equal(answer->failing, failing);
}

/* Asked again after AFTER_MS, and all the questions of it are answered. */
static struct name_answer asked_again(struct server *s, const struct name_query *q,
                                      int64_t after_ms, unsigned questions)
{
    unsigned before = s->questions;
    ahead_ms += after_ms;
    for (int i = 0; s->questions < before + questions && i < HANG_MS / 5; i++)
        run_for(s, 5);
    assert_true(s->questions >= before + questions);
    run_for(s, 100);
    return resolver_look_up(s->resolver, q);
}

#define ALL "192.0.2.11:5070 192.0.2.12:5070 192.0.2.20:5080"

/* R-P-035: what it was known to have stays, for as long as it fails; it is asked again after 5 s
   and not after the time to live of the others. */
static void test_a_target_fails_later(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    struct name_answer answer = settled(s, &q);
    expect_all(&answer, false, false, ALL);
    s->ill = "b.carrier.example";
    answer = asked_again(s, &q, 61000, 4);
    expect_all(&answer, false, true, ALL);
    for (unsigned i = 0; i < 3; i++) {
        answer = asked_again(s, &q, 5001, 4);
        expect_all(&answer, false, true, ALL);
    }
    s->ill = "a.carrier.example"; /* another one, and the first is well */
    answer = asked_again(s, &q, 5001, 4);
    expect_all(&answer, false, true, ALL);
    s->ill = NULL;
    answer = asked_again(s, &q, 5001, 4);
    expect_all(&answer, false, false, ALL);
}

/* Never known: others are used, and nobody says that this is all. */
static void test_a_target_fails_from_the_start(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    s->ill = "b.carrier.example";
    struct name_answer answer = settled(s, &q);
    expect_all(&answer, true, true, "192.0.2.11:5070 192.0.2.12:5070");
    answer = asked_again(s, &q, 5001, 4);
    expect_all(&answer, true, true, "192.0.2.11:5070 192.0.2.12:5070");
    s->ill = NULL;
    answer = asked_again(s, &q, 5001, 4);
    expect_all(&answer, false, false, ALL);
}

/* That there is none is an answer: the address goes, and is a former one for a while. */
static void test_a_target_is_gone(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    settled(s, &q);
    s->without = "b.carrier.example";
    struct name_answer answer = asked_again(s, &q, 61000, 4);
    expect_all(&answer, false, false, "192.0.2.11:5070 192.0.2.12:5070");
    assert_int_equal(answer.former, 1);
    assert_int_equal(answer.addresses[2].address.bytes[3], 20);
    ahead_ms += 290000;
    run_for(s, 1500);
    assert_int_equal(resolver_look_up(s->resolver, &q).former, 1);
    ahead_ms += 11000;
    for (int i = 0; resolver_look_up(s->resolver, &q).former > 0 && i < HANG_MS / 5; i++)
        run_for(s, 5);
    answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.former, 0);
    expect_all(&answer, false, false, "192.0.2.11:5070 192.0.2.12:5070");
    s->without = NULL;
    answer = asked_again(s, &q, 61000, 4);
    expect_all(&answer, false, false, ALL);
    assert_int_equal(answer.former, 0);
}

/* Each address family is a part. That there is none of one is an answer, and stays one. */
static void test_one_family_fails(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("both.example", NULL), other = by_name("plain.example", NULL);
    q.want_ipv6 = other.want_ipv6 = true;
    s->ill = "both.example";
    s->ill_type = AAAA;
    struct name_answer answer = settled(s, &q);
    expect_all(&answer, true, true, "192.0.2.40:5060");
    s->ill = NULL;
    answer = asked_again(s, &q, 5001, 2);
    expect_all(&answer, false, false, "192.0.2.40:5060 [2001:db8::40]:5060");
    s->ill = "both.example";
    s->ill_type = A;
    answer = asked_again(s, &q, 61000, 2);
    expect_all(&answer, false, true, "192.0.2.40:5060 [2001:db8::40]:5060");
    s->ill = NULL;
    answer = settled(s, &other);
    expect_all(&answer, false, false, "192.0.2.1:5060 192.0.2.2:5060");
    s->ill = "plain.example";
    s->ill_type = AAAA;
    answer = asked_again(s, &other, 61000, 4);
    expect_all(&answer, false, true, "192.0.2.1:5060 192.0.2.2:5060");
}

/* An address as a target asks nobody, for the family that is wanted; "." is no host. */
static void test_odd_targets(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("moving.example", "_sip._udp");
    q.want_ipv6 = true;
    struct name_answer answer = settled(s, &q);
    expect_all(&answer, false, false, ALL " 192.0.2.77:5080");
}

/* More than is kept is never taken for all. */
static void test_crowds(void **state)
{
    static const struct {
        struct crowd crowd;
        unsigned n;
        bool in_part;
    } cases[] = {
        {{NAME_PARTS_MAX, 1, 0}, NAME_PARTS_MAX, false},
        {{NAME_PARTS_MAX + 1, 1, 0}, NAME_PARTS_MAX, true},
        {{NAME_PARTS_MAX + 10, 1, 0}, NAME_PARTS_MAX, true},
        {{2, NAME_HOPS_MAX / 2, 0}, NAME_HOPS_MAX, false},
        {{1, NAME_HOPS_MAX + 1, 0}, NAME_HOPS_MAX, true},
        {{3, NAME_HOPS_MAX / 2, 0}, NAME_HOPS_MAX, true},
    };
    struct server *s = *state;
    struct name_query q = by_name("crowd.example", "_sip._udp");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        s->crowd = cases[i].crowd;
        q.port = (uint16_t)(5060 + i); /* a name of its own */
        struct name_answer answer = settled(s, &q);
        assert_int_equal(answer.state, NAME_KNOWN);
        assert_int_equal(answer.n, cases[i].n);
        assert_int_equal(answer.in_part, cases[i].in_part);
        assert_false(answer.failing);
        for (unsigned a = 1; a < answer.n; a++) /* those with the lowest numbers, which come last */
            assert_true(answer.addresses[a - 1].priority <= answer.addresses[a].priority);
        assert_int_equal(answer.addresses[0].priority, 1001 - cases[i].crowd.hosts);
    }
}

/* A name that has others each time: what does not fit among the former ones is not forgotten. */
static void test_a_name_that_turns(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("h0.crowd.example", NULL);
    struct name_answer answer;
    s->crowd = (struct crowd){0, 50, 0};
    settled(s, &q);
    for (unsigned turn = 1; turn <= 3; turn++) {
        s->crowd.first = 50 * turn;
        answer = asked_again(s, &q, 61000, 1);
        assert_int_equal(answer.n, 50);
        assert_int_equal(answer.former, turn == 1 ? 50 : NAME_ADDRESSES_MAX - 50);
        assert_int_equal(answer.in_part, turn > 1);
    }
    for (unsigned i = 0; i < 6; i++)
        answer = asked_again(s, &q, 61000, 1);
    run_for(s, 1500);
    answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.former, 0);
    assert_false(answer.in_part);
}

/* ---- what one process hands to the next ---- */

/* The next process keeps them apart as this one did. */
static void test_parts_are_handed_on(void **state)
{
    struct server *s = *state;
    struct known_name k;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    settled(s, &q);
    assert_true(resolver_tell(s->resolver, &k));
    for (unsigned turn = 0; turn < 2; turn++) {
        resolver_free(s->resolver);
        s->resolver = resolver_new(s->base, &s->at, 1);
        s->ill = turn == 0 ? "b.carrier.example" : "a.carrier.example";
        resolver_know(s->resolver, &k);
        struct name_answer answer = settled(s, &q);
        expect_all(&answer, false, true, ALL);
    }
    k.in_part = 1;
    s->broken = true;
    resolver_free(s->resolver);
    s->resolver = resolver_new(s->base, &s->at, 1);
    resolver_know(s->resolver, &k);
    struct name_answer answer = settled(s, &q);
    expect_all(&answer, true, true, ALL);
    s->broken = false;
    s->ill = NULL;
    answer = asked_again(s, &q, 5001, 4);
    expect_all(&answer, false, false, ALL);
    assert_true(resolver_tell(s->resolver, &k));
    assert_int_equal(k.in_part, 0);
}

static struct known_name known(const char *host, const char *service, const char *address)
{
    struct known_name k = {.port = 5060, .want_ipv4 = 1, .n = 1};
    strcpy(k.host, host);
    strcpy(k.service, service);
    assert_true(address_parse(str_of(address), &k.addresses[0].address));
    k.addresses[0].address.port = 5060;
    return k;
}

static void test_what_was_known_counts_until_there_is_an_answer(void **state)
{
    struct server *s = *state;
    struct known_name k = known("plain.example", "", "192.0.2.99");
    struct name_query q = by_name("Plain.Example", NULL);
    resolver_know(s->resolver, &k);
    struct name_answer answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    assert_true(answer.handed);
    expect_address(&answer, 0, "192.0.2.99:5060");
    while (resolver_look_up(s->resolver, &q).handed)
        run_for(s, 5);
    answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.n, 2);
    expect_address(&answer, 0, "192.0.2.1:5060");
    resolver_know(s->resolver, &k); /* too late */
    answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.n, 2);
}

static void test_what_was_known_outlives_a_fault(void **state)
{
    struct server *s = *state;
    struct known_name k = known("carrier.example", "_sip._udp", "192.0.2.99");
    struct name_query q = by_name("carrier.example", "_sip._udp");
    s->broken = true;
    resolver_know(s->resolver, &k);
    while (resolver_look_up(s->resolver, &q).handed)
        run_for(s, 5);
    struct name_answer answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    expect_address(&answer, 0, "192.0.2.99:5060");
}

/* Once when it is new, and when it changes; what peers write is told to nobody. */
static void test_news_are_told(void **state)
{
    struct server *s = *state;
    struct known_name k;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    struct name_query passing = by_name("plain.example", NULL);
    passing.passing = true;
    assert_false(resolver_tell(s->resolver, &k));
    settled(s, &passing);
    assert_int_equal(settled(s, &q).n, 3);
    assert_true(resolver_tell(s->resolver, &k));
    assert_true(known_name_is_sound(&k));
    assert_string_equal(k.host, "carrier.example");
    assert_string_equal(k.service, "_sip._udp");
    assert_int_equal(k.n, 3);
    assert_int_equal(k.addresses[2].address.port, 5080);
    assert_false(resolver_tell(s->resolver, &k));
    resolver_tell_again(s->resolver, &k);
    assert_true(resolver_tell(s->resolver, &k));
    assert_string_equal(k.host, "carrier.example");
    assert_false(resolver_tell(s->resolver, &k));
    unsigned before = s->questions;
    ahead_ms += 61000;
    while (s->questions < before + 4) /* SRV and three hosts */
        run_for(s, 50);
    run_for(s, 50);
    assert_false(resolver_tell(s->resolver, &k)); /* the same again */
    passing.passing = false;
    settled(s, &passing);
    assert_true(resolver_tell(s->resolver, &k)); /* a reload has configured it */
    assert_string_equal(k.host, "plain.example");
}

static void test_servers_change(void **state)
{
    struct server *s = *state;
    struct address nobody = s->at;
    nobody.bytes[3] = 99;
    resolver_set_servers(s->resolver, &nobody, 1);
    resolver_set_servers(s->resolver, &s->at, 1);
    struct name_query q = by_name("plain.example", NULL);
    assert_int_equal(settled(s, &q).state, NAME_KNOWN);
}

/* What is being asked for when the program ends is let go of. */
static void test_end_in_the_middle(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    assert_int_equal(resolver_look_up(s->resolver, &q).state, NAME_PENDING);
}

static void test_names(void **state)
{
    static const struct {
        const char *text;
        bool is_name;
    } cases[] = {{"carrier.example.com", true},
                 {"a", true},
                 {"a.", true},
                 {"_x.a-b.example", true},
                 {"4carriers.net", true},
                 {"1.2.3.4", false},
                 {"300.1.2.3", false},
                 {"", false},
                 {".", false},
                 {"a..b", false},
                 {"a b", false},
                 {"a/b", false},
                 {"x.12", false},
                 {"[::1]", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(resolver_is_name(str_of(cases[i].text)), cases[i].is_name);
}

static void test_srv_cut_short(void **state)
{
    static const uint8_t answer[] = {
        0, 0,   0x84, 0, 0,   0, 0, 1, 0, 0, 0, 0, /* no question */
        1, 'a', 0,    0, SRV, 0, 1, 0, 0, 0, 9, 0, 9, 0, 1, 0, 2, 0x13, 0xc4, 1, 'b', 0};
    struct srv_record list[SRV_MAX];
    uint32_t ttl_s;
    bool more;
    (void)state;
    assert_int_equal(srv_parse(answer, sizeof(answer), list, &ttl_s, &more), 1);
    assert_int_equal(ttl_s, 9);
    assert_false(more);
    assert_string_equal(list[0].host, "b");
    assert_int_equal(list[0].port, 5060);
    for (size_t n = 0; n < sizeof(answer); n++) {
        uint8_t *cut = malloc(n + 1);
        memcpy(cut, answer, n);
        cut = realloc(cut, n > 0 ? n : 1); /* so that a sanitizer sees a step behind it */
        assert_int_equal(srv_parse(cut, n, list, &ttl_s, &more), -1);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_addresses),
        WITH_SERVER(test_srv),
        WITH_SERVER(test_a_target_fails_later),
        WITH_SERVER(test_a_target_fails_from_the_start),
        WITH_SERVER(test_a_target_is_gone),
        WITH_SERVER(test_one_family_fails),
        WITH_SERVER(test_odd_targets),
        WITH_SERVER(test_crowds),
        WITH_SERVER(test_a_name_that_turns),
        WITH_SERVER(test_parts_are_handed_on),
        WITH_SERVER(test_no_srv),
        WITH_SERVER(test_srv_says_no),
        WITH_SERVER(test_unknown),
        WITH_SERVER(test_last_good_answer),
        WITH_SERVER(test_what_was_known_counts_until_there_is_an_answer),
        WITH_SERVER(test_what_was_known_outlives_a_fault),
        WITH_SERVER(test_news_are_told),
        WITH_SERVER(test_servers_change),
        WITH_SERVER(test_end_in_the_middle),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_srv_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
