/* Rounds in which lists of domains of trust are fetched: what is due, what failed, and what has to
 * be judged when a round is over, so that whoever waits for it has an answer. R-V-042. */
#include "lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/supervisor/supervisor_trust_fetch.h"

#define NOW    1893456000
#define LIST   "https://pa.example.net/list"
#define SIGNER "https://pa.example.net/signer.pem"

static const struct trust_setting domain = {
    .name = STR("us"), .list = STR(LIST), .list_is_url = true};
static const struct settings settings = {.trusts = &domain, .n_trusts = 1};

static void tell(struct trust_round *r, bool came)
{
    struct control_brought m = {.errand = 0, .came = came, .saying = "it answers 404"};
    assert_true(trust_round_take(r, &settings, &m, NOW));
    assert_false(trust_round_take(r, &settings, &m, NOW));
}

static struct trust_round *begin(int64_t now_s)
{
    static struct trust_round r;
    trust_round_init(&r);
    assert_true(trust_round_begin(&r, &settings, true, now_s));
    assert_int_equal(r.n, 1);
    return &r;
}

static void what_came_is_judged(void **state)
{
    (void)state;
    struct trust_round *r = begin(NOW);
    tell(r, true);
    assert_true(trust_round_end(r, &settings, NOW));
    trust_round_judged(r, 0, 0, false, "", NOW + 3600, NOW);
    assert_false(trust_round_begin(r, &settings, true, NOW));
    trust_round_reset(r);
}

static void what_did_not_come_is_told(void **state)
{
    (void)state;
    for (int silent = 0; silent < 2; silent++) {
        struct trust_round *r = begin(NOW);
        if (!silent)
            tell(r, false);
        assert_false(trust_round_end(r, &settings, NOW));
        assert_string_equal(r->of[0][0].saying, silent ? "it was not fetched" : "it answers 404");
        assert_string_equal(r->of[0][0].failed_signer, "");
        assert_false(trust_round_begin(r, &settings, true, NOW));
        trust_round_reset(r);
    }
}

/* A list came, and its signer's certificate does not: the round is not half any more, and what the
   domain is without is made, be the courier's word that it failed or its end. */
static void a_signer_that_does_not_come(void **state)
{
    (void)state;
    for (int silent = 0; silent < 2; silent++) {
        struct trust_round *r = begin(NOW);
        tell(r, true);
        assert_true(trust_round_end(r, &settings, NOW));
        trust_round_judged(r, 0, 0, true, SIGNER, INT64_MAX, NOW);
        assert_true(trust_round_is_half(r));
        assert_true(trust_round_begin(r, &settings, false, NOW));
        assert_true(str_eq(r->errands[0].url, STR(SIGNER)));
        assert_false(r->errands[0].is_list);
        if (!silent)
            tell(r, false);
        assert_true(trust_round_end(r, &settings, NOW));
        assert_false(trust_round_is_half(r));
        assert_true(r->of[0][0].saying[0] != 0);
        assert_string_equal(r->of[0][0].failed_signer, SIGNER);
        trust_round_reset(r);
    }
}

/* Fails, and is not due for a while. */
static void fail_again(struct trust_round *r, const struct settings *s)
{
    assert_true(trust_round_begin(r, s, true, NOW + 86400));
    struct control_brought m = {.errand = 0, .came = false, .saying = "cannot be read"};
    assert_true(trust_round_take(r, s, &m, NOW + 86400));
    assert_false(trust_round_end(r, s, NOW + 86400));
    trust_round_look(r, s);
    assert_true(trust_round_due_s(r, s) > NOW + 86400);
}

/* What a list is asked for by is mended: it is asked for at once; what did not fail waits. */
static void a_mended_token(void **state)
{
    static char path[] = "/tmp/stird-token-XXXXXX";
    char aside[sizeof(path) + 1];
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    snprintf(aside, sizeof(aside), "%s~", path);
    for (int login = 0; login < 2; login++) {
        struct trust_setting t = {.name = STR("us"), .list = STR(LIST), .list_is_url = true};
        *(login ? &t.list_login_file : &t.list_token_file) = str_of(path);
        const struct settings s = {.trusts = &t, .n_trusts = 1};
        static struct trust_round r;
        trust_round_init(&r);
        trust_round_look(&r, &s);
        fail_again(&r, &s);
        trust_round_look(&r, &s);
        assert_true(trust_round_due_s(&r, &s) > NOW); /* nothing has changed */
        assert_int_equal(write(fd, "token\n", 6), 6);
        trust_round_look(&r, &s);
        assert_true(trust_round_begin(&r, &s, false, NOW));
        trust_round_reset(&r);
        fail_again(&r, &s);
        assert_int_equal(rename(path, aside), 0);
        trust_round_look(&r, &s);
        assert_true(trust_round_due_s(&r, &s) <= NOW);
        assert_int_equal(rename(aside, path), 0);
        trust_round_reset(&r);
        assert_true(trust_round_begin(&r, &s, true, NOW));
        struct control_brought m = {.errand = 0, .came = true};
        assert_true(trust_round_take(&r, &s, &m, NOW));
        assert_true(trust_round_end(&r, &s, NOW));
        trust_round_judged(&r, 0, 0, false, "", NOW + 3600, NOW);
        assert_int_equal(write(fd, "another\n", 8), 8);
        trust_round_look(&r, &s);
        assert_true(trust_round_due_s(&r, &s) > NOW); /* the next one goes with that */
        trust_round_reset(&r);
    }
    close(fd);
    unlink(path);
}

