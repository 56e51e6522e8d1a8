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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_came_is_judged),
        cmocka_unit_test(what_did_not_come_is_told),
        cmocka_unit_test(a_signer_that_does_not_come),
        cmocka_unit_test(a_mended_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
