/* Who gets a place at the control socket while others have theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/control_places.h"

struct room {
    struct control_peer seated[CONTROL_PLACES];
    unsigned n;
};

static bool sit(struct room *room, enum control_right right, uid_t uid)
{
    const struct control_peer next = {.right = right, .uid = uid};
    if (!control_places_have_one(room->seated, room->n, &next))
        return false;
    assert_true(room->n < CONTROL_PLACES);
    room->seated[room->n++] = next;
    return true;
}

/* How many the first of so many USERS, and all of them, get who come without end. */
static unsigned fill(struct room *room, enum control_right right, uid_t first, unsigned users,
                     unsigned *of_first)
{
    unsigned all = 0;
    *of_first = 0;
    for (unsigned i = 0; i < 100; i++)
        for (unsigned u = 0; u < users; u++)
            if (sit(room, right, first + u)) {
                all++;
                *of_first += u == 0;
            }
    return all;
}

static void one_user_leaves_places_to_others(void **state)
{
    (void)state;
    const enum control_right rights[] = {CONTROL_LOOK, CONTROL_CHANGE};
    for (unsigned i = 0; i < 2; i++) {
        struct room room = {.n = 0};
        unsigned one, all = fill(&room, rights[i], 1000, 1, &one);
        assert_int_equal(all, 4);
        assert_true(sit(&room, rights[i], 1001));
    }
}

static void each_part_is_its_own(void **state)
{
    (void)state;
    struct room room = {.n = 0};
    unsigned one;
    assert_int_equal(fill(&room, CONTROL_LOOK, 1000, 50, &one), 8);
    assert_false(sit(&room, CONTROL_LOOK, 2000));
    assert_int_equal(fill(&room, CONTROL_CHANGE, 1000, 50, &one), 8);
    assert_false(sit(&room, CONTROL_CHANGE, 2000));
    assert_int_equal(fill(&room, CONTROL_CHANGE, 0, 1, &one), 8);
    assert_false(sit(&room, CONTROL_CHANGE, 0));
    assert_int_equal(room.n, CONTROL_PLACES);
}

/* In whichever order they come. */
static void root_takes_from_nobody(void **state)
{
    (void)state;
    struct room room = {.n = 0};
    unsigned one;
    assert_int_equal(fill(&room, CONTROL_CHANGE, 0, 1, &one), 8);
    assert_true(sit(&room, CONTROL_CHANGE, 1000));
    assert_true(sit(&room, CONTROL_LOOK, 1000));
}

static void a_place_that_is_left_is_free(void **state)
{
    (void)state;
    struct room room = {.n = 0};
    while (sit(&room, CONTROL_LOOK, 1000))
        ;
    room.n--;
    assert_true(sit(&room, CONTROL_LOOK, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_user_leaves_places_to_others),
        cmocka_unit_test(each_part_is_its_own),
        cmocka_unit_test(root_takes_from_nobody),
        cmocka_unit_test(a_place_that_is_left_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
