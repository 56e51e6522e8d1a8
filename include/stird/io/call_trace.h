/*
 * call_trace - memory into which workers copy the messages of calls that an operator traces, and
 * which stirctl reads. No file and no disk is in it: what is full costs messages, and never a call.
 *
 * All workers write into one memory, without a lock and without waiting: each takes its place by
 * one addition. It has a fixed size, so whoever writes there can fill it and no more; and whoever
 * reads it believes no length in it.
 */
#ifndef STIRD_CALL_TRACE_H
#define STIRD_CALL_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/base/address.h>
#include <stird/base/str.h>
#include <stird/core/budget.h>

#define CALL_TRACES_MAX   BUDGET_TRACES       /* at once, those that have ended included */
#define CALL_TRACE_BYTES  BUDGET_TRACE_OCTETS /* of each */
#define CALL_TRACE_CALLS  4096                /* told apart by one */
#define CALL_TRACE_TEXT   256                 /* octets of what is looked for, with a NUL */
#define CALL_TRACE_MAX_S  3600
#define CALL_TRACE_KEPT_S 3600 /* after its end */

/* What the calls have in common. */
enum call_trace_kind { CALL_TRACE_TN, CALL_TRACE_TRUNK, CALL_TRACE_CALL_ID, CALL_TRACE_KINDS };

/* A message as it came or left. */
struct call_message {
    int64_t real_us;
    struct address from, to;
    uint8_t transport; /* enum transport */
    struct str bytes;
};

struct call_trace_counts {
    uint64_t messages, missed; /* missed: for want of room */
    uint64_t calls, calls_missed;
    uint64_t bytes;
};

struct call_trace; /* the memory, mapped */

/* All of it is there, so that no writer can lack it later. A descriptor, or -errno. */
int call_trace_memory(void);
/* To write into, or to look at. FD stays the caller's. NULL when it is no such memory, or there is
   no memory. */
struct call_trace *call_trace_map(int fd, bool writes);
void call_trace_unmap(struct call_trace *t); /* NULL is fine */

/* A keyed hash of a Call-ID, never 0: whether its call is traced. */
bool call_trace_knows(const struct call_trace *t, uint64_t call);
/* False: there are too many. */
bool call_trace_add_call(struct call_trace *t, uint64_t call);
/* Copies M without its secrets (blanked.h). False: there is no room. */
bool call_trace_put(struct call_trace *t, const struct call_message *m);
struct call_trace_counts call_trace_count(const struct call_trace *t);

/*
 * Shows VISIT each message in MEMORY, octets of such a memory, in the order in which they were
 * written; what it is shown lies in MEMORY. What is no message is passed over.
 */
void call_trace_read(struct str memory, void (*visit)(void *user, const struct call_message *m),
                     void *user);

#endif