/* ---- what was refused ---- */

#define CRL "https://pa.example.net/crl"

static const struct str crls[] = {STR(CRL)};
static const struct trust_setting both = {
    .name = STR("us"), .list = STR(LIST), .list_is_url = true, .crls = crls, .n_crls = 1};
static const struct settings of_both = {.trusts = &both, .n_trusts = 1};

static void bring(struct trust_round *r, unsigned errand, bool came)
{
    struct control_brought m = {.errand = errand, .came = came, .saying = "it hangs"};
    assert_true(trust_round_take(r, &of_both, &m, NOW));
}

/* A list whose signer is still to be fetched, and a revocation list that is refused meanwhile. */
static struct trust_round *begin_refused(void)
{
    static struct trust_round r;
    trust_round_init(&r);
    assert_true(trust_round_begin(&r, &of_both, true, NOW));
    assert_int_equal(r.n, 2);
    bring(&r, 0, true);
    bring(&r, 1, true);
    assert_true(trust_round_end(&r, &of_both, NOW));
    trust_round_judged(&r, 0, 0, true, SIGNER, INT64_MAX, NOW);
    trust_round_judged(&r, 0, 1, true, "", INT64_MAX, NOW);
    return &r;
}

/* It was judged before the list's authorities were there: it is at hand when they are. */
static void what_was_refused_is_judged_again(void **state)
{
    (void)state;
    struct trust_round *r = begin_refused();
    const int64_t due_s = r->of[0][1].due_s;
    assert_true(r->of[0][1].fd >= 0);
    assert_true(due_s > NOW);
    trust_round_judged(r, 0, 1, true, "", INT64_MAX, NOW + 60);
    assert_int_equal(r->of[0][1].due_s, due_s); /* judged again, not fetched later */
    assert_int_equal(r->of[0][1].errors, 1);
    assert_true(trust_round_begin(r, &of_both, false, NOW));
    assert_int_equal(r->n, 1);
    bring(r, 0, true);
    assert_true(trust_round_end(r, &of_both, NOW));
    trust_round_judged(r, 0, 0, false, "", NOW + 3600, NOW);
    trust_round_judged(r, 0, 1, false, "", NOW + 3600, NOW);
    assert_int_equal(r->of[0][1].errors, 0);
    assert_int_equal(r->of[0][1].fd, -1);
    trust_round_reset(r);
}

/* It stays when the next fetch of it fails, and both are said. */
static void what_was_refused_outlives_a_failure(void **state)
{
    (void)state;
    struct trust_round *r = begin_refused();
    trust_round_hurry(r);
    assert_true(trust_round_begin(r, &of_both, true, NOW));
    bring(r, 0, true);
    bring(r, 1, false);
    assert_true(trust_round_end(r, &of_both, NOW));
    assert_true(r->of[0][1].fd >= 0);
    trust_round_judged(r, 0, 1, false, "", NOW + 3600, NOW);
    assert_string_equal(r->of[0][1].saying, "it hangs");
    trust_round_reset(r);
}

/* Whoever judges it may have died of it. */
static void what_could_not_be_judged_goes(void **state)
{
    (void)state;
    struct trust_round *r = begin_refused();
    trust_round_failed(r, NOW);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(r->of[0][i].fd, -1);
    assert_false(trust_round_is_half(r));
    trust_round_reset(r);
}

/* A reload: all is due, and what is known of a URL stays until it is fetched again. */
static void other_settings(void **state)
{
    static const struct str turned[] = {STR("https://pa.example.net/new"), STR(CRL)};
    const struct trust_setting trusts[] = {
        {.name = STR("other"), .list = STR(LIST), .list_is_url = true},
        {.name = STR("us"), .list = STR(LIST), .list_is_url = true, .crls = turned, .n_crls = 2}};
    const struct settings after = {.trusts = trusts, .n_trusts = 2};
    (void)state;
    struct trust_round *r = begin_refused();
    trust_round_hurry(r);
    assert_true(trust_round_begin(r, &of_both, true, NOW));
    bring(r, 0, false);
    const int64_t since_s = r->of[0][0].since_s;
    trust_round_follow(r, &of_both, &after); /* the other is on its way */
    assert_int_equal(r->n, 0);
    assert_false(trust_round_is_half(r));
    assert_string_equal(r->of[0][0].saying, "");
    assert_string_equal(r->of[1][0].saying, "it hangs");
    assert_int_equal(r->of[1][0].since_s, since_s);
    assert_string_equal(r->of[1][1].saying, "");
    assert_true(r->of[1][2].fd >= 0);
    assert_int_equal(trust_round_due_s(r, &after), 0);
    trust_round_follow(r, &after, &settings);
    assert_string_equal(r->of[0][0].saying, "it hangs");
    assert_int_equal(r->of[0][1].fd, -1);
    trust_round_follow(r, &settings, NULL);
    assert_string_equal(r->of[0][0].saying, "");
    trust_round_reset(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_came_is_judged),
        cmocka_unit_test(what_did_not_come_is_told),
        cmocka_unit_test(a_signer_that_does_not_come),
        cmocka_unit_test(a_mended_token),
        cmocka_unit_test(what_was_refused_is_judged_again),
        cmocka_unit_test(what_was_refused_outlives_a_failure),
        cmocka_unit_test(what_could_not_be_judged_goes),
        cmocka_unit_test(other_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
