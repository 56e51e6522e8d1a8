/* R-P-033: the key of a Record-Route: for whom, where and how long it holds, and what is not such a
   key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "sip/route_key.h"

#define TODAY 20000

static struct branches ours, theirs;
static struct route_place here;

static const struct dialog_id by_caller = {{"c", 1}, {"caller", 6}, {"callee", 6}};
static const struct dialog_id by_callee = {{"c", 1}, {"callee", 6}, {"caller", 6}};

static int set_up(void **state)
{
    static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1}, other[SNAPSHOT_SECRET_BYTES] = {2};
    (void)state;
    assert_true(branches_init(&ours, secret) && branches_init(&theirs, other));
    assert_true(address_parse(STR("192.0.2.1"), &here.address));
    here.address.port = 5060;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    branches_fini(&ours);
    branches_fini(&theirs);
    return 0;
}

static void write_key(enum route_side side, int64_t day, char key[ROUTE_KEY_LENGTH + 1])
{
    route_key_write(&ours, STR("c"), STR("caller"), &here, side, day, key);
    assert_int_equal(strlen(key), ROUTE_KEY_LENGTH);
}

static unsigned senders(const char *key, const struct dialog_id *dialog, int64_t today)
{
    enum route_side side;
    return route_key_senders(&ours, str_of(key), dialog, &here, today, 2, &side);
}

static void each_side_says_who_sent(void **state)
{
    static const enum route_side sides[] = {ROUTE_OF_BOTH, ROUTE_OF_CALLER, ROUTE_OF_CALLEE};
    char key[ROUTE_KEY_LENGTH + 1];
    enum route_side side;
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        write_key(sides[i], TODAY, key);
        assert_int_equal(route_key_senders(&ours, str_of(key), &by_caller, &here, TODAY, 2, &side),
                         SENT_BY_CALLER);
        assert_int_equal(side, sides[i]);
        assert_int_equal(senders(key, &by_callee, TODAY), SENT_BY_CALLEE);
    }
}

/* Of yesterday too, of the day before no more; and of a day ahead, as of a faster clock. */
static void it_holds_for_its_days(void **state)
{
    char key[ROUTE_KEY_LENGTH + 1];
    enum route_side side;
    (void)state;
    for (int64_t made = TODAY - 600; made <= TODAY + 600; made++) {
        unsigned expected = made >= TODAY - 1 && made <= TODAY + 1 ? SENT_BY_CALLER : 0;
        write_key(ROUTE_OF_BOTH, made, key);
        if (senders(key, &by_caller, TODAY) != expected)
            fail_msg("%d days ago", (int)(TODAY - made));
        bool holds = made > TODAY - 90 && made <= TODAY + 1;
        assert_int_equal(
            route_key_senders(&ours, str_of(key), &by_caller, &here, TODAY, 90, &side) != 0, holds);
    }
}

#define DAY_MS 86400000

/* However the clock went, a day holds as long as keys of it do; the oldest gives way. */
static void days_of_another_clock(void **state)
{
    struct route_days kept = {0};
    (void)state;
    route_days_note(&kept, TODAY, 0);
    route_days_note(&kept, TODAY + 30, DAY_MS);
    route_days_note(&kept, TODAY - 7000, DAY_MS);
    route_days_note(&kept, TODAY, DAY_MS / 2);
    assert_int_equal(kept.n, 3);
    assert_int_equal(kept.list[0].day, TODAY);
    assert_true(route_days_hold(&kept, 0, 2, DAY_MS + DAY_MS / 2));
    assert_false(route_days_hold(&kept, 0, 2, DAY_MS + DAY_MS / 2 + 1));
    assert_true(route_days_hold(&kept, 0, 3, DAY_MS * 2));
    for (int i = 0; i < 3 * ROUTE_DAYS_KEPT; i++)
        route_days_note(&kept, i, DAY_MS * 2 + i);
    assert_int_equal(kept.n, ROUTE_DAYS_KEPT);
    for (int i = 0; i < ROUTE_DAYS_KEPT; i++)
        assert_true(kept.list[i].day >= 2 * ROUTE_DAYS_KEPT);
}

static void nothing_else_has_it(void **state)
{
    static const struct dialog_id others[] = {{{"d", 1}, {"caller", 6}, {"callee", 6}},
                                              {{"c", 1}, {"caller2", 7}, {"callee", 6}},
                                              {{"c", 1}, {"", 0}, {"", 0}},
                                              {{"c", 1}, {"callee", 6}, {"caller2", 7}},
                                              {{"ccaller", 7}, {"", 0}, {"callee", 6}},
                                              {{"C", 1}, {"caller", 6}, {"callee", 6}}};
    char key[ROUTE_KEY_LENGTH + 1];
    enum route_side side;
    (void)state;
    write_key(ROUTE_OF_BOTH, TODAY, key);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(senders(key, &others[i], TODAY), 0);
    for (unsigned i = 0; i < 3; i++) {
        struct route_place elsewhere = here;
        elsewhere.address.bytes[3] += i == 0;
        elsewhere.address.port += i == 1;
        elsewhere.transport += i == 2;
        assert_int_equal(
            route_key_senders(&ours, str_of(key), &by_caller, &elsewhere, TODAY, 2, &side), 0);
    }
    assert_int_equal(route_key_senders(&theirs, str_of(key), &by_caller, &here, TODAY, 2, &side),
                     0);
}

/* Each digit counts, in either case; more or fewer are none. */
static void every_octet_counts(void **state)
{
    char key[ROUTE_KEY_LENGTH + 1], text[4 * ROUTE_KEY_LENGTH];
    enum route_side side;
    (void)state;
    write_key(ROUTE_OF_CALLEE, TODAY, key);
    for (size_t at = 0; at < ROUTE_KEY_LENGTH; at++)
        for (unsigned c = 0; c < 256; c++) {
            memcpy(text, key, sizeof(key));
            text[at] = (char)c;
            bool same = ascii_lower((char)c) == key[at];
            const struct str changed = {text, ROUTE_KEY_LENGTH};
            assert_int_equal(route_key_senders(&ours, changed, &by_caller, &here, TODAY, 2, &side),
                             same ? SENT_BY_CALLER : 0);
        }
    memset(text, '0', sizeof(text));
    memcpy(text, key, ROUTE_KEY_LENGTH);
    for (size_t n = 0; n < sizeof(text); n++)
        assert_int_equal(route_key_senders(&ours, (struct str){text, n}, &by_caller, &here, TODAY,
                                           2, &side) != 0,
                         n == ROUTE_KEY_LENGTH);
}

/* RFC 2543: a caller without a tag. */
static void a_caller_without_a_tag(void **state)
{
    static const struct dialog_id sent = {{"c", 1}, {NULL, 0}, {"callee", 6}};
    char key[ROUTE_KEY_LENGTH + 1];
    (void)state;
    route_key_write(&ours, STR("c"), STR(""), &here, ROUTE_OF_BOTH, TODAY, key);
    assert_int_equal(senders(key, &sent, TODAY), SENT_BY_CALLER);
    assert_int_equal(senders(key, &by_caller, TODAY), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_side_says_who_sent), cmocka_unit_test(it_holds_for_its_days),
        cmocka_unit_test(days_of_another_clock),   cmocka_unit_test(nothing_else_has_it),
        cmocka_unit_test(every_octet_counts),      cmocka_unit_test(a_caller_without_a_tag),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
