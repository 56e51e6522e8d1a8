/*
 * A way of waiting is a constant, a step that begins it, and somebody who wakes it: here a letter
 * that is in the post. Nothing of this is shipped; it is the smallest example of another one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <event2/event.h>
#include <string.h>

#include <stird/base/container_of.h>

#include "sip/context.h"
#include "sip/steps.h"

#define LETTER_WAIT_MS 500

/* The post: who waits for a letter, and what happened. */
static struct context *reader;
static char story[64];

static void note(const char *word)
{
    strcat(story, word);
}

/* ---- the example ---- */

static void stop_the_post(struct wait *w)
{
    assert_ptr_equal(reader, container_of(w, struct context, wait));
    reader = NULL;
    note("stopped ");
}

static const struct wait_kind for_letter = {
    .name = "a letter", .cancel = stop_the_post, .is_dispensable = true};

static enum step_result step_read(struct context *c)
{
    switch (wait_ended(&c->wait, &for_letter)) {
    case WAIT_NONE:
        reader = c;
        note("asks ");
        wait_begin(&c->wait, &for_letter, proxy_now_ms() + LETTER_WAIT_MS);
        return STEP_WAIT;
    case WAIT_ANSWERED:
        note("reads ");
        return STEP_NEXT;
    case WAIT_REFUSED:
        note("is told ");
        return STEP_NEXT;
    case WAIT_TOO_LATE:
        note("gives up ");
        return STEP_NEXT;
    }
    return STEP_DONE;
}

/* Whoever has the answer. */
static void the_letter_comes(enum wait_end end)
{
    struct context *c = reader;
    reader = NULL;
    wait_wake(&c->wait, end);
}

/* ---- its stories ---- */

static enum step_result step_go_out(struct context *c)
{
    (void)c;
    note("goes");
    return STEP_DONE;
}

static enum step_result step_once_more(struct context *c)
{
    note("again ");
    return c->target++ == 0 ? STEP_AGAIN : STEP_NEXT;
}

static const struct step steps[] = {{"read", step_read}, {"go", step_go_out}};
static const struct step twice[] = {
    {"once more", step_once_more}, {"read", step_read}, {"go", step_go_out}};
static const struct way way = {steps, 2, 0}, way_twice = {twice, 3, 0};

static struct event_base *base;      /* NULL: time stands still */
static struct signer_client *signer; /* that its loop asks; there is none */
static struct proxy *proxy;
static struct context context;

static int begin(const struct way *w)
{
    static struct snapshot snapshot;
    const struct proxy_stage stage = {.snapshot = &snapshot, .base = base};
    snapshot.signer = signer;
    proxy = proxy_new_offstage(&stage);
    assert_non_null(proxy);
    reader = NULL;
    story[0] = '\0';
    context = (struct context){.proxy = proxy, .way = w};
    wait_init(&context.wait, proxy, steps_wait_over);
    steps_try_again(&context);
    return 0;
}

static void end(const char *wanted)
{
    assert_string_equal(story, wanted);
    assert_int_equal(timers_next_ms(proxy_timers(proxy)), -1);
    proxy_free_offstage(proxy);
}

static void it_comes(void **state)
{
    (void)state;
    begin(&way);
    assert_string_equal(story, "asks ");
    assert_true(wait_is_for(&context.wait, &for_letter));
    the_letter_comes(WAIT_ANSWERED);
    assert_false(wait_is_for(&context.wait, &for_letter));
    end("asks reads goes");
}

static void it_will_not_come(void **state)
{
    (void)state;
    begin(&way);
    the_letter_comes(WAIT_REFUSED);
    end("asks is told goes");
}

/* Whoever may not have anything sent from where it hears of it. */
static void it_comes_soon(void **state)
{
    (void)state;
    begin(&way);
    wait_wake_soon(&context.wait, WAIT_ANSWERED, proxy_now_ms());
    assert_string_equal(story, "asks ");
    timers_run(proxy_timers(proxy), proxy_now_ms() + TIMER_TICK_MS);
    end("asks reads goes");
}

