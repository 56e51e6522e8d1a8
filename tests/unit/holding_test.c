/* What requests hold: counted exactly, and each class of them below its part of each ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sip/holding.h"

#define KIB 1024u

struct world {
    struct limits limits;
    struct holdings all;
};

static void world_init(struct world *w)
{
    *w = (struct world){.limits = {.seed = 7}};
    w->all.limits = &w->limits;
    w->all.ceilings = (struct holding_ceilings){
        .worker = 800 * KIB, .emergency = 100 * KIB, .trunk = 400 * KIB, .source = 640 * KIB};
}

static void world_fini(struct world *w)
{
    assert_int_equal(holdings_octets(&w->all), 0);
    assert_int_equal(w->limits.taken[LIMIT_TRUNK_HELD], 0);
    assert_int_equal(w->limits.taken[LIMIT_SOURCE_HELD], 0);
    limits_fini(&w->limits);
}

struct held {
    struct holding *holding;
    size_t counted;
};

static struct address source(const char *text)
{
    struct address a = {0};
    assert_true(address_parse(str_of(text), &a));
    return a;
}

static enum reason take(struct world *w, struct held *held, enum holding_class class,
                        const char *from, const char *trunk, size_t octets)
{
    struct address a = source(from);
    held->holding = holding_new(&w->all, &a, class);
    held->counted = 0;
    assert_non_null(held->holding);
    holding_is(held->holding, class, str_of(trunk));
    holding_count(held->holding, &held->counted, octets);
    return holding_over(held->holding);
}

static void give(struct held *held)
{
    holding_count(held->holding, &held->counted, 0);
    holding_unref(held->holding);
    *held = (struct held){0};
}

/* Requests of 10 KiB until one is over; it and its reason. */
static unsigned fill(struct world *w, struct held *held, enum holding_class class, const char *from,
                     const char *trunk, enum reason *reason)
{
    unsigned n = 0;
    while ((*reason = take(w, &held[n], class, from, trunk, 10 * KIB)) == REASON_OK)
        n++;
    give(&held[n]);
    return n;
}

static void give_all(struct held *held, unsigned n)
{
    while (n > 0)
        give(&held[--n]);
}

static void parts_of_a_trunk(void **state)
{
    static const struct {
        enum holding_class class;
        unsigned kib; /* of 400 */
    } cases[] = {
        {HOLDING_OTHER, 25}, {HOLDING_CALL, 300}, {HOLDING_DIALOG, 200}, {HOLDING_END, 400}};
    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct held held[100];
        struct world w;
        enum reason reason;
        world_init(&w);
        unsigned n = fill(&w, held, cases[i].class, "192.0.2.1", "t", &reason);
        assert_int_equal(reason, REASON_TRUNK_MEMORY);
        assert_in_range(n * 10 + 10, cases[i].kib - 9, cases[i].kib + 10);
        give_all(held, n);
        world_fini(&w);
    }
}

/* A flood of one class leaves room for those behind it in the order, and BYE always has some. */
static void a_reserve_for_what_is_more_urgent(void **state)
{
    static struct held calls[100], dialogs[100], ends[100];
    struct world w;
    enum reason reason;
    (void)state;
    world_init(&w);
    unsigned n_calls = fill(&w, calls, HOLDING_CALL, "192.0.2.1", "t", &reason);
    struct held other;
    assert_int_equal(take(&w, &other, HOLDING_OTHER, "192.0.2.1", "t", 9 * KIB),
                     REASON_TRUNK_MEMORY);
    give(&other);
    unsigned n_dialogs = fill(&w, dialogs, HOLDING_DIALOG, "192.0.2.1", "t", &reason);
    assert_in_range(n_dialogs, 4, 5); /* an eighth */
    assert_false(holding_may_grow(calls[0].holding, 10 * KIB));
    unsigned n_ends = fill(&w, ends, HOLDING_END, "192.0.2.1", "t", &reason);
    assert_in_range(n_ends, 4, 6); /* the last eighth */
    assert_int_equal(take(&w, &other, HOLDING_CALL, "192.0.2.2", "u", 10 * KIB), REASON_OK);
    give(&other);
    give_all(ends, n_ends);
    give_all(dialogs, n_dialogs);
    give_all(calls, n_calls);
    world_fini(&w);
}

