/* Rates: counts that slide, never for less than their window; workers together; want of room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stird/core/rates.h>

#define WINDOW_MS 60000
#define WORKERS   2

static const struct rate_rule rule = {.id = 7, .window_ms = WINDOW_MS};

struct story {
    char *memory;
    struct rates workers[WORKERS], reader;
};

static struct story begin(uint32_t numbers)
{
    struct story s = {.memory = NULL};
    const struct rates_shape shape = {WORKERS, numbers, 1024, 42};
    const size_t bytes = rates_section_bytes(&shape);
    s.memory = aligned_alloc(4096, bytes * WORKERS);
    assert_non_null(s.memory);
    memset(s.memory, 0, bytes * WORKERS);
    for (unsigned w = 0; w < WORKERS; w++)
        s.workers[w] = (struct rates){shape, s.memory + bytes * w, s.memory};
    s.reader = (struct rates){shape, NULL, s.memory};
    return s;
}

static void end(struct story *s)
{
    free(s->memory);
}

static struct rate_who who(const struct story *s, const char *customer, const char *number)
{
    return rates_who(&s->reader, str_of(customer), str_of(number));
}

static bool call(struct story *s, unsigned worker, struct rate_who of, int64_t now_ms)
{
    return rates_count(&s->workers[worker], &rule, &of, RATE_CALL, 1, now_ms);
}

static uint64_t calls(const struct story *s, struct rate_who of, int64_t now_ms)
{
    return rates_look(&s->reader, &rule, &of, now_ms).n[RATE_CALL];
}

static void workers_are_added_up(void **state)
{
    (void)state;
    struct story s = begin(1024);
    const struct rate_who a = who(&s, "acme", "12155550100"), b = who(&s, "acme", "12155550101"),
                          other = who(&s, "globex", "12155550100"), all = who(&s, "acme", "");
    for (unsigned i = 0; i < 10; i++)
        assert_true(call(&s, i % WORKERS, a, 1000));
    assert_true(call(&s, 0, all, 1000));
    assert_int_equal(calls(&s, a, 1000), 10 + 1); /* what counts for the customer counts for each */
    assert_int_equal(calls(&s, b, 1000), 1);
    assert_int_equal(calls(&s, other, 1000), 0);
    assert_int_equal(calls(&s, all, 1000), 1);
    end(&s);
}

/* Whenever a call was, it counts for the whole window, and for a quarter of it more at most. */
static void a_window_slides(void **state)
{
    (void)state;
    struct story s = begin(1024);
    for (int64_t at_ms = 0; at_ms < 3 * WINDOW_MS; at_ms += 777) {
        char number[16];
        snprintf(number, sizeof(number), "1215%07lld", (long long)at_ms);
        const struct rate_who of = who(&s, "acme", number);
        call(&s, 0, of, at_ms);
        assert_int_equal(calls(&s, of, at_ms), 1);
        assert_int_equal(calls(&s, of, at_ms + WINDOW_MS), 1);
        assert_int_equal(calls(&s, of, at_ms + WINDOW_MS + WINDOW_MS / RATE_PARTS + 1), 0);
    }
    end(&s);
}

static void old_parts_are_cleared(void **state)
{
    (void)state;
    struct story s = begin(1024);
    const struct rate_who of = who(&s, "acme", "1");
    for (int64_t at_ms = 0; at_ms < 20 * WINDOW_MS; at_ms += 1000) {
        call(&s, 0, of, at_ms);
        const uint64_t n = calls(&s, of, at_ms);
        assert_in_range(n, at_ms < WINDOW_MS ? 1 : WINDOW_MS / 1000, WINDOW_MS / 1000 * 5 / 4);
    }
    call(&s, 0, of, 100 * WINDOW_MS);
    assert_int_equal(calls(&s, of, 100 * WINDOW_MS), 1);
    end(&s);
}

