#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <stird/base/count.h>
#include <stird/core/counters.h>

static const struct counter_table *const tables[] = {&counters_of_all, &counters_of_trunk,
                                                     &counters_of_upstream, &counters_of_service};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static uint64_t *numbers(void *counters)
{
    return counters;
}

/* What is put, read by somebody else's parser. */
static json_t *put(const struct counter_table *table, const uint64_t *of, bool some)
{
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    json_begin_object(&j);
    (some ? counters_put_some : counters_put)(table, of, &j);
    json_end_object(&j);
    json_t *read = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(read);
    buf_fini(&out);
    return read;
}

/* Like any counter: a row is all that it takes to be a field, to be summed and to be shown. */
static void a_counter_is_a_row(void **state)
{
    struct proxy_counters one = {0}, other = {0}, sum = {0};
    (void)state;
    count_add(&one.requests, 1);
    count_add(&other.requests, 2);
    counters_add(&counters_of_all, numbers(&sum), numbers(&one));
    counters_add(&counters_of_all, numbers(&sum), numbers(&other));
    json_t *shown = put(&counters_of_all, numbers(&sum), false);
    assert_int_equal(json_integer_value(json_object_get(shown, "requests")), 3);
    json_decref(shown);
}

static void each_number_is_of_one_row(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++) {
        unsigned next = 0;
        assert_true(tables[t]->n_rows > 0);
        for (unsigned r = 0; r < tables[t]->n_rows; r++) {
            const struct counter *row = &tables[t]->rows[r];
            assert_int_equal(row->first, next);
            assert_true(row->n > 0);
            assert_true((row->kind == COUNTER_LIST) == (row->member != NULL));
            assert_true(strlen(row->help) > 10 && strlen(row->unit) > 2);
            next += row->n;
        }
        assert_int_equal(next, tables[t]->n);
    }
}

static void each_row_is_shown_once(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++) {
        uint64_t *all = calloc(tables[t]->n, sizeof(*all));
        assert_non_null(all);
        json_t *none = put(tables[t], all, true);
        assert_int_equal(json_object_size(none), 0);
        for (unsigned i = 0; i < tables[t]->n; i++)
            all[i] = i + 1;
        json_t *shown = put(tables[t], all, false), *some = put(tables[t], all, true);
        assert_int_equal(json_object_size(shown), tables[t]->n_rows);
        assert_true(json_equal(shown, some));
        for (unsigned r = 0; r < tables[t]->n_rows; r++) {
            const struct counter *row = &tables[t]->rows[r];
            json_t *value = json_object_get(shown, row->name);
            assert_non_null(value);
            if (row->n == 1)
                assert_int_equal(json_integer_value(value), row->first + 1);
        }
        json_decref(none), json_decref(shown), json_decref(some);
        free(all);
    }
}

static void lists_name_what_they_count(void **state)
{
    struct proxy_counters c = {.by_level = {0, 7, 0}};
    (void)state;
    c.by_reason[REASON_NO_TRUNK] = 4;
    c.by_cause[CAUSE_ANSWERED] = 5;
    for (unsigned i = 0; i < PROXY_REASONS; i++)
        if (counters_reason_name(i).n == 0)
            c.by_reason[i] = 9; /* no reason: it has no name to be shown under */
    json_t *shown = put(&counters_of_all, numbers(&c), false);
    json_t *levels = json_pack("{s:i, s:i, s:i}", "A", 0, "B", 7, "C", 0);
    json_t *reasons = json_pack("{s:i}", "no_trunk", 4),
           *causes = json_pack("{s:i}", "answered", 5);
    assert_true(json_equal(json_object_get(shown, "attestations"), levels));
    assert_true(json_equal(json_object_get(shown, "reasons"), reasons));
    assert_true(json_equal(json_object_get(shown, "causes"), causes));
    json_decref(shown), json_decref(levels), json_decref(reasons), json_decref(causes);

    struct upstream_counters u = {.by_class = {1, 0, 3, 0, 5}};
    shown = put(&counters_of_upstream, numbers(&u), true);
    json_t *classes = json_pack("{s:{s:i, s:i, s:i}}", "responses", "2xx", 1, "4xx", 3, "6xx", 5);
    assert_true(json_equal(shown, classes));
    json_decref(shown), json_decref(classes);
}

