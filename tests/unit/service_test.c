/*
 * A service is a list of steps behind those that all calls have: here one that counts what it is
 * given and sends nothing anywhere. Nothing of this is shipped; it is the smallest example of
 * another one. That of the calls of today is looked at beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stird/core/service_word.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip/context.h"
#include "sip/service.h"

/* ---- the example ---- */

static unsigned counted;

static enum step_result step_count(struct context *c)
{
    assert_non_null(c->call->trunk);
    assert_int_equal(c->progress, PROGRESS_DECIDED); /* it may refuse, which is the end of C */
    counted++;
    return STEP_NEXT;
}

/* Whoever decides, the call that it was decided for has a record of its own. */
static enum step_result step_end(struct context *c)
{
    assert_int_equal(c->progress, PROGRESS_DECIDED);
    return STEP_DONE;
}

/* What ends before it is decided is told with others. */
static enum step_result step_before(struct context *c)
{
    assert_true(c->progress < PROGRESS_DECIDED);
    return STEP_NEXT;
}

static const struct step steps[] = {
    {"before", step_before}, {"count", step_count}, {"end", step_end}};
static const struct service service_count = {.way = {steps, 3, 1}, .decide = step_count};

/* ---- the call ---- */

/* As the last step of all calls does. */
static enum step_result step_trunk(struct context *c)
{
    static const struct trunk trunk = {.name = STR("t")}; /* it has no upstreams */
    c->call->trunk = &trunk;
    c->service = &service_count;
    return STEP_NEXT;
}

static void its_steps_come_behind_those_of_all_calls(void **state)
{
    static const struct step common[] = {{"trunk", step_trunk}};
    static const struct way way = {common, 1, 0};
    static struct snapshot snapshot;
    const struct proxy_stage stage = {.snapshot = &snapshot};
    struct proxy *p = proxy_new_offstage(&stage);
    struct call call = {.n_identity_unreadable = 0};
    struct context c = {.proxy = p, .call = &call, .way = &way};
    (void)state;
    assert_non_null(p);
    wait_init(&c.wait, p, steps_wait_over);
    steps_try_again(&c);
    assert_int_equal(counted, 1);
    assert_ptr_equal(c.way, &service_count.way);
    proxy_free_offstage(p);
}

static void what_is_served_today(void **state)
{
    static const char *const wanted[] = {"targets", "decide", "sign", "send"};
    static const struct trunk trunk = {.service = SERVICE_SIGN};
    const struct service *s = service_of(&trunk);
    (void)state;
    const struct service_word *word = &service_words[trunk.service];
    assert_string_equal(word->word, "sign");
    assert_true(word->sends && word->signs && !word->verifies);
    assert_int_equal(s->way.n, 4);
    for (unsigned i = 0; i < s->way.n; i++)
        assert_string_equal(s->way.steps[i].name, wanted[i]);
    assert_ptr_equal(s->way.steps[s->way.round].run, s->decide);
}

static void what_verifies(void **state)
{
    static const char *const wanted[] = {"targets", "certificates", "judge", "monitored", "send"};
    static const struct trunk trunk = {.service = SERVICE_VERIFY};
    const struct service *s = service_of(&trunk);
    const struct service_word *word = &service_words[trunk.service];
    (void)state;
    assert_true(word->sends && word->verifies && !word->signs);
    assert_int_equal(s->way.n, 5);
    for (unsigned i = 0; i < s->way.n; i++)
        assert_string_equal(s->way.steps[i].name, wanted[i]);
    assert_ptr_equal(s->way.steps[s->way.round].run, s->decide);
}

/* Who explains a call runs `decide` of each. */
static void each_that_is_served_is_whole(void **state)
{
    unsigned served = 0;
    (void)state;
    for (int i = 0; i < SERVICES; i++) {
        const struct trunk trunk = {.service = (enum trunk_service)i};
        const struct service *s = service_of(&trunk);
        assert_non_null(service_words[i].word);
        assert_int_equal(s != NULL, service_words[i].served);
        if (!s)
            continue;
        served++;
        assert_true(s->way.n > 0 && s->way.round < s->way.n);
        unsigned decides = 0;
        for (unsigned k = 0; k < s->way.n; k++)
            decides += s->way.steps[k].run == s->decide;
        assert_int_equal(decides, 1);
    }
    assert_true(served > 0);
}

/* ---- a signer that is gone when it is asked ---- */

static bool signs;
static unsigned ended;

/* That of the service, in which nothing else may run. */
static enum step_result step_sign(struct context *c)
{
    static const struct trunk trunk = {.service = SERVICE_SIGN};
    assert_false(signs);
    signs = true;
    enum step_result result = service_of(&trunk)->way.steps[2].run(c);
    signs = false;
    return result;
}

static enum step_result step_unsigned(struct context *c)
{
    assert_false(signs);
    assert_int_equal(c->outcome->verdict, VERDICT_PASS);
    assert_int_equal(c->outcome->reason, REASON_SIGNER_UNAVAILABLE);
    ended++;
    return STEP_DONE;
}

/* Its answer comes while it is asked, when the call's snapshot is no longer the proxy's. */
static void an_answer_at_once_runs_nothing_inside_the_step(void **state)
{
    static const struct step unsigned_steps[] = {{"sign", step_sign}, {"end", step_unsigned}};
    static const struct way way = {unsigned_steps, 2, 0};
    static struct settings settings = {.failure_mode = FAIL_OPEN, .sign_timeout_ms = 1000};
    static struct snapshot newer, snapshot = {.settings = &settings};
    static const struct trunk trunk = {.service = SERVICE_SIGN};
    const struct proxy_stage stage = {.snapshot = &newer};
    struct proxy *p = proxy_new_offstage(&stage);
    struct call call = {.trunk = &trunk};
    struct outcome outcome = {.verdict = VERDICT_SIGN,
                              .reason = REASON_OK,
                              .tokens = {{&passport_type_shaken, 0}},
                              .n_tokens = 1};
    struct leaving leaving[LEAVINGS] = {0};
    struct asked asked = {0};
    struct context c = {.proxy = p,
                        .snapshot = &snapshot,
                        .leaving = leaving,
                        .asked = &asked,
                        .call = &call,
                        .outcome = &outcome,
                        .way = &way,
                        .sent_us = -1};
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
    close(ends[1]);
    snapshot.signer = signer_client_new(ends[0]);
    assert_true(p && snapshot.signer);
    wait_init(&c.wait, p, steps_wait_over);
    steps_try_again(&c);
    assert_int_equal(ended, 1);
    assert_int_equal(signer_client_waiting(snapshot.signer), 0);
    assert_int_equal(timers_next_ms(proxy_timers(p)), -1);
    signer_client_free(snapshot.signer);
    proxy_free_offstage(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_steps_come_behind_those_of_all_calls),
        cmocka_unit_test(what_is_served_today),
        cmocka_unit_test(what_verifies),
        cmocka_unit_test(each_that_is_served_is_whole),
        cmocka_unit_test(an_answer_at_once_runs_nothing_inside_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
