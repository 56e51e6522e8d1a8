/* What became of a call of our own: a table of what left, what arrived, and what that is worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <stird/core/monitor_result.h>
#include <stird/core/outcome.h>
#include <stird/core/verification.h>

#define FROM   "12155550100"
#define OTHER  "12155550177"
#define ORIGID "123e4567-e89b-12d3-a456-426655440000"
#define URL    "https://cr.example.net/own.pem"
#define IAT    1893456000
#define PLACED 1000 /* ms */

/* A token that comes: 'o' is ours; others differ from it in one thing. */
struct coming {
    char whose; /* 'o', 'i' (iat), 'g' (origid), 'u' (URL); NUL: none */
    char attest;
    bool valid;
};

struct call_back {
    const char *calling;
    enum verification_class class;
    char level;
    unsigned headers;
    struct coming tokens[2];
};

static struct monitor_token token_of(const struct coming *c)
{
    struct monitor_token t = {
        .iat_s = IAT + (c->whose == 'i'), .valid = c->valid, .attest = (uint8_t)c->attest};
    monitor_put(t.origid, sizeof(t.origid), c->whose == 'g' ? STR("another") : STR(ORIGID));
    monitor_put(t.x5u, sizeof(t.x5u), c->whose == 'u' ? STR("https://x.example/") : STR(URL));
    return t;
}

static struct monitor_arrival arrival_of(const struct call_back *b, int64_t at_ms)
{
    struct monitor_arrival a = {.at_ms = at_ms,
                                .class = b->class,
                                .check = VERIFY_CHECKS,
                                .reason = REASON_VERIFIED,
                                .headers = b->headers,
                                .level = (uint8_t)b->level};
    monitor_put(a.calling, sizeof(a.calling), str_of(b->calling));
    for (unsigned i = 0; i < 2 && b->tokens[i].whose; i++)
        a.tokens[a.n_tokens++] = token_of(&b->tokens[i]);
    return a;
}

static struct monitor_placed placed_with(char level, bool left)
{
    struct monitor_placed p = {
        .ticket = 1, .begun_ms = PLACED, .verdict = VERDICT_SIGN, .reason = REASON_SIGNED_OWNED};
    const struct coming own = {'o', level, false};
    if (level)
        p.token = token_of(&own);
    if (left)
        monitor_put(p.upstream, sizeof(p.upstream), STR("carrier"));
    return p;
}

#define OURS                                                                                       \
    {                                                                                              \
        'o', 'A', true                                                                             \
    }
#define UNCHANGED                                                                                  \
    {                                                                                              \
        FROM, VERIFICATION_PASSED, 'A', 1,                                                         \
        {                                                                                          \
            OURS                                                                                   \
        }                                                                                          \
    }
