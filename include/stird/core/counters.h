/*
 * counters - what stird counts, as counters.def has it: the structs that are counted in, plain
 * numbers alone, and tables of what each number is, by which they are added up and shown.
 */
#ifndef STIRD_COUNTERS_H
#define STIRD_COUNTERS_H

#include <stdint.h>
#include <stird/base/json.h>
#include <stird/base/str.h>
#include <stird/core/cause.h>
#include <stird/core/fetch_request.h>
#include <stird/core/histogram.h>
#include <stird/core/reason.h>

#define PROXY_LEVELS   3   /* A, B, C */
#define PROXY_REASONS  160 /* above the highest id of reason.def */
#define STATUS_CLASSES 5   /* of final answers: 2xx to 6xx */

/* What is read of other processes' memory is believed up to here, so that the sum has room for
   what is true. */
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

/* What is counted at I of a list by reason: "owned". Empty: there is no such reason. */
struct str counters_reason_name(unsigned i);

/* SUM, one of ours, and MORE, as another process says it: for each number that a child says. */
uint64_t counters_sum(uint64_t sum, uint64_t more);
/*
 * Adds the numbers FROM, which another process may be writing, to those of TO. No sum is above
 * INT64_MAX: whatever FROM holds, it can be shown.
 */
void counters_add(const struct counter_table *table, uint64_t *to, const uint64_t *from);
/* The same without levels: of who is gone. */
void counters_add_gone(const struct counter_table *table, uint64_t *to, const uint64_t *from);
/* The levels alone: of who was taken out, and is in use yet. */
void counters_add_levels(const struct counter_table *table, uint64_t *to, const uint64_t *from);

/* Members of an object; of a long list those that are not 0. */
void counters_put(const struct counter_table *table, const uint64_t *numbers, struct json *j);
/* The same without what is 0. */
void counters_put_some(const struct counter_table *table, const uint64_t *numbers, struct json *j);

#endif