static void levels_go_and_counters_stay(void **state)
{
    struct proxy_counters gone = {.requests = 5, .calls = 2}, sum = {.requests = 1, .calls = 1};
    (void)state;
    histogram_add(&gone.signing_us, 60);
    counters_add_gone(&counters_of_all, numbers(&sum), numbers(&gone));
    assert_int_equal(sum.requests, 6);
    assert_int_equal(sum.calls, 1);
    assert_int_equal(sum.signing_us.sum, 60);
}

/* Whatever stands in another's memory, what is shown is a number and not below 0. */
static void false_numbers_are_numbers(void **state)
{
    struct proxy_counters wrong, sum = {.requests = 1};
    (void)state;
    memset(&wrong, 0xff, sizeof(wrong));
    counters_add(&counters_of_all, numbers(&sum), numbers(&wrong));
    assert_int_equal(sum.requests, COUNT_MOST + 1);
    sum.requests++;
    assert_int_equal(sum.requests, COUNT_MOST + 2); /* what is true is seen beside it */
    for (unsigned i = 0; i < 5000; i++)
        counters_add(&counters_of_all, numbers(&sum), numbers(&wrong));
    for (unsigned i = 0; i < counters_of_all.n; i++)
        assert_true(numbers(&sum)[i] <= INT64_MAX);
    json_t *shown = put(&counters_of_all, numbers(&sum), false);
    assert_int_equal(json_integer_value(json_object_get(shown, "requests")), INT64_MAX);
    json_decref(shown);
}

static void a_histogram_counts_up_to_its_borders(void **state)
{
    struct histogram h = {0};
    uint64_t before = 0, sum = 0;
    (void)state;
    for (unsigned i = 0; i < HISTOGRAM_BORDERS; i++) {
        uint64_t border = histogram_border(i);
        assert_true(border > before);
        histogram_add(&h, before + (i > 0)); /* the first value that is in it */
        histogram_add(&h, border);           /* and the last */
        sum += before + (i > 0) + border;
        assert_int_equal(h.bucket[i], 2);
        before = border;
    }
    assert_int_equal(h.bucket[HISTOGRAM_BORDERS], 0);
    histogram_add(&h, before + 1);
    assert_int_equal(h.bucket[HISTOGRAM_BORDERS], 1);
    assert_int_equal(h.sum, sum + before + 1);
    histogram_add(&h, UINT64_MAX);
    assert_int_equal(h.bucket[HISTOGRAM_BORDERS], 2);
}

static void a_histogram_is_shown(void **state)
{
    struct proxy_counters c = {0};
    (void)state;
    histogram_add(&c.added_latency_us, 20);
    histogram_add(&c.added_latency_us, 21);
    histogram_add(&c.added_latency_us, 99000000);
    json_t *shown = put(&counters_of_all, numbers(&c), false);
    const json_t *h = json_object_get(shown, "added_latency_us");
    assert_int_equal(json_integer_value(json_object_get(h, "count")), 3);
    assert_int_equal(json_integer_value(json_object_get(h, "sum")), 99000041);
    assert_int_equal(json_integer_value(json_object_get(h, "up_to_20")), 1);
    assert_int_equal(json_integer_value(json_object_get(h, "up_to_50")), 1);
    assert_int_equal(json_integer_value(json_object_get(h, "up_to_10000000")), 0);
    assert_int_equal(json_integer_value(json_object_get(h, "more")), 1);
    json_decref(shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_is_a_row),
        cmocka_unit_test(each_number_is_of_one_row),
        cmocka_unit_test(each_row_is_shown_once),
        cmocka_unit_test(lists_name_what_they_count),
        cmocka_unit_test(levels_go_and_counters_stay),
        cmocka_unit_test(false_numbers_are_numbers),
        cmocka_unit_test(a_histogram_counts_up_to_its_borders),
        cmocka_unit_test(a_histogram_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