#define STRIPPED                                                                                   \
    {                                                                                              \
        FROM, VERIFICATION_NOTHING, 0, 0,                                                          \
        {                                                                                          \
            {                                                                                      \
                0                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }
#define SIGNED_C                                                                                   \
    {                                                                                              \
        FROM, VERIFICATION_PASSED, 'C', 1,                                                         \
        {                                                                                          \
            {                                                                                      \
                'u', 'C', true                                                                     \
            }                                                                                      \
        }                                                                                          \
    }
#define REWRITTEN                                                                                  \
    {                                                                                              \
        OTHER, VERIFICATION_FAILED, 0, 1,                                                          \
        {                                                                                          \
            {                                                                                      \
                'o', 'A', false                                                                    \
            }                                                                                      \
        }                                                                                          \
    }
#define STRANGER                                                                                   \
    {                                                                                              \
        OTHER, VERIFICATION_NOTHING, 0, 0,                                                         \
        {                                                                                          \
            {                                                                                      \
                0                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }
#define OF_THE_PAST                                                                                \
    {                                                                                              \
        FROM, VERIFICATION_PASSED, 'A', 1,                                                         \
        {                                                                                          \
            {                                                                                      \
                'i', 'A', true                                                                     \
            }                                                                                      \
        }                                                                                          \
    }
#define SAME_ORIGID                                                                                \
    {                                                                                              \
        FROM, VERIFICATION_PASSED, 'A', 1,                                                         \
        {                                                                                          \
            {                                                                                      \
                'u', 'A', true                                                                     \
            }                                                                                      \
        }                                                                                          \
    }
#define OTHER_CALL                                                                                 \
    {                                                                                              \
        FROM, VERIFICATION_PASSED, 'A', 1,                                                         \
        {                                                                                          \
            {                                                                                      \
                'g', 'A', true                                                                     \
            }                                                                                      \
        }                                                                                          \
    }

static const struct story {
    const char *name;
    char sent;
    bool left;
    struct call_back back[3];
    unsigned n;
    enum monitor_found found;
    char level;
    bool changed, also, spoilt;
    const char *meets; /* of "ABCsa": A, B, C, signed, arrives */
} stories[] = {
    {"it is refused here", 0, false, {{0}}, 0, MONITOR_NOT_PLACED, 0, false, false, false, ""},
    {"nothing comes", 'A', true, {{0}}, 0, MONITOR_NOT_ARRIVED, 0, false, false, false, ""},
    {"as it left", 'A', true, {UNCHANGED}, 1, MONITOR_SIGNED, 'A', false, false, false, "ABCsa"},
    {"as it left, with B",
     'B',
     true,
     {{FROM, VERIFICATION_PASSED, 'B', 1, {{'o', 'B', true}}}},
     1,
     MONITOR_SIGNED,
     'B',
     false,
     false,
     false,
     "BCsa"},
    {"stripped", 'A', true, {STRIPPED}, 1, MONITOR_UNSIGNED, 0, false, false, false, "a"},
    {"signed again",
     'A',
     true,
     {SIGNED_C},
     1,
     MONITOR_SIGNED_AGAIN,
     'C',
     false,
     false,
     false,
     "sa"},
    {"signed again beside ours",
     'A',
     true,
     {{FROM, VERIFICATION_PASSED, 'C', 2, {{'u', 'C', true}, OURS}}},
     1,
     MONITOR_SIGNED,
     'A',
     false,
     true,
     false,
     "ABCsa"},
    {"another number", 'A', true, {REWRITTEN}, 1, MONITOR_FAILED, 0, true, false, true, ""},
    {"no number",
     'A',
     true,
     {{"", VERIFICATION_NOTHING, 0, 0, {{0}}}},
     1,
     MONITOR_UNSIGNED,
     0,
     true,
     false,
     false,
     ""},
    {"no certificate",
     'A',
     true,
     {{FROM, VERIFICATION_OPEN, 0, 1, {{'o', 'A', false}}}},
     1,
     MONITOR_OPEN,
     0,
     false,
     false,
     true,
     "a"},
    {"our old token",
     'A',
     true,
     {OF_THE_PAST},
     1,
     MONITOR_SIGNED_AGAIN,
     'A',
     false,
     false,
     false,
     "sa"},
    {"our token of another call",
     'A',
     true,
     {OTHER_CALL},
     1,
     MONITOR_SIGNED_AGAIN,
     'A',
     false,
     false,
     false,
     "sa"},
    {"our origid, signed by others",
     'A',
     true,
     {SAME_ORIGID},
     1,
     MONITOR_SIGNED_AGAIN,
     'A',
     false,
     false,
     false,
     "sa"},
    {"who disturbs is outdone",
     'A',
     true,
     {STRANGER, STRIPPED, UNCHANGED},
     3,
     MONITOR_SIGNED,
     'A',
     false,
     false,
     false,
     "ABCsa"},
    {"and who comes later",
     'A',
     true,
     {UNCHANGED, STRANGER, SIGNED_C},
     3,
     MONITOR_SIGNED,
     'A',
     false,
     false,
     false,
     "ABCsa"},
    {"the number is evidence",
     'A',
     true,
     {STRANGER, STRIPPED},
     2,
     MONITOR_UNSIGNED,
     0,
     false,
     false,
     false,
     "a"},
    {"ours, spoilt, is more",
     'A',
     true,
     {STRIPPED, REWRITTEN},
     2,
     MONITOR_FAILED,
     0,
     true,
     false,
     true,
     ""},
    {"unsigned, nothing is ours",
     0,
     true,
     {UNCHANGED},
     1,
     MONITOR_SIGNED_AGAIN,
     'A',
     false,
     false,
     false,
     "sa"},
};

static void assert_meets(const struct monitor_result *r, const char *meets)
{
    static const char letters[] = "ABCsa";
    for (unsigned i = 0; letters[i]; i++)
        assert_int_equal(monitor_result_meets(r, (enum monitor_expect)i),
                         strchr(meets, letters[i]) != NULL);
}

static void results(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        const struct story *s = &stories[i];
        const struct monitor_placed placed = placed_with(s->sent, s->left);
        struct monitor_arrival arrivals[3];
        struct monitor_result r;
        for (unsigned k = 0; k < s->n; k++)
            arrivals[k] = arrival_of(&s->back[k], PLACED + 25);
        monitor_result_judge(&r, STR(FROM), &placed, arrivals, s->n);
        print_message("%s\n", s->name);
        assert_int_equal(r.found, s->found);
        assert_int_equal(r.level, s->level);
        assert_int_equal(r.sent_level, s->left ? s->sent : 0);
        assert_int_equal(r.number_changed, s->changed);
        assert_int_equal(r.also_signed, s->also);
        assert_int_equal(r.ours_spoilt, s->spoilt);
        assert_int_equal(r.delay_ms, s->n > 0 ? 25 : -1);
        assert_meets(&r, s->meets);
    }
}

/* A token that fits nothing is no more than one that fails; what is missing here is another thing.
 */
static void what_cannot_be_read(void **state)
{
    const struct call_back back = {FROM, VERIFICATION_NOTHING, 0, 1, {{0}}};
    const struct monitor_arrival arrival = arrival_of(&back, PLACED + 25);
    const struct monitor_placed placed = placed_with('A', true);
    struct monitor_result r;
    (void)state;
    monitor_result_judge(&r, STR(FROM), &placed, &arrival, 1);
    assert_int_equal(r.found, MONITOR_FAILED);
}

/* Whoever calls often drives nothing out that says more to be the call. */
static void places(void **state)
{
    const struct call_back stranger = STRANGER, named = SIGNED_C, ours = UNCHANGED;
    const struct monitor_placed placed = placed_with('A', true);
    struct monitor_arrival kept[2], come;
    struct monitor_result r;
    unsigned n = 0;
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        come = arrival_of(&named, PLACED + 1 + i);
        monitor_result_keep(kept, &n, 2, STR(FROM), &come);
    }
    come = arrival_of(&ours, PLACED + 25);
    come.tokens[0].ours = 1;
    monitor_result_keep(kept, &n, 2, STR(FROM), &come);
    for (unsigned i = 0; i < 5; i++) {
        come = arrival_of(i & 1 ? &stranger : &named, PLACED + 30 + i);
        monitor_result_keep(kept, &n, 2, STR(FROM), &come);
    }
    assert_int_equal(n, 2);
    assert_int_equal(kept[0].at_ms, PLACED + 1);
    monitor_result_judge(&r, STR(FROM), &placed, kept, n);
    assert_int_equal(r.found, MONITOR_SIGNED);
    assert_int_equal(r.delay_ms, 25);
}

static void a_worker_that_ended(void **state)
{
    struct monitor_result r;
    const struct call_back back = UNCHANGED;
    const struct monitor_arrival arrival = arrival_of(&back, PLACED);
    (void)state;
    monitor_result_judge(&r, STR(FROM), NULL, &arrival, 1);
    assert_int_equal(r.found, MONITOR_NOT_PLACED);
    assert_meets(&r, "");
}

static void names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MONITOR_FOUND; i++) {
        assert_true(monitor_found_name((enum monitor_found)i).n > 0);
        assert_true(monitor_found_text((enum monitor_found)i).n > 0);
    }
    assert_int_equal(monitor_found_name(MONITOR_FOUND).n, 0);
}

