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

/* Of 160 KiB a class has 10, 70, 30 and 50; emergency calls have 100. */
static void world_init(struct world *w)
{
    *w = (struct world){.limits = {.seed = 7}};
    w->all.limits = &w->limits;
    w->all.ceilings = holding_ceilings_of(160 * KIB, 100 * KIB, 75, 90);
}

static void world_fini(struct world *w)
{
    assert_int_equal(holdings_octets(&w->all), 0);
    assert_int_equal(w->limits.taken[LIMIT_TRUNK_HELD], 0);
    assert_int_equal(w->limits.taken[LIMIT_SOURCE_HELD], 0);
    assert_int_equal(w->limits.taken[LIMIT_CALL_HELD], 0);
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

struct request {
    enum holding_class class;
    const char *source, *trunk, *call; /* the last two may be empty */
};

static enum reason take(struct world *w, struct held *held, const struct request *r, size_t octets)
{
    struct address a = source(r->source);
    held->holding = holding_new(&w->all, &a, HOLDING_OTHER);
    held->counted = 0;
    assert_non_null(held->holding);
    holding_belongs(held->holding, HOLDING_OF_TRUNK, str_of(r->trunk));
    holding_belongs(held->holding, HOLDING_OF_CALL, str_of(r->call));
    holding_is(held->holding, r->class);
    holding_count(held->holding, &held->counted, octets);
    return holding_over(held->holding);
}

static void give(struct held *held)
{
    holding_count(held->holding, &held->counted, 0);
    holding_unref(held->holding);
    *held = (struct held){0};
}

/* Requests of 256 octets and what a holding takes, until one is over, and why. */
static unsigned fill(struct world *w, struct held *held, const struct request *r,
                     enum reason *reason)
{
    unsigned n = 0;
    while ((*reason = take(w, &held[n], r, 256)) == REASON_OK)
        n++;
    give(&held[n]);
    return n;
}

static uint64_t octets_of(const struct world *w, enum holding_class class)
{
    return w->all.octets[class];
}

static void give_all(struct held *held, unsigned n)
{
    while (n > 0)
        give(&held[--n]);
}

#define HELD 1000

static const struct case_of_class {
    enum holding_class class;
    unsigned kib;
} classes[] = {{HOLDING_OTHER, 10}, {HOLDING_CALL, 70},         {HOLDING_DIALOG, 30},
               {HOLDING_END, 50},   {HOLDING_EMERGENCY_TO, 25}, {HOLDING_EMERGENCY, 100}};

static uint64_t octets_to_let_in(const struct case_of_class *c)
{
    return c->kib * KIB;
}

/* A percentage of it alone, and there is room for the first of anybody else, in any class. */
static void parts_of_one_owner(void **state)
{
    static const struct {
        struct request who;
        unsigned percent;
        enum reason over, emergency_over;
    } owners[] = {
        {{0, "192.0.2.1", "t", ""}, 75, REASON_TRUNK_MEMORY, REASON_EMERGENCY_TRUNK},
        {{0, "192.0.2.1", "", ""}, 90, REASON_SOURCE_MEMORY, REASON_EMERGENCY_SOURCE},
        {{0, "192.0.2.1", "t", "c"}, 10, REASON_CALL_MEMORY, REASON_CALL_MEMORY},
    };
    static struct held held[HELD];
    (void)state;
    for (unsigned i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
        for (unsigned j = 0; j < sizeof(classes) / sizeof(classes[0]); j++) {
            struct request r = owners[i].who;
            struct world w;
            enum reason reason;
            world_init(&w);
            r.class = classes[j].class;
            unsigned n = fill(&w, held, &r, &reason);
            uint64_t wanted = octets_to_let_in(&classes[j]) * owners[i].percent / 100;
            assert_int_equal(reason, r.class >= HOLDING_EMERGENCY ? owners[i].emergency_over
                                                                  : owners[i].over);
            assert_in_range(octets_of(&w, r.class), wanted - 350, wanted + 350);
            for (unsigned k = 0; k < sizeof(classes) / sizeof(classes[0]); k++) {
                const struct request other = {classes[k].class, "192.0.2.2", "u", "d"};
                struct held one;
                assert_int_equal(take(&w, &one, &other, 256), REASON_OK);
                give(&one);
            }
            give_all(held, n);
            world_fini(&w);
        }
    }
}

/* However much there is, a call is not ended again and again. */
static void ends_of_one_call(void **state)
{
    static struct held held[HELD];
    const struct request r = {HOLDING_END, "192.0.2.1", "t", "c"};
    const struct request other = {HOLDING_END, "192.0.2.1", "t", "d"};
    struct held one;
    struct world w;
    enum reason reason;
    (void)state;
    world_init(&w);
    w.all.ceilings = holding_ceilings_of(1600 * KIB, 0, 75, 90);
    unsigned n = fill(&w, held, &r, &reason);
    assert_int_equal(reason, REASON_CALL_MEMORY);
    assert_in_range(octets_of(&w, HOLDING_END), HOLDING_ENDS_OF_CALL_BYTES,
                    HOLDING_ENDS_OF_CALL_BYTES + 350);
    assert_int_equal(take(&w, &one, &other, 2 * HOLDING_END_BYTES), REASON_OK);
    give(&one);
    give_all(held, n);
    world_fini(&w);
}

/* Of three who take what they can, one after the other, each leaves a quarter of what it found. */
static void greedy_ones(void **state)
{
    static struct held held[HELD];
    static const struct request who[] = {{HOLDING_OTHER, "192.0.2.1", "a", ""},
                                         {HOLDING_OTHER, "192.0.2.2", "b", ""},
                                         {HOLDING_OTHER, "192.0.2.3", "c", ""}};
    (void)state;
    for (unsigned i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        uint64_t left = octets_to_let_in(&classes[i]);
        struct world w;
        enum reason reason;
        unsigned n = 0;
        world_init(&w);
        for (unsigned j = 0; j < sizeof(who) / sizeof(who[0]); j++) {
            struct request r = who[j];
            r.class = classes[i].class;
            unsigned more = fill(&w, held + n, &r, &reason);
            assert_true(more > 0);
            left /= 4;
            uint64_t found = octets_to_let_in(&classes[i]) - octets_of(&w, r.class);
            assert_in_range(found, left > 400 ? left - 400 : 0, left + 400);
            n += more;
        }
        give_all(held, n);
        world_fini(&w);
    }
}

/* One trunk of a source leaves room to the others of that source, and all of them to others. */
static void trunks_of_one_source(void **state)
{
    static struct held a[HELD], b[HELD], c[HELD];
    const struct request first = {HOLDING_CALL, "192.0.2.1", "t", ""};
    const struct request second = {HOLDING_CALL, "192.0.2.1", "u", ""};
    const struct request other = {HOLDING_CALL, "192.0.2.2", "v", ""};
    struct world w;
    enum reason reason;
    (void)state;
    world_init(&w);
    unsigned n_a = fill(&w, a, &first, &reason);
    assert_int_equal(reason, REASON_TRUNK_MEMORY);
    unsigned n_b = fill(&w, b, &second, &reason);
    assert_int_equal(reason, REASON_SOURCE_MEMORY);
    unsigned n_c = fill(&w, c, &other, &reason);
    assert_int_equal(reason, REASON_TRUNK_MEMORY);
    assert_true(n_b > 10 && n_c > 10);
    give_all(c, n_c);
    give_all(b, n_b);
    give_all(a, n_a);
    world_fini(&w);
}

/* Who has none is refused only when there is nothing for anybody. */
static void nothing_is_left(void **state)
{
    static struct held a[HELD];
    const struct request greedy = {HOLDING_END, "192.0.2.1", "t", ""};
    const struct request other = {HOLDING_END, "192.0.2.2", "u", "c"};
    const struct request bystander = {HOLDING_DIALOG, "192.0.2.2", "u", "c"};
    struct world w;
    struct held one;
    enum reason reason;
    (void)state;
    world_init(&w);
    w.all.ceilings.percent[HOLDING_OF_TRUNK] = w.all.ceilings.percent[HOLDING_OF_SOURCE] = 100;
    unsigned n = fill(&w, a, &greedy, &reason);
    assert_int_equal(reason, REASON_OVERLOADED);
    assert_int_equal(take(&w, &one, &other, 256), REASON_OVERLOADED);
    give(&one);
    assert_int_equal(take(&w, &one, &bystander, 256), REASON_OK);
    give(&one);
    /* an answer leaves an eighth of it, 6.25 KiB, to requests */
    assert_false(holding_may_grow(a[0].holding, 1));
    unsigned kept = n;
    while (octets_of(&w, HOLDING_END) > 43 * KIB)
        give(&a[--kept]);
    assert_true(holding_may_grow(a[0].holding, 512));
    assert_false(holding_may_grow(a[0].holding, 1 * KIB));
    give_all(a, kept);
    world_fini(&w);
}

static void an_ipv6_host_is_its_network(void **state)
{
    static struct held held[HELD];
    const struct request first = {HOLDING_OTHER, "2001:db8:0:1::1", "", ""};
    const struct request same = {HOLDING_OTHER, "2001:db8:0:1:ffff::2", "", ""};
    const struct request other = {HOLDING_OTHER, "2001:db8:0:2::1", "", ""};
    struct held one;
    struct world w;
    enum reason reason;
    (void)state;
    world_init(&w);
    unsigned n = fill(&w, held, &first, &reason);
    assert_int_equal(reason, REASON_SOURCE_MEMORY);
    assert_int_equal(take(&w, &one, &same, 256), REASON_SOURCE_MEMORY);
    give(&one);
    assert_int_equal(take(&w, &one, &other, 256), REASON_OK);
    give(&one);
    give_all(held, n);
    world_fini(&w);
}

/* It is taken for an ordinary call first, and then is what it is. */
static void what_it_is_may_change(void **state)
{
    static struct held calls[HELD];
    const struct request call = {HOLDING_CALL, "192.0.2.1", "t", ""};
    struct held one;
    struct world w;
    enum reason reason;
    (void)state;
    world_init(&w);
    unsigned n = fill(&w, calls, &call, &reason);
    uint64_t before = octets_of(&w, HOLDING_CALL);
    assert_int_equal(take(&w, &one, &call, 256), REASON_TRUNK_MEMORY);
    holding_is(one.holding, HOLDING_EMERGENCY);
    assert_int_equal(holding_over(one.holding), REASON_OK);
    assert_int_equal(octets_of(&w, HOLDING_CALL), before);
    give(&one);
    give_all(calls, n);
    world_fini(&w);
}

static void shared_until_the_last(void **state)
{
    struct world w;
    struct held held, second;
    const struct request call = {HOLDING_CALL, "192.0.2.1", "t", ""};
    (void)state;
    world_init(&w);
    assert_int_equal(take(&w, &held, &call, KIB), REASON_OK);
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
    holding_is(NULL, HOLDING_CALL);
    holding_belongs(NULL, HOLDING_OF_TRUNK, STR("t"));
    holding_count(NULL, &counted, 7);
    assert_int_equal(counted, 7);
    assert_int_equal(holding_over(NULL), REASON_OK);
    assert_true(holding_may_grow(NULL, SIZE_MAX));
    holding_unref(holding_ref(NULL));
}

static void parts_of_the_memory(void **state)
{
    struct holding_ceilings c = holding_ceilings_of(1600, 500, 50, 75);
    (void)state;
    assert_int_equal(c.octets[HOLDING_OTHER], 100);
    assert_int_equal(c.octets[HOLDING_CALL], 700);
    assert_int_equal(c.octets[HOLDING_DIALOG], 300);
    assert_int_equal(c.octets[HOLDING_END], 500);
    assert_int_equal(c.octets[HOLDING_EMERGENCY], 500);
    assert_int_equal(c.octets[HOLDING_EMERGENCY_TO], 125);
    assert_int_equal(c.percent[HOLDING_OF_TRUNK], 50);
    assert_int_equal(c.percent[HOLDING_OF_SOURCE], 75);
    c = holding_ceilings_of(1600, 5000, 50, 75);
    assert_int_equal(c.octets[HOLDING_EMERGENCY], 1600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_one_owner),    cmocka_unit_test(greedy_ones),
        cmocka_unit_test(ends_of_one_call),      cmocka_unit_test(trunks_of_one_source),
        cmocka_unit_test(nothing_is_left),       cmocka_unit_test(an_ipv6_host_is_its_network),
        cmocka_unit_test(what_it_is_may_change), cmocka_unit_test(shared_until_the_last),
        cmocka_unit_test(nothing_holds_nothing), cmocka_unit_test(parts_of_the_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
