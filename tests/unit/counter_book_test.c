#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stird/base/count.h>
#include <unistd.h>

#include "daemon/counter_book.h"

#define NAMES_MAX 4

/* A configuration that has these trunks, and upstreams of the same names. */
struct named {
    struct settings settings;
    struct trunk trunks[NAMES_MAX];
    struct upstream upstreams[NAMES_MAX];
};

static const struct settings *named(struct named *n, const char *const *names)
{
    memset(n, 0, sizeof(*n));
    n->settings.trunks = n->trunks;
    n->settings.upstreams = n->upstreams;
    for (unsigned i = 0; names[i]; i++) {
        n->trunks[i].name = n->upstreams[i].name = str_of(names[i]);
        n->settings.n_trunks = n->settings.n_upstreams = i + 1;
    }
    return &n->settings;
}

#define NAMED(...) named(&(struct named){0}, (const char *const[]){__VA_ARGS__, NULL})

/* As a worker has its pages. */
static struct proxy_counters *open_page(struct counter_book *b, unsigned w)
{
    int fd = counter_book_open(b, w);
    assert_true(fd >= 0);
    assert_true(ftruncate(fd, 1) < 0); /* nobody cuts it short beneath its reader */
    struct proxy_counters *page = counter_page_map(fd, true);
    assert_non_null(page);
    close(fd);
    return page;
}

static struct part_counters open_parts(struct counter_book *b, unsigned w, uint64_t number,
                                       const struct settings *settings)
{
    struct part_counters parts;
    uint64_t n;
    int fd = counter_book_open_parts(b, w, settings, &n);
    assert_true(fd >= 0);
    assert_int_equal(n, number);
    assert_true(ftruncate(fd, 1) < 0);
    assert_false(
        part_counters_map(&parts, fd, settings->n_trunks + 1, settings->n_upstreams, true));
    assert_true(part_counters_map(&parts, fd, settings->n_trunks, settings->n_upstreams, true));
    close(fd);
    return parts;
}

/* As a heartbeat says it. */
static void hold(struct counter_book *b, const uint64_t held[CONTROL_HELD_MAX])
{
    counter_book_holds(b, 0, held, CONTROL_HELD_MAX);
}

#define holds(book, ...) hold((book), (const uint64_t[CONTROL_HELD_MAX]){__VA_ARGS__})

static uint64_t signed_of(struct counter_book *b, const char *name)
{
    counter_book_add_up(b);
    const struct trunk_counters *c = counter_book_trunk(b, str_of(name));
    return c ? c->signed_calls : UINT64_MAX;
}

static uint64_t offered_of(struct counter_book *b, const char *name)
{
    counter_book_add_up(b);
    const struct upstream_counters *c = counter_book_upstream(b, str_of(name));
    return c ? c->offered : UINT64_MAX;
}

static void workers_are_added_up(void **state)
{
    struct counter_book *b = counter_book_new(2);
    struct proxy_counters *first = open_page(b, 0), *second = open_page(b, 1);
    (void)state;
    count_add(&first->requests, 3);
    count_add(&second->requests, 4);
    count_add(&second->calls, 2);
    histogram_add(&second->signing_us, 70);
    struct proxy_counters sum = counter_book_sum(b);
    assert_int_equal(sum.requests, 7);
    assert_int_equal(sum.calls, 2);
    assert_int_equal(sum.signing_us.sum, 70);
    count_add(&first->requests, 1);
    assert_int_equal(counter_book_sum(b).requests, 8);
    counter_page_unmap(first), counter_page_unmap(second);
    counter_book_free(b);
}

static void who_dies_leaves_counts_and_no_levels(void **state)
{
    struct counter_book *b = counter_book_new(2);
    struct proxy_counters *dead = open_page(b, 0), *lives = open_page(b, 1);
    (void)state;
    count_add(&dead->requests, 3);
    count_add(&dead->calls, 2);
    count_add(&lives->calls, 1);
    counter_book_gone(b, 0);
    assert_int_equal(counter_book_sum(b).requests, 3);
    assert_int_equal(counter_book_sum(b).calls, 1);
    count_add(&dead->requests, 9); /* it is somewhere yet: nobody looks */
    assert_int_equal(counter_book_sum(b).requests, 3);
    counter_book_gone(b, 0); /* once is enough */
    struct proxy_counters *next = open_page(b, 0);
    assert_int_equal(next->requests, 0);
    count_add(&next->requests, 1);
    assert_int_equal(counter_book_sum(b).requests, 4);
    counter_page_unmap(dead), counter_page_unmap(lives), counter_page_unmap(next);
    counter_book_free(b);
}