/* Its answer has come and waits for its turn: it is the waiter's, and nothing is to be taken back.
 */
static void nobody_waits_for_what_has_come(void **state)
{
    (void)state;
    begin(&way);
    wait_wake_soon(&context.wait, WAIT_REFUSED, proxy_now_ms());
    wait_cancel(&context.wait);
    timers_run(proxy_timers(proxy), proxy_now_ms() + TIMER_TICK_MS);
    end("asks ");
}

/* ... and the next wait has nothing of it. */
static void one_wait_after_another(void **state)
{
    (void)state;
    begin(&way);
    wait_wake_soon(&context.wait, WAIT_REFUSED, proxy_now_ms());
    wait_cancel(&context.wait);
    wait_begin(&context.wait, &for_letter, proxy_now_ms() + LETTER_WAIT_MS);
    assert_true(wait_stands(&context.wait));
    wait_cancel(&context.wait);
    end("asks stopped ");
}

static void it_comes_too_late(void **state)
{
    int64_t now_ms = proxy_now_ms();
    (void)state;
    begin(&way);
    timers_run(proxy_timers(proxy), now_ms + LETTER_WAIT_MS - 2 * TIMER_TICK_MS);
    assert_string_equal(story, "asks ");
    timers_run(proxy_timers(proxy), proxy_now_ms() + LETTER_WAIT_MS + 2 * TIMER_TICK_MS);
    assert_null(reader);
    wait_wake(&context.wait, WAIT_ANSWERED); /* nobody is there to read it */
    end("asks stopped gives up goes");
}

/* The post closes: who can do without goes on, and what has come is read all the same. */
static void it_can_be_done_without(void **state)
{
    (void)state;
    begin(&way);
    wait_hurry(&context.wait, proxy_now_ms());
    assert_string_equal(story, "asks ");
    timers_run(proxy_timers(proxy), proxy_now_ms() + TIMER_TICK_MS);
    end("asks stopped gives up goes");
    begin(&way);
    wait_wake_soon(&context.wait, WAIT_ANSWERED, proxy_now_ms());
    wait_hurry(&context.wait, proxy_now_ms());
    timers_run(proxy_timers(proxy), proxy_now_ms() + TIMER_TICK_MS);
    end("asks reads goes");
}

static void nobody_waits_any_more(void **state)
{
    (void)state;
    begin(&way);
    wait_cancel(&context.wait);
    wait_cancel(&context.wait);
    wait_wake(&context.wait, WAIT_ANSWERED);
    assert_int_equal(wait_ended(&context.wait, &for_letter), WAIT_NONE);
    end("asks stopped ");
}

/* How one wait ended says nothing of another one. */
static void of_its_own_kind_only(void **state)
{
    static const struct wait_kind for_parcel = {.name = "a parcel"};
    (void)state;
    begin(&way);
    wait_cancel(&context.wait);
    wait_begin(&context.wait, &for_parcel, proxy_now_ms() + 60000);
    assert_true(wait_stands(&context.wait));
    wait_hurry(&context.wait, proxy_now_ms()); /* it cannot be done without */
    timers_run(proxy_timers(proxy), proxy_now_ms() + TIMER_TICK_MS);
    assert_true(wait_is_for(&context.wait, &for_parcel));
    context.step = 1;
    wait_wake(&context.wait, WAIT_ANSWERED);
    assert_int_equal(wait_ended(&context.wait, &for_letter), WAIT_NONE);
    assert_int_equal(wait_ended(&context.wait, &for_parcel), WAIT_ANSWERED);
    assert_int_equal(wait_ended(&context.wait, &for_parcel), WAIT_NONE);
    end("asks stopped goes");
}

