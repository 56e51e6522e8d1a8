#include <stird/core/monitor_result.h>
#include <stird/core/counters.h>

#include <stddef.h>
#include <stird/base/count.h>
#include <stird/core/verified.h>

/* ---- names ---- */

static struct str counters_level_name(unsigned i)
{
    return str_slice(STR("ABC"), i, i + 1u);
}

/* Empty when there is no such name. */
struct str counters_reason_name(unsigned i)
{
    struct str name = reason_name((enum reason)i);
    return reason_by_name(name) == (enum reason)i ? name : STR("");
}

static struct str counters_number_state_name(unsigned i)
{
    return number_state_name((enum number_state)i);
}

static struct str counters_cause_name(unsigned i)
{
    enum cause cause;
    struct str name = cause_name((enum cause)i);
    return cause_by_name(name, &cause) && cause == (enum cause)i ? name : STR("");
}

_Static_assert(VERIFICATION_CLASSES == PROXY_VERIFICATIONS && VERIFIED_CACHES == PROXY_CERTIFICATES,
               "a number for each");

static struct str counters_verification_name(unsigned i)
{
    return verification_class_name((enum verification_class)i);
}

static struct str counters_certificate_name(unsigned i)
{
    return verified_cache_name((enum verified_cache)i);
}

static struct str counters_class_name(unsigned i)
{
    return str_slice(STR("2xx3xx4xx5xx6xx"), 3 * (size_t)i, 3 * (size_t)i + 3);
}

static struct str counters_refusal_name(unsigned i)
{
    return refusal_name(i);
}

static struct str counters_fetch_name(unsigned i)
{
    return str_of(fetch_outcome_word((enum fetch_outcome)i));
}

static struct str counters_fetch_source_name(unsigned i)
{
    return str_of(fetch_source_word((enum fetch_source)i));
}

static struct str counters_monitor_name(unsigned i)
{
    return monitor_found_name((enum monitor_found)i);
}
_Static_assert(MONITOR_RESULTS == MONITOR_FOUND, "a number for each result");

#define SHORT_LIST 8 /* shown with its zeros */

#define PLACE(name)   (offsetof(struct COUNTED, name) / sizeof(uint64_t))
#define NUMBERS(name) (sizeof(((struct COUNTED *)0)->name) / sizeof(uint64_t))
#define ROW(field, shown, kind, unit, help, member)                                                \
    {#shown, (kind), #unit, (help), PLACE(field), NUMBERS(field), (member)},
#define ROW_GROWS(name, unit, help)     ROW(name, name, COUNTER_GROWS, unit, help, NULL)
#define ROW_LEVEL(name, unit, help)     ROW(name, name, COUNTER_LEVEL, unit, help, NULL)
#define ROW_HISTOGRAM(name, unit, help) ROW(name, name, COUNTER_HISTOGRAM, unit, help, NULL)
#define ROW_LIST(name, shown, n, member, unit, help)                                               \
    ROW(name, shown, COUNTER_LIST, unit, help, member)

#define TABLE(scope)                                                                               \
    const struct counter_table counters_of_##scope = {                                             \
        rows_of_##scope, sizeof(rows_of_##scope) / sizeof(rows_of_##scope[0]),                     \
        sizeof(struct COUNTED) / sizeof(uint64_t)}

static const struct counter rows_of_all[] = {
#define COUNTED proxy_counters
#define COUNTERS_OF_ALL
#define COUNTER   ROW_GROWS
#define LEVEL     ROW_LEVEL
#define LIST      ROW_LIST
#define HISTOGRAM ROW_HISTOGRAM
#include <stird/core/counters.def>
};
TABLE(all);
#undef COUNTED

static const struct counter rows_of_trunk[] = {
#define COUNTED trunk_counters
#define COUNTERS_OF_TRUNK
#define COUNTER   ROW_GROWS
#define LEVEL     ROW_LEVEL
#define LIST      ROW_LIST
#define HISTOGRAM ROW_HISTOGRAM
#include <stird/core/counters.def>
};
TABLE(trunk);
#undef COUNTED