/* By its name, at whatever place it stands. */
static void a_trunk_goes_on_over_a_reload(void **state)
{
    struct counter_book *b = counter_book_new(1);
    const struct settings *before = NAMED("one", "two"), *after = NAMED("new", "two", "one");
    (void)state;
    counter_book_in_force(b, before);
    struct part_counters old = open_parts(b, 0, 1, before);
    count_add(&old.trunks[0].signed_calls, 1);
    count_add(&old.trunks[1].signed_calls, 2);
    count_add(&old.upstreams[1].offered, 20);
    struct part_counters new = open_parts(b, 0, 2, after);
    counter_book_in_force(b, after);
    count_add(&new.trunks[0].signed_calls, 100);
    count_add(&new.trunks[1].signed_calls, 200);
    count_add(&new.trunks[2].signed_calls, 300);
    count_add(&old.trunks[0].signed_calls, 1); /* a call of before */
    assert_int_equal(signed_of(b, "new"), 100);
    assert_int_equal(signed_of(b, "two"), 202);
    assert_int_equal(signed_of(b, "one"), 302);
    assert_int_equal(offered_of(b, "two"), 20);
    holds(b, 2);
    count_add(&old.trunks[0].signed_calls, 1000);
    assert_int_equal(signed_of(b, "one"), 302);
    holds(b, UINT64_MAX); /* whatever it says: the newest stays */
    count_add(&new.trunks[2].signed_calls, 1);
    assert_int_equal(signed_of(b, "one"), 303);
    part_counters_unmap(&old), part_counters_unmap(&new);
    counter_book_free(b);
}

static void one_that_is_taken_out_begins_anew(void **state)
{
    struct counter_book *b = counter_book_new(1);
    const struct settings *both = NAMED("one", "two"), *one = NAMED("one");
    (void)state;
    counter_book_in_force(b, both);
    struct part_counters first = open_parts(b, 0, 1, both);
    count_add(&first.trunks[1].signed_calls, 5);
    struct part_counters second = open_parts(b, 0, 2, one);
    counter_book_in_force(b, one);
    assert_int_equal(signed_of(b, "two"), UINT64_MAX);
    count_add(&first.trunks[1].signed_calls, 1); /* a call of before ends */
    count_add(&first.trunks[1].calls, 2);        /* and two go on */
    struct part_counters third = open_parts(b, 0, 3, both);
    counter_book_in_force(b, both);
    assert_int_equal(signed_of(b, "two"), 0);
    count_add(&third.trunks[1].signed_calls, 1);
    count_add(&third.trunks[1].calls, 1);
    counter_book_add_up(b);
    assert_int_equal(counter_book_trunk(b, STR("two"))->calls, 3);
    holds(b, 3);
    assert_int_equal(signed_of(b, "two"), 1);
    assert_int_equal(counter_book_trunk(b, STR("two"))->calls, 1);
    part_counters_unmap(&first), part_counters_unmap(&second), part_counters_unmap(&third);
    counter_book_free(b);
}

/* Its snapshot was given to workers, and is taken back. */
static void a_reload_that_fails_leaves_nothing(void **state)
{
    struct counter_book *b = counter_book_new(1);
    const struct settings *before = NAMED("one"), *failed = NAMED("one", "two");
    (void)state;
    counter_book_in_force(b, before);
    struct part_counters first = open_parts(b, 0, 1, before), second = open_parts(b, 0, 2, failed);
    count_add(&second.trunks[0].signed_calls, 1);
    count_add(&second.trunks[1].signed_calls, 1);
    struct part_counters again = open_parts(b, 0, 3, before);
    count_add(&again.trunks[0].signed_calls, 1);
    holds(b, 3);
    assert_int_equal(signed_of(b, "one"), 2);
    counter_book_gone(b, 0);
    assert_int_equal(signed_of(b, "one"), 2);
    assert_int_equal(signed_of(b, "two"), UINT64_MAX);
    part_counters_unmap(&first), part_counters_unmap(&second), part_counters_unmap(&again);
    counter_book_free(b);
}

