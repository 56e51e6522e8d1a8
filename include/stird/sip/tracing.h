/*
 * tracing - which calls an operator wants to see, as a worker knows it: their messages are copied
 * into memory that the supervisor made (call_trace.h). It begins and ends while calls run, changes
 * nothing of a call, and where nothing is traced it costs one branch a message.
 */
#ifndef STIRD_TRACING_H
#define STIRD_TRACING_H

#include <stird/io/call_trace.h>

struct traced {
    uint64_t id; /* the supervisor's; never 0 */
    enum call_trace_kind kind;
    char value[CALL_TRACE_TEXT]; /* digits, the name of a trunk, a Call-ID */
    int64_t until_ms;            /* monotonic; it ends then, told or not */
    struct call_trace *memory;
};

/* All zero: nothing is traced. One thread. */
struct tracing {
    struct traced list[CALL_TRACES_MAX];
    unsigned n;
};

/* Takes T with its memory. False, and the memory is unmapped: it is over already, or there are too
   many. */
bool tracing_begin_take(struct tracing *tracing, const struct traced *t, int64_t now_ms);
/* Nothing where there is none of that ID. */
void tracing_end(struct tracing *tracing, uint64_t id);
/* Ends those whose time is over: to be called now and then, so that their memory goes. */
void tracing_tidy(struct tracing *tracing, int64_t now_ms);
void tracing_fini(struct tracing *tracing);

#endif
