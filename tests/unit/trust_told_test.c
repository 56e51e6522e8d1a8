/* What `stirctl trust list` says of a domain of trust: its state, and what calls get by it. */
#include "lab.h"

#include <stird/core/believed.h>

#include "daemon/supervisor/supervisor_trust_growth.h"
#include "daemon/supervisor/supervisor_trust_told.h"

#define NOW  1893456000
#define DAYS 86400

static const struct str crls[] = {STR("/a.crl"), STR("/b.crl")};

static json_t *put(const struct trust_setting *t, const struct trust_found *d, bool failed)
{
    static const struct trust_fetch fetches[TRUST_SOURCES_MAX];
    static const struct trust_unkept unkept[TRUST_SOURCES_MAX];
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    trust_found_put(&j, t, d, fetches, unkept, failed, NOW);
    json_t *said = json_loadb(out.p, out.n, 0, NULL);
    assert_non_null(said);
    buf_fini(&out);
    return said;
}

/* Made of anchors that are in force, and of two lists of revocations. */
static struct trust_found made(bool first, bool second)
{
    struct trust_found d = {.is_made = true, .authorities = 1, .until_s = NOW + DAYS};
    d.sources[1] = (struct trust_source_found){.is_used = first, .until_s = NOW + DAYS};
    d.sources[2] = (struct trust_source_found){.is_used = second, .until_s = NOW + DAYS};
    return d;
}