static void levels_of_trunks_go_with_their_worker(void **state)
{
    struct counter_book *b = counter_book_new(2);
    const struct settings *settings = NAMED("one");
    (void)state;
    counter_book_in_force(b, settings);
    struct part_counters dead = open_parts(b, 0, 1, settings),
                         lives = open_parts(b, 1, 1, settings);
    count_add(&dead.trunks[0].calls, 3);
    count_add(&dead.trunks[0].signed_calls, 3);
    count_add(&dead.upstreams[0].calls, 3);
    count_add(&lives.trunks[0].calls, 1);
    counter_book_gone(b, 0);
    assert_int_equal(signed_of(b, "one"), 3);
    assert_int_equal(counter_book_trunk(b, STR("one"))->calls, 1);
    assert_int_equal(counter_book_upstream(b, STR("one"))->calls, 0);
    part_counters_unmap(&dead), part_counters_unmap(&lives);
    counter_book_free(b);
}

/* One page for each that is held, however many came and went between. */
static void a_long_call_counts_over_many_reloads(void **state)
{
    struct counter_book *b = counter_book_new(1);
    const struct settings *settings = NAMED("one");
    uint64_t last = 1;
    (void)state;
    counter_book_in_force(b, settings);
    struct part_counters first = open_parts(b, 0, 1, settings);
    count_add(&first.trunks[0].calls, 1);
    for (unsigned i = 0; i < 5 * COUNTER_BOOK_PARTS; i++) {
        struct part_counters next = open_parts(b, 0, ++last, settings);
        count_add(&next.trunks[0].signed_calls, 1);
        if (i % CONTROL_HELD_MAX == 0)
            holds(b, last, 1);
        part_counters_unmap(&next);
    }
    count_add(&first.trunks[0].signed_calls, 1);
    assert_int_equal(signed_of(b, "one"), 5 * COUNTER_BOOK_PARTS + 1);
    assert_int_equal(counter_book_trunk(b, STR("one"))->calls, 1);
    holds(b, last);
    count_add(&first.trunks[0].signed_calls, 1000); /* it lies: nobody keeps the page */
    assert_int_equal(signed_of(b, "one"), 5 * COUNTER_BOOK_PARTS + 1);
    part_counters_unmap(&first);
    counter_book_free(b);
}

/* Those that were sent and not taken yet are no old ones. */
static void what_is_on_its_way_counts(void **state)
{
    struct counter_book *b = counter_book_new(1);
    const struct settings *settings = NAMED("one");
    (void)state;
    counter_book_in_force(b, settings);
    struct part_counters first = open_parts(b, 0, 1, settings),
                         next = open_parts(b, 0, 2, settings), back = open_parts(b, 0, 3, settings);
    holds(b, 1);
    count_add(&next.trunks[0].signed_calls, 1);
    holds(b, 2, 1);
    count_add(&back.trunks[0].signed_calls, 2);
    holds(b, 3, 1);
    count_add(&next.trunks[0].signed_calls, 1000);
    count_add(&first.trunks[0].signed_calls, 4);
    assert_int_equal(signed_of(b, "one"), 7);
    part_counters_unmap(&first), part_counters_unmap(&next), part_counters_unmap(&back);
    counter_book_free(b);
}

/* It could not be sent, again and again: the page of a call that lasts is none the worse. */
static void a_page_that_was_not_given_is_taken_back(void **state)
{
    struct counter_book *b = counter_book_new(1);
    const struct settings *settings = NAMED("one");
    (void)state;
    counter_book_in_force(b, settings);
    struct part_counters first = open_parts(b, 0, 1, settings);
    for (unsigned i = 0; i < 3 * COUNTER_BOOK_PARTS; i++) {
        struct part_counters lost = open_parts(b, 0, i + 2, settings);
        counter_book_take_back(b, 0);
        count_add(&lost.trunks[0].signed_calls, 1000);
        part_counters_unmap(&lost);
    }
    count_add(&first.trunks[0].signed_calls, 1);
    assert_int_equal(signed_of(b, "one"), 1);
    part_counters_unmap(&first);
    counter_book_free(b);
}

