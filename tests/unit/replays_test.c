/* R-V-021: which tokens were seen with another call, over one worker's memory and over those of
 * several. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stird/core/replays.h>

#define NOW    1764500000
#define WINDOW 120

struct world {
    uint64_t *memory;
    struct replays workers[3];
};

static int begin(void **state)
{
    static struct world w;
    w.memory = calloc(3, REPLAYS_SECTION_BYTES);
    for (unsigned i = 0; i < 3; i++)
        w.workers[i] = (struct replays){w.memory, w.memory + (size_t)i * REPLAYS_SLOTS, 3};
    *state = &w;
    return w.memory ? 0 : -1;
}

static int end(void **state)
{
    free(((struct world *)*state)->memory);
    return 0;
}

static uint64_t call(unsigned i)
{
    char id[16];
    const int n = snprintf(id, sizeof(id), "call-%u", i);
    return replays_call((struct str){id, (size_t)n}, STR("tag"));
}

static void signature(unsigned char out[64], unsigned i)
{
    uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    memset(out, 0x5a, 64);
    memcpy(out, &x, sizeof(x));
}

static void a_call_of_another(void **state)
{
    struct world *w = *state;
    unsigned char token[64], other[64];
    signature(token, 1);
    signature(other, 2);
    assert_false(replays_see(&w->workers[0], token, call(1), NOW, WINDOW));
    assert_false(replays_see(&w->workers[0], token, call(1), NOW + 1, WINDOW)); /* tried again */
    assert_false(replays_see(&w->workers[0], other, call(2), NOW + 1, WINDOW));
    assert_true(replays_see(&w->workers[0], token, call(2), NOW + 2, WINDOW));
    assert_true(replays_see(&w->workers[1], token, call(3), NOW + 2, WINDOW));  /* another worker */
    assert_false(replays_see(&w->workers[2], token, call(1), NOW + 2, WINDOW)); /* its own again */
    token[40] ^= 1; /* another second half of a signature that is as good */
    assert_true(replays_see(&w->workers[2], token, call(4), NOW + 2, WINDOW));
}

static void its_time_is_over(void **state)
{
    struct world *w = *state;
    unsigned char token[64];
    signature(token, 3);
    assert_false(replays_see(&w->workers[0], token, call(1), NOW, WINDOW));
    assert_true(replays_see(&w->workers[0], token, call(2), NOW + WINDOW, WINDOW));
    assert_false(replays_see(&w->workers[0], token, call(3), NOW + WINDOW + 1, WINDOW));
    assert_true(replays_see(&w->workers[0], token, call(4), NOW + WINDOW + 2, WINDOW));
    /* No window is longer than a second can be told in a slot. */
    signature(token, 4);
    assert_false(replays_see(&w->workers[0], token, call(1), NOW, INT32_MAX));
    assert_false(
        replays_see(&w->workers[0], token, call(2), NOW + REPLAYS_WINDOW_MAX_S + 1, INT32_MAX));
}

static void calls_are_told_by_both(void **state)
{
    (void)state;
    assert_true(replays_call(STR("a"), STR("b")) != replays_call(STR("b"), STR("a")));
    assert_true(replays_call(STR("a"), STR("b")) != replays_call(STR("a"), STR("c")));
    assert_true(replays_call(STR("ab"), STR("")) != replays_call(STR("a"), STR("b")));
    assert_true(replays_call(STR("a"), STR("b")) == replays_call(STR("a"), STR("b")));
}

/* Full, it forgets the oldest, and nobody is taken for somebody else. */
static void many(void **state)
{
    struct world *w = *state;
    unsigned char token[64];
    unsigned found = 0;
    for (unsigned i = 0; i < 4 * REPLAYS_SLOTS; i++) {
        signature(token, i);
        assert_false(replays_see(&w->workers[i % 3], token, call(i), NOW, WINDOW));
    }
    for (unsigned i = 4 * REPLAYS_SLOTS - 30000; i < 4 * REPLAYS_SLOTS; i++) {
        signature(token, i);
        found += replays_see(&w->workers[0], token, call(i + 1), NOW, WINDOW);
    }
    assert_true(found > 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_of_another, begin, end),
        cmocka_unit_test_setup_teardown(its_time_is_over, begin, end),
        cmocka_unit_test(calls_are_told_by_both),
        cmocka_unit_test_setup_teardown(many, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