static void it_is_held_for_a_window(void **state)
{
    (void)state;
    struct story s = begin(1024);
    const struct rate_who of = who(&s, "acme", "1");
    assert_false(rates_look(&s.reader, &rule, &of, 5000).held);
    rates_hold(&s.workers[1], &rule, &of, 5000);
    assert_true(rates_look(&s.reader, &rule, &of, 5000 + WINDOW_MS).held);
    assert_false(rates_look(&s.reader, &rule, &of, 5000 + WINDOW_MS + 2000).held);
    end(&s);
}

static void less_goes_back_to_none(void **state)
{
    (void)state;
    struct story s = begin(1024);
    const struct rate_who of = who(&s, "acme", "1");
    rates_count(&s.workers[0], &rule, &of, RATE_ANSWERED, 2, 1000);
    rates_count(&s.workers[0], &rule, &of, RATE_ANSWERED, -1, 1000 + WINDOW_MS / 2);
    assert_int_equal(rates_look(&s.reader, &rule, &of, 1000 + WINDOW_MS / 2).n[RATE_ANSWERED], 1);
    for (unsigned i = 0; i < 3; i++)
        rates_count(&s.workers[0], &rule, &of, RATE_ANSWERED, -1, 2000);
    assert_int_equal(rates_look(&s.reader, &rule, &of, 2000).n[RATE_ANSWERED], 0);
    end(&s);
}

/* One customer brings more numbers than there is room for: its own count too much, those of others
   count what they are, and nothing is forgotten. */
static void who_has_most_gives_way(void **state)
{
    (void)state;
    enum { NUMBERS = 1024, FLOOD = 20000, QUIET = 40 };
    struct story s = begin(NUMBERS);
    char number[16];
    for (unsigned i = 0; i < FLOOD; i++) {
        snprintf(number, sizeof(number), "1900%07u", i);
        call(&s, 0, who(&s, "flood", number), 1000);
    }
    for (unsigned i = 0; i < QUIET; i++) {
        snprintf(number, sizeof(number), "1215%07u", i);
        call(&s, 0, who(&s, "quiet", number), 1000);
        assert_int_equal(calls(&s, who(&s, "quiet", number), 1000), 1);
    }
    uint64_t coarse = calls(&s, who(&s, "flood", ""), 1000);
    assert_in_range(coarse, FLOOD - 2 * NUMBERS, FLOOD);
    for (unsigned i = 0; i < FLOOD; i++) {
        snprintf(number, sizeof(number), "1900%07u", i);
        const struct rate_who of = who(&s, "flood", number);
        assert_in_range(calls(&s, of, 1000), coarse, coarse + 1);
        assert_true(rates_look(&s.reader, &rule, &of, 1000).coarse);
    }
    /* When the window is over there is room again. */
    assert_true(call(&s, 0, who(&s, "flood", "19001111111"), 1000 + 2 * WINDOW_MS));
    end(&s);
}

/* There is room for as many as were asked for. */
static void rows_fill_up_together(void **state)
{
    (void)state;
    enum { PLACES = 65536 };
    struct story s = begin(PLACES);
    char number[16];
    for (unsigned i = 0; i < PLACES; i++) {
        snprintf(number, sizeof(number), "1215%07u", i);
        assert_true(call(&s, 0, who(&s, "acme", number), 1000));
    }
    end(&s);
}

/* A number that is held and gives way stays held, with all of its customer. */
static void what_gives_way_stays_held(void **state)
{
    (void)state;
    struct story s = begin(8); /* one row, which is both rows of each */
    char number[16];
    for (unsigned i = 0; i < 8; i++) {
        snprintf(number, sizeof(number), "1900%07u", i);
        const struct rate_who of = who(&s, "flood", number);
        call(&s, 0, of, 1000);
        rates_hold(&s.workers[0], &rule, &of, 1000);
    }
    for (unsigned i = 0; i < 4; i++) {
        snprintf(number, sizeof(number), "1215%07u", i);
        call(&s, 0, who(&s, "quiet", number), 1000);
    }
    for (unsigned i = 0; i < 8; i++) {
        snprintf(number, sizeof(number), "1900%07u", i);
        const struct rate_who of = who(&s, "flood", number);
        assert_true(rates_look(&s.reader, &rule, &of, 1000).held);
        assert_true(calls(&s, of, 1000) >= 1);
    }
    end(&s);
}

