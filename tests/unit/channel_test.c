/* Who waits on which connection: the end of one finds those who wait on it, however many others
   there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sip/transaction/channel.h"

#define MEMBERS     4000
#define CONNECTIONS 3000 /* more than there are buckets */

static const char places[CONNECTIONS];

/* Never looked into: its address is all that is asked of it. */
static const struct connection *connection(unsigned i)
{
    return (const struct connection *)(const void *)&places[i];
}

static unsigned waiting(const struct channels *all, unsigned on)
{
    unsigned n = 0;
    for (struct channel_member *m = channel_members(all, connection(on)); m; m = m->next)
        n++;
    return n;
}

static void each_has_its_own(void **state)
{
    static struct channels all;
    static struct channel_member members[MEMBERS];
    static unsigned counts[CONNECTIONS], of[MEMBERS];
    (void)state;
    srand(7);
    for (unsigned turn = 0; turn < 40000; turn++) {
        unsigned i = (unsigned)rand() % MEMBERS;
        if (members[i].channel) {
            channel_leave(&members[i]);
            counts[of[i]]--;
        } else {
            of[i] = (unsigned)rand() % (rand() % 2 ? 3 : CONNECTIONS);
            assert_true(channel_join(&all, &members[i], connection(of[i])));
            counts[of[i]]++;
        }
        assert_int_equal(waiting(&all, of[i]), counts[of[i]]);
    }
    for (unsigned i = 0; i < MEMBERS; i++)
        channel_leave(&members[i]);
    for (unsigned i = 0; i < CHANNEL_BUCKETS; i++)
        assert_null(all.buckets[i]);
}

static void nobody(void **state)
{
    static struct channels all;
    struct channel_member member = {.channel = NULL};
    (void)state;
    channel_leave(&member);
    assert_null(channel_members(&all, connection(0)));
    assert_null(channel_members(&all, NULL));
}

/* The first may leave while the others are looked at. */
static void no_connection_is_one_too(void **state)
{
    static struct channels all;
    struct channel_member a = {.channel = NULL}, b = {.channel = NULL};
    (void)state;
    assert_true(channel_join(&all, &a, NULL) && channel_join(&all, &b, NULL));
    assert_ptr_equal(channel_members(&all, NULL), &a);
    assert_ptr_equal(a.next, &b);
    channel_leave(&a);
    assert_ptr_equal(channel_members(&all, NULL), &b);
    channel_leave(&b);
    assert_null(channel_members(&all, NULL));
}

/* Whoever leaves, first, last or in between. */
static void who_waits_longest_is_the_first(void **state)
{
    enum { COUNT = 40 };
    static struct channels all;
    static struct channel_member members[COUNT];
    static unsigned joined[COUNT]; /* when; 0: it is not there */
    (void)state;
    srand(7);
    for (unsigned turn = 1; turn < 20000; turn++) {
        unsigned i = (unsigned)rand() % COUNT, last = 0;
        if (joined[i]) {
            channel_leave(&members[i]);
            joined[i] = 0;
        } else {
            assert_true(channel_join(&all, &members[i], connection(0)));
            joined[i] = turn;
        }
        for (struct channel_member *m = channel_members(&all, connection(0)); m; m = m->next) {
            assert_true(joined[m - members] > last);
            last = joined[m - members];
        }
    }
    for (unsigned i = 0; i < COUNT; i++)
        channel_leave(&members[i]);
    assert_null(channel_members(&all, connection(0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_has_its_own), cmocka_unit_test(nobody),
                                       cmocka_unit_test(no_connection_is_one_too),
                                       cmocka_unit_test(who_waits_longest_is_the_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
