/*
 * budget - how much memory stird may hold at most by its settings, and whether its limits fit
 * together and fit the machine. Only arithmetic: docs/sizing.md has the same table, and a test
 * compares.
 */
#ifndef STIRD_BUDGET_H
#define STIRD_BUDGET_H

#include <stird/base/buf.h>
#include <stird/core/settings.h>

/* What holds memory, and what bounds it. */
struct budget_row {
    const char *what;
    const char *ceiling; /* the setting: "limits.memory"; else "the tables", "fixed", "listeners" */
    uint64_t octets;     /* of one */
    uint32_t number;     /* of them: */
    bool a_worker;       /* in each worker */
};

#define BUDGET_ROWS         15
#define BUDGET_TRACES       4                 /* of calls, at once (call_trace.h) */
#define BUDGET_TRACE_OCTETS (8 * 1024 * 1024) /* of each */

/* Octets that the kernel may hold of a connection (net/stream_room.h): received and not yet
   read, */
#define BUDGET_STREAM_UNREAD (64 * 1024)
/* and still to be sent or acknowledged: another piece is begun while less than this waits, */
#define BUDGET_STREAM_UNSENT (64 * 1024)
#define BUDGET_STREAM_PIECE  (64 * 1024) /* of at most so many */

/* What the library keeps of a connection for pages: a request, the table of its headers, the head
   of its answer. */
#define BUDGET_PAGES_POOL (32 * 1024)

/* Number tables as they are compiled; zeros when they are not known. */
struct budget_table {
    uint64_t octets, rows;
};

struct budget {
    struct budget_row rows[BUDGET_ROWS];
    uint32_t workers;
};

/* How many octets an emergency call may hold. */
uint64_t budget_emergency_call(const struct settings *settings);
/* For how many calls a worker's part of limits.memory is enough. */
uint64_t budget_calls(const struct settings *settings);
/* How many octets the web process and the publisher may hold, without what the kernel does. */
uint64_t budget_web_process(const struct settings *settings);
uint64_t budget_publisher(const struct settings *settings);
struct budget budget_of(const struct settings *settings, const struct budget_table *table);
uint64_t budget_octets(const struct budget *budget, const struct budget_row *row);
uint64_t budget_sum(const struct budget *budget);
/* Adds the rows as lines of a table, in MiB, as docs/sizing.md has them. */
void budget_print(const struct budget *budget, struct buf *out);

/* How much memory the service may have; 0: not known. */
struct means {
    uint64_t memory;       /* octets, */
    const char *memory_is; /* and who says so: "MemoryMax of the unit" */
    uint64_t descriptors;  /* of one process */
    uint32_t cpus;
};

/* KEY is a setting of the main part; TEXT a sentence that begins with it. */
typedef void budget_taker(void *user, const char *key, struct str text);

/* Calls TAKE for limits that contradict each other. */
void budget_check(const struct settings *settings, budget_taker *take, void *user);
/* The same for limits above what the machine has. */
void budget_check_means(const struct settings *settings, const struct budget_table *table,
                        const struct means *means, budget_taker *take, void *user);

/* How many descriptors a worker needs besides its connections. */
uint64_t budget_descriptors(const struct settings *settings);
/* How many descriptors the supervisor cannot do without: its sockets, and those of each worker and
   signer, which count twice while a reload replaces them. No child needs as many. */
uint64_t budget_least_descriptors(const struct settings *settings);

#endif
