/*
 * cause - what ended a call. The decision and its reason (reason.h) say what stird made of the
 * call; the cause says how the call went on. One table, cause.def, feeds records, log, counters and
 * the manual.
 */
#ifndef STIRD_CAUSE_H
#define STIRD_CAUSE_H

#include <stdbool.h>
#include <stird/core/reason.h>

enum cause {
#define CAUSE(NAME, id, name, result, text) CAUSE_##NAME = (id),
#include <stird/core/cause.def>
#undef CAUSE
};

#define CAUSES 64 /* above the highest id */

/* "next_hop_503": as in records. A value that is not a cause is shown as `unknown`. */
struct str cause_name(enum cause c);
/* False: there is no such name. */
bool cause_by_name(struct str name, enum cause *c);
/* "answered", "refused", "failed", "cancelled", "rejected", "unknown": the kind of end. */
struct str cause_result(enum cause c);
/* False: no cause has such a result. */
bool cause_is_result(struct str result);
/* One sentence for an operator. */
struct str cause_text(enum cause c);
/* The cause for a call that stird itself answers for REASON. REJECTED says that REASON is also the
   decision's. */
enum cause cause_of_answer(enum reason reason, bool decided_so);

#endif
