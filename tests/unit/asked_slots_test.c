/* Questions that are not answered yet: tickets, places, order. */
#include "lab.h"

#include "io/asked_slots.h"

#define MOST 5 /* no power of two: places behind it are nobody's */

struct slot {
    struct asked_slot asked;
    int value;
};

static struct asked_slots slots;

static int open_slots(void **state)
{
    (void)state;
    return asked_slots_init(&slots, MOST, sizeof(struct slot)) ? 0 : -1;
}

static int close_slots(void **state)
{
    (void)state;
    asked_slots_fini(&slots);
    return 0;
}

static void no_ticket_is_given_twice(void **state)
{
    uint64_t before = 0;
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        struct asked_slot *s = asked_slots_take(&slots);
        assert_true(s->ticket > before);
        assert_ptr_equal(asked_slots_of(&slots, s->ticket), s);
        before = s->ticket;
        asked_slots_release(&slots, s);
        assert_null(asked_slots_of(&slots, before));
    }
    assert_int_equal(slots.used, 1);
}

static void what_is_no_ticket_is_nobodys(void **state)
{
    const uint64_t no_place = 7;
    (void)state;
    for (unsigned i = 0; i < MOST; i++) {
        struct asked_slot *s = asked_slots_take(&slots);
        ((struct slot *)s)->value = (int)i;
    }
    assert_null(asked_slots_take(&slots));
    assert_int_equal(slots.waiting, MOST);
    assert_null(asked_slots_of(&slots, 0));
    assert_null(asked_slots_of(&slots, UINT64_MAX));
    for (uint64_t serial = 0; serial < 10; serial++)
        assert_null(asked_slots_of(&slots, serial << 3 | no_place));
    for (unsigned i = 0; i < MOST; i++)
        assert_int_equal(((struct slot *)asked_slots_at(&slots, i))->value, (int)i);
}

static void they_are_sent_in_their_order(void **state)
{
    struct asked_slot *s[4];
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        s[i] = asked_slots_take(&slots);
        asked_slots_queue(&slots, s[i]);
    }
    asked_slots_release(&slots, s[1]); /* out of the middle */
    assert_ptr_equal(slots.first_queued, s[0]);
    assert_ptr_equal(s[0]->next, s[2]);
    asked_slots_sent(&slots, s[0]);
    assert_ptr_equal(slots.first_queued, s[2]);
    asked_slots_release(&slots, s[3]); /* at the end */
    asked_slots_release(&slots, s[0]); /* one that was sent */
    assert_ptr_equal(slots.last_queued, s[2]);
    asked_slots_release(&slots, s[2]);
    assert_null(slots.first_queued);
    assert_null(slots.last_queued);
    assert_int_equal(slots.waiting, 0);
    for (unsigned i = 0; i < 4; i++)
        assert_null(asked_slots_at(&slots, i));
}

#define story(name) cmocka_unit_test_setup_teardown(name, open_slots, close_slots)

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(no_ticket_is_given_twice),
        story(what_is_no_ticket_is_nobodys),
        story(they_are_sent_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
