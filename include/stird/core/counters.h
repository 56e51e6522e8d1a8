/*
 * counters - what stird counts, made from counters.def: structs of plain numbers to count in, and
 * tables that say what each number is, by which the numbers are added up and shown.
 */
#ifndef STIRD_COUNTERS_H
#define STIRD_COUNTERS_H

#include <stdint.h>
#include <stird/base/json.h>
#include <stird/base/str.h>
#include <stird/core/cause.h>
#include <stird/core/fetch_request.h>
#include <stird/core/histogram.h>
#include <stird/core/numbers.h>
#include <stird/core/reason.h>
#include <stird/core/refusal.h>

#define PROXY_LEVELS        3   /* A, B, C */
#define PROXY_REASONS       180 /* above the highest id of reason.def */
#define PROXY_VERIFICATIONS 4   /* verification_class */
#define PROXY_CERTIFICATES  5   /* verified_cache */
#define MONITOR_RESULTS     7   /* monitor_found */
#define STATUS_CLASSES      5   /* of final answers: 2xx to 6xx */

/* A number read from another process's memory is believed up to here, so that a false one cannot
   overflow the sum. */
#define COUNT_MOST (UINT64_C(1) << 53)

/* Of a worker. */
struct proxy_counters {
#define COUNTERS_OF_ALL
#define COUNTER(name, unit, help)                uint64_t name;
#define LEVEL(name, unit, help)                  uint64_t name;
#define LIST(name, shown, n, member, unit, help) uint64_t name[n];
#define HISTOGRAM(name, unit, help)              struct histogram name;
#include <stird/core/counters.def>
};

/* Of a trunk. */
struct trunk_counters {
#define COUNTERS_OF_TRUNK
#define COUNTER(name, unit, help)                uint64_t name;
#define LEVEL(name, unit, help)                  uint64_t name;
#define LIST(name, shown, n, member, unit, help) uint64_t name[n];
#define HISTOGRAM(name, unit, help)              struct histogram name;
#include <stird/core/counters.def>
};

/* Of an upstream. */
struct upstream_counters {
#define COUNTERS_OF_UPSTREAM
#define COUNTER(name, unit, help)                uint64_t name;
#define LEVEL(name, unit, help)                  uint64_t name;
#define LIST(name, shown, n, member, unit, help) uint64_t name[n];
#define HISTOGRAM(name, unit, help)              struct histogram name;
#include <stird/core/counters.def>
};

/* Of the supervisor. */
struct service_counters {
#define COUNTERS_OF_SERVICE
#define COUNTER(name, unit, help)                uint64_t name;
#define LEVEL(name, unit, help)                  uint64_t name;
#define LIST(name, shown, n, member, unit, help) uint64_t name[n];
#define HISTOGRAM(name, unit, help)              struct histogram name;
#include <stird/core/counters.def>
};

#define REASON(name, id, sip_status, text)                                                         \
    _Static_assert((id) < PROXY_REASONS, "PROXY_REASONS has no room for this reason");
#include <stird/core/reason.def>
#undef REASON

enum counter_kind { COUNTER_GROWS, COUNTER_LEVEL, COUNTER_LIST, COUNTER_HISTOGRAM };

/* A row: N numbers from the place FIRST on, of those of its struct. */
struct counter {
    const char *name; /* as it is shown */
    enum counter_kind kind;
    const char *unit, *help;
    unsigned first, n;
    struct str (*member)(unsigned i); /* of a list */
};

struct counter_table {
    const struct counter *rows;
    unsigned n_rows;
    unsigned n; /* numbers of its struct */
};

extern const struct counter_table counters_of_all, counters_of_trunk, counters_of_upstream,
    counters_of_service;

/* The name of element I of a list that counts by reason: "signed_owned". Empty when there is no
   such reason. */
struct str counters_reason_name(unsigned i);

/* The sum of SUM, one of our numbers, and MORE, which another process has told us. For every number
   that a child tells. */
uint64_t counters_sum(uint64_t sum, uint64_t more);
/*
 * Adds the numbers FROM, which another process may be writing, to those of TO. No sum is above
 * INT64_MAX: whatever FROM holds, it can be shown.
 */
void counters_add(const struct counter_table *table, uint64_t *to, const uint64_t *from);
/* The same without levels, for a process that is gone. */
void counters_add_gone(const struct counter_table *table, uint64_t *to, const uint64_t *from);
/* The levels alone, for something that was taken out of force and is still in use. */
void counters_add_levels(const struct counter_table *table, uint64_t *to, const uint64_t *from);

/* Writes them as members of an object; of a long list only those that are not 0. */
void counters_put(const struct counter_table *table, const uint64_t *numbers, struct json *j);
/* The same without what is 0. */
void counters_put_some(const struct counter_table *table, const uint64_t *numbers, struct json *j);

#endif