static void whose_ceiling_it_is(void **state)
{
    static struct held a[100], b[100];
    struct held other;
    struct world w;
    enum reason reason;
    (void)state;
    world_init(&w);
    /* two trunks of one source, then the source; then another source, and the worker */
    unsigned n = fill(&w, a, HOLDING_CALL, "192.0.2.1", "t", &reason);
    assert_int_equal(reason, REASON_TRUNK_MEMORY);
    unsigned more = fill(&w, a + n, HOLDING_CALL, "192.0.2.1", "u", &reason);
    assert_int_equal(reason, REASON_SOURCE_MEMORY);
    unsigned rest = fill(&w, b, HOLDING_CALL, "192.0.2.2", "v", &reason);
    assert_int_equal(reason, REASON_OVERLOADED);
    assert_int_equal(take(&w, &other, HOLDING_CALL, "192.0.2.9", "x", 10 * KIB), REASON_OVERLOADED);
    give(&other);
    give_all(b, rest);
    give_all(a, n + more);
    world_fini(&w);
}

static void an_ipv6_host_is_its_network(void **state)
{
    static struct held held[100];
    struct held other;
    struct world w;
    enum reason reason;
    (void)state;
    world_init(&w);
    unsigned n = fill(&w, held, HOLDING_OTHER, "2001:db8:0:1::1", "", &reason);
    assert_int_equal(reason, REASON_SOURCE_MEMORY);
    assert_int_equal(take(&w, &other, HOLDING_OTHER, "2001:db8:0:1:ffff::2", "", 10 * KIB),
                     REASON_SOURCE_MEMORY);
    give(&other);
    assert_int_equal(take(&w, &other, HOLDING_OTHER, "2001:db8:0:2::1", "", 10 * KIB), REASON_OK);
    give(&other);
    give_all(held, n);
    world_fini(&w);
}

/* Theirs is beside all others, either way. */
static void emergency_calls_are_apart(void **state)
{
    static struct held held[100], calls[100];
    struct held other;
    struct world w;
    enum reason reason;
    (void)state;
    world_init(&w);
    unsigned n = fill(&w, held, HOLDING_EMERGENCY, "192.0.2.1", "t", &reason);
    assert_int_equal(reason, REASON_EMERGENCY_FULL);
    assert_in_range(n, 9, 10);
    unsigned n_calls = fill(&w, calls, HOLDING_CALL, "192.0.2.1", "t", &reason);
    assert_in_range(n_calls, 28, 30);
    assert_false(holding_may_grow(held[0].holding, 20 * KIB));
    give(&held[--n]);
    /* it is taken for an ordinary call first, and then is one of these */
    assert_int_equal(take(&w, &other, HOLDING_CALL, "192.0.2.1", "t", 9 * KIB),
                     REASON_TRUNK_MEMORY);
    holding_is(other.holding, HOLDING_EMERGENCY, STR("t"));
    assert_int_equal(holding_over(other.holding), REASON_OK);
    give(&other);
    give_all(calls, n_calls);
    give_all(held, n);
    world_fini(&w);
}

static void shared_until_the_last(void **state)
{
    struct world w;
    struct held held, second;
    (void)state;
    world_init(&w);
    assert_int_equal(take(&w, &held, HOLDING_CALL, "192.0.2.1", "t", KIB), REASON_OK);
    second = (struct held){holding_ref(held.holding), 0};
    holding_count(second.holding, &second.counted, 2 * KIB);
    uint64_t both = holdings_octets(&w.all);
    give(&held);
    assert_int_equal(both - holdings_octets(&w.all), KIB);
    give(&second);
    world_fini(&w);
}

static void nothing_holds_nothing(void **state)
{
    size_t counted = 5;
    (void)state;
    holding_is(NULL, HOLDING_CALL, STR("t"));
    holding_count(NULL, &counted, 7);
    assert_int_equal(counted, 7);
    assert_int_equal(holding_over(NULL), REASON_OK);
    assert_true(holding_may_grow(NULL, SIZE_MAX));
    holding_unref(holding_ref(NULL));
}

static void parts_of_the_memory(void **state)
{
    struct holding_ceilings c = holding_ceilings_of(800, 50, 75);
    (void)state;
    assert_int_equal(c.worker, 700);
    assert_int_equal(c.emergency, 100);
    assert_int_equal(c.trunk, 350);
    assert_int_equal(c.source, 525);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parts_of_a_trunk),
                                       cmocka_unit_test(a_reserve_for_what_is_more_urgent),
                                       cmocka_unit_test(whose_ceiling_it_is),
                                       cmocka_unit_test(an_ipv6_host_is_its_network),
                                       cmocka_unit_test(emergency_calls_are_apart),
                                       cmocka_unit_test(shared_until_the_last),
                                       cmocka_unit_test(nothing_holds_nothing),
                                       cmocka_unit_test(parts_of_the_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
