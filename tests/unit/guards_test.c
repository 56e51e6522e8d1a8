/* The guards of a worker: by the trunk's name, as many as there are trunks, on for a minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stird/core/verification_guard.h>

#include "sip/context.h"

static const struct verification_setting profile = {.max_reject_percent = 20};
static struct trunk trunks[3];
static struct settings settings;
static struct snapshot snapshot;
static struct proxy *proxy;

static void use_trunks(const char *const *names, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        trunks[i] = (struct trunk){.name = str_of(names[i])};
    settings = (struct settings){
        .trunks = trunks, .n_trunks = n, .verifications = &profile, .n_verifications = 1};
    snapshot.settings = &settings;
}

static int set_up(void **state)
{
    static const char *const names[] = {"a", "b"};
    (void)state;
    use_trunks(names, 2);
    const struct proxy_stage stage = {.snapshot = &snapshot};
    proxy = proxy_new_offstage(&stage);
    return proxy ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    guards_fini(proxy_guards(proxy));
    proxy_free_offstage(proxy);
    return 0;
}

static bool let(unsigned trunk, bool is_bad)
{
    struct call call = {.trunk = &trunks[trunk]};
    struct outcome outcome = {.reason = REASON_TOKEN_STALE};
    struct context c = {.proxy = proxy, .snapshot = &snapshot, .call = &call, .outcome = &outcome};
    return guards_let(&c, is_bad);
}

static uint64_t on(void)
{
    return proxy_counters(proxy)->verification_guard_active;
}

static void trip(unsigned trunk)
{
    for (unsigned i = 0; i < 10; i++)
        assert_true(let(trunk, true));
    assert_false(let(trunk, true));
}

static void each_trunk_has_its_own(void **state)
{
    (void)state;
    trip(0);
    assert_int_equal(on(), 1);
    assert_false(let(0, true));
    assert_true(let(0, false));
    assert_true(let(1, true));
}

static void it_ends_by_itself(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 11; i++)
        let(0, true);
    assert_int_equal(on(), 1);
    timers_run(proxy_timers(proxy), proxy_now_ms() + GUARD_MS + 1000);
    assert_int_equal(on(), 0);
}

/* What a configuration does not have any more makes room; what it still has goes on. */
static void another_configuration(void **state)
{
    static const char *const names[] = {"c", "a"};
    (void)state;
    trip(0);
    trip(1);
    assert_int_equal(on(), 2);
    use_trunks(names, 2);
    assert_true(let(0, true));
    assert_int_equal(proxy_guards(proxy)->n, 2);
    assert_int_equal(on(), 1);
    assert_false(let(1, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_trunk_has_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_ends_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_configuration, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