/* A worker that holds more than it can tell, as it says. */
static void no_worker_holds_pages_without_end(void **state)
{
    struct counter_book *b = counter_book_new(1);
    const struct settings *settings = NAMED("one");
    struct part_counters parts[3 * COUNTER_BOOK_PARTS];
    (void)state;
    counter_book_in_force(b, settings);
    for (unsigned i = 0; i < 3 * COUNTER_BOOK_PARTS; i++) {
        parts[i] = open_parts(b, 0, i + 1, settings);
        count_add(&parts[i].trunks[0].signed_calls, 1);
        holds(b, 0);
    }
    assert_int_equal(signed_of(b, "one"), 3 * COUNTER_BOOK_PARTS);
    count_add(&parts[0].trunks[0].signed_calls, 1000); /* of which nobody keeps the page */
    assert_int_equal(signed_of(b, "one"), 3 * COUNTER_BOOK_PARTS);
    for (unsigned i = 0; i < 3 * COUNTER_BOOK_PARTS; i++)
        part_counters_unmap(&parts[i]);
    counter_book_free(b);
}

static void a_configuration_may_have_none(void **state)
{
    struct counter_book *b = counter_book_new(1);
    const struct settings none = {0};
    (void)state;
    counter_book_in_force(b, &none);
    struct part_counters parts = open_parts(b, 0, 1, &none);
    counter_book_add_up(b);
    assert_null(counter_book_trunk(b, STR("")));
    assert_null(counter_book_upstream(b, STR("one")));
    part_counters_unmap(&parts);
    counter_book_free(b);
}

/* ---- what a worker writes that was taken over ---- */

static void fill(void *memory, size_t bytes, unsigned seed)
{
    srandom(seed);
    for (size_t i = 0; i < bytes; i++)
        ((unsigned char *)memory)[i] = (unsigned char)random();
}

static void is_json(const struct counter_table *table, const void *numbers)
{
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    json_begin_object(&j);
    counters_put(table, numbers, &j);
    json_end_object(&j);
    json_t *read = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(read);
    assert_int_equal(json_object_size(read), table->n_rows);
    assert_null(memchr(out.p, '-', out.n)); /* no number is below 0 */
    json_decref(read);
    buf_fini(&out);
}

static void a_page_of_random_octets_is_false_numbers(void **state)
{
    const struct settings *settings = NAMED("one", "two");
    (void)state;
    for (unsigned seed = 0; seed < 200; seed++) {
        struct counter_book *b = counter_book_new(2);
        counter_book_in_force(b, settings);
        struct proxy_counters *wrong = open_page(b, 0), *right = open_page(b, 1);
        struct part_counters parts = open_parts(b, 0, 1, settings);
        fill(wrong, sizeof(*wrong), seed);
        fill(parts.trunks, parts.bytes, seed);
        count_add(&right->requests, 1);
        for (unsigned dead = 0; dead < 2; dead++) {
            const struct proxy_counters sum = counter_book_sum(b);
            assert_true(sum.requests >= 1 && sum.requests <= COUNT_MOST + 1);
            is_json(&counters_of_all, &sum);
            counter_book_add_up(b);
            is_json(&counters_of_trunk, counter_book_trunk(b, STR("two")));
            is_json(&counters_of_upstream, counter_book_upstream(b, STR("one")));
            counter_book_gone(b, 0);
        }
        counter_page_unmap(wrong), counter_page_unmap(right);
        part_counters_unmap(&parts);
        counter_book_free(b);
    }
}

static void another_file_is_no_page(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_null(counter_page_map(ends[0], true));
    assert_null(counter_page_map(-1, true));
    int parts = part_counters_memory(1, 1);
    assert_null(counter_page_map(parts, true));
    close(parts), close(ends[0]), close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_are_added_up),
        cmocka_unit_test(who_dies_leaves_counts_and_no_levels),
        cmocka_unit_test(a_trunk_goes_on_over_a_reload),
        cmocka_unit_test(one_that_is_taken_out_begins_anew),
        cmocka_unit_test(a_reload_that_fails_leaves_nothing),
        cmocka_unit_test(levels_of_trunks_go_with_their_worker),
        cmocka_unit_test(a_long_call_counts_over_many_reloads),
        cmocka_unit_test(what_is_on_its_way_counts),
        cmocka_unit_test(a_page_that_was_not_given_is_taken_back),
        cmocka_unit_test(no_worker_holds_pages_without_end),
        cmocka_unit_test(a_configuration_may_have_none),
        cmocka_unit_test(a_page_of_random_octets_is_false_numbers),
        cmocka_unit_test(another_file_is_no_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
