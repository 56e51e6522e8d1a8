/* Which calls count as failed, what a worker tells of them, and what the supervisor takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sip/failed_calls.h"
#include <stird/core/hop_state.h>

static struct trunk trunk = {.name = STR("pbx")};
static struct call call = {.call_id = STR("a@x"), .trunk = &trunk};
static struct outcome outcome = {.reason = REASON_SIGNED_OWNED};

static struct ledger_entry entry_of(enum cause cause, int status)
{
    return (struct ledger_entry){
        .call = &call, .outcome = &outcome, .cause = cause, .sip_status = status, .ts_us = 1000};
}

static bool fails(enum cause cause, int status)
{
    struct ledger_entry e = entry_of(cause, status);
    return failed_call_is(&e);
}

static void what_failed(void **state)
{
    (void)state;
    assert_false(fails(CAUSE_ANSWERED, 200));
    assert_false(fails(CAUSE_CANCELLED, 487));
    assert_false(fails(CAUSE_NEXT_HOP_REDIRECTED, 302));
    static const int called_side[] = {404, 480, 486, 487, 600, 603, 607},
                     others[] = {400, 401, 403, 428, 436, 437, 438, 488, 500, 502};
    for (size_t i = 0; i < sizeof(called_side) / sizeof(called_side[0]); i++)
        assert_false(fails(CAUSE_NEXT_HOP_REFUSED, called_side[i]));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_true(fails(CAUSE_NEXT_HOP_REFUSED, others[i]));
    assert_true(fails(CAUSE_NEXT_HOP_503, 503));
    assert_true(fails(CAUSE_NO_UPSTREAM, 503));
    assert_true(fails(CAUSE_UPSTREAM_TIMEOUT, 408));
    assert_true(fails(CAUSE_REJECTED, 404)); /* stird's own, whatever its status */
    assert_true(fails(CAUSE_UNKNOWN, 0));
}

static void what_is_told(void **state)
{
    struct failed_call f;
    char id[300];
    (void)state;
    struct ledger_entry e = entry_of(CAUSE_NO_UPSTREAM, 503);
    failed_call_fill(&f, &e);
    assert_true(failed_call_is_sound(&f));
    assert_string_equal(f.call_id, "a@x");
    assert_string_equal(f.trunk, "pbx");
    memset(id, 'i', sizeof(id));
    id[3] = '\0';
    struct call odd = {.call_id = {id, sizeof(id)}};
    e.call = &odd;
    failed_call_fill(&f, &e);
    assert_true(failed_call_is_sound(&f));
    assert_int_equal(strlen(f.call_id), FAILED_CALL_ID_MAX - 1);
    assert_string_equal(f.trunk, "");
}

static void what_is_sound(void **state)
{
    struct failed_call good, f;
    (void)state;
    struct ledger_entry e = entry_of(CAUSE_NO_UPSTREAM, 503);
    failed_call_fill(&good, &e);
    f = good, memset(f.call_id, 'x', sizeof(f.call_id));
    assert_false(failed_call_is_sound(&f));
    f = good, memset(f.trunk, 'x', sizeof(f.trunk));
    assert_false(failed_call_is_sound(&f));
    f = good, f.cause = CAUSES;
    assert_false(failed_call_is_sound(&f));
    f = good, f.sip_status = 99;
    assert_false(failed_call_is_sound(&f));
    f = good, f.ts_us = -1;
    assert_false(failed_call_is_sound(&f));
    struct hop_state hop = {.transport = TRANSPORT_UDP};
    assert_false(hop_state_is_sound(&hop));
    assert_true(address_parse(STR("192.0.2.1"), &hop.address));
    assert_false(hop_state_is_sound(&hop));
    hop.address.port = 5060;
    assert_true(hop_state_is_sound(&hop));
    hop.transport = TRANSPORTS;
    assert_false(hop_state_is_sound(&hop));
    hop.transport = TRANSPORT_TLS, hop.out = 1;
    assert_false(hop_state_is_sound(&hop));
    hop.since_ms = 1;
    assert_true(hop_state_is_sound(&hop));
    hop.out = 2;
    assert_false(hop_state_is_sound(&hop));
}

static void note(struct failed_calls *all, unsigned n)
{
    struct ledger_entry e = entry_of(CAUSE_NO_UPSTREAM, 503);
    e.ts_us = n;
    failed_calls_note(all, &e);
}

static void expect(struct failed_calls *all, unsigned first, unsigned last)
{
    struct failed_call f;
    for (unsigned n = first; n <= last; n++) {
        assert_true(failed_calls_tell(all, &f));
        assert_int_equal(f.ts_us, n);
    }
    assert_false(failed_calls_tell(all, &f));
}

static void news_keep_their_order_and_their_room(void **state)
{
    static struct failed_calls all;
    struct failed_call f;
    (void)state;
    struct ledger_entry good = entry_of(CAUSE_ANSWERED, 200);
    failed_calls_note(&all, &good);
    assert_false(failed_calls_tell(&all, &f));
    for (unsigned n = 1; n <= FAILED_CALLS_UNTOLD + 5; n++)
        note(&all, n);
    assert_true(failed_calls_tell(&all, &f));
    assert_int_equal(f.ts_us, 6);
    failed_calls_tell_again(&all, &f);
    expect(&all, 6, FAILED_CALLS_UNTOLD + 5);
    note(&all, 1);
    assert_true(failed_calls_tell(&all, &f));
    for (unsigned n = 2; n <= FAILED_CALLS_UNTOLD + 1; n++)
        note(&all, n);
    failed_calls_tell_again(&all, &f); /* no room: it is the oldest */
    expect(&all, 2, FAILED_CALLS_UNTOLD + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_failed),
        cmocka_unit_test(what_is_told),
        cmocka_unit_test(what_is_sound),
        cmocka_unit_test(news_keep_their_order_and_their_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