static void customers_beyond_the_room_are_counted_together(void **state)
{
    (void)state;
    enum { CUSTOMERS = 30000 };
    struct story s = begin(1024);
    char name[16];
    uint64_t together = 0;
    for (unsigned i = 0; i < CUSTOMERS; i++) {
        snprintf(name, sizeof(name), "c%u", i);
        together += !call(&s, 0, who(&s, name, ""), 1000);
    }
    assert_in_range(together, CUSTOMERS / 2, CUSTOMERS);
    for (unsigned i = 0; i < CUSTOMERS; i++) {
        snprintf(name, sizeof(name), "c%u", i);
        assert_in_range(calls(&s, who(&s, name, ""), 1000), together, together + 1);
    }
    end(&s);
}

/* ---- answered calls ---- */

static struct rate_call answered(const struct story *s, const char *id, const char *customer)
{
    return (struct rate_call){.id = rates_call_id(&s->reader, str_of(id), STR("tag")),
                              .who = who(s, customer, "1"),
                              .n_rules = 1,
                              .rules = {7}};
}

static void a_short_call_is_found_once(void **state)
{
    (void)state;
    struct story s = begin(1024);
    struct rate_call lost, found, a = answered(&s, "a", "acme");
    assert_true(rates_keep_call(&s.workers[0], &a, 10000, 5000, &lost));
    assert_false(rates_take_call(&s.workers[0], a.id + 1, 10000, 6000, &found));
    assert_false(rates_take_call(&s.workers[0], a.id, 10000, 15000, &found)); /* it was long */
    assert_true(rates_has_call(&s.workers[1], a.id, 10000, 6000));
    assert_true(rates_take_call(&s.workers[1], a.id, 10000, 6000, &found)); /* another worker's */
    assert_int_equal(found.who.customer, a.who.customer);
    assert_int_equal(found.n_rules, 1);
    for (unsigned w = 0; w < 2; w++) /* whoever hears its BYE once more */
        for (unsigned k = 0; k < 3; k++)
            assert_false(rates_take_call(&s.workers[w], a.id, 10000, 6000, &found));
    assert_true(rates_keep_call(&s.workers[0], &a, 10000, 20000, &lost)); /* the note is old */
    assert_true(rates_take_call(&s.workers[0], a.id, 10000, 21000, &found));
    assert_false(rates_take_call(&s.workers[1], a.id, 10000, 21000, &found));
    assert_false(rates_has_call(&s.workers[1], a.id, 10000, 21000));
    end(&s);
}

/* What a worker notes of another one's call takes no place of a call that it watches itself. */
static void a_note_takes_no_calls_place(void **state)
{
    (void)state;
    enum { CALLS = 3000 };
    struct story s = begin(1024);
    struct rate_call lost, found;
    static uint64_t ids[CALLS];
    static bool there[CALLS];
    char id[16];
    for (unsigned i = 0; i < CALLS; i++) {
        snprintf(id, sizeof(id), "c%u", i);
        const struct rate_call c = answered(&s, id, "flood");
        ids[i] = c.id;
        rates_keep_call(&s.workers[1], &c, 10000, 5000, &lost);
    }
    for (unsigned i = 0; i < CALLS; i++)
        there[i] = rates_has_call(&s.workers[1], ids[i], 10000, 6000);
    for (unsigned i = 0; i < 200; i++) {
        snprintf(id, sizeof(id), "o%u", i);
        const struct rate_call c = answered(&s, id, "quiet");
        rates_keep_call(&s.workers[0], &c, 10000, 5000, &lost);
        assert_true(rates_take_call(&s.workers[1], c.id, 10000, 6000, &found));
    }
    for (unsigned i = 0; i < CALLS; i++)
        assert_int_equal(rates_has_call(&s.workers[1], ids[i], 10000, 6000), there[i]);
    end(&s);
}

