/* The table of sources against a walk over all prefixes, and a configuration of 10,000 of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stird/base/clock.h>
#include <stird/core/trunk.h>

#define PREFIXES_A_TRUNK 4
#define ASKED            2000

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

/* Few distinct octets and lengths, so that prefixes nest, repeat and are hit. */
static struct address random_address(void)
{
    struct address a = {.family = random_below(3) ? ADDRESS_IPV4 : ADDRESS_IPV6};
    unsigned n = a.family == ADDRESS_IPV4 ? 4 : 16;
    for (unsigned i = 0; i < n; i++)
        a.bytes[i] = (uint8_t)(random_below(4) * 85);
    return a;
}

static struct address_prefix random_prefix(void)
{
    struct address_prefix p = {.address = random_address()};
    unsigned most = p.address.family == ADDRESS_IPV4 ? 32 : 128;
    p.bits = (uint8_t)(random_below(2) ? most : random_below(most + 1));
    for (unsigned bit = p.bits; bit < most; bit++)
        p.address.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    return p;
}

static int longest(const struct address_prefix *prefixes, unsigned n, const struct address *a)
{
    int bits = -1;
    for (unsigned i = 0; i < n; i++)
        if (address_prefix_covers(&prefixes[i], a) && prefixes[i].bits > bits)
            bits = prefixes[i].bits;
    return bits;
}

static const struct trunk *brute_trunk(const struct settings *s, const struct address *a)
{
    const struct trunk *best = NULL;
    int best_bits = -1;
    for (unsigned i = 0; i < s->n_trunks; i++) {
        int bits = longest(s->trunks[i].sources, s->trunks[i].n_sources, a);
        if (bits > best_bits) {
            best = &s->trunks[i];
            best_bits = bits;
        }
    }
    return best;
}

static const struct upstream *brute_upstream(const struct settings *s, const struct address *a)
{
    const struct upstream *best = NULL;
    int best_bits = -1;
    for (unsigned i = 0; i < s->n_upstreams; i++) {
        int bits = longest(s->upstreams[i].sources, s->upstreams[i].n_sources, a);
        if (bits > best_bits) {
            best = &s->upstreams[i];
            best_bits = bits;
        }
    }
    return best;
}

struct world {
    struct settings settings;
    struct trunk *trunks;
    struct upstream *upstreams;
    struct address_prefix *prefixes;
};

static void world_init(struct world *w, unsigned n_trunks, unsigned n_upstreams)
{
    *w = (struct world){.trunks = calloc(n_trunks, sizeof(*w->trunks)),
                        .upstreams = calloc(n_upstreams, sizeof(*w->upstreams)),
                        .prefixes = calloc((size_t)(n_trunks + n_upstreams) * PREFIXES_A_TRUNK,
                                           sizeof(*w->prefixes))};
    struct address_prefix *next = w->prefixes;
    for (unsigned i = 0; i < (n_trunks + n_upstreams) * PREFIXES_A_TRUNK; i++)
        w->prefixes[i] = random_prefix();
    for (unsigned i = 0; i < n_trunks; i++, next += PREFIXES_A_TRUNK) {
        w->trunks[i].sources = next;
        w->trunks[i].n_sources = PREFIXES_A_TRUNK;
    }
    for (unsigned i = 0; i < n_upstreams; i++, next += PREFIXES_A_TRUNK) {
        w->upstreams[i].sources = next;
        w->upstreams[i].n_sources = PREFIXES_A_TRUNK;
    }
    w->settings = (struct settings){.arena = arena_new(4096),
                                    .trunks = w->trunks,
                                    .n_trunks = n_trunks,
                                    .upstreams = w->upstreams,
                                    .n_upstreams = n_upstreams};
    w->settings.sources = source_table_new(w->settings.arena, w->trunks, n_trunks, w->upstreams,
                                           n_upstreams);
    assert_non_null(w->settings.sources);
}

static void world_fini(struct world *w)
{
    arena_free(w->settings.arena);
    free(w->trunks);
    free(w->upstreams);
    free(w->prefixes);
}

static void as_brute_force(const struct world *w)
{
    const struct settings *s = &w->settings;
    for (unsigned i = 0; i < ASKED; i++) {
        struct call call = {.source = random_address()};
        bool known;
        const struct trunk *trunk = brute_trunk(s, &call.source);
        assert_ptr_equal(trunk_match(s, &call, &known), trunk);
        assert_int_equal(known, trunk != NULL);
        assert_int_equal(source_is_trunk(s, &call.source), trunk != NULL);
        assert_ptr_equal(source_upstream(s, &call.source), brute_upstream(s, &call.source));
    }
}

static void few(void **state)
{
    (void)state;
    for (seed = 1; seed < 200; seed += 1) {
        struct world w;
        uint64_t kept = seed;
        world_init(&w, 1 + random_below(8), 1 + random_below(4));
        as_brute_force(&w);
        world_fini(&w);
        seed = kept;
    }
}

static void ten_thousand(void **state)
{
    struct world w;
    (void)state;
    seed = 4711;
    world_init(&w, 2000, 500);
    as_brute_force(&w);
    int64_t begin = clock_monotonic_us();
    unsigned known = 0, asked = 200000;
    for (unsigned i = 0; i < asked; i++) {
        struct address a = {.family = ADDRESS_IPV4};
        memcpy(a.bytes, &i, sizeof(i));
        known += source_is_trunk(&w.settings, &a);
    }
    print_message("10000 prefixes of all lengths: %.3f us a source, %u of %u known\n",
                  (double)(clock_monotonic_us() - begin) / asked, known, asked);
    world_fini(&w);
}

static void nobody(void **state)
{
    struct settings s = {.arena = arena_new(64)};
    struct call call = {.source = {.family = ADDRESS_IPV4}};
    bool known = true;
    (void)state;
    s.sources = source_table_new(s.arena, NULL, 0, NULL, 0);
    assert_non_null(s.sources);
    assert_null(trunk_match(&s, &call, &known));
    assert_false(known);
    assert_null(source_upstream(&s, &call.source));
    arena_free(s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(few), cmocka_unit_test(ten_thousand),
                                       cmocka_unit_test(nobody)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