static void a_round_begins_anew(void **state)
{
    (void)state;
    begin(&way_twice);
    the_letter_comes(WAIT_ANSWERED);
    end("again again asks reads goes");
}

/* ---- an answer while the step still runs ---- */

static enum wait_end at_once;

/* Who asks finds it in the box: nothing that is behind the question has run yet. */
static enum step_result step_look(struct context *c)
{
    enum step_result result = step_read(c);
    if (result == STEP_WAIT && at_once != WAIT_NONE) {
        enum wait_end end = at_once;
        at_once = WAIT_NONE;
        the_letter_comes(end);
        note("looks ");
    }
    return result;
}

static const struct step looks[] = {{"look", step_look}, {"go", step_go_out}};
static const struct way way_looks = {looks, 2, 0};

static void it_is_there_already(void **state)
{
    (void)state;
    at_once = WAIT_ANSWERED;
    begin(&way_looks);
    end("asks looks reads goes");
    at_once = WAIT_REFUSED;
    begin(&way_looks);
    end("asks looks is told goes");
}

/* ... and the step that runs again may wait again. */
static void it_is_there_and_another_one_comes(void **state)
{
    static const struct step steps_of_two[] = {
        {"look", step_look}, {"read", step_read}, {"go", step_go_out}};
    static const struct way way_of_two = {steps_of_two, 3, 0};
    (void)state;
    at_once = WAIT_ANSWERED;
    begin(&way_of_two);
    assert_string_equal(story, "asks looks reads asks ");
    the_letter_comes(WAIT_ANSWERED);
    end("asks looks reads asks reads goes");
}

/* ---- a loop ---- */

/* It comes too late, and nobody but the loop says so. */
static enum step_result step_wait_in_vain(struct context *c)
{
    static const struct wait_kind for_nothing = {.name = "nothing"};
    if (wait_ended(&c->wait, &for_nothing) == WAIT_TOO_LATE)
        return STEP_NEXT;
    note("waits ");
    wait_begin(&c->wait, &for_nothing, proxy_now_ms() + TIMER_TICK_MS);
    return STEP_WAIT;
}

static const struct step reads_and_waits[] = {
    {"read", step_read}, {"wait", step_wait_in_vain}, {"go", step_go_out}};
static const struct way way_reads_and_waits = {reads_and_waits, 3, 0};

/* Whoever wakes a wait has no timer to think of: what is begun then ends. */
static void the_loop_knows_of_what_is_begun(void **state, void (*comes)(void))
{
    (void)state;
    base = event_base_new();
    signer = signer_client_new(-1);
    assert_true(base && signer);
    begin(&way_reads_and_waits);
    comes();
    event_base_dispatch(base); /* until there is nothing to wait for */
    end("asks reads waits goes");
    signer_client_free(signer);
    event_base_free(base);
    signer = NULL;
    base = NULL;
}

static void at_once_it_comes(void)
{
    the_letter_comes(WAIT_ANSWERED);
}

static void soon_it_comes(void)
{
    wait_wake_soon(&context.wait, WAIT_ANSWERED, proxy_now_ms());
}

static void the_loop_knows(void **state)
{
    the_loop_knows_of_what_is_begun(state, at_once_it_comes);
    the_loop_knows_of_what_is_begun(state, soon_it_comes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes),
        cmocka_unit_test(it_will_not_come),
        cmocka_unit_test(it_comes_soon),
        cmocka_unit_test(nobody_waits_for_what_has_come),
        cmocka_unit_test(one_wait_after_another),
        cmocka_unit_test(it_comes_too_late),
        cmocka_unit_test(it_can_be_done_without),
        cmocka_unit_test(nobody_waits_any_more),
        cmocka_unit_test(of_its_own_kind_only),
        cmocka_unit_test(a_round_begins_anew),
        cmocka_unit_test(it_is_there_already),
        cmocka_unit_test(it_is_there_and_another_one_comes),
        cmocka_unit_test(the_loop_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