static void calls_beyond_the_room_are_told(void **state)
{
    (void)state;
    enum { CALLS = 5000, ROOM = 1024 };
    struct story s = begin(1024);
    struct rate_call lost;
    char id[16];
    unsigned n = 0;
    for (unsigned i = 0; i < CALLS; i++) {
        snprintf(id, sizeof(id), "c%u", i);
        const struct rate_call c = answered(&s, id, "flood");
        n += !rates_keep_call(&s.workers[0], &c, 10000, 5000, &lost);
    }
    assert_in_range(n, CALLS - 2 * ROOM, CALLS - ROOM);
    const struct rate_call quiet = answered(&s, "q", "quiet");
    assert_false(rates_keep_call(&s.workers[0], &quiet, 10000, 5000, &lost));
    assert_int_equal(lost.who.customer, who(&s, "flood", "").customer);
    assert_true(rates_take_call(&s.workers[0], quiet.id, 10000, 5000, &lost));
    assert_true(rates_keep_call(&s.workers[0], &quiet, 10000, 15000, &lost)); /* they are old */
    end(&s);
}

/* A worker that was taken over writes what it likes: others get false counts and nothing else. */
static void any_memory_is_borne(void **state)
{
    (void)state;
    struct story s = begin(64);
    const size_t bytes = rates_section_bytes(&s.reader.shape) * WORKERS;
    struct rate_call lost, found;
    srand(1);
    for (unsigned round = 0; round < 20; round++) {
        for (size_t i = 0; i < bytes; i++)
            s.memory[i] = (char)(round == 0 ? 0xff : rand());
        for (unsigned i = 0; i < 500; i++) {
            char number[16];
            snprintf(number, sizeof(number), "1%u", i);
            const struct rate_who of = who(&s, i % 3 ? "a" : "b", i % 5 ? number : "");
            const struct rate_call c = answered(&s, number, "a");
            const int64_t now_ms = (int64_t)i * 997;
            call(&s, i % WORKERS, of, now_ms);
            rates_hold(&s.workers[0], &rule, &of, now_ms);
            calls(&s, of, now_ms);
            if (!rates_keep_call(&s.workers[0], &c, 10000, now_ms, &lost))
                assert_in_range(lost.n_rules, 0, RATE_RULES_MAX);
            if (rates_take_call(&s.workers[1], c.id, 10000, now_ms, &found))
                assert_in_range(found.n_rules, 0, RATE_RULES_MAX);
        }
    }
    end(&s);
}

static void a_rule_is_known_by_what_it_counts(void **state)
{
    (void)state;
    const uint32_t id = rates_rule_id(STR("r"), false, WINDOW_MS);
    assert_int_equal(id, rates_rule_id(STR("r"), false, WINDOW_MS));
    assert_int_not_equal(id, rates_rule_id(STR("r"), true, WINDOW_MS));
    assert_int_not_equal(id, rates_rule_id(STR("r"), false, 2 * WINDOW_MS));
    assert_int_not_equal(id, rates_rule_id(STR("s"), false, WINDOW_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_are_added_up),
        cmocka_unit_test(a_window_slides),
        cmocka_unit_test(old_parts_are_cleared),
        cmocka_unit_test(it_is_held_for_a_window),
        cmocka_unit_test(less_goes_back_to_none),
        cmocka_unit_test(who_has_most_gives_way),
        cmocka_unit_test(rows_fill_up_together),
        cmocka_unit_test(what_gives_way_stays_held),
        cmocka_unit_test(customers_beyond_the_room_are_counted_together),
        cmocka_unit_test(a_short_call_is_found_once),
        cmocka_unit_test(a_note_takes_no_calls_place),
        cmocka_unit_test(calls_beyond_the_room_are_told),
        cmocka_unit_test(any_memory_is_borne),
        cmocka_unit_test(a_rule_is_known_by_what_it_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