/* What time alone changes is told once, each time. */
static void what_time_changes(void **state)
{
    (void)state;
    const struct trust_setting t = {
        .name = STR("us"), .list = STR("/list"), .stale_ms = 1000 * DAYS};
    struct trust_found d = {.authorities = 1, .until_s = NOW + 9 * DAYS, .expires_s = NOW + DAYS};
    trust_found_watch(&t, &d, NOW);
    assert_null(d.told);
    d.is_made = true;
    trust_found_log(&t, &d, 1, NOW);
    static const struct {
        int64_t at_s;
        const char *told;
    } rows[] = {
        {NOW + DAYS - 1, "in force"},    {NOW + DAYS, "stale"},           {NOW + DAYS + 1, "stale"},
        {NOW + 2 * DAYS, "unavailable"}, {NOW + 3 * DAYS, "unavailable"}, {NOW, "in force"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        trust_found_watch(&t, &d, rows[i].at_s);
        assert_string_equal(d.told, rows[i].told);
    }
    trust_found_watch(&t, &d, NOW + DAYS + 10);
    const struct trust_found now = {
        .is_made = true, .authorities = 1, .until_s = NOW + 9 * DAYS, .expires_s = NOW + 5 * DAYS};
    trust_found_take(&d, &now, NOW);
    assert_string_equal(d.told, "stale");
    assert_int_equal(trust_found_is_refused(&d, (struct trust_fetch[TRUST_SOURCES_MAX]){{0}}),
                     false);
    d.sources[1].kept_error = 20;
    assert_int_equal(trust_found_is_refused(&d, (struct trust_fetch[TRUST_SOURCES_MAX]){{0}}),
                     true);
}

static void what_calls_get(void **state)
{
    static const struct {
        bool first, second; /* lists that are at hand */
        bool opens;
        const char *calls;
        int lacking;
    } rows[] = {
        {true, true, true, "judged", 0},   {true, false, true, "some open", 1},
        {false, false, true, "open", 2},   {true, true, false, "judged", 0},
        {false, true, false, "judged", 1}, {false, false, false, "judged", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct trust_setting t = {
            .anchors = STR("/ca.pem"), .crls = crls, .n_crls = 2, .crl_opens = rows[i].opens};
        const struct trust_found d = made(rows[i].first, rows[i].second);
        json_t *said = put(&t, &d, false);
        assert_true(str_eq(lab_member(said, "state"), STR("in force")));
        assert_true(str_eq(lab_member(said, "calls"), str_of(rows[i].calls)));
        assert_int_equal(json_integer_value(json_object_get(said, "crls_lacking")),
                         rows[i].lacking);
        json_decref(said);
    }
}

/* A list is used for a day beyond its end. */
static void lists_that_are_over(void **state)
{
    const struct trust_setting t = {
        .anchors = STR("/ca.pem"), .crls = crls, .n_crls = 2, .crl_opens = true};
    (void)state;
    for (int over = 0; over < 2; over++) {
        struct trust_found d = made(true, true);
        d.sources[1].until_s = d.sources[2].until_s = NOW - TRUST_CRL_GRACE_S - over;
        json_t *said = put(&t, &d, false);
        assert_true(str_eq(lab_member(said, "calls"), over ? STR("open") : STR("judged")));
        json_decref(said);
    }
}

static void while_nothing_is_in_force(void **state)
{
    static const struct trust_setting t = {.anchors = STR("/ca.pem")};
    static const struct {
        bool is_made, ended, failed;
        const char *state;
    } rows[] = {{false, false, false, "being made"},
                {false, false, true, "unavailable"},
                {true, true, false, "unavailable"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct trust_found d = made(false, false);
        if (!rows[i].is_made)
            d = (struct trust_found){.is_made = false};
        if (rows[i].ended)
            d.until_s = NOW - 1;
        json_t *said = put(&t, &d, rows[i].failed);
        assert_true(str_eq(lab_member(said, "state"), str_of(rows[i].state)));
        assert_true(str_eq(lab_member(said, "calls"), STR("open")));
        json_decref(said);
    }
}

/* A reload that changes its countries, and none of its places: what was found is said on, but calls
   do not go by it before it has been made anew; by what was there before, where it cannot be. */
static void other_countries(void **state)
{
    static const struct str one = STR("1");
    struct arena *arena = arena_new(1024);
    struct trust_setting before = {.name = STR("us"), .anchors = STR("/ca.pem")}, after = before;
    after.countries = &one;
    after.n_countries = 1;
    before.mark = believed_mark(&before, arena);
    after.mark = believed_mark(&after, arena);
    (void)state;
    for (int is_broken = 0; is_broken < 2; is_broken++) {
        struct trust_found was = made(false, false), now;
        trust_found_carry(&now, &was, &before, &before);
        json_t *said = put(&before, &now, false);
        assert_true(str_eq(lab_member(said, "calls"), STR("judged")));
        json_decref(said);
        trust_found_carry(&now, &was, &before, &after);
        for (int failed = 0; failed < 2; failed++) {
            said = put(&after, &now, failed);
            assert_true(
                str_eq(lab_member(said, "state"), failed ? STR("unavailable") : STR("being made")));
            assert_true(str_eq(lab_member(said, "calls"), STR("open")));
            json_decref(said);
        }
        was.is_broken = is_broken;
        trust_found_take(&now, &was, NOW);
        said = put(&after, &now, false);
        assert_true(str_eq(lab_member(said, "state"), STR("in force")));
        assert_true(str_eq(lab_member(said, "calls"), STR("judged")));
        json_decref(said);
    }
    arena_free(arena);
}

/* A reload with another signer for it, or another order: it is refused until it was judged again.
 */
static void what_is_refused_stays_so(void **state)
{
    static const struct str turned[] = {STR("/b.crl"), STR("/a.crl")};
    struct trust_setting before = {
        .name = STR("us"), .anchors = STR("/ca.pem"), .crls = crls, .n_crls = 2};
    struct trust_setting after = before, other = before;
    struct trust_found was = made(true, true), now = {.is_made = false}, none = now;
    after.crl_signer = STR("/signer.pem");
    after.crls = turned;
    other.name = STR("gb");
    was.sources[1].is_refused = true;
    was.sources[1].since_s = NOW - 7;
    snprintf(was.sources[1].saying, sizeof(was.sources[1].saying), "is garbage");
    (void)state;
    trust_found_carry(&now, &was, &before, &after);
    assert_false(now.is_made);
    assert_false(now.sources[1].is_refused);
    assert_true(now.sources[2].is_refused);
    assert_int_equal(now.sources[2].since_s, NOW - 7);
    assert_string_equal(now.sources[2].saying, "is garbage");
    trust_found_carry(&none, &was, &before, &other);
    assert_false(none.is_made || none.sources[1].is_refused || none.sources[2].is_refused);
}

/* A list that was fetched, and its signer's certificate was not: it is said whose URL failed. And
   whose numbers the domain may vouch for. */
static void whose_url_and_whose_numbers(void **state)
{
    static const struct str countries[] = {STR("1"), STR("44")};
    const struct trust_setting t = {
        .name = STR("us"), .list = STR("/list"), .countries = countries, .n_countries = 2};
    const struct trust_found d = made(false, false);
    struct trust_fetch fetches[TRUST_SOURCES_MAX] = {{.saying = "it answers 404"}};
    const struct trust_unkept unkept[TRUST_SOURCES_MAX] = {{0}};
    (void)state;
    for (int is_signer = 0; is_signer < 2; is_signer++) {
        struct buf out = BUF_INIT;
        struct json j = json_writer(&out, false);
        snprintf(fetches[0].failed_signer, sizeof(fetches[0].failed_signer), "%s",
                 is_signer ? "https://a/signer" : "");
        trust_found_put(&j, &t, &d, fetches, unkept, false, NOW);
        json_t *said = json_loadb(out.p, out.n, 0, NULL);
        json_t *source = json_array_get(json_object_get(said, "sources"), 0);
        assert_true(str_eq(lab_member(source, "not_fetched"), STR("it answers 404")));
        assert_true(str_eq(lab_member(source, "not_fetched_signer"),
                           is_signer ? STR("https://a/signer") : STR("")));
        assert_int_equal(json_array_size(json_object_get(said, "countries")), 2);
        json_decref(said);
        buf_fini(&out);
    }
}

/* More than a fifth, and at least ten; or all of at least three. */
static void many_are_revoked(void **state)
{
    static const struct {
        uint64_t revoked, held;
        bool many;
    } rows[] = {{0, 0, false},      {1, 1, false},  {2, 2, false},    {1, 3, false},
                {2, 3, false},      {3, 3, true},   {3, 4, false},    {8, 9, false},
                {9, 9, true},       {9, 10, false}, {10, 10, true},   {10, 49, true},
                {10, 50, false},    {11, 50, true}, {20, 100, false}, {21, 100, true},
                {5000, 20000, true}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct held_asked before = {.workers[1] = {rows[i].held, 7}};
        const struct held_asked now = {.workers[1] = {rows[i].held, 7 + rows[i].revoked}};
        struct certificates_held most;
        if (trust_growth_is_much(&before, &now, &most) != rows[i].many)
            fail_msg("%d of %d", (int)rows[i].revoked, (int)rows[i].held);
        assert_int_equal(most.revoked, rows[i].revoked);
        assert_int_equal(most.held, rows[i].held);
    }
}

/* One certificate of three, in as many workers as there are, is one of three. */
static void copies_are_one_certificate(void **state)
{
    struct held_asked before = {0}, now = {0};
    struct certificates_held most;
    (void)state;
    for (unsigned w = 0; w < WORKERS_MAX; w++) {
        before.workers[w] = (struct certificates_held){3, w};
        now.workers[w] = (struct certificates_held){3, w + 1};
    }
    assert_false(trust_growth_is_much(&before, &now, &most));
    assert_int_equal(most.revoked, 1);
    assert_int_equal(most.held, 3);
    now.workers[2].revoked += 2; /* it has met all three */
    assert_true(trust_growth_is_much(&before, &now, &most));
    now.workers[2] = (struct certificates_held){0, 0}; /* another one in its place */
    assert_false(trust_growth_is_much(&before, &now, &most));
}

/* What workers keep may have become less since. */
static void those_before_count(void **state)
{
    const struct held_asked before = {.workers[0] = {100, 0}}, now = {.workers[0] = {12, 12}};
    struct certificates_held most;
    (void)state;
    assert_false(trust_growth_is_much(&before, &now, &most));
    assert_int_equal(most.held, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_time_changes),   cmocka_unit_test(what_calls_get),
        cmocka_unit_test(lists_that_are_over), cmocka_unit_test(while_nothing_is_in_force),
        cmocka_unit_test(other_countries),     cmocka_unit_test(what_is_refused_stays_so),
        cmocka_unit_test(many_are_revoked),    cmocka_unit_test(copies_are_one_certificate),
        cmocka_unit_test(those_before_count),  cmocka_unit_test(whose_url_and_whose_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