static const struct counter rows_of_upstream[] = {
#define COUNTED upstream_counters
#define COUNTERS_OF_UPSTREAM
#define COUNTER   ROW_GROWS
#define LEVEL     ROW_LEVEL
#define LIST      ROW_LIST
#define HISTOGRAM ROW_HISTOGRAM
#include <stird/core/counters.def>
};
TABLE(upstream);
#undef COUNTED

static const struct counter rows_of_service[] = {
#define COUNTED service_counters
#define COUNTERS_OF_SERVICE
#define COUNTER   ROW_GROWS
#define LEVEL     ROW_LEVEL
#define LIST      ROW_LIST
#define HISTOGRAM ROW_HISTOGRAM
#include <stird/core/counters.def>
};
TABLE(service);
#undef COUNTED

/* ---- sums ---- */

uint64_t counters_sum(uint64_t sum, uint64_t more)
{
    more = more < COUNT_MOST ? more : COUNT_MOST;
    return sum < INT64_MAX - more ? sum + more : INT64_MAX;
}

void counters_add(const struct counter_table *table, uint64_t *to, const uint64_t *from)
{
    for (unsigned i = 0; i < table->n; i++)
        to[i] = counters_sum(to[i], count_now(&from[i]));
}

static void add_kind(const struct counter_table *table, bool levels, uint64_t *to,
                     const uint64_t *from)
{
    for (unsigned r = 0; r < table->n_rows; r++) {
        const struct counter *row = &table->rows[r];
        bool wanted = (row->kind == COUNTER_LEVEL) == levels;
        for (unsigned i = row->first; wanted && i < row->first + row->n; i++)
            to[i] = counters_sum(to[i], count_now(&from[i]));
    }
}

void counters_add_gone(const struct counter_table *table, uint64_t *to, const uint64_t *from)
{
    add_kind(table, false, to, from);
}

void counters_add_levels(const struct counter_table *table, uint64_t *to, const uint64_t *from)
{
    add_kind(table, true, to, from);
}

/* ---- as JSON ---- */

static void put_number(struct json *j, struct str key, uint64_t n)
{
    json_put_key(j, key);
    json_put_integer(j, (int64_t)n);
}

static void put_list(const struct counter *row, const uint64_t *numbers, bool zeros, struct json *j)
{
    json_begin_object(j);
    for (unsigned i = 0; i < row->n; i++) {
        struct str name = row->member(i);
        if (name.n > 0 && (numbers[i] > 0 || (zeros && row->n <= SHORT_LIST)))
            put_number(j, name, numbers[i]);
    }
    json_end_object(j);
}

static void put_histogram(const uint64_t *numbers, struct json *j)
{
    const struct histogram *h = (const struct histogram *)(const void *)numbers;
    uint64_t count = 0;
    for (unsigned i = 0; i <= HISTOGRAM_BORDERS; i++)
        count = counters_sum(count, h->bucket[i]);
    json_begin_object(j);
    put_number(j, STR("count"), count);
    put_number(j, STR("sum"), h->sum);
    for (unsigned i = 0; i <= HISTOGRAM_BORDERS; i++)
        put_number(j, histogram_bucket_name(i), h->bucket[i]);
    json_end_object(j);
}

static void put_row(const struct counter *row, const uint64_t *numbers, bool zeros, struct json *j)
{
    json_put_key(j, str_of(row->name));
    if (row->kind == COUNTER_LIST)
        put_list(row, numbers, zeros, j);
    else if (row->kind == COUNTER_HISTOGRAM)
        put_histogram(numbers, j);
    else
        json_put_integer(j, (int64_t)numbers[0]);
}

void counters_put(const struct counter_table *table, const uint64_t *numbers, struct json *j)
{
    for (unsigned r = 0; r < table->n_rows; r++)
        put_row(&table->rows[r], numbers + table->rows[r].first, true, j);
}

static bool is_zero(const struct counter *row, const uint64_t *numbers)
{
    for (unsigned i = 0; i < row->n; i++)
        if (numbers[i] > 0)
            return false;
    return true;
}

void counters_put_some(const struct counter_table *table, const uint64_t *numbers, struct json *j)
{
    for (unsigned r = 0; r < table->n_rows; r++) {
        const struct counter *row = &table->rows[r];
        if (!is_zero(row, numbers + row->first))
            put_row(row, numbers + row->first, false, j);
    }
}
