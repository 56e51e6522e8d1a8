/* When a rule is above its rate: which counts it takes, how long it lasts, what is noted for
   whoever counts. That a rate only lowers is tried with all cases of policy_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <stird/core/policy.h>

#define CALLS(calls, answered, unanswered, short_calls)                                            \
    {                                                                                              \
        .n = { calls, answered, unanswered, short_calls }                                          \
    }

static const struct {
    struct rule rule;
    struct rate_counts before; /* this call */
    bool above;
} cases[] = {
    /* 60 a minute: the 61st in one, the 301st in five */
    {{.calls_per_minute = 60, .window_ms = 60000}, CALLS(59, 0, 0, 0), false},
    {{.calls_per_minute = 60, .window_ms = 60000}, CALLS(60, 0, 0, 0), true},
    {{.calls_per_minute = 60, .window_ms = 300000}, CALLS(299, 0, 0, 0), false},
    {{.calls_per_minute = 60, .window_ms = 300000}, CALLS(300, 0, 0, 0), true},
    {{.calls_per_minute = 1, .window_ms = 10000}, CALLS(0, 0, 0, 0), true},
    /* of the answered calls, when there are enough */
    {{.short_share = 50, .least_calls = 10, .window_ms = 60000}, CALLS(99, 9, 90, 9), false},
    {{.short_share = 50, .least_calls = 10, .window_ms = 60000}, CALLS(99, 10, 0, 5), false},
    {{.short_share = 50, .least_calls = 10, .window_ms = 60000}, CALLS(99, 10, 0, 6), true},
    /* of those that ended */
    {{.unanswered_share = 99, .least_calls = 2, .window_ms = 60000}, CALLS(0, 0, 1, 0), false},
    {{.unanswered_share = 99, .least_calls = 2, .window_ms = 60000}, CALLS(0, 0, 2, 0), true},
    {{.unanswered_share = 50, .least_calls = 2, .window_ms = 60000}, CALLS(0, 5, 5, 0), false},
    /* all that is asked for */
    {{.calls_per_minute = 9, .short_share = 50, .least_calls = 1, .window_ms = 60000},
     CALLS(9, 2, 0, 2),
     true},
    {{.calls_per_minute = 9, .short_share = 50, .least_calls = 1, .window_ms = 60000},
     CALLS(8, 2, 0, 2),
     false},
    {{.calls_per_minute = 9, .short_share = 50, .least_calls = 1, .window_ms = 60000},
     CALLS(9, 2, 0, 1),
     false},
    /* what another worker saw end before it is seen to have been answered */
    {{.short_share = 99, .least_calls = 1, .window_ms = 60000}, CALLS(9, 0, 0, 5), false},
    /* nothing overflows */
    {{.calls_per_minute = 1000000, .short_share = 99, .least_calls = 1, .window_ms = 3600000},
     CALLS(UINT32_MAX, UINT32_MAX, 0, UINT32_MAX),
     true},
};

static const struct trunk trunk = {.name = STR("t"),
                                   .customer = STR("acme"),
                                   .customer_entry = NO_CUSTOMER_ENTRY,
                                   .certificate = NO_CERTIFICATE,
                                   .by_state = {[NUMBER_UNKNOWN] = TREATMENT_B}};

struct asked {
    struct rate_counts counts;
    struct str customer, number;
    bool known;
};

static bool look(void *user, const struct rule *rule, struct str customer, struct str number,
                 struct rate_counts *counts)
{
    struct asked *asked = user;
    (void)rule;
    *counts = asked->counts;
    asked->customer = customer;
    asked->number = number;
    return asked->known;
}

/* Decides one call; its arena is the caller's to free. */
static struct outcome decide(const struct rule *given, struct asked *asked, struct arena *arena)
{
    static const uint32_t first = 0;
    struct rule rule = *given;
    const struct rate_reader reader = {.look = look, .user = asked};
    struct certificate certificate = {.id = STR("818H"), .not_after_s = INT64_MAX};
    struct outcome o;
    certificate.scope = (struct sti_scope){{STR("\x30\x08\xa0\x06\x16\x04"
                                                "818H")},
                                           1,
                                           {STR("")},
                                           0};
    rule.name = STR("r");
    rule.days = 0x7f;
    const struct settings s = {.certificates = &certificate,
                               .n_certificates = 1,
                               .rules = &rule,
                               .n_rules = 1,
                               .rate_rules = &first,
                               .n_rate_rules = 1};
    const struct call call = {.arena = arena,
                              .now_s = 1893456000,
                              .from_uri = STR("tel:+12155550100"),
                              .to_uri = STR("tel:+13035550100"),
                              .trunk = &trunk,
                              .customer = NUMBERS_NO_CUSTOMER,
                              .rates = &reader};
    policy_decide(&s, NULL, &call, &o);
    return o;
}

static void it_is_above(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(2048);
        struct asked asked = {.counts = cases[i].before, .known = true};
        struct rule rule = cases[i].rule;
        rule.verdict = RULE_C;
        const struct outcome o = decide(&rule, &asked, arena);
        if (o.rates_above != cases[i].above)
            print_error("case %zu\n", i);
        assert_int_equal(o.rates_above, cases[i].above);
        assert_int_equal(o.rate_lowered, cases[i].above);
        assert_int_equal(o.claims.attest, cases[i].above ? 'C' : 'B');
        assert_int_equal(o.rate.n > 0, cases[i].above);
        assert_int_equal(o.n_rates, 1);
        arena_free(arena);
    }
}

static void who_is_asked_for(void **state)
{
    (void)state;
    struct rule rule = {.calls_per_minute = 1, .window_ms = 60000, .verdict = RULE_ALARM};
    struct asked asked = {.known = true};
    struct arena *arena = arena_new(2048);
    struct outcome o = decide(&rule, &asked, arena);
    assert_true(str_eq(asked.number, STR("12155550100")));
    assert_true(str_eq(asked.customer, STR("acme")));
    assert_true(str_eq(tn_str(&o.rated), STR("12155550100")));
    rule.rate_of = RATE_OF_CUSTOMER;
    o = decide(&rule, &asked, arena);
    assert_int_equal(asked.number.n, 0);
    assert_true(str_eq(asked.customer, STR("acme")));
    assert_int_equal(o.claims.attest, 'B');
    arena_free(arena);
}

/* Held: it was above less than a window ago. Not known: nothing is lowered, and nothing counted. */
static void held_and_not_known(void **state)
{
    (void)state;
    const struct rule rule = {.calls_per_minute = 60, .window_ms = 60000, .verdict = RULE_UNSIGNED};
    struct asked asked = {.counts = {.held = true}, .known = true};
    struct arena *arena = arena_new(2048);
    struct outcome o = decide(&rule, &asked, arena);
    assert_int_equal(o.verdict, VERDICT_PASS);
    assert_int_equal(o.reason, REASON_UNSIGNED_BY_RULE);
    assert_int_equal(o.rates_above, 0);
    assert_int_equal(o.rates_held, 1);
    asked.known = false;
    o = decide(&rule, &asked, arena);
    assert_int_equal(o.verdict, VERDICT_SIGN);
    assert_int_equal(o.n_rates, 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_above),
        cmocka_unit_test(who_is_asked_for),
        cmocka_unit_test(held_and_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