/* What another process says is looked at before anything is made of it. */
static void what_is_sound(void **state)
{
    struct monitor_watch watch = {.ticket = 1, .from = FROM, .to = OTHER};
    struct monitor_order order = {.ticket = 1, .from = FROM, .to = OTHER, .trunk = "pbx"};
    struct monitor_placed placed = placed_with('A', true);
    const struct call_back back = UNCHANGED;
    struct monitor_arrival arrival = arrival_of(&back, PLACED);
    (void)state;
    assert_true(monitor_watch_is_sound(&watch) && monitor_order_is_sound(&order));
    assert_true(monitor_placed_is_sound(&placed) && monitor_arrival_is_sound(&arrival));
    watch.to[0] = 'x';
    order.ending = MONITOR_ENDINGS;
    placed.n_said = MONITOR_SAID_MAX + 1;
    arrival.n_tokens = MONITOR_TOKENS_MAX + 1;
    assert_false(monitor_watch_is_sound(&watch) || monitor_order_is_sound(&order));
    assert_false(monitor_placed_is_sound(&placed) || monitor_arrival_is_sound(&arrival));
    arrival.n_tokens = 1;
    arrival.tokens[0].attest = 'D';
    placed.n_said = 0;
    placed.fault = MONITOR_FAULTS;
    order.ending = 0;
    order.trunk[0] = '\0';
    assert_false(monitor_placed_is_sound(&placed) || monitor_arrival_is_sound(&arrival));
    assert_false(monitor_order_is_sound(&order));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results), cmocka_unit_test(what_cannot_be_read),
        cmocka_unit_test(places),  cmocka_unit_test(a_worker_that_ended),
        cmocka_unit_test(names),   cmocka_unit_test(what_is_sound)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
